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
. "$top/tools/testing/swiotlb/lib.sh"

arguments 0 1 "$@"
branch=${1:-bitmap}
seed=${SEED:-1}
cpus=${CPUS:-1}
# Which occupancy is drawn
drawn=50

[[ $seed =~ ^[0-9]+$ ]] || die "SEED=$seed: not a number"
[[ $cpus =~ ^[1-9][0-9]*$ ]] || die "CPUS=$cpus: not a number of CPUs"
need make gcc awk
need_tree
[ ! -d "$top/patches/extra/$branch" ] || "$top/scripts/patches/topic.sh" "$branch"
mkdir -p "$bench"

# placement NAME: what the program says of that kernel, to build/bench/placement-NAME,
# and its maps
placement()
{
	# shellcheck disable=SC2094 # the maps have names that begin with that of the output
	in_rig NAME="$1" placement && "$(in_rig NAME="$1" print-out)/swiotlb-placement" \
		-m "$bench/placement-$1" "$seed" "$cpus" >"$bench/placement-$1"
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
awk -v branch="$branch" -v seed="$seed" -v cpus="$cpus" -f "$top/scripts/bench/placement.awk" \
	"$bench/placement-series" "$bench/placement-$branch" >"$bench/placement.txt" || status=$?
cat "$bench/placement.txt"
exit $status
