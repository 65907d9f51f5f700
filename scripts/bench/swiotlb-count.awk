# SPDX-License-Identifier: GPL-2.0
#
# callgrind's output, in which each part is triggered by what bench.c calls a cell,
# becomes lines of swiotlb.tsv: kernel, MiB, slots a segment, occupancy, KiB, instructions

/^desc: Trigger: / { parts = split($0, cell, " ") }

/^totals: / && parts == 9 {
	printf "%s", kernel
	for (i = 5; i <= 8; i++)
		printf "\t%s", cell[i]
	printf "\t%.2f\n", $2 / cell[9]
	parts = 0
}
