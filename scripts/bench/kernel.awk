# SPDX-License-Identifier: GPL-2.0
#
# The table of kernel.sh, from its cost.tsv: kernel, pool, slots a segment, kind, bytes,
# instructions (or "-"). goal_*: what is to be reached, in thousandths; patched: the
# name of the kernel that is compared with the base. Ends with 1 if a goal is missed.

function name(size)
{
	return size < 1048576 ? size / 1024 " KiB" : size / 1048576 " MiB"
}

function cell(value)
{
	return value == "" || value == "-" ? "-" : sprintf("%.0f", value)
}

# The ratio of two figures, and "!" when it is above the goal
function ratio(value, base, goal)
{
	if (cell(value) == "-" || cell(base) == "-")
		return "-"
	return sprintf("%.4f%s", value / base, miss(value / base, goal, 1))
}

function miss(value, goal, note)
{
	if (!goal || value * 1000 <= goal)
		return ""
	if (note)
		missed++
	return "!"
}

function bookkeeping(direction, kind, copies, goal,	j, copy, all, part)
{
	copy = copies * cost[patched, "none", "-", "copy", 4194304]
	for (j = 4096; j <= 16384; j *= 4) {
		all = cost[patched, "restricted", j, kind, 4194304]
		if (cell(all) == "-" || !copy) {
			print "error: no figure for 4 MiB " direction
			missed++
			continue
		}
		part = (all - copy) / all
		printf "%8d | %15s: %8.0f, of it copying %8.0f, bookkeeping %6.0f = %.2f %%%s\n", \
			j, direction, all, copy, all - copy, part * 100, \
			miss(part, goal, 1)
	}
}

NR > 1 {
	cost[$1, $2, $3, $4, $5] = $6
	if (!($5 in seen)) {
		seen[$5] = 1
		size[++sizes] = $5
	}
}

END {
	print "Instructions per map and unmap (coherent device, to the device)"
	print ""
	print "restricted pools of 41 MiB, by slots a segment; ratios to the base with 128"
	printf "%8s | %9s | %9s %9s %9s | %8s %8s %8s\n", "", "base", \
		patched, patched, patched, "", "", ""
	printf "%8s | %9s | %9s %9s %9s | %8s %8s %8s\n", "", "128", \
		"128", "4096", "16384", "128", "4096", "16384"
	for (i = 1; i <= sizes; i++) {
		s = size[i]
		b = cost["base", "restricted", 128, "streaming", s]
		for (j = 1; j <= 3; j++)
			v[j] = cost[patched, "restricted", \
				j == 1 ? 128 : j == 2 ? 4096 : 16384, "streaming", s]
		goal = s > 262144 ? 0 : s == 4096 ? goal_4k : goal_large
		printf "%8s | %9s | %9s %9s %9s | %8s %8s %8s\n", name(s), cell(b), \
			cell(v[1]), cell(v[2]), cell(v[3]), \
			ratio(v[1], b, s == 4096 ? goal_default_4k : goal_default), ratio(v[2], b, goal), \
			ratio(v[3], b, goal)
		if (s <= 262144 && (cell(b) == "-" || cell(v[1]) == "-") ||
		    cell(v[2]) == "-" || cell(v[3]) == "-") {
			print "error: no figure for " name(s)
			missed++
		}
	}
	print ""
	print "the default pool (swiotlb=force)"
	printf "%8s | %9s | %9s | %8s\n", "", "base", patched, "ratio"
	for (i = 1; i <= sizes; i++) {
		s = size[i]
		b = cost["base", "default", "-", "streaming", s]
		v[1] = cost[patched, "default", "-", "streaming", s]
		if (cell(b) == "-" && cell(v[1]) == "-")
			continue
		if (cell(b) == "-" || cell(v[1]) == "-")
			missed++
		printf "%8s | %9s | %9s | %8s\n", name(s), cell(b), cell(v[1]), \
			ratio(v[1], b, s == 4096 ? goal_default_4k : goal_default)
	}
	print ""
	print "a 4 MiB mapping with " patched ": bookkeeping beside the copying"
	bookkeeping("from the device", "streaming-in", 2, goal_copy)
	bookkeeping("to the device", "streaming", 1, 0)
	print ""
	printf "goals: 4 KiB in 4096 or 16384 <= %.3f, up to 256 KiB there <= %.3f,\n", \
		goal_4k / 1000, goal_large / 1000
	printf "       128 and the default pool <= %.3f, 4 KiB there <= %.3f,\n       bookkeeping of 4 MiB from the device <= %.0f %%: ", \
		goal_default / 1000, goal_default_4k / 1000, goal_copy / 10
	print missed ? missed " missed, marked with !" : "all met"
	exit missed ? 1 : 0
}
