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

# A disk: its name in the guest, its pool's MiB and slots a segment
io_disks=("vda 1 256" "vdb 4 512" "vdc 16 2048" "nvme0n1 64 8192" "sda 64 8192")
io_disk_mib=64

# io_revisions REV...: refuse what is neither base nor series
io_revisions()
{
	local rev
	for rev; do
		[[ $rev =~ ^(base|series)$ ]] || usage_error "unknown argument '$rev'"
	done
}

# io_device_tree DIR: DIR/io.dtb, the machine's own tree with the pools
io_device_tree()
{
	mkdir -p "$1"
	guest_machine_overlay "$1/io.dtb" "$io_overlay"
}

# io_pools DTB: a line for each device that has a pool: its name in the guest, the
# pool's first address, and the first one behind it. All that is on PCI has the
# host bridge's.
io_pools()
{
	local dtb=$1 node handle pool reg name slot
	for node in $(fdtget -l "$dtb" /); do
		handle=$(fdtget "$dtb" "/$node" memory-region 2>/dev/null) || continue
		for pool in $(fdtget -l "$dtb" /reserved-memory); do
			[ "$(fdtget "$dtb" "/reserved-memory/$pool" phandle)" = "$handle" ] || continue
			read -ra reg <<<"$(fdtget -t u "$dtb" "/reserved-memory/$pool" reg)"
			reg=("$(((reg[0] << 32) + reg[1]))" "$(((reg[2] << 32) + reg[3]))")
			case $node in
			pcie@*)
				for slot in 1 2 3 4 5; do
					echo "0000:00:0$slot.0 ${reg[0]} $((reg[0] + reg[1]))"
				done
				;;
			*@*) echo "${node#*@}.${node%@*} ${reg[0]} $((reg[0] + reg[1]))" ;;
			*) echo "$node ${reg[0]} $((reg[0] + reg[1]))" ;;
			esac
		done
	done
}

# What QEMU is to be given: filled by the functions that follow
io_options=()

# io_qemu_disks DIR REV: empty images DIR/DISK-REV, one of them, vdd,
# of the size in MiB that io_ext4_mib says
io_ext4_mib=128
# Further options of each device on virtio-mmio, with a comma before
io_mmio_options=
io_qemu_disks()
{
	local disk i=0 mib
	# If NVMe's first command is not answered: has QEMU got it?
	io_options+=(-global virtio-mmio.force-legacy=false -trace enable=pci_nvme_mmio_start_success
		-trace enable=pci_nvme_admin_cmd -D "$1/trace-$2")
	for disk in vda vdb vdc vdd nvme0n1 sda; do
		mib=$io_disk_mib
		[ "$disk" != vdd ] || mib=$io_ext4_mib
		rm -f "$1/$disk-$2"
		truncate -s "${mib}M" "$1/$disk-$2" || return
		io_options+=(-drive "if=none,id=$disk,format=raw,file=$1/$disk-$2,cache=unsafe")
		case $disk in
		vd?)
			io_options+=(-device "virtio-blk-device,drive=$disk,bus=virtio-mmio-bus.$i,iommu_platform=on$io_mmio_options")
			i=$((i + 1))
			;;
		nvme*) io_options+=(-device "nvme,drive=$disk,serial=1,mdts=11,addr=1") ;;
		*) io_options+=(-device "qemu-xhci,addr=2" -device "usb-storage,drive=$disk") ;;
		esac
	done
	mke2fs -q -F -t ext4 "$1/vdd-$2"
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
	io_options+=(-device "virtio-net-device,netdev=net0,bus=virtio-mmio-bus.4,iommu_platform=on$io_mmio_options"
		-device "e1000e,netdev=net1,romfile=,addr=3")
}

# io_qemu_pci_disk DIR REV: a virtio disk on PCI, pvda
io_qemu_pci_disk()
{
	rm -f "$1/pvda-$2"
	truncate -s "${io_disk_mib}M" "$1/pvda-$2" || return
	io_options+=(-drive "if=none,id=pvda,format=raw,file=$1/pvda-$2,cache=unsafe"
		-device "virtio-blk-pci,drive=pvda,romfile=,addr=4,disable-legacy=on,iommu_platform=on")
}

# io_qemu_carry FILE MIB: a disk that needs no pool, to bring things out. Without
# the platform's flag its driver does not ask the DMA API.
io_qemu_carry()
{
	rm -f "$1"
	truncate -s "$2M" "$1" || return
	io_options+=(-drive "if=none,id=carry,format=raw,file=$1,cache=unsafe"
		-device "virtio-blk-pci,drive=carry,romfile=,addr=5,disable-legacy=on,iommu_platform=off")
}

# io_received DIR NAME JOB: both cards got in that boot what is DIR/sent
io_received()
{
	local sum card bad=0
	sum=$(sha256sum <"$1/sent" | cut -d ' ' -f 1)
	for card in net0 net1; do
		[ "$(guest_said "$2" "$3 $card" sha256)" = "$sum" ] || {
			echo "$card has received something else than was sent"
			bad=1
		}
	done
	return $bad
}

# io_carried FILE: what the guest has written there
io_carried()
{
	tr -d '\000' <"$1"
}
