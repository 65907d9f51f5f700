# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# What the guests with disks and network cards on restricted pools share, to be
# sourced first by their init: the jobs that init scripts and the host's lists of
# jobs may name. Each job answers with one line of TAP.
#
# Devices have names here that stay when drivers come and go: vda to vdd are the
# disks in virtio-mmio's first places, net0 is the card in the fifth; nvme0n1,
# sda and net1 are on PCI. carry is a disk without a pool, to bring large things
# out of the guest. pvda is a virtio disk on PCI.

# shellcheck source=tools/testing/selftests/dma/lib/init.sh
. /init-lib.sh
mkdir -p /huge /mnt
# Buffers in one piece, for requests with large segments
echo 16 >/proc/sys/vm/nr_hugepages
mount -t hugetlbfs huge /huge

# Where a device is in sysfs, as a driver's bind and unbind take its name
sysfs_of()
{
	case $1 in
	vda) echo /sys/bus/platform/devices/a000000.virtio_mmio ;;
	vdb) echo /sys/bus/platform/devices/a000200.virtio_mmio ;;
	vdc) echo /sys/bus/platform/devices/a000400.virtio_mmio ;;
	vdd) echo /sys/bus/platform/devices/a000600.virtio_mmio ;;
	net0) echo /sys/bus/platform/devices/a000800.virtio_mmio ;;
	nvme0n1) echo /sys/bus/pci/devices/0000:00:01.0 ;;
	sda) echo /sys/bus/pci/devices/0000:00:02.0 ;;
	net1) echo /sys/bus/pci/devices/0000:00:03.0 ;;
	pvda) echo /sys/bus/pci/devices/0000:00:04.0 ;;
	carry) echo /sys/bus/pci/devices/0000:00:05.0 ;;
	esac
}

# The driver's folder
driver_of()
{
	case $1 in
	nvme0n1) echo /sys/bus/pci/drivers/nvme ;;
	sda) echo /sys/bus/pci/drivers/xhci_hcd ;;
	net1) echo /sys/bus/pci/drivers/e1000e ;;
	pvda | carry) echo /sys/bus/pci/drivers/virtio-pci ;;
	*) echo /sys/bus/platform/drivers/virtio-mmio ;;
	esac
}

# kernel_name NAME block|net: what the kernel calls the disk or card now; empty
# without a driver
kernel_name()
{
	place=$(readlink -f "$(sysfs_of "$1")")
	for link in /sys/class/"$2"/*; do
		case $(readlink -f "$link") in
		"$place"/*)
			echo "${link##*/}"
			return
			;;
		esac
	done
}

has_disk()
{
	[ -b "/dev/$(kernel_name "$1" block)" ]
}

# A disk is there when its driver has looked for it, which the bind does not wait for.
disk_is_there()
{
	wait_for 120 "the disk $1" has_disk "$1"
}

limits()
{
	queue=/sys/block/$(kernel_name "$1" block)/queue
	tell limits "$1" "max_hw_sectors_kb=$(cat "$queue/max_hw_sectors_kb")" \
		"max_sectors_kb=$(cat "$queue/max_sectors_kb")" \
		"max_segment_size=$(cat "$queue/max_segment_size")" \
		"max_segments=$(cat "$queue/max_segments")" ok
}

max_sectors()
{
	result=FAILED
	! echo "$2" >"/sys/block/$(kernel_name "$1" block)/queue/max_sectors_kb" || result=ok
	tell max_sectors "$1" "$2" $result
}

# Requests and sectors so far; how large the largest was, QEMU can tell.
requests()
{
	awk '{ print $1 + $5, $3 + $7 }' "/sys/block/$1/stat"
}

has_served_or_ended()
{
	[ "$(requests "$1" | cut -d ' ' -f 1)" -gt "$2" ] || ! kill -0 "$3"
}

# at_work DISK BEFORE COUNT PID: waits until the disk has got through so many requests
# since its requests were BEFORE; 1 if the process that asks for them has ended
at_work()
{
	wait_for 300 "$1 to be at work" has_served_or_ended "$(kernel_name "$1" block)" \
		$((${2%% *} + $3)) "$4"
	kill -0 "$4"
}

run_fio()
{
	disk=$1 name=$2
	shift 2
	node=$(kernel_name "$disk" block)
	[ -b "/dev/$node" ] || {
		tell fio "$disk" "$name" FAILED
		return
	}
	before=$(requests "$node")
	if /fio --name=io --filename="/dev/$node" --direct=1 --ioengine=io_uring \
		--verify=crc32c --verify_fatal=1 --verify_state_save=0 \
		--output="/tmp/fio-$disk.out" "$@" 2>"/tmp/fio-$disk.err"; then
		result=ok
	else
		result=FAILED
		tail -n 5 "/tmp/fio-$disk.out" "/tmp/fio-$disk.err"
	fi
	after=$(requests "$node")
	tell fio "$disk" "$name" "$(echo "$before $after" |
		awk '{ printf "requests=%d KiB=%d", $3 - $1, ($4 - $2) / 2 }')" $result
}

ext4()
{
	result=FAILED
	node=/dev/$(kernel_name "$1" block)
	dd if=/dev/urandom of=/tmp/data bs=1M count="$2" 2>/dev/null
	sum=$(sha256sum </tmp/data)
	if mount -t ext4 "$node" /mnt && cp /tmp/data /mnt/data && umount /mnt &&
		mount -t ext4 "$node" /mnt && [ "$(sha256sum </mnt/data)" = "$sum" ]; then
		result=ok
	fi
	umount /mnt
	rm -f /tmp/data
	tell ext4 "$1" "sha256=${sum%% *}" $result
}

has_link()
{
	[ "$(cat "/sys/class/net/$1/carrier")" = 1 ]
}

# The other end of net0 is 10.0.2.100, of net1 10.0.3.100. A card that has no link
# yet is waited for.
other_end()
{
	net=10.0.$((${1#net} + 2))
	card=$(kernel_name "$1" net)
	ip addr show dev "$card" | grep "$net" >/dev/null || ip addr add $net.15/24 dev "$card"
	ip link set "$card" up
	wait_for 120 "the link of $1" has_link "$card"
	echo $net.100
}

# The other end answers with the sum of what it got.
send()
{
	other=$(other_end "$1")
	dd if=/dev/urandom of="/tmp/data-$1" bs=1M count="$2" 2>/dev/null
	sum=$(sha256sum <"/tmp/data-$1")
	got=$(nc "$other" 7 <"/tmp/data-$1")
	rm -f "/tmp/data-$1"
	result=FAILED
	[ "$got" != "$sum" ] || result=ok
	tell send "$1" "MiB=$2" $result
}

# The other end knows the sum of what it sends.
receive()
{
	other=$(other_end "$1")
	tell receive "$1" "sha256=$(nc "$other" 8 </dev/null | sha256sum | cut -d ' ' -f 1)" ok
}

unbind_all()
{
	for device in /sys/bus/pci/devices/*; do
		[ ! -e "$device/driver" ] || echo "${device##*/}" >"$device/driver/unbind"
	done
	for device in /sys/bus/virtio/devices/*; do
		[ ! -e "$device/driver" ] || echo "${device##*/}" >"$device/driver/unbind"
	done
	for device in /sys/bus/platform/drivers/virtio-mmio/*.virtio_mmio; do
		echo "${device##*/}" >/sys/bus/platform/drivers/virtio-mmio/unbind
	done
}
