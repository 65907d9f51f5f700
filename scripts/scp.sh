# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154,SC2034
#
# What the scripts share that boot a guest with a firmware on its SCP: the guest,
# and what it has said. Source it after lib.sh and guest.sh.

# scp-firmware.S's
scp_version=swiotlb-test-scp-1.0

# scp_programs DIR: what runs in the guest
scp_programs()
{
	guest_program "$1/scp_model" scp_model && guest_program "$1/isp_load" isp_load
}

# scp_boot DIR NAME REV DTB JOBS: DIR has the programs and the firmware, scp.img.
scp_boot()
{
	local made=$1 name=$2 rev=$3 dtb=$4 jobs=$5 module files=()
	for module in rpmsg_core mtk_rpmsg mtk_scp_ipi mtk_scp scp_probe dma_probe; do
		files+=("$base_dir/image/drivers-$rev/$module.ko")
	done
	"$top/scripts/initramfs.sh" "$made/$name.cpio.gz" \
		"$top/tools/testing/selftests/dma/scp-init.sh" "$made/scp_model" \
		"$made/isp_load" "$jobs:jobs" "${files[@]}" \
		"$made/scp.img:lib/firmware/$(scp_firmware_name "$dtb")" &&
		"$top/scripts/boot.sh" "scp-$name" "$base_dir/image/drivers-$rev/Image" "$dtb" \
			"$made/$name.cpio.gz"
}

# scp_firmware_name DTB: below /lib/firmware, the driver's default without a name
scp_firmware_name()
{
	fdtget "$1" "$(fdtget "$1" /__symbols__ scp)" firmware-name 2>/dev/null ||
		echo mediatek/mt8183/scp.img
}

# answers NAME: what the guest said, without time stamps
answers()
{
	sed -n 's/^\[[^]]*\] scp: //p' "$logs/boot/scp-$1.log"
}

# model NAME: what the program that plays the SCP said
model()
{
	sed -n 's/^\[[^]]*\] scp-model: //p' "$logs/boot/scp-$1.log"
}

# all_ok NAME PATTERN COUNT: so many jobs, all of them ok
all_ok()
{
	local said
	said=$(answers "$1" | grep -E -- "^$2 " || :)
	printf '%s\n' "$said"
	[ "$(printf '%s\n' "$said" | grep -c ' ok$')" -eq "$3" ] &&
		[ "$(printf '%s\n' "$said" | wc -l)" -eq "$3" ]
}

# said NAME JOB KEY: the value of KEY in what the first such job has answered
said()
{
	guest_field "$3" "$(answers "$1" | grep -m 1 -- "^$2 ")"
}
