#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Kernels that are not to use the memory in which a restricted pool is, in TAP: krane
# with mem=, with a usable memory range as a capture kernel gets it, and a capture
# kernel after a crash. The pool is refused, its devices do not probe, and all else
# works. The base, where that is a panic, has to panic.
#
# Usage: check.sh [REV...]
#
#   REV    base, or a branch with the fixes (fixes; LEVEL=all: base, fixed-series, too)
#
# Exit status: 0 when all is as it should be. The consoles are in
# build/logs/boot/kdump-PART-REV.log.
#
# groups: test guest
# bases: all

. "$(dirname "$0")/../lib/check.sh"
. "$top/tools/testing/selftests/dma/lib/fixes.sh"

modules=(rpmsg_core mtk_rpmsg mtk_scp_ipi mtk_scp dma_probe)

export MEM=1G SMP=2

prepare()
{
	guest_board_dtb series "$made/krane.dtb" &&
		cp "$made/krane.dtb" "$made/usable.dtb" &&
		fdtput -t x "$made/usable.dtb" /chosen linux,usable-memory-range 0 40000000 0 10000000 &&
		guest_program "$made/kexec_file" kexec_file
}

boot()
{
	local part=$1 rev=$2 image=$base_dir/image/guest-$2 dtb=$made/krane.dtb append='' files
	mapfile -t files < <(printf "$image/%s.ko\n" "${modules[@]}")
	case $part in
	mem) append="mem=256M" ;;
	usable) dtb=$made/usable.dtb ;;
	crash)
		append="crashkernel=192M"
		"$top/scripts/guest/initramfs.sh" "$made/next.cpio.gz" "$here/init.sh" \
			"${files[@]}" || return
		files+=("$made/next.cpio.gz" "$made/kexec_file" "$image/Image")
		;;
	esac
	guest_run "kdump-$part-$rev" "$rev" "$dtb" "$here/init.sh" "${files[@]}" \
		-append "$append"
}

panics()
{
	! boot "$@" || return
	grep -A 12 'Unable to handle .* paging request' "$logs/boot/kdump-$1-$2.log" &&
		grep -E 'swiotlb_init_io_tlb_pool|rmem_swiotlb_device_init' "$logs/boot/kdump-$1-$2.log"
}

# An error with device, pool, range and reason for both devices
refused()
{
	local log=kdump-$1-$2 device
	guest_all_ok "$log" refuse 1 || return
	for device in 60000000.scp dma-probe-scp; do
		grep -E "$device: .*memory@50000000.*\[mem 0x0*50000000-0x0*528fffff\].* linear mapping" \
			"$logs/boot/$log.log" || return
	done
}

vmcore()
{
	guest_all_ok "kdump-crash-$1" vmcore 1
}

# After the crash that was asked for
no_report()
{
	! awk '/Starting crashdump kernel/ { text = "" } { text = text "\n" $0 } END { print text }' \
		"$logs/boot/kdump-$1-$2.log" | guest_reports 'Call trace'
}

check()
{
	local rev=$1 part
	tap_kernel "$rev"
	for part in mem usable crash; do
		if [ "$rev" = base ]; then
			tap "base: $part: panics, as known" panics "$part" "$rev"
			continue
		fi
		tap "$rev: $part: the guest ends as it should" boot "$part" "$rev"
		[ "$part" != crash ] ||
			tap "$rev: $part: /proc/vmcore is whole ($(guest_said "kdump-crash-$rev" vmcore size) bytes)" vmcore "$rev"
		tap "$rev: $part: the pool is refused with its range, its devices do not probe" \
			refused "$part" "$rev"
		tap "$rev: $part: no report of the kernel" no_report "$part" "$rev"
	done
}

fixes_revisions "$@"
need dtc fdtoverlay fdtput cpp git
tap "the guest's device trees and program are made" prepare
for rev in "${revs[@]}"; do
	check "$rev"
done
tap_end
