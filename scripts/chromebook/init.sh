#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# init of the guest of scripts/chromebook/image.sh: loads the SCP's driver, /modules/ in
# their order, and says what it got. All goes through the kernel's log: on the
# console itself the kernel's lines would break into it. What is waited for is a
# line of the kernel's log; boot.sh ends a guest that waits for ever.

# shellcheck source=tools/testing/selftests/dma/lib/init.sh
. /init-lib.sh
exec >/dev/kmsg 2>&1

tell "kernel $(uname -r)"
for module in /modules/*.ko; do
	insmod "$module" || tell "insmod $module FAILED"
done
has_probed()
{
	dmesg | grep -E 'remoteproc0: scp is available|mtk-scp.*failed with error' >/dev/null
}
wait_for 120 "the SCP's driver" has_probed
# Without a module its folder is not below swiotlb/: the driver probes earlier.
for pool in /sys/kernel/debug/swiotlb/*/ /sys/kernel/debug/*@*/; do
	[ -e "$pool/io_tlb_nslabs" ] || continue
	tell "pool $(basename "$pool") $(cd "$pool" && grep . io_tlb_* | tr ':\n' '= ')"
done

end
