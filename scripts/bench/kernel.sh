#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What mapping and unmapping costs: instructions, counted by QEMU's -icount,
# without and with the series, from 2 KiB to 4 MiB, in restricted pools of
# 41 MiB with segments of 128, 4096 and 16384 slots and in the default pool.
#
# Usage: [EXTRA=branch] kernel.sh
#   EXTRA  a branch of the kernel tree that is measured in the series' place, against
#          goals of its own: bitmap is patches/extra/bitmap on top of the series
#
# What depends on what else is in the pool is counted by scripts/bench/swiotlb.sh.
#
# How it is measured: the device is coherent and the mapping is to the device.
# So there is one copy and no cache maintenance, and what the allocator costs
# weighs most. Each size has a pool of its own that nothing else has used. A
# figure is the mean over two times round the pool, after one to warm up.
#
# Bookkeeping is what a map and an unmap cost beyond a memcpy() of as much in
# the same guest, measured in the same way. It does not depend on the direction,
# but the copying does: a mapping from the device is copied out, too. That is
# what such a large buffer is for (the camera's), so the goal is for that one;
# the other is shown beside it. On a device that is not coherent cache
# maintenance comes on top of the copies, and the share is less.
#
# The figures are also in build/bench/cost.txt and, one a line, cost.tsv.
# Exit status: 0 when every goal is met, 1 with those that are not. With -icount,
# and nothing random in the guest, the figures are the same each time, whatever
# else the machine does.

# shellcheck disable=SC2317 # step calls the functions

. "$(dirname "$0")/../lib/common.sh"
. "$top/scripts/lib/guest.sh"

no_arguments "$@"
need dtc fdtoverlay cpio awk

patched=${EXTRA:-series}
out=$bench${EXTRA:+/$EXTRA}
small=$base_dir/image/small

# What is to be reached, in thousandths
goal_4k=1010		# 4 KiB in a large segment, against the base's 128
goal_large=1020		# other sizes up to 256 KiB there
goal_default=1010	# where nothing is asked for: the default segment size
goal_copy=60		# bookkeeping of a 4 MiB mapping from the device
goal_default_4k=$goal_default
if [ -n "${EXTRA-}" ]; then
	goal_4k=500		# half the cost, whatever the pool
	goal_default_4k=500
	goal_large=1000		# and no size that costs more
	goal_default=1000
fi

start=$SECONDS
"$top/scripts/kernel/tree.sh"
[ ! -d "$top/patches/extra/$patched" ] || "$top/scripts/patches/topic.sh" "$patched"
"$top/scripts/kernel/build.sh" small base
"$top/scripts/kernel/build.sh" small "$patched"
mkdir -p "$out"
step bench/guest-program guest_program "$out/dma_probe"

# make_dtb SEGSIZE OUT: without a SEGSIZE the pools do not have the property.
make_dtb()
{
	CPPFLAGS=${1:+-DSEGSIZE=$1} guest_overlay "$out/virt.dtb" "$2" "$top/scripts/bench/kernel.dtso"
}

# boot NAME REV DTB
boot()
{
	"$top/scripts/guest/initramfs.sh" "$out/$2.cpio.gz" \
		"$top/scripts/bench/kernel-init.sh" \
		"$out/dma_probe" "$small-$2/dma_probe.ko" &&
	ICOUNT=1 SMP=1 "$top/scripts/guest/boot.sh" "bench-$1" "$small-$2/Image" "$out/$3.dtb" \
		"$out/$2.cpio.gz" -append "dma_debug=off swiotlb=force norandmaps" \
		-- -rtc "base=2000-01-01,clock=vm"
}

ICOUNT=1 SMP=1 MEM=2G step bench/virt-dtb guest_machine_dtb "$out/virt.dtb" -M dtb-randomness=off
for segsize in '' 4096 16384; do
	step "bench/dtb${segsize:--}" make_dtb "$segsize" "$out/pools$segsize.dtb"
done
step bench/boot-base-128 boot base-128 base pools
step "bench/boot-$patched-128" boot "$patched-128" "$patched" pools
step "bench/boot-$patched-4096" boot "$patched-4096" "$patched" pools4096
step "bench/boot-$patched-16384" boot "$patched-16384" "$patched" pools16384

# As kernel.awk wants it. What does not depend on the restricted pools is taken from the
# first two boots.
{
	printf 'kernel\tpool\tsegsize\tkind\tbytes\tinstructions\n'
	for boot in base-128 "$patched-128" "$patched-4096" "$patched-16384"; do
		segsize=${boot##*-}
		while read -r said; do
			pool=$(guest_field pool "$said")
			[ "$pool" = restricted ] || [ "$segsize" = 128 ] || continue
			mean=$(guest_field mean_ns "$said")
			printf '%s\t%s\t%s\t%s\t%s\t%s\n' "${boot%-*}" "$pool" \
				"$([ "$pool" = restricted ] && echo "$segsize" || echo -)" \
				"$(guest_field kind "$said")" "$(guest_field size "$said")" "${mean:--}"
		done < <(guest_answers "bench-$boot")
	done
} >"$out/cost.tsv"

status=0
awk -F '\t' -v goal_4k=$goal_4k -v goal_large=$goal_large \
	-v goal_default=$goal_default -v goal_default_4k=$goal_default_4k \
	-v goal_copy=$goal_copy -v patched="$patched" -f "$top/scripts/bench/kernel.awk" \
	"$out/cost.tsv" >"$out/cost.txt" || status=$?

echo
cat "$out/cost.txt"
printf '\n%d s; also in %s and cost.tsv\n' $((SECONDS - start)) "${out#"$top"/}/cost.txt"
exit $status
