#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The guest's init for the KUnit suite: load it, which runs it, and say
#
#	debugfs POOL SEGSIZE USED	for every pool, "-" where there is no file
#	dma-api N errors		what CONFIG_DMA_API_DEBUG counted
#
# The kernel's parameter kunit-seed=N changes the suite's random seed.

# shellcheck source=tools/testing/selftests/dma/lib/init.sh
. /init-lib.sh
# On the console itself the kernel's lines would break into ours.
exec >/dev/kmsg

seed=$(sed -n 's/.*kunit-seed=\([0-9]*\).*/\1/p' /proc/cmdline)
# For the device of a pool that cannot be had
[ ! -e /dma_probe.ko ] || insmod /dma_probe.ko
insmod /swiotlb_kunit.ko seed="${seed:-1}" || echo "insmod: failed"

value()
{
	cat "$1" 2>/dev/null || echo -
}

for pool in /sys/kernel/debug/swiotlb /sys/kernel/debug/swiotlb/*/; do
	tell "debugfs $(basename "$pool") $(value "$pool/io_tlb_segsize") $(value "$pool/io_tlb_used")"
done
tell "dma-api $(value /sys/kernel/debug/dma-api/error_count) errors"

end
