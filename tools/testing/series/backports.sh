#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The series for the long-term kernels, in TAP: made of mainline's as that is now
# (scripts/patches/backport.sh), they apply to the newest source (scripts/bases), and its
# allocator passes the tests in user space. Of the source only the files are unpacked
# that this takes. All else a base is tested with like mainline: make test BASE=6.12.
#
# usage: tools/testing/series/backports.sh [BASE...]
#
#   BASE   a folder of patches/ (all but mainline's)
#
# Exit status: 0 when all passed.
#
# groups: test host
# bases: mainline

. "$(dirname "$0")/../../../scripts/lib/common.sh"
. "$top/scripts/lib/tap.sh"
. "$top/scripts/lib/tree.sh"
. "$top/scripts/lib/patches.sh"

work=$build/test/bases
tests=$top/tools/testing/swiotlb

# As tools/testing/swiotlb/check.sh has them, but short: what these find mainline's have found
# mostly. Slot sets of 4 slots, for all small pools, are the base's own matter.
variants=("plain||--ops 1000000" "asan|FLAVOUR=asan|--ops 60000" "complete|SET=4|--filter exhaustive/"
	"threads|FLAVOUR=threads|--filter threads/")
dynamic=("dynamic|DYNAMIC=y|--ops 300000")

# The newest source with nothing but what is needed, as a repository
unpack()
{
	local base=$1 source name paths
	source=$(BASE=$base "$top/scripts/kernel/get.sh" newest) && name=$(source_name "$source") || return
	echo "$name"
	mapfile -t paths < <({
		printf '%s\n' kernel/dma/swiotlb.c include/linux/swiotlb.h include/linux/iommu-helper.h
		list_mails "$top/patches/$base" | xargs -d '\n' git apply --numstat | cut -f 3
	} | sort -u)
	# Files that a patch adds are not in the source.
	mapfile -t paths < <(printf '%s\n' "${paths[@]}" |
		grep -vxF -f <(list_mails "$top/patches/$base" | xargs -d '\n' git apply --summary |
			sed -n 's/^ create mode [0-7]* //p'))
	rm -rf "${work:?}/$base"
	"$top/scripts/kernel/get.sh" unpack "$source" "$work/$base" "${paths[@]}" &&
		git_plain -C "$work/$base" init -q --template= &&
		git_plain -C "$work/$base" add -A -f &&
		with_committer git_plain -C "$work/$base" commit -q -m "$name"
}

variant()
{
	local base=$1 name=$2 variables=$3 options=$4
	local make=(make -s -C "$tests" --no-print-directory "KSRC=$work/$base" "O=$work/swiotlb")
	read -ra variables <<<"$variables"
	read -ra options <<<"$options"
	"${make[@]}" "${variables[@]}" -j"$jobs" all &&
		"$("${make[@]}" "${variables[@]}" print-out)/swiotlb-test" "${options[@]}"
}

check()
{
	local base=$1 variant name variables options all=("${variants[@]}")
	tap "$base: made of mainline's patches as they are" "$top/scripts/patches/backport.sh" -n "$base"
	tap "$base: the newest source is there" unpack "$base"
	tap "$base: the patches apply to it" apply_mails "$work/$base" "$top/patches/$base"
	! grep CONFIG_SWIOTLB_DYNAMIC "$work/$base/kernel/dma/swiotlb.c" >/dev/null || all+=("${dynamic[@]}")
	for variant in "${all[@]}"; do
		IFS='|' read -r name variables options <<<"$variant"
		tap "$base: its allocator in user space, $name" variant "$base" "$name" "$variables" "$options"
	done
}

need git make gcc
mkdir -p "$work"
if [ $# -eq 0 ]; then
	for folder in "$top"/patches/[0-9]*/; do
		set -- "$@" "$(basename "$folder")"
	done
fi
for base; do
	[ -d "$top/patches/$base" ] || die "there is no patches/$base"
	check "$base"
done
tap_end
