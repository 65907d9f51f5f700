#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What the allocator's bookkeeping costs, without booting: instructions of mapping
# and unmapping one buffer, counted by callgrind in the program that
# tools/testing/swiotlb/bench.c describes, by the size of the buffer, of the
# segment and of the pool, and by how much of the pool is occupied.
#
# Usage: [EXTRA=branch] swiotlb.sh
#   EXTRA  a branch of the kernel tree (scripts/patches/topic.sh) that is compared with the
#          base instead of the series, in fewer cells, and against goals of its own
#
# Three swiotlb.c are compared: the base's, the series' as it is in the tree,
# committed or not, and, for the comparison alone, the base with free counts that
# reach over the whole segment (tools/testing/swiotlb/bench/segment-counts.patch,
# "2021"). Where that does not apply, its column is missing.
#
# Nothing is copied, and memory and locks cost nothing: these are not
# the figures of scripts/bench/kernel.sh, which are a kernel's. But they are exact, so two runs
# give the same. For one who asks what that means in time, the last table has
# it, with copies, as the ratio of two programs that run in turns.
#
# Tables in build/bench/swiotlb.txt, the figures one a line in swiotlb.tsv, plots
# in swiotlb-*.svg and .png; with EXTRA in build/bench/EXTRA/, without plots. Exit
# status: 0 when the goal is met, 1 if not: 4 KiB cost the same whatever the segment;
# with EXTRA, half of the base's in an empty pool and 0.6 of it in an occupied one,
# and no size costs more than in the base.

# shellcheck disable=SC2317 # step calls the functions

. "$(dirname "$0")/../lib/common.sh"
. "$top/scripts/lib/tree.sh"
. "$top/tools/testing/swiotlb/lib.sh"

no_arguments "$@"

patched=${EXTRA:-series}
out=$bench${EXTRA:+/$EXTRA}
work=$build/swiotlb

# The goal, in thousandths: 4 KiB in any segment against one of 128 slots
goal_flat=1050

all_segsizes=128,256,512,1024,2048,4096,8192,16384,32768,65536,131072,262144,524288,1048576
all_sizes=2,4,8,16,32,64,128,256,512,1024,2048,4096

# MiB of the pool : slots a segment : KiB of the buffer. No figure twice.
plans=(
	"1:128,4096:4,64,256"
	"41:128,4096,1048576:$all_sizes"
	"41:256,512,1024,2048,8192,16384,32768,65536,131072,262144,524288:4"
	"256:128,4096:4,64,256"
	"1024:128,4096:64,256"
	"1024:$all_segsizes:4"
)
# What is timed, and how often: each in a process of its own, which has no
# other's caches and memory
timed=("base 128" "$patched 128" "$patched 4096")
time_rounds=11
# Buffers in flight, where the allocator wants them; 0: one, all over the pool
flights=(0)

# With EXTRA, in thousandths: 4 KiB against the base's, by occupancy; any size
declare -A goal_4k=([0]=500 [50]=600 [90]=600)
goal_any=1000
# Where 4 KiB miss that goal, MiB and occupancy: the base's counts are short in a
# pool of a few slot sets, and what is behind bench/no-search.patch is in both.
known_miss="1 50"
if [ -n "${EXTRA-}" ]; then
	plans=(
		"1:128,4096:4,64,256"
		"41:128,4096:$all_sizes"
		"256:128,4096:4,64,256"
		"1024:128,4096:4,64,256"
	)
	flights=(1 32)
fi

# Numbers with a decimal point, and the same order, everywhere
export LC_ALL=C

need make gcc git patch awk valgrind gnuplot
need_tree
mkdir -p "$out"
start=$SECONDS

# in_kernel NAME GOAL: the Makefile's output
in_kernel()
{
	# The folder's name is the kernel's.
	case $1 in
	2021 | no-search) in_rig KSRC="$work/src/$1" "$2" ;;
	*) in_rig NAME="$1" "$2" ;;
	esac
}

# patched_copy REV NAME PATCH: the sources of REV with bench/PATCH, in the folder NAME
patched_copy()
{
	"$rig/sources.sh" "$tree" "$1" "$work/src/$2" &&
		patch -d "$work/src/$2" -p1 -F0 --no-backup-if-mismatch -r - <"$rig/bench/$3"
}

compile()
{
	local name
	for name in "${names[@]}"; do
		in_kernel "$name" bench || return 1
	done
}

# count NAME [OPTION...]: a line for each part of callgrind's output
count()
{
	local program callgrind=$out/callgrind.$1
	program=$(in_kernel "$1" print-out)/swiotlb-bench || return 1
	[ "$1" != no-search ] || set -- "$@" --empty
	valgrind -q --tool=callgrind --instr-atstart=no --toggle-collect=bench_op \
		--combine-dumps=yes --callgrind-out-file="$callgrind" \
		"$program" "${@:2}" "${plans[@]}" || return 1
	awk -v kernel="$1" -f "$top/scripts/bench/swiotlb-count.awk" "$callgrind" >"$out/swiotlb.tsv.$1"
	rm -f "$callgrind"
	[ -s "$out/swiotlb.tsv.$1" ]
}

# In turns, so that whatever else the machine does is the same for all.
take_time()
{
	local run name segsize round flight how programs=()
	for run in "${timed[@]}"; do
		programs+=("$(in_kernel "${run% *}" print-out)/swiotlb-bench") || return 1
	done
	for ((round = 0; round < time_rounds; round++)); do
		for run in "${!timed[@]}"; do
			read -r name segsize <<<"${timed[run]}"
			for flight in "${flights[@]}"; do
				how=--time
				[ "$flight" = 0 ] || how=--flight=$flight
				"${programs[run]}" "$how" "41:$segsize:4,64,256" |
					sed "s/^/$name $round /; s/\$/ $flight/" || return 1
			done
		done
	done >"$out/swiotlb-time.txt"
}

table()
{
	awk -F '\t' -v goal="$goal_flat" -v segsizes="$all_segsizes" -v sizes="$all_sizes" \
		-f "$top/scripts/bench/swiotlb.awk" "$out/swiotlb.tsv"
}

# With EXTRA: the base beside that branch, and what is to be reached
extra_table()
{
	awk -F '\t' -v extra="$EXTRA" -v goals="${goal_4k[0]} ${goal_4k[50]} ${goal_4k[90]}" \
		-v goal_any="$goal_any" -v known="$known_miss" \
		-f "$top/scripts/bench/swiotlb-extra.awk" "$out/swiotlb.tsv"
}

time_table()
{
	printf '\ntime with copies in and out, %s/base, pool of 41 MiB: median of %d rounds' \
		"$patched" "$time_rounds"
	[ -z "${EXTRA-}" ] || printf ',\nby buffers in flight (least to most of the rounds)'
	printf '\n%8s %4s |%8s %8s\n' "" "" 128 4096
	# Slots, KiB and so on by which round: the base has but 128 slots.
	awk '
		$1 == "base" { base[$2, $5, $6, $9] = $8 }
		$1 != "base" {
			print $6, $9 ? $9 : $5 " %", $4, $8 / base[$2, $5, $6, $9]
		}' "$out/swiotlb-time.txt" | sed 's/ %/%/' | sort -n -k 1,1 -k 2,2 -k 3,3 -k 4,4 |
		awk -v rounds="$time_rounds" -v span="${EXTRA:+1}" -f "$top/scripts/bench/swiotlb-time.awk"
}

# points NAME KERNEL MIB SEGSIZE OCCUPANCY KIB: a data block for gnuplot. One without
# points draws nothing.
points()
{
	printf '$%s << EOD\n' "$1"
	awk -F '\t' -v want="${*:2}" -f "$top/scripts/bench/swiotlb-points.awk" "$out/swiotlb.tsv" | sort -n
	printf 'EOD\n'
}

# plot NAME: swiotlb-NAME.gp, of its lines in the file swiotlb-plots, as SVG and as PNG
plot()
{
	local words
	{
		while read -ra words; do
			points "${words[@]}"
		done < <(sed -n "s/^$1 //p" "$top/scripts/bench/swiotlb-plots")
		printf 'set terminal svg size 800,500 background "white" font "sans-serif,13"\nset output "%s"\n' \
			"$out/swiotlb-$1.svg"
		cat "$top/scripts/bench/swiotlb.gp" "$top/scripts/bench/swiotlb-$1.gp"
		printf 'set terminal pngcairo size 800,500 font "sans-serif,10"\nset output "%s"\nreplot\n' \
			"$out/swiotlb-$1.png"
	} | gnuplot || return
	sed -i '1a <!-- SPDX-License-Identifier: GPL-2.0 -->' "$out/swiotlb-$1.svg"
}

plots()
{
	plot segsize && plot size && plot pool
}

names=(base "$patched")
rm -f "$out"/swiotlb*
if [ -n "${EXTRA-}" ]; then
	[ ! -d "$top/patches/extra/$EXTRA" ] || "$top/scripts/patches/topic.sh" "$EXTRA"
	if [ "$EXTRA" = bitmap ]; then
		# No search and no bitmap: what all others cost
		step bench/swiotlb-no-search patched_copy "$EXTRA" no-search no-search.patch
		names+=(no-search)
	fi
elif step bench/swiotlb-2021 patched_copy base 2021 segment-counts.patch; then
	names+=(2021)
else
	say "  bench/segment-counts.patch does not apply to this base: its column is missing"
fi
step bench/swiotlb-compile compile
for name in "${names[@]}"; do
	step "bench/swiotlb-count-$name" count "$name"
done
{
	printf 'kernel\tMiB\tsegsize\toccupancy\tKiB\tinstructions\n'
	for name in "${names[@]}"; do
		cat "$out/swiotlb.tsv.$name"
	done
} >"$out/swiotlb.tsv"
rm -f "$out"/swiotlb.tsv.*
step bench/swiotlb-time take_time
[ -n "${EXTRA-}" ] || step bench/swiotlb-plots plots

status=0
"${EXTRA:+extra_}table" >"$out/swiotlb.txt" 2>"$out/swiotlb.missed" || status=$?
time_table >>"$out/swiotlb.txt"

echo
cat "$out/swiotlb.txt"
printf '\n%d s; also in %s%s\n' $((SECONDS - start)) "${out#"$top"/}/swiotlb.txt" \
	"$([ -n "${EXTRA-}" ] || echo ", plots beside it")"
cat "$out/swiotlb.missed" >&2
rm -f "$out/swiotlb.missed"
exit $status
