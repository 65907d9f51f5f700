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

matrix=$top/scripts/kernel/matrix
results=$build/test/matrix

# Of the cells those that differ most from each other, for make test to end in its time: a
# kernel takes 5 minutes from nothing.
ci_cells=(guest debug-dynamic arm:small)

cells()
{
	sed '/^#/d; s/.*|//' "$matrix" | tr -s ' ' '\n' | grep -vx -e - -e ''
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
	local row names name
	printf 'The KUnit suite of restricted pools, on %s with the series\n\n' "$(tree_state base | sed 's,^package ,,')"
	printf '%-40s%-16s%-16s%s\n' "" plain "KASAN, lockdep" "KCSAN, lockdep"
	while IFS='|' read -r row names; do
		printf '%-40s' "$row"
		for name in $names; do
			[ "$name" = - ] || name=$(result "$name")
			printf '%-15s ' "$name"
		done
		echo
	done < <(sed '/^#/d; s/ *|/|/' "$matrix")
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
