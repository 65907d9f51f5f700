#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The fixes that are sent by themselves (patches/fixes), in TAP: each applies to its
# base, and fixes what a sanitizer reports there; the series applies on top of them
# in its own version, and leaves the same kernel as it does alone.
#
# Usage: [LEVEL=test|all] tools/testing/series/fixes.sh [-k] [BASE...]
#   -k     ask KASAN, too, in a guest that runs the KUnit suite: two kernels of each
#          base, and their boots; LEVEL=all implies it
#   BASE   mainline, 6.12, 6.1 (mainline; with LEVEL=all, all of them)
#
# Exit status: 0 when all passed, 1 otherwise, 2 for a wrong argument.
#
# groups: test host
# bases: mainline

. "$(dirname "$0")/../../../scripts/lib/common.sh"
. "$top/scripts/lib/tap.sh"
. "$top/scripts/lib/patches.sh"
. "$top/scripts/lib/guest.sh"
. "$top/tools/testing/selftests/dma/lib/kunit.sh"

work=$build/test/fixes
tests=$top/tools/testing/swiotlb

# What is reported without each of the fixes: the allocator's test in user space
# that sees it, and the function
declare -A seen=(
	[release]='end/the last slots|heap-buffer-overflow .* in swiotlb_release_slots'
	[counts]='end/half a slot set|heap-buffer-overflow .* in swiotlb_.*find_slots'
)

# What KASAN reports of each base without them
declare -A kasan_reports=(
	[mainline]='KASAN: slab-out-of-bounds in swiotlb_release_slots'
	[6.12]='KASAN: slab-out-of-bounds in swiotlb_release_slots'
	[6.1]='KASAN: slab-out-of-bounds in swiotlb_find_slots
KASAN: slab-out-of-bounds in swiotlb_release_slots
KASAN: slab-out-of-bounds in swiotlb_tbl_map_single'
)

fix_of()
{
	case $1 in
	*releasing*) echo release ;;
	*free-counts*) echo counts ;;
	*) die "tools/testing/series/fixes.sh does not know what ${1##*/} fixes" "add it to its table" ;;
	esac
}

repo()
{
	echo "$build/$1/tree"
}

applies()
{
	fixed_base "$(repo "$1")" "$top/patches/fixes/$1" >"$work/$1.commit" &&
		git -C "$(repo "$1")" log --oneline "base..$(cat "$work/$1.commit")"
}

# The fixes, then the series' version on top and the rest of the series: the same
# files as the series alone
on_top()
{
	local mails=$work/$1.mails all mail n=0
	rm -rf "$mails"
	mkdir -p "$mails"
	for mail in "$top/patches/fixes/$1"/0*.patch "$top/patches/fixes/$1"/on-top/0001-*.patch \
		"$top/patches/$1"/000[2-9]-*.patch; do
		n=$((n + 1))
		cp "$mail" "$(printf '%s/%04d-%s' "$mails" "$n" "${mail##*/}")"
	done
	all=$(fixed_base "$(repo "$1")" "$mails") &&
		git -C "$(repo "$1")" diff --exit-code --stat "$all" series
}

# What is in patches/fixes/BASE/on-top is what scripts/patches/on-top.sh writes.
up_to_date()
{
	BASE=$1 "$top/scripts/patches/on-top.sh" "$work/$1.on-top" &&
		diff -r "$work/$1.on-top" "$top/patches/fixes/$1/on-top"
}

# sanitized BASE COMMIT TEST: its output; 0 if the test passes
sanitized()
{
	local name=fixes-$1-$2
	local make=(make -s -C "$tests" --no-print-directory "O=$build/swiotlb"
		"KSRC=$build/swiotlb/src/$name" FLAVOUR=asan)
	# check.sh compiles the same objects.
	"$tests/sources.sh" "$(repo "$1")" "$2" "$build/swiotlb/src/$name" &&
		with_lock swiotlb "${make[@]}" -j"$jobs" all &&
		"$("${make[@]}" print-out)/swiotlb-test" --filter "$3"
}

is_seen()
{
	! sanitized "$1" "$2" "$3" >"$work/said" 2>&1 || {
		echo "the test passes"
		return 1
	}
	grep -E -m 1 "^SUMMARY: AddressSanitizer: $4" "$work/said"
}

is_fixed()
{
	sanitized "$1" "$2" "$3" >"$work/said" 2>&1 || {
		tail -n 30 "$work/said"
		return 1
	}
}

check()
{
	local base=$1 fixed mail test report
	tap "$base: the tree is there" env BASE="$base" "$top/scripts/kernel/tree.sh"
	tap "$base: the fixes apply" applies "$base"
	fixed=$(cat "$work/$base.commit")
	for mail in "$top/patches/fixes/$base"/0*.patch; do
		tap "$base: checkpatch: ${mail##*/}" perl "$(repo "$base")/scripts/checkpatch.pl" \
			--root="$(repo "$base")" --strict --no-summary --ignore UNKNOWN_COMMIT_ID "$mail"
	done
	tap "$base: the series on top of them leaves the same files as alone" on_top "$base"
	tap "$base: the series on top is what scripts/patches/on-top.sh writes" up_to_date "$base"
	for mail in "$top/patches/fixes/$base"/0*.patch; do
		IFS='|' read -r test report <<<"${seen[$(fix_of "$mail")]}"
		tap "$base: $test: AddressSanitizer reports it without the fix" is_seen "$base" base "$test" "$report"
		tap "$base: $test: passes with it" is_fixed "$base" "$fixed" "$test"
	done
}

# kasan BASE REV: the reports of KASAN in swiotlb's code, each once, without addresses
kasan()
{
	sed -n 's/.*BUG: \(KASAN: [^ ]* in [^ ]*swiotlb[^+.]*\).*/\1/p' "$logs/boot/fixes-$1-$2.log" | sort -u
}

kasan_boot()
{
	local base_dir=$build/$1
	# What is overwritten without the fixes may end the kernel.
	kunit_boot "fixes-$1-$2" debug "$2" kasan_multi_shot || [ "$2" = base ] || return
	grep -aF 'KernelAddressSanitizer initialized' "$logs/boot/fixes-$1-$2.log"
}

kasan_sees()
{
	kasan "$1" base
	[ "$(kasan "$1" base)" = "${kasan_reports[$1]}" ]
}

kasan_silent()
{
	! kasan "$1" fixes | grep .
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

check_kasan()
{
	local base=$1 rev
	git -C "$(repo "$base")" update-ref refs/heads/fixes "$(cat "$work/$base.commit")"
	for rev in base fixes; do
		tap "$base: $rev: the kernel with KASAN builds" env BASE="$base" "$top/scripts/kernel/build.sh" debug "$rev"
		tap "$base: $rev: the guest runs, and KASAN with it" kasan_boot "$base" "$rev"
	done
	tap "$base: base: KASAN reports the faults" kasan_sees "$base"
	tap "$base: fixes: it reports none" kasan_silent "$base"
}

kasan=
bases=(mainline)
if [ "$level" = all ]; then
	kasan=y
	bases+=(6.12 6.1)
fi
while getopts :k option; do
	case $option in
	k) kasan=y ;;
	*) usage_error "unknown option '-$OPTARG'" ;;
	esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || set -- "${bases[@]}"
for base; do
	[ -d "$top/patches/fixes/$base" ] || usage_error "unknown argument '$base', no base of patches/fixes"
done
need git perl make gcc
mkdir -p "$work"
[ -z "$kasan" ] || tap "the guest's device tree is made" kasan_device_tree
for base; do
	check "$base"
	[ -z "$kasan" ] || check_kasan "$base"
done
tap_end
