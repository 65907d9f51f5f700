#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# init of check.sh's guest: krane's SCP has started, and a program holds small buffers
# of the same pool, half of which it has given back. Then each pool's debugfs folder
# is shown, in comments of TAP.

# shellcheck source=tools/testing/selftests/dma/lib/init.sh
. /init-lib.sh

# shellcheck source=tools/testing/selftests/dma/lib/scp-guest.sh
. /scp-guest.sh
start_scp
tell "scp $(remoteproc state)"
insmod /dma_probe.ko
hold buffers dma-probe-scp streaming 36K 100
tell "held $answer"
ask_holder buffers give
tell "gave $answer"

# Without a module its folder is not below swiotlb/: the driver probes earlier.
for pool in /sys/kernel/debug/swiotlb/ /sys/kernel/debug/swiotlb/*/ /sys/kernel/debug/*@*/; do
	[ -e "$pool/io_tlb_nslabs" ] || continue
	name=$(basename "$pool")
	tell "mode $name $(stat -c %a "$pool/io_tlb_map")"
	tell "used $name $(cat "$pool/io_tlb_used")"
	while read -r line; do
		tell "shown $name $line"
	done <"$pool/io_tlb_map"
done

end
