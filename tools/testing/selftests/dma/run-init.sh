#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# init of the guest that "make run" boots: what krane's SCP driver and the probe
# device on the same pool get. Its lines begin with "run:".

/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t debugfs debug /sys/kernel/debug

device=/dev/dma-probe-scp

ask()
{
	/dma_probe "$device" "$@" | sed "s/^/run: $1 /"
}

insmod /dma_probe.ko
ask info
# Loudly first: what a failure says is part of the answer.
for kind in coherent noncontiguous streaming; do
	for size in 5M 600K; do
		echo "dma-probe: $kind $size" >/dev/kmsg
		ask try $kind $size
	done
done
echo "dma-probe: limits" >/dev/kmsg
for kind in coherent noncontiguous streaming; do
	ask largest $kind
done

for state in /sys/class/remoteproc/*/state; do
	[ -e "$state" ] && echo "run: remoteproc $(cat "$state")"
done
# Without a module its folder is not below swiotlb/: the driver probes earlier.
for pool in /sys/kernel/debug/swiotlb/*/ /sys/kernel/debug/*@*/; do
	[ -e "$pool/io_tlb_nslabs" ] || continue
	echo "run: debugfs $(basename "$pool")" \
		"$(cd "$pool" && grep . io_tlb_* | tr ':\n' '= ')"
done
echo "run: dma-api-errors $(cat /sys/kernel/debug/dma-api/error_count)"

echo "guest: end"
poweroff -f
