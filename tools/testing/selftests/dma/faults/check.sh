#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What goes wrong on restricted pools, in TAP, without the series and with it: a
# pool that is full, allocations that fail while a driver probes, a driver that
# goes while its device is at work, suspend to idle, and another kernel or a reset
# with mappings live. What is done stands in jobs, what is to be seen in expected.
#
# Usage: check.sh [-p PART]... [REV...]
#
#   PART   full, fail, unbind, suspend, kexec or reset (all but fail; LEVEL=all: all)
#   REV    base, series (series; LEVEL=all: both)
#
# Exit status: 0 if all passed. Consoles: build/logs/boot/faults-PART-REV.log.
#
# groups: test guest
# bases: all

. "$(dirname "$0")/../lib/check.sh"
. "$top/tools/testing/selftests/dma/lib/io.sh"

# The lines of FILE for a part
of_part()
{
	sed -n "s/^$1: //p" "$here/$2"
}

# LPIs cannot be given to another kernel without EFI, so no ITS there. Nor where a
# reset comes in the midst of I/O: LPIs have no active state, so free_irq()
# does not wait for a CPU that has read one from ICC_IAR1_EL1 and not looked
# it up yet. If that CPU comes late, as QEMU's may on a loaded host, xHCI's
# shutdown has freed the interrupt, and the kernel warns of an "Unexpected
# interrupt". Without message signalled interrupts QEMU's NVMe keeps its line
# raised when its queues go, and the kernel turns it off ("irq 18: nobody
# cared"): GICv2 has them without an ITS, and they are SPIs, which are waited
# for.
prepare()
{
	guest_machine_overlay "$made/faults.dtb" "$io_overlay" "$here/virt.dtso" &&
		GIC=2 guest_machine_overlay "$made/kexec.dtb" "$io_overlay" "$here/virt.dtso" &&
		guest_program "$made/dma_probe" && guest_program "$made/fail_nth" fail_nth &&
		guest_program "$made/kexec_file" kexec_file && of_part next jobs >"$made/jobs-next"
}

boot()
{
	local part=$1 rev=$2 image=$base_dir/image/guest-$2 dtb=$made/faults.dtb files
	files=("$selftests/lib/io-guest.sh" "$here/fail.sh" "$fio:fio" "$made"/{dma_probe,fail_nth,kexec_file}
		"$image/dma_probe.ko")
	of_part "$part" jobs >"$made/jobs-$part"
	io_qemu_disks "$made" "$rev" && io_qemu_net "$made" 4 || return
	case $part in
	fail)
		# A thousand binds
		export BOOT_LIMIT=${BOOT_LIMIT:-900}
		io_qemu_pci_disk "$made" "$rev" || return
		;;
	kexec | reset)
		dtb=$made/kexec.dtb
		export GIC=2
		;;&
	kexec)
		"$top/scripts/guest/initramfs.sh" "$made/next-$rev.cpio.gz" "$here/init.sh" \
			"${files[@]}" "$made/jobs-next:jobs" || return
		files+=("$made/next-$rev.cpio.gz:next.cpio.gz" "$image/Image")
		;;
	reset)
		# It ends in the midst of things; what the next boot has to do follows.
		cat "$made/jobs-next" >>"$made/jobs-$part"
		io_qemu_carry "$made/mark-$rev" 1 || return
		io_options+=(-action reboot=reset)
		;;
	esac
	guest_run "faults-$part-$rev" "$rev" "$dtb" "$here/init.sh" "${files[@]}" \
		"$made/jobs-$part:jobs" -append log_buf_len=16M -- "${io_options[@]}"
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
	tap_jobs "$rev" "$log" < <(of_part "$part" expected)
	if [ "$part" != fail ]; then
		tap_guest_clean "$rev: $part" "$log" 7 'Call trace'
		return
	fi
	tap "$rev: those of the allocator itself were among them" failed_in "$rev"
	# An allocation that fails on request is told with a stack, too; and an
	# interrupt's folder in /proc whose making failed is removed all the same, with a
	# warning. Of the seven pools and the six of virt.dtso three are not in debugfs.
	tap_guest_clean "$rev: $part" "$log" 10 '' 'fs/proc/generic.c'
}

parts=()
while getopts p: option; do
	case $option in
	p) parts+=("$OPTARG") ;;
	*) usage_error "unknown argument" ;;
	esac
done
shift $((OPTIND - 1))
revisions "$@"
if [ ${#parts[@]} -eq 0 ]; then
	parts=(full unbind suspend kexec reset)
	# A thousand binds take minutes.
	[ "$level" != all ] || parts+=(fail)
fi
need dtc fdtoverlay mke2fs
fio=$("$top/scripts/guest/fio.sh")
tap "the guest's device tree and programs are made" prepare
for rev in "${revs[@]}"; do
	tap_kernel "$rev"
	for part in "${parts[@]}"; do
		check "$part" "$rev"
	done
done
tap_end
