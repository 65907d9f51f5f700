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
# Exit status: 0 if all passed. Consoles: build/logs/boot/scp-*.log.
#
# groups: test guest
# bases: all

. "$(dirname "$0")/../lib/check.sh"
. "$top/tools/testing/selftests/dma/lib/scp.sh"

no_arguments "$@"
messages=${MESSAGES:-1000}
restarts=${RESTARTS:-20}

prepare()
{
	scp_programs "$made" &&
		guest_board_dtb base "$made/base.dtb" &&
		guest_board_dtb series "$made/series.dtb" &&
		{ [ -z "${EXTRA-}" ] || cp "$made/series.dtb" "$made/$EXTRA.dtb"; } &&
		guest_scp_firmware "$made/series.dtb" "$made/scp.img" &&
		sed "/^#/d; s/MESSAGES/$messages/; s/RESTARTS/$restarts/" "$here/jobs" >"$made/jobs"
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
	local segment boots
	boots=$(guest_field boots "$(model "$1" | grep '^end ')")
	model "$1" | grep '^segment=' | sort | uniq -c
	echo "boots=$boots, expected $(starts "$1")"
	for segment in "0 in=sram .*" "1 in=dram .* size=$((guest_scp_dram))"; do
		[ "$(model "$1" | grep -c "^segment=$segment equals the file")" -eq "$boots" ] || return
	done
	! model "$1" | grep ' differs \| cannot be' && [ "$boots" -eq "$(starts "$1")" ]
}

# Of all that the SCP was told to look at, nothing was elsewhere.
all_reached()
{
	! model "$1" | grep '^outside' && model "$1" | grep '^end .* outside=0$'
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
	said=$(grep -c "SCP is ready. FW version $scp_version\$" "$logs/boot/scp-$1.log")
	echo "$said times ready, expected $(starts "$1")"
	[ "$said" -eq "$(starts "$1")" ]
}

channels()
{
	guest_answers "scp-$1" | grep '^channels ' | tee "$made/channels"
	grep ' name=cros-ec-rpmsg .* name=swiotlb-test-echo .* ok$' "$made/channels" >/dev/null
}

# The driver's 5 MiB and nothing else, before and after each job
no_slot_lost()
{
	guest_answers "scp-$1" | grep -E '^(restart|crash|rebind|pool) ' | tee "$made/slots"
	[ "$(grep -c "^pool .* io_tlb_used=$((guest_scp_dram / 2048)) " "$made/slots")" -eq 3 ]
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
	local said addr base result
	said=$(guest_answers "scp-$1" | grep "^buffer kind=$2 size=$3 ")
	base=$(guest_cells "$made/$1.dtb" scp_mem_reserved reg 0)
	addr=$(guest_field dma_addr "$said")
	result=$(guest_field result "$said")
	printf '%s\nexpected: %s\n' "$said" "$4"
	[ "$result" = "$4" ] || return
	[ "$4" != ok ] || { [ $((addr)) -ge $((base)) ] &&
		[ $((addr + $3)) -le $((base + $(guest_cells "$made/$1.dtb" scp_mem_reserved reg 2))) ]; }
}

# tap_buffer REV KIND SIZE: what is coherent is in the SCP's memory; all else is not
# without the series, and has no more than the page allocator's 4 MiB.
tap_buffer()
{
	local result=ok what="the SCP reads and writes it"
	case $1-$2-$3 in
	base-noncontiguous-5242880) result=failed what="not to be had, as it is today" ;;
	base-coherent-*) ;;
	base-*) result=outside what="out of the SCP's reach, as it is today" ;;
	esac
	tap "$1: $2 buffer of $(guest_size "$3"): $what" buffer "$1" "$2" "$3" $result
}

check()
{
	local rev=$1 kind size
	tap_kernel "$rev"
	tap "$rev: the guest ends as it should" scp_boot "$made" "$rev" "$rev" "$made/$rev.dtb" "$made/jobs"
	tap "$rev: the SCP's memory is where the device tree has it" windows "$rev"
	tap "$rev: SCP is ready, version $scp_version, at each start" ready "$rev"
	tap "$rev: SRAM and DRAM equal the firmware's file at each start" loaded "$rev"
	tap "$rev: both rpmsg channels are there" channels "$rev"
	while read -r _ kind size; do
		tap_buffer "$rev" "$kind" "$size"
	done < <(grep '^buffer' "$made/jobs")
	tap_jobs "$rev" "scp-$rev" <<-END
		1 start - the driver probes, the firmware starts
		3 echo - $messages messages of all lengths, by IPI ($(guest_said "scp-$rev" echo bytes) bytes)
		2 rpmsg - $messages messages of all lengths, by rpmsg ($(guest_said "scp-$rev" rpmsg bytes) bytes)
		1 restart - stopped and started $restarts times
		1 rebind - unbound and bound 4 times, and running each time
	END
	tap "$rev: the watchdog's interrupt, and the recovery" crash "$rev"
	if [ "$rev" != base ]; then
		tap "$rev: no address out of the SCP's memory" all_reached "$rev"
		tap "$rev: no slot lost" no_slot_lost "$rev"
	fi
	tap "$rev: no DMA-API error" guest_told "scp-$rev" dma-api errors 0
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
