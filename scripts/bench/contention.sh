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

arguments 0 1 "$@"
branch=${1:-areas}
rig=$top/tools/testing/swiotlb
segsizes=(128 4096)
sizes=(4 64) # KiB
rounds=9

export LC_ALL=C

need make gcc awk valgrind
[ -d "$base_dir/tree/.git" ] || die "no tree in ${base_dir#"$top"/}/tree" "make it with: make tree"
[ ! -d "$top/patches/extra/$branch" ] || "$top/scripts/patches/topic.sh" "$branch"
below=bitmap
[ ! -d "$top/patches/extra/$branch" ] || below=$("$top/scripts/patches/topic.sh" -b "$branch")
mkdir -p "$bench"

# in_rig NAME FLAVOUR GOAL: the Makefile's output
in_rig()
{
	make -s -C "$rig" --no-print-directory TREE="$base_dir/tree" O="$build/swiotlb" \
		NAME="$1" FLAVOUR="$2" "$3"
}

compile()
{
	in_rig "$1" sim contention && in_rig "$1" threads contention
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
	program=$(in_rig "$1" sim print-out)/swiotlb-contention || return
	for kib in "${sizes[@]}"; do
		for segsize in "${segsizes[@]}"; do
			has_segsize "$1" "$segsize" || continue
			valgrind -q --tool=callgrind --instr-atstart=no --collect-atstart=no \
				--combine-dumps=yes --callgrind-out-file="$callgrind" \
				"$program" sections "$segsize" "$kib" || return
			awk '
				/^desc: Trigger: / {
					parts = split($0, part, " ")
				}
				/^totals: / && parts == 8 {
					if (part[7] == "with")
						with = $2
					else
						print part[5], part[6], (with - $2) / part[8]
					parts = 0
				}' "$callgrind" >"$sections" || return
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
						program=$(in_rig "$name" threads print-out)/swiotlb-contention
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
	awk -v below="$below" -v branch="$branch" '
	function cell(kernel, n)
	{
		if (!((kernel, key, n) in pairs))
			return sprintf("%8s %6s", "-", "-")
		return sprintf("%8d %4.0f %%", pairs[kernel, key, n], waiting[kernel, key, n] / 10)
	}
	FNR == 1 { file++ }
	{
		kernel = file == 1 ? "base" : file == 2 ? below : branch
		key = $1 " " $2
		if (file == 3 && !(key in seen)) {
			seen[key] = 1
			keys[++nkeys] = key
		}
		pairs[kernel, key, $3] = $4
		waiting[kernel, key, $3] = $5
		areas[kernel, key, $3] = $6
		elsewhere += $7
		most = $3 > most ? $3 : most
	}
	END {
		print "Simulated CPUs that map and unmap buffers and do nothing else, restricted pool of"
		print "41 MiB: buffers in 10 million instructions of each, and how much of their time"
		print "they wait for a lock."
		for (i = 1; i <= nkeys; i++) {
			key = keys[i]
			split(key, f, " ")
			printf "\n%d KiB, %d slots a segment\n", f[1], f[2]
			printf "%5s |%15s |%15s |%15s %6s %6s\n", "CPUs", f[2] == 128 ? "base" : "", \
				below, branch, "areas", "ratio"
			for (n = 1; n <= most; n *= 2)
				printf "%5d |%s |%s |%s %6d %6.2f\n", n, cell("base", n), cell(below, n), \
					cell(branch, n), areas[branch, key, n], \
					pairs[branch, key, n] / pairs[below, key, n]
			if (pairs[branch, key, 1] * 100 < pairs[below, key, 1] * 99) {
				missed++
				printf "missed: one CPU maps %d buffers, more than 1 %% fewer than with one area, %d\n", \
					pairs[branch, key, 1], pairs[below, key, 1]
			}
			if (waiting[branch, key, most] > 50 && pairs[branch, key, most] < \
			    areas[branch, key, most] * pairs[below, key, most]) {
				missed++
				printf "missed: %d CPUs wait for %.0f %% of their time, and map %.2f times as much as with one area, with %d\n", \
					most, waiting[branch, key, most] / 10, \
					pairs[branch, key, most] / pairs[below, key, most], areas[branch, key, most]
			}
		}
		if (elsewhere)
			printf "\n%d searches went on to another area than the CPU'"'"'s\n", elsewhere
		print "\nratio: of " branch " to " below ". Not simulated: the time that a lock, and what it"
		print "protects, takes from one CPU'"'"'s cache to another'"'"'s."
		printf "goals: %s\n", missed ? missed " missed" : "met"
		exit missed != 0
	}' "$bench/contention-base" "$bench/contention-$below" "$bench/contention-$branch"
}

time_table()
{
	awk -v below="$below" -v branch="$branch" -v rounds="$rounds" '
	{
		key = $2 " " $3 " " $4
		if (!(key in seen)) {
			seen[key] = 1
			keys[++nkeys] = key
		}
		runs[$1, key] = runs[$1, key] " " $5
	}
	function best(kernel, key,	v, n, i, most)
	{
		n = split(runs[kernel, key], v, " ")
		for (i = 1; i <= n; i++)
			most = v[i] + 0 > most ? v[i] + 0 : most
		return most + 0
	}
	END {
		print "\nReal threads, with copies and mutexes: thousands of buffers a second, the best of " rounds " runs"
		printf "%6s %7s %7s |%8s %8s %8s |%7s\n", "", "slots", "threads", "base", below, branch, "ratio"
		for (i = 1; i <= nkeys; i++) {
			split(keys[i], f, " ")
			b = best("base", keys[i])
			o = best(below, keys[i])
			a = best(branch, keys[i])
			printf "%2d KiB %7d %7d |%8s %8.0f %8.0f |%7.2f\n", f[1], f[2], f[3], \
				b ? sprintf("%.0f", b / 1000) : "-", o / 1000, a / 1000, a / o
		}
	}' "$bench/contention-threads"
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
