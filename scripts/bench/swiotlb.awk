# SPDX-License-Identifier: GPL-2.0
#
# The tables of scripts/bench/swiotlb.sh, of the base, the series and 2021. Sets: goal,
# segsizes, sizes. Status 1 if a goal is missed.

function name(kib)
{
	return kib < 1024 ? kib " KiB" : kib / 1024 " MiB"
}
function cell(kernel, mib, seg, percent, kib)
{
	return cost[kernel, mib, seg, percent, kib]
}
function show(value)
{
	return value == "" ? "-" : sprintf("%.0f", value)
}
function ratio(value, base)
{
	return value == "" || base == "" ? "-" : sprintf("%.3f", value / base)
}
FNR > 1 {
	cost[$1, $2, $3, $4, $5] = $6
}
END {
	nsegs = split(segsizes, seg, ",")
	nsizes = split(sizes, size, ",")
	npools = split("41 1024", pool, " ")
	split("0 50 90", percent, " ")
	print "Instructions per map and unmap, counted in user space; nothing is copied."
	print "base: 128 slots a segment. 2021: free counts over the whole segment, as in"
	print "the patch posted then. Occupied: 0, 50 or 90 % of the pool."

	for (p = 1; p <= npools; p++) {
		printf "\n4 KiB in a pool of %d MiB, by slots a segment\n", pool[p]
		printf "%9s |%26s |%26s |%26s\n", "", "base", "series", "2021"
		printf "%9s |%8s %8s %8s |%8s %8s %8s |%8s %8s %8s\n", "", \
			"0 %", "50 %", "90 %", "0 %", "50 %", "90 %", "0 %", "50 %", "90 %"
		for (i = 1; i <= nsegs; i++) {
			printf "%9d", seg[i]
			for (k = 1; k <= 3; k++) {
				kernel = k == 1 ? "base" : k == 2 ? "series" : "2021"
				printf " |"
				for (o = 1; o <= 3; o++) {
					value = cell(kernel, pool[p], seg[i], percent[o], 4)
					printf "%8s%s", show(value), o < 3 ? " " : ""
					if (kernel != "series")
						continue
					if (value == "") {
						errors = errors sprintf("error: no figure for 4 KiB in %d slots, %d MiB, %d %%\n", \
							seg[i], pool[p], percent[o])
						continue
					}
					if (value > worst[pool[p], percent[o]]) {
						worst[pool[p], percent[o]] = value
						where[pool[p], percent[o]] = seg[i]
					}
				}
			}
			print ""
		}
	}

	for (p = 1; p <= npools; p++) {
		for (o = 1; o <= 3; o++) {
			first = cell("series", pool[p], 128, percent[o], 4)
			value = worst[pool[p], percent[o]]
			if (value * 1000 > first * goal)
				errors = errors sprintf("error: 4 KiB in %d slots of %d MiB, %d %% occupied, cost %.0f instructions, in 128 slots %.0f: %.3f times that\n", \
					where[pool[p], percent[o]], pool[p], percent[o], value, first, value / first)
		}
	}

	print "\nby size and occupancy, pool of 41 MiB"
	printf "%8s %4s |%8s |%8s %8s %8s |%8s %8s %8s |%14s\n", "", "", "base", \
		"series", "series", "series", "2021", "2021", "2021", "series/base"
	printf "%8s %4s |%8s |%8s %8s %8s |%8s %8s %8s |%7s%7s\n", "", "", 128, \
		128, 4096, 1048576, 128, 4096, 1048576, 128, 4096
	for (i = 1; i <= nsizes; i++) {
		for (o = 1; o <= 3; o++) {
			printf "%8s %2d %% |", name(size[i]), percent[o]
			b = cell("base", 41, 128, percent[o], size[i])
			s = cell("series", 41, 128, percent[o], size[i])
			l = cell("series", 41, 4096, percent[o], size[i])
			printf "%8s |%8s %8s %8s |%8s %8s %8s |%7s%7s\n", show(b), show(s), show(l), \
				show(cell("series", 41, 1048576, percent[o], size[i])), \
				show(cell("2021", 41, 128, percent[o], size[i])), \
				show(cell("2021", 41, 4096, percent[o], size[i])), \
				show(cell("2021", 41, 1048576, percent[o], size[i])), \
				ratio(s, b), ratio(l, b)
		}
	}

	print "\nby pool and occupancy"
	printf "%9s %8s %4s |%8s |%8s %8s |%8s %8s |%14s\n", "", "", "", "base", \
		"series", "series", "2021", "2021", "series/base"
	printf "%9s %8s %4s |%8s |%8s %8s |%8s %8s |%7s%7s\n", "pool", "", "", 128, \
		128, 4096, 128, 4096, 128, 4096
	npools = split("1 41 256 1024", pool, " ")
	nsizes = split("4 64 256", size, " ")
	for (i = 1; i <= nsizes; i++) {
		for (p = 1; p <= npools; p++) {
			for (o = 1; o <= 3; o++) {
				printf "%5d MiB %8s %2d %% |", pool[p], name(size[i]), percent[o]
				b = cell("base", pool[p], 128, percent[o], size[i])
				s = cell("series", pool[p], 128, percent[o], size[i])
				l = cell("series", pool[p], 4096, percent[o], size[i])
				printf "%8s |%8s %8s |%8s %8s |%7s%7s\n", show(b), show(s), show(l), \
					show(cell("2021", pool[p], 128, percent[o], size[i])), \
					show(cell("2021", pool[p], 4096, percent[o], size[i])), \
					ratio(s, b), ratio(l, b)
			}
		}
	}
	printf "\ngoal: 4 KiB in any segment <= %.3f times that in 128 slots: %s\n", \
		goal / 1000, errors ? "missed" : "met"
	printf "%s", errors >"/dev/stderr"
	exit errors ? 1 : 0
}
