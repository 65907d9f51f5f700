# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154,SC2034
#
# What the tests of sending share: a copy of this project in $work, with a small tree,
# somebody who has a home of his own there, and a program that keeps the mails. Source
# it after scripts/lib/tap.sh and patches.sh, with $work set.

project=$work/project
# The copy's tree; $tree is the whole one, which is only read.
copy=$project/build/$BASE/tree
copy_mails=$project/${mails#"$top"/}
# Its address takes mail only in the sender's own house (RFC 8375), but is none of
# those that cannot be somebody's. The name is not ASCII, as many are not.
me="Ada Tésteur <ada@kernel.home.arpa>"

need git perl
need_tree
mapfile -t patches < <(list_mails "$mails")
count=${#patches[@]}

# What get_maintainer.pl wants to see, and the files of the patches.
small_tree()
{
	local files
	mapfile -t files < <(touched_files "${patches[@]}")
	tree_files base "$copy" "${files[@]}" .gitattributes COPYING CREDITS Kbuild MAINTAINERS \
		Makefile README scripts/get_maintainer.pl
	mkdir -p "$copy"/{Documentation,arch,include,drivers,fs,init,ipc,kernel,lib,scripts}
	new_repo "$copy" base
	apply_mails "$copy" base "$copy_mails"
	as_mailed
}

# The copy's tree has what its mails have.
as_mailed()
{
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
		printf '%s\n' "$@" | grep -v '^-' >"$GOT/$n.to"
	EOF
	chmod +x "$work/sendmail"
	cat >"$work/home/.gitconfig" <<-EOF
		[user]
			name = ${me% <*}
			email = $(address_of "$me")
		[sendemail]
			sendmailCmd = $work/sendmail
			confirm = never
	EOF
}

# No network, where the machine lets us have none.
offline=()
! unshare -rn true 2>/dev/null || offline=(unshare -rn)

# in_project SCRIPT [NAME=VALUE...]: as the sender, with nothing else in the environment,
# in the copy. What it says is shown, and in $work/out.
in_project()
{
	local status=0
	env -i PATH="$PATH" HOME="$work/home" GOT="$work/got" BASE="$BASE" GIT_CONFIG_NOSYSTEM=1 \
		GIT_CEILING_DIRECTORIES="$work" "${@:2}" "${offline[@]}" "$project/scripts/patches/$1" \
		>"$work/out" 2>&1 || status=$?
	cat "$work/out"
	return $status
}

nothing_was_sent()
{
	must "something was sent" test -z "$(ls -A "$work/got")"
}

# not_sent TEXT [NAME=VALUE...]: it fails, says TEXT, and sends nothing.
not_sent()
{
	rm -f "$work"/got/*
	refused "$1" in_project send.sh "${@:2}"
	nothing_was_sent
}

sign()
{
	local mail before
	before=$(git -C "$copy" rev-parse 'series^{tree}')
	in_project sign.sh || exit 1
	must "the series is another" test "$before" = "$(git -C "$copy" rev-parse 'series^{tree}')"
	for mail in "${patches[@]}"; do
		must "${mail##*/}: another text below ---" \
			diff <(mail_note "$mail") <(mail_note "$copy_mails/${mail##*/}")
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

# dry_run [TEXT...]: what it says
dry_run()
{
	in_project send.sh || exit 1
	says "$work/out" "nothing was sent" "$@"
	nothing_was_sent
}
