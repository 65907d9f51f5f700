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

# A line "RANK PATH" for each test. Those that make what others use come first,
# then the hosts' tests, so that a kernel is compiled beside them.
find_tests()
{
	local file rank
	cd "$top" || return
	grep -rl --include='*.sh' '^# groups: ' tools/testing | LC_ALL=C sort | while read -r file; do
		[ -x "$file" ] || die "$file has groups, and is not executable" "chmod +x $file"
		case " $(field groups "$file") " in
		*" kernel "*) rank=1 ;;
		*" check "*) rank=2 ;;
		*" guest "*) rank=4 ;;
		*) rank=3 ;;
		esac
		echo "$rank $file"
	done | sort -s -n -k 1,1 | cut -d ' ' -f 2
}

# is_for FILE LEVEL: is it part of that level, and for this base?
is_for()
{
	local groups
	groups=" $(field groups "$1") "
	case $2$groups in
	check*" check "*) ;;
	test*" check "* | test*" test "*) ;;
	all* | list* | soak*) ;;
	*) return 1 ;;
	esac
	[ "$BASE$fixes_dir" = mainline ] || [ "$(field bases "$1")" = all ]
}

# select_tests LEVEL WORD...: the paths. A test that is named is taken whatever its
# level is.
select_tests()
{
	local level=$1 file word known
	shift
	for word; do
		known=
		for file in "${tests[@]}"; do
			case " $(test_name "$file") $(field groups "$file") " in
			*" $word "*) known=1 ;;
			esac
		done
		[ -n "$known" ] || usage_error "no test and no group is called '$word' (test.sh list has all)"
	done
	for file in "${tests[@]}"; do
		if [ $# -eq 0 ]; then
			! is_for "$file" "$level" || printf '%s\n' "$file"
			continue
		fi
		for word; do
			if [ "$word" = "$(test_name "$file")" ] ||
				{ [[ " $(field groups "$file") " = *" $word "* ]] && is_for "$file" "$level"; }; then
				printf '%s\n' "$file"
				break
			fi
		done
	done
}

list()
{
	local file
	printf '%-14s %-32s %-9s %s\n' test groups bases "what it is"
	for file in "${chosen[@]}"; do
		# The first sentence of its head
		printf '%-14s %-32s %-9s %s\n' "$(test_name "$file")" "$(field groups "$file")" \
			"$(field bases "$file")" "$(script_head "$file" | tr '\n' ' ' |
				sed 's/^ *//; s/\([.:]\) .*/\1/')"
	done
}

# The seconds that a test's kernels took to build are counted apart: several tests
# want the same one, and whoever is first builds it.
times()
{
	local file name total building
	for file in "${chosen[@]}"; do
		name=$(test_name "$file")
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

# count FILE: a test that did not come to its plan, whose lines are not as many as
# planned, or whose status says otherwise than its lines, is one more failure.
declare -A passed failed skipped
count()
{
	local name ok not_ok plan status tap why=
	name=$(test_name "$1")
	tap=$results/$name.tap
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

# run_chosen LEVEL: Perl's prove runs them, shows which have ended, and remembers
# which failed. What it does not count, count() does.
run_chosen()
{
	local file name start=$SECONDS p=0 f=0 s=0
	local options=(--merge --timer "-j${TEST_JOBS:-$jobs}" --exec scripts/lib/run-test.sh
		"--statefile=$results/prove")
	[ -z "${FAILED-}" ] || options+=(--state=failed)
	mkdir -p "$results"
	for file in "${chosen[@]}"; do
		name=$(test_name "$file")
		[ -n "${FAILED-}" ] || rm -f "$results/$name".{tap,status,seconds,building}
	done
	(cd "$top" && LEVEL=$1 RESULTS=$results prove "${options[@]}" --state=save "${chosen[@]}") || :
	for file in "${chosen[@]}"; do
		[ -e "$results/$(test_name "$file").tap" ] || : >"$results/$(test_name "$file").tap"
		count "$file"
		name=$(test_name "$file")
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
	local file taps=()
	perl -MTAP::Formatter::JUnit -e 1 2>/dev/null ||
		die "JUNIT=$1: there is no TAP::Formatter::JUnit" "install libtap-formatter-junit-perl"
	for file in "${chosen[@]}"; do
		taps+=("$(test_name "$file").tap")
	done
	(cd "$results" && prove --source File --file-option extensions=.tap \
		--formatter TAP::Formatter::JUnit "${taps[@]}") >"$1" || :
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
	local n=${N:-20} file name i status=0
	declare -A good
	[[ $n =~ ^[1-9][0-9]*$ ]] || die "N=$n: not a number of runs"
	mkdir -p "$results/soak"
	# Not local: the trap runs when the function is over.
	loops=()
	trap 'kill "${loops[@]}" 2>/dev/null || :' EXIT
	busy_loops
	for ((i = 1; i <= n; i++)); do
		for file in "${chosen[@]}"; do
			name=$(test_name "$file")
			if (cd "$top" && LEVEL=${LEVEL:-test} "./$file") </dev/null >"$results/soak/$name-$i.tap" 2>&1; then
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
	for file in "${chosen[@]}"; do
		name=$(test_name "$file")
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
mapfile -t tests < <(find_tests)
chosen=$(select_tests "$what" "$@") || exit
mapfile -t chosen <<<"$chosen"
[ -n "${chosen[0]}" ] || die "no test is left for BASE=$BASE${fixes_dir:+ with FIXES=1}"
case $what in
list) list ;;
soak) soak ;;
*)
	need prove
	run_chosen "$what"
	;;
esac
