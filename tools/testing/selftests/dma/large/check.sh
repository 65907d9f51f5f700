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

# The pool begins at 2 GiB, a multiple of any buffer's size. What is mapped is as large,
# and above it. The kernel has the GiB below, and as much as the pool above: vmap() maps
# no more pages at once than the page allocator has in all.
device_tree()
{
	local mib=$1 size source
	size=$(printf '0x%x' $((mib << 20)))
	source=$(printf '%x' $((0x80000000 + (mib << 20))))
	cat <<-EOF
		/dts-v1/; /plugin/;
		&{/} {
			reserved-memory {
				#address-cells = <2>; #size-cells = <2>; ranges;
				large_pool: large-pool@80000000 {
					compatible = "restricted-dma-pool";
					reg = <0x0 0x80000000 0x0 $size>;
					io-tlb-segsize = <$(($(largest series "$mib") / 2048))>;
				};
				large_source: source@$source {
					reg = <0x$(printf '%x' $((0x$source >> 32))) 0x$(printf '%x' $((0x$source & 0xffffffff))) 0x0 $size>;
				};
			};
			dma-probe-large {
				compatible = "swiotlb-test,dma-probe";
				memory-region = <&large_pool>;
				swiotlb-test,source = <&large_source>;
			};
		};
	EOF
}

boot()
{
	local rev=$1 mib=$2
	export SMP=1 MEM=$((1024 + 3 * mib))M
	mkdir -p "$made"
	device_tree "$mib" >"$made/$mib.dtso" &&
		guest_machine_overlay "$made/$mib.dtb" "$made/$mib.dtso" &&
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
