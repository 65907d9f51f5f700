#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Send the series: to a program that keeps what it gets, from a copy of this
# project in build/test/send, by somebody who has a home of his own there. What
# arrives has the subjects, the threading and the recipients that the lists want,
# and git am makes the series of it. What must not be sent: send-refusals.sh.
#
# Usage: [BASE=name] send.sh
# TAP on stdout. Exit status: 0 if all passed, 1 otherwise.
#
# groups: test host packaging
# bases: mainline

. "$(dirname "$0")/../../../scripts/lib/tap.sh"
. "$top/scripts/lib/patches.sh"

no_arguments "$@"
work=$build/test/send
posting=20211123112104.3530135-1-hsinyi@chromium.org
. "$(dirname "$0")/sender.sh"

# field NAME N: a header's value of the mail N in one line.
field()
{
	sed '/^\r\{0,1\}$/q' "$work/got/$2.mail" | sed -z 's/\n[ \t][ \t]*/ /g' | sed -n "s/^$1: *//Ip"
}

# addresses N NAME...: of these headers, sorted
addresses()
{
	local name
	for name in "${@:2}"; do
		field "$name" "$1"
	done | tr ',' '\n' | sed 's/.*<//; s/>.*//; s/ //g; /^$/d' | sort -u
}

# The whole tree's get_maintainer.pl, asked in another way than send.sh does.
maintainers_of()
{
	(cd "$tree" && perl scripts/get_maintainer.pl --no-git --no-git-fallback --no-rolestats \
		--no-n "${@:2}" "$1") | sort -u
}

sends_all()
{
	rm -f "$work"/got/*
	in_project send.sh SEND=1 "$@" || exit 1
	must "not $((count + 1)) mails arrived" \
		test "$(find "$work/got" -name '*.mail' | wc -l)" -eq $((count + 1))
	says "$work/out" "https://lore.kernel.org/r/$(field Message-ID 0 | tr -d '<>')"
}

# subjects PREFIX
subjects()
{
	local i
	for ((i = 0; i <= count; i++)); do
		[[ $(field Subject "$i") = "[$1 $i/$count] "* ]] || must "$i: Subject: $(field Subject "$i")" false
	done
}

threading()
{
	local i id header
	id=$(field Message-ID 0)
	must "the cover letter has no Message-ID" test -n "$id"
	must "the cover letter is a reply" test -z "$(field In-Reply-To 0)"
	for ((i = 1; i <= count; i++)); do
		for header in In-Reply-To References; do
			must "$i: $header: $(field $header "$i")" test "$(field $header "$i")" = "$id"
		done
		must "$i has the cover letter's Message-ID" test "$(field Message-ID "$i")" != "$id"
	done
}

# recipients N PATCH...: what arrived as N goes to those that the patches have.
recipients()
{
	local i=$1 patch to=$work/to all=$work/all
	for patch in "${@:2}"; do
		maintainers_of "$patch" --no-r --no-l
	done | grep -v '@vger\.\|@lists\.' | sort -u >"$to"
	{
		for patch in "${@:2}"; do
			maintainers_of "$patch"
		done
		! grep -l '^diff --git a/Documentation/devicetree/bindings/' "${patches[@]}" >/dev/null ||
			echo devicetree@vger.kernel.org
	} | sort -u >"$all"
	must "$i: no maintainer to compare with" test -s "$to"
	must "$i: To is not the maintainers" diff "$to" <(addresses "$i" To)
	must "$i: To and Cc are not those of get_maintainer.pl" diff "$all" <(addresses "$i" To Cc)
	must "$i: no list" grep -E '@vger\.|@lists\.' <(addresses "$i" Cc) >/dev/null
	# The envelope is who gets it.
	must "$i: the envelope is another" diff "$all" <(sort -u "$work/got/$i.to")
	addresses "$i" To >"$to"
	must_not "$i: somebody is To and Cc" grep -xF -f "$to" <(addresses "$i" Cc)
	while read -r patch; do
		must_not "$i: goes to $patch" is_placeholder "$patch"
	done <"$work/got/$i.to"
}

all_recipients()
{
	local i
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
		with_committer git_plain -C "$repo" am -q "$work/got/$i.mail" || exit 1
	done
	must "other files" git_plain -C "$repo" diff --exit-code --stat origin/series HEAD
	must "other authors or messages" diff \
		<(git -C "$copy" log --format='%an <%ae>%n%B' base..series) \
		<(git -C "$repo" log --format='%an <%ae>%n%B' base..HEAD)
}

# Of what arrives: the headers that sending adds count, too.
sizes()
{
	must_not "that is more than the lists take" grep . <(find "$work/got" -name '*.mail' -size +100000c)
}

# The version that the package's name has.
names_base()
{
	local base
	base=$(tree_state base)
	case $base in
	package*) base="base: v$(sed -E 's/.* //; s/-[^-]*$//; s/~rc/-rc/' <<<"$base")" ;;
	KERNEL*\ commit\ * | git*\ commit\ *) base="base-commit: ${base##* commit }" ;;
	*) base="base: v" ;;
	esac
	says "$work/got/0.mail" "$base"
}

# Made of a clone, what the lists' tools look for.
names_commit()
{
	local id
	id=$(git -C "$copy" rev-parse base)
	sed -i "s|^base .*|base KERNEL /somewhere commit $id|" "$copy/.git/swiotlb-state"
	dry_run "nothing was sent" >/dev/null
	says "$project/build/$BASE/send/v1/0000-cover-letter.patch" "base-commit: $id"
}

links()
{
	must "the cover letter has no Link: to the posting of 2021" \
		grep "^Link: https://lore\.kernel\.org/r/$posting\( \|$\)" "$work/got/0.mail" >/dev/null
}

# refused_with CHANGELOG TEXT: version 2
refused_with()
{
	printf '%b' "$1" >"$copy_mails/CHANGES"
	not_sent "$2" VERSION=2
}

# has_changes N [LINE...]: below "---", which the cover letter has none of; then these
has_changes()
{
	local mail=$work/got/$1.mail
	[ "$1" -eq 0 ] || sed '1,/^---$/d; /^diff --git/,$d' "$mail" >"$work/below"
	[ "$1" -ne 0 ] || cp "$mail" "$work/below"
	must "$1: no changelog, or not in its place" grep -x "Changes in v2:" "$work/below" >/dev/null
	printf '%s\n' "${@:2}" >"$work/lines"
	must "$1: not its changelog" diff "$work/lines" \
		<(sed '0,/^Changes in v2:$/d' "$work/below" | head -n $(($# - 1)))
}

version_2()
{
	local i
	cat >"$copy_mails/CHANGES" <<-EOF
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
	has_changes 0 "- 1/$count: Count again, and"
	must "0: no link to v1" grep -x "Link to v1: .*" "$work/got/0.mail" >/dev/null
	has_changes 1 "- Count again, and" "  once more."
	for ((i = 2; i <= count; i++)); do
		has_changes "$i" "- none"
	done
	git_am
	rm -f "$work"/got/*
}

# The pull request has the patch's title, and what its message says is there.
pull_request()
{
	local dir=$top/patches/dt-schema subject patch file
	patch=$(list_mails "$dir")
	subject=$(git mailinfo /dev/null /dev/null <"$patch" | sed -n 's/^Subject: //p')
	must "the title is not '$subject'" grep -xF -e "# $subject" "$dir/pull-request.md" >/dev/null
	says "$dir/README.md" "${patch##*/}"
	says "$dir/pull-request.md" "128 to 1048576"
	while read -r file; do
		must "README.md names $file, which is not there" test -e "$top/$file"
	done < <(grep -o 'patches/dt-schema/[A-Za-z0-9_.-]*[A-Za-z0-9]' "$dir/README.md")
}

make_project
tap "sign: the mails are mine, and the series is the same" sign
tap "a dry run of what could be sent sends nothing" dry_run
tap "made of a clone: base-commit is named" names_commit
as_mailed
tap "SEND=1: all mails arrive" sends_all
tap "subjects are numbered" subjects PATCH
tap "patches are replies to the cover letter" threading
tap "To, Cc and envelope are get_maintainer.pl's" all_recipients
tap "git am makes the series of what arrived" git_am
tap "no mail is larger than the lists take" sizes
tap "the base is named" names_base
tap "the posting of 2021 is linked" links
tap "a version is sent once" not_sent "v1 was sent already" SEND=1
tap "version 2 without a link to version 1 is refused" \
	refused_with "v2:\n- 1/$count: Count again.\n" "where v1 is"
tap "version 2: subjects, changelog, and git am" version_2
tap "dt-schema: the pull request has the patch's title" pull_request
tap_end
