#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What the camera needs of the SCP's memory, in TAP, by the drivers that were posted for
# MT8183's ISP: beside the 5 MiB of the SCP's driver a coherent buffer of 2 MiB and one of
# 32 times 84 KiB, which the SCP uses, and which are then mapped for the ISP (the file
# camera of kernel/dma/scp_probe.c plays it). With the series' kernel and tree, and on the
# base with the SCP's memory in two regions, of which the one for coherent buffers has
# 8 MiB, where there is no place for them, or 16.
#
# Usage: camera.sh
#
# Environment:
#   SMP=n        vCPUs (2)
#
# Exit status: 0 when all is as it should be. Consoles: build/logs/boot/scp-camera-*.log.
#
# groups: test guest
# bases: all

. "$(dirname "$0")/../lib/check.sh"
. "$top/tools/testing/selftests/dma/lib/scp.sh"

no_arguments "$@"
sizes=($((2 << 20)) $((32 * 84 << 10)))

prepare()
{
	scp_programs "$made" && guest_board_dtb base "$made/base.dtb" &&
		CPPFLAGS=-DSHARED=8 guest_overlay "$made/base.dtb" "$made/shared-8.dtb" "$guest_board_two_regions" &&
		CPPFLAGS=-DSHARED=16 guest_overlay "$made/base.dtb" "$made/shared-16.dtb" "$guest_board_two_regions" &&
		guest_board_dtb series "$made/series.dtb" &&
		guest_scp_firmware "$made/series.dtb" "$made/scp.img" &&
		printf '%s\n' start pool "camera ${sizes[*]}" pool >"$made/jobs"
}

# used NAME SLOTS...: of the restricted pool, before, with each buffer, and after
used()
{
	local said
	said=$(guest_answers "scp-camera-$1" | grep -E '^(pool memory@|camera )' |
		sed 's/.* \(io_tlb_\)\{0,1\}used=\([^ ]*\).*/\2/' | paste -sd ' ')
	echo "in use: $said, expected: ${*:2}"
	[ "$said" = "${*:2}" ]
}

# refused NAME: the memory was not to be had
refused()
{
	guest_answers "scp-camera-$1" | grep '^camera ' | tee "$made/refused"
	[ "$(grep -c ' scp=failed camera=- errno=12 .* FAILED$' "$made/refused")" -eq ${#sizes[@]} ]
}

# check NAME REV TREE WHAT SLOTS...
check()
{
	local name=$1 rev=$2 size
	tap "$1: the guest ends as it should" scp_boot "$made" "camera-$name" "$rev" "$made/$3.dtb" "$made/jobs"
	tap "$1: the SCP runs, and answers" guest_all_ok "scp-camera-$name" "(start|echo)" 2
	if [ "$4" = refused ]; then
		tap "$1: no coherent buffer beside the SCP's 5 MiB, neither of ${sizes[*]} bytes" refused "$name"
	else
		for size in "${sizes[@]}"; do
			tap "$1: $((size >> 10)) KiB ($((size >> 11)) slots) beside the SCP's 5 MiB, used by the SCP, mapped for the ISP" \
				guest_all_ok "scp-camera-$name" "camera size=$size" 1
		done
	fi
	tap "$1: slots in use before, with each, and after" used "$name" "${@:5}"
	tap "$1: no DMA-API error" guest_told "scp-camera-$name" dma-api errors 0
	tap "$1: no report of the kernel" scp_no_report "camera-$name"
	guest_answers "scp-camera-$name" | sed -n 's/^camera /# /p'
}

need dtc fdtoverlay cpp git
tap "the guest's device trees, firmware and program are made" prepare
tap_kernel base
tap_kernel series
scp=$((guest_scp_dram / 2048))
check series series series served $scp $((scp + sizes[0] / 2048)) $((scp + (sizes[0] + sizes[1]) / 2048)) $scp
check two-regions-8 base shared-8 refused 0 0 0 0
check two-regions-16 base shared-16 served 0 0 0 0
tap_end
