#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Begin the series for another base, and keep it in step with mainline's: what has
# changed in patches/mainline since the last time is merged into patches/BASE, into
# its files and its messages, patch by patch (git merge-file).
#
# Usage: backport.sh [-n] BASE...
#        backport.sh -i BASE [FROM]
#
#   BASE   a line of scripts/bases, such as 6.1. One that has no patches of its own
#          yet gets mainline's, if these apply to it.
#   -n     only say whether mainline's series has changed since
#   -i     begin: make patches/BASE of FROM's patches (mainline's), and apply to
#          build/BASE/tree what applies. Each hunk that does not is named, and left
#          in build/BASE/rejects/.
#
# patches/BASE/made-of names the patches of mainline that it was made of, by git's
# name of their contents, so that what they were is found in the project's history.
#
# Where both sides have changed the same lines a person has to decide: the files
# are in build/BASE/merge/, with the usual markers, and each place is told. Edit them
# there and call again. Until then nothing else is changed.
#
# Exit status: 0 when all is in step, or the base is begun with nothing rejected; 1
# if not, or if a hand is needed.

. "$(dirname "$0")/../lib/common.sh"
. "$top/scripts/lib/patches.sh"

main_mails=$top/patches/mainline
main_tree=$build/mainline/tree
merging=$base_dir/merge
rejects=$base_dir/rejects
made_of=$mails/made-of

# mail_id FILE: git's name of it
mail_id()
{
	git hash-object "$1"
}

# What mainline's patches are now: a line each, name and patch
made_of_now()
{
	local mail
	while read -r mail; do
		printf '%s %s\n' "$(mail_id "$mail")" "${mail##*/}"
	done < <(list_mails "$main_mails")
}

write_made_of()
{
	local mail
	# So that they are found even before they are committed
	while read -r mail; do
		git -C "$top" hash-object -w "$mail" >/dev/null
	done < <(list_mails "$main_mails")
	{
		echo "# SPDX-License-Identifier: GPL-2.0"
		echo "# The patches of patches/mainline that these are made of (scripts/patches/backport.sh)"
		made_of_now
	} >"$made_of.new"
	mv "$made_of.new" "$made_of"
}

made_of_then()
{
	grep -v '^#' "$made_of"
}

in_step()
{
	[ -e "$made_of" ] && cmp -s <(made_of_then) <(made_of_now)
}

# The old patches, as they were when these were made of them
old_mails()
{
	local id name
	mkdir -p "$1"
	while read -r id name; do
		git -C "$top" cat-file blob "$id" >"$1/$name" 2>/dev/null ||
			die "patches/mainline/$name as patches/$BASE was made of it ($id) is not in this clone's history" \
				"a shallow clone has not all of it: git fetch --unshallow"
	done < <(made_of_then)
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
			die "${mail##*/}, as it was or is now, does not apply to $(git -C "$main_tree" log -1 --format=%s base)" \
				"take mainline's tree from a base that it applies to: make tree KERNEL=..."
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
	git merge-file -p --diff3 -L "$BASE" -L "mainline, then" -L "mainline, now" \
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
			"make patches/$BASE of it by hand, then: rm patches/$BASE/made-of"
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
	made_of_now
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
	local index=$base_dir/backport.index commit parent new n=0 path note
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

# patches_of_base: make those of a base that has none. The tree has mainline's, since
# they apply.
patches_of_base()
{
	mkdir "$top/patches/$BASE"
	FORCE=1 "$top/scripts/patches/series.sh" || {
		rmdir "$top/patches/$BASE"
		exit 1
	}
	mails=$top/patches/$BASE made_of=$top/patches/$BASE/made-of
}

backport()
{
	local places
	export BASE
	if in_step; then
		say "$BASE: in step with mainline's series"
		return
	fi
	if [ -n "$only_look" ]; then
		say "$BASE: mainline's series has changed since this was made of it"
		return 1
	fi
	BASE=mainline "$top/scripts/kernel/tree.sh"
	"$top/scripts/kernel/tree.sh" || {
		[ -d "$top/patches/$BASE" ] ||
			say "       to begin with what applies of them: scripts/patches/backport.sh -i $BASE" >&2
		exit 1
	}
	if [ ! -d "$top/patches/$BASE" ]; then
		patches_of_base
		write_made_of
		say "$BASE: mainline's series applies as it is; give patches/$BASE/0000-cover-letter.patch its text"
		return
	fi
	[ -e "$made_of" ] || {
		write_made_of
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
	write_made_of
	rm -rf "$merging"
	say "$BASE: backported; see what differs: scripts/patches/range-diff.sh $BASE"
}

# diff_of MAIL PATH: the patch of that file alone
diff_of()
{
	# The file with an index line of its own; a signature is no line of the patch.
	awk -v path="$2" '
	/^diff --git / { in_it = index($0, "diff --git a/" path " ") == 1 }
	/^-- $/ { in_it = 0 }
	in_it' "$1"
}

# apply_file MAIL PATH REJECT: what applies of that file's hunks is applied. If some
# do not, they are in REJECT, and a line for each says where it belongs; returns 1.
apply_file()
{
	local mail=$1 path=$2 reject=$3 said
	mkdir -p "${reject%/*}"
	diff_of "$mail" "$path" >"$reject.all"
	if said=$(git_plain -C "$tree" apply --reject --verbose "$reject.all" 2>&1); then
		rm -f "$reject.all"
		return 0
	fi
	if [ -e "$tree/$path.rej" ]; then
		mv "$tree/$path.rej" "$reject"
		rm -f "$reject.all"
	else
		mv "$reject.all" "$reject"
		# No such file, or one that is new has been there before
		grep -E -m 1 '^error:' <<<"$said" | sed "s|^error: *\($path: \)*|    $path: nothing applies: |" || :
		return 1
	fi
	diff_of "$mail" "$path" | grep '^@@' | awk -v path="$path" -v said="$said" '
	BEGIN {
		n = split(said, line, "\n")
		for (i = 1; i <= n; i++)
			if (sub(/^Rejected hunk #/, "", line[i]))
				rejected[line[i] + 0] = 1
	}
	{ hunk[NR] = $0 }
	END {
		for (i = 1; i <= NR; i++)
			if (i in rejected)
				printf "    %s: hunk %d of %d: %s\n", path, i, NR, hunk[i]
	}'
	return 1
}

# apply_partly MAIL N: commit of it what applies
apply_partly()
{
	local mail=$1 n=$2 path note status=0
	while read -r path; do
		apply_file "$mail" "$path" "$rejects/$n/$path.rej" || status=1
	done < <(paths "$mail")
	git mailinfo "$rejects/body" /dev/null <"$mail" >"$rejects/head"
	{
		sed -n 's/^Subject: \(\[PATCH[^]]*\] \)\{0,1\}//p' "$rejects/head"
		echo
		cat "$rejects/body"
	} | git stripspace >"$rejects/message"
	git_plain -C "$tree" add -A
	with_committer git_plain -C "$tree" commit -q --allow-empty -F "$rejects/message" \
		--author="$(mail_author "$mail")" --date="$(sed -n 's/^Date: //p' "$rejects/head")"
	mail_note "$mail" >"$rejects/note"
	if [ -s "$rejects/note" ]; then
		note=$(git -C "$tree" hash-object -w "$rejects/note")
		with_committer git_plain -C "$tree" notes add -f -C "$note" HEAD
	fi
	rm -f "$rejects"/{body,head,message,note}
	return "$status"
}

begin()
{
	local from=$top/patches/$1 to=$top/patches/$BASE mail n=0 open=0 count
	export BASE
	[ ! -e "$to" ] || die "patches/$BASE is there already" \
		"to bring it up to date: scripts/patches/backport.sh $BASE"
	[ -s "$from/series" ] || die "there are no patches in patches/$1 to begin with"
	[ "$1" = mainline ] || "$0" -n "$1" >/dev/null ||
		die "$1 is not in step with mainline's series itself" "first: scripts/patches/backport.sh $1"
	"$top/scripts/kernel/tree.sh" --base
	[ -z "$(tree_work)" ] || die "${tree#"$top"/} has $(tree_work)" \
		"to drop that: git -C ${tree#"$top"/} checkout -f -B series base"
	rm -rf "$rejects"
	mkdir -p "$rejects"
	git_plain -C "$tree" checkout -q -f -B series base
	while read -r mail; do
		n=$((n + 1))
		say "$BASE: ${mail##*/}"
		count=$(sed -n 's/^Subject: .*\/\([0-9]*\)\].*/\1/p; /^$/q' "$mail")
		apply_partly "$mail" "$(printf '%04d' "$n")" || {
			open=1
			say "    the rest of $n/$count is in ${rejects#"$top"/}/$(printf '%04d' "$n")/;" \
				"its commit is $(git -C "$tree" rev-parse --short=12 HEAD)"
		}
	done < <(list_mails "$from")
	find "$rejects" -type d -empty -delete
	# All is there: the folder comes to be in one step.
	rm -rf "$to.new"
	mkdir "$to.new"
	cp "$from"/*.patch "$from/series" "$to.new/"
	if [ "$1" = mainline ]; then
		made_of=$to.new/made-of
		write_made_of
	else
		cp "$from/made-of" "$to.new/"
	fi
	mv "$to.new" "$to"
	set_tree_state "$tree" "$(tree_state base)" "$(mails_hash "$to")" "$(git -C "$tree" rev-parse base)"
	if [ "$open" = 0 ]; then
		FORCE=1 "$top/scripts/patches/series.sh"
		say "$BASE: all applies; give patches/$BASE/0000-cover-letter.patch its text, then:"
		say "    make check BASE=$BASE"
		return
	fi
	say
	say "$BASE: patches/$BASE has $1's patches, ${tree#"$top"/} what applies of them. Next:"
	say "    cd ${tree#"$top"/}              make the changes that are in the .rej files, one patch at a time"
	say "    git commit -a --fixup=COMMIT     the commit that is named above"
	say "    git rebase -i --autosquash base"
	say "    make series BASE=$BASE           writes patches/$BASE; then its messages, and the cover letter"
	say "    make check BASE=$BASE            fails until the patches apply and pass"
	return 1
}

# Each of these needs a line of the list of bases.
must_be_base()
{
	[ "$1" != mainline ] || die "mainline's series is what the others are made of" "to: $(
		awk '/^[0-9]/ { printf "%s ", $1 }' "$bases_file")"
	line_of_base "$1" >/dev/null ||
		die "scripts/patches/backport.sh: ${bases_file#"$top"/} has no line for '$1'" \
			"its head says what a line has"
}

only_look=
case ${1-} in
-i)
	{ [ $# -ge 2 ] && [ $# -le 3 ]; } || usage_error "-i takes a base, and what to begin with"
	need git
	must_be_base "$2"
	[ "$BASE" = "$2" ] || BASE=$2 exec "$0" "$@"
	begin "${3:-mainline}"
	exit
	;;
-n)
	only_look=1
	shift
	;;
-*) usage_error "unknown option '$1'" ;;
esac
arguments 1 99 "$@"
without_fixes
need git
if [ $# -gt 1 ]; then
	status=0
	for base; do
		"$0" ${only_look:+-n} "$base" || status=1
	done
	exit "$status"
fi
must_be_base "$1"
[ "$BASE" = "$1" ] || BASE=$1 exec "$0" ${only_look:+-n} "$1"
backport
