# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# What the guests with disks and network cards on restricted pools share, to be
# sourced first by their init: the jobs that init scripts and the host's lists of
# jobs may name. Each job answers with one line of TAP.

# shellcheck source=tools/testing/selftests/dma/lib/init.sh
. /init-lib.sh
mkdir -p /huge /mnt
# Buffers in one piece, for requests with large segments
echo 16 >/proc/sys/vm/nr_hugepages
mount -t hugetlbfs huge /huge

# The names that devices have here, which stay when drivers come and go; where they are;
# and the probe device on the same pool. carry is a disk without a pool, to bring large
# things out of the guest. pvda is a virtio disk on PCI.
devices()
{
	cat <<-'END'
		vda	platform	a000000.virtio_mmio	virtio-mmio	dma-probe-blk1
		vdb	platform	a000200.virtio_mmio	virtio-mmio	dma-probe-blk4
		vdc	platform	a000400.virtio_mmio	virtio-mmio	dma-probe-blk16
		vdd	platform	a000600.virtio_mmio	virtio-mmio	dma-probe-blk64
		net0	platform	a000800.virtio_mmio	virtio-mmio	dma-probe-net
		nvme0n1	pci		0000:00:01.0		nvme		dma-probe-pci
		sda	pci		0000:00:02.0		xhci_hcd	dma-probe-pci
		net1	pci		0000:00:03.0		e1000e		dma-probe-pci
		pvda	pci		0000:00:04.0		virtio-pci	dma-probe-pci
		carry	pci		0000:00:05.0		virtio-pci	-
	END
}

# Where a device is in sysfs
sysfs_of()
{
	devices | awk -v name="$1" '$1 == name { print "/sys/bus/" $2 "/devices/" $3 }'
}

# The driver's folder
driver_of()
{
	devices | awk -v name="$1" '$1 == name { print "/sys/bus/" $2 "/drivers/" $4 }'
}

probe_of()
{
	devices | awk -v name="$1" '$1 == name { print $5 }'
}

unbind()
{
	basename "$(sysfs_of "$1")" >"$(driver_of "$1")/unbind"
}

bind()
{
	basename "$(sysfs_of "$1")" >"$(driver_of "$1")/bind"
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
	# shellcheck disable=SC2046 # a word for each file
	tell limits "$1" $(cd "$queue" && grep . max_hw_sectors_kb max_sectors_kb \
		max_segment_size max_segments | tr : =) ok
}

max_sectors()
{
	result=0
	echo "$2" >"/sys/block/$(kernel_name "$1" block)/queue/max_sectors_kb" || result=1
	judge $result max_sectors "$1" "$2"
}

# Requests and sectors so far; how large the largest was, QEMU can tell.
requests()
{
	awk '{ print $1 + $5, $3 + $7 }' "/sys/block/$(kernel_name "$1" block)/stat"
}

has_served_or_ended()
{
	[ "$(awk '{ print $1 + $5 }' "/sys/block/$1/stat")" -gt "$2" ] || ! kill -0 "$3"
}

# at_work DISK BEFORE COUNT PID: waits until the disk has got through so many requests
# since its requests were BEFORE; 1 if the process that asks for them has ended
at_work()
{
	wait_for 300 "$1 to be at work" has_served_or_ended "$(kernel_name "$1" block)" \
		$((${2%% *} + $3)) "$4"
	kill -0 "$4"
}

# verify DISK OPTION...: fio writes and verifies; what it says goes to /tmp/fio-DISK.out
# and .err
verify()
{
	disk=$1
	shift
	/fio --name=io --filename="/dev/$(kernel_name "$disk" block)" --direct=1 \
		--ioengine=io_uring --verify=crc32c --verify_fatal=1 --verify_state_save=0 \
		--output="/tmp/fio-$disk.out" "$@" >"/tmp/fio-$disk.err" 2>&1
}

# why_not DISK: the last lines of what fio has said
why_not()
{
	tail -n 5 "/tmp/fio-$1.out" "/tmp/fio-$1.err"
}

fio()
{
	disk=$1 name=$2
	shift 2
	has_disk "$disk" || {
		tell fio "$disk" "$name" FAILED
		return
	}
	before=$(requests "$disk")
	verify "$disk" "$@"
	result=$?
	[ $result -eq 0 ] || why_not "$disk"
	judge $result fio "$disk" "$name" "$(echo "$before $(requests "$disk")" |
		awk '{ printf "requests=%d KiB=%d", $3 - $1, ($4 - $2) / 2 }')"
}

ext4()
{
	node=/dev/$(kernel_name "$1" block)
	dd if=/dev/urandom of=/tmp/data bs=1M count="$2" 2>/dev/null
	sum=$(sha256sum </tmp/data)
	mount -t ext4 "$node" /mnt && cp /tmp/data /mnt/data && umount /mnt &&
		mount -t ext4 "$node" /mnt && [ "$(sha256sum </mnt/data)" = "$sum" ]
	judge $? ext4 "$1" "sha256=${sum%% *}"
	umount /mnt
	rm -f /tmp/data
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
	[ "$(nc "$other" 7 <"/tmp/data-$1")" = "$sum" ]
	judge $? send "$1" "MiB=$2"
	rm -f "/tmp/data-$1"
}

# The other end knows the sum of what it sends.
receive()
{
	other=$(other_end "$1")
	tell receive "$1" "sha256=$(nc "$other" 8 </dev/null | sha256sum | cut -d ' ' -f 1)" ok
}

unbind_all()
{
	for device in /sys/bus/pci/devices/* /sys/bus/virtio/devices/* \
		/sys/bus/platform/drivers/virtio-mmio/*.virtio_mmio; do
		[ ! -e "$device/driver" ] || echo "${device##*/}" >"$device/driver/unbind"
	done
}

# inject VERBOSE: which allocations may fail: all that fail_nth or make-it-fail are meant
# for, and what is told about each (0: nothing, 2: its stack, too)
inject()
{
	for kind in failslab fail_page_alloc; do
		attributes=/sys/kernel/debug/$kind
		echo N >$attributes/ignore-gfp-wait
		echo Y >$attributes/task-filter
		echo "$1" >$attributes/verbose
		echo 0 >$attributes/verbose_ratelimit_interval_ms
	done
	echo 0 >/sys/kernel/debug/fail_page_alloc/min-order
	echo N >/sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem
}
