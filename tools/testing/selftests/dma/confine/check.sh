#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Confinement, in TAP: disks, cards and probe devices at work, without the series
# and with it, and every DMA address that a device was given, or used, lies in the
# pool of that device. It is looked at from both sides:
#
# - The guest's kernel notes what the DMA API gives to drivers, from the boot to the
#   last driver's end (events dma:*), and what dma-debug has as mapped in between.
# - QEMU puts all that is on PCI behind an SMMU, of which the guest's device tree
#   knows nothing, so that it is off, and tells each access that comes to it.
# - virtio-mmio is not behind the SMMU. There QEMU tells what is written to the
#   registers for the queues' addresses, for the whole run, and the descriptors in
#   the queues are read from the guest's memory now and then.
#
# Usage: check.sh [REV...]
#
#   REV    base, series (series; LEVEL=all: both)
#
# Exit status: 0 if all passed. Consoles: build/logs/boot/confine-REV.log,
# what was noted in build/test/confine/.
#
# groups: test guest
# bases: all

. "$(dirname "$0")/../lib/check.sh"
. "$top/tools/testing/selftests/dma/lib/io.sh"

revisions "$@"
net_mib=8 # as in the file "jobs"
carry_mib=512
events=dma_map_phys,dma_map_sg,dma_map_sg_err,dma_alloc,dma_alloc_pages,dma_alloc_sgt,dma_alloc_sgt_err

prepare()
{
	io_device_tree "$made" || return
	sed '/^#/d' "$here/jobs" >"$made/jobs"
	io_pools "$made/io.dtb" | tee "$made/pools"
	guest_program "$made/dma_probe"
}

# The guest's RAM is a file, which the queues are read from. RAM begins at 1 GiB.
ram_base=1073741824

# rings_told REV: the queues that virtio-mmio's drivers have told their devices
rings_told()
{
	awk -f "$here/hex.awk" -f "$here/rings.awk" "$made/qemu-$1"
}

# look REV: each descriptor that is in a queue now, or was the last in its place
look()
{
	local ring entries
	rings_told "$1" | sort -u | while read -r ring entries; do
		[ "$entries" -gt 0 ] || continue
		dd if="$made/ram-$1" bs=16 skip=$(((ring - ram_base) / 16)) count="$entries" status=none |
			od -An -v -t x8 -w16 | awk -v ring="$ring" '$1 !~ /^0*$/ { print ring, $1 }'
	done
}

# watch REV: look each time that the guest says that there is something to be seen
watch()
{
	local line
	tail -n +1 -F "$logs/boot/confine-$1.log" 2>/dev/null | while read -r line; do
		case $line in
		*"tap: # sample "*) look "$1" ;;
		*"guest: end"*) break ;;
		esac
	done >"$made/queues-$1"
}

# In virtio-mmio's queues the buffers themselves are to be seen, no tables of them.
boot()
{
	local rev=$1 log=$logs/boot/confine-$1.log image=$base_dir/image/guest-$1 status=0 watcher
	io_mmio_options=,indirect_desc=off
	io_qemu_disks "$made" "$rev" && io_qemu_net "$made" "$net_mib" &&
		io_qemu_pci_disk "$made" "$rev" && io_qemu_carry "$made/carry-$rev" $carry_mib || return
	rm -f "$made/qemu-$rev" "$made/ram-$rev"
	io_options+=(-machine "iommu=smmuv3,memory-backend=ram"
		-object "memory-backend-file,id=ram,size=$MEM,mem-path=$made/ram-$rev,share=on"
		-trace "enable=smmuv3_translate_disable" -trace "enable=virtio_mmio_write_offset"
		-D "$made/qemu-$rev")
	mkdir -p "${log%/*}"
	: >"$log"
	set -m
	watch "$rev" &
	watcher=$!
	set +m
	guest_run "confine-$rev" "$rev" "$made/io.dtb" "$here/init.sh" "$selftests/lib/io-guest.sh" \
		"$fio:fio" "$made/jobs" "$made/dma_probe" "$image/dma_probe.ko" \
		-append "trace_event=dma:${events//,/,dma:} trace_buf_size=16M" \
		-- "${io_options[@]}" || status=$?
	kill -- "-$watcher" 2>/dev/null || :
	wait "$watcher" 2>/dev/null || :
	tr -d '\000' <"$made/carry-$rev" >"$made/noted-$rev"
	rm -f "$made/carry-$rev" "$made/ram-$rev"
	return $status
}

# in_pools NAME...: reads lines DEVICE ADDRESS SIZE, see in-pools.awk
in_pools()
{
	awk -v names="$*" -v pools="$made/pools" -f "$here/hex.awk" -f "$here/in-pools.awk"
}

# Those that are given addresses: the disk that all is carried out on is not.
users()
{
	awk '$1 !~ /a000a00|00:05/ { print $1 }' "$made/pools"
}

# shellcheck disable=SC2046 # several names
given()
{
	sed -n -f "$here/given.sed" "$made/noted-$1" | in_pools $(users)
}

# What dma-debug had as mapped
# shellcheck disable=SC2046 # several names
dumps()
{
	echo "dumps: $(grep -c '^dump: begin' "$made/noted-$1")"
	sed -n -f "$here/dumps.sed" "$made/noted-$1" | in_pools $(users | grep -v probe)
}

# The DMA API's events, which 6.12 was the first to have
has_events()
{
	git -C "$base_dir/tree" cat-file -e base:include/trace/events/dma.h 2>/dev/null
}

# From the rings at the boot to the last line, and nothing in between missing. The
# kernel's first process is called init by the time that some lines are read.
whole_run()
{
	local lost
	lost=$(grep -c '\[LOST ' "$made/noted-$1" || :)
	echo "events: $(grep -c ': dma_' "$made/noted-$1"), gaps: $lost," \
		"truncated lists: $(grep -c 'TRUNCATED' "$made/noted-$1" || :)"
	[ "$lost" -eq 0 ] && ! grep -m 3 'TRUNCATED' "$made/noted-$1" &&
		grep 'tracing_mark_write: confine: end' "$made/noted-$1" &&
		grep -m 1 -E '(swapper/0|init)-1 .*: dma_alloc: a000000.virtio_mmio ' "$made/noted-$1"
}

# What came to the SMMU, by the place on PCI. An interrupt is a write to the ITS.
seen_by_smmu()
{
	local its
	its=$(fdtget "$made/io.dtb" /intc@8000000/its@8080000 reg | awk '{ printf "%x", $2 + 65600 }')
	awk -v its="$its" -f "$here/hex.awk" -f "$here/smmu.awk" "$made/qemu-$1" |
		in_pools 0000:00:0{1,2,3,4}.0
}

# The rings of virtio-mmio, the whole run
rings()
{
	rings_told "$1" | awk '{ printf "any %x 1\n", $1 }' | in_pools any
}

# What was in the queues when they were looked at. Each device has a pool of its
# own: the one that its ring is in.
queues()
{
	sed 's/^\([0-9]*\) \(.*\)$/@\1 \2 1/' "$made/queues-$1" |
		in_pools a000{0,2,4,6,8}00.virtio_mmio
}

# No two pools have memory in common.
apart()
{
	awk '{ print $2, $3 }' "$made/pools" | sort -u | sort -n | awk '
	{ print }
	NR > 1 && $1 < end { print "begins before the end of the one above"; bad = 1 }
	{ end = $2 }
	END { exit bad || NR < 6 }'
}

need dtc fdtoverlay fdtget mke2fs od
fio=$("$top/scripts/guest/fio.sh")
tap "the guest's device tree and the jobs are made" prepare
tap "no two pools overlap" apart
for rev in "${revs[@]}"; do
	tap_kernel "$rev"
	tap "$rev: the guest ends as it should" boot "$rev"
	tap "$rev: fio on all disks, in turn and at once" guest_all_ok "confine-$rev" fio 24
	tap "$rev: what else was to be done" guest_all_ok "confine-$rev" '(ext4|send|receive|probes)' 8
	if has_events; then
		tap "$rev: the events of the whole run are there" whole_run "$rev"
		tap "$rev: each address that was given lies in the device's pool" given "$rev"
	else
		say "# $BASE has no events of the DMA API"
	fi
	tap "$rev: each mapping in dma-debug's dumps lies in the device's pool" dumps "$rev"
	tap "$rev: each access from PCI that QEMU saw lies in the pool" seen_by_smmu "$rev"
	tap "$rev: each ring that virtio-mmio was told lies in a pool" rings "$rev"
	tap "$rev: each buffer seen in virtio-mmio's queues lies in the device's pool" queues "$rev"
	tap_guest_clean "$rev" "confine-$rev" 7 'Call trace|I/O error'
done
tap_end
