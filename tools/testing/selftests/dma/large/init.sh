#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# init of check.sh's guests: the buffers of /jobs, lines "KIND BYTES", from a large
# pool. The probe device writes and reads each; it has to be in the pool.

# shellcheck source=tools/testing/selftests/dma/lib/init.sh
. /init-lib.sh

insmod /dma_probe.ko
info=$(/dma_probe /dev/dma-probe-large info)
field()
{
	printf '%s\n' "$2" | sed -n "s/.*\\<$1=\\([^ ]*\\).*/\\1/p"
}
base=$(field pool_base "$info")
pool=$(field pool_size "$info")
while read -r kind size; do
	said=$(/dma_probe /dev/dma-probe-large try "$kind" "$size" 2>&1)
	addr=$(field dma_addr "$said")
	result=FAILED
	# Without an address it was refused.
	[ -z "$addr" ] || [ $((addr)) -lt $((base)) ] ||
		[ $((addr + size)) -gt $((base + pool)) ] || result=ok
	tell buffer "$said" $result
done </jobs
rmmod dma_probe
tell_pools
tell_dma_api
end
