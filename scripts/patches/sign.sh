#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Sign the series off with the name and the address that git has for you, which
# certifies what "Developer's Certificate of Origin" in the kernel's
# Documentation/process/submitting-patches.rst says: read it before.
#
# An author or a Signed-off-by whose address takes no mail (is_placeholder) becomes
# you. Those of real people stay, and yours is added as the last, as it is for
# whoever passes a patch on. The tree's commits, the mails of patches/$BASE, and
# those of patches/dt-schema are changed.
#
# Usage: [BASE=name] sign.sh
#
# Exit status: 0 when all are signed off by you, 1 otherwise.

. "$(dirname "$0")/../lib/common.sh"
. "$top/scripts/lib/tree.sh"
. "$top/scripts/lib/patches.sh"

no_arguments "$@"

work=$base_dir/sign

# as_me COMMAND...: git with this identity, and nothing else of the user's.
as_me()
{
	GIT_AUTHOR_NAME=$name GIT_AUTHOR_EMAIL=$address \
		GIT_COMMITTER_NAME=$name GIT_COMMITTER_EMAIL=$address "$@"
}

# signed FILE: the message with the sign-offs as they are to be. A mail's hunks
# are not read.
signed()
{
	local signer placeholders=()
	while read -r signer; do
		! is_placeholder "$(address_of "$signer")" || placeholders+=("$signer")
	done < <(mail_signers "$1")
	printf '%s\n' "${placeholders[@]}" >"$work/placeholders"
	awk -v me="Signed-off-by: $me" -v placeholders="$work/placeholders" '
	BEGIN {
		while ((getline line < placeholders) > 0)
			placeholder["Signed-off-by: " line] = 1
	}
	# Mine goes where the last one stands; twice in the message would be noise.
	function put_mine() {
		if (last)
			print me
		last = 0
	}
	FNR == NR {
		if (/^---$/)
			stop = 1
		if (!stop && /^Signed-off-by: /)
			last = FNR
		next
	}
	/^---$/ { over = 1 }
	!over && /^Signed-off-by: / && ($0 in placeholder || $0 == me) {
		if (FNR == last)
			put_mine()
		next
	}
	{ print }
	!over && FNR == last { put_mine() }' "$1" "$1"
}

# The header's line of who I am, folded and encoded as git does it.
from_line()
{
	local commit
	commit=$(as_me git_plain -C "$tree" commit-tree -m x -p base "base^{tree}")
	git_plain -C "$tree" format-patch --stdout --always -1 "$commit" |
		awk '/^[^ ]/ { here = /^From: / } here'
}

# set_from MAIL
set_from()
{
	local mail=$1
	is_placeholder "$(address_of "$(mail_author "$mail")")" || return 0
	awk -v from="$work/from" '
	!body && /^$/ { body = 1 }
	!body && /^[^ ]/ { here = /^From: / }
	!body && here {
		while ((getline line < from) > 0)
			print line
		next
	}
	{ print }' "$mail" >"$work/mail"
	cp "$work/mail" "$mail"
}

# The commits anew, with their notes.
sign_commits()
{
	local commit parent new author_name author_email
	parent=$(git -C "$tree" rev-parse base)
	while read -r commit; do
		author_name=$(git -C "$tree" log -1 --format=%an "$commit")
		author_email=$(git -C "$tree" log -1 --format=%ae "$commit")
		if is_placeholder "$author_email"; then
			author_name=$name
			author_email=$address
		fi
		git -C "$tree" log -1 --format=%B "$commit" | git stripspace >"$work/message"
		grep '^Signed-off-by: ' "$work/message" >/dev/null ||
			git interpret-trailers --in-place --trailer "Signed-off-by: $me" "$work/message"
		signed "$work/message" >"$work/signed"
		new=$(GIT_AUTHOR_NAME=$author_name GIT_AUTHOR_EMAIL=$author_email \
			GIT_AUTHOR_DATE=$(git -C "$tree" log -1 --format=%aI "$commit") \
			GIT_COMMITTER_NAME=$name GIT_COMMITTER_EMAIL=$address \
			git_plain -C "$tree" commit-tree -p "$parent" -F "$work/signed" "$commit^{tree}")
		if git -C "$tree" notes show "$commit" >"$work/note" 2>/dev/null; then
			as_me git_plain -C "$tree" notes add -f -F "$work/note" "$new"
		fi
		parent=$new
	done < <(git -C "$tree" rev-list --reverse base..series)
	git -C "$tree" update-ref -m "sign off" refs/heads/series "$parent"
}

without_fixes
need git perl
ident=$(git -C "$top" var GIT_AUTHOR_IDENT 2>/dev/null) || ident=
me=${ident%>*}\>
name=${me% <*}
address=$(address_of "$me")
[ -n "$ident" ] || die "git does not know who you are" \
	"git config --global user.name 'Your Name', and user.email"
! is_placeholder "$address" || die "your address takes no mail: $address" \
	"git config --global user.email: the address that you will send from"
need_tree
if [ "$(tree_state mails)" != "$(mails_hash "$mails")" ] || [ -n "$(tree_work)" ]; then
	die "the mails are not what the tree has" \
		"make series writes the tree's commits into the mails; make tree applies the mails"
fi

mkdir -p "$work"
say "as $me"
from_line >"$work/from"
for mail in "$top"/patches/dt-schema/*.patch; do
	[ -e "$mail" ] || continue
	signed "$mail" >"$work/signed"
	cp "$work/signed" "$mail"
	set_from "$mail"
done
sign_commits
set_from "$mails/0000-cover-letter.patch"
"$top/scripts/patches/series.sh"
rm -rf "$work"
say "by this you certify the Developer's Certificate of Origin for each of them"
