#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The kernels that the KUnit suite of restricted pools has to pass on, and on
# which of them it did, with the series as it is now.
#
# Usage: matrix.sh [cells|ci]
#
#   (nothing)   print the table: of each cell how many tests passed, or failed, or
#               that none was run; also in build/test/matrix/table.txt
#   cells, ci   the cells, or those of make test, as tools/testing/selftests/dma/kunit/check.sh takes
#               them, one a line
#
# Exit status: 0, or 1 if a cell failed.

. "$(dirname "$0")/../lib/common.sh"
. "$top/scripts/lib/tree.sh"

results=$build/test/matrix

# Those that differ most from each other, for make test to end in its time: a
# kernel takes 5 minutes from nothing.
ci_cells=(guest debug-dynamic arm:small)

# What the cells of a row have in common: how they are called, how their names
# begin
rows=("arm64, 4 KiB|" "arm64, 16 KiB|16k" "arm64, 64 KiB|64k" "riscv64, 4 KiB|riscv:"
	"arm, HIGHMEM and LPAE|arm:")
checks=("" debug kcsan)

# cell ROW CHECK DYNAMIC: its name for tools/testing/selftests/dma/kunit/check.sh, "-" if there is no such
# kernel: arm has no KCSAN.
cell()
{
	local arch='' parts=() row=${1#*|}
	case $row in
	*:) arch=$row row= ;;
	esac
	[ "$arch $2" != "arm: kcsan" ] || {
		echo -
		return
	}
	for part in "$row" "$2" "$3"; do
		[ -z "$part" ] || parts+=("$part")
	done
	if [ ${#parts[@]} -eq 0 ]; then
		# arm64's plain one is what all other guests have.
		[ -z "$arch" ] && parts=(guest) || parts=(small)
	fi
	local IFS=-
	printf '%s\n' "$arch${parts[*]}"
}

cells()
{
	local row check dynamic
	for row in "${rows[@]}"; do
		for check in "${checks[@]}"; do
			for dynamic in "" dynamic; do
				cell "$row" "$check" "$dynamic"
			done
		done
	done | grep -vx -e -
}

# What tools/testing/selftests/dma/kunit/check.sh has left of a cell, if it was this series
result()
{
	local passed failed of file=$results/$1
	if read -r passed failed of 2>/dev/null <"$file" &&
		[ "$of" = "$(git -C "$tree" rev-parse 'series^{tree}')" ]; then
		if [ "$failed" -eq 0 ]; then
			echo "$passed passed"
		else
			echo "$failed FAILED"
		fi
	else
		echo "not run"
	fi
}

table()
{
	local row check dynamic name
	printf 'The KUnit suite of restricted pools, on %s with the series\n\n' "$(tree_state base | sed 's,^package ,,')"
	printf '%-40s%-16s%-16s%s\n' "" plain "KASAN, lockdep" "KCSAN, lockdep"
	for row in "${rows[@]}"; do
		for dynamic in "" dynamic; do
			printf '%-40s' "${row%|*}${dynamic:+, SWIOTLB_DYNAMIC}"
			for check in "${checks[@]}"; do
				name=$(cell "$row" "$check" "$dynamic")
				[ "$name" != - ] && name=$(result "$name")
				printf '%-15s ' "$name"
			done
			echo
		done
	done
}

case "$*" in
cells) cells ;;
ci) printf '%s\n' "${ci_cells[@]}" ;;
'')
	mkdir -p "$results"
	table | sed 's/ *$//' >"$results/table.txt"
	cat "$results/table.txt"
	! grep FAILED "$results/table.txt" >/dev/null
	;;
*) usage_error "unknown argument '$*'" ;;
esac
