#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# init of check.sh's guest. The kernel's own tests have run when this begins. What the
# kernel's dma_map_benchmark is to do stands in /jobs, a line each:
#
#	MODE GRANULE DIRECTION THREADS	as the tool's -m, -g, -d and -t take them
#
# Each is answered with one line of TAP, "benchmark MODE GRANULE DIRECTION THREADS MAP
# UNMAP", with the mean latencies in microseconds.

# shellcheck source=tools/testing/selftests/dma/lib/init.sh
. /init-lib.sh

device=/sys/bus/platform/devices/benchmark
driver=/sys/bus/platform/drivers/dma_map_benchmark
echo dma_map_benchmark >$device/driver_override
echo benchmark >$driver/bind

while read -r mode granule direction threads; do
	# Single mappings are the default, and all that an older one has.
	options=
	[ "$mode" = 0 ] || options="-m $mode"
	# shellcheck disable=SC2086 # two words or none
	/dma_map_benchmark $options -g "$granule" -d "$direction" -t "$threads" -s 1 >/tmp/out 2>&1
	# shellcheck disable=SC2046 # two words, or none if it failed
	judge $? benchmark "$mode" "$granule" "$direction" "$threads" \
		$(sed -n 's/^average .*latency(us):\([0-9.]*\) .*/\1/p' /tmp/out)
done </jobs

echo benchmark >$driver/unbind
finish
