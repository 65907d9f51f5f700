# SPDX-License-Identifier: GPL-2.0
# A plot of scripts/bench/swiotlb.sh, which puts the data blocks before it
set title "Mapping and unmapping 4 KiB in a pool of 1 GiB"
set xlabel "slots a segment"
set xrange [96:1400000]
set yrange [1000:30000000]
set xtics (128, 1024, 4096, 16384, 65536, 262144, "1048576" 1048576)
plot $then0 title "counts over the whole segment (2021), pool empty" ls 3, \
	$then50 title "counts over the whole segment (2021), half of it occupied" ls 3 dt 2, \
	$series0 title "series, pool empty" ls 2, \
	$series50 title "series, half of it occupied" ls 2 dt 2, \
	$base0 title "base: 128 slots only" ls 1
