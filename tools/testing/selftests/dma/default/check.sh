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
# Exit status: 0 if all passed. Consoles: build/logs/boot/default-ARCH-*.log,
# QEMU's traces in build/test/default/.
#
# groups: test guest
# bases: mainline

# shellcheck disable=SC2317 # tap calls the functions

. "$(dirname "$0")/../lib/check.sh"
. "$top/tools/testing/swiotlb/lib.sh"

no_arguments "$@"
branch=default
export MEM=1G SMP=2

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

prepare()
{
	guest_program "$made/one_piece-$1" one_piece "$1" &&
		ARCH=$1 "$top/scripts/guest/initramfs.sh" "$made/$1.cpio.gz" "$here/init.sh" \
			"$made/one_piece-$1:one_piece"
}

# boot ARCH CONFIG NAME: with an empty disk
boot()
{
	local arch=$1 name=$3 append=${parameters[$3]} disk=$made/$3.img image=$base_dir/image
	image+=/$([ "$arch" = arm64 ] || echo "$arch-")$2-$branch/Image
	# Without ACPI; and a host with much to do lets the timer look broken.
	[ "$arch" != x86 ] || append+=" console=ttyS0 reboot=t no_timer_check"
	rm -f "$disk" "$made/$name.trace"
	truncate -s 16M "$disk" &&
		ARCH=$arch "$top/scripts/guest/boot.sh" "default-$name" "$image" virt \
			"$made/$arch.cpio.gz" -append "$append" -- \
			-global virtio-mmio.force-legacy=false \
			-drive "if=none,id=vda,format=raw,file=$disk,cache=unsafe" \
			-device virtio-blk-device,drive=vda,iommu_platform=on \
			-trace enable=virtio_blk_handle_write -trace enable=virtio_blk_handle_read \
			-trace enable=virtqueue_pop -D "$made/$name.trace"
}

told()
{
	guest_told "default-$1" "${@:2}"
}

same_data()
{
	guest_all_ok "default-$1" data 1 &&
		told "$1" data sha256 "$(head -c 4M "$made/$1.img" | sha256sum | cut -d ' ' -f 1)"
}

# pieces NAME SECTORS LEAST MOST: no request larger, and one of that in so many pieces,
# each way
pieces()
{
	local way sectors pieces bad=0
	for way in write read; do
		read -r sectors pieces < <(awk -v kind=virtio_blk_handle_$way \
			-f "$here/largest-request.awk" "$made/$1.trace")
		echo "the largest $way had $sectors sectors in $pieces pieces, expected $2 in $3 to $4"
		{ [ "$sectors" -eq "$2" ] && [ "$pieces" -ge "$3" ] && [ "$pieces" -le "$4" ]; } || bad=1
	done
	return $bad
}

both_bounced()
{
	told "$1" bounced largest 4194304 && told "$1" bounced times 2
}

in_use_at_once()
{
	local got
	got=$(guest_said "default-$1" used hiwater)
	echo "up to $got slots were in use"
	[ "$got" -ge 2048 ]
}

# seen NAME SLOTS: what the guest of that boot is to have seen, with so many a segment.
# With 128, the fix of virtio_blk: a request is no larger than a mapping. How the memory's
# pages are taken together may make a few pieces of it.
seen()
{
	# The file is there if the parameter is.
	tap "$1: the pool's limit is $2 slots" told "$1" pool io_tlb_segsize "${2#128}"
	tap "$1: the disk takes $(guest_size $(($2 * 2048))) in one piece" \
		told "$1" queue max_segment_size $(($2 * 2048))
	tap "$1: 4 MiB written and read, the same in the image" same_data "$1"
	if [ "$2" -eq 128 ]; then
		tap "$1: they were bounced by mappings of 256 KiB at most" told "$1" bounced largest 262144
		tap "$1: no request had more than 256 KiB" pieces "$1" 512 1 8
	else
		tap "$1: they were bounced by one mapping each way" both_bounced "$1"
		tap "$1: in 2048 slots" in_use_at_once "$1"
		tap "$1: each was one request of one piece" pieces "$1" 8192 1 1
	fi
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
	seen "$arch-large" 4096
	tap "$arch: the guest without it ends" boot "$arch" "$config" "$arch-unset"
	seen "$arch-unset" 128
done
if [ "$level" = all ]; then
	tap "x86: the guest with swiotlb_segsize=3000 ends" boot x86 small x86-bad
	tap "x86-bad: one error, and segments of 128 slots" one_error x86-bad
	tap "x86-bad: the disk takes 256 KiB in one piece" told x86-bad queue max_segment_size 262144
fi
tap_end
