# SPDX-License-Identifier: GPL-2.0
# What dma-debug's dumps have, for in-pools.awk: "DEVICE ADDRESS SIZE". 6.1, which has
# N= in it, tells the device first, and then its driver.

s/^dump: \([^ ]*\) [^ ]* [a-z-]* idx .* N=[0-9a-f]* D=\([0-9a-f]*\) L=\([0-9a-f]*\) .*/\1 \2 0x\3/p
t
s/^dump: .* \([^ ]*\) [a-z-]* idx .* D=\([0-9a-f]*\) L=\([0-9a-f]*\) .*/\1 \2 0x\3/p
