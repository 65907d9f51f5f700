# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
#
# What the tests share. A test is an executable script below tools/testing/ that
# prints TAP. Its head says what it is, and has these fields, which scripts/test.sh
# reads, a line each:
#
#	# groups: GROUP...	check (in all of make check, test and test-all), test
#				(in make test and test-all) or all (in test-all only);
#				then any others that "make test T=GROUP" is to know,
#				such as host, guest, user-space
#	# bases: all|mainline	whether BASE= may name another base
#
# The variable LEVEL is check, test or all, by how it was called; a test may do more
# with LEVEL=all.
#
# It brings common.sh: source it by its path from the test.

# shellcheck source=scripts/lib/common.sh
[ -n "${top-}" ] || . "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# test_name FILE: of a test. DIR/check.sh has that of DIR, any other its own.
test_name()
{
	local name=${1##*/}
	[ "$name" != check.sh ] || name=$(basename "$(dirname "$1")")
	printf '%s\n' "${name%.sh}"
}

level=${LEVEL:-test}
case $level in
check | test | all) ;;
*) die "LEVEL=$level: unknown level" "one of: check, test, all" ;;
esac

# TAP for the host-side tests: tap_ok, tap_fail, and tap_end, which prints the
# plan and returns 1 if anything failed. tap NAME COMMAND... does both: its
# output is shown only when it fails.
tap_count=0
tap_failed=0

tap_ok()
{
	tap_count=$((tap_count + 1))
	printf 'ok %d - %s\n' "$tap_count" "$*"
}

# tap_fail DESCRIPTION [FILE]: FILE has what explains the failure.
tap_fail()
{
	tap_count=$((tap_count + 1))
	tap_failed=$((tap_failed + 1))
	printf 'not ok %d - %s\n' "$tap_count" "$1"
	if [ $# -gt 1 ] && [ -s "$2" ]; then
		tail -n 40 "$2" | sed 's/^/# /'
	fi
}

tap()
{
	local name=$1 tap_log
	shift
	tap_log=$logs/tap/$(printf '%s' "$name" | tr -cs 'A-Za-z0-9._-' '-').log
	mkdir -p "${tap_log%/*}"
	if ("$@") >"$tap_log" 2>&1 </dev/null; then
		tap_ok "$name"
	else
		tap_fail "$name" "$tap_log"
	fi
}

# wrong WHAT...: say why, a line each, and end what tap has called
wrong()
{
	printf '%s\n' "$@"
	exit 1
}

# must WHAT COMMAND...: end it with WHAT if the command fails
must()
{
	"${@:2}" || wrong "$1"
}

# must_not WHAT COMMAND...
must_not()
{
	! ("${@:2}") || wrong "$1"
}

# says FILE TEXT...: each is in a line of it
says()
{
	local text
	for text in "${@:2}"; do
		grep -F -e "$text" "$1" >/dev/null || wrong "${1##*/} does not say: $text"
	done
}

# none WHAT: standard input has no line; else say WHAT they are
none()
{
	local lines
	lines=$(cat)
	[ -z "$lines" ] || {
		printf '%s:\n%s\n' "$1" "$lines"
		return 1
	}
}

# refused WORDS COMMAND...: it fails, and says so in these words; $work/said has all
refused()
{
	local status=0
	"${@:2}" >"$work/said" 2>&1 || status=$?
	cat "$work/said"
	[ "$status" -ne 0 ] || wrong "it is not refused"
	says "$work/said" "$1"
}

# beside COMMAND...: in the background, when a processor is free
beside()
{
	[ "$(jobs -rp | wc -l)" -lt "$jobs" ] || wait -n || :
	"$@" &
}

tap_end()
{
	printf '1..%d\n' "$tap_count"
	[ "$tap_failed" -eq 0 ]
}
