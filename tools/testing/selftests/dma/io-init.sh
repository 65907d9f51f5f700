#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# init of the guest of scripts/check-io.sh: disks and network cards on pools of
# their own. What is to be done stands in /jobs, a line each:
#
#	limits DISK			what the block layer was told
#	max_sectors DISK KIB		no request larger than that from now on
#	fio DISK NAME OPTION...		write and verify; NAME is told with the result
#	ext4 DISK MIB			a file of MIB random MiB on its file system
#	send CARD MIB, receive CARD MIB	over TCP, with port 7 and 8 of the other end
#
# Each answers with one line "io: JOB ...", the last word of which is ok or
# FAILED. All goes through the kernel's log: on the console itself the kernel's
# lines would break into it.

/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t debugfs debug /sys/kernel/debug
mount -t tmpfs tmp /tmp
mkdir -p /huge /mnt
# Buffers in one piece, for requests with large segments
echo 16 >/proc/sys/vm/nr_hugepages
mount -t hugetlbfs huge /huge
exec >/dev/kmsg 2>&1

tell()
{
	echo "io: $*"
}

limits()
{
	queue=/sys/block/$1/queue
	tell limits "$1" "max_hw_sectors_kb=$(cat "$queue/max_hw_sectors_kb")" \
		"max_sectors_kb=$(cat "$queue/max_sectors_kb")" \
		"max_segment_size=$(cat "$queue/max_segment_size")" \
		"max_segments=$(cat "$queue/max_segments")" ok
}

max_sectors()
{
	result=FAILED
	! echo "$2" >"/sys/block/$1/queue/max_sectors_kb" || result=ok
	tell max_sectors "$1" "$2" $result
}

# Requests and sectors so far; how large the largest was, QEMU can tell.
requests()
{
	awk '{ print $1 + $5, $3 + $7 }' "/sys/block/$1/stat"
}

run_fio()
{
	disk=$1 name=$2
	shift 2
	[ -b "/dev/$disk" ] || {
		tell fio "$disk" "$name" FAILED
		return
	}
	before=$(requests "$disk")
	if /fio --name=io --filename="/dev/$disk" --direct=1 --ioengine=io_uring \
		--verify=crc32c --verify_fatal=1 --verify_state_save=0 --output=/tmp/fio.out "$@" 2>/tmp/fio.err; then
		result=ok
	else
		result=FAILED
		tail -n 5 /tmp/fio.out /tmp/fio.err
	fi
	after=$(requests "$disk")
	tell fio "$disk" "$name" "$(echo "$before $after" |
		awk '{ printf "requests=%d KiB=%d", $3 - $1, ($4 - $2) / 2 }')" $result
}

ext4()
{
	result=FAILED
	dd if=/dev/urandom of=/tmp/data bs=1M count="$2" 2>/dev/null
	sum=$(sha256sum </tmp/data)
	if mount -t ext4 "/dev/$1" /mnt && cp /tmp/data /mnt/data && umount /mnt &&
		mount -t ext4 "/dev/$1" /mnt && [ "$(sha256sum </mnt/data)" = "$sum" ]; then
		result=ok
	fi
	umount /mnt
	rm -f /tmp/data
	tell ext4 "$1" "sha256=${sum%% *}" $result
}

# The other end of the first card is 10.0.2.100, of the second 10.0.3.100. A card
# that has no link yet is waited for; boot.sh ends a guest that waits for ever.
other_end()
{
	net=10.0.$((${1#eth} + 2))
	ip addr show dev "$1" | grep "$net" >/dev/null || ip addr add $net.15/24 dev "$1"
	ip link set "$1" up
	until [ "$(cat "/sys/class/net/$1/carrier")" = 1 ]; do
		:
	done
	echo $net.100
}

# The other end answers with the sum of what it got.
send()
{
	other=$(other_end "$1")
	dd if=/dev/urandom of=/tmp/data bs=1M count="$2" 2>/dev/null
	sum=$(sha256sum </tmp/data)
	got=$(nc "$other" 7 </tmp/data)
	rm -f /tmp/data
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

while read -r job arguments; do
	[ "$job" != fio ] || job=run_fio
	# shellcheck disable=SC2086 # several words
	"$job" $arguments </dev/null
done </jobs

for device in /sys/bus/pci/devices/*; do
	[ ! -e "$device/driver" ] || echo "${device##*/}" >"$device/driver/unbind"
done
for device in /sys/bus/virtio/devices/*; do
	[ ! -e "$device/driver" ] || echo "${device##*/}" >"$device/driver/unbind"
done
for device in /sys/bus/platform/drivers/virtio-mmio/*.virtio_mmio; do
	echo "${device##*/}" >/sys/bus/platform/drivers/virtio-mmio/unbind
done
for pool in /sys/kernel/debug/*-pool@*/ /sys/kernel/debug/swiotlb/*-pool@*/; do
	[ -e "$pool/io_tlb_used" ] || continue
	tell pool "$(basename "$pool")" "segsize=$(cat "$pool/io_tlb_segsize" 2>/dev/null)" \
		"used=$(cat "$pool/io_tlb_used")" ok
done
tell dma-api "errors=$(cat /sys/kernel/debug/dma-api/error_count)" \
	"left=$(grep -c -e virtio -e nvme -e xhci -e e1000e /sys/kernel/debug/dma-api/dump)" ok

echo "guest: end"
poweroff -f
