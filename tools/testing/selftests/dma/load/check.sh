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
# Exit status: 0 if all passed. Consoles: build/logs/boot/load-REV.log.
#
# groups: all guest
# bases: all

. "$(dirname "$0")/../lib/check.sh"
. "$top/tools/testing/selftests/dma/lib/io.sh"

revisions "$@"
[ $# -gt 0 ] || revs=(base series)
seconds=${LOAD_SECONDS:-$([ "$level" = all ] && echo 600 || echo 60)}

prepare()
{
	io_device_tree "$made" && guest_program "$made/dma_probe" && echo "$seconds" >"$made/jobs"
}

boot()
{
	local rev=$1
	io_qemu_disks "$made" "$rev" && io_qemu_net "$made" 4 && io_qemu_pci_disk "$made" "$rev" || return
	BOOT_LIMIT=$((seconds + 300)) guest_run "load-$rev" "$rev" "$made/io.dtb" "$here/init.sh" \
		"$selftests/lib/io-guest.sh" "$fio:fio" "$made/jobs" "$made/dma_probe" \
		"$base_dir/image/guest-$rev/dma_probe.ko" -- "${io_options[@]}"
}

[[ $seconds =~ ^[1-9][0-9]*$ ]] || die "LOAD_SECONDS=$seconds: not a number of seconds"
need dtc fdtoverlay mke2fs
fio=$("$top/scripts/guest/fio.sh")
tap "the guest's device tree and program are made" prepare
for rev in "${revs[@]}"; do
	tap_kernel "$rev"
	tap "$rev: $seconds s: the guest ends as it should" boot "$rev"
	tap_jobs "$rev" "load-$rev" <<-'END'
		7 load (vd|nvme|sd|pvd)[a-z0-9]* - disks: all written and verified, unbound and bound again
		2 load net[01] - cards: all sent and received, unbound and bound again
		6 load dma-probe-[a-z0-9]* - probe devices: all written and read, unbound and bound again
		7 full-size - each pool gives its largest buffer
	END
	tap "$rev: cards: what they have received is what was sent here" io_received "$made" "load-$rev" load
	tap_guest_clean "$rev" "load-$rev" 7 'Call trace'
	# What was done
	guest_answers "load-$rev" | sed -n "s/^load /# $rev: /p; s/^full-size /# $rev: full size: /p"
done
tap_end
