#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# init of the guest that "make run" boots: what krane's SCP driver and the probe
# device on the same pool get, and whether the SCP's firmware runs and answers. What it
# tells are comments of TAP. All goes through the
# kernel's log: on the console itself the kernel's lines would break into it.

# shellcheck source=tools/testing/selftests/dma/lib/init.sh
. /init-lib.sh
exec >/dev/kmsg

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
	for size in 5M 600K; do
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
# Without a module its folder is not below swiotlb/: the driver probes earlier.
for pool in /sys/kernel/debug/swiotlb/*/ /sys/kernel/debug/*@*/; do
	[ -e "$pool/io_tlb_nslabs" ] || continue
	tell "debugfs $(basename "$pool")" \
		"$(cd "$pool" && grep . io_tlb_* | tr ':\n' '= ')"
done
tell "dma-api-errors $(cat /sys/kernel/debug/dma-api/error_count)"

end
