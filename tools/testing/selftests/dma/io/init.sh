#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# init of check.sh's guest: disks and network cards on pools of their own. What is to be
# done stands in /jobs, see tools/testing/selftests/dma/lib/io-guest.sh.

# shellcheck source=tools/testing/selftests/dma/lib/io-guest.sh
. /io-guest.sh

do_jobs
unbind_all
finish
