# SPDX-License-Identifier: GPL-2.0
# A plot of scripts/bench/swiotlb.sh, which puts the data blocks before it
set title "Mapping and unmapping in an empty pool of 41 MiB"
set xlabel "size of the buffer"
set xrange [1.5:6000]
set yrange [1000:300000]
set xtics ("2 KiB" 2, "4" 4, "8" 8, "16" 16, "32" 32, "64" 64, "128" 128, \
	"256" 256, "512" 512, "1 MiB" 1024, "2" 2048, "4" 4096)
plot $then4096 title "counts over the whole segment (2021), 4096 slots a segment" ls 3, \
	$series4096 title "series, 4096" ls 2, \
	$series128 title "series, 128" ls 4, \
	$base title "base, 128" ls 1
