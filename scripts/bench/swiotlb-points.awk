# SPDX-License-Identifier: GPL-2.0
#
# "X INSTRUCTIONS" of the lines of swiotlb.tsv that match want, the values of its first
# five columns. X is the column that is "*".

BEGIN { split(want, value, " ") }

{
	for (i = 1; i <= 5; i++) {
		if (value[i] == "*")
			x = $i
		else if (value[i] != $i)
			next
	}
	print x, $6
}
