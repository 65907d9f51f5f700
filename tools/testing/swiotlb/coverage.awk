# SPDX-License-Identifier: GPL-2.0
#
# A line "FUNCTION LINES OF BRANCHES OF UNREACHABLE" for each touched function, and for each
# failure "!FUNCTION what is wrong", for coverage.sh. A function ends with the first } in
# column 1. Of two functions of the same name each is a line.
#
# The files: the source, unreachable.txt, the touched lines (-), and lcov files, which have
# FN:line,name DA:line,count BRDA:line,block,outcome,count.

function trim(s) { gsub(/^[ \t]+|[ \t]+$/, "", s); return s }
FILENAME == source { text[FNR] = $0; n = FNR; next }
FILENAME == reasons {
	if (/^#/ || /^$/)
		next
	split($0, part, " [|] ")
	if (trim(part[5]) == "")
		print "!unreachable.txt no reason: " $0
	if (today && trim(part[1]) == "older")
		next
	allowed[trim(part[2]) SUBSEP trim(part[4])] += part[3]
	listed[trim(part[2]) SUBSEP trim(part[4])] = 1
	next
}
FILENAME == "-" { touched[$1] = 1; next }
sub(/^FN:/, "") { split($0, f, ","); sub(/.*:/, "", f[2]); start[f[1]] = f[2]; next }
sub(/^DA:/, "") { split($0, f, ","); line[f[1]] += f[2]; next }
sub(/^BRDA:/, "") {
	split($0, f, ",")
	key = f[1] SUBSEP f[2] SUBSEP f[3]
	branch[key] += f[4]
	next
}
END {
	for (first = 1; first <= n; first++) {
		if (!(first in start))
			continue
		for (last = first; text[last] !~ /^}/; last++)
			;
		hit = 0
		for (i = first; i <= last; i++)
			hit += touched[i]
		if (!hit)
			continue
		name = start[first]
		lines = lines_hit = branches = branches_hit = excused = 0
		split("", missing)
		for (i = first; i <= last; i++) {
			has[name SUBSEP trim(text[i])] = 1
			if (i in line) {
				lines++
				if (line[i])
					lines_hit++
				else
					missing[i]++
			}
		}
		for (key in branch) {
			split(key, f, SUBSEP)
			if (f[1] < first || f[1] > last)
				continue
			branches++
			if (branch[key])
				branches_hit++
			else
				missing[f[1]]++
		}
		for (i = first; i <= last; i++) {
			key = name SUBSEP trim(text[i])
			while (i in missing && missing[i] && allowed[key]) {
				missing[i]--
				allowed[key]--
				excused++
			}
			if (missing[i])
				printf "!%s line %d, %d not reached: %s\n",
					name, i, missing[i], trim(text[i])
		}
		printf "%s %d %d %d %d %d\n", name, lines_hit, lines,
			branches_hit, branches, excused
		seen++
	}
	for (key in listed) {
		split(key, f, SUBSEP)
		# The list may be of lines that another kernel does not have.
		if (allowed[key] && (today || key in has))
			printf "!%s listed as unreachable, but reached or not there: %s\n", f[1], f[2]
	}
	if (!seen)
		print "!series no function of the series was found"
}
