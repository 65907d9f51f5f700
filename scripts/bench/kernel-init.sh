#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# init of the guest that "make bench" boots: for each probe device named after a
# size, dma-probe-BYTES, what mapping and unmapping that size costs there, to the
# device and from it, then the same on the default pool, and what only copying
# as much costs. What it tells are comments of TAP.

# shellcheck source=tools/testing/selftests/dma/lib/init.sh
. /init-lib.sh
# The kernel will be silent there.
exec >/dev/console 2>&1

# bench LABEL DEVICE KIND SIZE: the measured rounds go once round the pool each,
# so that no part of it is left out.
bench()
{
	count=$((43008 * 1024 / $4))
	echo "tap: # pool=$1 $(/dma_probe "/dev/$2" bench "$3" "$4" "$count" 2)"
}

# What only happens now and then must not fall into one measurement.
echo 0 >/proc/sys/kernel/printk
insmod /dma_probe.ko

sizes=$(find /dev -name 'dma-probe-[0-9]*' | sed 's/.*-//' | sort -n)
for size in $sizes; do
	bench restricted "dma-probe-$size" streaming "$size"
done
for size in $sizes; do
	bench restricted "dma-probe-$size" streaming-in "$size"
done
if [ -e /dev/dma-probe-default ]; then
	for size in $sizes; do
		bench default dma-probe-default streaming "$size"
	done
	for size in $sizes; do
		bench none dma-probe-default copy "$size"
	done
fi

end
