#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# init of check.sh's guest: all disks, cards and probe devices at once, each of which
# is unbound and bound again now and then while it is at work. /jobs has one line, the
# seconds that this is to last. In the end all pools have to be empty, and each has to
# give its largest buffer.

# shellcheck source=tools/testing/selftests/dma/lib/io-guest.sh
. /io-guest.sh

probes=/sys/bus/platform/drivers/dma-probe
read -r seconds </jobs
insmod /dma_probe.ko

until=$(($(uptime_seconds) + seconds))

goes_on()
{
	[ "$(uptime_seconds)" -lt "$until" ]
}

# load_fio DISK OPTION...
load_fio()
{
	verify "$@" --rw=randwrite --bsrange=4k-256k --iodepth=8 --iomem=malloc --randseed="$turns"
}

# A request has to fit in the pool, or the disk waits for room for ever. What is
# written to sysfs goes with the driver.
limit_requests()
{
	case $1 in
	vda) limit=512 ;;
	vdb) limit=2048 ;;
	*) return ;;
	esac
	echo $limit >"/sys/block/$(kernel_name "$1" block)/queue/max_sectors_kb"
}

# Whole turns, and one that loses its disk: it may end as it likes, but has to.
load_disk()
{
	turns=0 failed=0 unbound=0 cut=0
	disk_is_there "$1"
	limit_requests "$1"
	while goes_on; do
		turns=$((turns + 1))
		load_fio "$1" --size=8m || {
			failed=$((failed + 1))
			why_not "$1"
		}
		before=$(requests "$1")
		load_fio "$1" --size=32m &
		worker=$!
		at_work "$1" "$before" 50 $worker
		unbind "$1"
		unbound=$((unbound + 1))
		wait $worker || cut=$((cut + 1))
		bind "$1"
		disk_is_there "$1"
		limit_requests "$1"
	done
	[ $failed -eq 0 ] && [ $cut -gt 0 ]
	judge $? load "$1" "turns=$turns MiB=$((turns * 8)) failed=$failed unbound=$unbound cut=$cut"
}

# A whole transfer, whose sums agree
sent()
{
	[ "$(nc "$other" 7 <"/tmp/data-$1")" = "$sum" ]
}

has_sent_or_ended()
{
	[ "$(cat "$1/tx_bytes")" -gt "$2" ] || ! kill -0 "$3"
}

load_card()
{
	turns=0 failed=0 unbound=0
	other=$(other_end "$1")
	dd if=/dev/urandom of="/tmp/data-$1" bs=1M count=4 2>/dev/null
	sum=$(sha256sum <"/tmp/data-$1")
	first=$(nc "$other" 8 </dev/null | sha256sum)
	while goes_on; do
		turns=$((turns + 1))
		sent "$1" || failed=$((failed + 1))
		[ "$(nc "$other" 8 </dev/null | sha256sum)" = "$first" ] || failed=$((failed + 1))
		statistics=/sys/class/net/$(kernel_name "$1" net)/statistics
		before=$(cat "$statistics/tx_bytes")
		nc "$other" 7 <"/tmp/data-$1" >/dev/null 2>&1 &
		sender=$!
		wait_for 300 "$1 to send" has_sent_or_ended "$statistics" $((before + 100000)) $sender
		unbind "$1"
		unbound=$((unbound + 1))
		# TCP would wait for its answer for a quarter of an hour.
		kill $sender
		wait $sender
		bind "$1"
		other=$(other_end "$1")
	done
	judge $failed load "$1" "turns=$turns MiB=$((turns * 8)) failed=$failed unbound=$unbound sha256=${first%% *}"
}

# Buffers of all kinds beside those of the disk or card, which may be refused;
# and a driver that goes with what is kept.
load_probe()
{
	turns=0 refused=0 failed=0 unbound=0
	while goes_on; do
		for kind in coherent noncontiguous streaming; do
			for size in 4K 12K 64K 200K 256K; do
				turns=$((turns + 1))
				answer=$(/dma_probe "/dev/$1" try $kind $size)
				case $answer in
				*result=ok*) ;;
				*errno=12*) refused=$((refused + 1)) ;;
				*)
					echo "$1: $answer"
					failed=$((failed + 1))
					;;
				esac
			done
		done
		hold "$1" "$1" coherent 16K 8
		echo "$1" >$probes/unbind
		unbound=$((unbound + 1))
		let_go "$1"
		echo "$1" >$probes/bind
	done
	judge $failed load "$1" "turns=$turns refused=$refused failed=$failed unbound=$unbound"
}

workers=
for name in vda vdb vdc vdd nvme0n1 sda pvda; do
	load_disk $name &
	workers="$workers $!"
done
for name in net0 net1; do
	load_card $name &
	workers="$workers $!"
done
for name in blk1 blk4 blk16 blk64 net pci; do
	load_probe dma-probe-$name &
	workers="$workers $!"
done
# Who does not come to an end is told with what it waits for.
{
	while [ "$(uptime_seconds)" -lt $((until + 120)) ]; do
		sleep 5
	done
	echo "guest: still at work 120 s after the end:"
	for task in /proc/[0-9]*; do
		[ -s "$task/cmdline" ] || grep -e '^State:.D' "$task/status" >/dev/null || continue
		echo "$(tr '\0' ' ' <"$task/cmdline") $(grep -e ^Name -e ^State "$task/status" |
			tr '\n\t' '  ')"
		cat "$task/stack"
	done
	in_vain 120 "all to come to an end"
} &
watch=$!
# shellcheck disable=SC2086 # several
wait $workers
kill $watch

unbind_all
tell_pools
for probe in blk1 blk4 blk16 blk64 net pci spare; do
	slots=$(cat /sys/kernel/debug/$probe-pool@*/io_tlb_segsize \
		/sys/kernel/debug/swiotlb/$probe-pool@*/io_tlb_segsize 2>/dev/null)
	answer=$(/dma_probe /dev/dma-probe-$probe try coherent $((${slots:-128} * 2))K)
	judge $? full-size $probe "$answer"
done
rmmod dma_probe
tell_dma_api

end
