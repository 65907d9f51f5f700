#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Run tests, and end with a table of the seconds that each took and one line
# "N passed, N failed, N skipped".
#
# Usage: test.sh check|test|all [TEST|GROUP...]
#        test.sh list [TEST|GROUP...]
#        test.sh soak [TEST|GROUP...]
#   check  what a change to the allocator has to pass, within a minute
#   test   what a change to the project has to pass
#   all    everything, each test as long as it can be: hours
#   list   the tests with their groups, and what each is
#   soak   run tests (the group guest) N times with as many busy loops beside them
#          as there are processors, and print how often each passed
#   TEST   only this test, or all of a GROUP; with "check", "test" and "all" as the
#          level at which they are run
#
# Environment:
#   BASE=name    another base (scripts/bases): the tests that are for it
#   FIXES=1      the base with the fixes of patches/fixes: the same tests
#   T="..."      the same as TEST... and GROUP...
#   N=n          soak: how often (20)
#   FAILED=1     only the tests that failed the last time
#   JUNIT=file   the results as JUnit's XML, too
#   TEST_JOBS=n  tests that run at the same time (the number of processors)
#
# There is no list of tests: a script below tools/testing/ that has a line
# "# groups:" in its head is one (scripts/lib/tap.sh). The name of DIR/check.sh is
# that of DIR, the name of any other is its own, without .sh. The lines of each are
# in build/test/NAME.tap, the seconds in build/test/times.
#
# Exit status: 0 if tests passed and none failed, 1 otherwise, 2 for a wrong argument.

. "$(dirname "$0")/lib/tap.sh"

results=$build/test

# field NAME FILE: that line of a test's head
field()
{
	sed -n "1,80s/^# $1: *//p" "$2" | head -n 1
}

# read_tests: fills names, and for each its file, groups and bases
declare -A file_of groups_of bases_of
read_tests()
{
	local file name
	while read -r file; do
		[ -x "$file" ] || die "$file has groups, and is not executable" "chmod +x $file"
		name=$(test_name "$file")
		file_of[$name]=$file
		groups_of[$name]=$(field groups "$file")
		bases_of[$name]=$(field bases "$file")
	done < <(grep -rl --include='*.sh' '^# groups: ' tools/testing)
	mapfile -t names < <(for name in "${!file_of[@]}"; do
		echo "$(rank "$name") ${file_of[$name]} $name"
	done | LC_ALL=C sort -k 1,1n -k 2 | cut -d ' ' -f 3)
}

# rank NAME: those that make what others use come first, then the hosts' tests, so that a
# kernel is compiled beside them.
rank()
{
	case " ${groups_of[$1]} " in
	*" kernel "*) echo 1 ;;
	*" check "*) echo 2 ;;
	*" guest "*) echo 4 ;;
	*) echo 3 ;;
	esac
}

# has_failed NAME: when it was run last
has_failed()
{
	[ "$(cat "$results/$1.status" 2>/dev/null || echo 0)" != 0 ]
}

# is_for NAME LEVEL: is it part of that level, and for this base?
is_for()
{
	case "$2 ${groups_of[$1]} " in
	check*" check "*) ;;
	test*" check "* | test*" test "*) ;;
	all* | list* | soak*) ;;
	*) return 1 ;;
	esac
	[ "$BASE$fixes_dir" = mainline ] || [ "${bases_of[$1]}" = all ]
}

# choose LEVEL WORD...: fills chosen. A test that is named is taken whatever its level
# is.
choose()
{
	local level=$1 name word
	shift
	for word; do
		[[ " ${names[*]} ${groups_of[*]} " = *" $word "* ]] ||
			usage_error "no test and no group is called '$word' (test.sh list has all)"
	done
	for name in "${names[@]}"; do
		[ -z "${FAILED-}" ] || has_failed "$name" || continue
		if [[ " $* " = *" $name "* ]]; then
			chosen+=("$name")
		elif is_for "$name" "$level"; then
			[ $# -gt 0 ] || chosen+=("$name")
			for word in ${groups_of[$name]}; do
				[[ " $* " = *" $word "* ]] || continue
				chosen+=("$name")
				break
			done
		fi
	done
}

list()
{
	local name format='%-14s %-32s %-9s %s\n'
	# shellcheck disable=SC2059 # one format for all
	printf "$format" test groups bases "what it is"
	for name in "${chosen[@]}"; do
		# The first sentence of its head
		# shellcheck disable=SC2059
		printf "$format" "$name" "${groups_of[$name]}" "${bases_of[$name]}" \
			"$(script_head "${file_of[$name]}" | tr '\n' ' ' | sed 's/^ *//; s/\([.:]\) .*/\1/')"
	done
}

# The seconds that a test's kernels took to build are counted apart: several tests
# want the same one, and whoever is first builds it.
times()
{
	local name total building
	for name in "${chosen[@]}"; do
		[ -e "$results/$name.seconds" ] || continue
		read -r total <"$results/$name.seconds"
		building=0
		[ ! -e "$results/$name.building" ] ||
			building=$(awk '{ n += $NF } END { print n + 0 }' "$results/$name.building")
		printf '%s %d %d %d\n' "$name" "$total" "$building" $((total - building))
	done
}

table_of_times()
{
	printf '# %-16s%10s%10s%10s%9s%9s%9s\n' "test, seconds" all building running passed failed skipped
	while read -r name total building running; do
		printf '# %-16s%10d%10d%10d%9d%9d%9d\n' "$name" "$total" "$building" "$running" \
			"${passed[$name]}" "${failed[$name]}" "${skipped[$name]}"
	done <"$results/times"
}

# count NAME: a test that did not come to its plan, whose lines are not as many as
# planned, or whose status says otherwise than its lines, is one more failure.
declare -A passed failed skipped
count()
{
	local name=$1 ok not_ok plan status tap=$results/$1.tap why=
	status=$(cat "$results/$name.status" 2>/dev/null || echo none)
	skipped[$name]=$(grep -c '^ok .*# SKIP' "$tap" || :)
	ok=$(grep -c '^ok ' "$tap" || :)
	not_ok=$(grep -c '^not ok ' "$tap" || :)
	plan=$(sed -n 's/^1\.\.\([0-9]*\)\( *#.*\)\{0,1\}$/\1/p' "$tap" | tail -n 1)
	if [ -z "$plan" ]; then
		why="it ended (status $status) before its plan"
	elif [ "$plan" -ne $((ok + not_ok)) ]; then
		why="it planned $plan tests and ran $((ok + not_ok))"
	elif [ "$status" = 0 ] && [ "$not_ok" -gt 0 ]; then
		why="its status is 0, although tests failed"
	elif [ "$status" != 0 ] && [ "$not_ok" -eq 0 ]; then
		why="its status is $status, although no test failed"
	fi
	passed[$name]=$((ok - skipped[$name]))
	failed[$name]=$not_ok
	if [ "$not_ok" -gt 0 ] || [ -n "$why" ]; then
		say "# failed: $name, all of it in ${tap#"$top"/}"
		if [ "$not_ok" -gt 0 ]; then
			grep -A 20 '^not ok ' "$tap" | sed -n 1,60p
		else
			tail -n 20 "$tap"
		fi
	fi
	[ -z "$why" ] || {
		say "not ok - $name: $why"
		failed[$name]=$((not_ok + 1))
	}
}

# run_chosen LEVEL: Perl's prove runs them, and shows which have ended. What it does not
# count, count() does.
run_chosen()
{
	local name start=$SECONDS p=0 f=0 s=0 files=()
	mkdir -p "$results"
	for name in "${chosen[@]}"; do
		files+=("${file_of[$name]}")
		rm -f "$results/$name".{tap,status,seconds,building}
	done
	LEVEL=$1 RESULTS=$results prove --merge --timer "-j${TEST_JOBS:-$jobs}" \
		--exec scripts/lib/run-test.sh "${files[@]}" || :
	for name in "${chosen[@]}"; do
		touch "$results/$name.tap"
		count "$name"
		p=$((p + passed[$name])) f=$((f + failed[$name])) s=$((s + skipped[$name]))
	done
	times >"$results/times"
	table_of_times
	[ -z "${JUNIT-}" ] || junit "$JUNIT"
	say "# in $((SECONDS - start)) s; the lines are in ${results#"$top"/}/"
	say "$p passed, $f failed, $s skipped"
	[ "$f" -eq 0 ] && [ "$p" -gt 0 ]
}

# From the lines that are kept: prove knows one format at a time.
junit()
{
	perl -MTAP::Formatter::JUnit -e 1 2>/dev/null ||
		die "JUNIT=$1: there is no TAP::Formatter::JUnit" "install libtap-formatter-junit-perl"
	(cd "$results" && prove --source File --file-option extensions=.tap \
		--formatter TAP::Formatter::JUnit "${chosen[@]/%/.tap}") >"$1" || :
	[ -s "$1" ] || die "JUNIT=$1: nothing was written"
	say "# JUnit: $1"
}

# Busy loops for as long as this shell is there
busy_loops()
{
	local i
	for ((i = 0; i < jobs; i++)); do
		(while kill -0 $$ 2>/dev/null; do
			for ((n = 0; n < 100000; n++)); do :; done
		done) &
		loops+=($!)
	done
}

soak()
{
	local n=${N:-20} name i status=0
	declare -A good
	[[ $n =~ ^[1-9][0-9]*$ ]] || die "N=$n: not a number of runs"
	mkdir -p "$results/soak"
	# Not local: the trap runs when the function is over.
	loops=()
	trap 'kill "${loops[@]}" 2>/dev/null || :' EXIT
	busy_loops
	for ((i = 1; i <= n; i++)); do
		for name in "${chosen[@]}"; do
			if LEVEL=${LEVEL:-test} "./${file_of[$name]}" </dev/null >"$results/soak/$name-$i.tap" 2>&1; then
				good[$name]=$((${good[$name]:-0} + 1))
			else
				say "  $name, run $i of $n: failed, see ${results#"$top"/}/soak/$name-$i.tap"
				grep -m 3 '^not ok' "$results/soak/$name-$i.tap" || :
				# The consoles of what failed
				cp -r "$logs/boot" "$results/soak/$name-$i.boot" 2>/dev/null || :
				status=1
			fi
			say "  $name: ${good[$name]:-0} of $i"
		done
	done
	printf '%-16s%s\n' test "passed, with $jobs busy loops"
	for name in "${chosen[@]}"; do
		printf '%-16s%d of %d\n' "$name" "${good[$name]:-0}" "$n"
	done | tee "$results/soak/table"
	return $status
}

[ $# -ge 1 ] || usage_error "it is not told what to do"
what=$1
shift
case $what in
check | test | all | list | soak) ;;
*) usage_error "unknown argument '$what'" ;;
esac
read -ra words <<<"${T-}"
set -- "$@" "${words[@]}"
[ "$what" != soak ] || [ $# -gt 0 ] || set -- guest
[ -z "${JUNIT-}" ] || JUNIT=$(realpath -m "$JUNIT")
cd "$top"
read_tests
chosen=()
choose "$what" "$@"
[ ${#chosen[@]} -gt 0 ] || die "no test is left for BASE=$BASE${fixes_dir:+ with FIXES=1}${FAILED:+ of those that failed the last time}"
case $what in
list) list ;;
soak) soak ;;
*)
	need prove
	run_chosen "$what"
	;;
esac
