# SPDX-License-Identifier: GPL-2.0
# Lines "STREAM ADDRESS", in hexadecimal, get PCI's name of the device. What goes to "its"
# is an interrupt.

$2 == its { messages++; next }
{ printf "0000:00:%02x.%d %s 1\n", int(hex($1) / 8), hex($1) % 8, $2 }
END { printf "interrupts: %d\n", messages >"/dev/stderr" }
