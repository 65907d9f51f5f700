#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# init of check.sh's guest: disks and network cards on pools of their own. What is to
# be done stands in /jobs, a line each:
#
#	limits DISK			what the block layer was told
#	max_sectors DISK KIB		no request larger than that from now on
#	fio DISK NAME OPTION...		write and verify; NAME is told with the result
#	ext4 DISK MIB			a file of MIB random MiB on its file system
#	send CARD MIB, receive CARD MIB	over TCP, with port 7 and 8 of the other end
#
# tools/testing/selftests/dma/lib/io-guest.sh has the jobs.

# shellcheck source=tools/testing/selftests/dma/lib/io-guest.sh
. /io-guest.sh

while read -r job arguments; do
	[ "$job" != fio ] || job=run_fio
	# shellcheck disable=SC2086 # several words
	"$job" $arguments </dev/null
done </jobs

unbind_all
tell_pools
tell_dma_api

end
