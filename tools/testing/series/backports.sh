#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The series for the long-term kernels, in TAP: made of mainline's as that is now
# (scripts/patches/backport.sh), they apply to the newest source (scripts/bases), and
# the allocator passes the tests in user space. Of the source only the files are unpacked
# that this takes. All else a base is tested with like mainline: make test BASE=6.12.
#
# Usage: [LEVEL=test|all] tools/testing/series/backports.sh [BASE...]
#   BASE   a folder of patches/ (all but mainline's)
#
# Exit status: 0 when all passed, 1 otherwise, 2 for a wrong argument.
#
# groups: test host
# bases: mainline

# shellcheck disable=SC2317 # tap calls the functions

. "$(dirname "$0")/../../../scripts/lib/tap.sh"
. "$top/scripts/lib/patches.sh"
. "$top/tools/testing/swiotlb/lib.sh"

work=$build/test/bases

# As tools/testing/swiotlb/check.sh has them, but short: what these find mainline's have
# found mostly, and the mutants fail within 20000 operations. Slot sets of 4 slots, for
# all small pools, are the base's own matter. A name, the Makefile's variables, the
# options on the level test and on all.
variants=(
	"complete|SET=4|--filter exhaustive/ --ops 1000000|--filter exhaustive/"
	"asan|FLAVOUR=asan|--ops 60000|--ops 150000"
	"plain||--ops 100000|--ops 1000000"
	"threads|FLAVOUR=threads|--filter threads/|--filter threads/"
)
dynamic=("dynamic|DYNAMIC=y|--ops 100000|--ops 300000")

# The newest source with nothing but what is needed, as a repository
unpack()
{
	local base=$1 source paths
	source=$(BASE=$base "$top/scripts/kernel/get.sh" newest) || return
	echo "$source"
	mapfile -t paths < <({
		printf '%s\n' "${rig_files[@]}"
		list_mails "$top/patches/$base" | xargs -d '\n' git apply --numstat | cut -f 3
	} | sort -u)
	# Files that a patch adds are not in the source.
	mapfile -t paths < <(printf '%s\n' "${paths[@]}" |
		grep -vxF -f <(list_mails "$top/patches/$base" | xargs -d '\n' git apply --summary |
			sed -n 's/^ create mode [0-7]* //p'))
	rm -rf "${work:?}/$base"
	"$top/scripts/kernel/files.sh" "$source" "$work/$base" "${paths[@]}" &&
		new_repo "$work/$base" "$(source_name "$source")"
}

# What "variants" has for this base
variants_of()
{
	printf '%s\n' "${variants[@]}"
	! grep -q CONFIG_SWIOTLB_DYNAMIC "$work/$1/kernel/dma/swiotlb.c" || printf '%s\n' "${dynamic[@]}"
}

compile()
{
	local each
	variants_of "$1" >"$work/$1.variants" || return
	mapfile -t each < <(cut -d '|' -f 2 "$work/$1.variants")
	KSRC=$work/$1 NAME=backport-$1 compile_each "${each[@]}"
}

# The tests of all bases that compiled, as many at a time as there are processors
run_all()
{
	local base name variables short long
	for base; do
		[ -e "$work/$base.compiled" ] || continue
		while IFS='|' read -r name variables short long; do
			[ "$level" != all ] || short=$long
			# shellcheck disable=SC2086 # several words
			KSRC=$work/$base NAME=backport-$base beside run_tests "$work/$base-$name" \
				"$variables" $short
		done <"$work/$base.variants"
	done
	wait
}

prepare()
{
	local base=$1
	tap "$base: made of mainline's patches as they are" "$top/scripts/patches/backport.sh" -n "$base"
	tap "$base: the newest source is there" unpack "$base"
	tap "$base: the patches apply to it" apply_mails "$work/$base" base "$top/patches/$base"
	# check.sh compiles the same objects.
	if step "backports/$base" with_lock swiotlb compile "$base"; then
		: >"$work/$base.compiled"
	else
		tap_fail "$base: its allocator compiles in user space" "$logs/backports/$base.log"
	fi
}

if [ $# -eq 0 ]; then
	for folder in "$top"/patches/[0-9]*/; do
		set -- "$@" "$(basename "$folder")"
	done
fi
for base; do
	[[ $base =~ ^[0-9] && -d $top/patches/$base ]] ||
		usage_error "unknown argument '$base', no long-term kernel of patches/"
done
need git make gcc
need_tree
mkdir -p "$work"
rm -f "$work"/*.{compiled,status,tap}
for base; do
	prepare "$base"
done
run_all "$@"
for base; do
	[ -e "$work/$base.compiled" ] || continue
	while IFS='|' read -r name _; do
		tap "$base: its allocator in user space, $name" tests_passed "$work/$base-$name"
	done <"$work/$base.variants"
done
tap_end
