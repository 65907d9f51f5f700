#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What differs between mainline's series and that for another base, at a glance: a
# diff of the two series' patches and messages (git range-diff).
#
# Usage: range-diff.sh BASE [OPTION...]
#
#   OPTION   for git range-diff, such as --stat or --color
#
# Exit status: 0 when both series are there to compare.

. "$(dirname "$0")/../lib/common.sh"

arguments 1 1 "${@:1:1}"
other=$1
shift
line_of_base "$other" >/dev/null ||
	die "range-diff.sh: ${bases_file#"$top"/} has no line for '$other'"
need git
for base in mainline "$other"; do
	BASE=$base "$top/scripts/kernel/tree.sh" >&2
done
# The two trees share no object; git finds the one's from within the other.
theirs=$build/$other/tree
GIT_ALTERNATE_OBJECT_DIRECTORIES=$theirs/.git/objects git -C "$build/mainline/tree" --no-pager \
	range-diff --creation-factor=90 "$@" base..series \
	"$(git -C "$theirs" rev-parse base)..$(git -C "$theirs" rev-parse series)"
