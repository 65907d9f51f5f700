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
#   ARCH=arch  arm64 (the default), arm, riscv or x86
#
# Busybox is Debian's busybox-static, fetched once into the cache.
# Exit status: 0 when OUT was written.

. "$(dirname "$0")/../lib/common.sh"
. "$top/scripts/lib/apt.sh"

arguments 2 99 "$@"
out=$1 init=$2
shift 2
need cpio gzip dpkg-deb

# Debian's name of the architecture, and the suite that has it
ARCH=${ARCH:-arm64}
case $ARCH in
arm64) debian=arm64 suite=$(apt_host_suite) ;;
arm) debian=armhf suite=$(apt_host_suite) ;;
riscv) debian=riscv64 suite=stable ;; # Debian 12 has none
x86) debian=amd64 suite=$(apt_host_suite) ;;
*) die "no guests are made here for ARCH=$ARCH" "one of: arm64, arm, riscv, x86" ;;
esac

busybox=$cache/busybox-$debian/busybox

fetch_busybox()
{
	local work
	[ ! -x "$busybox" ] || return 0
	work=${busybox%/*}/download
	rm -rf "$work"
	mkdir -p "$work"
	apt_private "$debian" "$suite"
	apt_private_download "$work" busybox-static
	dpkg-deb -x "$work"/busybox-static_*.deb "$work/root" || return
	# Moved last: a file that is there is whole.
	mv "$(find "$work/root" -path '*bin/busybox' -type f)" "$busybox" ||
		die "Debian's busybox-static has no bin/busybox"
	rm -rf "$work"
}

[ -f "$init" ] || die "initramfs.sh: there is no init script $init"
[ -x "$busybox" ] || with_lock busybox step fetch/busybox fetch_busybox

root=$(mktemp -d "${TMPDIR:-/tmp}/initramfs.XXXXXX")
trap 'rm -rf "$root"' EXIT

chmod 755 "$root"
mkdir -p "$root"/{bin,dev,proc,sys,tmp,etc,root}
cp "$busybox" "$root/bin/busybox"
ln -s bin "$root/sbin"
# The guest's init makes the other names: busybox --install -s /bin
ln -s busybox "$root/bin/sh"
install -m 755 "$init" "$root/init"
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
