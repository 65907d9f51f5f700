# SPDX-License-Identifier: GPL-2.0
# awk knows no hexadecimal numbers: hex("1f") and hex("0x1f") are 31.

function hex(s,   i, n)
{
	sub(/^0x/, "", s)
	for (i = 1; i <= length(s); i++)
		n = n * 16 + index("0123456789abcdef", substr(s, i, 1)) - 1
	return n
}
