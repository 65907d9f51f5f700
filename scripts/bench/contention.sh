#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# How many buffers do 1 to 64 CPUs map and unmap in a restricted pool of 41 MiB, with
# one area and with several: tools/testing/swiotlb/contention.c, of the base, of the
# topic that a branch is on top of, and of the branch.
#
# Usage: contention.sh [BRANCH]
#
#   BRANCH  areas, if not given (patches/extra/areas, see scripts/patches/topic.sh)
#
# CPUs are simulated, around the kernel's real code, with instructions for time. These
# figures are the same each time. Then real threads, as many as there are CPUs here, are
# timed in turns, each the best of several runs; of these only the ratio means anything,
# and that not much.
#
# All is also in build/bench/contention.txt. Exit status: 0 when the goals are met by
# the simulated CPUs, 1 otherwise: one CPU maps at most 1 % fewer buffers than with one area;
# with 64, they spend at most 5 % of their time waiting, or map at least as many times
# what they did with one area as there are areas.

# shellcheck disable=SC2317 # step calls the functions

. "$(dirname "$0")/../lib/common.sh"
. "$top/tools/testing/swiotlb/lib.sh"

arguments 0 1 "$@"
branch=${1:-areas}
segsizes=(128 4096)
sizes=(4 64) # KiB
rounds=9

export LC_ALL=C

need make gcc awk valgrind
need_tree
[ ! -d "$top/patches/extra/$branch" ] || "$top/scripts/patches/topic.sh" "$branch"
below=bitmap
[ ! -d "$top/patches/extra/$branch" ] || below=$("$top/scripts/patches/topic.sh" -b "$branch")
mkdir -p "$bench"

compile()
{
	in_rig NAME="$1" FLAVOUR=sim contention && in_rig NAME="$1" FLAVOUR=threads contention
}

# has_segsize NAME SEGSIZE: the base has but one.
has_segsize()
{
	[ "$1" != base ] || [ "$2" -eq 128 ]
}

# simulate NAME: lines "KIB SEGSIZE CPUS PAIRS WAITING AREAS ELSEWHERE"
simulate()
{
	local program callgrind=$bench/callgrind.$1 sections=$bench/contention-sections-$1
	local kib segsize
	program=$(in_rig NAME="$1" FLAVOUR=sim print-out)/swiotlb-contention || return
	for kib in "${sizes[@]}"; do
		for segsize in "${segsizes[@]}"; do
			has_segsize "$1" "$segsize" || continue
			valgrind -q --tool=callgrind --instr-atstart=no --collect-atstart=no \
				--combine-dumps=yes --callgrind-out-file="$callgrind" \
				"$program" sections "$segsize" "$kib" || return
			awk -f "$top/scripts/bench/contention-sections.awk" "$callgrind" >"$sections" || return
			[ -s "$sections" ] || return
			"$program" simulate "$segsize" "$kib" <"$sections" |
				sed "s/^/$kib $segsize /" || return
		done
	done >"$bench/contention-$1"
	rm -f "$callgrind" "$sections"
}

# In turns, so that whatever else the machine does is the same for all.
take_time()
{
	local name kib segsize cpus round program
	for ((round = 0; round < rounds; round++)); do
		for kib in "${sizes[@]}"; do
			for segsize in "${segsizes[@]}"; do
				for ((cpus = 1; cpus <= jobs && cpus <= 64; cpus *= 2)); do
					for name in "${names[@]}"; do
						has_segsize "$name" "$segsize" || continue
						program=$(in_rig NAME="$name" FLAVOUR=threads print-out)/swiotlb-contention
						printf '%s %s %s %s ' "$name" "$kib" "$segsize" "$cpus"
						"$program" threads "$cpus" "$segsize" "$kib" || return
					done
				done
			done
		done
	done >"$bench/contention-threads"
}

table()
{
	awk -v below="$below" -v branch="$branch" -f "$top/scripts/bench/contention.awk" \
		"$bench/contention-base" "$bench/contention-$below" "$bench/contention-$branch"
}

time_table()
{
	awk -v below="$below" -v branch="$branch" -v rounds="$rounds" \
		-f "$top/scripts/bench/contention-time.awk" "$bench/contention-threads"
}

names=(base "$below" "$branch")
for name in "${names[@]}"; do
	step "contention/compile-$name" compile "$name"
	step "contention/simulate-$name" simulate "$name"
done
step contention/threads take_time

status=0
table >"$bench/contention.txt" || status=$?
time_table >>"$bench/contention.txt"
cat "$bench/contention.txt"
exit $status
