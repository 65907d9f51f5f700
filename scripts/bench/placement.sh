#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Is there room left for 5 MiB in a restricted pool of 41 MiB when small buffers have
# come and gone: tools/testing/swiotlb/placement.c, by the series and by a branch of
# the kernel tree, with the same seed.
#
# Usage: [SEED=n] [CPUS=n] placement.sh [BRANCH]
#
#   BRANCH  bitmap, if not given (patches/extra/bitmap, see scripts/patches/topic.sh)
#   SEED    of the random operations (1)
#   CPUS    that map the small buffers (1); with several there is no goal
#
# The table is also in build/bench/placement.txt. placement.svg beside it shows which
# slots are in use after 100000 operations, at 50 % occupancy; Documentation/ has that
# of bitmap and seed 1. placement-*.map has all occupancies, for tools/dma/poolmap.
#
# Exit status: 0 when the goal is
# met: by the branch at least 99 % of the tries succeed at 10, 30, 50 and 70 %
# occupancy, of those of coherent buffers at 10, 30, 50 and 60 %; 1 otherwise.

# shellcheck disable=SC2317 # step calls the functions

. "$(dirname "$0")/../lib/common.sh"

arguments 0 1 "$@"
branch=${1:-bitmap}
seed=${SEED:-1}
cpus=${CPUS:-1}
# Which occupancy is drawn
drawn=50
rig=$top/tools/testing/swiotlb

[[ $seed =~ ^[0-9]+$ ]] || die "SEED=$seed: not a number"
[[ $cpus =~ ^[1-9][0-9]*$ ]] || die "CPUS=$cpus: not a number of CPUs"
need make gcc awk
[ -d "$base_dir/tree/.git" ] || die "no tree in ${base_dir#"$top"/}/tree" "make it with: make tree"
[ ! -d "$top/patches/extra/$branch" ] || "$top/scripts/patches/topic.sh" "$branch"
mkdir -p "$bench"

# placement NAME: what the program says of that kernel, to build/bench/placement-NAME,
# and its maps
placement()
{
	local args=(-s -C "$rig" --no-print-directory TREE="$base_dir/tree" O="$build/swiotlb" NAME="$1")
	local maps=$bench/placement-$1
	make "${args[@]}" placement &&
		"$(make "${args[@]}" print-out)/swiotlb-placement" -m "$maps" "$seed" "$cpus" \
			>"$bench/placement-$1"
}

picture()
{
	local name args=()
	for name in series "$branch"; do
		args+=(-t "$name: $drawn % occupied by buffers of 4 to 64 KiB that come and go")
	done
	"$top/tools/dma/poolmap" "${args[@]}" -s "$bench/placement.svg" \
		"$bench/placement-series-$drawn.map" "$bench/placement-$branch-$drawn.map"
}

for name in series "$branch"; do
	step "placement/$name" placement "$name"
done
step placement/picture picture

status=0
awk -v branch="$branch" -v seed="$seed" -v cpus="$cpus" '
	FNR == 1 { file++ }
	{
		key = $1 " " $2
		got[file, key] = 100 * $3 / $4
		longest[file, key] = $5
		if (file == 1)
			order[++n] = key
	}
	END {
		printf "5 MiB in a pool of 41 MiB, after 100000 operations of 4 to 64 KiB, seed %s%s\n\n", \
			seed, (cpus > 1 ? ", " cpus " CPUs" : "")
		printf "%9s %-9s | %16s | %16s\n", "", "", "series", branch
		printf "%9s %-9s | %7s %8s | %7s %8s\n", "occupied", "", "success", "longest", "success", "longest"
		for (i = 1; i <= n; i++) {
			split(order[i], f, " ")
			goal = cpus == 1 && f[1] != (f[2] == "mapping" ? 60 : 70)
			miss = goal && got[2, order[i]] < 99
			missed += miss
			printf "%7d %% %-9s | %5.1f %% %8d | %5.1f %% %8d%s\n", f[1], f[2], got[1, order[i]], \
				longest[1, order[i]], got[2, order[i]], longest[2, order[i]], miss ? " !" : ""
		}
		printf "\nlongest: the mean of the longest row of free slots, in KiB\n"
		if (cpus == 1)
			printf "goal, at least 99 %%: %s\n", missed ? missed " missed, marked with !" : "met"
		exit missed != 0
	}' "$bench/placement-series" "$bench/placement-$branch" >"$bench/placement.txt" || status=$?
cat "$bench/placement.txt"
exit $status
