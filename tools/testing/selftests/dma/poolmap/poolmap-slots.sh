#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What tools/dma/poolmap draws is what is in use, slot by slot, in TAP: the maps that the
# allocator in user space writes; and krane's device tree, booted with the kernel that has
# the map in debugfs (patches/extra/map). The picture in Documentation/ is what
# placement.sh makes today.
#
# Usage: poolmap-slots.sh
#
# Exit status: 0 if all passed, 1 otherwise.
#
# groups: test guest
# bases: mainline

# shellcheck disable=SC2317 # tap calls the functions

. "$(dirname "$0")/../lib/check.sh"
. "$top/tools/testing/selftests/dma/lib/scp.sh"

no_arguments "$@"
work=$made
. "$top/tools/testing/selftests/dma/poolmap/lib.sh"
need git make gcc awk
need_tree
export LC_ALL=C COLUMNS=80

# The other way round: what the allocator in user space writes, drawn slot by slot,
# has the used slots of the line, all of them and no other. The table has its longest.
round_trip()
{
	local map=$1
	"$poolmap" -c 1 -w 4096 "$map" >"$work/drawn" || return
	cells "$work/drawn" | tr -d '\n' | fold -w 1 | awk '{ print $0 == "#" ? 1 : 0 }' >"$work/drawn.slots"
	awk '{
		n = split($4, range, ",")
		for (i = 1; i <= n; i++) {
			if (split(range[i], end, "-") < 2)
				end[2] = end[1]
			for (slot = end[1] + 0; slot <= end[2] + 0; slot++)
				used[slot] = 1
		}
		for (slot = 0; slot < $2; slot++)
			print slot in used ? 1 : 0
	}' "$map" >"$work/map.slots"
	echo "$(grep -c 1 "$work/drawn.slots") of $(wc -l <"$work/drawn.slots") slots"
	[ "$(wc -l <"$work/map.slots")" -gt 0 ] && cmp "$work/map.slots" "$work/drawn.slots" &&
		grep " $(grep -c 1 "$work/map.slots") of " "$work/drawn"
}

tap "placement.sh has its maps and its picture" env SEED=1 "$top/scripts/bench/placement.sh"
for map in "$bench"/placement-{series,bitmap}-{10,50,70}.map; do
	tap "slot by slot: ${map##*/}" round_trip "$map"
done
tap "Documentation/placement.svg is what scripts/bench/placement.sh makes (build/bench/placement.svg)" \
	cmp "$bench/placement.svg" "$top/Documentation/placement.svg"

# krane's device tree and its SCP, in a kernel that has the map
boot()
{
	local files
	"$top/scripts/patches/topic.sh" map && "$top/scripts/kernel/build.sh" guest map &&
		guest_program "$work/dma_probe" && guest_program "$work/scp_model" scp_model &&
		guest_board_dtb map "$work/board.dtb" &&
		guest_scp_firmware "$work/board.dtb" "$work/scp.img" || return
	mapfile -t files < <(scp_files "$work" map "$work/board.dtb")
	ICOUNT=1 guest_run poolmap map "$work/board.dtb" "$here/init.sh" "$work/dma_probe" "${files[@]}" ||
		return
	guest_answers poolmap >"$work/said"
	cat "$work/said"
	guest_no_report poolmap
}

# The pool's, which the SCP has its 2560 slots of in one piece, and the program 50
# buffers of 18 slots
shown()
{
	local pool=memory@50000000 used
	used=$(sed -n "s/^used $pool //p" "$work/said")
	sed -n "s/^shown $pool //p" "$work/said" >"$work/$pool.map"
	cat "$work/$pool.map"
	grep -x "mode $pool 400" "$work/said" && grep -x "scp running" "$work/said" || return
	"$poolmap" "$work/$pool.map" >"$work/drawn" || return
	cat "$work/drawn"
	grep -F ": $used of 20992 slots in use" "$work/drawn" && [ "$used" -ge $((2560 + 50 * 18)) ] &&
		grep '####################' "$work/drawn" && round_trip "$work/$pool.map"
}

tap "krane boots with a kernel that has the map" boot
tap "what its pool shows in debugfs is what is in use, and is drawn" shown
tap_end
