#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Run the tests, show their TAP lines as they come, and end with one line
# "N passed, N failed".
#
# Usage: test.sh [check|all|long]
#   check  what a change to the allocator has to pass, within a minute: the mails,
#          and swiotlb.c in user space
#   all    that, mutants, fuzzing, device trees, objects, images, the guests,
#          patches/extra, scripts/poolmap, sending, distributions, and documentation
#          (the default)
#   long   that, with every kernel that scripts/matrix.sh has, and the tests in the
#          guests as long as they can be: hours
#
# With BASE=6.12 or 6.1, the same tests of that base, less those of patches/extra,
# scripts/poolmap, sending, distributions, the Chromebook and the other bases.
#
# Exit status: 0 if tests passed and none failed, 1 otherwise.

. "$(dirname "$0")/lib.sh"

set=${1:-all}
case $set in
check) tests=(check-series check-swiotlb check-coverage) ;;
all | long) tests=(check-series check-swiotlb check-coverage check-mutants fuzz-swiotlb check-dt
	check-objects check-images check-guest check-selftests check-io
	check-media check-confine check-faults check-scp check-boards
	check-extra check-default check-poolmap check-bases check-fixes check-send
	check-distributions check-chromebook check-htmldocs) ;;
*) die "test.sh: unknown set of tests '$set'" "one of: check, all, long" ;;
esac

# What is left out of "all", for its time
declare -A arguments=(
	[check-confine]=series
	[check-faults]="-p full -p unbind -p suspend -p kexec -p reset series"
)
if [ "$set" = long ]; then
	tests+=(check-load)
	arguments=([check-guest]=all [check-selftests]=all
		[check-fixes]="-k mainline 6.12 6.1")
	export NET_MIB=${NET_MIB:-1024} LOAD_SECONDS=${LOAD_SECONDS:-600}
fi

# What is about all bases, or about what is sent and packed from mainline's mails,
# is not run for another one.
if [ "$BASE" != mainline ]; then
	kept=()
	for test in "${tests[@]}"; do
		case $test in
		check-extra | check-default | check-poolmap | check-bases | check-fixes | \
			check-send | check-distributions | check-chromebook) ;;
		*) kept+=("$test") ;;
		esac
	done
	tests=("${kept[@]}")
fi

passed=0
failed=0

# count TEST STATUS FILE: a test that did not come to its plan, whose lines are
# not as many as planned, or whose status says otherwise than its lines, is one
# more failure.
count()
{
	local ok not_ok plan why=
	ok=$(grep -c '^ok ' "$3" || true)
	not_ok=$(grep -c '^not ok ' "$3" || true)
	plan=$(sed -n 's/^1\.\.\([0-9]*\)$/\1/p' "$3" | tail -n 1)
	if [ -z "$plan" ]; then
		why="it ended (status $2) before its plan"
	elif [ "$plan" -ne $((ok + not_ok)) ]; then
		why="it planned $plan tests and ran $((ok + not_ok))"
	elif [ "$2" -eq 0 ] && [ "$not_ok" -gt 0 ]; then
		why="its status is 0, although tests failed"
	elif [ "$2" -ne 0 ] && [ "$not_ok" -eq 0 ]; then
		why="its status is $2, although no test failed"
	fi
	if [ -n "$why" ]; then
		say "not ok - $1: $why"
		not_ok=$((not_ok + 1))
	fi
	passed=$((passed + ok))
	failed=$((failed + not_ok))
}

# run TEST: its lines go to build/test/TEST.tap, and its status beside that
run()
{
	local out=$build/test/$1.tap status=0
	if [ -x "$top/scripts/$1.sh" ]; then
		# shellcheck disable=SC2086 # several words
		"$top/scripts/$1.sh" ${arguments[$1]-} </dev/null >"$out" 2>&1 || status=$?
	else
		say "scripts/$1.sh is missing" >"$out"
		status=127
	fi
	echo "$status" >"$build/test/$1.status"
}

# show TEST PID: its lines as they come
show()
{
	say "# $1"
	tail -n +1 -f --pid="$2" "$build/test/$1.tap"
	wait "$2" || true
}

# Each job has a process group of its own, which Ctrl-C does not reach: it ends
# here, with all that it has started.
end_jobs()
{
	local pid
	for pid in $(jobs -p); do
		kill -TERM -- "-$pid" 2>/dev/null || true
	done
	exit 130
}

mkdir -p "$build/test"
start=$SECONDS
trap end_jobs INT TERM
pids=()
for test in "${tests[@]}"; do
	rm -f "$build/test/$test".*
	: >"$build/test/$test.tap"
done
for i in "${!tests[@]}"; do
	test=${tests[i]}
	if [ "$set" != check ] || [ "$i" -eq 0 ]; then
		# Those of "check" are small enough to run side by side.
		for next in "${tests[@]:i}"; do
			set -m
			run "$next" &
			set +m
			pids+=($!)
			[ "$set" = check ] || break
		done
	fi
	show "$test" "${pids[i]}"
	status=$(cat "$build/test/$test.status" 2>/dev/null || echo 1)
	# A test that Ctrl-C ended ends all.
	[ "$status" -lt 129 ] || end_jobs
	count "$test" "$status" "$build/test/$test.tap"
done
if [ "$set" != check ]; then
	"$top/scripts/matrix.sh" | sed 's/^/# /' || true
fi
say "# in $((SECONDS - start)) s; the lines are in build/test/"
say "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
