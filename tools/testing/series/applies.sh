#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The series' hygiene: it applies to every kernel that it is for, mails to tree
# to mails changes nothing, and checkpatch, get_maintainer and kernel-doc have
# nothing to say that they do not say without it.
#
# Usage: [BASE=name] applies.sh
# TAP on stdout. Exit status: 0 if all passed, 1 otherwise.
#
# groups: check host
# bases: all

. "$(dirname "$0")/../../../scripts/lib/tap.sh"
. "$top/scripts/lib/patches.sh"

work=$base_dir/check
mapfile -t patches < <(list_mails "$mails")

no_arguments "$@"
need git perl dpkg-deb
need_tree
mkdir -p "$work"

three_patches()
{
	local i=0 mail
	echo "there are ${#patches[@]} patches in ${mails#"$top"/}"
	[ ${#patches[@]} -eq 3 ] && ls "$mails/0000-cover-letter.patch" || return
	if grep -nE '^\*\*\* (BLURB|SUBJECT)|\*\*\* SUBJECT' "$mails/0000-cover-letter.patch"; then
		echo "the cover letter is not written"
		return 1
	fi
	for mail in "$mails/0000-cover-letter.patch" "${patches[@]}"; do
		grep -q "^Subject: \[PATCH $i/3\] " "$mail" || {
			echo "$mail is not numbered $i/3"
			return 1
		}
		i=$((i + 1))
	done
}

# The tree is what the mails make; else what is compiled here is not they.
tree_is_mails()
{
	local what
	what=$(not_in_mails)
	[ -z "$what" ] || {
		echo "${tree#"$top"/} has $what; make series, or make tree, brings them together"
		return 1
	}
}

# small_repo NAME COMMAND...: a repository with only the files that the patches
# touch, and the one that decides how a hunk's function is found: COMMAND DIR FILE...
# puts them into its folder; prints its path.
small_repo()
{
	local repo=$work/$1 files
	mapfile -t files < <(echo .gitattributes && touched_files "${patches[@]}")
	rm -rf "$repo"
	mkdir -p "$repo"
	"${@:2}" "$repo" "${files[@]}" >&2
	new_repo "$repo" "$1"
	printf '%s\n' "$repo"
}

# is_older PACKAGE: than the package that the base is of? The series is not for it.
is_older()
{
	local base
	base=$(tree_state base | sed -n 's/^package \([^ ]*\) /\1_/p')
	[ -n "$base" ] && [ "$(printf '%s\n' "$base" "$1" | sort -V | tail -n 1)" = "$base" ]
}

# git am makes the commits that all else here is made of. It takes no fuzz: a hunk's
# context has to be there, if at other lines.
applies()
{
	local commit
	commit=$(commit_mails "$1" base "$mails") || return
	with_committer git_plain -C "$1" am -q --committer-date-is-author-date "${patches[@]}" >"$1.log" 2>&1 || :
	cat "$1.log"
	# It may apply with something to say: whitespace, for instance.
	[ ! -s "$1.log" ] && [ "$(git -C "$1" rev-parse HEAD)" = "$commit" ]
}

# Index lines and line numbers tell which base the mails were written on.
without_base()
{
	sed 's/^index [0-9a-f]*\.\.[0-9a-f]*/index/; s/^@@ .* @@.*/@@/' "$1"
}

# The base's own blobs are those that the mails name.
same_base()
{
	local repo=$1 mail id rest
	for mail in "${patches[@]}"; do
		while read -r id rest; do
			[[ $id =~ ^0+$ ]] || git -C "$repo" cat-file -e "$id" 2>/dev/null || return 1
		done < <(sed -n 's/^index \([0-9a-f]*\)\.\..*/\1/p' "$mail")
	done
}

# The small repository has the mails applied already.
round_trip()
{
	local repo=$1 new=$work/round-trip mail failed=0
	rm -rf "$new"
	mkdir -p "$new"
	write_mails "$repo" base..HEAD "$mails" "$new"
	if same_base "$repo"; then
		# With FIXES=1 the cover letter is the series' own, and has its diffstat.
		diff -ru "$mails" "$new" -x README\* -x CHANGES -x series -x made-of \
			${fixes_dir:+-x 0000-cover-letter.patch}
		return
	fi
	echo "# the mails were written on another base: line numbers aside"
	for mail in "$mails"/0*.patch; do
		diff -u <(without_base "$mail") <(without_base "$new/${mail##*/}") || failed=1
	done
	return "$failed"
}

# FILE_PATH_CHANGES asks whether MAINTAINERS knows an added file; the test with
# get_maintainer answers that.
checkpatch()
{
	(cd "$tree" && perl scripts/checkpatch.pl --strict --no-summary --color=never \
		--ignore FILE_PATH_CHANGES "$@")
}

has_maintainer()
{
	local out
	out=$(cd "$tree" && perl scripts/get_maintainer.pl --no-git --no-git-fallback "$@") || return 1
	printf '%s\n' "$out"
	grep -qE '\((maintainer|supporter)[:)]' <<<"$out" && grep -q ' list' <<<"$out"
}

# kernel_doc REV FILE: what kernel-doc says, without line numbers.
kernel_doc()
{
	local dir=$work/kernel-doc/$1
	mkdir -p "$dir/$(dirname "$2")"
	git -C "$tree" show "$1:$2" >"$dir/$2" 2>/dev/null || return 0
	(cd "$dir" && python3 "$(realpath "$tree/scripts/kernel-doc")" -Wall -none "$2" 2>&1) |
		sed 's/:[0-9][0-9]*/:/' | sort
}

kernel_doc_is_clean()
{
	local file new
	while read -r file; do
		new=$(comm -13 <(kernel_doc base "$file") <(kernel_doc series "$file"))
		printf '%s' "$new"
		[ -z "$new" ] || return
	done < <(git -C "$tree" diff --name-only base series -- '*.c' '*.h')
}

tap "three patches and a cover letter" three_patches
tap "the tree has the mails' commits" tree_is_mails

if [ ${#patches[@]} -gt 0 ]; then
	repo=$(small_repo base tree_files base)
	tap "applies without a word to $(tree_state base | cut -d' ' -f2-)" applies "$repo"
	tap "mails to tree to mails changes nothing" round_trip "$repo"
	sources=$("$top/scripts/kernel/get.sh" all 2>"$work/fetch.log") ||
		tap_fail "the sources to apply to are there" "$work/fetch.log"
	for source in $sources; do
		[ "$(source_identity "$source")" != "$(tree_state base)" ] || continue
		# No other kernel has the fixes.
		[ -z "$fixes_dir" ] || break
		name=$(source_name "$source")
		! is_older "$name" || continue
		repo=$(small_repo "$name" "$top/scripts/kernel/files.sh" "$source")
		tap "applies without a word to $name" applies "$repo"
	done
	for mail in "${patches[@]}"; do
		tap "checkpatch --strict: ${mail##*/}" checkpatch "$mail"
		tap "get_maintainer finds a maintainer and a list: ${mail##*/}" has_maintainer "$mail"
	done
	tap "kernel-doc says nothing new" kernel_doc_is_clean
fi

tap_end
