# SPDX-License-Identifier: GPL-2.0
# What the plots of scripts/bench/swiotlb.sh have in common
set grid
set key top left
set style data linespoints
set logscale x 2
set logscale y 10
set format y "%.0f"
set ylabel "instructions per map and unmap"
set style line 1 linewidth 2 linecolor rgb "#444444" pointtype 9 pointsize 1.4
set style line 2 linewidth 2 linecolor rgb "#0072b2" pointtype 7 pointsize 0.8
set style line 3 linewidth 2 linecolor rgb "#d55e00" pointtype 5 pointsize 0.8
set style line 4 linewidth 2 linecolor rgb "#009e73" pointtype 6 pointsize 1.2
