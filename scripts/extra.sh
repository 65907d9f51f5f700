#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The patches beyond the series (patches/extra/): mails to a branch of the kernel
# tree, and back.
#
# usage: scripts/extra.sh TOPIC
#        scripts/extra.sh -w TOPIC
#
#   TOPIC  a folder of patches/extra, such as bitmap; the branch has its name
#   -w     write the mails anew from the branch; without it, make the branch of
#          the mails, on top of the series
#
# A branch that has what the mails have is left as it is, and one with commits of
# your own, too: then nothing is done but to say so.
#
# Exit status: 0 when the two agree, 1 otherwise.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/treestate.sh"
. "$(dirname "$0")/mails.sh"

# make_branch DIR TOPIC: in a work tree of its own, which goes away again
make_branch()
{
	local dir=$1 topic=$2 work=$base_dir/extra status=0 wanted
	wanted=$({ git -C "$tree" rev-parse series && mails_hash "$dir"; } | sha256sum | cut -c1-64)
	if git -C "$tree" rev-parse -q --verify "refs/heads/$topic" >/dev/null; then
		if [ "$(git -C "$tree" config "branch.$topic.mails" || :)" = \
			"$wanted $(git -C "$tree" rev-parse "$topic")" ]; then
			return 0
		fi
		if [ "$(git -C "$tree" config "branch.$topic.mails" | cut -d ' ' -f 2)" != \
			"$(git -C "$tree" rev-parse "$topic")" ]; then
			die "branch $topic of ${tree#"$top"/} has commits of its own" \
				"to make mails of them: scripts/extra.sh -w $topic; to drop it: git -C ${tree#"$top"/} branch -D $topic"
		fi
	fi
	rm -rf "$work"
	git -C "$tree" worktree prune
	git -C "$tree" worktree add -q --detach --no-checkout "$work" series || return
	# Only what the patches touch is laid out.
	git -C "$work" sparse-checkout set --no-cone \
		'/kernel/dma/' '/include/linux/' '/Documentation/' >/dev/null &&
		git -C "$work" checkout -q && apply_mails "$work" "$dir" || status=$?
	if [ $status -eq 0 ]; then
		git -C "$tree" branch -q -f "$topic" "$(git -C "$work" rev-parse HEAD)" &&
			git -C "$tree" config "branch.$topic.mails" \
				"$wanted $(git -C "$tree" rev-parse "$topic")" || status=$?
	fi
	git -C "$tree" worktree remove --force "$work"
	return $status
}

write_branch()
{
	local dir=$1 topic=$2 new=$base_dir/extra-mails
	git -C "$tree" merge-base --is-ancestor series "$topic" 2>/dev/null ||
		die "there is no branch $topic on top of series in ${tree#"$top"/}"
	rm -rf "$new"
	mkdir -p "$new" "$dir"
	format_mails "$tree" "series..$topic" -q -o "$new" -n
	rm -f "$dir"/[0-9]*.patch
	mv "$new"/*.patch "$dir/"
	rmdir "$new"
	quilt_series "$dir" >"$dir/series"
	git -C "$tree" config "branch.$topic.mails" \
		"$({ git -C "$tree" rev-parse series && mails_hash "$dir"; } | sha256sum | cut -c1-64) $(git -C "$tree" rev-parse "$topic")"
	say "${dir#"$top"/}: $(list_mails "$dir" | wc -l) patches"
}

need git
action=make_branch
if [ "${1-}" = -w ]; then
	action=write_branch
	shift
fi
[ $# -eq 1 ] || die "usage: scripts/extra.sh [-w] TOPIC" "for instance: scripts/extra.sh bitmap"
[ "$BASE" = mainline ] || die "the patches of patches/extra are for mainline, not for BASE=$BASE"
[ -d "$tree/.git" ] || die "no tree in ${tree#"$top"/}" "make it with: make tree"
[ $action = write_branch ] || [ -d "$top/patches/extra/$1" ] ||
	die "there is no patches/extra/$1" "there are: $(cd "$top/patches/extra" && echo */)"
with_lock "extra-$BASE" $action "$top/patches/extra/$1" "$1"
