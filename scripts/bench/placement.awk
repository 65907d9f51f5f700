# SPDX-License-Identifier: GPL-2.0
#
# The table of scripts/bench/placement.sh, from what the program says of the series and of
# the branch. Status 1 if a goal is missed.

FNR == 1 { file++ }
{
	key = $1 " " $2
	got[file, key] = 100 * $3 / $4
	longest[file, key] = $5
	if (file == 1)
		order[++n] = key
}
END {
	printf "5 MiB in a pool of 41 MiB, after 100000 operations of 4 to 64 KiB, seed %s%s\n\n", \
		seed, (cpus > 1 ? ", " cpus " CPUs" : "")
	printf "%9s %-9s | %16s | %16s\n", "", "", "series", branch
	printf "%9s %-9s | %7s %8s | %7s %8s\n", "occupied", "", "success", "longest", "success", "longest"
	for (i = 1; i <= n; i++) {
		split(order[i], f, " ")
		goal = cpus == 1 && f[1] != (f[2] == "mapping" ? 60 : 70)
		miss = goal && got[2, order[i]] < 99
		missed += miss
		printf "%7d %% %-9s | %5.1f %% %8d | %5.1f %% %8d%s\n", f[1], f[2], got[1, order[i]], \
			longest[1, order[i]], got[2, order[i]], longest[2, order[i]], miss ? " !" : ""
	}
	printf "\nlongest: the mean of the longest row of free slots, in KiB\n"
	if (cpus == 1)
		printf "goal, at least 99 %%: %s\n", missed ? missed " missed, marked with !" : "met"
	exit missed != 0
}
