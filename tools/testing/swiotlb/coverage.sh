#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Coverage of the functions that the series touches, by the tests in user space
# and the fuzzer's kept inputs, without and with dynamic pools: each line and each
# outcome of each condition has to be reached. What cannot be is named, with the
# reason, in tools/testing/swiotlb/unreachable.txt.
#
# Usage: [BASE=name] [SEED=n] tools/testing/swiotlb/coverage.sh
# TAP on stdout, one line a function; the source with its counts is in
# build/swiotlb/coverage/, as HTML. Exit status: 0 if all passed, 1 otherwise.
#
# groups: check user-space
# bases: all

. "$(dirname "$0")/../../../scripts/lib/tap.sh"
. "$top/scripts/lib/tree.sh"
. "$top/tools/testing/swiotlb/lib.sh"

no_arguments "$@"
unreachable=$rig/unreachable.txt
# Apart from tools/testing/swiotlb/check.sh's, which may run at the same time
work=$build/swiotlb/coverage
source=$tree/kernel/dma/swiotlb.c

in_cov()
{
	in_rig O="$work/made" FLAVOUR=cov DYNAMIC="${config_dynamic[$1]}" "${@:2}"
}

compile()
{
	in_cov static "-j$jobs" all fuzz && in_cov dynamic "-j$jobs" all fuzz
}

# The compiler's counters, added up in one file for each program
run_one()
{
	local variant=$1 dir
	dir=$(in_cov "$variant" print-out) || return 1
	export LLVM_PROFILE_FILE=$work/$variant-%m.profraw
	"$dir/swiotlb-test" ${fixes_dir:+--fixes} --seed "${SEED:-1}" --ops 20000 || return 1
	"$dir/swiotlb-fuzz" -print_final_stats=1 "$build/swiotlb/fuzz/kept"/* || return 1
	llvm-profdata merge -o "$work/$variant.profdata" "$work/$variant"-*.profraw || return 1
	llvm-cov export "$dir/swiotlb-test" -instr-profile="$work/$variant.profdata" \
		-format=lcov "$source" >"$work/$variant.lcov" || return 1
	llvm-cov show "$dir/swiotlb-test" -instr-profile="$work/$variant.profdata" -format=html \
		-show-branches=count -output-dir="$work/$variant" "$source"
}

# The lines that the series adds or changes; a removal counts where it was.
touched_lines()
{
	git -C "$tree" diff -U0 base -- kernel/dma/swiotlb.c |
		sed -n 's/^@@ -[^ ]* +\([0-9]*\)\(,\([0-9]*\)\)\{0,1\} @@.*/\1 \3/p' |
		awk '{ for (i = 0; i < ($2 == "" ? 1 : $2 ? $2 : 1); i++) print $1 + i }'
}

# Mainline's series is for today's kernels, whose list has to be exact. On top of the fixes
# it touches fewer functions.
today=0
[ "${mails##*/}$fixes_dir" != mainline ] || today=1

# What coverage.awk says of them
table()
{
	awk -v today="$today" -v source="$source" -v reasons="$unreachable" -f "$rig/coverage.awk" \
		"$source" "$unreachable" - "$work/static.lcov" "$work/dynamic.lcov" < <(touched_lines)
}

need make clang llvm-cov llvm-profdata perl git
need_tree
rm -rf "$work"
mkdir -p "$work"
step coverage/compile compile || die "the tests do not compile"
"$rig/fuzz.sh" --unpack
for variant in "${!config_dynamic[@]}"; do
	step "coverage/$variant" run_one "$variant" || die "the $variant tests fail"
done

table >"$work/table"
printf '# %-34s %9s %9s %12s\n' function lines branches unreachable
grep '^!' "$work/table" >"$work/missing" || true
mapfile -t rows < <(grep -v '^!' "$work/table")
for row in "${rows[@]}"; do
	read -r name lines of_lines branches of_branches excused <<<"$row"
	printf '# %-34s %4d/%-4d %4d/%-4d %7d\n' "$name" "$lines" "$of_lines" "$branches" \
		"$of_branches" "$excused"
done
for row in "${rows[@]}"; do
	name=${row%% *}
	if grep "^!$name " "$work/missing" >"$work/said"; then
		tap_fail "covered: $name" "$work/said"
	else
		tap_ok "covered: $name"
	fi
done
# What is wrong with none of these
while read -r name what; do
	[[ " ${rows[*]%% *} " == *" ${name#!} "* ]] || tap_fail "coverage: ${name#!}: $what"
done <"$work/missing"
say "# the source with its counts: ${work#"$top"/}/{static,dynamic}/index.html"
tap_end
