# SPDX-License-Identifier: GPL-2.0
#
# The suite's cases, of two files: what kunit.py says, and the KTAP that it has read.
# Prints "ok CASE", or "[VERDICT] CASE", and what was said before that case's result is
# in the file DIR/said-CASE. A case is ok, too, if it is skipped because an older kernel
# does not have what it takes.

# In kunit.py's output a case is one level below the suite, and is told in one line, or,
# with parameters, between two.
FNR == NR {
	sub(/^\[[0-9:]*\] /, "")
	if (/^=+ [^[]* =+$/)
		depth++
	if (/^=+ \[[A-Z ]+\] .* =+$/) {
		depth--
		gsub(/^=+ | =+$/, "")
	}
	if (/^\[ERROR\] / || !/^\[[A-Z ]+\]/ || depth != 1)
		next
	verdict = $0
	sub(/\].*/, "]", verdict)
	gsub(/ /, "-", verdict)
	sub(/^[^]]*\] */, "")
	names[++n] = $1
	verdicts[n] = verdict
	next
}

!/^        ok / { said = said $0 "\n" }

/^    (not )?ok / {
	name = $1 == "not" ? $4 : $3
	explained[name] = said
	said = ""
	if ($1 == "ok" && / # SKIP this kernel /)
		excused[name] = 1
}

END {
	for (i = 1; i <= n; i++) {
		name = names[i]
		if (verdicts[i] == "[PASSED]" || verdicts[i] == "[SKIPPED]" && name in excused) {
			print "ok", name
			continue
		}
		print verdicts[i], name
		printf "%s", explained[name] >(dir "/said-" name)
	}
}
