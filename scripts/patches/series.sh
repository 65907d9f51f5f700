#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Write the mails of patches/$BASE anew from the commits base..series of
# build/$BASE/tree. Texts below "---" are the commits' notes (git notes edit);
# the cover letter's text is kept, its list and diffstat are brought up to date.
# The file "series" lists the patches for quilt.
#
# Usage: [BASE=name] series.sh [DIR]
#   DIR  write there instead, with the cover letter's text of patches/$BASE
#
# Exit status: 0 when all mails are written, 1 otherwise; then none is changed.

. "$(dirname "$0")/../lib/common.sh"
. "$top/scripts/lib/patches.sh"

write_series()
{
	local to=$1 new=$base_dir/series.new mail count
	need_tree
	[ ! -e "$tree/.git/swiotlb-applying" ] ||
		die "the mails are not all applied to the tree" "go on with: make tree"
	if [ -d "$tree/.git/rebase-merge" ] || [ -d "$tree/.git/rebase-apply" ]; then
		die "a rebase is going on in ${tree#"$top"/}" "finish or abort it there"
	fi
	if [ -n "$(git -C "$tree" log -E --grep='^(fixup|squash|amend)! ' --format=%h base..series)" ]; then
		die "the series has commits that are to be folded into others" \
			"git -C ${tree#"$top"/} rebase -i --autosquash base"
	fi
	if [ -n "$(git -C "$tree" status --porcelain | head -n 1)" ]; then
		say "  note: changes in ${tree#"$top"/} that are not committed are not in the mails"
	fi
	if [ "$to" = "$mails" ]; then
		# Both sides changed: whose is newer, only a person knows.
		if [ "$(tree_state mails)" != "$(mails_hash "$mails")" ] && [ -z "${FORCE:-}" ] &&
			[ -n "$(tree_state mails)" ]; then
			die "patches/${mails##*/} changed since the tree was made of it" \
				"to overwrite it by the tree's commits: make series FORCE=1; to take it instead: make tree"
		fi
	fi
	rm -rf "$new"
	mkdir -p "$new" "$to"
	write_mails "$tree" base..series "$mails" "$new"
	count=$(list_mails "$new" | wc -l)
	[ "$count" -eq 3 ] || say "  note: a series has three patches, this one has $count"
	# Names come from the subjects, so an old mail may have no successor.
	for mail in "$to"/[0-9][0-9][0-9][0-9]-*.patch; do
		[ ! -e "$mail" ] || [ -e "$new/${mail##*/}" ] || rm -f "$mail"
	done
	for mail in "$new"/*.patch; do
		cmp -s "$mail" "$to/${mail##*/}" || mv -f "$mail" "$to/"
	done
	rm -rf "$new"
	quilt_series "$to" >"$to/series"
	[ "$to" != "$mails" ] || set_tree_state "$tree" "$(tree_state base)" \
		"$(mails_hash "$mails")" "$(git -C "$tree" rev-parse series)"
	say "${to#"$top"/}: $count patches and the cover letter"
	if grep -q '^\*\*\* BLURB HERE' "$to/0000-cover-letter.patch"; then
		say "  note: the cover letter has no text yet"
	fi
}

arguments 0 1 "$@"
without_fixes
need git
to=${1:-$mails}
[ "$mails" = "$top/patches/$BASE" ] || [ "$to" != "$mails" ] ||
	die "BASE=$BASE has mainline's series, which is written from mainline's tree only"
mkdir -p "$base_dir"
with_lock "tree-$BASE" write_series "$to"
