#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The patches beyond the series (patches/extra/): mails to a branch of the kernel
# tree, and back.
#
# Usage: topic.sh TOPIC
#        topic.sh -w TOPIC [BELOW]
#        topic.sh -b TOPIC
#        topic.sh -s BRANCH TOPIC...
#
#   TOPIC  a folder of patches/extra, such as bitmap; the branch has its name
#   BELOW  the branch that a new topic is on top of, which its file "series" names
#          ("# On top of:"): series, if not given, fixed-series, which is the series on
#          top of the fixes (scripts/patches/fixes.sh), or another topic
#   -w     write the mails anew from the branch; without it, make the branch of
#          the mails, and that of the topic below
#   -b     print which branch the topic is on top of
#   -s     make BRANCH, whatever it was, of the series on top of the fixes with all
#          these topics, in this order
#
# A branch that has what the mails have is left as it is, and one with commits of
# your own, too: then nothing is done but to say so.
#
# Exit status: 0 when the two agree, 1 otherwise.

. "$(dirname "$0")/../lib/common.sh"
. "$top/scripts/lib/patches.sh"

# below DIR: the branch that the mails of DIR are on top of
below()
{
	local branch=
	[ ! -e "$1/series" ] || branch=$(sed -n 's/^# On top of: //p' "$1/series")
	echo "${branch:-series}"
}

# make_branch DIR TOPIC
make_branch()
{
	local on
	on=$(below "$1")
	case $on in
	series) ;;
	fixed-series) fixes_branches || return ;;
	*) make_branch "${1%/*}/$on" "$on" || return ;;
	esac
	mails_branch "$2" "$on" "$1"
}

write_branch()
{
	local dir=$1 topic=$2 on=$3 new=$base_dir/extra-mails
	git -C "$tree" merge-base --is-ancestor "$on" "$topic" 2>/dev/null ||
		die "there is no branch $topic on top of $on in ${tree#"$top"/}"
	rm -rf "$new"
	mkdir -p "$new" "$dir"
	format_mails "$tree" "$on..$topic" -q -o "$new" -n
	rm -f "$dir"/[0-9]*.patch
	mv "$new"/*.patch "$dir/"
	rmdir "$new"
	quilt_series "$dir" >"$dir/series"
	[ "$on" = series ] || sed -i "1a # On top of: $on" "$dir/series"
	same_mails "$topic" "$on" "$dir"
	say "${dir#"$top"/}: $(list_mails "$dir" | wc -l) patches"
}

action=make_branch
most=1
case ${1-} in
-w) action=write_branch most=2 ;;
-b) action=below ;;
-s) action=pile most=99 ;;
esac
[ $action = make_branch ] || shift
branch=${1-}
[ $action != pile ] || [ $# -eq 0 ] || shift
arguments 1 $most "$@"
without_fixes
need git
[ "$BASE" = mainline ] || die "the patches of patches/extra are for mainline, not for BASE=$BASE"
for topic; do
	[ $action = write_branch ] || [ -d "$top/patches/extra/$topic" ] ||
		die "there is no patches/extra/$topic" "there are: $(cd "$top/patches/extra" && echo */)"
done
dir=$top/patches/extra/$1
if [ $action = below ]; then
	below "$dir"
	exit
fi
need_tree
if [ $action = pile ]; then
	if [ -d "$top/patches/extra/$branch" ] || [[ $branch =~ ^(base|series|fixes|fixed-series)$ ]]; then
		die "-s $branch: that is another branch's name"
	fi
	with_lock "extra-$BASE" fixes_branches &&
		with_lock "extra-$BASE" pile "$branch" fixed-series "${@/#/"$top/patches/extra/"}"
	exit
fi
with_lock "extra-$BASE" $action "$dir" "$1" "${2-$(below "$dir")}"
