#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The patches beyond the series (patches/extra/), in TAP. For each topic: the patches
# apply to the series, in order; checkpatch has nothing to say; each commit compiles in
# user space, without and with dynamic pools; the last one passes the tests against the
# model, and these detect each of tools/testing/swiotlb/mutants/TOPIC/. And the topics
# apply on top of each other, in the orders that are given here; all of them but rows
# together pass the tests.
#
# With LEVEL=all the tests run for each commit, and for the last one in all variants of
# tools/testing/swiotlb/check.sh; bitmap keeps room for large buffers (placement.sh); with
# areas CPUs wait less for each other (contention.sh), and the SCP has its place on 8.
#
# What the shorter run leaves out detects no mutant: each fails in the tests of a topic's
# last commit, within 20000 random operations with AddressSanitizer, and three times as
# many are run here. A topic below another (bitmap) has its turn by itself; the one on
# top is tested with it anyway. make bench runs placement.sh and contention.sh, too.
#
# Usage: [LEVEL=test|all] tools/testing/series/topics.sh [TOPIC...]
#   TOPIC  a folder of patches/extra (all, and the orders)
#
# Exit status: 0 if all passed, 1 otherwise, 2 for a wrong argument.
#
# groups: test user-space
# bases: mainline

# shellcheck disable=SC2317 # tap calls the functions

. "$(dirname "$0")/../../../scripts/lib/tap.sh"
. "$top/scripts/lib/tree.sh"
. "$top/tools/testing/swiotlb/lib.sh"

work=$build/test/topics

# In which orders the topics are of use together; the last one has all of them, but
# rows, which steps over what bitmap does away with.
orders=(
	"default"
	"rows default"
	"bitmap default"
	"bitmap areas"
	"bitmap map"
	"default bitmap map areas"
	"bitmap areas map default"
)

# A kernel's variants: the Makefile's variables and the random operations
short=("|60000" "DYNAMIC=y|60000" "FLAVOUR=asan|60000")
each_commit=("|100000" "DYNAMIC=y|100000")

topic()
{
	"$top/scripts/patches/topic.sh" "$@"
}

# Between two branches, so that a merge of the user's does not count
checkpatch()
{
	(cd "$tree" && perl scripts/checkpatch.pl --strict --no-summary --color=never \
		--ignore FILE_PATH_CHANGES,UNKNOWN_COMMIT_ID --git "$(topic -b "$1")..$1")
}

# compile NAME COMMIT VARIANT...
compile()
{
	local ksrc=$build/swiotlb/src/$1
	"$rig/sources.sh" "$tree" "$2" "$ksrc" || return
	shift 2
	# check.sh compiles the same objects.
	KSRC=$ksrc with_lock swiotlb compile_each "${@%|*}"
}

# compile_and_run NAME COMMIT VARIANT...
compile_and_run()
{
	local variant log status=0
	compile "$@" || return
	for variant in "${@:3}"; do
		KSRC=$build/swiotlb/src/$1 beside run_tests "$work/$1-${variant%|*}" \
			"${variant%|*}" --fixes --ops "${variant#*|}"
	done
	wait
	for variant in "${@:3}"; do
		tests_passed "$work/$1-${variant%|*}" || status=1
	done
	return $status
}

# commits TOPIC: each of them by itself
commits()
{
	local commit name
	git -C "$tree" rev-list --reverse "$(topic -b "$1")..$1" >"$work/$1.commits"
	while read -r commit; do
		git -C "$tree" log -1 --format='%h %s' "$commit"
		name=$1-$(git -C "$tree" rev-parse --short=12 "$commit")
		if [ "$level" = all ]; then
			compile_and_run "$name" "$commit" "${each_commit[@]}" || return
		else
			compile "$name" "$commit" "${each_commit[@]}" || return
		fi
	done <"$work/$1.commits"
}

# another NAME COMMAND...: another script's TAP lines; those of what failed are shown
another()
{
	local out=$work/$1.tap status=0
	"${@:2}" >"$out" 2>&1 || status=$?
	grep -A 8 '^not ok' "$out" || :
	echo "$(grep -c '^ok ' "$out") passed"
	return $status
}

# The mutants of all topics in one call, so that no processor waits for a topic's last
all_mutants()
{
	EXTRA="$*" "$rig/mutants.sh" >"$work/mutants.tap" 2>&1 || :
}

# mutants TOPIC: what that call said of its mutants. There are as many lines as mutants.
mutants()
{
	local n passed
	n=$(find "$rig/mutants/$1" -name '*.patch' | wc -l)
	passed=$(grep -c "^ok [0-9]* - $1/" "$work/mutants.tap" || :)
	grep -A 8 -E "^not ok [0-9]+ - $1[ /]|^error" "$work/mutants.tap" || :
	echo "$passed of $n mutants were detected"
	if [ "$n" -eq 0 ] || [ "$passed" -ne "$n" ]; then
		tail -n 3 "$work/mutants.tap"
		return 1
	fi
}

all=
if [ $# -eq 0 ]; then
	all=y
	for dir in "$top"/patches/extra/*/; do
		set -- "$@" "$(basename "$dir")"
	done
fi
for name; do
	[ -d "$top/patches/extra/$name" ] || usage_error "unknown argument '$name', no topic of patches/extra"
done
need git perl make gcc
need_tree
rm -rf "$work"
mkdir -p "$work"

for name; do
	tap "$name: the patches apply to the series" topic "$name"
	tap "$name: checkpatch has nothing to say" checkpatch "$name"
	if [ "$level" = all ]; then
		tap "$name: each commit compiles and passes the tests" commits "$name"
		tap "$name: all variants pass the tests" another "$name" \
			env "EXTRA=$name" "$rig/check.sh"
	else
		tap "$name: each commit compiles" commits "$name"
		tap "$name: the last one passes the tests" compile_and_run "$name" "$name" "${short[@]}"
	fi
	if [ "$level $name" = "all bitmap" ]; then
		tap "$name: there is room for 5 MiB among small buffers" "$top/scripts/bench/placement.sh" "$name"
	elif [ "$level $name" = "all areas" ]; then
		tap "$name: CPUs do not wait for each other as they did" "$top/scripts/bench/contention.sh" "$name"
		tap "$name: the SCP has the same place at each start, on 8 CPUs" another "$name-scp" \
			env "EXTRA=$name" SMP=8 "$top/tools/testing/selftests/dma/scp/check.sh"
		tap "$name: and gets it in a pool that is shared" another "$name-isp" \
			env "EXTRA=$name" SMP=8 "$top/tools/testing/selftests/dma/scp/isp.sh"
	fi
done
all_mutants "$@"
for name; do
	tap "$name: the tests detect each of its mutants" mutants "$name"
done
if [ -n "$all" ]; then
	for names in "${orders[@]}"; do
		# shellcheck disable=SC2086 # several words
		tap "they apply in this order: $names" topic -s pile $names
	done
	tap "all of them but rows together compile and pass the tests" compile_and_run pile pile "${each_commit[@]}"
fi
tap_end
