#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Keep the series for other bases in step with mainline's: what has changed in
# patches/mainline since the last time is merged into patches/BASE, into its files
# and its messages, patch by patch (git merge-file).
#
# Usage: backport.sh [-n] BASE...
#
#   BASE   a line of scripts/bases, such as 6.1. One that has no patches of its own
#          yet gets mainline's, if these apply to it.
#   -n     only say whether there is something to carry
#
# patches/BASE/carried names the mails of mainline that have been carried, by git's
# name of their contents, so that what they were is found in the project's history.
#
# Where both sides have changed the same lines a person has to decide: the files
# are in build/BASE/carry/, with the usual markers, and each place is told. Edit them
# there and call again. Until then nothing else is changed.
#
# Exit status: 0 when all is in step, 1 if not, or if a hand is needed.

. "$(dirname "$0")/../lib/common.sh"
. "$top/scripts/lib/tree.sh"
. "$top/scripts/lib/patches.sh"

main_mails=$top/patches/mainline
main_tree=$build/mainline/tree
merging=$base_dir/carry
carried=$mails/carried

# mail_id FILE: git's name of it
mail_id()
{
	git hash-object "$1"
}

# What mainline's mails are now: a line each, name and mail
now_carried()
{
	local mail
	while read -r mail; do
		printf '%s %s\n' "$(mail_id "$mail")" "${mail##*/}"
	done < <(list_mails "$main_mails")
}

write_carried()
{
	local mail
	# So that they are found even before they are committed
	while read -r mail; do
		git -C "$top" hash-object -w "$mail" >/dev/null
	done < <(list_mails "$main_mails")
	{
		echo "# SPDX-License-Identifier: GPL-2.0"
		echo "# The mails of patches/mainline that these are made of (scripts/patches/backport.sh)"
		now_carried
	} >"$carried.new"
	mv "$carried.new" "$carried"
}

was_carried()
{
	grep -v '^#' "$carried"
}

in_step()
{
	[ -e "$carried" ] && cmp -s <(was_carried) <(now_carried)
}

# The old mails, as they were when they were carried
old_mails()
{
	local id name
	mkdir -p "$1"
	while read -r id name; do
		git -C "$top" cat-file blob "$id" >"$1/$name" 2>/dev/null ||
			die "patches/mainline/$name as it was carried ($id) is not in this clone's history" \
				"a shallow clone has not all of it: git fetch --unshallow"
	done < <(was_carried)
}

# paths MAIL...: the files that they change
paths()
{
	local mail
	for mail; do
		git apply --numstat -z "$mail" | tr '\0' '\n' | cut -f 3
	done | sort -u
}

# states MAILS OUT: of each mail the files that it changes, as it leaves them, in
# OUT/N/files, and what it says in OUT/N/message and OUT/N/note
states()
{
	local index=$2/index mail n=0 path
	mkdir -p "$2"
	GIT_INDEX_FILE=$index git -C "$main_tree" read-tree base
	while read -r mail; do
		n=$((n + 1))
		mkdir -p "$2/$n"
		GIT_INDEX_FILE=$index git -C "$main_tree" apply --cached "$mail" 2>/dev/null ||
			die "${mail##*/}, as it was carried or is now, does not apply to $(git -C "$main_tree" log -1 --format=%s base)" \
				"carry it from a base that it applies to: make tree KERNEL=..."
		while read -r path; do
			mkdir -p "$2/$n/files/$(dirname "$path")"
			GIT_INDEX_FILE=$index git -C "$main_tree" show ":$path" >"$2/$n/files/$path"
		done < <(paths "$mail")
		git mailinfo "$2/$n/body" /dev/null <"$mail" >"$2/$n/head"
		{
			sed -n 's/^Subject: \(\[PATCH[^]]*\] \)\{0,1\}//p' "$2/$n/head"
			echo
			cat "$2/$n/body"
		} | git stripspace >"$2/$n/message"
		mail_note "$mail" >"$2/$n/note"
	done < <(list_mails "$1")
	rm -f "$index"
	echo "$n" >"$2/count"
}

# merge OURS OLD NEW TO: returns 1 if a hand is needed
merge()
{
	local status=0
	mkdir -p "$(dirname "$4")"
	git merge-file -p --diff3 -L "$BASE" -L "mainline, carried" -L "mainline, now" \
		"$1" "$2" "$3" >"$4" || status=$?
	[ "$status" -lt 128 ] || die "git merge-file failed on $4"
	[ "$status" -eq 0 ]
}

# Into $merging: for each patch the files, message and note, merged
merge_all()
{
	local tmp=$merging.tmp n path commit ours needed=0
	rm -rf "$tmp" "$merging"
	mkdir -p "$tmp"
	old_mails "$tmp/old-mails"
	states "$tmp/old-mails" "$tmp/old"
	states "$main_mails" "$tmp/new"
	[ "$(cat "$tmp/old/count")" = "$(cat "$tmp/new/count")" ] ||
		die "mainline's series has $(cat "$tmp/new/count") patches now and had $(cat "$tmp/old/count")" \
			"make patches/$BASE of it by hand, then: rm patches/$BASE/carried"
	n=0
	while read -r commit; do
		n=$((n + 1))
		ours=$tmp/ours/$n
		mkdir -p "$ours/files"
		git -C "$tree" log -1 --format=%B "$commit" | git stripspace >"$ours/message"
		git -C "$tree" notes show "$commit" 2>/dev/null | git stripspace >"$ours/note" || true
		for path in message note; do
			merge "$ours/$path" "$tmp/old/$n/$path" "$tmp/new/$n/$path" "$tmp/to/$n/$path" ||
				needed=1
		done
		while read -r path; do
			if ! git -C "$tree" cat-file -e "$commit:$path" 2>/dev/null; then
				say "  $n/: $BASE has no $path: left out"
				continue
			fi
			mkdir -p "$(dirname "$ours/files/$path")"
			git -C "$tree" show "$commit:$path" >"$ours/files/$path"
			for side in old new; do
				[ -e "$tmp/$side/$n/files/$path" ] || {
					mkdir -p "$(dirname "$tmp/$side/$n/files/$path")"
					git -C "$main_tree" show "base:$path" >"$tmp/$side/$n/files/$path" 2>/dev/null || true
				}
			done
			merge "$ours/files/$path" "$tmp/old/$n/files/$path" "$tmp/new/$n/files/$path" \
				"$tmp/to/$n/files/$path" || needed=1
		done < <(cd "$tmp" && find "old/$n/files" "new/$n/files" -type f -printf '%P\n' | sort -u)
	done < <(git -C "$tree" rev-list --reverse base..series)
	[ "$n" -eq "$(cat "$tmp/new/count")" ] || die "patches/$BASE has $n patches, mainline's series $(cat "$tmp/new/count")"
	merge_of >"$tmp/to/of"
	mv "$tmp/to" "$merging"
	rm -rf "$tmp"
	return "$needed"
}

# What a merge is of
merge_of()
{
	now_carried
	git -C "$tree" rev-parse series
}

# Each place that needs a hand; nothing if none does
open_places()
{
	grep -rn '^<<<<<<< ' "$merging" | sed "s|^$top/||; s/:<<<<<<<.*//" || true
}

# The commits anew, with what was merged
commit_all()
{
	local index=$base_dir/carry.index commit parent new n=0 path note
	parent=$(git -C "$tree" rev-parse base)
	declare -A blobs=()
	while read -r commit; do
		n=$((n + 1))
		GIT_INDEX_FILE=$index git -C "$tree" read-tree "$commit"
		while read -r path; do
			blobs[$path]=$(git -C "$tree" hash-object -w "$merging/$n/files/$path")
		done < <(cd "$merging/$n/files" 2>/dev/null && find . -type f -printf '%P\n')
		for path in "${!blobs[@]}"; do
			GIT_INDEX_FILE=$index git -C "$tree" update-index --cacheinfo "100644,${blobs[$path]},$path"
		done
		new=$(GIT_INDEX_FILE=$index git -C "$tree" write-tree)
		new=$(with_committer env \
			GIT_AUTHOR_NAME="$(git -C "$tree" log -1 --format=%an "$commit")" \
			GIT_AUTHOR_EMAIL="$(git -C "$tree" log -1 --format=%ae "$commit")" \
			GIT_AUTHOR_DATE="$(git -C "$tree" log -1 --format=%aI "$commit")" \
			git -C "$tree" commit-tree -p "$parent" -F "$merging/$n/message" "$new")
		if [ -s "$merging/$n/note" ]; then
			note=$(git -C "$tree" hash-object -w "$merging/$n/note")
			with_committer git_plain -C "$tree" notes add -f -C "$note" "$new"
		fi
		parent=$new
	done < <(git -C "$tree" rev-list --reverse base..series)
	rm -f "$index"
	git_plain -C "$tree" checkout -q -f -B series "$parent"
}

carry()
{
	local places
	export BASE
	[ "$BASE" != mainline ] || die "scripts/patches/backport.sh: mainline's series is what is carried" "to: $(
		sed -n 's/^\([0-9][^ \t]*\).*/\1/p' "$top/scripts/bases" | tr '\n' ' ')"
	if [ -e "$carried" ] && in_step; then
		say "$BASE: in step with mainline's series"
		return
	fi
	if [ -n "$only_look" ]; then
		say "$BASE: mainline's series has changed since it was carried"
		return 1
	fi
	BASE=mainline "$top/scripts/kernel/tree.sh"
	"$top/scripts/kernel/tree.sh"
	if [ ! -d "$top/patches/$BASE" ]; then
		# The tree has mainline's, since they apply.
		mkdir "$top/patches/$BASE"
		FORCE=1 "$top/scripts/patches/series.sh"
		mails=$top/patches/$BASE carried=$top/patches/$BASE/carried
		write_carried
		say "$BASE: mainline's series applies as it is; give patches/$BASE/0000-cover-letter.patch its text"
		return
	fi
	[ -e "$carried" ] || {
		write_carried
		say "$BASE: made by hand until now; from here on it is known what it was made of"
		return
	}
	[ -z "$(tree_work)" ] || die "${tree#"$top"/} has $(tree_work)" "first: BASE=$BASE make series"
	if [ -e "$merging/of" ] && cmp -s "$merging/of" <(merge_of); then
		say "$BASE: going on with ${merging#"$top"/}"
	else
		merge_all || true
	fi
	places=$(open_places)
	if [ -n "$places" ]; then
		say "$BASE: a hand is needed here:"
		say "$places"
		die "both sides have changed these lines" "edit them, then call again: scripts/patches/backport.sh $BASE"
	fi
	commit_all
	FORCE=1 "$top/scripts/patches/series.sh"
	write_carried
	rm -rf "$merging"
	say "$BASE: carried; see what differs: scripts/patches/range-diff.sh $BASE"
}

only_look=
if [ "${1-}" = -n ]; then
	only_look=1
	shift
fi
arguments 1 99 "$@"
need git
if [ $# -gt 1 ]; then
	status=0
	for base; do
		"$0" ${only_look:+-n} "$base" || status=1
	done
	exit "$status"
fi
if [ "$BASE" != "$1" ]; then
	grep -q "^$1[[:space:]]" "$top/scripts/bases" ||
		die "scripts/patches/backport.sh: scripts/bases has no line for '$1'"
	BASE=$1 exec "$0" ${only_look:+-n} "$1"
fi
carry
