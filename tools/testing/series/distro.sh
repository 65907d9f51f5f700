# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154,SC2034
#
# What the tests of scripts/patches/distro.sh share: the touched files of the base and of
# the series, and what a distribution's patches have to make of them. Source it after
# scripts/lib/common.sh, tap.sh, tree.sh and patches.sh, with $work set.

url=https://lore.kernel.org/r/1@kernel.home.arpa

need git
need_tree
mapfile -t patches < <(list_mails "$mails")
mapfile -t files < <(touched_files "${patches[@]}")
rm -rf "$work"
tree_files base "$work/base" "${files[@]}"
tree_files series "$work/series" "${files[@]}"

# same_files WANTED DIR: quilt's and a package's own files aside.
same_files()
{
	diff -r --exclude=.pc --exclude=patches --exclude=debian --exclude=debian-own "$1" "$2"
}

# still_mails DIR: what was made for a distribution can be applied by git am
still_mails()
{
	local repo=$work/am
	tree_files base "$repo" "${files[@]}" && new_repo "$repo" base &&
		with_committer git_plain -C "$repo" am -q "$1"/*.patch || return
	mkdir "$work/after"
	git -C "$repo" archive HEAD | tar -x -C "$work/after" && same_files "$work/series" "$work/after"
}

# refuses_folder FORMAT: one that is none of that
refuses_folder()
{
	mkdir "$work/empty"
	! "$top/scripts/patches/distro.sh" "$1" "$work/empty" && [ -z "$(ls -A "$work/empty")" ]
}
