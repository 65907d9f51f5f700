# SPDX-License-Identifier: GPL-2.0
# QEMU's lines about accesses that come to the SMMU, "sid=STREAM ... iova:ADDRESS",
# become "DEVICE ADDRESS 1", with PCI's name of the device. What goes to "its" is an
# interrupt.

!/smmuv3_translate_disable / { next }
match($0, /sid=0x[0-9a-f]*/) { stream = hex(substr($0, RSTART + 4, RLENGTH - 4)) }
match($0, /iova:0x[0-9a-f]*/) { address = substr($0, RSTART + 7, RLENGTH - 7) }
address == its { messages++; next }
{ printf "0000:00:%02x.%d %s 1\n", int(stream / 8), stream % 8, address }
END { printf "interrupts: %d\n", messages >"/dev/stderr" }
