# SPDX-License-Identifier: GPL-2.0
#
# The table of real threads of scripts/bench/contention.sh

{
	key = $2 " " $3 " " $4
	if (!(key in seen)) {
		seen[key] = 1
		keys[++nkeys] = key
	}
	runs[$1, key] = runs[$1, key] " " $5
}
function best(kernel, key,	v, n, i, most)
{
	n = split(runs[kernel, key], v, " ")
	for (i = 1; i <= n; i++)
		most = v[i] + 0 > most ? v[i] + 0 : most
	return most + 0
}
END {
	print "\nReal threads, with copies and mutexes: thousands of buffers a second, the best of " rounds " runs"
	printf "%6s %7s %7s |%8s %8s %8s |%7s\n", "", "slots", "threads", "base", below, branch, "ratio"
	for (i = 1; i <= nkeys; i++) {
		split(keys[i], f, " ")
		b = best("base", keys[i])
		o = best(below, keys[i])
		a = best(branch, keys[i])
		printf "%2d KiB %7d %7d |%8s %8.0f %8.0f |%7.2f\n", f[1], f[2], f[3], \
			b ? sprintf("%.0f", b / 1000) : "-", o / 1000, a / 1000, a / o
	}
}
