# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154,SC2034
#
# What the git tree under build/ was made from, whether it has work that the mails
# have not, and what a source is called that scripts/kernel/get.sh names.
#
# Source it after scripts/lib/common.sh.

tree=$base_dir/tree
src=$base_dir/src

# A source is the path of a package, or git:FOLDER#TAG.
source_folder()
{
	local source=${1#git:}
	printf '%s\n' "${source%#*}"
}

source_commit()
{
	git -C "$(source_folder "$1")" rev-parse -q --verify "refs/tags/${1##*#}^{commit}" ||
		die "$(source_folder "$1") has no tag ${1##*#}"
}

# source_name SOURCE: one word, another one for each content
source_name()
{
	local commit
	case $1 in
	git:*)
		commit=$(source_commit "$1") || return
		printf '%s-g%.12s\n' "$(tr / - <<<"${1##*#}")" "$commit"
		;;
	*) basename "$1" _all.deb ;;
	esac
}

# source_identity SOURCE: what tree_state has of a tree that is made of it
source_identity()
{
	local name commit
	case $1 in
	git:*)
		commit=$(source_commit "$1") || return
		printf 'git %s %s commit %s\n' "$(source_folder "$1")" "${1##*#}" "$commit"
		;;
	*)
		name=$(source_name "$1")
		printf 'package %s\n' "${name/_/ }"
		;;
	esac
}

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

# tree_files REV DIR PATH...: those of them that REV of the tree has, below DIR
tree_files()
{
	local files
	mkdir -p "$2"
	mapfile -t files < <(git -C "$tree" ls-tree -r --name-only "$1" -- "${@:3}")
	git -C "$tree" archive "$1" -- "${files[@]}" | tar -x -C "$2"
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
