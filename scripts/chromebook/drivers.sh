#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Has a board's kernel a driver for each device of the board? A configuration that
# was narrowed by hand builds, and boots in QEMU, without one that a person would
# miss. Compared are the devices that are switched on in the boards' trees, or may be
# by what the kernel finds there, with what the kernel's modules and its built-in
# drivers say they are for.
#
# Usage: drivers.sh IMAGE-FOLDER
#
#   IMAGE-FOLDER   what scripts/kernel/build.sh has made with BOARDS
#
# Exit status: 0 if each has one, or the kernel does not tell what its built-in drivers
# are for (7.x does); 1 with those that have none.

. "$(dirname "$0")/../lib/common.sh"

arguments 1 1 "$@"
image=$1
need dtc

# devices DTB...: the names, most specific first, of each device that is on
devices()
{
	local dtb
	for dtb; do
		dtc -q -I dtb -O dts "$dtb" || die "no device tree: $dtb"
	done | awk '
	/^[[:space:]]*\/dts-v1\// { depth = 0 }
	/\{$/ { depth++; names[depth] = ""; off[depth] = depth > 1 && off[depth - 1] }
	/^[[:space:]]*compatible = / {
		line = $0
		sub(/^[^"]*"/, "", line)
		sub(/";$/, "", line)
		gsub(/\\0|", "/, " ", line)
		names[depth] = line
	}
	# "fail-needs-probe": switched on at boot, if something answers there
	/^[[:space:]]*status = "/ && !/"(okay|ok|fail-needs-probe)"/ { off[depth] = 1 }
	/^[[:space:]]*\};$/ {
		# The board itself is at 1.
		if (depth > 1 && names[depth] != "" && !off[depth])
			print names[depth]
		depth--
	}' | sort -u
}

modules=$(echo "$image"/modules/lib/modules/*)

# What the drivers are for: those of the modules, and those built in
aliases()
{
	{ cat "$modules/modules.alias" && tr '\0' '\n' <"$modules/modules.builtin.modinfo"; } |
		sed -n 's/.*of:N[^T]*T[^C]*C\([^ *]*\).*/\1/p' | sort -u
}

# All texts in the kernel and its modules
texts()
{
	{ cat "$image/Image" && find "$image/modules" -name '*.ko' -exec cat {} +; } |
		LC_ALL=C tr '\0' '\n' | LC_ALL=C grep -aE '^[a-z0-9]+[,a-zA-Z0-9_.-]*$' | sort -u
}

compgen -G "$image/dtbs/*.dtb" >/dev/null || die "no device trees in ${image#"$top"/}/dtbs" \
	"make them with: scripts/kernel/build.sh CONFIG REV BOARDS"

for file in "$image/Image" "$modules"/modules.{alias,builtin.modinfo}; do
	[ -s "$file" ] || die "there is no $file" "make it with: scripts/kernel/build.sh CONFIG REV BOARDS"
done
if ! grep -aF alias=of: "$modules/modules.builtin.modinfo" >/dev/null; then
	echo "not looked at: this kernel does not tell what its built-in drivers are for"
	exit 0
fi

declare -A alias text told
while read -r name; do alias[$name]=1; done < <(aliases)
while read -r name; do text[$name]=1; done < <(texts)
while read -r name what; do told[$name]=$what; done < <(sed '/^#/d' "$top/scripts/chromebook/devices")

# driven NAME...: sets how
driven()
{
	local name
	for name; do
		how=driver
		[ -z "${alias[$name]-}" ] || return 0
		how=${told[$name]-}
		case $how in
		'') ;;
		by-name)
			how="in the kernel"
			[ -z "${text[$name]-}" ] || return 0
			;;
		*) return 0 ;;
		esac
	done
	return 1
}

count=0
lacking=0
while read -ra names; do
	count=$((count + 1))
	if driven "${names[@]}"; then
		printf '%s: %s\n' "${names[*]}" "$how"
	else
		printf '%s: no driver\n' "${names[*]}"
		lacking=$((lacking + 1))
	fi
done < <(devices "$image"/dtbs/*.dtb)
[ "$count" -gt 0 ] || die "no devices in the trees of ${image#"$top"/}"
echo "$count kinds of devices, $lacking without a driver"
[ "$lacking" -eq 0 ]
