# SPDX-License-Identifier: GPL-2.0
# QEMU's lines about the registers of virtio-mmio, of which the values are hexadecimal,
# become a line for each ring: its address and how many descriptors there are, 0 for
# those that have none.

!/virtio_mmio_write.* offset 0x[0-9a-f]* value / { next }
{ register = $(NF - 2); value = hex($NF) }
register == "0x38" { entries = value }
register ~ /^0x(80|90|a0)$/ { low = value }
register ~ /^0x(84|94|a4)$/ && low + value > 0 {
	printf "%.0f %d\n", value * 4294967296 + low, register == "0x84" ? entries : 0
}
