#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The allocator alone: swiotlb.c as the series leaves it, committed or not,
# compiled in user space (tools/testing/swiotlb/) in all its variants, and tested
# against a model. That the tests can fail is tools/testing/swiotlb/mutants.sh's matter.
#
# Usage: [SEED=n] [EXTRA=branch] tools/testing/swiotlb/check.sh
#   SEED   what the random sequences begin with (1); it is printed with them
#   EXTRA  a branch of the kernel tree that is tested instead (scripts/patches/topic.sh)
#
# TAP on stdout, the programs' own output in build/logs/swiotlb/. Exit status: 0
# if all passed, 1 otherwise.
#
# groups: check user-space
# bases: all

. "$(dirname "$0")/../../../scripts/lib/common.sh"
. "$top/scripts/lib/tap.sh"
. "$top/scripts/lib/tree.sh"

tests=$top/tools/testing/swiotlb
out=$build/swiotlb
seed=${SEED:-1}
log_dir=$logs/swiotlb${EXTRA:+-$EXTRA}

# What is run: a name, the Makefile's variables, the options. Nearly all of the
# random operations are the plain variant's, for speed; the others are for what
# only they can see.
variants=(
	"plain||"
	"dynamic|DYNAMIC=y|--ops 1000000"
	"asan|FLAVOUR=asan|--ops 150000"
	"asan-dynamic|FLAVOUR=asan DYNAMIC=y|--ops 100000"
	"16K-pages|PAGE_SHIFT=14|--ops 300000"
	"64K-pages|PAGE_SHIFT=16|--ops 300000"
	"sets-of-4|SET=4|--ops 300000"
	"complete|SET=4|--filter exhaustive/"
	"tsan|FLAVOUR=tsan|--filter threads/"
	"tsan-dynamic|FLAVOUR=tsan DYNAMIC=y|--filter threads/"
)

[[ $seed =~ ^[0-9]+$ ]] || die "SEED=$seed: not a number"
need make gcc
[ -d "$tree/.git" ] || die "no tree in ${tree#"$top"/}" "make it with: make tree"
mkdir -p "$log_dir"

# in_tests VARIABLES GOAL: the Makefile's output
in_tests()
{
	local variables
	read -ra variables <<<"$1"
	[ -z "${EXTRA-}" ] || variables+=("NAME=$EXTRA")
	make -s -C "$tests" --no-print-directory TREE="$tree" O="$out" "${variables[@]}" "$2"
}

# Compile all, then run: what is timed by itself is not slowed down by a compiler.
# Two programs that share objects must not be made at once.
compile_all()
{
	local variant name variables
	for variant in "${variants[@]}"; do
		IFS='|' read -r name variables _ <<<"$variant"
		in_tests "$variables -j$jobs" all || return 1
	done
}

# run_one NAME COMMAND...
run_one()
{
	local status=0
	"${@:2}" >"$log_dir/$1.tap" 2>&1 </dev/null || status=$?
	echo $status >"$log_dir/$1.status"
}

# The longest first, as many at a time as there are processors.
run_all()
{
	local variant name variables program arguments=() running=0
	for variant in "${variants[@]}"; do
		IFS='|' read -r name variables _ <<<"$variant"
		read -ra arguments <<<"${variant##*|}"
		program=$(in_tests "$variables" print-out)/swiotlb-test
		[ "$running" -lt "$jobs" ] || wait -n
		run_one "$name" "$program" --seed "$seed" "${arguments[@]}" &
		running=$((running + 1))
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
if step "swiotlb${EXTRA:+-$EXTRA}/compile" compile_all; then
	run_all || true
	for variant in "${variants[@]}"; do
		report "${variant%%|*}"
	done
else
	tap_fail "the allocator compiles in user space" "$log_dir/compile.log"
fi
tap_end
