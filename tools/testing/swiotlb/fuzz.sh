#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Fuzz the allocator in user space: libFuzzer looks for inputs that reach more of
# swiotlb.c, and the model, AddressSanitizer and UBSan judge what happens. It
# begins with the kept inputs, tools/testing/swiotlb/corpus.txt, and with what
# earlier runs found, in build/swiotlb/fuzz/found.
#
# Usage: [SEED=n] tools/testing/swiotlb/fuzz.sh [SECONDS]
#        tools/testing/swiotlb/fuzz.sh --merge
#        tools/testing/swiotlb/fuzz.sh --keep FILE TEXT
#        tools/testing/swiotlb/fuzz.sh --unpack
#   SECONDS  how long to look (60); without and with dynamic pools at once
#   --merge  make the kept inputs anew from all that were found: the fewest that
#            reach as much. Lines that have a text stay.
#   --keep   add an input, such as one that ended the program, and say what it is
#   --unpack only make files of the kept inputs, in build/swiotlb/fuzz/kept
#   SEED     for libFuzzer; another one each time, printed, if it is not set
#
# NAME, KSRC and SWIOTLB_C are passed to the Makefile of tools/testing/swiotlb.
#
# TAP on stdout, libFuzzer's own output in build/logs/fuzz/. Exit status: 0 if
# nothing was found that is wrong, 1 otherwise.
#
# groups: test user-space
# bases: all

. "$(dirname "$0")/../../../scripts/lib/tap.sh"
. "$top/tools/testing/swiotlb/lib.sh"

corpus=$rig/corpus.txt
work=$build/swiotlb/fuzz
max_len=200

in_fuzz()
{
	in_rig FLAVOUR=fuzz DYNAMIC="${config_dynamic[$1]}" "$2"
}

compile()
{
	in_fuzz static fuzz && in_fuzz dynamic fuzz
}

# unpack DIR: a file for each line of the corpus
unpack()
{
	rm -rf "$1"
	mkdir -p "$1"
	perl -ne 'next unless /^([0-9a-f]*)(?: #.*)?$/;
		open my $f, ">:raw", "'"$1"'/line-$." or die; print $f pack "H*", $1' "$corpus"
}

hex()
{
	perl -0777 -ne 'print unpack "H*", $_' "$1"
}

fuzz_one()
{
	local variant=$1 seconds=$2 program
	program=$(in_fuzz "$variant" print-out)/swiotlb-fuzz || return 1
	mkdir -p "$work/found"
	"$program" -max_total_time="$seconds" -max_len=$max_len -len_control=0 -seed="$seed" \
		-timeout=20 -rss_limit_mb=4096 -print_final_stats=1 \
		-artifact_prefix="$work/$variant-" "$work/found" "$work/kept"
}

# judge VARIANT STATUS: one line of TAP, and what to do if it isn't ok
judge()
{
	local variant=$1 log=$logs/fuzz/$1.log file program
	local runs edges of
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
	edges=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
	of=$(sed -n 's/^INFO: Loaded 1 PC tables (\([0-9]*\) PCs).*/\1/p' "$log")
	if [ "$2" -eq 0 ] && [ "${runs:-0}" -gt 0 ]; then
		tap_ok "fuzz, $variant: $runs inputs, $edges of the file's $of edges"
		return
	fi
	file=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
	grep -E '^# |ERROR: |runtime error: |^SUMMARY: |^    #[0-9] .*swiotlb' "$log" | head -n 25 >"$log.said" ||
		tail -n 15 "$log" >"$log.said"
	tap_fail "fuzz, $variant: after ${runs:-0} inputs" "$log.said"
	[ -n "$file" ] || return 0
	program=$(in_fuzz "$variant" print-out)/swiotlb-fuzz
	say "# the input: ${file#"$top"/}"
	say "# again:     ${program#"$top"/} ${file#"$top"/}"
	say "# keep it:   tools/testing/swiotlb/fuzz.sh --keep ${file#"$top"/} 'what it shows'"
}

fuzz()
{
	local variant start=$SECONDS
	local -A pids
	say "# seed $seed: again with SEED=$seed tools/testing/swiotlb/fuzz.sh $1"
	for variant in "${!config_dynamic[@]}"; do
		fuzz_one "$variant" "$1" >"$logs/fuzz/$variant.log" 2>&1 </dev/null &
		pids[$variant]=$!
	done
	for variant in "${!config_dynamic[@]}"; do
		local status=0
		wait "${pids[$variant]}" || status=$?
		judge "$variant" "$status"
	done
	say "# in $((SECONDS - start)) s; merge what was found with: tools/testing/swiotlb/fuzz.sh --merge"
	tap_end
}

# Edges alone decide: what differs in how often it goes round is not worth a line.
merge_into()
{
	local variant program
	for variant in "${!config_dynamic[@]}"; do
		program=$(in_fuzz "$variant" print-out)/swiotlb-fuzz || return 1
		"$program" -merge=1 -use_counters=0 -max_len=$max_len "$1" "$work/kept" "$work/found" || return 1
	done
}

merge()
{
	local new=$work/merged
	rm -rf "$new"
	mkdir -p "$new" "$work/found"
	step fuzz/merge merge_into "$new" || die "the inputs could not be merged"
	{
		sed -n '/^#/p; /^$/p' "$corpus"
		grep -E '^[0-9a-f]+ #' "$corpus" || true
		for file in "$new"/*; do
			hex "$file"
			echo
		done | grep -vxFf <(sed -n 's/^\([0-9a-f]\+\) #.*/\1/p' "$corpus") |
			awk '{ print length, $0 }' | sort -n | cut -d' ' -f2
	} >"$work/corpus.txt"
	cp "$work/corpus.txt" "$corpus"
	say "  $(grep -c '^[0-9a-f]' "$corpus") inputs in ${corpus#"$top"/}"
}

case ${1:-60} in
--merge) [ $# -eq 1 ] || usage_error "unknown arguments: $*" ;;
--unpack)
	[ $# -eq 1 ] || usage_error "unknown arguments: $*"
	need perl
	unpack "$work/kept"
	exit 0
	;;
--keep)
	[[ $# -eq 3 && -r $2 ]] || usage_error "unknown arguments: $*"
	printf '%s # %s\n' "$(hex "$2")" "$3" >>"$corpus"
	exit 0
	;;
*) [[ $# -le 1 && ${1:-60} =~ ^[1-9][0-9]*$ ]] || usage_error "unknown arguments: $*" ;;
esac

need make clang perl
need_tree
seed=${SEED:-$((RANDOM * 32768 + RANDOM + 1))}
mkdir -p "$logs/fuzz"
step fuzz/compile compile || die "the fuzz target does not compile"
unpack "$work/kept"
if [ "${1:-}" = --merge ]; then
	merge
else
	fuzz "${1:-60}"
fi
