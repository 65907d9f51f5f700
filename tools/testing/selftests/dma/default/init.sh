#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# init of check.sh's guests: a disk on the default pool, of which all is bounced
# (swiotlb=force). 4 MiB, in one piece of memory, are written and read; how they were
# bounced, the events of swiotlb tell.

# shellcheck source=tools/testing/selftests/dma/lib/init.sh
. /init-lib.sh
mkdir -p /huge
echo 16 >/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages
mount -t hugetlbfs huge /huge

pool=/sys/kernel/debug/swiotlb
queue=/sys/block/vda/queue
trace=/sys/kernel/tracing

tell_pool $pool
tell queue "max_segment_size=$(cat $queue/max_segment_size)" ok

echo 4096 >$queue/max_sectors_kb &&
	echo 1 >$trace/events/swiotlb/swiotlb_bounced/enable &&
	/one_piece /dev/vda 4 /tmp/copy &&
	echo 0 >$trace/events/swiotlb/swiotlb_bounced/enable
judge $? data "sha256=$(sha256sum </tmp/copy | cut -d ' ' -f 1)"
tell bounced "$(sed -n 's/.* swiotlb_bounced: .* size=\([0-9]*\) .*/\1/p' $trace/trace |
	awk '$1 > most { most = $1; n = 0 } { n += $1 == most }
		END { printf "largest=%d times=%d", most, n }')" ok
tell used "hiwater=$(cat $pool/io_tlb_used_hiwater)" ok

end
