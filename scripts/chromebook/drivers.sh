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

# The code that takes these is found in no table of aliases: it comes before there
# are drivers, is called by the driver of another device or found by another bus, or
# its driver is never a module and tells nothing. The name is in the kernel or in a
# module, if the code is.
by_name=(
	"arm,armv8-timer" "arm,gic-v3" "arm,psci-1.0" "arm,idle-state"
	"mediatek,mt6577-sysirq" "mediatek,mt6765-timer"
	fixed-clock operating-points-v2 mmc-pwrseq-simple
	shared-dma-pool restricted-dma-pool
	"arm,cortex-a53-pmu" "arm,cortex-a73-pmu" "mediatek,mt8183-power-controller"
	"mediatek,mt6358-regulator" "mediatek,mt7921s-bluetooth"
	# parts of one display, and of one scaler
	"mediatek,mt8183-disp-dither"
	"mediatek,mt8183-mdp3-ccorr" "mediatek,mt8183-mdp3-rsz"
	"mediatek,mt8183-mdp3-wdma" "mediatek,mt8183-mdp3-wrot"
)

# Not for a driver
declare -A none=(
	[arm,cortex-a53]="a CPU"
	[arm,cortex-a73]="a CPU"
	[cache]="told by the CPU, too"
	[usb-c-connector]="for the driver of what it is on"
	[qcom,ath10k]="tells its number on SDIO; for the driver's calibration data"
	[arm,coresight-cpu-debug]="for who debugs the kernel; off in the configuration"
	[jedec,spi-nor]="the boot firmware: better not written to; off in the configuration"
)

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

declare -A alias text
while read -r name; do alias[$name]=1; done < <(aliases)
while read -r name; do text[$name]=1; done < <(texts)

declare -A early
for name in "${by_name[@]}"; do early[$name]=1; done

# driven NAME...: sets how
driven()
{
	local name
	for name; do
		how=
		if [ -n "${alias[$name]-}" ]; then
			how=driver
		elif [ -n "${early[$name]-}" ] && [ -n "${text[$name]-}" ]; then
			how="in the kernel"
		elif [ -n "${none[$name]-}" ]; then
			how=${none[$name]}
		fi
		[ -z "$how" ] || return 0
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
