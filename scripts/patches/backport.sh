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

# What mainline's patches are now: a line each, git's name of it and the file's
made_of_now()
{
	local mail
	while read -r mail; do
		printf '%s %s\n' "$(git hash-object "$mail")" "${mail##*/}"
	done < <(list_mails "$main_mails")
}

made_of_then()
{
	grep -v '^#' "$made_of"
}

write_made_of()
{
	# So that they are found even before they are committed
	list_mails "$main_mails" | git -C "$top" hash-object -w --stdin-paths >/dev/null
	{
		echo "# SPDX-License-Identifier: GPL-2.0"
		echo "# The patches of patches/mainline that these are made of (scripts/patches/backport.sh)"
		made_of_now
	} >"$made_of.new"
	mv "$made_of.new" "$made_of"
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

# states TREE RANGE OUT PATH...: of each commit those of the files that it has, in
# OUT/N/files, and what it says, in OUT/N/message and OUT/N/note
states()
{
	local tree=$1 out=$3 commit n=0
	for commit in $(git -C "$tree" rev-list --reverse "$2"); do
		n=$((n + 1))
		tree_files "$commit" "$out/$n/files" "${@:4}"
		git -C "$tree" log -1 --format=%B "$commit" | git stripspace >"$out/$n/message"
		{ git -C "$tree" notes show "$commit" 2>/dev/null || :; } | git stripspace >"$out/$n/note"
	done
	echo "$n" >"$out/count"
}

# main_states MAILS OUT PATH...: the same of mainline's base with these mails
main_states()
{
	local commit
	commit=$(commit_mails "$main_tree" base "$1") ||
		die "mainline's patches, as they were or are now, do not apply to $(git -C "$main_tree" log -1 --format=%s base)" \
			"take mainline's tree from a base that they apply to: make tree KERNEL=..."
	states "$main_tree" "base..$commit" "${@:2}"
}

# merge WORK N FILE: into WORK/to, from WORK/ours, with what changed from WORK/old to
# WORK/new
merge()
{
	local status=0
	mkdir -p "$(dirname "$1/to/$2/$3")"
	git merge-file -p --diff3 -L "$BASE" -L "mainline, then" -L "mainline, now" \
		"$1/ours/$2/$3" "$1/old/$2/$3" "$1/new/$2/$3" >"$1/to/$2/$3" || status=$?
	[ "$status" -lt 128 ] || die "git merge-file failed on $2/$3 in $1"
}

# Into $merging: for each patch the files, message and note, merged
merge_all()
{
	local tmp=$merging.tmp n path paths counts
	rm -rf "$tmp" "$merging"
	old_mails "$tmp/old-mails"
	mapfile -t paths < <(touched_files "$tmp"/old-mails/* "$main_mails"/0*.patch)
	main_states "$tmp/old-mails" "$tmp/old" "${paths[@]}"
	main_states "$main_mails" "$tmp/new" "${paths[@]}"
	states "$tree" base..series "$tmp/ours" "${paths[@]}"
	read -ra counts <<<"$(cat "$tmp"/{old,new,ours}/count | tr '\n' ' ')"
	[ "${counts[0]}" = "${counts[1]}" ] ||
		die "mainline's series has ${counts[1]} patches now and had ${counts[0]}" \
			"make patches/$BASE of it by hand, then: rm patches/$BASE/made-of"
	[ "${counts[2]}" = "${counts[1]}" ] ||
		die "patches/$BASE has ${counts[2]} patches, mainline's series ${counts[1]}"
	for ((n = 1; n <= counts[1]; n++)); do
		merge "$tmp" "$n" message
		merge "$tmp" "$n" note
		for path in "${paths[@]/#/files/}"; do
			if [ ! -e "$tmp/ours/$n/$path" ]; then
				[ ! -e "$tmp/new/$n/$path" ] || say "  $n/: $BASE has no ${path#files/}: left out"
			elif [ -e "$tmp/old/$n/$path" ] && [ -e "$tmp/new/$n/$path" ]; then
				merge "$tmp" "$n" "$path"
			fi
		done
	done
	merge_of >"$tmp/to/of"
	mv "$tmp/to" "$merging"
	rm -rf "$tmp"
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

in_index()
{
	GIT_INDEX_FILE=$base_dir/backport.index git_plain --git-dir="$tree/.git" "$@"
}

# The commits anew, with what was merged; author and date stay
commit_all()
{
	local commit parent new n=0
	parent=$(git -C "$tree" rev-parse base)
	for commit in $(git -C "$tree" rev-list --reverse base..series); do
		n=$((n + 1))
		in_index read-tree "$commit"
		in_index --work-tree="$merging/$n/files" add --ignore-removal "$merging/$n/files"
		new=$(in_index write-tree)
		parent=$({
			printf 'tree %s\nparent %s\n' "$new" "$parent"
			git -C "$tree" cat-file commit "$commit" | grep -m 2 -E '^(author|committer) '
			echo
			cat "$merging/$n/message"
		} | git -C "$tree" hash-object -t commit -w --stdin)
		set_note "$tree" "$parent" <"$merging/$n/note"
	done
	rm -f "$base_dir/backport.index"
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
	made_of=$top/patches/$BASE/made-of
	write_made_of
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
		merge_all
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
	local path=$2 reject=$3 said hunks
	mkdir -p "${reject%/*}"
	diff_of "$1" "$path" >"$reject"
	hunks=$(grep '^@@' "$reject")
	if said=$(git_plain -C "$tree" apply --reject "$reject" 2>&1); then
		rm "$reject"
		return
	fi
	if [ -e "$tree/$path.rej" ]; then
		mv "$tree/$path.rej" "$reject"
		grep '^@@' "$reject" | grep -nxF -f - <(echo "$hunks") |
			sed "s|^\([0-9]*\):|    $path: hunk \1 of $(wc -l <<<"$hunks"): |"
	else
		# No such file, or one that is new has been there before
		sed -n "s|^error: *\($path: \)*|    $path: nothing applies: |p" <<<"$said" | head -n 1
	fi
	return 1
}

# apply_partly MAIL REJECTS: commit of it what applies
apply_partly()
{
	local path status=0
	while read -r path; do
		apply_file "$1" "$path" "$2/$path.rej" || status=1
	done < <(touched_files "$1")
	git_plain -C "$tree" add -A
	git -C "$tree" update-ref refs/heads/series \
		"$(commit_as "$tree" series "$(git -C "$tree" write-tree)" "$1")"
	return $status
}

begin()
{
	local from=$top/patches/$1 to=$top/patches/$BASE mail number open=0
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
	git_plain -C "$tree" checkout -q -f -B series base
	while read -r mail; do
		say "$BASE: ${mail##*/}"
		number=$(basename "$mail" | cut -c1-4)
		apply_partly "$mail" "$rejects/$number" || {
			open=1
			say "    the rest of $(mail_number "$mail") is in ${rejects#"$top"/}/$number/;" \
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
	cat <<-EOF

		$BASE: patches/$BASE has $1's patches, ${tree#"$top"/} what applies of them. Next:
		    cd ${tree#"$top"/}              make the changes that are in the .rej files, one patch at a time
		    git commit -a --fixup=COMMIT     the commit that is named above
		    git rebase -i --autosquash base
		    make series BASE=$BASE           writes patches/$BASE; then its messages, and the cover letter
		    make check BASE=$BASE            fails until the patches apply and pass
	EOF
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
	arguments 1 2 "${@:2}"
	need git
	must_be_base "$2"
	[ "$BASE" = "$2" ] || BASE=$2 exec "$0" "$@"
	begin "${3:-mainline}"
	exit
	;;
-n)
	only_look=-n
	shift
	;;
esac
arguments 1 99 "$@"
without_fixes
need git
if [ $# -gt 1 ]; then
	status=0
	for base; do
		"$0" $only_look "$base" || status=1
	done
	exit "$status"
fi
must_be_base "$1"
[ "$BASE" = "$1" ] || BASE=$1 exec "$0" $only_look "$1"
backport
