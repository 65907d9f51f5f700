#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Make the git tree that the work on the series happens in:
#
#   build/$BASE/tree   tag "base", the pristine source; branch "series", base
#                      with the mails of patches/$BASE applied
#   build/$BASE/src    a second work tree of the same repository, for compiling
#
# With FIXES=1 it is build/$BASE-fixes, "base" is the source with the patches of
# patches/fixes/$BASE, and the series is the one on top of these.
#
# The source is the newest of those that scripts/bases names, or a copy of KERNEL.
# Called again, it does what is missing: nothing if nothing changed;
# mails that changed are applied anew, unless the tree has work of its own.
#
# Usage: [BASE=name] [FIXES=1] [KERNEL=/path/to/linux] [UPDATE=1] tree.sh [--base]
#   --base    without the patches: for a base that has none yet
#   UPDATE=1  ask whether there is a newer source than the tree was made of
#
# Exit status: 0 when the tree is there and has the mails, 1 otherwise.

. "$(dirname "$0")/../lib/common.sh"
. "$top/scripts/lib/patches.sh"

# MiB that it takes: the source, git's objects of it, the second work tree.
tree_mib=4000
src_mib=2000

# What a copy of KERNEL is known by.
kernel_identity()
{
	local file
	[ -d "$kernel" ] || die "KERNEL=$KERNEL: no such folder"
	for file in Makefile Kconfig kernel/dma/swiotlb.c; do
		[ -e "$kernel/$file" ] ||
			die "KERNEL=$KERNEL has no $file" "it must be the top of a Linux source tree"
	done
	if is_git_top "$kernel"; then
		printf 'KERNEL %s commit %s\n' "$kernel" "$(git -C "$kernel" rev-parse --verify HEAD)" ||
			die "KERNEL=$KERNEL: git cannot tell its HEAD"
	else
		printf 'KERNEL %s files %s\n' "$kernel" "$(cd "$kernel" &&
			find . -name .git -prune -o -printf '%P %s %T@\n' | sort | sha256sum | cut -c1-16)"
	fi
}

is_git_top()
{
	[ -e "$1/.git" ] && [ -z "$(git -C "$1" rev-parse --show-cdup 2>/dev/null || echo no)" ]
}

# The configuration of a repository of ours. No automatic gc: it would not make
# 96000 new objects smaller, only us wait.
configure_git()
{
	git -C "$1" config gc.auto 0
	git -C "$1" config maintenance.auto false
	git -C "$1" config core.untrackedCache true
	git -C "$1" config core.autocrlf false
	# A commit that is amended or rebased keeps its note.
	git -C "$1" config notes.rewriteRef refs/notes/commits
}

# commit_all REPO MESSAGE [ADD-OPTION]: the base's one commit. Without
# compression and fsync, since all of it can be made again.
commit_all()
{
	git -C "$1" -c core.compression=0 -c core.fsync=none add -A ${3:+"$3"} &&
		GIT_AUTHOR_NAME=base GIT_AUTHOR_EMAIL=base@localhost \
			GIT_COMMITTER_NAME=base GIT_COMMITTER_EMAIL=base@localhost \
			GIT_AUTHOR_DATE='2000-01-01T00:00:00Z' GIT_COMMITTER_DATE='2000-01-01T00:00:00Z' \
			git_plain -C "$1" commit -q -m "$2"
}

# Debian's packaging has git ignore all that is not its own, at the end of
# .gitignore. A new file of the series would go unnoticed.
ignore_only_built()
{
	[ ! -e "$1/.gitignore" ] || sed -i '\|^/\*$|d; \|^!/debian/$|d' "$1/.gitignore"
}

init_git()
{
	git_plain -c init.defaultBranch=series init -q --template= "$1" && configure_git "$1"
}

from_package()
{
	local repo=$1 deb=$2 name=$3 files
	step "tree/unpack $name" "$top/scripts/kernel/get.sh" unpack "$deb" "$repo" ||
		die "could not unpack $deb"
	ignore_only_built "$repo"
	init_git "$repo"
	files=$(find "$repo" -path "$repo/.git" -prune -o ! -type d -print | wc -l)
	step "tree/commit it" commit_all "$repo" "$name" -f || die "git could not take the source"
	[ "$(git -C "$repo" ls-files | wc -l)" -eq "$files" ] ||
		die "git took other files than the $files that were unpacked into ${repo#"$top"/}"
}

# borrow REPO FOLDER: a repository that has FOLDER's objects: links to them, if it is
# in the cache, which may be removed.
borrow()
{
	local repo=$1 objects shallow
	objects=$(git -C "$2" rev-parse --path-format=absolute --git-path objects) &&
		shallow=$(git -C "$2" rev-parse --path-format=absolute --git-path shallow) &&
		git_plain -c init.defaultBranch=series init -q --template= "$repo" || return
	if [[ $objects = "$cache"/* ]]; then
		cp -al "$objects/." "$repo/.git/objects/" || cp -a "$objects/." "$repo/.git/objects/" || return
	else
		mkdir -p "$repo/.git/objects/info"
		printf '%s\n' "$objects" >"$repo/.git/objects/info/alternates"
	fi
	[ ! -e "$shallow" ] || cp "$shallow" "$repo/.git/shallow"
}

# from_git REPO FOLDER COMMIT WHAT: that, as the branch that the series is for
from_git()
{
	step "tree/objects of $4" borrow "$1" "$2" || die "could not read $2"
	configure_git "$1"
	step "tree/check it out" git -C "$1" -c core.fsync=none checkout -q -f -B series "$3" ||
		die "could not check out $3"
}

# Built in place or not: what the source's .gitignore names is left out.
from_folder()
{
	local repo=$1
	mkdir -p "$repo"
	step "tree/copy of KERNEL" cp -a --reflink=auto "$kernel/." "$repo/" ||
		die "could not copy $kernel"
	rm -rf "$repo/.git"
	ignore_only_built "$repo"
	init_git "$repo"
	step "tree/commit it" commit_all "$repo" "copy of $kernel" || die "git could not take the source"
	git -C "$repo" clean -dfxq
}

# make_base IDENTITY [SOURCE]: the tree without patches; renamed when it is whole.
make_base()
{
	local identity=$1 source=${2:-} tmp=$tree.tmp
	rm -rf "$tmp"
	[ ! -d "$tree" ] || remove_tree
	need_space "$base_dir" $((tree_mib + src_mib)) "the kernel tree"
	# Half of it is 2 GiB that nobody can use.
	trap 'rm -rf "$tree.tmp" "$tree.tmp.unpacking"' EXIT
	case $identity in
	package*) from_package "$tmp" "$source" "${identity#package }" ;;
	git*) from_git "$tmp" "$(source_folder "$source")" "${identity##* }" "${source##*#}" ;;
	KERNEL*commit*)
		[ -z "$(git --no-optional-locks -C "$kernel" status --porcelain -uno | head -n 1)" ] ||
			say "  note: changes in $kernel that are not committed are not taken"
		from_git "$tmp" "$kernel" "${identity##* }" KERNEL
		;;
	*) from_folder "$tmp" ;;
	esac
	git -C "$tmp" tag -f base >/dev/null
	[ -z "$fixes_dir" ] || git -C "$tmp" tag unfixed
	set_tree_state "$tmp" "$identity" "" "$(git -C "$tmp" rev-parse base)"
	mv "$tmp" "$tree"
	trap - EXIT
}

# Half-removed must not look like a tree.
remove_tree()
{
	rm -rf "$tree.tmp" "$tree.old"
	mv "$tree" "$tree.old"
	rm -rf "$tree.old" "$src"
}

# While the branch moves to the commits of the mails, which are made beside it
applying=$tree/.git/swiotlb-applying

# apply COMMIT DIR: the branch becomes COMMIT with the mails of DIR
apply()
{
	local commit
	commit=$(commit_mails "$tree" "$1" "$2") && touch "$applying" &&
		git -C "$tree" checkout -q -f -B series "$commit"
}

# go_on: if that was cut off, the branch is as it was, or as it is to be.
go_on()
{
	[ -e "$applying" ] || return 0
	rm -f "$tree/.git/index.lock"
	git -C "$tree" checkout -q -f series
	git -C "$tree" clean -dfq
	rm -f "$applying"
}

# The fixes are part of the base. What is known of the series then is of another one.
update_fixes()
{
	local hash
	hash=$(mails_hash "$fixes_dir")
	[ "$(git -C "$tree" config swiotlb.fixes || :)" != "$hash" ] || return 0
	[ -z "$(tree_work)" ] ||
		die "patches/fixes/$BASE changed, and ${tree#"$top"/} has $(tree_work)" \
			"keep it elsewhere, then: git -C ${tree#"$top"/} checkout -f -B series $(tree_state tip | cut -c1-12)"
	STEP_TAIL=60 step "tree/apply fixes of $BASE" apply unfixed "$fixes_dir" ||
		die "patches/fixes/$BASE does not apply to $(tree_state base)" "the lines above say which hunk"
	git -C "$tree" tag -f base series >/dev/null
	git -C "$tree" config swiotlb.fixes "$hash"
	set_tree_state "$tree" "$(tree_state base)" "" "$(git -C "$tree" rev-parse series)"
	rm -f "$applying"
}

update_series()
{
	local hash work
	go_on
	if [ -n "$fixes_dir" ]; then
		update_fixes
		series_on_fixes "$mails"
	fi
	hash=$(mails_hash "$mails")
	work=$(tree_work)
	if [ "$hash" = "$(tree_state mails)" ]; then
		[ -z "$work" ] ||
			say "  the tree has $work: once they are committed, make series writes the mails"
		return 0
	fi
	[ -z "$work" ] ||
		die "patches/${mails##*/} changed, and ${tree#"$top"/} has $work" \
			"to keep the tree's work: make series; to drop it: git -C ${tree#"$top"/} checkout -f -B series $(tree_state tip | cut -c1-12)"
	STEP_TAIL=60 step "tree/apply patches of ${mails##*/}" apply base "$mails" ||
		die "patches/${mails##*/} does not apply to $(tree_state base)" \
			"the lines above say which hunk; the tree is as it was before"
	set_tree_state "$tree" "$(tree_state base)" "$hash" "$(git -C "$tree" rev-parse series)"
	rm -f "$applying"
}

# The second work tree; the marker is written when its files are all there.
make_src()
{
	local admin=$tree/.git/worktrees/src
	if [ -e "$admin/complete" ] && [ -e "$src/Makefile" ]; then
		# The two know each other by absolute paths, which are those of
		# another folder after the project was moved or copied.
		[ "$(cat "$src/.git")" = "gitdir: $admin" ] || printf 'gitdir: %s\n' "$admin" >"$src/.git"
		[ "$(cat "$admin/gitdir")" = "$src/.git" ] || printf '%s\n' "$src/.git" >"$admin/gitdir"
		return
	fi
	rm -rf "$src" "$admin"
	git -C "$tree" worktree prune
	need_space "$base_dir" "$src_mib" "the work tree for compiling"
	step "tree/work tree for compiling" git -C "$tree" -c core.fsync=none -c core.hooksPath=/dev/null \
		worktree add -q --detach "$src" base || die "could not make ${src#"$top"/}"
	touch "$admin/complete"
}

# is_of_line IDENTITY: is it of the kind that scripts/bases names for the base?
is_of_line()
{
	local line
	line=$(line_of_base "$BASE" || :)
	case $1 in
	git*) [[ $line = git:* ]] ;;
	package*) [[ $line != git:* ]] ;;
	*) return 1 ;;
	esac
}

make_tree()
{
	local have want source=
	rm -rf "$tree.old" "$tree.tmp" "$tree.tmp.unpacking"
	have=$(tree_state base)
	if [ -n "${KERNEL:-}" ]; then
		want=$(kernel_identity) || exit 1
	elif [ -z "${UPDATE:-}" ] && is_of_line "$have"; then
		want=$have
	else
		if [ -z "$have" ]; then
			need_space "$base_dir" $((tree_mib + src_mib)) "the kernel tree"
		fi
		source=$("$top/scripts/kernel/get.sh" newest) || exit 1
		want=$(source_identity "$source") || exit 1
	fi
	if [ "$have" != "$want" ]; then
		if [ -n "$have" ]; then
			go_on
			[ -z "$(tree_work)" ] ||
				die "${tree#"$top"/} is made of $have, not of $want, and has $(tree_work)" \
					"make series writes commits into the mails; then call again"
			say "the tree was made of $have; making it anew"
		fi
		say "the base is $want"
		make_base "$want" "$source"
	fi
	[ -n "$only_base" ] || update_series
	make_src
	say "$BASE: ${want#package }, $(git -C "$tree" rev-list --count base..series) patches, in ${tree#"$top"/}"
}

only_base=
if [ "${1-}" = --base ]; then
	only_base=1
	shift
fi
no_arguments "$@"
[ -z "$fixes_dir" ] || [ -d "$fixes_dir" ] ||
	die "FIXES=1: there is no patches/fixes/$BASE" "there are: $(cd "$top/patches/fixes" && echo */)"
need git tar xz flock
kernel=
[ -z "${KERNEL:-}" ] || kernel=$(realpath -m "$KERNEL")
with_lock "tree-$BASE" make_tree
