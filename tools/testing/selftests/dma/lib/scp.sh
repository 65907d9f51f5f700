# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154,SC2034
#
# What the scripts share that boot a guest with a firmware on its SCP: the guest,
# and what it has said. Source it after scripts/lib/common.sh and guest.sh.

# scp-firmware.S's
scp_version=swiotlb-test-scp-1.0

# scp_programs DIR: what runs in the guest
scp_programs()
{
	guest_program "$1/scp_model" scp_model && guest_program "$1/isp_load" isp_load
}

# scp_files DIR REV DTB: what an initramfs takes of them; DIR has the programs and
# the firmware, scp.img.
scp_files()
{
	local dir=$1 rev=$2 dtb=$3 file
	for file in rpmsg_core mtk_rpmsg mtk_scp_ipi mtk_scp scp_probe dma_probe; do
		echo "$base_dir/image/$guest_config-$rev/$file.ko"
	done
	echo "$top/tools/testing/selftests/dma/lib/scp-guest.sh"
	echo "$dir/scp_model"
	scp_firmware_names "$dtb" | sed "s|^|$dir/scp.img:lib/firmware/|"
}

# scp_boot DIR NAME REV DTB JOBS: the firmware has two seconds to answer, which a host
# with much to do would not give it
scp_boot()
{
	local made=$1 name=$2 rev=$3 dtb=$4 jobs=$5 files
	mapfile -t files < <(scp_files "$made" "$rev" "$dtb")
	ICOUNT=1 guest_run "scp-$name" "$rev" "$dtb" "$top/tools/testing/selftests/dma/scp/init.sh" \
		"${files[@]}" "$made/isp_load" "$jobs:jobs"
}

# scp_firmware_names DTB: below /lib/firmware; without a name in the tree the
# driver's default, an older one's first
scp_firmware_names()
{
	fdtget "$1" "$(fdtget "$1" /__symbols__ scp)" firmware-name 2>/dev/null ||
		printf '%s\n' scp.img mediatek/mt8183/scp.img
}

# model NAME: what the program that plays the SCP said
model()
{
	sed -n 's/^\[[^]]*\] scp-model: //p' "$logs/boot/scp-$1.log"
}

# scp_no_report NAME
scp_no_report()
{
	grep '^\[[^]]*\] guest: end' "$logs/boot/scp-$1.log" || return
	guest_no_report "scp-$1" 'Call trace|ipi message too long|No handler for ipi|IPI timeout'
}
