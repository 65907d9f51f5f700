#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Do the tests in user space detect errors? Each patch in a folder below
# tools/testing/swiotlb/mutants/series/ breaks the patched swiotlb.c in one place, and
# the tests must fail for it. Those in fixes/ break the base with patches/fixes. They must
# fail, too, for kernels without the series, by the bugs that the series fixes.
#
# A mutant is mutants/OF/SUBJECT/WHAT.patch. OF is "series", or "fixes" or a topic of
# patches/extra, whose branch it breaks; SUBJECT is the part of the allocator: search,
# chain, release...
# It applies without fuzz (diff -U2), and its head has fields:
#   breaks: the rule that no longer holds
#   config: dynamic, to be compiled with CONFIG_SWIOTLB_DYNAMIC; without if not
#           given
#   expect: hangs, if a test that never ends is what is to be seen of it; with
#           any other mutant that is no success
#   first:  what tests to begin with, by a piece of their names; all others follow
#           if these see nothing
#
# The tests are compiled with AddressSanitizer, and random ones run 20000 operations.
# check.sh runs no fewer, from the same seed, on any level: what is detected here is
# detected there.
#
# Usage: [BASE=name] [EXTRA="topic..."] tools/testing/swiotlb/mutants.sh [TEXT]
#   TEXT   only mutants whose name, OF/SUBJECT/WHAT, has it
#   EXTRA  topics of patches/extra (scripts/patches/topic.sh makes their branches): their
#          mutants, and not those of the series and the fixes
#
# TAP on stdout, which names the test that detected each, how, and after how many
# seconds. build/swiotlb/mutants/series-fixes.table has the same (with EXTRA the file is called
# after the topics); the output of each is in build/logs/mutants/OF/SUBJECT/WHAT.log.
#
# Exit status: 0 if all were detected, 1 otherwise, 2 for a wrong argument.
#
# groups: test user-space
# bases: all

. "$(dirname "$0")/../../../scripts/lib/tap.sh"
. "$top/scripts/lib/tree.sh"
. "$top/tools/testing/swiotlb/lib.sh"

work=$build/swiotlb/mutants
log_dir=$logs/mutants
# What mutants are tried of: folders of mutants/
read -ra tried <<<"${EXTRA:-series}"
# Those of the fixes are of mainline's lines.
[ "$BASE$fixes_dir${EXTRA-}" != mainline ] || tried+=(fixes)
# CPU seconds that a single test may take before it is said to hang; those that
# hanging mutants begin with need a small fraction of the shorter time.
limit=10
short_limit=2
# Operations of a random test
ops=20000

# source_of OF: the kernel that its mutants break. The series is taken as it is in the
# tree, committed or not.
source_of()
{
	[ "$1" = series ] && echo "$tree" || echo "$work/src/$1"
}

# compile NAME KSRC CONFIG [OPTION...]: the tests of that kernel. PROGRAM is what
# was made. The options are for make; without any, objects that all kernels share are
# made, too, by one call at a time.
compile()
{
	local name=$1 ksrc=$2 config=$3 args lock=(with_lock mutants)
	shift 3
	[ $# -eq 0 ] || lock=()
	args=(-s O="$work" TREE="$tree" NAME="$name" FLAVOUR=asan KOPT='-O0 -g1 -w' "$@")
	[ -z "$ksrc" ] || args+=(KSRC="$ksrc")
	[ "$config" != dynamic ] || args+=(DYNAMIC=y)
	PROGRAM=$(make -C "$rig" "${args[@]}" print-out)/swiotlb-test || return 1
	rm -f "$PROGRAM"
	"${lock[@]}" make -C "$rig" "${args[@]}" -j"$jobs" all
}

# options_of OF: what the tests of that kernel are to be told
options_of()
{
	case $1 in
	series) echo ${fixes_dir:+--fixes} ;;
	# The topics are on top of the fixes.
	*) echo --fixes ;;
	esac
}

# run LOG LIMIT [OPTION...]: the tests of PROGRAM. Returns their status; seconds is
# how long it took.
run()
{
	local log=$1 limit=$2 start=$EPOCHREALTIME status=0
	shift 2
	(
		ulimit -S -t "$limit"
		ulimit -c 0
		ASAN_OPTIONS=detect_leaks=0 exec "$PROGRAM" --ops "$ops" "$@"
	) >"$log" 2>&1 || status=$?
	seconds=$(awk "BEGIN { printf \"%.1f\", $EPOCHREALTIME - $start }")
	return "$status"
}

verdicts()
{
	awk -f "$rig/verdicts.awk" "$1"
}

# field NAME PATCH: from the head of a mutant
field()
{
	sed -n "/^--- /q; s/^$1: *//p" "$2"
}

# try NAME: one mutant, beside others: writes a line "RESULT TAB SECONDS TAB TEXT", and
# says when it is done.
try()
{
	local name=$1 patch=$rig/mutants/$1.patch source dir=$work/$1 log=$log_dir/$1.log
	local first short=$limit file frozen=() options result=error seconds=0 text=
	read -ra options < <(options_of "${name%%/*}") || :
	source=$(source_of "${name%%/*}")
	first=$(field first "$patch")
	[ "$(field expect "$patch")" != hangs ] || short=$short_limit
	mkdir -p "${log%/*}"
	for file in "${rig_files[@]}"; do
		mkdir -p "$dir/src/${file%/*}"
		cp "$source/$file" "$dir/src/$file"
	done
	# All but swiotlb.c stays as it was when the run began, also for somebody who
	# goes on to work at it.
	for file in "$work"/obj/asan/*.o "$work"/obj/asan/tests/*.o; do
		frozen+=(-o "$file")
	done
	if ! patch -d "$dir/src" -p1 -s -F0 --no-backup-if-mismatch -r - <"$patch" >"$log" 2>&1; then
		text="the patch does not apply; make it anew"
		# The mutants are of mainline's lines, all of which are there. Another
		# kernel may lack some, which patch, without fuzz, has just found out.
		[ "${mails##*/}$fixes_dir" = mainline ] || result=foreign
	elif ! compile "$name" "$dir/src" "$(field config "$patch")" "${frozen[@]}" >"$log" 2>&1; then
		text="it does not compile"
	elif { [ -z "$first" ] || run "$log" "$short" "${options[@]}" --stop --filter "$first"; } &&
		run "$log" "$limit" "${options[@]}" --stop; then
		result=survived
	else
		text=$(verdicts "$log")
		case $text in
		'') text="the tests ended without a verdict" ;;
		*': hangs') [ "$(field expect "$patch")" = hangs ] && result=caught || text+=", which is not expected of it" ;;
		*) result=caught ;;
		esac
		# A hundred programs are a lot; only one that nobody caught is worth another
		# look.
		[ $result != caught ] || rm -f "$PROGRAM"
	fi
	printf '%s\t%s\t%s\n' "$result" "$seconds" "$text" >"$dir/result.new"
	mv "$dir/result.new" "$dir/result"
	echo "done"
}

try_all()
{
	local name
	for name in "${mutants[@]}"; do
		beside try "$name"
	done
	wait
}

arguments 0 1 "$@"

need make gcc patch awk
need_tree
mkdir -p "$work" "$log_dir"

# control OF CONFIG: what its mutants are made of passes, in the time that they have.
# And after this all but swiotlb.c is compiled.
control()
{
	local log=$log_dir/$1-$2.log options
	read -ra options < <(options_of "$1") || :
	compile "$1" "$(source_of "$1")" "$2" && run "$log" "$limit" "${options[@]}" && return 0
	cat "$log"
	return 1
}

# fails NAME KSRC TEST PATTERN: this test fails for a kernel without the series,
# and with what the extended regular expression says.
fails()
{
	local log=$log_dir/$1.log seen
	if ! compile "$1" "$2" static >"$log" 2>&1; then
		tap_fail "$1: does not compile" "$log"
	elif run "$log" "$limit" --filter "$3"; then
		tap_fail "$1: $3 does not fail" "$log"
	elif seen=$(verdicts "$log" | grep -E -m 1 "$4"); then
		tap_ok "$1: $seen ($seconds s)"
	else
		tap_fail "$1: $3 does not fail with '$4'" "$log"
	fi
}

source_6_1()
{
	local package
	package=$(BASE=6.1 "$top/scripts/kernel/get.sh" newest) || return 1
	ksrc_6_1=$work/src/$(source_name "$package")
	"$top/scripts/kernel/files.sh" "$package" "$ksrc_6_1" "${rig_files[@]}"
}

mutants=()
for of in "${tried[@]}"; do
	[ -d "$rig/mutants/$of" ] || die "there is no tools/testing/swiotlb/mutants/$of" \
		"EXTRA has topics of patches/extra"
	while read -r name; do
		[[ $name != *"${1-}"* ]] || mutants+=("$name")
	done < <(cd "$rig/mutants" && find "$of" -name '*.patch' | sed 's/\.patch$//' | LC_ALL=C sort)
done
[ ${#mutants[@]} -gt 0 ] || die "no mutant's name has '${1-}'" \
	"they are in tools/testing/swiotlb/mutants/, in the folders: ${tried[*]}"

for of in "${tried[@]}"; do
	[[ " ${mutants[*]}" == *" $of/"* ]] || continue
	[ "$of" != fixes ] || tap "the branch of the fixes is made" "$top/scripts/patches/fixes.sh"
	[ "$of" = series ] || "$rig/sources.sh" "$tree" "$of" "$(source_of "$of")"
	tap "$of itself passes, as quickly as the mutants have to fail" control "$of" static
	tap "$of itself passes with CONFIG_SWIOTLB_DYNAMIC" control "$of" dynamic
done
# Without that a mutant's failure says nothing.
[ "$tap_failed" -eq 0 ] || {
	tap_end
	exit 1
}

if [ $# -eq 0 ] && [ -z "${EXTRA-}" ]; then
	# With FIXES=1 the base has the fix.
	[ -n "$fixes_dir" ] || fails base "" "end/the last slots" \
		'AddressSanitizer: heap-buffer-overflow in swiotlb_release_slots'
	if source_6_1 >"$log_dir/fetch-6.1.log" 2>&1; then
		fails 6.1 "$ksrc_6_1" "end/half a slot set" \
			'AddressSanitizer: heap-buffer-overflow in swiotlb_.*find_slots'
	else
		tap_ok "6.1 # SKIP its source cannot be had, see ${log_dir#"$top"/}/fetch-6.1.log"
	fi
fi

for name in "${mutants[@]}"; do
	rm -f "$work/$name/result"
done

# A line for each that is done
start=$SECONDS
exec {done_ones}< <(try_all)

# Told in the order of their names, as soon as that can be.
table=$work/$(IFS=-; echo "${tried[*]}").table
: >"$table"
for name in "${mutants[@]}"; do
	patch=$rig/mutants/$name.patch
	until [ -e "$work/$name/result" ]; do
		read -r -u "$done_ones" _ || [ -e "$work/$name/result" ] ||
			die "the workers ended before $name was tried"
	done
	IFS=$'\t' read -r result seconds text <"$work/$name/result"
	printf '%s\t%s\t%s\t%s\t%s\n' "$name" "$(field breaks "$patch")" "$result" \
		"$seconds" "$text" >>"$table"
	case $result in
	caught) tap_ok "$name: $text ($seconds s)" ;;
	foreign) say "# $name: of lines that $BASE does not have" ;;
	survived) tap_fail "$name: SURVIVED; no test detected that this is broken: $(field breaks "$patch")" ;;
	*) tap_fail "$name: $text" "$log_dir/$name.log" ;;
	esac
done
say "# ${#mutants[@]} mutants in $((SECONDS - start)) s, $(awk -F '\t' '
	$3 != "caught" && $3 != "foreign" { missed++ }
	$4 > slowest { slowest = $4 }
	$3 == "foreign" { foreign++ }
	END { printf "%d not caught, %d of other lines, the slowest run took %s s",
		missed, foreign, slowest }' "$table")"
tap_end
