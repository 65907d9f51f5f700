#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Send the mails of patches/$BASE with git send-email. Without SEND=1 nothing is
# sent: what would be is written to build/$BASE/send/vN and shown.
#
#   recipients  what the tree's get_maintainer.pl says of each patch: To the
#               maintainers, Cc the lists and reviewers; the cover letter goes to
#               all of them, and all mails to the devicetree list if one of them
#               changes a binding (devicetree/bindings/submitting-patches.rst)
#   threading   each patch is a reply to the cover letter
#   base        base-commit: if the tree was made of a clone (KERNEL=); Debian's
#               packages have no history, so then the tag of their version
#   version     VERSION=2 marks all subjects, and puts what changed, which
#               patches/$BASE/CHANGES has to say, into the cover letter and
#               below each patch's "---"
#
# How it is sent, by which server and as whom, is git's configuration
# (sendemail.*, user.*). Signed-off-by has to be the sender's: see sign.sh.
#
# Usage: [BASE=name] [VERSION=n] [SEND=1] send.sh
#
# Exit status: 0 when the mails are sent, or, without SEND=1, shown; 1 otherwise.

. "$(dirname "$0")/../lib/common.sh"
. "$top/scripts/lib/tree.sh"
. "$top/scripts/lib/patches.sh"

no_arguments "$@"

version=${VERSION:-1}
out=$base_dir/send/v$version
sent=$base_dir/send/v$version.sent
changes=$mails/CHANGES
# Lists refuse or hold larger mails. It was vger's limit; that of today's lists is
# not written down anywhere, and is not smaller.
max_size=100000

# What keeps the mails from being sent, but not from being looked at.
refusals=()

refuse()
{
	refusals+=("$1")
}

# The tree is what the mails make, or what is sent is not what was tested.
check_tree()
{
	local what
	[ -d "$tree/.git" ] || die "no tree in ${tree#"$top"/}" "make it with: make tree"
	what=$(tree_work)
	[ "$(tree_state mails)" = "$(mails_hash "$mails")" ] || what="other patches than the mails"
	[ -z "$what" ] ||
		die "the mails are not what the tree has: ${tree#"$top"/} has $what" \
			"make series writes the tree's commits into the mails; make tree applies the mails"
}

check_mails()
{
	local mail i=0 number
	[ ${#patches[@]} -gt 0 ] || die "no patches in ${mails#"$top"/}"
	[ -e "$cover" ] || die "no cover letter in ${mails#"$top"/}"
	if grep -E '^\*\*\* BLURB|\*\*\* SUBJECT' "$cover" >/dev/null; then
		die "the cover letter is not written" "edit ${cover#"$top"/}"
	fi
	for mail in "$cover" "${patches[@]}"; do
		number=$(mail_number "$mail")
		[ "$number" = "$i/${#patches[@]}" ] ||
			die "${mail##*/} has the number '$number', not $i/${#patches[@]}" "make series numbers them"
		[ "$(wc -c <"$mail")" -le "$max_size" ] ||
			die "${mail##*/} is larger than the $max_size bytes that lists take"
		i=$((i + 1))
	done
}

# Who sends, as git send-email would say it.
find_sender()
{
	local ident
	sender=$(git -C "$top" config sendemail.from || true)
	if [ -z "$sender" ] && ident=$(git -C "$top" var GIT_AUTHOR_IDENT 2>/dev/null); then
		sender=${ident%>*}\>
	fi
	if [ -z "$sender" ]; then
		refuse "git does not know who you are: git config --global user.name and user.email"
		sender=$(mail_author "${patches[0]}")
	elif is_placeholder "$(address_of "$sender")"; then
		refuse "your address takes no mail: $(address_of "$sender"); git config --global user.email"
	fi
	# A name is what the certificate of origin is signed with.
	[[ ${sender%<*} = *[[:alpha:]]* ]] ||
		refuse "your name is missing: git config --global user.name"
}

# The author has signed off, and the sender is the last who did.
check_signers()
{
	local mail signers author signer
	for mail in "${patches[@]}"; do
		author=$(mail_author "$mail")
		signers=$(mail_signers "$mail")
		[ -n "$signers" ] || die "${mail##*/} has no Signed-off-by" "see: make sign"
		grep -xF -e "$author" <<<"$signers" >/dev/null ||
			die "${mail##*/} is From: $author, who has not signed it off" \
				"the two must be the same, to the letter: git commit --amend --reset-author --signoff in the tree, then make series"
		while read -r signer; do
			! is_placeholder "$(address_of "$signer")" ||
				refuse "$(mail_number "$mail"): Signed-off-by is a placeholder: $signer"
		done <<<"$signers"
		[ "$(tail -n 1 <<<"$signers")" = "$sender" ] ||
			refuse "$(mail_number "$mail"): the last Signed-off-by is not yours: $sender"
	done
}

# The versions that the changelog must tell of, newest first.
check_changes()
{
	local v
	[[ $version =~ ^[1-9][0-9]*$ ]] || die "VERSION=$version: not a number from 1"
	for ((v = version; v > 1; v--)); do
		[ -n "$(changes_of "$v")" ] ||
			die "VERSION=$version needs a changelog: ${changes#"$top"/} has no text for v$v" \
				"write a line 'v$v:' and below it '- 1/${#patches[@]}: what changed', '- what changed in all'"
		changes_of "$v" | grep "^Link to v$((v - 1)): https://lore\.kernel\.org/" >/dev/null ||
			die "the changelog of v$v does not say where v$((v - 1)) is" \
				"add to ${changes#"$top"/}: 'Link to v$((v - 1)): https://lore.kernel.org/r/MESSAGE-ID'"
	done
}

# changes_of V [NUMBER]: the text of that version; that of one patch only, "-
# none" if it has none.
changes_of()
{
	[ -e "$changes" ] || return 0
	awk -v v="v$1:" -v number="${2:-}" '
	/^v[0-9]+:$/ { here = $0 == v; next }
	/^#/ || !here { next }
	number == "" { print; next }
	/^[^ ]/ { mine = index($0, "- " number ":") == 1 }
	mine { sub("^- " number ": *", "- "); print; some = 1 }
	END { if (number != "" && !some) print "- none" }' "$changes" | git stripspace
}

# changelog [NUMBER]
changelog()
{
	local v
	for ((v = version; v > 1; v--)); do
		printf 'Changes in v%d:\n%s\n\n' "$v" "$(changes_of "$v" "$@")"
	done
}

# Lines "to|cc ADDRESS"
recipients_of()
{
	(cd "$tree" && perl scripts/get_maintainer.pl --no-git --no-git-fallback --rolestats "$1") |
		sed -nE 's/^(.*) \(((maintainer|supporter|odd fixer)[:)].*|.*,(maintainer|supporter):.*)$/to \1/p; t
			s/^(.*) \(.*$/cc \1/p'
}

# kind_of to|cc FILE: without those that the mail is To already.
kind_of()
{
	awk -v want="$1" '
	{ kind = $1; sub(/^[a-z]+ /, "") }
	kind == "to" { to[$0] = 1 }
	{ line[++n] = $0; kinds[n] = kind }
	END {
		for (i = 1; i <= n; i++)
			if (kinds[i] == want && !done[line[i]]++ && (want == "to" || !to[line[i]]))
				print line[i]
	}' "$2"
}

# The header's lines: one address a line, folded.
header()
{
	local name=$1 list
	list=$(kind_of "${name,,}" "$2")
	[ -n "$list" ] || return 0
	# shellcheck disable=SC2001 # each line
	printf '%s: %s\n' "$name" "$(sed '1!s/^/ /; $!s/$/,/' <<<"$list")"
}

# What the lists' tools read is base-commit. A package's source has no commit that
# they could know.
base_line()
{
	local base
	base=$(tree_state base)
	case $base in
	KERNEL*\ commit\ * | git*\ commit\ *) printf 'base-commit: %s\n' "${base##* commit }" ;;
	*)
		printf 'base: %s\n' "$(base_tag)"
		printf '(The source of that tag as a distribution packages it, so without a commit to\n'
		printf 'name. The index lines have the ids of its files.)\n'
		;;
	esac
}

# The tag of the version that the source's Makefile says.
base_tag()
{
	git -C "$tree" show base:Makefile | awk -F ' *= *' '
	/^(VERSION|PATCHLEVEL|SUBLEVEL|EXTRAVERSION) *=/ { v[$1] = $2 }
	/^NAME *=/ { exit }
	END {
		print "v" v["VERSION"] "." v["PATCHLEVEL"] (v["SUBLEVEL"] + 0 ? "." v["SUBLEVEL"] : "") v["EXTRAVERSION"]
	}'
}

# outgoing MAIL RECIPIENTS: as it is sent. The cover letter is the sender's.
outgoing()
{
	local mail=$1 text=$out.text headers=$out.headers cut
	{ header To "$2" && header Cc "$2"; } >"$headers"
	{
		[ "$version" -eq 1 ] || changelog "$([ "$mail" = "$cover" ] || mail_number "$mail")"
	} >"$text"
	if [ "$mail" = "$cover" ]; then
		cut=$(cover_start "$mail")
	else
		cut=$(($(grep -nx -m 1 -e '---' "$mail" | cut -d: -f1) + 1))
	fi
	awk -v version="$version" -v headers="$headers" -v text="$text" -v cut="$cut" \
		-v cover="$([ "$mail" = "$cover" ] && echo 1)" '
	function insert(file,   line) {
		while ((getline line < file) > 0)
			print line
		close(file)
	}
	NR == cut { insert(text) }
	!body && /^$/ { body = 1; insert(headers) }
	!body && /^[^ \t]/ { from = /^From:/ }
	!body && from && cover { next }
	!body && version > 1 { sub(/^Subject: \[PATCH /, "Subject: [PATCH v" version " ") }
	{ print }' "$mail" |
		if [ "$mail" = "$cover" ]; then
			git stripspace
			printf '\n'
			base_line
		else
			cat
		fi >"$out/${mail##*/}"
	rm -f "$text" "$headers"
}

# All mails with their recipients, in $out.
prepare()
{
	local mail list binding=
	rm -rf "$out"
	mkdir -p "$out/recipients"
	! grep -l '^diff --git a/Documentation/devicetree/bindings/' "${patches[@]}" >/dev/null ||
		binding="cc devicetree@vger.kernel.org"
	for mail in "${patches[@]}"; do
		list=$out/recipients/${mail##*/}
		recipients_of "$mail" >"$list"
		[ -n "$(kind_of to "$list")" ] ||
			die "get_maintainer.pl names no maintainer for ${mail##*/}" "does MAINTAINERS of the tree know its files?"
		[ -z "$binding" ] || printf '%s\n' "$binding" >>"$list"
		cat "$list" >>"$out/recipients/${cover##*/}"
	done
	for mail in "$cover" "${patches[@]}"; do
		outgoing "$mail" "$out/recipients/${mail##*/}"
		[ "$(wc -c <"$out/${mail##*/}")" -le "$max_size" ] ||
			die "${out#"$top"/}/${mail##*/} is larger than the $max_size bytes that lists take"
	done
	rm -rf "$out/recipients"
}

# send_email OPTION...: the files' own To: is the recipients; git send-email asks
# for some all the same unless a command gives them.
send_email()
{
	git -C "$top" send-email --from="$sender" --to-cmd=true --thread --no-chain-reply-to \
		--suppress-cc=self --8bit-encoding=UTF-8 --no-annotate --validate "$@" "$out"/*.patch
}

[ -x "$(git --exec-path)/git-send-email" ] || command -v git-send-email >/dev/null ||
	die "missing: git send-email (Debian's package git-email)" \
		"install what this project needs with: make deps"
without_fixes
need git perl
mapfile -t patches < <(list_mails "$mails")
cover=$mails/0000-cover-letter.patch

check_mails
check_changes
check_tree
find_sender
check_signers

if [ -n "${SEND:-}" ]; then
	if [ ${#refusals[@]} -gt 0 ]; then
		printf 'error: %s\n' "${refusals[@]}" >&2
		die "nothing was sent: who sends has to sign off, with name and address, that he or she may (DCO)" \
			"read it in submitting-patches.rst; make sign puts your name and address, as git has them, into the mails"
	fi
	[ ! -e "$sent" ] || die "v$version was sent already: $(cat "$sent")" \
		"what changed since is v$((version + 1)): write it into ${changes#"$top"/}, then VERSION=$((version + 1)) SEND=1"
	prepare
	send_email | tee "$out/log"
	id=$(sed -n 's/^Message-I[dD]: <\(.*\)>$/\1/p' "$out/log" | head -n 1)
	printf '%s\n' "$id" >"$sent"
	say
	say "sent. Once the lists have it, v$((version + 1))'s changelog (${changes#"$top"/}) says:"
	say "Link to v$version: https://lore.kernel.org/r/$id"
	exit
fi

prepare
send_email --dry-run --confirm=never --quiet >"$out/log" 2>&1 || {
	cat "$out/log" >&2
	die "git send-email would not send them"
}
for mail in "$out"/*.patch; do
	say "${mail#"$top"/}"
	sed -n '/^$/q; /^Date:/d; /^From /d; s/^/    /p' "$mail"
done
say
say "nothing was sent: this is what SEND=1 would send"
if [ ${#refusals[@]} -gt 0 ]; then
	say "SEND=1 would refuse, because of"
	printf '  - %s\n' "${refusals[@]}"
	say "make sign puts your name and address, as git has them, into the mails"
fi
