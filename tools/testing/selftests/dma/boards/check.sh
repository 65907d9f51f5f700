#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Every board of the SoC, in TAP: all kukui boards with one kernel, each with its
# own device tree, until the SCP runs and answers; and the SoC's other boards,
# whose trees the series does not touch, without the series and with it.
#
# Usage: check.sh [BOARD...]
#
#   BOARD   a .dts of arch/arm64/boot/dts/mediatek, without .dts (all of the SoC)
#
# The table is also in build/test/boards/table.txt, the consoles are in
# build/logs/boot/scp-BOARD-REV.log.
# Exit status: 0 when all is as it should be.
#
# groups: test guest
# bases: all

. "$(dirname "$0")/../lib/check.sh"
. "$top/tools/testing/selftests/dma/lib/scp.sh"

soc=mt8183

# run REV BOARD: boots it. A board that does not use its SCP gets it switched on: the
# memory is reserved there, too.
run()
{
	local dir=$made/$2-$1.d dtb=$made/$2-$1.dtb
	rm -rf "$dir"
	mkdir -p "$dir"
	ln "$made/scp_model" "$made/isp_load" "$dir/" &&
		guest_board_dtb "$1" "$dtb" "$2" &&
		fdtput -t s "$dtb" "$(fdtget "$dtb" /__symbols__ scp)" status okay &&
		guest_scp_firmware "$dtb" "$dir/scp.img" &&
		scp_boot "$dir" "$2-$1" "$1" "$dtb" "$made/jobs"
}

run_one()
{
	local status=0
	(run "$1" "$2") >"$made/$2-$1.log" 2>&1 </dev/null || status=$?
	echo "$status" >"$made/$2-$1.status"
	rm -rf "$made/$2-$1.d"
}

# run_all REV BOARD...: so many at a time as there are processors, each with two of its own
run_all()
{
	local board
	for board in "${@:2}"; do
		rm -f "$made/$board-$1.status"
		beside run_one "$1" "$board"
	done
	wait
}

booted()
{
	cat "$made/$2-$1.log"
	[ "$(cat "$made/$2-$1.status")" = 0 ]
}

# It runs, and all messages came back.
works()
{
	local name=$2-$1 job
	guest_answers "scp-$name"
	for job in start channels echo rpmsg; do
		guest_all_ok "scp-$name" $job 1 || return
	done
	grep "SCP is ready. FW version $scp_version\$" "$logs/boot/scp-$name.log" &&
		model "$name" | grep '^end .* crashes=0 .* unknown=0'
}

# What the board's tree says of the SCP: what may differ
tells()
{
	local dtb=$made/$2-$1.dtb
	printf '%s %s+%s %s\n' \
		"$(fdtget "$dtb" "$(fdtget "$dtb" /__symbols__ scp_mem_reserved)" compatible)" \
		"$(guest_cells "$dtb" scp_mem_reserved reg 0)" \
		"$(guest_cells "$dtb" scp_mem_reserved reg 2)" "$(scp_firmware_names "$dtb" | tail -n 1)"
}

columns='%-36s | %-6s | %-19s | %-20s | %-24s | %-7s | %4s | %5s\n'

# line REV BOARD FIRST: of the table; * for what its tree has not like the first kukui's
line()
{
	local name=scp-$2-$1 kind at firmware first_at first_firmware
	read -r kind at firmware < <(tells "$1" "$2")
	read -r _ first_at first_firmware <<<"$3"
	[ "$at" = "$first_at" ] || at+=" *"
	[ "$firmware" = "$first_firmware" ] || firmware+=" *"
	# shellcheck disable=SC2059 # one format for all lines
	printf "$columns" "$2" "$1" "$kind" "$at" "$firmware" "$(guest_said "$name" start state)" \
		$(($(guest_said "$name" echo returned) + $(guest_said "$name" rpmsg returned))) \
		"$(guest_said "$name" restart used)"
}

table()
{
	local board first
	first=$(tells series "${kukuis[0]:-$1}")
	# shellcheck disable=SC2059
	printf "$columns" board kernel "the SCP's memory" "at" firmware SCP echo slots
	for board in "${kukuis[@]}"; do
		line series "$board" "$first"
	done
	for board in "${others[@]}"; do
		line base "$board" "$first"
		line series "$board" "$first"
	done
}

# The tree is the same, byte for byte, and so is what the SCP gets.
unchanged()
{
	local board=$1 rev
	cmp "$made/$board-base.dtb" "$made/$board-series.dtb" || return 1
	for rev in base series; do
		guest_answers "scp-$board-$rev" | sed 's/device=[^ ]*//' >"$made/$board-$rev.answers"
	done
	cat "$made/$board-series.answers"
	diff "$made/$board-base.answers" "$made/$board-series.answers" &&
		grep '^buffer kind=coherent .* result=ok ' "$made/$board-series.answers" &&
		[ "$(tells series "$board" | cut -d ' ' -f 1)" = shared-dma-pool ]
}

restricted()
{
	tells series "$1"
	[[ $(tells series "$1") = restricted-dma-pool\ * ]] &&
		guest_told "scp-$1-series" "pool memory@[^ ]*" io_tlb_used $((guest_scp_dram / 2048))
}

prepare()
{
	scp_programs "$made" &&
		printf '%s\n' start channels "echo 300" "rpmsg 300" "restart 2" \
			"buffer coherent 614400" pool >"$made/jobs"
}

list=("$@")
for board; do
	[[ $board = "$soc"-* ]] || usage_error "unknown argument '$board'"
done
need dtc fdtoverlay fdtget fdtput cpp git
# As the series' tree has them
[ $# -gt 0 ] || mapfile -t list < <(git -C "$base_dir/tree" ls-tree --name-only \
	series:arch/arm64/boot/dts/mediatek | sed -n "s/^\($soc-.*\)\.dts\$/\1/p")
mapfile -t kukuis < <(printf '%s\n' "${list[@]}" | grep -e -kukui-)
mapfile -t others < <(printf '%s\n' "${list[@]}" | grep -v -e -kukui-)

tap "the guest's programs are made" prepare
tap "the kernel without the series builds" "$top/scripts/kernel/build.sh" guest base
tap "the kernel with the series builds" "$top/scripts/kernel/build.sh" guest series
run_all series "${list[@]}"
run_all base "${others[@]}"
for board in "${kukuis[@]}"; do
	tap "$board: the guest ends as it should" booted series "$board"
	tap "$board: a restricted pool, with the SCP's 5 MiB in it" restricted "$board"
	tap "$board: the SCP runs and answers" works series "$board"
done
for board in "${others[@]}"; do
	for rev in base series; do
		tap "$board: $rev: the guest ends as it should" booted "$rev" "$board"
		tap "$board: $rev: the SCP runs and answers" works "$rev" "$board"
	done
	tap "$board: a plain shared-dma-pool, and all as without the series" unchanged "$board"
done
table "${list[0]}" | tee "$made/table.txt" | sed 's/^/# /'
tap_end
