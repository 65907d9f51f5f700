#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# patches/extra/default in guests, in TAP: arm64 and x86_64 with swiotlb=force and a
# virtio disk that uses the DMA API. With swiotlb_segsize=4096 a write and a read of
# 4 MiB are one mapping of the default pool and one piece of the request that QEMU
# gets; without it, pieces of 256 KiB at most. And what is mapped costs as many instructions
# as without the topic, if the parameter is not given.
#
# Usage: check.sh
#
# Exit status: 0 when all is as it should be. The consoles are in
# build/logs/boot/default-ARCH-*.log, QEMU's traces in build/test/default/.
#
# groups: test guest
# bases: mainline

# shellcheck disable=SC2317 # tap calls the functions

. "$(dirname "$0")/../../../../../scripts/lib/common.sh"
. "$top/scripts/lib/tap.sh"
. "$top/scripts/lib/guest.sh"
. "$top/tools/testing/swiotlb/lib.sh"
. "$top/tools/testing/selftests/dma/lib/io.sh"

no_arguments "$@"
made=$build/test/default
branch=default
export SMP=2

# arch CONFIG, the fewest kernels: arm64's other guests with disks have this one
kernels=("arm64 guest")
[ "$level" != all ] || kernels+=("x86 small")
# The names of boots, and the parameters. Their order is not to matter.
declare -A parameters=(
	[arm64-large]="swiotlb=65536,force,track_hiwater swiotlb_segsize=4096"
	[arm64-unset]="swiotlb=65536,force,track_hiwater"
	[x86-large]="swiotlb_segsize=4096 swiotlb=65536,force,track_hiwater"
	[x86-unset]="swiotlb=65536,force,track_hiwater"
	[x86-bad]="swiotlb=65536,force,track_hiwater swiotlb_segsize=3000"
)

image_of()
{
	case $1 in
	arm64) echo "$base_dir/image/$2-$branch/Image" ;;
	*) echo "$base_dir/image/$1-$2-$branch/Image" ;;
	esac
}

prepare()
{
	guest_program "$made/one_piece-$1" one_piece "$1" &&
		ARCH=$1 "$top/scripts/guest/initramfs.sh" "$made/$1.cpio.gz" "$io_selftests/default/init.sh" \
			"$made/one_piece-$1:one_piece"
}

# boot ARCH CONFIG NAME: with an empty disk
boot()
{
	local arch=$1 name=$3 append=${parameters[$3]} disk=$made/$3.img
	# Without ACPI; and a host with much to do lets the timer look broken.
	[ "$arch" != x86 ] || append+=" console=ttyS0 reboot=t no_timer_check"
	rm -f "$disk" "$made/$name.trace"
	truncate -s 16M "$disk" &&
		ARCH=$arch "$top/scripts/guest/boot.sh" "default-$name" "$(image_of "$arch" "$2")" virt \
			"$made/$arch.cpio.gz" -append "$append" -- \
			-global virtio-mmio.force-legacy=false \
			-drive "if=none,id=vda,format=raw,file=$disk,cache=unsafe" \
			-device virtio-blk-device,drive=vda,iommu_platform=on \
			-trace enable=virtio_blk_handle_write -trace enable=virtio_blk_handle_read \
			-trace enable=virtqueue_pop -D "$made/$name.trace"
}

# told NAME JOB KEY WANTED
told()
{
	local got
	got=$(guest_said "default-$1" "$2" "$3")
	echo "$2: $3 is '$got', expected '$4'"
	[ "$got" = "$4" ]
}

same_data()
{
	guest_all_ok "default-$1" data 1 &&
		told "$1" data sha256 "$(head -c 4M "$made/$1.img" | sha256sum | cut -d ' ' -f 1)"
}

# largest_request NAME write|read: the sectors of the largest that QEMU was asked
# for, and its pieces: the buffers of the queue's element, less those of the head
# and of the status. The element is told before the request.
largest_request()
{
	awk -v kind="virtio_blk_handle_$2" '
		/virtqueue_pop / {
			for (i = 1; i < NF; i++) {
				if ($i == "in_num")
					in_num = $(i + 1)
				if ($i == "out_num")
					out_num = $(i + 1)
			}
		}
		index($0, kind " ") {
			for (i = 1; i < NF; i++)
				sectors = $i == "nsectors" ? $(i + 1) : sectors
			if (sectors + 0 > most + 0) {
				most = sectors
				pieces = in_num + out_num - 2
			}
		}
		END { print most + 0, pieces + 0 }' "$made/$1.trace"
}

# pieces NAME SECTORS LEAST MOST: no request larger, and one of that in so many pieces,
# each way
pieces()
{
	local way sectors pieces bad=0
	for way in write read; do
		read -r sectors pieces < <(largest_request "$1" $way)
		echo "the largest $way had $sectors sectors in $pieces pieces, expected $2 in $3 to $4"
		{ [ "$sectors" -eq "$2" ] && [ "$pieces" -ge "$3" ] && [ "$pieces" -le "$4" ]; } || bad=1
	done
	return $bad
}

# bounced NAME BYTES: the largest mapping
bounced()
{
	told "$1" bounced largest "$2"
}

both_bounced()
{
	bounced "$1" 4194304 && told "$1" bounced times 2
}

in_use_at_once()
{
	local got
	got=$(guest_said "default-$1" used hiwater)
	echo "up to $got slots were in use"
	[ "$got" -ge 2048 ]
}

# large NAME, plain NAME: what the guest of that boot is to have seen
large()
{
	tap "$1: the pool's segment has 4096 slots" told "$1" pool io_tlb_segsize 4096
	tap "$1: the disk takes 8 MiB in one piece" told "$1" queue max_segment_size 8388608
	tap "$1: 4 MiB written and read, the same in the image" same_data "$1"
	tap "$1: they were bounced by one mapping each way" both_bounced "$1"
	tap "$1: in 2048 slots" in_use_at_once "$1"
	tap "$1: each was one request of one piece" pieces "$1" 8192 1 1
	tap "$1: no report of the kernel" guest_no_report "default-$1" 'swiotlb buffer is full|I/O error'
}

plain()
{
	tap "$1: the pool's segment has 128 slots" told "$1" pool io_tlb_segsize 128
	tap "$1: the disk takes 256 KiB in one piece" told "$1" queue max_segment_size 262144
	tap "$1: 4 MiB written and read, the same in the image" same_data "$1"
	tap "$1: they were bounced by mappings of 256 KiB at most" bounced "$1" 262144
	# The fix of virtio_blk: a request is no larger than a mapping. How the memory's
	# pages are taken together may make a few pieces of it.
	tap "$1: no request had more than 256 KiB" pieces "$1" 512 1 8
	tap "$1: no report of the kernel" guest_no_report "default-$1" 'swiotlb buffer is full|I/O error'
}

one_error()
{
	grep 'swiotlb_segsize=' "$logs/boot/default-$1.log" | grep -v -i 'command line' >"$made/$1.said" || :
	cat "$made/$1.said"
	[ "$(wc -l <"$made/$1.said")" -eq 1 ] &&
		grep -q 'software IO TLB: swiotlb_segsize=3000: must be a power of 2 from 128 to 1048576; using 128$' \
			"$made/$1.said"
}

# instructions NAME: one a line of callgrind's for each size and each occupancy
instructions()
{
	local program
	in_rig NAME="$1" bench && program=$(in_rig NAME="$1" print-out)/swiotlb-bench || return
	valgrind -q --tool=callgrind --instr-atstart=no --toggle-collect=bench_op \
		--combine-dumps=yes --callgrind-out-file="$made/callgrind.$1" \
		"$program" 16:128:2,4,16,64,256 || return
	sed -n 's/^desc: Trigger: //p; /^totals: /p' "$made/callgrind.$1" >"$made/instructions.$1"
	rm -f "$made/callgrind.$1"
	[ "$(grep -c '^totals: [1-9]' "$made/instructions.$1")" -ge 12 ]
}

same_cost()
{
	instructions fixed-series && instructions $branch || return
	cat "$made/instructions.fixed-series"
	diff "$made/instructions.fixed-series" "$made/instructions.$branch"
}

need make gcc valgrind
need_tree
mkdir -p "$made"
tap "the branch is made of the mails" "$top/scripts/patches/topic.sh" $branch
tap "without the parameter, as many instructions as without the topic" same_cost
for words in "${kernels[@]}"; do
	read -r arch config <<<"$words"
	tap "$arch: the kernel builds" env ARCH="$arch" "$top/scripts/kernel/build.sh" "$config" $branch
	tap "$arch: the initramfs is made" prepare "$arch"
	tap "$arch: the guest with swiotlb_segsize=4096 ends" boot "$arch" "$config" "$arch-large"
	large "$arch-large"
	tap "$arch: the guest without it ends" boot "$arch" "$config" "$arch-unset"
	plain "$arch-unset"
done
[ "$level" = all ] || {
	tap_end
	exit
}
tap "x86: the guest with swiotlb_segsize=3000 ends" boot x86 small x86-bad
tap "x86-bad: one error, and segments of 128 slots" one_error x86-bad
tap "x86-bad: the disk takes 256 KiB in one piece" told x86-bad queue max_segment_size 262144
tap_end
