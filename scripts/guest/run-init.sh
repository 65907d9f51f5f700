#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# init of the guest that "make run" boots: what krane's SCP driver and the probe
# device on the same pool get, and whether the SCP's firmware runs and answers. What it
# tells are comments of TAP.

# shellcheck source=tools/testing/selftests/dma/lib/init.sh
. /init-lib.sh

device=/dev/dma-probe-scp

ask()
{
	/dma_probe "$device" "$@" | while read -r answer; do
		tell "$1 $answer"
	done
}

# shellcheck source=tools/testing/selftests/dma/lib/scp-guest.sh
. /scp-guest.sh
start_scp
[ "$(remoteproc state)" != running ] || tell "echo $(ipi_echo 1000)"
insmod /dma_probe.ko
ask info
# Loudly first: what a failure says is part of the answer.
for kind in coherent noncontiguous streaming; do
	for size in 5M 600K 256K; do
		echo "dma-probe: $kind $size"
		ask try $kind $size
	done
done
echo "dma-probe: limits"
for kind in coherent noncontiguous streaming; do
	ask largest $kind
done

for state in /sys/class/remoteproc/*/state; do
	[ -e "$state" ] && tell "remoteproc $(cat "$state")"
done
tell_pools
tell_dma_api
end
