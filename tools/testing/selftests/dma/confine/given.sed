# SPDX-License-Identifier: GPL-2.0
# What the events dma:* say was given, for in-pools.awk: "DEVICE ADDRESSES SIZES". What
# was refused has no address.

s/.*: dma_\(map_phys\|alloc\|alloc_pages\|alloc_sgt\): \([^ ]*\) .*dma_addr=\([0-9a-f]*\) size=\([0-9]*\) .*/\2 \3 \4/
t one
s/.*: dma_map_sg: \([^ ]*\) .*dma_addrs={\([^}]*\)} sizes={\([^}]*\)}.*/\1 \2 \3/p
d
:one
/ \(ffffffffffffffff\|0\) [0-9]*$/d
p
