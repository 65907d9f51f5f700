#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The series on top of the fixes that are sent by themselves (patches/fixes/BASE):
# write its first patch anew, into patches/fixes/BASE/on-top. It leaves the same
# kernel as the series alone, and says less: a paragraph about a fault that the fixes
# have mended is left out. The other patches are the series' own.
#
# Usage: [BASE=name] on-top.sh [DIR]
#   DIR  write there instead
#
# Exit status: 0 when it is written.

. "$(dirname "$0")/../lib/common.sh"
. "$top/scripts/lib/tree.sh"
. "$top/scripts/lib/patches.sh"

arguments 0 1 "$@"
fixes=$top/patches/fixes/$BASE
to=${1:-$fixes/on-top}

[ -d "$fixes" ] || die "there is no patches/fixes/$BASE"
need git
"$top/scripts/kernel/tree.sh"
message=$(mktemp)
trap 'rm -f "$message"' EXIT
first=$(git -C "$tree" rev-list --reverse base..series | sed -n 1p)
fixed=$(fixed_base "$tree" "$fixes") || die "patches/fixes/$BASE does not apply to $BASE's base"

# By paragraph; what the fixes' own messages say need not be said here.
git -C "$tree" log -1 --format=%B "$first" | awk -v RS= -v ORS='\n\n' '
	/^(Releasing the last slots of a pool|The free counts of a pool whose size)/ {
		print "The slots of a buffer are released one set at a time."
		next
	}
	{ print }' | git stripspace >"$message"
[ "$(grep -c 'one set at a time' "$message")" -eq 1 ] ||
	die "1/3's message has no paragraph that begins as scripts/patches/on-top.sh expects"
commit=$(GIT_AUTHOR_NAME=$(git -C "$tree" log -1 --format=%an "$first") \
	GIT_AUTHOR_EMAIL=$(git -C "$tree" log -1 --format=%ae "$first") \
	GIT_AUTHOR_DATE=$(git -C "$tree" log -1 --format=%aI "$first") \
	GIT_COMMITTER_NAME=nobody GIT_COMMITTER_EMAIL=nobody@localhost GIT_COMMITTER_DATE='2000-01-01T00:00:00Z' \
	git -C "$tree" commit-tree -p "$fixed" -F "$message" "$first^{tree}")
mkdir -p "$to"
rm -f "$to"/*.patch
format_mails "$tree" "$fixed..$commit" -o "$to" -N --subject-prefix='PATCH 1/3' >/dev/null
say "${to#"$top"/}: $(basename "$to"/0001-*.patch)"
