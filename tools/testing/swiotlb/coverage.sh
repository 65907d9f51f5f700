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

. "$(dirname "$0")/../../../scripts/lib/common.sh"
. "$top/scripts/lib/tap.sh"
. "$top/scripts/lib/tree.sh"

no_arguments "$@"
tests=$top/tools/testing/swiotlb
unreachable=$tests/unreachable.txt
# Apart from tools/testing/swiotlb/check.sh's, which may run at the same time
work=$build/swiotlb/coverage
source=$tree/kernel/dma/swiotlb.c
# What is counted, and what the Makefile calls it: DYNAMIC=
declare -A variants=([static]=n [dynamic]=y)

in_tests()
{
	make -s -C "$tests" --no-print-directory TREE="$tree" O="$work/made" FLAVOUR=cov \
		DYNAMIC="${variants[$1]}" "${@:2}"
}

compile()
{
	local variant
	for variant in "${!variants[@]}"; do
		in_tests "$variant" "-j$jobs" all fuzz || return 1
	done
}

# The compiler's counters, added up in one file for each program
run_one()
{
	local variant=$1 dir
	dir=$(in_tests "$variant" print-out) || return 1
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

# table: "FUNCTION LINES OF BRANCHES OF UNREACHABLE" for each touched function,
# and for each failure "!FUNCTION what is wrong". A function ends with the first
# } in column 1. Of two functions of the same name each is a line.
#
# lcov has FN:line,name DA:line,count BRDA:line,block,outcome,count.
table()
{
	local variant
	local inputs=()
	for variant in "${!variants[@]}"; do
		inputs+=("$work/$variant.lcov")
	done
	awk '
	function trim(s) { gsub(/^[ \t]+|[ \t]+$/, "", s); return s }
	FILENAME == source { text[FNR] = $0; n = FNR; next }
	FILENAME == reasons {
		if (/^#/ || /^$/)
			next
		split($0, part, " [|] ")
		if (trim(part[5]) == "")
			print "!unreachable.txt no reason: " $0
		if (today && trim(part[1]) == "older")
			next
		allowed[trim(part[2]) SUBSEP trim(part[4])] += part[3]
		listed[trim(part[2]) SUBSEP trim(part[4])] = 1
		next
	}
	FILENAME == "-" { touched[$1] = 1; next }
	sub(/^FN:/, "") { split($0, f, ","); sub(/.*:/, "", f[2]); start[f[1]] = f[2]; next }
	sub(/^DA:/, "") { split($0, f, ","); line[f[1]] += f[2]; next }
	sub(/^BRDA:/, "") {
		split($0, f, ",")
		key = f[1] SUBSEP f[2] SUBSEP f[3]
		branch[key] += f[4]
		next
	}
	END {
		for (first = 1; first <= n; first++) {
			if (!(first in start))
				continue
			for (last = first; text[last] !~ /^}/; last++)
				;
			hit = 0
			for (i = first; i <= last; i++)
				hit += touched[i]
			if (!hit)
				continue
			name = start[first]
			lines = lines_hit = branches = branches_hit = excused = 0
			split("", missing)
			for (i = first; i <= last; i++) {
				has[name SUBSEP trim(text[i])] = 1
				if (i in line) {
					lines++
					if (line[i])
						lines_hit++
					else
						missing[i]++
				}
			}
			for (key in branch) {
				split(key, f, SUBSEP)
				if (f[1] < first || f[1] > last)
					continue
				branches++
				if (branch[key])
					branches_hit++
				else
					missing[f[1]]++
			}
			for (i = first; i <= last; i++) {
				key = name SUBSEP trim(text[i])
				while (i in missing && missing[i] && allowed[key]) {
					missing[i]--
					allowed[key]--
					excused++
				}
				if (missing[i])
					printf "!%s line %d, %d not reached: %s\n",
						name, i, missing[i], trim(text[i])
			}
			printf "%s %d %d %d %d %d\n", name, lines_hit, lines,
				branches_hit, branches, excused
			seen++
		}
		for (key in listed) {
			split(key, f, SUBSEP)
			# The list may be of lines that another kernel does not have.
			if (allowed[key] && (today || key in has))
				printf "!%s listed as unreachable, but reached or not there: %s\n", f[1], f[2]
		}
		if (!seen)
			print "!series no function of the series was found"
	}' today="$today" source="$source" reasons="$unreachable" "$source" "$unreachable" - "${inputs[@]}" < <(touched_lines)
}

need make clang llvm-cov llvm-profdata perl git
[ -d "$tree/.git" ] || die "no tree in ${tree#"$top"/}" "make it with: make tree"
rm -rf "$work"
mkdir -p "$work"
step coverage/compile compile || die "the tests do not compile"
"$top/tools/testing/swiotlb/fuzz.sh" --unpack
for variant in "${!variants[@]}"; do
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
