# SPDX-License-Identifier: GPL-2.0
#
# The table of EXTRA=branch scripts/bench/swiotlb.sh: that branch beside the base. Sets:
# extra, goals, goal_any, known. Status 1 if a goal is missed.

FNR > 1 {
	key = $2 "\t" $4 "\t" $5
	cost[$1, key, $3] = $6
	if ($1 == "base")
		order[++n] = key
}
function ratio(seg,    r, goal) {
	if (!((extra, key, seg) in cost)) {
		missed = missed sprintf("error: no figure of %s for %s KiB, %s MiB, %s %%, %d slots\n", \
			extra, cell[3], cell[1], cell[2], seg)
		return "-"
	}
	r = cost[extra, key, seg] / cost["base", key, 128]
	goal = cell[3] == 4 ? goal_4k[cell[2]] : goal_any
	if (r * 1000 <= goal)
		return sprintf("%.3f ", r)
	if (cell[3] == 4 && cell[1] " " cell[2] == known && r * 1000 <= goal_any) {
		starred = 1
		return sprintf("%.3f*", r)
	}
	missed = missed sprintf("error: %s KiB in a pool of %s MiB, %s %% occupied, %d slots a segment: %.3f times the base, goal %.3f\n", \
		cell[3], cell[1], cell[2], seg, r, goal / 1000)
	return sprintf("%.3f!", r)
}
END {
	split(goals, part, " ")
	goal_4k[0] = part[1]; goal_4k[50] = part[2]; goal_4k[90] = part[3]
	print "Instructions per map and unmap, counted in user space; nothing is copied."
	printf "base: 128 slots a segment; %s: 128 and 4096. Occupied: 0, 50 or 90 %% of the pool.\n\n", extra
	printf "%8s %9s %5s |%8s |%8s %8s |%8s %8s\n", "pool", "buffer", "", "base", extra, "", "ratio", ""
	printf "%8s %9s %5s |%8s |%8s %8s |%8s %8s\n", "", "", "", 128, 128, 4096, 128, 4096
	for (i = 1; i <= n; i++) {
		key = order[i]
		split(key, cell, "\t")
		printf "%4d MiB %5d KiB %3d %% |%8.0f |%8.0f %8.0f |%8s %8s\n", cell[1], cell[3], cell[2], \
			cost["base", key, 128], cost[extra, key, 128], cost[extra, key, 4096], ratio(128), ratio(4096)
	}
	printf "\ngoal: 4 KiB <= %.3f (empty), %.3f (50 %%), %.3f (90 %%), all sizes <= %.3f: %s\n", \
		goal_4k[0] / 1000, goal_4k[50] / 1000, goal_4k[90] / 1000, goal_any / 1000, \
		missed ? "missed, marked with !" : starred ? "met but for *" : "met"
	if (starred) {
		split(known, cell, " ")
		key = cell[1] "\t" cell[2] "\t4"
		goal = cost["base", key, 128] * goal_4k[cell[2]] / 1000
		floor = cost["no-search", cell[1] "\t0\t4", 128]
		if (floor)
			printf "* the goal is %d, and %d are left without a search and a bitmap: %d for both\n", \
				goal, floor, goal - floor
		else
			print "* known to be missed there: the base has short counts"
	}
	printf "%s", missed >"/dev/stderr"
	exit missed ? 1 : 0
}
