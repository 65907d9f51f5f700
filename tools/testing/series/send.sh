#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Send the series: to a program that keeps what it gets, from a copy of this
# project in build/test/send, by somebody who has a home of his own there. What
# arrives has the subjects, the threading and the recipients that the lists want,
# and git am makes the series of it. And all that must not be sent is refused.
#
# Usage: [BASE=name] send.sh
# TAP on stdout. Exit status: 0 if all passed, 1 otherwise.
#
# groups: test host packaging
# bases: mainline

. "$(dirname "$0")/../../../scripts/lib/common.sh"
. "$top/scripts/lib/tap.sh"
. "$top/scripts/lib/tree.sh"
. "$top/scripts/lib/patches.sh"

no_arguments "$@"

work=$build/test/send
project=$work/project
# The copy's tree; $tree is the whole one, which is only read.
copy=$project/build/$BASE/tree
copy_mails=$project/${mails#"$top"/}
# Its address takes mail only in the sender's own house (RFC 8375), but is none of
# those that cannot be somebody's. The name is not ASCII, as many are not.
me="Ada Tésteur <ada@kernel.home.arpa>"
posting=20211123112104.3530135-1-hsinyi@chromium.org

need git perl
[ -d "$src" ] || die "no tree in ${tree#"$top"/}" "make it with: make tree"
mapfile -t patches < <(list_mails "$mails")
count=${#patches[@]}

# must WHAT COMMAND...: end the test with WHAT if the command fails.
must()
{
	local what=$1
	shift
	"$@" || {
		printf '%s\n' "$what"
		exit 1
	}
}

# must_not WHAT COMMAND...
must_not()
{
	local what=$1
	shift
	! "$@" || {
		printf '%s\n' "$what"
		exit 1
	}
}

# --- the copy of the project, and who sends ---------------------------------

# What get_maintainer.pl wants to see, and the files of the patches.
small_tree()
{
	local files
	mkdir -p "$copy"
	mapfile -t files < <(sed -n 's|^diff --git a/\(.*\) b/.*$|\1|p' "${patches[@]}" | sort -u)
	mapfile -t files < <(git -C "$tree" ls-tree -r --name-only base -- "${files[@]}" \
		.gitattributes COPYING CREDITS Kbuild MAINTAINERS Makefile README scripts/get_maintainer.pl)
	git -C "$tree" archive base -- "${files[@]}" | tar -x -C "$copy"
	mkdir -p "$copy"/{Documentation,arch,include,drivers,fs,init,ipc,kernel,lib,scripts}
	git_plain -c init.defaultBranch=series init -q --template= "$copy"
	git_plain -C "$copy" add -A -f
	with_committer git_plain -C "$copy" commit -q -m base
	git_plain -C "$copy" tag base
	apply_mails "$copy" "$copy_mails"
	set_tree_state "$copy" "$(tree_state base)" "$(mails_hash "$copy_mails")" \
		"$(git -C "$copy" rev-parse series)"
}

make_project()
{
	rm -rf "$work"
	mkdir -p "$project" "$work/home" "$work/got"
	cp -a "$top/scripts" "$top/patches" "$project/"
	small_tree
	cat >"$work/sendmail" <<-'EOF'
		#!/bin/sh
		# Keep a mail, and whom it goes to.
		n=$(ls "$GOT" | grep -c 'mail$')
		cat >"$GOT/$n.mail"
		for to; do
			case $to in
			-*) ;;
			*) printf '%s\n' "$to" ;;
			esac
		done >"$GOT/$n.to"
	EOF
	chmod +x "$work/sendmail"
	git config --file "$work/home/.gitconfig" user.name "${me% <*}"
	git config --file "$work/home/.gitconfig" user.email "$(address_of "$me")"
	git config --file "$work/home/.gitconfig" sendemail.sendmailCmd "$work/sendmail"
	git config --file "$work/home/.gitconfig" sendemail.confirm never
}

# No network, where the machine lets us have none.
offline=()
! unshare -rn true 2>/dev/null || offline=(unshare -rn)

# in_project SCRIPT [NAME=VALUE...]: as the sender, in the copy.
in_project()
{
	local script=$1
	shift
	env -u SEND -u VERSION -u KERNEL -u EMAIL -u XDG_CONFIG_HOME -u GIT_CONFIG_GLOBAL \
		-u GIT_AUTHOR_NAME -u GIT_AUTHOR_EMAIL -u GIT_COMMITTER_NAME -u GIT_COMMITTER_EMAIL \
		HOME="$work/home" GOT="$work/got" BASE="$BASE" GIT_CONFIG_NOSYSTEM=1 \
		GIT_CEILING_DIRECTORIES="$work" "$@" "${offline[@]}" "$project/scripts/patches/$script"
}

nothing_was_sent()
{
	must "something was sent" test -z "$(ls -A "$work/got")"
}

# refused TEXT SCRIPT [NAME=VALUE...]: it fails, says TEXT, and sends nothing.
refused()
{
	local text=$1
	shift
	rm -f "$work"/got/*
	must_not "it did not fail" in_project "$@" >"$work/out" 2>&1
	cat "$work/out"
	must "it does not say: $text" grep -F -e "$text" "$work/out" >/dev/null
	nothing_was_sent
}

# --- what arrived -----------------------------------------------------------

got()
{
	printf '%s\n' "$work/got/$1.mail"
}

# field NAME MAIL: a header's value in one line.
field()
{
	awk -v name="${1,,}:" '
	/^\r?$/ { exit }
	/^[ \t]/ { if (here) value = value " " $0; next }
	{ here = tolower(substr($0, 1, length(name))) == name; if (here) value = substr($0, length(name) + 1) }
	END { gsub(/[ \t]+/, " ", value); sub(/^ /, "", value); print value }' "$2"
}

# addresses NAME... MAIL, sorted
addresses()
{
	local mail=${!#} name
	for name in "${@:1:$#-1}"; do
		field "$name" "$mail"
	done | tr ',' '\n' | sed 's/.*<//; s/>.*//; s/ //g; /^$/d' | sort -u
}

# The whole tree's get_maintainer.pl, asked in another way than send.sh does.
maintainers_of()
{
	local mail=$1
	shift
	(cd "$tree" && perl scripts/get_maintainer.pl --no-git --no-git-fallback --no-rolestats \
		--no-n "$@" "$mail") | sort -u
}

# --- the tests --------------------------------------------------------------

dry_run()
{
	in_project send.sh >"$work/out" 2>&1 || {
		cat "$work/out"
		exit 1
	}
	cat "$work/out"
	must "it does not say that nothing was sent" grep -F "nothing was sent" "$work/out" >/dev/null
	nothing_was_sent
}

dry_run_tells()
{
	dry_run
	must "no word of the placeholders" grep -F "Signed-off-by is a placeholder" "$work/out" >/dev/null
	must "no word of how to change that" grep -F "make sign" "$work/out" >/dev/null
}

# A sign-off that is real, but not the sender's.
refuses_others()
{
	git config --file "$work/home/.gitconfig" user.name "Somebody Else"
	refused "the last Signed-off-by is not yours: Somebody Else" send.sh SEND=1
	must "no word of the certificate" grep -F "(DCO)" "$work/out" >/dev/null
}

no_git_send_email()
{
	local bin=$work/exec file
	mkdir -p "$bin"
	for file in "$(git --exec-path)"/*; do
		[ "${file##*/}" = git-send-email ] || ln -sf "$file" "$bin/"
	done
	refused "missing: git send-email" send.sh GIT_EXEC_PATH="$bin"
	must "no word of how to get it" grep -F "make deps" "$work/out" >/dev/null
}

sign()
{
	local mail before
	before=$(git -C "$copy" rev-parse 'series^{tree}')
	for mail in "${patches[@]}"; do
		mail_note "$mail" >"$work/${mail##*/}.note"
	done
	in_project sign.sh || exit 1
	must "the series is another" test "$before" = "$(git -C "$copy" rev-parse 'series^{tree}')"
	for mail in "${patches[@]}"; do
		must "${mail##*/}: another text below ---" \
			cmp "$work/${mail##*/}.note" <(mail_note "$copy_mails/${mail##*/}")
	done
	for mail in "$copy_mails"/*.patch "$project"/patches/dt-schema/*.patch; do
		must "${mail##*/} is not from me, but $(mail_author "$mail")" \
			test "$(mail_author "$mail")" = "$me"
		[[ $mail = *0000-* ]] || must "${mail##*/} is not signed off by me alone" \
			test "$(mail_signers "$mail")" = "$me"
	done
	cp -a "$project/patches" "$work/signed"
	in_project sign.sh || exit 1
	must "twice is not the same as once" diff -r "$work/signed" "$project/patches"
}

sends_all()
{
	local log=$work/sent.log
	rm -rf "$work/got"
	mkdir "$work/got"
	in_project send.sh SEND=1 "$@" >"$log" 2>&1 || {
		cat "$log"
		exit 1
	}
	must "$(find "$work/got" -name '*.mail' | wc -l) mails arrived, not $((count + 1))" \
		test "$(find "$work/got" -name '*.mail' | wc -l)" -eq $((count + 1))
	must "where it will be on lore is not told" \
		grep -F "https://lore.kernel.org/r/$(field Message-ID "$(got 0)" | tr -d '<>')" "$log" >/dev/null
}

# subjects PREFIX
subjects()
{
	local i
	for ((i = 0; i <= count; i++)); do
		[[ $(field Subject "$(got "$i")") = "[$1 $i/$count] "* ]] ||
			must "$i: Subject: $(field Subject "$(got "$i")")" false
	done
}

threading()
{
	local i id mail
	id=$(field Message-ID "$(got 0)")
	must "the cover letter has no Message-ID" test -n "$id"
	must "the cover letter is a reply" test -z "$(field In-Reply-To "$(got 0)")"
	for ((i = 1; i <= count; i++)); do
		mail=$(got "$i")
		must "$i: In-Reply-To: $(field In-Reply-To "$mail")" test "$(field In-Reply-To "$mail")" = "$id"
		must "$i: References: $(field References "$mail")" test "$(field References "$mail")" = "$id"
		must "$i has the cover letter's Message-ID" test "$(field Message-ID "$mail")" != "$id"
	done
}

# recipients N PATCH...: what arrived as N goes to those that the patches have.
recipients()
{
	local i=$1 mail patch binding=
	mail=$(got "$1")
	shift
	! grep -l '^diff --git a/Documentation/devicetree/bindings/' "${patches[@]}" >/dev/null ||
		binding=devicetree@vger.kernel.org
	for patch; do
		maintainers_of "$patch" --no-r --no-l | grep -v '@vger\.\|@lists\.' >>"$work/to.$i"
		maintainers_of "$patch" >>"$work/all.$i"
	done
	[ -z "$binding" ] || echo "$binding" >>"$work/all.$i"
	sort -u -o "$work/to.$i" "$work/to.$i"
	sort -u -o "$work/all.$i" "$work/all.$i"
	must "$i: no maintainer to compare with" test -s "$work/to.$i"
	must "$i: To is not the maintainers" diff "$work/to.$i" <(addresses To "$mail")
	must "$i: To and Cc are not those of get_maintainer.pl" diff "$work/all.$i" <(addresses To Cc "$mail")
	must "$i: no list" grep -E '@vger\.|@lists\.' <(addresses Cc "$mail") >/dev/null
	# The envelope is who gets it.
	must "$i: the envelope is another" diff "$work/all.$i" <(sort -u "$work/got/$i.to")
	must_not "$i: somebody is To and Cc" grep -xF -f <(addresses To "$mail") <(addresses Cc "$mail")
	while read -r patch; do
		must_not "$i: goes to $patch" is_placeholder "$patch"
	done <"$work/got/$i.to"
}

all_recipients()
{
	local i
	rm -f "$work"/{to,all}.*
	recipients 0 "${patches[@]}"
	for ((i = 1; i <= count; i++)); do
		recipients "$i" "${patches[i - 1]}"
	done
}

# On base, in order: the same commits.
git_am()
{
	local repo=$work/am i
	rm -rf "$repo"
	git_plain clone -q --no-checkout --template= "$copy" "$repo"
	git_plain -C "$repo" checkout -q --detach base
	for ((i = 1; i <= count; i++)); do
		with_committer git_plain -C "$repo" am -q "$(got "$i")" || exit 1
	done
	must "other files" git_plain -C "$repo" diff --exit-code --stat origin/series HEAD
	must "other authors or messages" diff \
		<(git -C "$copy" log --format='%an <%ae>%n%B' base..series) \
		<(git -C "$repo" log --format='%an <%ae>%n%B' base..HEAD)
}

# Of what arrives: the headers that sending adds count, too.
sizes()
{
	local i
	for ((i = 0; i <= count; i++)); do
		must "$i has $(wc -c <"$(got "$i")") bytes" test "$(wc -c <"$(got "$i")")" -le 100000
	done
}

# The version that the package's name has.
names_base()
{
	local base
	base=$(tree_state base)
	case $base in
	package*) base="base: v$(sed -E 's/.* //; s/-[^-]*$//; s/~rc/-rc/' <<<"$base")" ;;
	KERNEL*\ commit\ *) base="base-commit: ${base##* commit }" ;;
	*) base="base: v" ;;
	esac
	must "the cover letter does not say '$base'" grep -F -e "$base" "$(got 0)" >/dev/null
}

# Made of a clone, what the lists' tools look for.
names_commit()
{
	local id
	id=$(git -C "$copy" rev-parse base)
	sed -i "s|^base .*|base KERNEL /somewhere commit $id|" "$copy/.git/swiotlb-state"
	dry_run >/dev/null
	tail -n 5 "$project/build/$BASE/send/v1"/0000-*
	must "no base-commit: in the cover letter" \
		grep -x "base-commit: $id" "$project/build/$BASE/send/v1"/0000-* >/dev/null
}

links()
{
	must "the cover letter has no Link: to the posting of 2021" \
		grep "^Link: https://lore\.kernel\.org/r/$posting\( \|$\)" "$(got 0)" >/dev/null
}

sent_once()
{
	rm -f "$work"/got/*
	refused "v1 was sent already" send.sh SEND=1
}

changes()
{
	cat >"$copy_mails/CHANGES"
}

unlinked_changelog()
{
	changes <<-EOF
		v2:
		- 1/$count: Count again.
	EOF
	refused "where v1 is" send.sh VERSION=2
}

version_2()
{
	local i
	changes <<-EOF
		# What changed, for the next posting
		v2:
		- 1/$count: Count again, and
		  once more.
		- Say so in all messages.
		Link to v1: https://lore.kernel.org/r/1@kernel.home.arpa
	EOF
	sends_all VERSION=2
	subjects "PATCH v2"
	threading
	for ((i = 0; i <= count; i++)); do
		must "$i: no changelog" grep -x "Changes in v2:" "$(got "$i")" >/dev/null
		[ "$i" -eq 0 ] || must "$i: the changelog is not below ---" test \
			"$(awk '/^---$/ { n = 1 } n && /^Changes in v2:$/ { print "below"; exit } /^diff --git/ { exit }' "$(got "$i")")" = below
	done
	must "0: not the changelog" grep -x -e "- 1/$count: Count again, and" "$(got 0)" >/dev/null
	must "0: no link to v1" grep -x "Link to v1: .*" "$(got 0)" >/dev/null
	must "1: not its changelog" grep -x -A 1 -e "- Count again, and" "$(got 1)" >"$work/lines"
	must "1: not all of its changelog" grep -x "  once more\." "$work/lines" >/dev/null
	for ((i = 2; i <= count; i++)); do
		must "$i: not '- none'" grep -x -A 1 "Changes in v2:" "$(got "$i")" >"$work/lines"
		must "$i: not '- none'" grep -x -e "- none" "$work/lines" >/dev/null
	done
	git_am
	rm -rf "$work"/got/*
}

# The tree goes on after the mails were written.
newer_tree()
{
	with_committer git_plain -C "$copy" commit -q --allow-empty -m "kernel/dma: Go on"
	(refused "commits that are not in the mails" send.sh SEND=1) || exit 1
	git_plain -C "$copy" reset -q --hard HEAD^
}

newer_mails()
{
	local mail=$copy_mails/${patches[0]##*/}
	cp "$mail" "$work/mail"
	sed -i 's/^Subject: .*swiotlb: /&Do /' "$mail"
	refused "other patches than the mails" send.sh
	cp "$work/mail" "$mail"
}

not_signed_by_author()
{
	with_committer git_plain -C "$copy" commit -q --amend --no-edit --author="Somebody Else <else@kernel.home.arpa>"
	in_project series.sh || exit 1
	refused "is From: Somebody Else <else@kernel.home.arpa>, who has not signed it off" send.sh
}

too_large()
{
	local cover=$copy_mails/0000-cover-letter.patch
	cp "$cover" "$work/cover"
	seq -f 'line %20.0f' 4000 >"$work/lines"
	sed -i "/^Tested on/r $work/lines" "$cover"
	refused "is larger than the 100000 bytes" send.sh
	cp "$work/cover" "$cover"
}

# The pull request has the patch's title, and what its message says is there.
pull_request()
{
	local dir=$top/patches/dt-schema subject patch
	patch=$(list_mails "$dir")
	subject=$(git mailinfo /dev/null /dev/null <"$patch" | sed -n 's/^Subject: //p')
	must "the title is not '$subject'" grep -xF -e "# $subject" "$dir/pull-request.md" >/dev/null
	must "README.md does not name the patch" grep -F -e "${patch##*/}" "$dir/README.md" >/dev/null
	must "the text is not on the same values as the patch" grep -F "128 to 1048576" "$dir/pull-request.md" >/dev/null
	while read -r file; do
		must "README.md names $file, which is not there" test -e "$top/$file"
	done < <(grep -o 'patches/dt-schema/[A-Za-z0-9_.-]*[A-Za-z0-9]' "$dir/README.md")
}

make_project
tap "without git send-email: what is missing is named" no_git_send_email
tap "a dry run sends nothing, and tells what would keep it" dry_run_tells
tap "placeholders in Signed-off-by are refused" \
	refused "Signed-off-by is a placeholder" send.sh SEND=1
tap "sign: the mails are mine, and the series is the same" sign
tap "a dry run of what could be sent sends nothing" dry_run
tap "made of a clone: base-commit is named" names_commit
set_tree_state "$copy" "$(tree_state base)" "$(mails_hash "$copy_mails")" "$(git -C "$copy" rev-parse series)"
tap "SEND=1: all mails arrive" sends_all
tap "subjects are numbered" subjects PATCH
tap "patches are replies to the cover letter" threading
tap "To, Cc and envelope are get_maintainer.pl's" all_recipients
tap "git am makes the series of what arrived" git_am
tap "no mail is larger than the lists take" sizes
tap "the base is named" names_base
tap "the posting of 2021 is linked" links
tap "a version is sent once" sent_once
tap "version 2 without a changelog is refused" refused "needs a changelog" send.sh VERSION=2
tap "version 2 without a link to version 1 is refused" unlinked_changelog
tap "version 2: subjects, changelog, and git am" version_2
tap "mails older than the tree are refused" newer_tree
tap "a tree older than the mails is refused" newer_mails
tap "a mail larger than the lists take is refused" too_large
tap "another's Signed-off-by is refused" refuses_others
tap "an author who has not signed off is refused" not_signed_by_author
tap "dt-schema: the pull request has the patch's title" pull_request
tap_end
