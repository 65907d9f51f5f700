#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What larger requests are worth: MB/s of a large sequential read from disks on
# restricted pools, in requests of 256 KiB, the most that there can be without the
# series, and in larger ones; as a ratio of the two, in one boot.
#
# Usage: io.sh
#
# Environment:
#   ROUNDS=n   how often each size is read; the median counts (5)
#
# The table is also in build/bench/io.txt. The guest is emulated, and so are the
# disks: what a request costs beyond its copy is QEMU's and the guest's work, not
# a flash chip's.
# Exit status: 0 when all was read.

. "$(dirname "$0")/../lib/common.sh"
. "$top/scripts/lib/guest.sh"
. "$top/tools/testing/selftests/dma/lib/io.sh"

no_arguments "$@"

made=$bench/io
out=$bench/io.txt
rounds=${ROUNDS:-5}

# A disk, and the largest requests that are tried, in KiB. NVMe's without the
# series is of 252 KiB: it may lose 4 KiB to the alignment in a page.
disks=("vdd 256 512 1024 4096 8192" "nvme0n1 252 512 1024 4096 8192" "sda 256 512 1024")

list_jobs()
{
	local round disk sizes size
	for ((round = 0; round < rounds; round++)); do
		for disk in "${disks[@]}"; do
			read -ra sizes <<<"$disk"
			for size in "${sizes[@]:1}"; do
				echo "${sizes[0]} $size"
			done
		done
	done
}

boot()
{
	mkdir -p "$made"
	list_jobs >"$made/jobs"
	io_device_tree "$made" && io_qemu_disks "$made" series && io_qemu_net "$made" 1 &&
		guest_run bench-io series "$made/io.dtb" "$top/scripts/bench/io-init.sh" \
			"$io_selftests/lib/io-guest.sh" "$fio:fio" "$made/jobs" \
			-append dma_debug=off -- "${io_options[@]}"
}

# median DISK SIZE KEY: of all rounds
median()
{
	guest_answers bench-io | sed -n "s,^rate $1 $2 .*$3=\([0-9]*\).* ok\$,\1,p" | sort -n |
		awk '{ v[NR] = $1 } END { if (NR) print v[int((NR + 1) / 2)] }'
}

table()
{
	local disk sizes size rate first requests
	printf '%-10s%10s%12s%12s%14s\n' disk "KiB, most" requests MB/s "to the first"
	for disk in "${disks[@]}"; do
		read -ra sizes <<<"$disk"
		first=
		for size in "${sizes[@]:1}"; do
			rate=$(median "${sizes[0]}" "$size" KiB/s)
			requests=$(median "${sizes[0]}" "$size" requests)
			[ -n "$rate" ] || die "${sizes[0]} was not read in requests of $size KiB" \
				"see build/logs/boot/bench-io.log"
			first=${first:-$rate}
			awk -v d="${sizes[0]}" -v s="$size" -v n="$requests" -v r="$rate" -v f="$first" \
				'BEGIN { printf "%-10s%10d%12d%12.1f%14.3f\n", d, s, n, r * 1024 / 1e6, r / f }'
		done
	done
}

[[ $rounds =~ ^[1-9][0-9]*$ ]] || die "ROUNDS=$rounds: not a number"
need dtc fdtoverlay mke2fs
fio=$("$top/scripts/guest/fio.sh")
"$top/scripts/kernel/build.sh" guest series
step bench/io boot || exit 1
table >"$out.new"
mv "$out.new" "$out"
cat "$out"
