#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The fixes that are sent by themselves (patches/fixes), in TAP. Each applies to its base
# alone, or after the commits that its Cc: stable names, as stable-kernel-rules.rst has
# it, or that patches/fixes/README.md says it needs, and all do in order; checkpatch has
# nothing to say; what shows the fault fails without the fix, for the reason that is given,
# and passes with it. Which test that is, and the reason, is in the tables of
# patches/fixes/README.md. What only a guest can show is left to the test that is named
# there.
#
# And the series applies on top of them: as on-top/ has it, it changes what it changes by
# itself, but for what the fixes have changed already, and passes the tests.
#
# What KASAN says of them is tools/testing/selftests/dma/kasan/check.sh's matter.
#
# Usage: [LEVEL=test|all] tools/testing/series/fixes.sh [BASE...]
#   BASE   mainline, 6.12, 6.1 (mainline; with LEVEL=all, all of them)
#
# Exit status: 0 when all passed, 1 otherwise, 2 for a wrong argument.
#
# groups: test host
# bases: mainline

# shellcheck disable=SC2317 # tap calls the functions

. "$(dirname "$0")/../../../scripts/lib/tap.sh"
. "$top/scripts/lib/patches.sh"

work=$build/test/fixes
tests=$top/tools/testing/swiotlb

readme=$top/patches/fixes/README.md

repo()
{
	echo "$build/$1/tree"
}

# cells HEADING SUBJECT: the other cells of a patch's row in the table that HEADING is
# above, "|" between them
cells()
{
	awk -v heading="## $1" -v subject="$2" '
	/^## / { inside = $0 == heading }
	inside && /^\|/ {
		sub(/^\| */, "")
		sub(/ *\|$/, "")
		gsub(/ *\| */, "|")
		if (index($0, subject "|") == 1) {
			print substr($0, length(subject) + 2)
			found = 1
		}
	}
	END { exit !found }' "$readme"
}

# subjects HEADING: of all rows
subjects()
{
	awk -v heading="## $1" '
	/^## / { inside = $0 == heading }
	inside && /^\|/ && n++ > 1 { sub(/^\| */, ""); sub(/ *\|.*/, ""); print }
	!inside { n = 0 }' "$readme"
}

# The index says of each patch which bases have it, and which test shows it.
indexed()
{
	local mail subject status=0 column
	case $1 in
	mainline) column=4 ;;
	6.12) column=5 ;;
	6.1) column=6 ;;
	esac
	list_mails "$top/patches/fixes/$1" | while read -r mail; do
		mail_field Subject "$mail"
	done | sort >"$work/$1.subjects"
	subjects Index | while read -r subject; do
		[ "$(cells Index "$subject" | cut -d '|' -f $column)" != yes ] || echo "$subject"
	done | sort | diff "$work/$1.subjects" - || status=1
	while read -r subject; do
		cells "What shows them" "$subject" || {
			echo "no row: $subject"
			status=1
		}
	done <"$work/$1.subjects"
	return $status
}

# What is in patches/fixes/BASE is what scripts/patches/fixes.sh writes of the branches
# that it makes of it.
up_to_date()
{
	local exclude=()
	rm -rf "$work/$1.written"
	# Not yet in order, nor with git's context
	[ -e "$top/patches/fixes/$1/series" ] || exclude=(-x '0*.patch' -x series)
	BASE=$1 "$top/scripts/patches/fixes.sh" &&
		BASE=$1 "$top/scripts/patches/fixes.sh" -w "$work/$1.written" &&
		diff -r "${exclude[@]}" "$work/$1.written" "$top/patches/fixes/$1" &&
		diff -r "$work/$1.written/on-top" "$top/patches/fixes/$1/on-top"
}

# changed_lines BASE SIGN FROM TO: the lines that a diff adds ("+") or removes ("-")
changed_lines()
{
	git -C "$(repo "$1")" diff -U0 "$3" "$4" | sed -n "/^+++ /d; /^--- /d; s/^[$2]//p" |
		grep '[[:alnum:]]' | LC_ALL=C sort
}

# net_lines: the same without those that it only moves
net_lines()
{
	local other=+
	[ "$2" = - ] || other=-
	LC_ALL=C comm -23 <(changed_lines "$@") <(changed_lines "$1" $other "$3" "$4")
}

# What the series changes on top of the fixes is what it changes by itself, except for what
# they have changed already. It takes nothing of a fix away, unless it has its own way of
# the same: the index says of which. And a fix has the default limit where the series has
# the allocator's. What the series need not do on top of them: leave out a mask that is
# clear, and say for its size why a request found no place, if that was looked at before.
same_changes()
{
	local base=$1 w=$work status=0 mail sign
	local spared='if \(!?orig_addr\)( \{)?|alloc_align_mask( \|= iotlb_align_mask;|,)'
	spared+='|iotlb_align_mask = 0;|stride = nr_slots\(PAGE_SIZE\);|if \(index == -1\)( \{)?'
	spared="/^[[:space:]]*($spared)\$/d"
	rm -f "$w"/{own,top,fix,limit}[-+] "$w/replaced"
	for sign in + -; do
		net_lines "$base" $sign base series >"$w/own$sign"
		net_lines "$base" $sign fixes fixed-series >"$w/top$sign"
		net_lines "$base" $sign base fixes >"$w/fix$sign"
	done
	list_mails "$top/patches/fixes/$base" | while read -r mail; do
		[ "$(cells Index "$(mail_field Subject "$mail")" | cut -d '|' -f 7)" != yes ] ||
			sed -n '/^diff /,$ { /^+++ /d; s/^+//p }' "$mail"
	done | LC_ALL=C sort >"$w/replaced"
	export LC_ALL=C
	grep -F 'IO_TLB_SEGSIZE * IO_TLB_SIZE' "$w/fix+" >"$w/limit-" || :
	sed 's/ size > IO_TLB_SEGSIZE .*/ nr_slots(size) > max(mem->segsize, IO_TLB_SEGSIZE)) {/' \
		"$w/limit-" >"$w/limit+"
	wc -l "$w"/{own,top,fix}[-+] "$w/replaced"
	[ -s "$w/own+" ] && [ -s "$w/top+" ] || return
	comm -23 "$w/top+" "$w/own+" | comm -23 - "$w/fix-" | comm -23 - "$w/limit+" |
		sed '/alloc_align_mask | iotlb_align_mask,$/d' |
		none "lines that the series does not add by itself" || status=1
	comm -23 "$w/own+" "$w/top+" | comm -23 - "$w/fix+" | sed -E "$spared" |
		none "lines that the series adds, and neither it on top nor the fixes" || status=1
	comm -23 "$w/top-" "$w/own-" | comm -23 - "$w/replaced" | comm -23 - "$w/limit-" |
		none "lines that it takes away from the fixes, or from what is around" || status=1
	comm -23 "$w/own-" "$w/top-" | comm -23 - "$w/fix-" | sed -E "$spared" |
		none "lines that the series removes, and neither it on top nor the fixes" || status=1
	return $status
}

# in_rig NAME VARIABLES GOAL...
in_rig()
{
	local variables
	read -ra variables <<<"$2"
	make -s -C "$tests" --no-print-directory "O=$build/swiotlb" "KSRC=$build/swiotlb/src/$1" \
		"${variables[@]}" "${@:3}"
}

# run_rig BASE NAME COMMIT VARIABLES OPTION...: the tests of a commit
run_rig()
{
	local name=fixes-$1-$2 told=(--fixes)
	# Where the fixes are not all there yet, not all of their tests can pass.
	[ "$2" != fixed-series ] || [ -e "$top/patches/fixes/$1/series" ] || told=()
	# check.sh compiles the same objects.
	"$tests/sources.sh" "$(repo "$1")" "$3" "$build/swiotlb/src/$name" &&
		with_lock swiotlb in_rig "$name" "$4" -j"$jobs" all &&
		"$(in_rig "$name" "$4" print-out)/swiotlb-test" "${told[@]}" "${@:5}"
}

# needed BASE MAIL: the mails of the commits that it needs, by its Cc: stable and README.md
needed()
{
	local title mail
	{
		sed -n '/^---$/q; s/^Cc: .*stable@.* # [0-9.x]*: [0-9a-f]*: //p' "$2"
		cells "Needs another" "$(mail_field Subject "$2")" || :
	} | while read -r title; do
		list_mails "$top/patches/fixes/$1" | while read -r mail; do
			[ "$(mail_field Subject "$mail")" != "$title" ] || echo "$mail"
		done
	done
}

# style BASE MAIL: checkpatch, which does not know the line that names an upstream commit
style()
{
	local ignore=UNKNOWN_COMMIT_ID
	! grep -q '^commit [0-9a-f]\{40\} upstream\.$' "$2" || ignore+=,GIT_COMMIT_ID
	perl "$(repo "$1")/scripts/checkpatch.pl" --root="$(repo "$1")" --strict --no-summary \
		--ignore "$ignore" "$2"
}

# is_seen BASE NAME COMMIT VARIABLES TEST REASON: there it fails, and that is why
is_seen()
{
	! run_rig "$1" "$2" "$3" "$4" --filter "$5" >"$work/said" 2>&1 || {
		echo "the test passes"
		return 1
	}
	if ! grep -q '^not ok' "$work/said" || ! grep -F -m 1 -e "$6" "$work/said"; then
		tail -n 20 "$work/said"
		return 1
	fi
}

# is_fixed BASE NAME COMMIT VARIABLES TEST
is_fixed()
{
	if ! run_rig "$1" "$2" "$3" "$4" --filter "$5" >"$work/said" 2>&1 ||
		! grep "^ok 1 - $5" "$work/said" | grep -v '# SKIP' || ! grep -x '1\.\.1' "$work/said"; then
		tail -n 30 "$work/said"
		return 1
	fi
}

check_one()
{
	local base=$1 mail=$2 name subject before=base without=base commit test with reason needed
	name=$(basename "$mail" .patch)
	commit=$work/$base.commit
	subject=$(mail_field Subject "$mail")
	mapfile -t needed < <(needed "$base" "$mail")
	if [ ${#needed[@]} -gt 0 ]; then
		without=${name%%-*}-before
		tap "$base: $name: what it needs applies" patched_to "$commit" "$(repo "$base")" base "${needed[@]}"
		before=$(cat "$commit")
	fi
	tap "$base: $name: applies alone" patched_to "$commit" "$(repo "$base")" "$before" "$mail"
	tap "$base: $name: checkpatch" style "$base" "$mail"
	while IFS='|' read -r test with reason; do
		case $test in
		selftests/*)
			tap_ok "$base: $name: # SKIP in a guest, $test"
			continue
			;;
		esac
		tap "$base: $name: $test fails without it: $reason" is_seen "$base" "$without" "$before" "$with" "$test" "$reason"
		tap "$base: $name: $test passes with it alone" is_fixed "$base" "${name%%-*}" \
			"$(cat "$commit")" "$with" "$test"
	done < <(cells "What shows them" "$subject" || :)
}

# patched_to FILE ARGUMENT...
patched_to()
{
	rm -f "$1"
	commit_mails "${@:2}" >"$1"
}

check()
{
	local base=$1 mail variables
	tap "$base: the tree is there" env BASE="$base" "$top/scripts/kernel/tree.sh"
	tap "$base: they are what scripts/patches/fixes.sh writes, and apply in order" up_to_date "$base"
	tap "$base: patches/fixes/README.md has each" indexed "$base"
	tap "$base: the series on top of them changes what it does alone" same_changes "$base"
	for variables in FLAVOUR=asan "FLAVOUR=asan DYNAMIC=y"; do
		tap "$base: the series on top of them passes the tests, $variables" run_rig "$base" \
			fixed-series fixed-series "$variables" --ops 20000
	done
	while read -r mail; do
		check_one "$base" "$mail"
	done < <(list_mails "$top/patches/fixes/$base")
}

bases=(mainline)
[ "$level" != all ] || bases+=(6.12 6.1)
[ $# -gt 0 ] || set -- "${bases[@]}"
for base; do
	[[ $base = [a-z0-9]* && -d $top/patches/fixes/$base ]] || usage_error "unknown argument '$base', no base of patches/fixes"
done
need git perl make gcc
mkdir -p "$work"
for base; do
	check "$base"
done
tap_end
