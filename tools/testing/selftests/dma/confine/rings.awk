# SPDX-License-Identifier: GPL-2.0
# Lines "REGISTER VALUE" of virtio-mmio, in hexadecimal, become a line for each ring, its
# address and how many descriptors there are, 0 for those that have none.

$1 == "38" { entries = hex($2) }
$1 ~ /^(80|90|a0)$/ { low = hex($2) }
$1 ~ /^(84|94|a4)$/ && low + hex($2) > 0 {
	printf "%.0f %d\n", hex($2) * 4294967296 + low, $1 == "84" ? entries : 0
}
