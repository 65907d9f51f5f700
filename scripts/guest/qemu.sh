#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Print the path of a QEMU for the guests: the system's, or the newest that the
# backports of this Debian have, unpacked in the cache.
#
# Usage: qemu.sh aarch64|arm|riscv64|x86_64
#
# Environment:
#   QEMU=backports  the newest of the backports. The system's own packages are
#                   neither used nor changed, apart from the C library.
#
# The backports are asked once for each build/; what was chosen is recorded in
# build/qemu, and all later calls take that. Without a network the newest in the
# cache is taken. With neither, or if the host is no Debian that has backports, the
# system's program is taken; that is said on stderr. Each boot's console ends with
# the version that was used.
#
# Exit status: 0 when there is such a program, 1 otherwise.

. "$(dirname "$0")/../lib/common.sh"
. "$top/scripts/lib/apt.sh"

# What the packages need, packed and unpacked, in MiB
qemu_mib=600
programs=(aarch64 arm riscv64 x86_64)
chosen=$build/qemu

# resolve SUITE: lines "PACKAGE=VERSION" of what is to be unpacked, QEMU's own
# first. That is everything but the C library, which is the host's, and what only
# installing needs.
resolve()
{
	local version packages
	version=$(apt-cache "${apt_options[@]}" madison qemu-system-arm |
		awk -v suite="$1/main" '$6 == suite { print $3; exit }')
	[ -n "$version" ] || die "$1 has no qemu-system-arm"
	packages=(qemu-system-arm qemu-system-x86 qemu-system-misc)
	# It has left misc for a package of its own.
	if apt-cache "${apt_options[@]}" madison qemu-system-riscv | grep -F "$version" >/dev/null; then
		packages[2]=qemu-system-riscv
	fi
	echo "qemu-system-arm=$version"
	apt-get "${apt_options[@]}" -s --no-install-recommends -t "$1" install "${packages[@]}" |
		sed -n 's/^Inst \([^ ]*\) (\([^ ]*\) .*/\1=\2/p' |
		grep -E '^(lib|qemu-|ipxe-qemu|seabios|opensbi)' |
		grep -vE '^(libc6|libgcc-s1|libcrypt1|libpam[^=]*|qemu-system-arm)='
}

# wrapper ARCH: the program with its own libraries and data
wrapper()
{
	local libs
	libs=$(dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null) || libs=$(gcc -print-multiarch)
	cat <<-EOF
		#!/bin/sh
		# Made by qemu.sh
		root=\$(dirname "\$(readlink -f "\$0")")/../root
		LD_LIBRARY_PATH=\$root/usr/lib/$libs:\$root/lib/$libs
		QEMU_MODULE_DIR=\$root/usr/lib/$libs/qemu
		export LD_LIBRARY_PATH QEMU_MODULE_DIR
		exec "\$root/usr/bin/qemu-system-$1" -L "\$root/usr/share/qemu" \\
			-L "\$root/usr/share/seabios" -L "\$root/usr/lib/ipxe/qemu" "\$@"
	EOF
}

# unpack DIR PACKAGE=VERSION...: DIR is there when all of it is.
unpack()
{
	local dir=$1 tmp=$1.unpacking deb arch
	shift
	need_space "$cache" "$qemu_mib" "QEMU"
	rm -rf "$tmp"
	mkdir -p "$tmp/debs" "$tmp/root" "$tmp/bin"
	apt_private_download "$tmp/debs" "$@" >&2
	for deb in "$tmp"/debs/*.deb; do
		dpkg-deb -x "$deb" "$tmp/root"
	done
	for arch in "${programs[@]}"; do
		wrapper "$arch" >"$tmp/bin/qemu-system-$arch"
		chmod +x "$tmp/bin/qemu-system-$arch"
		"$tmp/bin/qemu-system-$arch" --version >&2 ||
			die "the qemu-system-$arch of ${dir##*/} does not run here"
	done
	rm -rf "$tmp/debs"
	printf '%s\n' "$@" >"$tmp/packages"
	mv "$tmp" "$dir"
}

# get: the newest of the suite is in the cache; prints its folder. For a subshell of
# its own, since apt.sh ends the shell on an error.
get()
{
	local suite list packages dir
	suite=$(apt_host_suite)
	apt_private "$(dpkg --print-architecture)" "$suite" "$suite-backports" >&2
	list=$(resolve "$suite-backports")
	mapfile -t packages <<<"$list"
	dir=$cache/qemu-${packages[0]#*=}_$(dpkg --print-architecture)
	# An epoch's colon would end the path in a list of paths.
	dir=${dir/qemu-[0-9]:/qemu-}
	[ -d "$dir" ] || unpack "$dir" "${packages[@]}" || return
	printf '%s\n' "$dir"
}

# The newest folder in the cache that is whole; nothing if there is none.
cached()
{
	find "$cache" -maxdepth 1 -type d -name "qemu-*_$(dpkg --print-architecture)" | sort -V | tail -n 1
}

# choose: fills build/qemu, one line: the folder of the programs, or "system".
choose()
{
	local dir='' log=$logs/qemu.log
	[ ! -s "$chosen" ] || return 0
	mkdir -p "$cache" "${log%/*}"
	if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
		say "  no apt here: taking the system's QEMU" >&2
	else
		say "  looking for the newest QEMU of the backports" >&2
		# The cache is for all clones, so is this lock. Not "|| dir=", which
		# would let get go on after an error.
		set +e
		dir=$(
			set -e
			exec 8>"$cache/qemu.lock" 2>"$log"
			flock 8
			get
		)
		set -e
		if [ -z "$dir" ]; then
			grep -E '^(E:|W:|Err|error:)' "$log" | tail -n 4 | sed 's/^/    | /' >&2 || :
			dir=$(cached)
			[ -z "$dir" ] || say "  that cannot be had: taking what the cache has, ${dir##*/}" >&2
		fi
		[ -n "$dir" ] || say "  that cannot be had: taking the system's QEMU; remove build/qemu to ask again" >&2
	fi
	printf '%s\n' "${dir:+$dir/bin}" | sed 's/^$/system/' >"$chosen.new"
	mv "$chosen.new" "$chosen"
}

[ $# -eq 1 ] || usage_error "it takes one architecture"
case " ${programs[*]} " in
*" $1 "*) ;;
*) usage_error "unknown architecture '$1'" ;;
esac

case ${QEMU:-system} in
system) dir=system ;;
backports)
	# A cache that was emptied since
	if [ -s "$chosen" ] && [ "$(cat "$chosen")" != system ] && [ ! -d "$(cat "$chosen")" ]; then
		rm -f "$chosen"
	fi
	[ -s "$chosen" ] || with_lock qemu choose
	dir=$(cat "$chosen")
	;;
*) die "QEMU=$QEMU: unknown" "one of: system, backports" ;;
esac
if [ "$dir" = system ]; then
	need "qemu-system-$1"
	command -v "qemu-system-$1"
else
	printf '%s\n' "$dir/qemu-system-$1"
fi
