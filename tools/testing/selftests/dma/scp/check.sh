#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The SCP from its firmware to its messages, in TAP: krane's device tree in QEMU,
# the real drivers of remoteproc and rpmsg, a firmware of ours, and a program in
# the guest that plays the SCP (tools/testing/selftests/dma/scp/scp_model.c). It sees
# no other DRAM than the SCP's memory in the device tree. Without the series and
# with it: what the SCP is given, and whether it can reach that.
#
# Usage: check.sh
#
# Environment:
#   EXTRA=branch that is booted instead of the two, with the series' device tree: a
#                topic of patches/extra (scripts/patches/topic.sh)
#   SMP=n        vCPUs, of which a driver's probe takes any (2)
#   MESSAGES=n   to be echoed, by IPI and on the rpmsg channel each (1000)
#   RESTARTS=n   of the SCP (20)
#
# Exit status: 0 when all is as it should be. The consoles are in
# build/logs/boot/scp-*.log.
#
# groups: test guest
# bases: all

. "$(dirname "$0")/../../../../../scripts/lib/common.sh"
. "$top/scripts/lib/tap.sh"
. "$top/scripts/lib/guest.sh"
. "$top/tools/testing/selftests/dma/lib/scp.sh"

no_arguments "$@"
made=$build/test/scp
messages=${MESSAGES:-1000}
restarts=${RESTARTS:-20}
rebinds=4

# Buffers of the SCP's device: what a driver maps, and what it allocates
buffers=("streaming 4096" "streaming 614400" "streaming 4194304"
	"noncontiguous 614400" "noncontiguous 5242880" "coherent 614400" "coherent 5242880")

list_jobs()
{
	local buffer
	echo start
	echo channels
	echo "echo $messages"
	echo "rpmsg $messages"
	for buffer in "${buffers[@]}"; do
		echo "buffer $buffer"
	done
	echo pool
	echo "restart $restarts"
	echo "echo 20"
	echo crash
	echo "echo $messages"
	echo "rpmsg 20"
	echo pool
	echo "rebind $rebinds"
	echo pool
}

prepare()
{
	scp_programs "$made" &&
		guest_board_dtb base "$made/base.dtb" &&
		guest_board_dtb series "$made/series.dtb" &&
		{ [ -z "${EXTRA-}" ] || cp "$made/series.dtb" "$made/$EXTRA.dtb"; } &&
		guest_scp_firmware "$made/series.dtb" "$made/scp.img" &&
		list_jobs >"$made/jobs"
}

# starts NAME: how often the SCP must have started. A rebind after which it does not
# run has a test of its own.
starts()
{
	local rebound
	rebound=$(guest_said "scp-$1" rebind running)
	echo $((1 + restarts + 1 + ${rebound:-0}))
}

# The model compared both segments with the file, each time that the driver let
# the SCP out of reset.
loaded()
{
	local boots
	boots=$(guest_field boots "$(model "$1" | grep '^end ')")
	model "$1" | grep '^segment=' | sort | uniq -c
	model "$1" | grep ' differs \| cannot be' && return 1
	echo "boots=$boots"
	[ "$boots" -eq "$(starts "$1")" ] &&
		[ "$(model "$1" | grep -c '^segment=0 in=sram .* equals the file')" -eq "$boots" ] &&
		[ "$(model "$1" | grep -c "^segment=1 in=dram .* size=$((guest_scp_dram)) equals the file")" -eq "$boots" ]
}

# Of all that the SCP was told to look at, nothing was elsewhere.
all_reached()
{
	model "$1" | grep '^outside' && return 1
	model "$1" | grep '^end .* outside=0$'
}

# Where the model found the SCP's memory is where the board's tree has it.
windows()
{
	local dtb=$made/$1.dtb want
	want="sram=$(guest_cells "$dtb" scp reg 0)+$(guest_cells "$dtb" scp reg 2)"
	want+=" cfg=$(guest_cells "$dtb" scp reg 4)"
	want+=" dram=$(guest_cells "$dtb" scp_mem_reserved reg 0)+$(guest_cells "$dtb" scp_mem_reserved reg 2)"
	echo "$want"
	model "$1" | grep -F "$want "
}

# As many as there should be, and each with the firmware's own version
ready()
{
	local said
	said=$(grep -c "SCP is ready. FW version $scp_version\$" "$logs/boot/scp-$1.log" || :)
	echo "$said times ready, expected $(starts "$1")"
	[ "$said" -eq "$(starts "$1")" ]
}

channels()
{
	local said
	said=$(guest_answers "scp-$1" | grep '^channels ' || :)
	echo "$said"
	[[ $said == *" name=cros-ec-rpmsg "*" name=swiotlb-test-echo "*" ok" ]]
}

# The driver's 5 MiB and nothing else, before and after each job
no_slot_lost()
{
	local said
	said=$(guest_answers "scp-$1" | grep '^pool ' || :)
	printf '%s\n' "$said"
	guest_answers "scp-$1" | grep -E '^(restart|crash|rebind) '
	[ "$(printf '%s\n' "$said" | grep -c " io_tlb_used=$((guest_scp_dram / 2048)) ")" -eq 3 ]
}

crash()
{
	grep -E 'SCP watchdog timeout|crash detected in scp: type watchdog|recovering scp' \
		"$logs/boot/scp-$1.log" | sort -u | tee "$made/crash"
	[ "$(wc -l <"$made/crash")" -eq 3 ] && guest_all_ok "scp-$1" crash 1
}

# buffer NAME KIND SIZE RESULT: what became of it, and whether its address is in
# the SCP's memory, which is seen here by the address alone.
buffer()
{
	local name=$1 kind=$2 size=$3 result=$4 said addr base length in=outside
	said=$(guest_answers "scp-$name" | grep "^buffer kind=$kind size=$size " || :)
	printf '%s\n' "$said"
	base=$(guest_cells "$made/$name.dtb" scp_mem_reserved reg 0)
	length=$(guest_cells "$made/$name.dtb" scp_mem_reserved reg 2)
	addr=$(guest_field dma_addr "$said")
	if [ $((addr)) -ge $((base)) ] && [ $((addr + size)) -le $((base + length)) ]; then
		in=ok
	fi
	[ "$(guest_field result "$said")" = "$result" ] && { [ "$result" = failed ] || [ $in = "$result" ]; }
}

# What the SCP gets of its device's buffers today: what is coherent is in its
# memory; all else is not, and has no more than the page allocator's 4 MiB.
expected()
{
	case $1-$2-$3 in
	base-noncontiguous-5242880) echo failed ;;
	base-coherent-*) echo ok ;;
	base-*) echo outside ;;
	*) echo ok ;;
	esac
}

check()
{
	local rev=$1 kind size result what
	tap "$rev: the kernel builds" "$top/scripts/kernel/build.sh" guest "$rev"
	tap "$rev: the guest ends as it should" scp_boot "$made" "$rev" "$rev" "$made/$rev.dtb" "$made/jobs"
	tap "$rev: the SCP's memory is where the device tree has it" windows "$rev"
	tap "$rev: the driver probes, the firmware starts" guest_all_ok "scp-$rev" start 1
	tap "$rev: SCP is ready, version $scp_version, at each start" ready "$rev"
	tap "$rev: SRAM and DRAM equal the firmware's file at each start" loaded "$rev"
	tap "$rev: both rpmsg channels are there" channels "$rev"
	tap "$rev: $messages messages of all lengths, by IPI ($(guest_said "scp-$rev" echo bytes) bytes)" \
		guest_all_ok "scp-$rev" echo 3
	tap "$rev: $messages messages of all lengths, by rpmsg ($(guest_said "scp-$rev" rpmsg bytes) bytes)" \
		guest_all_ok "scp-$rev" rpmsg 2
	for kind in "${buffers[@]}"; do
		size=${kind#* }
		kind=${kind% *}
		result=$(expected "$rev" "$kind" "$size")
		case $result in
		ok) what="the SCP reads and writes it" ;;
		outside) what="out of the SCP's reach, as it is today" ;;
		failed) what="not to be had, as it is today" ;;
		esac
		tap "$rev: $kind buffer of $(guest_size "$size"): $what" \
			buffer "$rev" "$kind" "$size" "$result"
	done
	tap "$rev: stopped and started $restarts times" guest_all_ok "scp-$rev" restart 1
	tap "$rev: the watchdog's interrupt, and the recovery" crash "$rev"
	tap "$rev: unbound and bound $rebinds times, and running each time" guest_all_ok "scp-$rev" rebind 1
	if [ "$rev" != base ]; then
		tap "$rev: no address out of the SCP's memory" all_reached "$rev"
		tap "$rev: no slot lost" no_slot_lost "$rev"
	fi
	tap "$rev: no DMA-API error" scp_no_dma_api_error "$rev"
	tap "$rev: no report of the kernel" scp_no_report "$rev"
}

[[ $messages =~ ^[1-9][0-9]*$ ]] || die "MESSAGES=$messages: not a number of messages"
[[ $restarts =~ ^[1-9][0-9]*$ ]] || die "RESTARTS=$restarts: not a number of restarts"
need dtc fdtoverlay fdtget cpp git
tap "the guest's device trees, firmware and program are made" prepare
if [ -n "${EXTRA-}" ]; then
	tap "the branch $EXTRA is there" "$top/scripts/patches/topic.sh" "$EXTRA"
	check "$EXTRA"
else
	check base
	check series
fi
tap_end
