#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The guest's init for the KUnit suite: load it, which runs it, and tell what debugfs
# has of every pool, and what CONFIG_DMA_API_DEBUG counted. The kernel's parameter
# kunit-seed=N changes the suite's random seed.

# shellcheck source=tools/testing/selftests/dma/lib/init.sh
. /init-lib.sh

seed=$(sed -n 's/.*kunit-seed=\([0-9]*\).*/\1/p' /proc/cmdline)
# For the device of a pool that cannot be had
[ ! -e /dma_probe.ko ] || insmod /dma_probe.ko
insmod /swiotlb_kunit.ko seed="${seed:-1}" || tell insmod swiotlb_kunit.ko FAILED

tell_pool /sys/kernel/debug/swiotlb
tell_pools
tell_dma_api
end
