#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# init of check.sh's guest: video frames in a restricted pool. What is to be done
# stands in /jobs, a line each with the arguments of /vb2_probe. Each is answered with
# one line of TAP, "ARGUMENTS: WHAT IT SAID".

# shellcheck source=tools/testing/selftests/dma/lib/init.sh
. /init-lib.sh

insmod /vb2_probe.ko
while read -r job; do
	# shellcheck disable=SC2086 # several words
	said=$(/vb2_probe $job 2>&1)
	judge $? "$job: $said"
done </jobs
for device in camera display screen; do
	echo $device >/sys/bus/platform/drivers/vb2-probe/unbind
done
rmmod vb2_probe
finish
