# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154
#
# What the scripts share that boot a guest with disks and network cards on
# restricted pools: its device tree, the images, the options of QEMU, and how to
# read what the guest said (tools/testing/selftests/dma/lib/io-guest.sh). Source it
# after scripts/lib/common.sh and guest.sh.

io_overlay=$top/tools/testing/selftests/dma/lib/virt-io.dtso
io_selftests=$top/tools/testing/selftests/dma

export MEM=1G SMP=4

# A disk: its name in the guest, its pool's MiB and its limit in slots
io_disks=("vda 1 512" "vdb 4 512" "vdc 16 2048" "nvme0n1 64 8192" "sda 64 8192")
io_disk_mib=128

# io_device_tree DIR: DIR/io.dtb, the machine's own tree with the pools
io_device_tree()
{
	guest_machine_overlay "$1/io.dtb" "$io_overlay"
}

# io_pools DTB: a line for each device that has a pool: its name in the guest, the
# pool's first address, and the first one behind it. All that is on PCI has the
# host bridge's.
io_pools()
{
	local dtb=$1 node handle pool reg name
	for node in $(fdtget -l "$dtb" /); do
		handle=$(fdtget "$dtb" "/$node" memory-region 2>/dev/null) || continue
		for pool in $(fdtget -l "$dtb" /reserved-memory); do
			[ "$(fdtget "$dtb" "/reserved-memory/$pool" phandle)" = "$handle" ] || continue
			read -ra reg <<<"$(fdtget -t u "$dtb" "/reserved-memory/$pool" reg)"
			case $node in
			pcie@*) name=$(printf '0000:00:0%d.0 ' 1 2 3 4 5) ;;
			*@*) name=${node#*@}.${node%@*} ;;
			*) name=$node ;;
			esac
			for name in $name; do
				echo "$name $(((reg[0] << 32) + reg[1]))" \
					"$(((reg[0] << 32) + reg[1] + (reg[2] << 32) + reg[3]))"
			done
		done
	done
}

# What QEMU is to be given: filled by the functions that follow
io_options=()
# Further options of each device on virtio-mmio, with a comma before
io_mmio_options=

# io_drive ID FILE MIB: a disk's medium, empty
io_drive()
{
	rm -f "$2"
	truncate -s "$3M" "$2" || return
	io_options+=(-drive "if=none,id=$1,format=raw,file=$2,cache=unsafe")
}

# io_mmio DRIVER N: a device in the N-th place of virtio-mmio
io_mmio()
{
	io_options+=(-device "virtio-$1,bus=virtio-mmio-bus.$2,iommu_platform=on$io_mmio_options")
}

# io_qemu_disks DIR REV: their images are DIR/DISK-REV; vdd has a file system.
io_qemu_disks()
{
	local disk place=0
	# If NVMe's first command is not answered: has QEMU got it?
	io_options+=(-global virtio-mmio.force-legacy=false -trace enable=pci_nvme_mmio_start_success
		-trace enable=pci_nvme_admin_cmd -D "$1/trace-$2")
	for disk in vda vdb vdc vdd; do
		io_drive $disk "$1/$disk-$2" $io_disk_mib || return
		io_mmio "blk-device,drive=$disk" $((place++))
	done
	mke2fs -q -F -t ext4 "$1/vdd-$2" && io_drive nvme0n1 "$1/nvme0n1-$2" $io_disk_mib &&
		io_drive sda "$1/sda-$2" $io_disk_mib || return
	io_options+=(-device "nvme,drive=nvme0n1,serial=1,mdts=11,addr=1"
		-device "qemu-xhci,addr=2" -device "usb-storage,drive=sda")
}

# io_qemu_net DIR MIB: two cards, on a network each. At the other end port 7
# answers with the sum of the MIB that it gets, port 8 sends DIR/sent.
io_qemu_net()
{
	local i net
	[ -s "$1/sent" ] || head -c "$2M" /dev/urandom >"$1/sent" || return
	printf '#!/bin/sh\nhead -c %dM | sha256sum\n' "$2" >"$1/take"
	chmod +x "$1/take"
	for i in 0 1; do
		net=10.0.$((i + 2))
		io_options+=(-netdev "user,id=net$i,restrict=on,net=$net.0/24,guestfwd=tcp:$net.100:7-cmd:$1/take,guestfwd=tcp:$net.100:8-cmd:cat $1/sent")
	done
	io_mmio net-device,netdev=net0 4
	io_options+=(-device "e1000e,netdev=net1,romfile=,addr=3")
}

# io_qemu_pci_disk DIR REV: a virtio disk on PCI, pvda
io_qemu_pci_disk()
{
	io_drive pvda "$1/pvda-$2" $io_disk_mib || return
	io_options+=(-device "virtio-blk-pci,drive=pvda,romfile=,addr=4,disable-legacy=on,iommu_platform=on")
}

# io_qemu_carry FILE MIB: a disk that needs no pool, to bring things out. Without
# the platform's flag its driver does not ask the DMA API.
io_qemu_carry()
{
	io_drive carry "$1" "$2" || return
	io_options+=(-device "virtio-blk-pci,drive=carry,romfile=,addr=5,disable-legacy=on,iommu_platform=off")
}

# io_received DIR NAME JOB: both cards got in that boot what is DIR/sent
io_received()
{
	local card sum status=0
	sum=$(sha256sum <"$1/sent" | cut -d ' ' -f 1)
	for card in net0 net1; do
		guest_told "$2" "$3 $card" sha256 "$sum" || status=1
	done
	return $status
}
