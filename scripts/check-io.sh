#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Real disks and network cards on restricted pools, in TAP: virtio-blk, NVMe, USB
# storage, virtio-net and e1000e of QEMU, driven by the kernel's own drivers,
# without the series and with it. What fio wrote in the guest is verified once
# more here, in the images; what was sent is compared at both ends. QEMU tells how
# large the requests were that came to it.
#
# usage: scripts/check-io.sh
#
# environment:
#   NET_MIB=n   MiB to send and to receive with each card (64)
#
# Exit status: 0 when all is as it should be. The consoles are in
# build/logs/boot/io-REV.log, the images are kept in build/test/io/.

. "$(dirname "$0")/lib.sh"
. "$top/scripts/guest.sh"

made=$build/test/io
init=$top/tools/testing/selftests/dma/io-init.sh
overlay=$top/arch/arm64/boot/dts/mediatek/qemu-virt-io.dtso
net_mib=${NET_MIB:-64}
machine=virt,gic-version=3

export MEM=1G SMP=4

# A disk: its name in the guest, its pool's MiB and slots a segment
disks=("vda 1 256" "vdb 4 512" "vdc 16 2048" "nvme0n1 64 8192" "sda 64 8192")
disk_mib=64
ext4_mib=128

# What fio does: a name, and its options. The buffers are huge pages, so that a
# request is one segment if the disk takes that. 8 requests of 512 KiB are more
# than the smallest pool holds: the disk has to wait for space, and to go on.
jobs_of_fio=(
	"4k-1 --rw=randwrite --bs=4k --iodepth=1 --size=2m"
	"4k-32 --rw=randwrite --bs=4k --iodepth=32 --size=8m --offset=2m"
	"64k-8 --rw=randwrite --bs=64k --iodepth=8 --size=8m --offset=10m"
	"256k-8 --rw=write --bs=256k --iodepth=8 --size=8m --offset=18m"
	"1m-8 --rw=write --bs=1m --iodepth=8 --size=16m --offset=26m"
)

list_jobs()
{
	local disk job
	for disk in "${disks[@]}"; do
		echo "limits ${disk%% *}"
		# virtio-blk limits the segments of a request, not all of it. One
		# that the pool cannot hold beside the queue waits for ever, with
		# and without the series: the owner of a small pool has to say so.
		[ "${disk%% *}" != vda ] || echo "max_sectors vda 512"
		for job in "${jobs_of_fio[@]}"; do
			echo "fio ${disk%% *} $job --iomem=mmaphuge:/huge/buffers --randseed=1"
		done
	done
	echo "ext4 vdd 64"
	for card in eth0 eth1; do
		echo "send $card $net_mib"
		echo "receive $card $net_mib"
	done
}

prepare()
{
	local disk
	mkdir -p "$made"
	list_jobs >"$made/jobs"
	dtc -q -@ -I dts -O dtb -o "$made/overlay.dtbo" "$overlay" &&
		qemu-system-aarch64 -M "$machine,dumpdtb=$made/virt.dtb" -cpu cortex-a53 \
			-m "$MEM" -smp "$SMP" -display none -net none &&
		fdtoverlay -i "$made/virt.dtb" -o "$made/io.dtb" "$made/overlay.dtbo" &&
		head -c "${net_mib}M" /dev/urandom >"$made/sent"
}

boot()
{
	local rev=$1 disk net i=0 options
	options=(-global virtio-mmio.force-legacy=false)
	for disk in vda vdb vdc vdd nvme0n1 sda; do
		rm -f "$made/$disk-$rev"
		truncate -s "$([ "$disk" = vdd ] && echo $ext4_mib || echo $disk_mib)M" "$made/$disk-$rev"
		options+=(-drive "if=none,id=$disk,format=raw,file=$made/$disk-$rev,cache=unsafe")
		case $disk in
		vd?)
			options+=(-device "virtio-blk-device,drive=$disk,bus=virtio-mmio-bus.$i,iommu_platform=on")
			i=$((i + 1))
			;;
		nvme*) options+=(-device "nvme,drive=$disk,serial=1,mdts=11") ;;
		*) options+=(-device qemu-xhci -device "usb-storage,drive=$disk") ;;
		esac
	done
	mke2fs -q -F -t ext4 "$made/vdd-$rev" || return 1
	# The host's side of the network: it gets and sums up, or sends.
	for i in 0 1; do
		net=10.0.$((i + 2))
		options+=(-netdev "user,id=net$i,restrict=on,net=$net.0/24,guestfwd=tcp:$net.100:7-cmd:$made/take,guestfwd=tcp:$net.100:8-cmd:cat $made/sent")
	done
	options+=(-device "virtio-net-device,netdev=net0,bus=virtio-mmio-bus.4,iommu_platform=on"
		-device "e1000e,netdev=net1,romfile=")
	options+=(-trace enable=virtio_blk_handle_write -trace enable=pci_nvme_write -D "$made/trace-$rev")
	printf '#!/bin/sh\nhead -c %dM | sha256sum\n' "$net_mib" >"$made/take"
	chmod +x "$made/take"
	"$top/scripts/initramfs.sh" "$made/$rev.cpio.gz" "$init" "$fio:fio" "$made/jobs:jobs" &&
		"$top/scripts/boot.sh" "io-$rev" "$base_dir/image/drivers-$rev/Image" "$made/io.dtb" \
			"$made/$rev.cpio.gz" -- "${options[@]}"
}

# answers REV: what the guest said, without time stamps
answers()
{
	sed -n 's/^\[[^]]*\] io: //p' "$logs/boot/io-$1.log"
}

# all_ok REV PATTERN COUNT: so many jobs, all of them ok
all_ok()
{
	local said
	said=$(answers "$1" | grep -E -- "^$2 " || :)
	printf '%s\n' "$said"
	[ "$(printf '%s\n' "$said" | grep -c ' ok$')" -eq "$3" ] &&
		[ "$(printf '%s\n' "$said" | wc -l)" -eq "$3" ]
}

# said REV JOB KEY: the value of KEY in what the job has answered
said()
{
	guest_field "$3" "$(answers "$1" | grep -m 1 -- "^$2 ")"
}

# What the block layer was told: no more than the pool's segment in one piece,
# less what the device's minimum alignment may take (NVMe's is 4 KiB), and no
# more than the driver's own limit (NVMe's 8 MiB, USB storage's 1 MiB).
announced()
{
	local rev=$1 disk mib segsize kib got bad=0
	for disk in "${disks[@]}"; do
		read -r disk mib segsize <<<"$disk"
		[ "$rev" = series ] || segsize=128
		kib=$((segsize * 2))
		case $disk in
		vd?) got=$(($(said "$rev" "limits $disk" max_segment_size) / 1024)) ;;
		*) got=$(said "$rev" "limits $disk" max_hw_sectors_kb) ;;
		esac
		case $disk in
		nvme*)
			kib=$((kib - 4))
			[ "$kib" -le 8192 ] || kib=8192
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

nvme_requests()
{
	local got want=252
	[ "$1" = base ] || want=1024
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
	[ "$sum" = "$(said "$1" "ext4 vdd" sha256)" ]
}

received()
{
	local sum card bad=0
	sum=$(sha256sum <"$made/sent" | cut -d ' ' -f 1)
	for card in eth0 eth1; do
		[ "$(said "$1" "receive $card" sha256)" = "$sum" ] || {
			echo "$card has received something else than was sent"
			bad=1
		}
	done
	return $bad
}

nothing_left()
{
	local bad=0
	answers "$1" | grep -E '^(pool|dma-api) '
	[ "$(answers "$1" | grep -c '^pool .* used=0 ok$')" -eq 6 ] || bad=1
	answers "$1" | grep -x 'dma-api errors=0 left=0 ok' >/dev/null || bad=1
	return $bad
}

# More than the pool has: requests wait for each other, and all are served.
was_full()
{
	grep -m 1 'a000000.virtio_mmio: swiotlb buffer is full' "$logs/boot/io-$1.log"
}

no_report()
{
	! grep -n -E 'BUG:|WARNING: |INFO: |DMA-API: [^ ]+ [^ ]+: |I/O error|Unable to handle|Call trace' \
		"$logs/boot/io-$1.log"
}

check()
{
	local rev=$1 disk
	tap "$rev: the kernel builds" "$top/scripts/kernel.sh" drivers "$rev"
	tap "$rev: the guest ends as it should" boot "$rev"
	tap "$rev: the block layer is told what the pools can give" announced "$rev"
	for disk in "${disks[@]}"; do
		disk=${disk%% *}
		tap "$rev: $disk: written and verified in the guest" \
			all_ok "$rev" "fio $disk" ${#jobs_of_fio[@]}
		tap "$rev: $disk: verified here" verify_here "$rev" "$disk"
	done
	tap "$rev: vda: its pool was full, and it went on" was_full "$rev"
	tap "$rev: nvme0n1: the largest request" nvme_requests "$rev"
	tap "$rev: vdd: ext4, in the guest" all_ok "$rev" ext4 1
	tap "$rev: vdd: ext4, here" file_system "$rev"
	tap "$rev: $net_mib MiB sent by virtio-net and e1000e" all_ok "$rev" send 2
	tap "$rev: $net_mib MiB received by both" received "$rev"
	tap "$rev: all unbound: no slot in use, nothing mapped, no DMA-API error" nothing_left "$rev"
	tap "$rev: no report of the kernel" no_report "$rev"
}

[[ $net_mib =~ ^[1-9][0-9]*$ ]] || die "NET_MIB=$net_mib: not a number of MiB"
need qemu-system-aarch64 dtc fdtoverlay mke2fs e2fsck debugfs fio
fio=$("$top/scripts/fio.sh")
tap "the guest's device tree and the jobs are made" prepare
check base
check series
tap_end
