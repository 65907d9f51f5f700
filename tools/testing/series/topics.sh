#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The patches beyond the series (patches/extra/), in TAP. For each topic: the mails
# apply to the series, in order; checkpatch has nothing to say; each of the commits
# compiles, in user space, and passes the tests against the model; the last one
# passes them in all variants; these tests see each error of mutants/TOPIC/. bitmap
# keeps room for large buffers (placement.sh); with areas CPUs wait less for each other
# (contention.sh). And the topics apply on top of each other, in the orders that are given
# here; all of them together pass the tests.
#
# usage: tools/testing/series/topics.sh [TOPIC...]
#
# Exit status: 0 if all passed, 1 otherwise.
#
# groups: test user-space
# bases: mainline

# shellcheck disable=SC2317 # tap calls the functions

. "$(dirname "$0")/../../../scripts/lib/common.sh"
. "$top/scripts/lib/tap.sh"

rig=$top/tools/testing/swiotlb

# In which orders the topics are of use together; the last one has all of them.
orders=(
	"default"
	"bitmap default"
	"bitmap areas"
	"bitmap map"
	"default bitmap map areas"
	"bitmap areas map default"
)

need git perl make gcc
[ -d "$base_dir/tree/.git" ] || die "no tree in ${base_dir#"$top"/}/tree" "make it with: make tree"

# Between two branches, so that a merge of the user's does not count
checkpatch()
{
	(cd "$base_dir/tree" && perl scripts/checkpatch.pl --strict --no-summary --color=never \
		--ignore FILE_PATH_CHANGES,UNKNOWN_COMMIT_ID \
		--git "$("$top/scripts/patches/topic.sh" -b "$1")..$1")
}

# run_tests NAME COMMIT [VARIABLE=value]: compile that commit, and run the tests with
# fewer random operations
run_tests()
{
	local name=$1 args program log status=0
	# The folder's name is the kernel's.
	args=(-s -C "$rig" --no-print-directory TREE="$base_dir/tree" O="$build/swiotlb"
		KSRC="$build/swiotlb/src/$name" "${@:3}")
	"$rig/sources.sh" "$base_dir/tree" "$2" "$build/swiotlb/src/$name" &&
		make "${args[@]}" -j"$jobs" all || return
	program=$(make "${args[@]}" print-out)/swiotlb-test
	log=$logs/extra-$name${3:+-dynamic}.tap
	"$program" --ops 100000 >"$log" 2>&1 </dev/null || status=$?
	grep '^not ok' -A 8 "$log" || :
	[ $status -eq 0 ] || return
	echo "$name ${3:-plain}: $(grep -c '^ok' "$log") passed"
}

# commits TOPIC: each of them by itself
commits()
{
	local commit name
	git -C "$base_dir/tree" rev-list --reverse "$("$top/scripts/patches/topic.sh" -b "$1")..$1" \
		>"$build/test/extra-$1"
	while read -r commit; do
		git -C "$base_dir/tree" log -1 --format='%h %s' "$commit"
		name=$1-$(git -C "$base_dir/tree" rev-parse --short=12 "$commit")
		run_tests "$name" "$commit" && run_tests "$name" "$commit" DYNAMIC=y || return
	done <"$build/test/extra-$1"
}

# order TOPIC...: all of them, one on top of the other
order()
{
	"$top/scripts/patches/topic.sh" -s pile "$@"
}

together()
{
	run_tests pile pile && run_tests pile pile DYNAMIC=y
}

# another NAME COMMAND...: another script's TAP lines; those of what failed are shown
another()
{
	local out=$build/test/extra-$1.tap status=0
	"${@:2}" >"$out" 2>&1 || status=$?
	grep -A 8 '^not ok' "$out" || :
	echo "$(grep -c '^ok ' "$out") passed"
	return $status
}

mkdir -p "$build/test" "$logs"
all=
if [ $# -eq 0 ]; then
	all=y
	for dir in "$top"/patches/extra/*/; do
		set -- "$@" "$(basename "$dir")"
	done
fi
for topic; do
	tap "$topic: the mails apply to the series" "$top/scripts/patches/topic.sh" "$topic"
	tap "$topic: checkpatch has nothing to say" checkpatch "$topic"
	tap "$topic: each commit compiles and passes the tests" commits "$topic"
	tap "$topic: all variants pass the tests" another "$topic" \
		env "EXTRA=$topic" "$top/tools/testing/swiotlb/check.sh"
	tap "$topic: the tests see each of the mutants" another "$topic-mutants" \
		env "EXTRA=$topic" "$top/tools/testing/swiotlb/mutants.sh"
	[ "$topic" != bitmap ] ||
		tap "$topic: there is room for 5 MiB among small buffers" "$top/scripts/bench/placement.sh" "$topic"
	if [ "$topic" = areas ]; then
		tap "$topic: CPUs do not wait for each other as they did" "$top/scripts/bench/contention.sh" "$topic"
		tap "$topic: the SCP has the same place at each start, on 8 CPUs" another "$topic-scp" \
			env "EXTRA=$topic" SMP=8 "$top/tools/testing/selftests/dma/scp/check.sh"
	fi
done
if [ -n "$all" ]; then
	for topics in "${orders[@]}"; do
		# shellcheck disable=SC2086 # several words
		tap "they apply in this order: $topics" order $topics
	done
	tap "all of them together compile and pass the tests" together
fi
tap_end
