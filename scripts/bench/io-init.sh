#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# init of the guest of scripts/bench/io.sh: read a disk from its beginning to its
# end in requests of a given size. What is to be done stands in /jobs, a line
# each:
#
#	DISK KIB	no request is larger than KIB
#
# Each is answered with one line of TAP, "rate DISK KIB KiB/s=N requests=N".

# shellcheck source=tools/testing/selftests/dma/lib/io-guest.sh
. /io-guest.sh

rate()
{
	echo "$2" >"/sys/block/$(kernel_name "$1" block)/queue/max_sectors_kb"
	before=$(requests "$1")
	# The seventh of fio's terse fields is the bandwidth.
	/fio --name=rate --filename="/dev/$(kernel_name "$1" block)" --direct=1 --ioengine=io_uring \
		--rw=read --bs=8m --size=64m --loops=4 --iomem=mmaphuge:/huge/buffers \
		--output-format=terse --terse-version=3 >/tmp/out
	judge $? rate "$1" "$2" "KiB/s=$(cut -d ';' -f 7 /tmp/out | tail -n 1)" \
		"$(echo "$before $(requests "$1")" |
			awk '{ printf "requests=%d KiB=%d", $3 - $1, ($4 - $2) / 2 }')"
}

while read -r disk kib; do
	rate "$disk" "$kib" </dev/null
done </jobs
end
