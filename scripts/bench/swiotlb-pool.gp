# SPDX-License-Identifier: GPL-2.0
# A plot of scripts/bench/swiotlb.sh, which puts the data blocks before it
set title "Mapping and unmapping 4 KiB by pool and occupancy (4096 slots a segment, base 128)"
set xlabel "MiB of the pool"
set xrange [0.7:1500]
set yrange [500:500000]
set key below maxrows 3
set xtics (1, 41, 256, 1024)
plot $base0 title "base, empty" ls 1, \
	$base50 title "50 %" ls 1 dt 2, \
	$base90 title "90 %" ls 1 dt 3, \
	$series0 title "series, empty" ls 2, \
	$series50 title "50 %" ls 2 dt 2, \
	$series90 title "90 %" ls 2 dt 3, \
	$then0 title "2021, empty" ls 3, \
	$then50 title "50 %" ls 3 dt 2, \
	$then90 title "90 %" ls 3 dt 3
