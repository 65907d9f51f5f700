#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Disks, cards and probe devices on restricted pools, in TAP: all at once on four
# vCPUs, some on the same pool, each unbound in the midst of its work and bound
# again, without the series and with it. In the end nothing is in use, and each
# pool gives its largest buffer.
#
# Usage: check.sh [REV...]
#
#   REV    base, series (both)
#
# Environment:
#   LOAD_SECONDS=n   how long that lasts in each guest (60; LEVEL=all: 600)
#
# Exit status: 0 when all is as it should be. The consoles are in
# build/logs/boot/load-REV.log.
#
# groups: all guest
# bases: all

. "$(dirname "$0")/../../../../../scripts/lib/common.sh"
. "$top/scripts/lib/tap.sh"
. "$top/scripts/lib/guest.sh"
. "$top/tools/testing/selftests/dma/lib/io.sh"

io_revisions "$@"
made=$build/test/load
seconds=${LOAD_SECONDS:-$([ "$level" = all ] && echo 600 || echo 60)}

prepare()
{
	mkdir -p "$made"
	echo "$seconds" >"$made/jobs"
	io_device_tree "$made"
	guest_program "$made/dma_probe"
}

boot()
{
	local rev=$1
	io_qemu_disks "$made" "$rev" && io_qemu_net "$made" 4 && io_qemu_pci_disk "$made" "$rev" || return
	BOOT_LIMIT=$((seconds + 300)) guest_run "load-$rev" "$rev" "$made/io.dtb" \
		"$io_selftests/load/init.sh" "$io_selftests/lib/io-guest.sh" "$fio:fio" "$made/jobs:jobs" \
		"$made/dma_probe" "$base_dir/image/guest-$rev/dma_probe.ko" -- "${io_options[@]}"
}

# What was done, as comments of TAP
figures()
{
	guest_answers "load-$1" | sed -n 's/^load /# '"$1"': /p; s/^full-size /# '"$1"': full size: /p'
}

check()
{
	local rev=$1 log=load-$1
	tap "$rev: the kernel builds" "$top/scripts/kernel/build.sh" guest "$rev"
	tap "$rev: $seconds s: the guest ends as it should" boot "$rev"
	tap "$rev: disks: all written and verified, unbound and bound again" \
		guest_all_ok "$log" 'load (vd|nvme|sd|pvd)[a-z0-9]*' 7
	tap "$rev: cards: all sent and received, unbound and bound again" guest_all_ok "$log" 'load net[01]' 2
	tap "$rev: cards: what they have received is what was sent here" io_received "$made" "$log" load
	tap "$rev: probe devices: all written and read, unbound and bound again" \
		guest_all_ok "$log" 'load dma-probe-[a-z0-9]*' 6
	tap "$rev: each pool gives its largest buffer" guest_all_ok "$log" full-size 7
	tap_guest_clean "$rev" "$log" 7 'Call trace'
	figures "$rev"
}

[[ $seconds =~ ^[1-9][0-9]*$ ]] || die "LOAD_SECONDS=$seconds: not a number of seconds"
need dtc fdtoverlay mke2fs
fio=$("$top/scripts/guest/fio.sh")
tap "the guest's device tree and program are made" prepare
[ $# -gt 0 ] || set -- base series
for rev; do
	check "$rev"
done
tap_end
