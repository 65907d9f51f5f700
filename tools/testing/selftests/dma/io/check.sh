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
# Exit status: 0 if all passed. Consoles: build/logs/boot/io-REV.log,
# the images are kept in build/test/io/.
#
# groups: test guest
# bases: all

. "$(dirname "$0")/../lib/check.sh"
. "$top/tools/testing/selftests/dma/lib/io.sh"

no_arguments "$@"
net_mib=${NET_MIB:-$([ "$level" = all ] && echo 1024 || echo 64)}

prepare()
{
	io_device_tree "$made" && sed "/^#/d; s/NET_MIB/$net_mib/" "$here/jobs" >"$made/jobs"
	rm -f "$made/sent"
}

boot()
{
	local rev=$1
	io_qemu_disks "$made" "$rev" && io_qemu_net "$made" "$net_mib" || return
	io_options+=(-trace enable=virtio_blk_handle_write -trace enable=pci_nvme_write)
	BOOT_LIMIT=$((300 + net_mib)) guest_run "io-$rev" "$rev" "$made/io.dtb" "$here/init.sh" \
		"$selftests/lib/io-guest.sh" "$fio:fio" "$made/jobs" -- "${io_options[@]}"
}

# in_one_piece DISK MIB SEGSIZE: what the block layer is to be told, in KiB. No more than the
# pool's limit or, if that is less, a quarter of its MiB, but 256 KiB at least, less what the
# device's minimum alignment may take (NVMe's is 4 KiB), and no more than the driver's own
# limit (NVMe's 8 MiB, 4 MiB in 6.1, USB storage's 1 MiB).
in_one_piece()
{
	local kib=$(($3 * 2)) quarter=$(($2 * 1024 / 4)) most
	[ $kib -le $quarter ] || kib=$((quarter > 256 ? quarter : 256))
	most=$kib
	case $1 in
	nvme*)
		kib=$((kib - 4)) most=8192
		! git -C "$base_dir/tree" show base:drivers/nvme/host/pci.c |
			grep "define NVME_MAX_KB_SZ[[:space:]]*4096" >/dev/null || most=4096
		;;
	sd?) most=1024 ;;
	esac
	echo $((kib < most ? kib : most))
}

announced()
{
	local disk mib segsize key unit status=0
	for disk in "${io_disks[@]}"; do
		read -r disk mib segsize <<<"$disk"
		[ "$1" = series ] || segsize=128
		key=max_hw_sectors_kb unit=1
		[[ $disk != vd? ]] || key=max_segment_size unit=1024
		guest_told "io-$1" "limits $disk" $key $(($(in_one_piece "$disk" "$mib" "$segsize") * unit)) || status=1
	done
	return $status
}

# The jobs' 4 MiB in one piece, unless the block layer asks for less of itself: 6.12
# and 6.1 for 1280 KiB. The blocks of QEMU's NVMe have 512 bytes.
nvme_requests()
{
	local got want=252
	if [ "$1" != base ]; then
		want=$(guest_said "io-$1" "limits nvme0n1" max_sectors_kb)
		[ "$want" -lt 4096 ] || want=4096
		[ "$want" -ge 1280 ] || return 1
	fi
	got=$(sed -n 's/.*pci_nvme_write .* nlb \([0-9]*\) .*/\1/p' "$made/trace-$1" | sort -n | tail -n 1)
	echo "the largest write was of $got blocks, expected $want KiB"
	[ "$got" = $((want * 2)) ]
}

# The same jobs again, that only read and compare, here.
verify_here()
{
	local rev=$1 disk=$2 job jobs_of_fio
	mapfile -t jobs_of_fio < <(sed -n "s/^fio $disk [^ ]* \(.*\) --iomem.*/\1/p" "$made/jobs")
	for job in "${jobs_of_fio[@]}"; do
		# shellcheck disable=SC2086 # several words
		fio --name=io --filename="$made/$disk-$rev" --ioengine=psync --verify=crc32c \
			--verify_fatal=1 --verify_only --verify_state_save=0 --randseed=1 $job || return 1
	done
	[ ${#jobs_of_fio[@]} -eq 6 ]
}

# all_of_the_pool MIB: NVMe with a small pool, all of which one request may take by the
# property. Its queues are in it, too, so a request of MIB has never room, and waits for
# ever: what the driver is told has to be less.
all_of_the_pool()
{
	local mib=$1 name=io-all-$1 pool=/reserved-memory/pci-pool@50000000
	cp "$made/io.dtb" "$made/$name.dtb" &&
		fdtput -t x "$made/$name.dtb" $pool reg 0 50000000 0 "$(printf '%x' $((mib << 20)))" &&
		fdtput "$made/$name.dtb" $pool io-tlb-segsize $((mib * 512)) &&
		echo 'limits nvme0n1' >"$made/jobs-$mib" &&
		sed -n '/^fio nvme0n1 [14]m-/p' "$here/jobs" >>"$made/jobs-$mib" || return
	io_options=()
	io_drive nvme0n1 "$made/nvme0n1-all" $io_disk_mib || return
	io_options+=(-device "nvme,drive=nvme0n1,serial=1,mdts=11,addr=1")
	guest_run "$name" series "$made/$name.dtb" "$here/init.sh" "$selftests/lib/io-guest.sh" \
		"$fio:fio" "$made/jobs-$mib:jobs" -- "${io_options[@]}" &&
		guest_all_ok "$name" "fio nvme0n1" 2 &&
		guest_told "$name" "limits nvme0n1" max_hw_sectors_kb "$(in_one_piece nvme0n1 "$mib" $((mib * 512)))" &&
		guest_no_report "$name" 'Call trace|I/O error'
}

file_system()
{
	e2fsck -f -n "$made/vdd-$1" &&
		guest_told "io-$1" "ext4 vdd" sha256 "$(debugfs -R "cat data" "$made/vdd-$1" 2>/dev/null |
			sha256sum | cut -d ' ' -f 1)"
}

[[ $net_mib =~ ^[1-9][0-9]*$ ]] || die "NET_MIB=$net_mib: not a number of MiB"
need dtc fdtoverlay mke2fs e2fsck debugfs fio
fio=$("$top/scripts/guest/fio.sh")
tap "the guest's device tree and the jobs are made" prepare
for rev in base series; do
	tap_kernel "$rev"
	tap "$rev: the guest ends as it should" boot "$rev"
	tap "$rev: the block layer is told what the pools can give" announced "$rev"
	for disk in "${io_disks[@]}"; do
		disk=${disk%% *}
		tap "$rev: $disk: written and verified in the guest" guest_all_ok "io-$rev" "fio $disk" 6
		tap "$rev: $disk: verified here" verify_here "$rev" "$disk"
	done
	# More than the pool has: requests wait for each other, and all are served.
	tap "$rev: vda: its pool was full, and it went on" \
		grep -m 1 'a000000.virtio_mmio: swiotlb buffer is full' "$logs/boot/io-$rev.log"
	tap "$rev: nvme0n1: the largest request" nvme_requests "$rev"
	tap "$rev: vdd: ext4, in the guest" guest_all_ok "io-$rev" ext4 1
	tap "$rev: vdd: ext4, here" file_system "$rev"
	tap "$rev: $net_mib MiB sent by virtio-net and e1000e" guest_all_ok "io-$rev" send 2
	tap "$rev: $net_mib MiB received by both" io_received "$made" "io-$rev" receive
	tap_guest_clean "$rev" "io-$rev" 6 'Call trace|I/O error'
done
for mib in 1 4; do
	tap "series: nvme0n1: in a pool of $mib MiB, of which it may take all, writes of 1 and 4 MiB end" \
		all_of_the_pool $mib
done
tap_end
