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
. "$top/scripts/lib/patches.sh"

no_arguments "$@"

# sign_off MAIL: mine goes where the last one stands.
sign_off()
{
	local signer placeholders=()
	git interpret-trailers --in-place --where after --if-exists addIfDifferentNeighbor \
		--trailer "Signed-off-by: $me" "$1"
	while read -r signer; do
		! is_placeholder "$signer" || placeholders+=(-e "Signed-off-by: $signer")
	done < <(mail_signers "$1")
	[ ${#placeholders[@]} -eq 0 ] || replace "$1" grep -avxF "${placeholders[@]}"
}

# set_from MAIL
set_from()
{
	! is_placeholder "$(mail_author "$1")" || replace "$1" awk -v from="$from" '
	!body && /^$/ { body = 1 }
	!body && /^[^ ]/ { here = /^From: / }
	!body && here { if (/^From: /) print from; next }
	{ print }'
}

# replace FILE COMMAND...: by what COMMAND makes of it
replace()
{
	"${@:2}" "$1" >"$1.new"
	mv "$1.new" "$1"
}

# The header's line of who I am, folded and encoded as git does it
from_line()
{
	local commit
	commit=$(GIT_AUTHOR_NAME=${me% <*} GIT_AUTHOR_EMAIL=$(address_of "$me") \
		with_committer git_plain -C "$tree" commit-tree -m x -p base "base^{tree}")
	git_plain -C "$tree" format-patch --stdout --always -1 "$commit" |
		awk '/^[^ ]/ { here = /^From: / } here'
}

without_fixes
need git perl
me=$(whoami_git)
[ -n "$me" ] || die "git does not know who you are" \
	"git config --global user.name 'Your Name', and user.email"
! is_placeholder "$me" || die "your address takes no mail: $(address_of "$me")" \
	"git config --global user.email: the address that you will send from"
need_tree_of_mails

say "as $me"
from=$(from_line)
for mail in "$mails"/0*.patch "$top"/patches/dt-schema/*.patch; do
	set_from "$mail"
	[[ $mail = */0000-* ]] || sign_off "$mail"
done
apply_mails "$tree" base "$mails"
set_tree_state "$tree" "$(tree_state base)" "$(mails_hash "$mails")" "$(git -C "$tree" rev-parse series)"
"$top/scripts/patches/series.sh"
say "by this you certify the Developer's Certificate of Origin for each of them"
