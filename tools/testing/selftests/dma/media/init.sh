#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# init of the guest of tools/testing/selftests/dma/media/check.sh: video frames in a restricted pool.
# What is to be done stands in /jobs, a line each with the arguments of
# /vb2_probe. Each is answered with one line of TAP, "ARGUMENTS: WHAT IT SAID".

# shellcheck source=tools/testing/selftests/dma/lib/init.sh
. /init-lib.sh
exec >/dev/kmsg 2>&1

insmod /vb2_probe.ko

while read -r job; do
	# shellcheck disable=SC2086 # several words
	if said=$(/vb2_probe $job 2>&1); then
		tell "$job: $said" ok
	else
		tell "$job: $said" FAILED
	fi
done </jobs

driver=/sys/bus/platform/drivers/vb2-probe
for device in camera display; do
	echo $device >$driver/unbind
done
rmmod vb2_probe
for pool in /sys/kernel/debug/*video-pool*/ /sys/kernel/debug/swiotlb/*video-pool*/; do
	[ ! -e "$pool/io_tlb_used" ] || tell pool "used=$(cat "$pool/io_tlb_used")" ok
done
tell dma-api "errors=$(cat /sys/kernel/debug/dma-api/error_count)" \
	"left=$(grep -c -e vb2-probe /sys/kernel/debug/dma-api/dump)" ok

end
