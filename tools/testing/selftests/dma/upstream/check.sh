#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The kernel's own tests, in TAP, without the series and with it: its KUnit suites
# and its OF unit test, and its dma_map_benchmark on a device with a restricted
# pool, whose mappings above 256 KiB fail without the series.
#
# Usage: check.sh
#
# With LEVEL=all and the series, the benchmark runs in both directions and
# bidirectional, and with 1, 2, 4 and 8 threads, a second each (264 s); else to and from
# the device, with 8 threads (44 s).
#
# Exit status: 0 when all is as it should be. The latencies that the benchmark
# has told are in build/test/selftests/latencies.
#
# groups: test guest
# bases: all

. "$(dirname "$0")/../lib/check.sh"
. "$top/scripts/lib/tree.sh"
. "$top/tools/testing/selftests/dma/lib/kunit.sh"

no_arguments "$@"
made=$build/test/selftests
header=$made/include/linux/map_benchmark.h

export MEM=1G SMP=2 BOOT_LIMIT=600

# As the tool has them. One that knows no modes, up to 6.18, has single mappings alone.
modes=([0]=single [1]=scatter-gather)
granules=(1 2 4 8 16 32 64 128 256 512 1024)
directions=([0]=bidirectional [1]=to-device [2]=from-device)

# blob PATH...: the first of them that the kernel has; an older one has them elsewhere.
blob()
{
	local path
	for path; do
		! git -C "$tree" show "base:$path" 2>/dev/null || return 0
	done
	die "the kernel has none of: $*"
}

tool()
{
	mkdir -p "${header%/*}"
	blob include/{uapi/,}linux/map_benchmark.h >"$header" &&
		blob tools/{dma,testing/selftests/dma}/dma_map_benchmark.c >"$made/dma_map_benchmark.c" &&
		"$(cross_compile arm64)gcc" -static -O2 -I "$made/include" \
			-o "$made/dma_map_benchmark" "$made/dma_map_benchmark.c"
}

forget_modes()
{
	grep map_mode "$header" >/dev/null || modes=([0]=single)
}

# Mode, granule, direction and threads; without the series one direction and one thread
prepare()
{
	tool || return
	forget_modes
	printf '0 %d 1 1\n' "${granules[@]}" >"$made/jobs-base"
	[ ${#modes[@]} -eq 1 ] || echo "1 1024 1 1" >>"$made/jobs-base"
	printf '%s\n' {0,1}\ {1,2,4,8,16,32,64,128,256,512,1024}\ {0,1,2}\ {1,2,4,8} |
		awk -v modes=${#modes[@]} -v level="$level" \
			'$1 < modes && (level == "all" || $3 > 0 && $4 == 8)' >"$made/jobs-series"
	guest_machine_overlay "$made/selftests.dtb" "$here/virt.dtso"
}

boot()
{
	SELFTESTS=all guest_run "selftests-$1" "$1" "$made/selftests.dtb" "$here/init.sh" \
		"$made/dma_map_benchmark" "$made/jobs-$1:jobs"
}

console()
{
	sed 's/^\[ *[0-9.]*\] \{0,1\}//' "$logs/boot/selftests-$1.log"
}

# Suites and cases, with their results: the same without and with the series
kunit_same()
{
	local rev
	for rev in base series; do
		console "$rev" | sed -n 's/^ *\(\(not \)\{0,1\}ok [0-9]* [^#]*\).*/\1/p' >"$made/cases-$rev"
	done
	wc -l "$made"/cases-*
	# 6.1 has 60.
	[ "$(wc -l <"$made/cases-series")" -ge 50 ] &&
		diff -u "$made/cases-base" "$made/cases-series"
}

# benchmark REV MODE GRANULE ok|FAILED: all its jobs ended so
benchmark()
{
	local said
	said=$(guest_answers "selftests-$1" | grep "^benchmark $2 $3 ")
	echo "$said"
	[ "$(grep -c " $4\$" <<<"$said")" -eq "$(grep -c "^$2 $3 " "$made/jobs-$1")" ]
}

# The pool was not what lacked room.
refused()
{
	benchmark base 0 "$1" FAILED &&
		console base | grep "swiotlb buffer is full (sz: $(($1 * 4096)) bytes), total 32768 (slots), used 0"
}

# What the benchmark has told, in microseconds
latencies()
{
	local mode granule direction n map unmap format='%-16s%8s  %-14s%8s%10s%10s\n'
	# shellcheck disable=SC2059 # one format for all
	printf "$format" mode pages direction threads map unmap
	while read -r mode granule direction n map unmap _; do
		# shellcheck disable=SC2059
		printf "$format" "${modes[mode]}" "$granule" "${directions[direction]}" "$n" "$map" "$unmap"
	done < <(guest_answers selftests-series | sed -n 's/^benchmark \(.*\) ok$/\1/p')
}

need dtc fdtoverlay git python3 "$(cross_compile arm64)gcc"
need_tree
tap "the guest's device tree and dma_map_benchmark are made" prepare
forget_modes
for rev in base series; do
	tap_kernel "$rev"
	tap "$rev: the guest ends as it should" boot "$rev"
	tap "$rev: the kernel's KUnit suites pass" \
		kunit_parse "$logs/boot/selftests-$rev.log" "$made/kunit-$rev"
	tap "$rev: the kernel's OF unit test passes" \
		grep -E '### dt-test ### end of unittest - [1-9][0-9]* passed, 0 failed' \
		"$logs/boot/selftests-$rev.log"
	tap "$rev: unbound: no slot in use, DMA-API's dump is empty, no error" \
		guest_nothing_left "selftests-$rev" 1
done
tap "the KUnit suites are the same without and with the series" kunit_same
for granule in "${granules[@]}"; do
	# The largest that the base can map is 64 pages.
	if [ "$granule" -le 64 ]; then
		tap "base: single, $granule pages" benchmark base 0 "$granule" ok
	else
		tap "base: single, $granule pages: refused" refused "$granule"
	fi
done
[ ${#modes[@]} -eq 1 ] || tap "base: scatter-gather, 1024 pages" benchmark base 1 1024 ok
for mode in "${!modes[@]}"; do
	for granule in "${granules[@]}"; do
		tap "series: ${modes[mode]}, $granule pages" benchmark series "$mode" "$granule" ok
	done
done
latencies >"$made/latencies"
tap_end
