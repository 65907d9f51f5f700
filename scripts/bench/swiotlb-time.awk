# SPDX-License-Identifier: GPL-2.0
#
# The table of times of scripts/bench/swiotlb.sh, from sorted lines "KIB OCCUPANCY SLOTS
# RATIO". Sets: rounds, and span to have the least and the most, too.

{
	key = $1 " " $2 " " $3
	if (++n[key] == int((rounds + 1) / 2))
		median[key] = $4
	if (n[key] == 1)
		least[key] = $4
	most[key] = $4
	if (!(($1, $2) in seen)) {
		seen[$1, $2] = 1
		row[++rows] = $1 " " $2
	}
}
function cell(key) {
	return sprintf("%8.3f", median[key]) (span ? sprintf(" (%.2f-%.2f)", least[key], most[key]) : "")
}
END {
	for (i = 1; i <= rows; i++) {
		split(row[i], part, " ")
		sub(/%/, " %", part[2])
		printf "%4d KiB %4s |%s %s\n", part[1], part[2], cell(row[i] " 128"), cell(row[i] " 4096")
	}
}
