# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154,SC2034
#
# What the git tree under build/ was made from, and whether it has work that the
# mails have not.
#
# Source it after scripts/lib/common.sh.

tree=$base_dir/tree
src=$base_dir/src

# tree_state base|mails|tip: the base's identity; the hash of the mails, and the
# commit, that were last known to be the same.
tree_state()
{
	sed -n "s/^$1 //p" "$tree/.git/swiotlb-state" 2>/dev/null || true
}

# set_tree_state REPO BASE MAILS TIP
set_tree_state()
{
	printf 'base %s\nmails %s\ntip %s\n' "$2" "$3" "$4" >"$1/.git/swiotlb-state.new"
	mv "$1/.git/swiotlb-state.new" "$1/.git/swiotlb-state"
}

# tree_work: says what of the tree's would be lost if it were made anew; nothing
# if nothing would.
tree_work()
{
	local git_dir=$tree/.git
	[ -d "$git_dir" ] || return 0
	if [ -d "$git_dir/rebase-merge" ] || [ -d "$git_dir/rebase-apply" ]; then
		echo "a rebase is going on"
	elif [ "$(git -C "$tree" rev-parse series)" != "$(tree_state tip)" ]; then
		echo "commits that are not in the mails"
	elif [ "$(git -C "$tree" rev-parse HEAD)" != "$(tree_state tip)" ]; then
		echo "another commit than the branch series checked out"
	elif [ -n "$(git -C "$tree" status --porcelain | head -n 1)" ]; then
		echo "changes that are not committed"
	fi
}
