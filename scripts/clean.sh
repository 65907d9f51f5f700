#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Remove build/. What was downloaded stays in the cache.
#
# Usage: [CLEAN=force] clean.sh
#   CLEAN=force  also if a tree has work that the mails have not
#
# Exit status: 0 when build/ is gone, 1 otherwise; then nothing is removed.

. "$(dirname "$0")/lib/common.sh"

no_arguments "$@"

if [ "${CLEAN:-}" != force ]; then
	for repo in "$build"/*/tree; do
		[ -d "$repo" ] || continue
		work=$(
			base_dir=${repo%/tree}
			. "$top/scripts/lib/tree.sh"
			tree_work
		)
		[ -z "$work" ] ||
			die "${repo#"$top"/} has $work" "make series writes commits into the mails; CLEAN=force drops them"
	done
fi
rm -rf "$build"
