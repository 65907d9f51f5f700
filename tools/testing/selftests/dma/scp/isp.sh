#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The SCP's 5 MiB in a pool that is shared, in TAP, with the series: a stand-in for the
# ISP's driver takes and gives back buffers, and the SCP's driver asks for its memory in
# the midst of that. It gets that whenever there is room, tells when there is none, and
# nothing is lost. The device tree is krane's (tools/testing/selftests/dma/scp/check.sh).
#
# Usage: isp.sh
#
# Environment:
#   EXTRA=branch that is booted instead, with the series' device tree: a topic of
#                patches/extra (scripts/patches/topic.sh has made its branch)
#   SMP=n        vCPUs, of which a driver's probe takes any (2)
#   ROUNDS=n     in which the SCP's driver asks (60)
#   SEED=n       what the random sizes begin with (1)
#
# Exit status: 0 when all is as it should be. The console is build/logs/boot/scp-isp.log.
#
# groups: test guest
# bases: all

. "$(dirname "$0")/../lib/check.sh"
. "$top/tools/testing/selftests/dma/lib/scp.sh"

no_arguments "$@"
rev=${EXTRA:-series}
rounds=${ROUNDS:-60}
seed=${SEED:-1}

# What 5 MiB that are coherent are aligned to: their order, or, in an old kernel
# that has no alignment for its search, a page
coherent_align()
{
	if git -C "$base_dir/tree" show series:kernel/dma/swiotlb.c |
		grep 'swiotlb_find_slots(dev, 0, size, 0)' >/dev/null; then
		echo 4096
	else
		echo $((8 * 1024 * 1024))
	fi
}

prepare()
{
	scp_programs "$made" && guest_board_dtb series "$made/series.dtb" &&
		guest_scp_firmware "$made/series.dtb" "$made/scp.img" &&
		printf 'start\nisp %s\npool\n' "$rounds $seed $(coherent_align)" >"$made/jobs"
}

# The driver got its memory whenever the pool had room for it, failed when it had
# not, and got it once the ISP had freed what it held.
isp()
{
	local said
	guest_answers scp-isp | grep '^isp '
	said=$(sed -n 's/^\[[^]]*\] isp-load: //p' "$logs/boot/scp-isp.log")
	grep -E 'error|result=refused|later=refused|echo=FAILED' <<<"$said" && return 1
	grep "^end rounds=$rounds broken=0 " <<<"$said" && guest_all_ok scp-isp isp 1
}

# Each refusal is one line of the driver's.
refusals()
{
	local refused said
	refused=$(grep -c 'isp-load: round=.* result=no-room ' "$logs/boot/scp-isp.log" || :)
	said=$(grep -c 'mtk-scp.* failed with error -12' "$logs/boot/scp-isp.log" || :)
	echo "$refused times no room, $said times told"
	[ "$refused" -gt 0 ] && [ "$refused" -eq "$said" ]
}

isp_table()
{
	echo "# the pool's share that the ISP has | tries | SCP got 5 MiB | no room | it runs"
	sed -n 's/^\[[^]]*\] isp-load: tenth=//p' "$logs/boot/scp-isp.log" |
		sed 's/[a-z_]*=//g' | awk '{
			printf "# %14d to %3d %%               | %5d | %13d | %7d | %7d\n",
				$1 * 10, $1 * 10 + 9, $2, $3, $4, $5
		}'
}

[[ $rounds =~ ^[1-9][0-9]*$ ]] || die "ROUNDS=$rounds: not a number of rounds"
need dtc fdtoverlay fdtget cpp git
tap "the guest's device tree, firmware and program are made" prepare
tap "the kernel builds" "$top/scripts/kernel/build.sh" guest "$rev"
tap "the guest ends as it should" scp_boot "$made" isp "$rev" "$made/series.dtb" "$made/jobs"
tap "5 MiB for the SCP whenever the pool has room, $rounds rounds" isp
tap "no room is told, each time" refusals
# The same for a slot that is not given back, and for one that is lost
tap "no slot lost" guest_told scp-isp "pool memory@[^ ]*" io_tlb_used $((guest_scp_dram / 2048))
tap "no DMA-API error" guest_told scp-isp dma-api errors 0
tap "no report of the kernel" scp_no_report isp
isp_table
tap_end
