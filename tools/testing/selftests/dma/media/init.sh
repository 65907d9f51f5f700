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
tell_pools
tell_dma_api
end
