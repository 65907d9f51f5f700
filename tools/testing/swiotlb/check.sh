#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The allocator alone: swiotlb.c as the series leaves it, committed or not,
# compiled in user space (tools/testing/swiotlb/) in all its variants, and tested
# against a model. That the tests can fail is tools/testing/swiotlb/mutants.sh's matter.
#
# LEVEL=check does the same in fewer steps. It loses none of the mutants: those fail
# within 20000 random operations with AddressSanitizer, and each variant runs more than
# that here, from the same seed. Longer runs are there for what nobody has thought of yet.
#
# Usage: [LEVEL=check|test|all] [SEED=n] [FIXES=1] [EXTRA=branch] tools/testing/swiotlb/check.sh
#   LEVEL  how many random operations, and how large the pools are of which every state
#          is visited: for a minute of make check; as usual (test); or ten times as long
#   SEED   what the random sequences begin with (1); it is printed with them
#   FIXES  1 if the kernel has the patches of patches/fixes: the tests of these, too
#   EXTRA  a branch of the kernel tree that is tested instead (scripts/patches/topic.sh)
#
# TAP on stdout, the programs' own output in build/logs/swiotlb/. Exit status: 0
# if all passed, 1 otherwise.
#
# groups: check user-space
# bases: all

. "$(dirname "$0")/../../../scripts/lib/tap.sh"
. "$top/tools/testing/swiotlb/lib.sh"

seed=${SEED:-1}
log_dir=$logs/swiotlb${EXTRA:+-$EXTRA}

# What is run: a name, the Makefile's variables, the operations of each random test on
# the levels check, test and all (none: each test's own number), the filter. Nearly all
# of the random operations are the plain variant's, for speed; the others are for what
# only they can see. In "complete" the pools grow until so many operations were tried in
# all states of one size.
variants=(
	"plain||100000||10000000|"
	"dynamic|DYNAMIC=y|100000|1000000|5000000|"
	"asan|FLAVOUR=asan|40000|150000|1000000|"
	"asan-dynamic|FLAVOUR=asan DYNAMIC=y|30000|100000|600000|"
	"16K-pages|PAGE_SHIFT=14|60000|300000|2000000|"
	"64K-pages|PAGE_SHIFT=16|60000|300000|2000000|"
	"sets-of-4|SET=4|60000|300000|2000000|"
	"complete|SET=4|1000000||20000000|exhaustive/"
	"tsan|FLAVOUR=tsan|8000||100000|threads/"
	"tsan-dynamic|FLAVOUR=tsan DYNAMIC=y|8000||100000|threads/"
)
[ -z "$fixes_dir" ] || variants+=("tsan-attach|FLAVOUR=tsan||||attach/two threads")

no_arguments "$@"
[[ $seed =~ ^[0-9]+$ ]] || die "SEED=$seed: not a number"
need make gcc
need_tree
mkdir -p "$log_dir"

# The longest first, as many at a time as there are processors.
run_all()
{
	local variant name variables filter arguments
	local -A ops
	for variant in "${variants[@]}"; do
		IFS='|' read -r name variables "ops[check]" "ops[test]" "ops[all]" filter <<<"$variant"
		arguments=(--seed "$seed" --filter "$filter")
		[ -z "$fixes_dir${EXTRA-}" ] || arguments+=(--fixes)
		[ -z "${ops[$level]}" ] || arguments+=(--ops "${ops[$level]}")
		beside run_tests "$log_dir/$name" "$variables" "${arguments[@]}"
	done
	wait
}

# report NAME: one line of TAP for each of the program's. One that ended before
# its plan is a failure of its own.
report()
{
	local name=$1 log=$log_dir/$1.tap line planned seen=0 said
	said=$(mktemp)
	while IFS= read -r line; do
		case $line in
		# Of another variant: not a test that passed here
		"ok "*"# SKIP"*) ;;
		"ok "*)
			tap_ok "$name: ${line#ok * - }"
			;;
		"not ok "*)
			tap_fail "$name: ${line#not ok * - }" "$said"
			;;
		1..*)
			planned=${line#1..}
			continue
			;;
		*)
			printf '%s\n' "$line" >>"$said"
			[[ $line != "# seed"* && $line != *" states, "*"so far"* ]] || say "$line"
			continue
			;;
		esac
		seen=$((seen + 1))
		: >"$said"
	done <"$log"
	rm -f "$said"
	if [ "${planned:-none}" != "$seen" ]; then
		tap_fail "$name: it ended (status $(cat "$log_dir/$name.status")) before its plan" "$log"
	fi
}

rm -f "$log_dir"/*.tap
[ -z "${EXTRA-}" ] || export NAME=$EXTRA
mapfile -t compiled < <(printf '%s\n' "${variants[@]}" | cut -d '|' -f 2)
# Compile all, then run: what is timed by itself is not slowed down by a compiler.
# topics.sh compiles the same objects.
if step "swiotlb${EXTRA:+-$EXTRA}/compile" with_lock swiotlb compile_each "${compiled[@]}"; then
	run_all || true
	for variant in "${variants[@]}"; do
		report "${variant%%|*}"
	done
else
	tap_fail "the allocator compiles in user space" "$log_dir/compile.log"
fi
tap_end
