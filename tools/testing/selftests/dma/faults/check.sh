#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What goes wrong on restricted pools, in TAP, without the series and with it: a
# pool that is full, allocations that fail while a driver probes, a driver that
# goes while its device is at work, suspend to idle, and another kernel or a reset
# with mappings live. The jobs are in tools/testing/selftests/dma/faults/init.sh.
#
# Usage: check.sh [-p PART]... [REV...]
#
#   PART   full, fail, unbind, suspend, kexec or reset (all but fail; LEVEL=all: all)
#   REV    base, series (series; LEVEL=all: both)
#
# Exit status: 0 when all is as it should be. The consoles are in
# build/logs/boot/faults-PART-REV.log.
#
# groups: test guest
# bases: all

. "$(dirname "$0")/../../../../../scripts/lib/common.sh"
. "$top/scripts/lib/tap.sh"
. "$top/scripts/lib/guest.sh"
. "$top/tools/testing/selftests/dma/lib/io.sh"

made=$build/test/faults
parts=(full fail unbind suspend kexec reset)
firsts=6

# The lines of the file "jobs" that begin with the name of the part
list_jobs()
{
	sed -n "s/^$1: //p" "$io_selftests/faults/jobs"
}

# Pools that nobody has used before, one for each way that setting it up can fail
first_pools()
{
	local i base
	echo '/dts-v1/; /plugin/; &{/} {'
	echo 'reserved-memory { #address-cells = <2>; #size-cells = <2>; ranges;'
	for ((i = 0; i < firsts; i++)); do
		base=$(printf '%x' $((0x5c000000 + i * 0x100000)))
		echo "pool_first$i: first$i-pool@$base { compatible = \"restricted-dma-pool\";"
		echo "reg = <0x0 0x$base 0x0 0x100000>; io-tlb-segsize = <256>; };"
	done
	echo '};'
	for ((i = 0; i < firsts; i++)); do
		echo "dma-probe-first$i { compatible = \"swiotlb-test,dma-probe\"; memory-region = <&pool_first$i>; };"
	done
	echo '};'
}

device_tree()
{
	io_device_tree "$1" &&
		first_pools >"$1/first.dtso" &&
		dtc -q -@ -I dts -O dtb -o "$1/first.dtbo" "$1/first.dtso" &&
		fdtoverlay -i "$1/io.dtb" -o "$1/faults.dtb" "$1/first.dtbo"
}

prepare()
{
	mkdir -p "$made"
	device_tree "$made"
	# LPIs cannot be given to another kernel without EFI, so no ITS there. Nor where a
	# reset comes in the midst of I/O: LPIs have no active state, so free_irq()
	# does not wait for a CPU that has read one from ICC_IAR1_EL1 and not looked
	# it up yet. If that CPU comes late, as QEMU's may on a loaded host, xHCI's
	# shutdown has freed the interrupt, and the kernel warns of an "Unexpected
	# interrupt". Without message signalled interrupts QEMU's NVMe keeps its line
	# raised when its queues go, and the kernel turns it off ("irq 18: nobody
	# cared"): GICv2 has them without an ITS, and they are SPIs, which are waited
	# for.
	GIC=2 device_tree "$made/kexec"
	guest_program "$made/dma_probe"
	guest_program "$made/fail_nth" fail_nth
	guest_program "$made/kexec_file" kexec_file
	list_jobs next >"$made/jobs-next"
}

boot()
{
	local part=$1 rev=$2 image=$base_dir/image/guest-$2 dtb=$made/faults.dtb files
	files=("$io_selftests/lib/io-guest.sh" "$fio:fio" "$made"/{dma_probe,fail_nth,kexec_file}
		"$image/dma_probe.ko")
	list_jobs "$part" >"$made/jobs-$part"
	# It ends in the midst of things; what the next boot has to do follows.
	[ "$part" != reset ] || cat "$made/jobs-next" >>"$made/jobs-$part"
	io_qemu_disks "$made" "$rev" && io_qemu_net "$made" 4 || return
	case $part in
	fail)
		# A thousand binds
		export BOOT_LIMIT=${BOOT_LIMIT:-900}
		io_qemu_pci_disk "$made" "$rev" || return
		;;
	kexec | reset)
		dtb=$made/kexec/faults.dtb
		export GIC=2
		;;&
	kexec)
		"$top/scripts/guest/initramfs.sh" "$made/next-$rev.cpio.gz" "$io_selftests/faults/init.sh" \
			"${files[@]}" "$made/jobs-next:jobs" || return
		files+=("$made/next-$rev.cpio.gz:next.cpio.gz" "$image/Image")
		;;
	reset)
		io_qemu_carry "$made/mark-$rev" 1 || return
		io_options+=(-action reboot=reset)
		;;
	esac
	guest_run "faults-$part-$rev" "$rev" "$dtb" "$io_selftests/faults/init.sh" "${files[@]}" \
		"$made/jobs-$part:jobs" -append log_buf_len=16M -- "${io_options[@]}"
}

job()
{
	guest_all_ok "faults-$1-$2" "$3" "$4"
}

# Those that set a pool up were among the allocations that failed: the allocator
# itself, its slots and its areas.
failed_in()
{
	local n
	n=$(sed -n '/faults: stacks begin/,/faults: stacks end/p' "$logs/boot/faults-fail-$1.log" |
		grep -c ' of_reserved_mem_device_init_by_idx+')
	echo "$n of the failed allocations were in there"
	[ "$n" -ge 3 ]
}

check()
{
	local part=$1 rev=$2 log=faults-$1-$2
	tap "$rev: $part: the guest ends as it should" boot "$part" "$rev"
	case $part in
	full)
		for disk in vdb nvme0n1; do
			tap "$rev: $disk: asked with a full pool, it waits or tells, and goes on" \
				job "$part" "$rev" "full_idle $disk" 1
			tap "$rev: $disk: the pool fills up while it is at work, and it goes on" \
				job "$part" "$rev" "full_busy $disk" 1
		done
		tap "$rev: net0: sends with a full pool when there is room again" \
			job "$part" "$rev" '(send|receive|full_card) net0' 3
		;;
	fail)
		tap "$rev: each allocation that sets up a pool fails: the next bind gets a whole pool" \
			job "$part" "$rev" 'fail_first dma-probe-first[0-9]' $firsts
		tap "$rev: those of the allocator itself were among them" failed_in "$rev"
		tap "$rev: dma-probe: each allocation of a bind fails: no slot is lost, then it works" \
			job "$part" "$rev" "fail_each dma-probe-spare" 1
		for device in a000000.virtio_mmio a000800.virtio_mmio 0000:00:04.0; do
			tap "$rev: $device: each allocation of a bind fails: no slot is lost, then it works" \
				job "$part" "$rev" "fail_bind $device" 1
		done
		tap "$rev: binds with allocations of kernel threads failing at random" \
			job "$part" "$rev" fail_work 2
		;;
	unbind)
		tap "$rev: a driver goes while buffers are kept: they go with it" \
			job "$part" "$rev" unbind_probe 2
		tap "$rev: a driver goes while its disk is at work: that ends with an error" \
			job "$part" "$rev" unbind_disk 3
		;;
	suspend)
		tap "$rev: suspended to idle with disks at work and buffers kept: all intact" \
			job "$part" "$rev" suspend 1
		;;
	*)
		tap "$rev: $part with disks at work and buffers kept" job "$part" "$rev" "$part" 1
		tap "$rev: $part: the next boot is sound" job "$part" "$rev" '(fio|send)' 6
		;;
	esac
	if [ "$part" = fail ]; then
		# An allocation that fails on request is told with a stack, too; and
		# an interrupt's folder in /proc whose making failed is removed all
		# the same, with a warning. Two pools are not in debugfs.
		tap_guest_clean "$rev: $part" "$log" $((7 + firsts - 3)) '' 'fs/proc/generic.c'
	else
		tap_guest_clean "$rev: $part" "$log" 7 'Call trace'
	fi
}

asked=()
while getopts p: option; do
	case $option in
	p) asked+=("$OPTARG") ;;
	*) usage_error "unknown argument" ;;
	esac
done
shift $((OPTIND - 1))
io_revisions "$@"
if [ ${#asked[@]} -gt 0 ]; then
	parts=("${asked[@]}")
elif [ "$level" != all ]; then
	# A thousand binds take minutes.
	parts=(full unbind suspend kexec reset)
fi
if [ $# -eq 0 ]; then
	set -- series
	[ "$level" != all ] || set -- base series
fi
need dtc fdtoverlay mke2fs
fio=$("$top/scripts/guest/fio.sh")
tap "the guest's device tree and programs are made" prepare
for rev; do
	tap "$rev: the kernel builds" "$top/scripts/kernel/build.sh" guest "$rev"
	for part in "${parts[@]}"; do
		check "$part" "$rev"
	done
done
tap_end
