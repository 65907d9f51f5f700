#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Real disks and network cards on restricted pools, in TAP: virtio-blk, NVMe, USB
# storage, virtio-net and e1000e of QEMU, driven by the kernel's own drivers,
# without the series and with it. What fio wrote in the guest is verified once
# more here, in the images; what was sent is compared at both ends. QEMU tells how
# large the requests were that came to it.
#
# Usage: check.sh
#
# Environment:
#   NET_MIB=n   MiB to send and to receive with each card (64; LEVEL=all: 1024)
#
# Exit status: 0 when all is as it should be. The consoles are in
# build/logs/boot/io-REV.log, the images are kept in build/test/io/.
#
# groups: test guest
# bases: all

. "$(dirname "$0")/../../../../../scripts/lib/common.sh"
. "$top/scripts/lib/tap.sh"
. "$top/scripts/lib/guest.sh"
. "$top/tools/testing/selftests/dma/lib/io.sh"

no_arguments "$@"
made=$build/test/io
net_mib=${NET_MIB:-$([ "$level" = all ] && echo 1024 || echo 64)}

# What fio does: a name, and its options. The buffers are huge pages, so that a
# request is one segment if the disk takes that. 8 requests of 512 KiB are more
# than the smallest pool holds: the disk has to wait for space, and to go on.
jobs_of_fio=(
	"4k-1 --rw=randwrite --bs=4k --iodepth=1 --size=2m"
	"4k-32 --rw=randwrite --bs=4k --iodepth=32 --size=8m --offset=2m"
	"64k-8 --rw=randwrite --bs=64k --iodepth=8 --size=8m --offset=10m"
	"256k-8 --rw=write --bs=256k --iodepth=8 --size=8m --offset=18m"
	"1m-8 --rw=write --bs=1m --iodepth=8 --size=16m --offset=26m"
	"4m-2 --rw=write --bs=4m --iodepth=2 --size=16m --offset=42m"
)

list_jobs()
{
	local disk job
	for disk in "${io_disks[@]}"; do
		echo "limits ${disk%% *}"
		# virtio-blk limits the segments of a request, not all of it. One
		# that the pool cannot hold beside the queue waits for ever, with
		# and without the series: the owner of a small pool has to say so.
		[ "${disk%% *}" != vda ] || echo "max_sectors vda 512"
		[ "${disk%% *}" != vdb ] || echo "max_sectors vdb 2048"
		for job in "${jobs_of_fio[@]}"; do
			echo "fio ${disk%% *} $job --iomem=mmaphuge:/huge/buffers --randseed=1"
		done
	done
	echo "ext4 vdd 64"
	for card in net0 net1; do
		echo "send $card $net_mib"
		echo "receive $card $net_mib"
	done
}

prepare()
{
	mkdir -p "$made"
	list_jobs >"$made/jobs"
	rm -f "$made/sent"
	io_device_tree "$made"
}

boot()
{
	local rev=$1
	io_qemu_disks "$made" "$rev" && io_qemu_net "$made" "$net_mib" || return
	io_options+=(-trace enable=virtio_blk_handle_write -trace enable=pci_nvme_write -D "$made/trace-$rev")
	BOOT_LIMIT=$((300 + net_mib)) guest_run "io-$rev" "$rev" "$made/io.dtb" "$io_selftests/io/init.sh" \
		"$io_selftests/lib/io-guest.sh" "$fio:fio" "$made/jobs:jobs" -- "${io_options[@]}"
}

# What the block layer was told: no more than the pool's segment in one piece,
# less what the device's minimum alignment may take (NVMe's is 4 KiB), and no
# more than the driver's own limit (NVMe's 8 MiB, 4 MiB in 6.1, USB storage's 1 MiB).
nvme_limit()
{
	local kib=8192
	! git -C "$base_dir/tree" show base:drivers/nvme/host/pci.c |
		grep "define NVME_MAX_KB_SZ[[:space:]]*4096" >/dev/null || kib=4096
	echo "$kib"
}

announced()
{
	local rev=$1 disk mib segsize kib got bad=0 nvme
	nvme=$(nvme_limit)
	for disk in "${io_disks[@]}"; do
		read -r disk mib segsize <<<"$disk"
		[ "$rev" = series ] || segsize=128
		kib=$((segsize * 2))
		case $disk in
		vd?) got=$(($(guest_said "io-$rev" "limits $disk" max_segment_size) / 1024)) ;;
		*) got=$(guest_said "io-$rev" "limits $disk" max_hw_sectors_kb) ;;
		esac
		case $disk in
		nvme*)
			kib=$((kib - 4))
			[ "$kib" -le "$nvme" ] || kib=$nvme
			;;
		sd?) [ "$kib" -le 1024 ] || kib=1024 ;;
		esac
		echo "$disk, pool of $mib MiB: $got KiB"
		[ "$got" = "$kib" ] || {
			echo "    expected: $kib KiB"
			bad=1
		}
	done
	return $bad
}

# The largest write that QEMU's NVMe has been asked for, in KiB
largest_nvme_write()
{
	sed -n 's/.*pci_nvme_write .* nlb \([0-9]*\) .*/\1/p' "$made/trace-$1" |
		sort -n | tail -n 1 | awk '{ print $1 / 2 }'
}

# The jobs' 4 MiB in one piece, unless the block layer asks for less of itself: 6.12
# and 6.1 for 1280 KiB.
nvme_requests()
{
	local got want=252
	if [ "$1" != base ]; then
		want=$(guest_said "io-$1" "limits nvme0n1" max_sectors_kb)
		[ "$want" -lt 4096 ] || want=4096
		[ "$want" -ge 1280 ] || return 1
	fi
	got=$(largest_nvme_write "$1")
	echo "the largest write was of $got KiB, expected $want"
	[ "$got" = "$want" ]
}

# The same jobs again, that only read and compare, here.
verify_here()
{
	local rev=$1 disk=$2 job
	for job in "${jobs_of_fio[@]}"; do
		# shellcheck disable=SC2086 # several words
		fio --name=io --filename="$made/$disk-$rev" --ioengine=psync --verify=crc32c \
			--verify_fatal=1 --verify_only --verify_state_save=0 --randseed=1 ${job#* } || return 1
	done
}

file_system()
{
	local sum
	e2fsck -f -n "$made/vdd-$1" || return 1
	sum=$(debugfs -R "cat data" "$made/vdd-$1" 2>/dev/null | sha256sum | cut -d ' ' -f 1)
	echo "here: $sum"
	[ "$sum" = "$(guest_said "io-$1" "ext4 vdd" sha256)" ]
}

# More than the pool has: requests wait for each other, and all are served.
was_full()
{
	grep -m 1 'a000000.virtio_mmio: swiotlb buffer is full' "$logs/boot/io-$1.log"
}

check()
{
	local rev=$1 disk
	tap "$rev: the kernel builds" "$top/scripts/kernel/build.sh" guest "$rev"
	tap "$rev: the guest ends as it should" boot "$rev"
	tap "$rev: the block layer is told what the pools can give" announced "$rev"
	for disk in "${io_disks[@]}"; do
		disk=${disk%% *}
		tap "$rev: $disk: written and verified in the guest" \
			guest_all_ok "io-$rev" "fio $disk" ${#jobs_of_fio[@]}
		tap "$rev: $disk: verified here" verify_here "$rev" "$disk"
	done
	tap "$rev: vda: its pool was full, and it went on" was_full "$rev"
	tap "$rev: nvme0n1: the largest request" nvme_requests "$rev"
	tap "$rev: vdd: ext4, in the guest" guest_all_ok "io-$rev" ext4 1
	tap "$rev: vdd: ext4, here" file_system "$rev"
	tap "$rev: $net_mib MiB sent by virtio-net and e1000e" guest_all_ok "io-$rev" send 2
	tap "$rev: $net_mib MiB received by both" io_received "$made" "io-$rev" receive
	tap_guest_clean "$rev" "io-$rev" 6 'Call trace|I/O error'
}

[[ $net_mib =~ ^[1-9][0-9]*$ ]] || die "NET_MIB=$net_mib: not a number of MiB"
need dtc fdtoverlay mke2fs e2fsck debugfs fio
fio=$("$top/scripts/guest/fio.sh")
tap "the guest's device tree and the jobs are made" prepare
check base
check series
tap_end
