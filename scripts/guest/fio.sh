#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Make fio for the arm64 guest, without libraries: Debian's own is linked with
# some forty. The source is Debian's, the newest of the system's suite; it is
# compiled once and kept in the cache.
#
# Usage: fio.sh
#
# Prints the program's path. Exit status: 0 when it is there.

. "$(dirname "$0")/../lib/common.sh"
. "$top/scripts/lib/apt.sh"

no_arguments "$@"

dir=$cache/fio-arm64
cross=$(cross_compile arm64)

fetch()
{
	rm -rf "$dir/src"
	mkdir -p "$dir/src"
	apt_private_source "$dir/src" "$(apt_host_suite)" fio
	tar -xf "$dir"/src/fio_*.orig.tar.[gx]z -C "$dir/src" --strip-components=1
}

compile()
{
	cd "$dir/src" || return 1
	./configure --cc="${cross}gcc" --cpu=aarch64 --build-static --disable-numa \
		--disable-rdma --disable-rados --disable-rbd --disable-http --disable-gfapi \
		--disable-pmem --disable-native --disable-shm &&
		make -j"$jobs" fio || return 1
	"${cross}strip" fio
	# Moved last: a file that is there is whole.
	mv fio "$dir/fio"
	rm -rf "$dir/src"
}

make_fio()
{
	[ ! -x "$dir/fio" ] || return 0
	need "${cross}gcc" make apt-get
	step fio/fetch fetch >&2 || exit 1
	step fio/compile compile >&2 || exit 1
}

with_lock fio make_fio
printf '%s\n' "$dir/fio"
