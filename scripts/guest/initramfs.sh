#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Make an initramfs for the guest: busybox with all its names, an init
# script and further files. Needs no root.
#
# Usage: initramfs.sh OUT INIT [FILE[:PATH]...]
#
#   OUT     the gzipped cpio archive to write
#   INIT    the script that becomes /init; it has to say "guest: end" and then
#           call "poweroff -f"
#   FILE    goes to /PATH in the guest, without PATH to /FILE's-name
#
# Environment:
#   ARCH=arch     arm64 (the default), arm, riscv or x86
#   BUSYBOX=path  a static busybox for ARCH; if it is a folder, path/ARCH/busybox.
#                 Without it, Debian's busybox-static, fetched once into the cache
#
# Exit status: 0 when OUT was written.

. "$(dirname "$0")/../lib/common.sh"
. "$top/scripts/lib/apt.sh"

arguments 2 99 "$@"
out=$1 init=$2
shift 2
need cpio gzip

# Debian's name of the architecture, and readelf's
ARCH=${ARCH:-arm64}
case $ARCH in
arm64) debian=arm64 machine=AArch64 ;;
arm) debian=armhf machine=ARM ;;
riscv) debian=riscv64 machine=RISC-V ;;
x86) debian=amd64 machine='Advanced Micro Devices X86-64' ;;
*) die "no guests are made here for ARCH=$ARCH" "one of: arm64, arm, riscv, x86" ;;
esac

fetch_busybox()
{
	local work suite
	[ ! -x "$busybox" ] || return 0
	work=${busybox%/*}/download
	rm -rf "$work"
	mkdir -p "$work"
	suite=$(apt_host_suite)
	# Debian 12 has none for riscv.
	[ "$ARCH" != riscv ] || suite=stable
	apt_private "$debian" "$suite"
	apt_private_download "$work" busybox-static
	dpkg-deb -x "$work"/busybox-static_*.deb "$work/root" || return
	# Moved last: a file that is there is whole.
	mv "$(find "$work/root" -path '*bin/busybox' -type f)" "$busybox" ||
		die "Debian's busybox-static has no bin/busybox"
	rm -rf "$work"
}

# check_busybox: is that given one for ARCH, and does it need no library?
check_busybox()
{
	need readelf
	[ -f "$busybox" ] || die "BUSYBOX: there is no file $busybox"
	LC_ALL=C readelf -hW "$busybox" 2>/dev/null | grep "^ *Machine: *$machine\$" >/dev/null ||
		die "BUSYBOX: $busybox is no program for $ARCH" "readelf -h says what it is for"
	! LC_ALL=C readelf -lW "$busybox" | grep '^ *INTERP ' >/dev/null ||
		die "BUSYBOX: $busybox is not static" "the guest has no libraries; build it with CONFIG_STATIC=y"
}

[ -f "$init" ] || die "initramfs.sh: there is no init script $init"
if [ -n "${BUSYBOX-}" ]; then
	busybox=$BUSYBOX
	[ ! -d "$busybox" ] || busybox=$busybox/$ARCH/busybox
	check_busybox
else
	busybox=$cache/busybox-$debian/busybox
	if [ ! -x "$busybox" ]; then
		{ command -v apt-get && command -v dpkg-deb; } >/dev/null ||
			die "busybox comes as a Debian package, and there is no apt here" \
				"BUSYBOX=/path/to/busybox takes yours: a static one for $ARCH"
		with_lock busybox step fetch/busybox fetch_busybox
	fi
fi

root=$(mktemp -d "${TMPDIR:-/tmp}/initramfs.XXXXXX")
trap 'rm -rf "$root"' EXIT

chmod 755 "$root"
mkdir -p "$root"/{bin,dev,proc,sys,tmp,etc,root}
cp "$busybox" "$root/bin/busybox"
ln -s bin "$root/sbin"
# The guest's init makes the other names: busybox --install -s /bin
ln -s busybox "$root/bin/sh"
install -m 755 "$init" "$root/init"
cp "$top/tools/testing/selftests/dma/lib/init.sh" "$root/init-lib.sh"
for arg; do
	file=${arg%%:*}
	path=${arg#"$file"}
	path=${path#:}
	path=${path#/}
	[ -f "$file" ] || die "initramfs.sh: there is no file $file"
	path=$root/${path:-${file##*/}}
	mkdir -p "${path%/*}"
	cp "$file" "$path"
done

mkdir -p "$(dirname "$out")"
# One date for all, and sorted: the same input makes the same archive.
find "$root" -exec touch -h -d @0 {} +
(cd "$root" && find . | LC_ALL=C sort |
	cpio --quiet -o -H newc -R 0:0 --reproducible) | gzip -n >"$out.tmp"
mv "$out.tmp" "$out"
