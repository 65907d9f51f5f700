#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# How scripts answer: each prints its head for --help, and refuses an argument that
# it does not know, with status 2, before it does anything. They are run in a copy of
# the scripts, by somebody with an empty home and few tools; nothing may be there
# afterwards that was not there before.
#
# Usage: help.sh
# TAP on stdout. Exit status: 0 if all passed, 1 otherwise.
#
# groups: check host
# bases: mainline

. "$(dirname "$0")/../../../scripts/lib/tap.sh"

no_arguments "$@"
need git

work=$build/test/help
# What a script needs to see what it is asked for, and to leave something behind.
# Nothing of it builds, downloads or sends.
tools=(bash sh env dirname basename readlink realpath nproc uname id cat sed awk grep head
	tail cut tr sort find date mkdir rm mv cp ln touch chmod mktemp cmp)

# everything: what there is, and how it is
everything()
{
	find "$work/there" -printf '%P %y %m %s %T@\n' | LC_ALL=C sort
}

# run ARGUMENT: the script with that one argument, as the others of the copy are
run()
{
	(cd "$work/there" && env -i PATH="$work/bin" HOME="$work/there/home" TMPDIR="$work/there/tmp" \
		XDG_CACHE_HOME="$work/there/cache" bash "project/$script" "$1") \
		</dev/null >"$work/out" 2>"$work/err"
}

# answers: what a script does wrong, in lines
answers()
{
	local status=0
	run --help || status=$?
	[ "$status" -eq 0 ] || echo "--help ends with status $status"
	script_head "$top/$script" | cmp -s - "$work/out" || echo "--help does not print its head"
	grep -q '^[Uu]sage: ' "$work/out" || echo "its head has no line 'Usage:'"
	[ ! -s "$work/err" ] || sed 's/^/--help says: /' "$work/err"
	status=0
	run --no-such-argument || status=$?
	[ "$status" -eq 2 ] || echo "--no-such-argument ends with status $status, not 2"
	grep -q '^error: ' "$work/err" || echo "--no-such-argument: no line 'error:'"
	[ ! -s "$work/out" ] || sed 's/^/--no-such-argument prints: /' "$work/out"
	everything >"$work/now"
	comm -3 "$work/before" "$work/now" | sed 's/^\t*/made, changed or removed: /'
}

rm -rf "$work"
mkdir -p "$work"/{bin,there/{home,cache,tmp,project}}
for tool in "${tools[@]}"; do
	ln -s "$(type -P "$tool")" "$work/bin/$tool"
done
mapfile -t scripts < <(git -C "$top" ls-files -s scripts tools | sed -n 's/^100755 [^\t]*\t//p')
# What they source is not executable.
(cd "$top" && git ls-files -z scripts tools '*.sh' | grep -zv '\.patch$' |
	xargs -0 cp --parents -pt "$work/there/project")
# What "clean" would remove
mkdir -p "$work/there/project/build/logs"
everything >"$work/before"

for script in "${scripts[@]}"; do
	answers >"$work/wrong"
	if [ -s "$work/wrong" ]; then
		tap_fail "$script" "$work/wrong"
		everything >"$work/before"
	else
		tap_ok "$script"
	fi
done
tap_end
