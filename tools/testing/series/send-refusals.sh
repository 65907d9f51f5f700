#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What must not be sent is refused, and said, by scripts/patches/send.sh: from a copy of
# this project in build/test/send-refusals. What arrives of the rest: send.sh.
#
# Usage: [BASE=name] send-refusals.sh
# TAP on stdout. Exit status: 0 if all passed, 1 otherwise.
#
# groups: test host packaging
# bases: mainline

. "$(dirname "$0")/../../../scripts/lib/tap.sh"
. "$top/scripts/lib/patches.sh"

no_arguments "$@"
work=$build/test/send-refusals
. "$(dirname "$0")/sender.sh"

no_git_send_email()
{
	mkdir -p "$work/exec"
	ln -sf "$(git --exec-path)"/* "$work/exec/"
	rm "$work/exec/git-send-email"
	not_sent "missing: git send-email" GIT_EXEC_PATH="$work/exec"
	says "$work/out" "make deps"
}

# The tree goes on after the mails were written.
newer_tree()
{
	with_committer git_plain -C "$copy" commit -q --allow-empty -m "kernel/dma: Go on"
	(not_sent "commits that are not in the mails" SEND=1) || exit 1
	git_plain -C "$copy" reset -q --hard HEAD^
}

# refused_mail MAIL SED-SCRIPT TEXT: changed by that
refused_mail()
{
	cp "$1" "$work/mail"
	sed -i "$2" "$1"
	not_sent "$3"
	cp "$work/mail" "$1"
}

# A sign-off that is real, but not the sender's.
refuses_others()
{
	git config --file "$work/home/.gitconfig" user.name "Somebody Else"
	not_sent "the last Signed-off-by is not yours: Somebody Else" SEND=1
	says "$work/out" "(DCO)"
}

not_signed_by_author()
{
	with_committer git_plain -C "$copy" commit -q --amend --no-edit --author="Somebody Else <else@kernel.home.arpa>"
	in_project series.sh || exit 1
	not_sent "is From: Somebody Else <else@kernel.home.arpa>, who has not signed it off"
}

make_project
seq -f 'line %20.0f' 4000 >"$work/long"
tap "without git send-email: what is missing is named" no_git_send_email
tap "a dry run sends nothing, and tells what would keep it" \
	dry_run "Signed-off-by is a placeholder" "make sign"
tap "placeholders in Signed-off-by are refused" \
	not_sent "Signed-off-by is a placeholder" SEND=1
in_project sign.sh >/dev/null || die "sign.sh failed" "the test send says why"
tap "version 2 without a changelog is refused" not_sent "needs a changelog" VERSION=2
tap "mails older than the tree are refused" newer_tree
tap "a tree older than the mails is refused" refused_mail "$copy_mails/${patches[0]##*/}" \
	's/^Subject: \[[^]]*\] [^:]*: /&Do /' "other patches than the mails"
tap "a mail larger than the lists take is refused" refused_mail "$copy_mails/0000-cover-letter.patch" \
	"/^Tested on/r $work/long" "is larger than the 100000 bytes"
tap "another's Signed-off-by is refused" refuses_others
tap "an author who has not signed off is refused" not_signed_by_author
tap_end
