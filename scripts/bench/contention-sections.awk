# SPDX-License-Identifier: GPL-2.0
#
# callgrind's output, in which contention.c triggers a part for each critical section,
# once with it and once without, becomes the lines that the simulation reads.

/^desc: Trigger: / { parts = split($0, part, " ") }

/^totals: / && parts == 8 {
	if (part[7] == "with")
		with = $2
	else
		print part[5], part[6], (with - $2) / part[8]
	parts = 0
}
