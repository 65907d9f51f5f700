# SPDX-License-Identifier: GPL-2.0
#
# The table of simulated CPUs of scripts/bench/contention.sh, from what simulate() wrote
# of the base, the branch below and the branch. Status 1 if a goal is missed.

function cell(kernel, n)
{
	if (!((kernel, key, n) in pairs))
		return sprintf("%8s %6s", "-", "-")
	return sprintf("%8d %4.0f %%", pairs[kernel, key, n], waiting[kernel, key, n] / 10)
}
FNR == 1 { file++ }
{
	kernel = file == 1 ? "base" : file == 2 ? below : branch
	key = $1 " " $2
	if (file == 3 && !(key in seen)) {
		seen[key] = 1
		keys[++nkeys] = key
	}
	pairs[kernel, key, $3] = $4
	waiting[kernel, key, $3] = $5
	areas[kernel, key, $3] = $6
	elsewhere += $7
	most = $3 > most ? $3 : most
}
END {
	print "Simulated CPUs that map and unmap buffers and do nothing else, restricted pool of"
	print "41 MiB: buffers in 10 million instructions of each, and how much of their time"
	print "they wait for a lock."
	for (i = 1; i <= nkeys; i++) {
		key = keys[i]
		split(key, f, " ")
		printf "\n%d KiB, %d slots a segment\n", f[1], f[2]
		printf "%5s |%15s |%15s |%15s %6s %6s\n", "CPUs", f[2] == 128 ? "base" : "", \
			below, branch, "areas", "ratio"
		for (n = 1; n <= most; n *= 2)
			printf "%5d |%s |%s |%s %6d %6.2f\n", n, cell("base", n), cell(below, n), \
				cell(branch, n), areas[branch, key, n], \
				pairs[branch, key, n] / pairs[below, key, n]
		if (pairs[branch, key, 1] * 100 < pairs[below, key, 1] * 99) {
			missed++
			printf "missed: one CPU maps %d buffers, more than 1 %% fewer than with one area, %d\n", \
				pairs[branch, key, 1], pairs[below, key, 1]
		}
		if (waiting[branch, key, most] > 50 && pairs[branch, key, most] < \
		    areas[branch, key, most] * pairs[below, key, most]) {
			missed++
			printf "missed: %d CPUs wait for %.0f %% of their time, and map %.2f times as much as with one area, with %d\n", \
				most, waiting[branch, key, most] / 10, \
				pairs[branch, key, most] / pairs[below, key, most], areas[branch, key, most]
		}
	}
	if (elsewhere)
		printf "\n%d searches went on to another area than the CPU's\n", elsewhere
	print "\nratio: of " branch " to " below ". Not simulated: the time that a lock, and what it"
	print "protects, takes from one CPU's cache to another's."
	printf "goals: %s\n", missed ? missed " missed" : "met"
	exit missed != 0
}
