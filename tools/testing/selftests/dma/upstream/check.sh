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

. "$(dirname "$0")/../../../../../scripts/lib/common.sh"
. "$top/scripts/lib/tap.sh"
. "$top/scripts/lib/tree.sh"
. "$top/scripts/lib/guest.sh"
. "$top/tools/testing/selftests/dma/lib/kunit.sh"

made=$build/test/selftests
here=$top/tools/testing/selftests/dma/upstream

export MEM=1G SMP=2 BOOT_LIMIT=600

# As the tool has them
modes=([0]=single [1]=scatter-gather)
granules=(1 2 4 8 16 32 64 128 256 512 1024)
bidirectional=0 to_device=1 from_device=2
directions=("$to_device" "$from_device")
threads=(8)

# The tool, of the kernel whose tests these are; 6.12 has it elsewhere.
tool()
{
	local path
	for path in tools/dma/dma_map_benchmark.c tools/testing/selftests/dma/dma_map_benchmark.c ''; do
		! git -C "$tree" cat-file -e "base:$path" 2>/dev/null || break
	done
	[ -n "$path" ] || die "the kernel has no dma_map_benchmark.c"
	mkdir -p "$made/include/linux"
	git -C "$tree" show "base:$path" >"$made/dma_map_benchmark.c" &&
		{ git -C "$tree" show base:include/uapi/linux/map_benchmark.h 2>/dev/null ||
			git -C "$tree" show base:include/linux/map_benchmark.h; } \
			>"$made/include/linux/map_benchmark.h" &&
		"$(cross_compile arm64)gcc" -static -O2 -I "$made/include" \
			-o "$made/dma_map_benchmark" "$made/dma_map_benchmark.c"
}

# A tool that knows no modes, up to 6.18, has single mappings alone.
has_modes()
{
	grep map_mode "$made/include/linux/map_benchmark.h" >/dev/null
}

forget_modes()
{
	has_modes || modes=([0]=single)
}

# The largest that the base can map is 64 pages.
base_jobs()
{
	local granule
	for granule in "${granules[@]}"; do
		echo "0 $granule $to_device 1"
	done
	! has_modes || echo "1 1024 $to_device 1"
}

series_jobs()
{
	local mode granule direction n
	for mode in "${!modes[@]}"; do
		for granule in "${granules[@]}"; do
			for direction in "${directions[@]}"; do
				for n in "${threads[@]}"; do
					echo "$mode $granule $direction $n"
				done
			done
		done
	done
}

prepare()
{
	tool || return
	forget_modes
	base_jobs >"$made/jobs-base"
	series_jobs >"$made/jobs-series"
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

unittest()
{
	console "$1" | grep -E '### dt-test ### end of unittest - [1-9][0-9]* passed, 0 failed'
}

# mapped REV MODE GRANULE: all its jobs were done
mapped()
{
	local want
	want=$(grep -c "^$2 $3 " "$made/jobs-$1")
	guest_answers "selftests-$1" | grep "^benchmark $2 $3 "
	[ "$(guest_answers "selftests-$1" | grep -c "^benchmark $2 $3 .* ok$")" -eq "$want" ]
}

# refused REV MODE GRANULE: none was, and the pool was not what lacked room
refused()
{
	guest_answers "selftests-$1" | grep "^benchmark $2 $3 "
	[ "$(guest_answers "selftests-$1" | grep -c "^benchmark $2 $3 .* FAILED$")" -eq "$(grep -c "^$2 $3 " "$made/jobs-$1")" ] &&
		console "$1" | grep "swiotlb buffer is full (sz: $(($3 * 4096)) bytes), total 32768 (slots), used 0"
}

# What the benchmark has told, in microseconds
latencies()
{
	local mode granule direction n map unmap
	while read -r mode granule direction n map unmap _; do
		case $direction in
		"$bidirectional") direction=bidirectional ;;
		"$to_device") direction=to-device ;;
		"$from_device") direction=from-device ;;
		esac
		printf '%-16s%8s  %-14s%8s%10s%10s\n' "${modes[mode]}" "$granule" "$direction" "$n" "$map" "$unmap"
	done < <(guest_answers selftests-series | sed -n 's/^benchmark \(.*\) ok$/\1/p')
}

no_arguments "$@"
if [ "$level" = all ]; then
	directions=("$bidirectional" "$to_device" "$from_device")
	threads=(1 2 4 8)
fi

need dtc fdtoverlay git python3 "$(cross_compile arm64)gcc"
need_tree
tap "the guest's device tree and dma_map_benchmark are made" prepare
forget_modes
for rev in base series; do
	tap "$rev: the kernel builds" "$top/scripts/kernel/build.sh" guest "$rev"
	tap "$rev: the guest ends as it should" boot "$rev"
	tap "$rev: the kernel's KUnit suites pass" \
		kunit_parse "$logs/boot/selftests-$rev.log" "$made/kunit-$rev"
	tap "$rev: the kernel's OF unit test passes" unittest "$rev"
	tap "$rev: unbound: no slot in use, DMA-API's dump is empty, no error" \
		guest_nothing_left "selftests-$rev" 1
done
tap "the KUnit suites are the same without and with the series" kunit_same
for granule in "${granules[@]}"; do
	if [ "$granule" -le 64 ]; then
		tap "base: single, $granule pages" mapped base 0 "$granule"
	else
		tap "base: single, $granule pages: refused" refused base 0 "$granule"
	fi
done
! has_modes || tap "base: scatter-gather, 1024 pages" mapped base 1 1024
for mode in "${!modes[@]}"; do
	for granule in "${granules[@]}"; do
		tap "series: ${modes[mode]}, $granule pages" mapped series "$mode" "$granule"
	done
done
{
	printf '%-16s%8s  %-14s%8s%10s%10s\n' mode pages direction threads map unmap
	latencies
} >"$made/latencies"
tap_end
