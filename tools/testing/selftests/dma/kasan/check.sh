#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The fixes of patches/fixes under KASAN, in TAP, in a guest that runs the KUnit suite: of
# each base KASAN reports what is known of it, and nothing with the fixes.
#
# Usage: check.sh [BASE...]
#   BASE   mainline, 6.12, 6.1 (all of them)
#
# Two kernels of each base are built. Consoles: build/logs/boot/fixes-BASE-REV.log.
# Exit status: 0 when all passed, 1 otherwise, 2 for a wrong argument.
#
# groups: all guest
# bases: mainline

. "$(dirname "$0")/../lib/check.sh"
. "$top/tools/testing/selftests/dma/lib/kunit.sh"

# The device tree is not the suite's.
made=$build/test/kasan

# What KASAN reports of each base without them, in swiotlb's code
declare -A known=(
	[mainline]="release_slots"
	[6.12]="release_slots"
	[6.1]="find_slots release_slots tbl_map_single"
)

branches()
{
	BASE=$1 "$top/scripts/kernel/tree.sh" && BASE=$1 "$top/scripts/patches/fixes.sh"
}

# Not the devices with a minimum alignment: 6.1 looks for a place for ever there,
# without the series.
kasan_device_tree()
{
	local device
	device_tree || return
	for device in min-align min-align-all; do
		fdtput -t s "$made/kunit-$ARCH.dtb" "/$device" status disabled || return
	done
}

boot()
{
	local base_dir=$build/$1
	# What is overwritten without the fixes may end the kernel.
	kunit_boot "fixes-$1-$2" debug "$2" kasan_multi_shot || [ "$2" = base ] || return
	grep -aF 'KernelAddressSanitizer initialized' "$logs/boot/fixes-$1-$2.log"
}

# reports BASE REV FUNCTION...: those and no others
reports()
{
	local function
	sed -n 's/.*BUG: \(KASAN: [^ ]* in [^ ]*swiotlb[^+.]*\).*/\1/p' "$logs/boot/fixes-$1-$2.log" | sort -u >"$made/said"
	cat "$made/said"
	for function in "${@:3}"; do
		echo "KASAN: slab-out-of-bounds in swiotlb_$function"
	done | diff - "$made/said"
}

check()
{
	local base=$1 rev functions
	read -ra functions <<<"${known[$base]}"
	tap "$base: the branches of the fixes are there" branches "$base"
	for rev in base fixes; do
		tap "$base: $rev: the kernel with KASAN builds" env BASE="$base" "$top/scripts/kernel/build.sh" debug "$rev"
		tap "$base: $rev: the guest runs, and KASAN with it" boot "$base" "$rev"
	done
	tap "$base: base: KASAN reports the faults" reports "$base" base "${functions[@]}"
	tap "$base: fixes: it reports none" reports "$base" fixes
}

[ $# -gt 0 ] || set -- mainline 6.12 6.1
for base; do
	[ -n "${known[$base]-}" ] || usage_error "unknown argument '$base', no base of patches/fixes"
done
need dtc fdtoverlay fdtput cpp git
tap "the guest's device tree is made" kasan_device_tree
for base; do
	check "$base"
done
tap_end
