#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Large restricted pools, in TAP: 341 MiB, which is the most that the base can set up
# with 4 KiB pages, 342 and 512 MiB, with LEVEL=all 1 and 2 GiB. The largest coherent
# and the largest streaming buffer are written and read. With the series, whose limit
# is the property, that is the largest power of 2 in the pool; without it 256 KiB.
#
# Usage: check.sh [REV...]
#
#   REV    base, or a branch with the fixes (fixes; LEVEL=all: base, fixed-series, too)
#
# Environment:
#   SIZES="n..."  the pools' MiB
#
# Exit status: 0 when all is as it should be. The consoles are in
# build/logs/boot/large-SIZE-REV.log.
#
# groups: test guest
# bases: all

. "$(dirname "$0")/../lib/check.sh"
. "$top/tools/testing/selftests/dma/lib/fixes.sh"

# largest REV MIB: in bytes
largest()
{
	local size=$((256 << 10))
	if git -C "$base_dir/tree" grep -q io-tlb-segsize "$1" -- kernel/dma/swiotlb.c; then
		while [ $((size * 2)) -le $(($2 << 20)) ]; do
			size=$((size * 2))
		done
	fi
	echo "$size"
}

boot()
{
	local rev=$1 mib=$2
	export SMP=1 MEM=$((1024 + 3 * mib))M
	CPPFLAGS="-DSIZE=$((mib << 20)) -DSEGSIZE=$(($(largest series "$mib") / 2048))" \
		guest_machine_overlay "$made/$mib.dtb" "$here/virt.dtso" &&
		guest_program "$made/dma_probe" || return
	printf '%s\n' "coherent $3" "streaming $3" >"$made/jobs"
	guest_run "large-$mib-$rev" "$rev" "$made/$mib.dtb" "$here/init.sh" \
		"$made/dma_probe" "$made/jobs" "$base_dir/image/guest-$rev/dma_probe.ko" \
		-append dma_debug=off
}

holds()
{
	boot "$@" && guest_all_ok "large-$2-$1" buffer 2 && guest_pools_empty "large-$2-$1" 1 &&
		guest_no_report "large-$2-$1" 'Call trace'
}

# 4 MiB are the end of kmalloc().
breaks()
{
	! holds "$@" || return
	grep -E 'failed to initialise "restricted-dma-pool" memory node' "$logs/boot/large-$2-$1.log"
}

check()
{
	local rev=$1 mib size
	tap_kernel "$rev"
	for mib in $sizes; do
		size=$(largest "$rev" "$mib")
		if [ "$rev" = base ] && [ "$mib" -gt 341 ]; then
			tap "$rev: a pool of $mib MiB: fails, as known" breaks "$rev" "$mib" "$size"
		else
			tap "$rev: a pool of $mib MiB: coherent and streaming, $(guest_size "$size")" \
				holds "$rev" "$mib" "$size"
		fi
	done
}

sizes="341 342 512"
[ "$level" != all ] || sizes+=" 1024 2048"
sizes=${SIZES:-$sizes}
fixes_revisions "$@"
need dtc fdtoverlay git
for rev in "${revs[@]}"; do
	check "$rev"
done
tap_end
