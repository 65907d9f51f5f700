#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The patches beyond the series (patches/extra/), in TAP. For each topic: the mails
# apply to the series, in order; checkpatch has nothing to say; each of the commits
# compiles, in user space, and passes the tests against the model; the last one
# passes them in all variants; these tests see each error of mutants/TOPIC/. bitmap
# keeps room for large buffers (placement.sh).
#
# usage: scripts/check-extra.sh [TOPIC...]
#
# Exit status: 0 if all passed, 1 otherwise.

# shellcheck disable=SC2317 # tap calls the functions

. "$(dirname "$0")/lib.sh"

rig=$top/tools/testing/swiotlb

need git perl make gcc
[ -d "$base_dir/tree/.git" ] || die "no tree in ${base_dir#"$top"/}/tree" "make it with: make tree"

# Between two branches, so that a merge of the user's does not count
checkpatch()
{
	(cd "$base_dir/tree" && perl scripts/checkpatch.pl --strict --no-summary --color=never \
		--ignore FILE_PATH_CHANGES --git "$("$top/scripts/extra.sh" -b "$1")..$1")
}

# commits TOPIC: each of them by itself, with fewer random operations
commits()
{
	local commit name program log status
	git -C "$base_dir/tree" rev-list --reverse "$("$top/scripts/extra.sh" -b "$1")..$1" \
		>"$build/test/extra-$1"
	while read -r commit; do
		git -C "$base_dir/tree" log -1 --format='%h %s' "$commit"
		name=$1-$(git -C "$base_dir/tree" rev-parse --short=12 "$commit")
		for variables in "" "DYNAMIC=y"; do
			# The folder's name is the kernel's.
			"$rig/sources.sh" "$base_dir/tree" "$commit" "$build/swiotlb/src/$name" || return
			# shellcheck disable=SC2086 # several variables, or none
			make -s -C "$rig" --no-print-directory TREE="$base_dir/tree" O="$build/swiotlb" \
				KSRC="$build/swiotlb/src/$name" $variables -j"$jobs" all || return
			# shellcheck disable=SC2086
			program=$(make -s -C "$rig" --no-print-directory TREE="$base_dir/tree" \
				O="$build/swiotlb" KSRC="$build/swiotlb/src/$name" $variables print-out)/swiotlb-test
			log=$logs/extra-$name${variables:+-dynamic}.tap
			status=0
			"$program" --ops 100000 >"$log" 2>&1 </dev/null || status=$?
			grep '^not ok' -A 8 "$log" || :
			[ $status -eq 0 ] || return
			echo "${variables:-plain}: $(grep -c '^ok' "$log") passed"
		done
	done <"$build/test/extra-$1"
}

all_variants()
{
	EXTRA=$1 "$top/scripts/check-swiotlb.sh" >"$build/test/extra-$1.tap" 2>&1
	local status=$?
	grep -A 8 '^not ok' "$build/test/extra-$1.tap" || :
	echo "$(grep -c '^ok ' "$build/test/extra-$1.tap") passed"
	return $status
}

mutants()
{
	EXTRA=$1 "$top/scripts/check-mutants.sh" >"$build/test/extra-$1-mutants.tap" 2>&1
	local status=$?
	grep -A 8 '^not ok' "$build/test/extra-$1-mutants.tap" || :
	tail -n 2 "$build/test/extra-$1-mutants.tap"
	return $status
}

mkdir -p "$build/test" "$logs"
if [ $# -eq 0 ]; then
	for dir in "$top"/patches/extra/*/; do
		set -- "$@" "$(basename "$dir")"
	done
fi
for topic; do
	tap "$topic: the mails apply to the series" "$top/scripts/extra.sh" "$topic"
	tap "$topic: checkpatch has nothing to say" checkpatch "$topic"
	tap "$topic: each commit compiles and passes the tests" commits "$topic"
	tap "$topic: all variants pass the tests" all_variants "$topic"
	tap "$topic: the tests see each of the mutants" mutants "$topic"
	[ "$topic" != bitmap ] ||
		tap "$topic: there is room for 5 MiB among small buffers" "$top/scripts/placement.sh" "$topic"
done
tap_end
