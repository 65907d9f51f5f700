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
. "$top/scripts/lib/patches.sh"

no_arguments "$@"

version=${VERSION:-1}
out=$base_dir/send/v$version
sent=$out.sent
changes=$mails/CHANGES
cover=$mails/0000-cover-letter.patch
# Lists refuse or hold larger mails. It was vger's limit; that of today's lists is
# not written down anywhere, and is not smaller.
max_size=100000

# What keeps the mails from being sent, but not from being looked at.
refusals=()

check_size()
{
	[ "$(wc -c <"$1")" -le "$max_size" ] ||
		die "${1#"$top"/} is larger than the $max_size bytes that lists take"
}

check_mails()
{
	local mail number i=0
	[ ${#patches[@]} -gt 0 ] || die "no patches in ${mails#"$top"/}"
	[ -e "$cover" ] || die "no cover letter in ${mails#"$top"/}"
	! grep -qE '\*\*\* (BLURB|SUBJECT)' "$cover" ||
		die "the cover letter is not written" "edit ${cover#"$top"/}"
	for mail in "$cover" "${patches[@]}"; do
		number=$(mail_number "$mail")
		[ "$number" = "$i/${#patches[@]}" ] ||
			die "${mail##*/} has the number '$number', not $i/${#patches[@]}" "make series numbers them"
		check_size "$mail"
		i=$((i + 1))
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

# changelog [NUMBER]: of all versions, newest first
changelog()
{
	local v
	for ((v = version; v > 1; v--)); do
		printf 'Changes in v%d:\n%s\n\n' "$v" "$(changes_of "$v" "$@")"
	done
}

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

# Who sends, as git send-email would say it.
find_sender()
{
	sender=$(git -C "$top" config sendemail.from) || sender=$(whoami_git)
	if [ -z "$sender" ]; then
		refusals+=("git does not know who you are: git config --global user.name and user.email")
		sender=$(mail_author "${patches[0]}")
	elif is_placeholder "$sender"; then
		refusals+=("your address takes no mail: $(address_of "$sender"); git config --global user.email")
	fi
	# A name is what the certificate of origin is signed with.
	[[ ${sender%<*} = *[[:alpha:]]* ]] ||
		refusals+=("your name is missing: git config --global user.name")
}

# The author has signed off, and the sender is the last who did.
check_signers()
{
	local mail author signers signer number
	for mail in "${patches[@]}"; do
		author=$(mail_author "$mail")
		number=$(mail_number "$mail")
		mapfile -t signers < <(mail_signers "$mail")
		[ ${#signers[@]} -gt 0 ] || die "${mail##*/} has no Signed-off-by" "see: make sign"
		printf '%s\n' "${signers[@]}" | grep -xF -e "$author" >/dev/null ||
			die "${mail##*/} is From: $author, who has not signed it off" \
				"the two must be the same, to the letter: git commit --amend --reset-author --signoff in the tree, then make series"
		for signer in "${signers[@]}"; do
			! is_placeholder "$signer" ||
				refusals+=("$number: Signed-off-by is a placeholder: $signer")
		done
		[ "${signers[-1]}" = "$sender" ] ||
			refusals+=("$number: the last Signed-off-by is not yours: $sender")
	done
}

# Lines "to|cc ADDRESS"
recipients_of()
{
	(cd "$tree" && perl scripts/get_maintainer.pl --no-git --no-git-fallback --rolestats "$1") |
		sed -nE 's/^(.*) \(((maintainer|supporter|odd fixer)[:)].*|.*,(maintainer|supporter):.*)$/to \1/p; t
			s/^(.*) \(.*$/cc \1/p'
}

# headers RECIPIENTS: To and Cc, each address once, one a line, folded
headers()
{
	local to cc
	to=$(sed -n 's/^to //p' "$1" | awk '!seen[$0]++')
	cc=$(sed -n 's/^cc //p' "$1" | grep -vxF -e "$to" | awk '!seen[$0]++')
	printf 'To: %s\n' "$to" | sed '1!s/^/ /; $!s/$/,/'
	[ -z "$cc" ] || printf 'Cc: %s\n' "$cc" | sed '1!s/^/ /; $!s/$/,/'
}

# What the lists' tools read is base-commit. A package's source has no commit that
# they could know, but a version, which its Makefile says.
base_line()
{
	local base v
	base=$(tree_state base)
	case $base in
	KERNEL*\ commit\ * | git*\ commit\ *)
		printf 'base-commit: %s\n' "${base##* commit }"
		return
		;;
	esac
	mapfile -t v < <(git -C "$tree" show base:Makefile | sed -n '1,/^NAME/s/^[A-Z]* *= *//p')
	[ "${v[2]}" != 0 ] || v[2]=
	printf 'base: v%s\n' "${v[0]}.${v[1]}${v[2]:+.${v[2]}}${v[3]}"
	printf '(The source of that tag as a distribution packages it, so without a commit to\n'
	printf 'name. The index lines have the ids of its files.)\n'
}

# outgoing MAIL RECIPIENTS: as it is sent. The cover letter is the sender's.
outgoing()
{
	local mail=$1 edit=()
	[ "$version" -eq 1 ] || edit+=(-e "s/^Subject: \[PATCH /Subject: [PATCH v$version /")
	[ "$mail" != "$cover" ] || edit+=(-e '/^From:/,/^[^ ]/{ /^From:/d; /^ /d; }')
	sed -e '/^$/,$d' "${edit[@]}" "$mail"
	headers "$2"
	echo
	if [ "$mail" = "$cover" ]; then
		{ cover_head "$mail" | sed '1,/^$/d' && changelog && cover_tail "$mail"; } | git stripspace
		echo
		base_line
	else
		changelog "$(mail_number "$mail")" >"$out/changelog"
		sed '1,/^$/d' "$mail" | sed "0,/^---\$/{/^---\$/r $out/changelog
			}"
	fi
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
		grep '^to ' "$list" >/dev/null ||
			die "get_maintainer.pl names no maintainer for ${mail##*/}" "does MAINTAINERS of the tree know its files?"
		[ -z "$binding" ] || printf '%s\n' "$binding" >>"$list"
	done
	cat "$out"/recipients/* >"$out/recipients/${cover##*/}"
	for mail in "$cover" "${patches[@]}"; do
		outgoing "$mail" "$out/recipients/${mail##*/}" >"$out/${mail##*/}"
		check_size "$out/${mail##*/}"
	done
	rm -rf "$out/recipients" "$out/changelog"
}

# send_email OPTION...: each patch a reply to the cover letter. The files' own To: is
# the recipients; git send-email asks for some all the same unless a command gives them.
send_email()
{
	git -C "$top" send-email --from="$sender" --to-cmd=true --thread --no-chain-reply-to \
		--suppress-cc=self --8bit-encoding=UTF-8 --no-annotate --validate "$@" "$out"/*.patch
}

send()
{
	local id
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
}

show()
{
	local mail
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
	[ ${#refusals[@]} -gt 0 ] || return 0
	say "SEND=1 would refuse, because of"
	printf '  - %s\n' "${refusals[@]}"
	say "make sign puts your name and address, as git has them, into the mails"
}

[ -x "$(git --exec-path)/git-send-email" ] || command -v git-send-email >/dev/null ||
	die "missing: git send-email (Debian's package git-email)" \
		"install what this project needs with: make deps"
without_fixes
need git perl
mapfile -t patches < <(list_mails "$mails")
check_mails
check_changes
need_tree_of_mails
find_sender
check_signers
if [ -n "${SEND:-}" ]; then
	send
else
	show
fi
