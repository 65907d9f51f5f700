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
sizes=(2 4 8 16 32 64 128 256 512 1024 2048 4096) # KiB
pool_bytes=$((0x2900000))

# What is to be reached, in thousandths
goal_4k=1010		# 4 KiB in a large segment, against the base's 128
goal_large=1020		# other sizes up to 256 KiB there
goal_default=1005	# where nothing is asked for: the default segment size
goal_copy=50		# bookkeeping of a 4 MiB mapping from the device
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

# An overlay for QEMU's own tree: a pool and a device for each size, and a
# device without one. SEGSIZE "-": the property is left out.
overlay()
{
	local segsize=$1 base=$((0x50000000)) kib
	printf '/dts-v1/;\n/plugin/;\n&{/} {\n'
	printf '#address-cells = <2>;\n#size-cells = <2>;\n'
	printf 'reserved-memory {\n'
	printf '#address-cells = <2>;\n#size-cells = <2>;\nranges;\n'
	for kib in "${sizes[@]}"; do
		printf 'pool%d: pool@%x {\n' "$kib" "$base"
		printf 'compatible = "restricted-dma-pool";\n'
		printf 'reg = <0 0x%x 0 0x%x>;\n' "$base" "$pool_bytes"
		[ "$segsize" = - ] || printf 'io-tlb-segsize = <%d>;\n' "$segsize"
		printf '};\n'
		base=$((base + pool_bytes))
	done
	printf '};\n'
	for kib in "${sizes[@]}"; do
		printf 'dma-probe-%d {\n' $((kib * 1024))
		printf 'compatible = "swiotlb-test,dma-probe";\n'
		printf 'memory-region = <&pool%d>;\ndma-coherent;\n};\n' "$kib"
	done
	printf 'dma-probe-default {\n'
	printf 'compatible = "swiotlb-test,dma-probe";\ndma-coherent;\n};\n};\n'
}

make_dtb()
{
	overlay "$1" >"$out/$2.dtso" &&
		guest_overlay_dtb "$out/virt.dtb" "$out/$2.dtso" "$out/$2.dtb"
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
for segsize in - 4096 16384; do
	step "bench/dtb$segsize" make_dtb "$segsize" "pools$segsize"
done
step bench/boot-base-128 boot base-128 base pools-
step "bench/boot-$patched-128" boot "$patched-128" "$patched" pools-
step "bench/boot-$patched-4096" boot "$patched-4096" "$patched" pools4096
step "bench/boot-$patched-16384" boot "$patched-16384" "$patched" pools16384

# kernel, pool, slots a segment, kind, bytes, instructions (or "-")
{
	printf 'kernel\tpool\tsegsize\tkind\tbytes\tinstructions\n'
	for boot in base-128 "$patched-128" "$patched-4096" "$patched-16384"; do
		guest_answers "bench-$boot" |
			awk -v kernel="${boot%-*}" -v segsize="${boot##*-}" '{
				mean_ns = "-"
				for (i = 1; i <= NF; i++) {
					split($i, pair, "=")
					if (pair[1] == "pool") pool = pair[2]
					if (pair[1] == "kind") kind = pair[2]
					if (pair[1] == "size") size = pair[2]
					if (pair[1] == "mean_ns") mean_ns = pair[2]
				}
				# What does not depend on the restricted
				# pools is taken from the first two boots.
				if (pool != "restricted" && segsize != 128)
					next
				print kernel "\t" pool "\t" \
					(pool == "restricted" ? segsize : "-") \
					"\t" kind "\t" size "\t" mean_ns
			}'
	done
} >"$out/cost.tsv"

status=0
awk -F '\t' -v goal_4k=$goal_4k -v goal_large=$goal_large \
	-v goal_default=$goal_default -v goal_default_4k=$goal_default_4k \
	-v goal_copy=$goal_copy -v patched="$patched" '
	function name(size)
	{
		return size < 1048576 ? size / 1024 " KiB" : size / 1048576 " MiB"
	}
	function cell(value)
	{
		return value == "" || value == "-" ? "-" : sprintf("%.0f", value)
	}
	# The ratio of two figures, and "!" when it is above the goal
	function ratio(value, base, goal)
	{
		if (cell(value) == "-" || cell(base) == "-")
			return "-"
		return sprintf("%.4f%s", value / base, miss(value / base, goal, 1))
	}
	function miss(value, goal, note)
	{
		if (!goal || value * 1000 <= goal)
			return ""
		if (note)
			missed++
		return "!"
	}
	function bookkeeping(direction, kind, copies, goal,	j, copy, all, part)
	{
		copy = copies * cost[patched, "none", "-", "copy", 4194304]
		for (j = 4096; j <= 16384; j *= 4) {
			all = cost[patched, "restricted", j, kind, 4194304]
			if (cell(all) == "-" || !copy) {
				print "error: no figure for 4 MiB " direction
				missed++
				continue
			}
			part = (all - copy) / all
			printf "%8d | %15s: %8.0f, of it copying %8.0f, bookkeeping %6.0f = %.2f %%%s\n", \
				j, direction, all, copy, all - copy, part * 100, \
				miss(part, goal, 1)
		}
	}
	NR > 1 {
		cost[$1, $2, $3, $4, $5] = $6
		if (!($5 in seen)) {
			seen[$5] = 1
			size[++sizes] = $5
		}
	}
	END {
		print "Instructions per map and unmap (coherent device, to the device)"
		print ""
		print "restricted pools of 41 MiB, by slots a segment; ratios to the base with 128"
		printf "%8s | %9s | %9s %9s %9s | %8s %8s %8s\n", "", "base", \
			patched, patched, patched, "", "", ""
		printf "%8s | %9s | %9s %9s %9s | %8s %8s %8s\n", "", "128", \
			"128", "4096", "16384", "128", "4096", "16384"
		for (i = 1; i <= sizes; i++) {
			s = size[i]
			b = cost["base", "restricted", 128, "streaming", s]
			for (j = 1; j <= 3; j++)
				v[j] = cost[patched, "restricted", \
					j == 1 ? 128 : j == 2 ? 4096 : 16384, "streaming", s]
			goal = s > 262144 ? 0 : s == 4096 ? goal_4k : goal_large
			printf "%8s | %9s | %9s %9s %9s | %8s %8s %8s\n", name(s), cell(b), \
				cell(v[1]), cell(v[2]), cell(v[3]), \
				ratio(v[1], b, s == 4096 ? goal_default_4k : goal_default), ratio(v[2], b, goal), \
				ratio(v[3], b, goal)
			if (s <= 262144 && (cell(b) == "-" || cell(v[1]) == "-") ||
			    cell(v[2]) == "-" || cell(v[3]) == "-") {
				print "error: no figure for " name(s)
				missed++
			}
		}
		print ""
		print "the default pool (swiotlb=force)"
		printf "%8s | %9s | %9s | %8s\n", "", "base", patched, "ratio"
		for (i = 1; i <= sizes; i++) {
			s = size[i]
			b = cost["base", "default", "-", "streaming", s]
			v[1] = cost[patched, "default", "-", "streaming", s]
			if (cell(b) == "-" && cell(v[1]) == "-")
				continue
			if (cell(b) == "-" || cell(v[1]) == "-")
				missed++
			printf "%8s | %9s | %9s | %8s\n", name(s), cell(b), cell(v[1]), \
				ratio(v[1], b, s == 4096 ? goal_default_4k : goal_default)
		}
		print ""
		print "a 4 MiB mapping with " patched ": bookkeeping beside the copying"
		bookkeeping("from the device", "streaming-in", 2, goal_copy)
		bookkeeping("to the device", "streaming", 1, 0)
		print ""
		printf "goals: 4 KiB in 4096 or 16384 <= %.3f, up to 256 KiB there <= %.3f,\n", \
			goal_4k / 1000, goal_large / 1000
		printf "       128 and the default pool <= %.3f, 4 KiB there <= %.3f,\n       bookkeeping of 4 MiB from the device <= %.0f %%: ", \
			goal_default / 1000, goal_default_4k / 1000, goal_copy / 10
		print missed ? missed " missed, marked with !" : "all met"
		exit missed ? 1 : 0
	}' "$out/cost.tsv" >"$out/cost.txt" || status=$?

echo
cat "$out/cost.txt"
printf '\n%d s; also in %s and cost.tsv\n' $((SECONDS - start)) "${out#"$top"/}/cost.txt"
exit $status
