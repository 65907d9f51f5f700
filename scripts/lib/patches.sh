# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
#
# Mails to commits and back. What git am drops, a mail's text between its "---"
# and the diffstat, goes along as the commit's git note, so that applying and
# writing again changes no byte. The cover letter's text has no commit and stays
# in its mail.
#
# Source it after scripts/lib/common.sh. It brings tree.sh.

. "$top/scripts/lib/tree.sh"

# git for work on the series: nothing of the user's configuration that would
# change what is applied or written.
git_plain()
{
	GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 \
		git -c core.hooksPath=/dev/null -c commit.gpgSign=false "$@"
}

# list_mails DIR|MAIL: the patches, one a line, without the cover letter.
list_mails()
{
	local mail
	[ ! -f "$1" ] || printf '%s\n' "$1"
	for mail in "$1"/[0-9][0-9][0-9][0-9]-*.patch; do
		case $mail in
		*/0000-*) ;;
		*) [ ! -e "$mail" ] || printf '%s\n' "$mail" ;;
		esac
	done
}

# touched_files MAIL...: by the names that they have before, and after
touched_files()
{
	sed -n 's|^diff --git a/\(.*\) b/\(.*\)$|\1\n\2|p' "$@" | sort -u
}

# new_repo DIR MESSAGE: make DIR a repository, with one commit of what is there: base
new_repo()
{
	git_plain -c init.defaultBranch=series init -q --template= "$1" &&
		git_plain -C "$1" add -A -f &&
		with_committer git_plain -C "$1" commit -q --allow-empty -m "$2" &&
		git_plain -C "$1" tag base
}

# quilt_series DIR: what its file "series" has to say.
quilt_series()
{
	printf '# SPDX-License-Identifier: GPL-2.0\n'
	list_mails "$1" | sed 's|.*/||'
}

# mails_hash DIR: changes when a patch or their order does.
mails_hash()
{
	local list
	mapfile -t list < <(list_mails "$1")
	{ [ ${#list[@]} -eq 0 ] || cat "${list[@]}"; } | sha256sum | cut -c1-64
}

# The committer of what git am makes: whom git has configured. The mails name
# only the author, so a machine that only tests needs no identity.
with_committer()
{
	local name email
	name=${GIT_COMMITTER_NAME:-$(git config user.name || true)}
	email=${GIT_COMMITTER_EMAIL:-$(git config user.email || true)}
	GIT_COMMITTER_NAME=${name:-nobody} GIT_COMMITTER_EMAIL=${email:-nobody@localhost} \
		GIT_AUTHOR_NAME=${name:-nobody} GIT_AUTHOR_EMAIL=${email:-nobody@localhost} \
		"$@"
}

# mail_note MAIL: its text between "---" and the diffstat.
mail_note()
{
	awk '
	/^diff --git / { exit }
	in_note { line[++n] = $0 }
	in_note && /^ [0-9]+ files? changed/ { stat = n - $1 }
	/^---$/ { in_note = 1 }
	END { for (i = 1; i < stat; i++) print line[i] }' "$1" | git stripspace
}

# set_note REPO COMMIT: standard input becomes its note, if there is any
set_note()
{
	local note
	note=$(cat)
	[ -n "$note" ] || return 0
	note=$(git -C "$1" hash-object -w --stdin <<<"$note") || return
	[ "$(git -C "$1" notes list "$2" 2>/dev/null)" = "$note" ] ||
		with_committer git_plain -C "$1" notes add -f -C "$note" "$2"
}

# format_mails REPO RANGE OPTION...: git format-patch, with options of the user's own
# out of the way.
format_mails()
{
	with_committer git_plain -C "$1" -c core.quotePath=true -c core.attributesFile=/dev/null \
		format-patch --zero-commit --no-signature --no-notes --no-base --no-thread \
		--no-attach --abbrev=12 --unified=3 --diff-algorithm=myers --find-renames=50% \
		--indent-heuristic "${@:3}" "$2"
}

# commit_mails REPO COMMIT DIR|MAIL...: commits of the mails of each DIR on top of COMMIT, as
# git am makes them, but beside REPO's branch and files, which in a kernel's tree is
# many times as quick; says which commit the last is. If one does not apply, says which
# hunk of which file, and returns 1.
commit_mails()
{
	local repo=$1 commit=$2 index dir mail status=0
	index=$(mktemp "${TMPDIR:-/tmp}/mails.XXXXXX")
	(
		export GIT_INDEX_FILE=$index
		git_plain -C "$repo" read-tree "$commit" || exit
		for dir in "${@:3}"; do
			while read -r mail; do
				commit=$(commit_mail "$repo" "$commit" "$mail") || exit
			done < <(list_mails "$dir")
		done
		printf '%s\n' "$commit"
	) || status=$?
	rm -f "$index"
	return $status
}

# apply_mails REPO COMMIT DIR: the branch series, which is checked out, becomes those
apply_mails()
{
	local commit
	commit=$(commit_mails "$@") && git_plain -C "$1" checkout -q -f -B series "$commit"
}

# commit_mail REPO COMMIT MAIL: one of them, on the index that is COMMIT's
commit_mail()
{
	local said
	said=$(git_plain mailinfo --no-scissors /dev/null /dev/fd/3 <"$3" 3>&1 >/dev/null |
		git_plain -C "$1" apply --cached --verbose 2>&1) || {
		printf '%s does not apply to %s:\n%s\n' "${3#"$top"/}" \
			"$(git -C "$1" log -1 --format=%s "$2")" "$said" >&2
		return 1
	}
	commit_as "$1" "$2" "$(git -C "$1" write-tree)" "$3"
}

# mail_field Author|Email|Subject|Date MAIL: decoded
mail_field()
{
	git_plain mailinfo --no-scissors /dev/null /dev/null <"$2" | sed -n "s/^$1: //p"
}

# commit_as REPO PARENT TREE MAIL: a commit of TREE with MAIL's author, message and note;
# says which it is
commit_as()
{
	local date commit
	date=$(mail_field Date "$4")
	commit=$({
		mail_field Subject "$4"
		echo
		git_plain mailinfo --no-scissors /dev/fd/3 /dev/null <"$4" 3>&1 >/dev/null
	} | git stripspace |
		with_committer env GIT_AUTHOR_NAME="$(mail_field Author "$4")" \
			GIT_AUTHOR_EMAIL="$(mail_field Email "$4")" \
			GIT_AUTHOR_DATE="$date" GIT_COMMITTER_DATE="$date" \
			git -C "$1" commit-tree -p "$2" "$3") || return
	mail_note "$4" | set_note "$1" "$commit" && printf '%s\n' "$commit"
}

# not_in_mails: what the tree has that the mails have not, or the other way round;
# nothing if it is what they make
not_in_mails()
{
	if [ "$(tree_state mails)" = "$(mails_hash "$mails")" ]; then
		tree_work
	else
		echo "other patches than the mails"
	fi
}

# need_tree_of_mails: end if the tree is not what the mails make, or what is sent is not
# what was tested.
need_tree_of_mails()
{
	local what
	need_tree
	what=$(not_in_mails)
	[ -z "$what" ] ||
		die "the mails are not what the tree has: ${tree#"$top"/} has $what" \
			"make series writes the tree's commits into the mails; make tree applies the mails"
}

# pile BRANCH ON DIR...: make BRANCH of $tree of ON and the mails of each DIR
pile()
{
	local commit
	commit=$(commit_mails "$tree" "${@:2}") && git -C "$tree" branch -q -f "$1" "$commit"
}

# mails_state DIR BRANCH: changes when the mails of DIR do, or BRANCH, which is below them
mails_state()
{
	{ git -C "$tree" rev-parse "$2" && mails_hash "$1"; } | sha256sum | cut -c1-64
}

# same_mails BRANCH ON DIR: note that BRANCH of $tree, which is on top of ON, and the
# mails of DIR are the same
same_mails()
{
	git -C "$tree" config "branch.$1.mails" \
		"$(mails_state "$3" "$2") $(git -C "$tree" rev-parse "$1")"
}

# mails_branch BRANCH ON DIR: make BRANCH of $tree of ON and the mails of DIR. One that
# has what the mails have is left as it is; so is one with commits of its own, which is
# an error.
mails_branch()
{
	local branch=$1 known
	if git -C "$tree" rev-parse -q --verify "refs/heads/$branch" >/dev/null; then
		known=$(git -C "$tree" config "branch.$branch.mails" || :)
		[ "$known" != "$(mails_state "$3" "$2") $(git -C "$tree" rev-parse "$branch")" ] || return 0
		[ "${known#* }" = "$(git -C "$tree" rev-parse "$branch")" ] ||
			die "branch $branch of ${tree#"$top"/} has commits of its own" \
				"to make mails of them: ${0#"$top"/} -w; to drop it: git -C ${tree#"$top"/} branch -D $branch"
	fi
	pile "$@" && same_mails "$@"
}

# series_on_fixes DIR: the series as it is on top of the fixes: what patches/fixes has of
# it in on-top, and all else as it is without them
series_on_fixes()
{
	local mail
	rm -rf "$1"
	mkdir -p "$1"
	cp "$top/patches/$BASE"/*.patch "$1"
	for mail in "$top/patches/fixes/$BASE"/on-top/[0-9]*.patch; do
		[ -e "$mail" ] || continue
		rm -f "$1/$(basename "$mail" | cut -c1-5)"*
		cp "$mail" "$1"
	done
	quilt_series "$1" >"$1/series"
}

# fixes_branches: make the branches fixes and fixed-series of $tree of patches/fixes/$BASE
fixes_branches()
{
	mails_branch fixes base "$top/patches/fixes/$BASE" &&
		series_on_fixes "$base_dir/on-fixes" &&
		mails_branch fixed-series fixes "$base_dir/on-fixes"
}

# write_mails REPO RANGE OLD NEW: write RANGE's commits, and OLD's cover letter
# brought up to date, into the empty folder NEW.
write_mails()
{
	local repo=$1 range=$2 old=$3 new=$4 commit mail n=0 note list
	mapfile -t list < <(git -C "$repo" rev-list --reverse "$range")
	[ ${#list[@]} -gt 0 ] || die "no patches in ${range#*..}" "commit to it first"
	if git -C "$repo" log --format=%B "$range" | grep -x -e '---' >/dev/null; then
		die "a commit's message has a line '---', which git am would cut it at" \
			"such text belongs into the commit's note: git notes edit"
	fi
	for commit in "${list[@]}"; do
		! git -C "$repo" diff --quiet "$commit^" "$commit" ||
			die "this commit changes nothing: $(git -C "$repo" log -1 --format='%h %s' "$commit")" \
				"make its change, and git commit --amend or --fixup it"
	done
	format_mails "$repo" "$range" -q -o "$new" -n --cover-letter
	for commit in "${list[@]}"; do
		n=$((n + 1))
		mail=$(printf '%s/%04d-' "$new" "$n")
		mail=$(echo "$mail"*.patch)
		note=$(git -C "$repo" notes show "$commit" 2>/dev/null | git stripspace || true)
		[ -n "$note" ] || continue
		printf '%s\n\n' "$note" >"$new/note"
		sed -i "0,/^---\$/{/^---\$/r $new/note
		}" "$mail"
		rm -f "$new/note"
	done
	if [ -e "$old/0000-cover-letter.patch" ]; then
		{
			cover_head "$old/0000-cover-letter.patch" |
				sed "1,/^\$/s|\(^Subject: .*PATCH.* 0*\)/[0-9]*\]|\1/${#list[@]}]|"
			cover_tail "$new/0000-cover-letter.patch"
		} >"$new/cover"
		mv "$new/cover" "$new/0000-cover-letter.patch"
	fi
}

# The cover letter's shortlog, from its first author line on to the end, and
# what stands before it.
cover_start()
{
	awk '{ line[NR] = $0 }
	END {
		for (i = NR; i && line[i] !~ /^ [0-9]+ files? changed/; i--)
			;
		for (; i && line[i] != ""; i--)
			;
		for (; i && line[i] ~ /^$|^  |^[^ ].* \([0-9]+\):$/; i--)
			if (line[i] ~ /\):$/)
				start = i
		print start ? start : NR + 1
	}' "$1"
}

cover_head()
{
	head -n $(($(cover_start "$1") - 1)) "$1"
}

cover_tail()
{
	tail -n +"$(cover_start "$1")" "$1"
}

# The numbers of a series' mails, i/n, as their subjects have them.
mail_number()
{
	sed -n 's|^Subject: \[PATCH[^]]* \([0-9]*/[0-9]*\)\].*|\1|p; /^$/q' "$1"
}

# mail_author MAIL: "Name <address>", decoded.
mail_author()
{
	printf '%s <%s>\n' "$(mail_field Author "$1")" "$(mail_field Email "$1")"
}

# mail_signers MAIL: all that signed it off, first to last.
mail_signers()
{
	sed -n '/^---$/q; s/^Signed-off-by: *//p' "$1"
}

# whoami_git: "Name <address>" as git has it; nothing if it has none
whoami_git()
{
	{ git -C "$top" var GIT_AUTHOR_IDENT 2>/dev/null || :; } | sed 's/>.*/>/'
}

# is_placeholder ADDRESS|"Name <address>": one that takes no mail. Its owner cannot be asked, so
# nobody may sign off by it: the names that are reserved for examples, this
# machine, and the addresses that a forge gives out to hide the real one.
is_placeholder()
{
	local address
	address=$(address_of "${1,,}")
	case $address in
	*@*.example | *@example.com | *@example.net | *@example.org) ;;
	*@*.invalid | *@*.test | *@localhost | *@localhost.* | *@*.localhost) ;;
	noreply@* | no-reply@* | *@noreply.* | *@*.noreply.*) ;;
	*@*.*) return 1 ;;
	esac
}

# address_of "Name <address>"
address_of()
{
	local address=${1##*<}
	printf '%s\n' "${address%>*}"
}
