#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The fixes that are sent by themselves (patches/fixes/$BASE): mails to branches of the
# kernel tree, and back.
#
#   fixes         base with the fixes
#   fixed-series  the series on top of that
#
# A fix has the context that git gives it, three lines. The series on top of the fixes is
# kept in on-top/ only as far as it differs: a patch is left out there if the series' own
# applies, leaves the same files and says the same.
#
# Usage: [BASE=name] fixes.sh [-w [DIR]]
#   -w   write the mails anew from the branches; without it, make the branches of the
#        mails. Without a branch fixed-series on top of fixes, on-top/ stays as it is.
#   DIR  write there instead
#
# A branch that has what the mails have is left as it is. One with commits of your own is
# never overwritten: then nothing is done but to say so.
#
# Exit status: 0 when the two agree, 1 otherwise.

. "$(dirname "$0")/../lib/common.sh"
. "$top/scripts/lib/patches.sh"

# same_as_own COMMIT MAIL: is the series' own patch as good as this MAIL of COMMIT?
same_as_own()
{
	local own=("$top/patches/$BASE/$(basename "$2" | cut -c1-5)"*) commit
	commit=$(commit_mails "$tree" "$1^" "${own[0]}" 2>/dev/null) || return
	git -C "$tree" diff --quiet "$commit" "$1" &&
		cmp -s <(mail_head "${own[0]}") <(mail_head "$2")
}

mail_head()
{
	sed '/^---$/q' "$1"
}

write_on_top()
{
	local to=$1 new=$2 commit mail n=0
	mkdir -p "$new" "$to"
	format_mails "$tree" fixes..fixed-series -q -o "$new" -n
	for commit in $(git -C "$tree" rev-list --reverse fixes..fixed-series); do
		n=$((n + 1))
		mail=$(printf '%s/%04d-' "$new" "$n")
		mail=$(echo "$mail"*.patch)
		! same_as_own "$commit" "$mail" || rm "$mail"
	done
	rm -f "$to"/[0-9]*.patch
	find "$new" -name '*.patch' -exec mv -t "$to" {} +
}

# stable_prefix MAIL...: "6.1.y" in the subject of those that name their upstream commit
stable_prefix()
{
	local mail
	for mail; do
		! grep -q '^commit [0-9a-f]\{40\} upstream\.$' "$mail" ||
			sed -i "1,/^\$/s/^Subject: \[PATCH $BASE\]/Subject: [PATCH $BASE.y]/" "$mail"
	done
}

write_branches()
{
	local to=$1 new=$base_dir/fixes-mails prefix=PATCH
	git -C "$tree" merge-base --is-ancestor base fixes 2>/dev/null ||
		die "there is no branch fixes on top of base in ${tree#"$top"/}"
	rm -rf "$new"
	mkdir -p "$new" "$to"
	[ "$BASE" = mainline ] || prefix="PATCH $BASE"
	format_mails "$tree" base..fixes -q -o "$new" -N --subject-prefix="$prefix"
	# As the stable tree wants to have what is upstream, and nothing else
	[ "$BASE" = mainline ] || stable_prefix "$new"/*.patch
	rm -f "$to"/[0-9]*.patch
	mv "$new"/*.patch "$to/"
	quilt_series "$to" >"$to/series"
	if git -C "$tree" merge-base --is-ancestor fixes fixed-series 2>/dev/null; then
		write_on_top "$to/on-top" "$new"
	else
		say "  note: there is no branch fixed-series on top of fixes: on-top/ stays as it is"
	fi
	rm -rf "$new"
	if [ "$to" = "$fixes" ]; then
		same_mails fixes base "$fixes"
		series_on_fixes "$base_dir/on-fixes"
		! git -C "$tree" rev-parse -q --verify refs/heads/fixed-series >/dev/null ||
			same_mails fixed-series fixes "$base_dir/on-fixes"
	fi
	say "${to#"$top"/}: $(list_mails "$to" | wc -l) fixes, $(list_mails "$to/on-top" | wc -l) patches of the series"
}

write=0
if [ "${1-}" = -w ]; then
	write=1
	shift
fi
arguments 0 $write "$@"
fixes=$top/patches/fixes/$BASE
[ $write = 1 ] || [ -d "$fixes" ] || die "there is no patches/fixes/$BASE"
without_fixes
need git
need_tree
if [ $write = 1 ]; then
	with_lock "extra-$BASE" write_branches "${1:-$fixes}"
else
	with_lock "extra-$BASE" fixes_branches
fi
