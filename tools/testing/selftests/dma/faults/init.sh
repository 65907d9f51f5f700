#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# init of check.sh's guests: what goes wrong with disks, cards and probe devices on
# restricted pools, on request. /jobs has what is to be done, a line each;
# tools/testing/selftests/dma/lib/io-guest.sh has further jobs:
#
#	fail_first PROBE	each allocation that sets up a pool fails
#	fail_bind NAME		each allocation of a bind fails, in turn
#	fail_work NAME		a bind with its kernel threads failing at random
#	full_idle NAME PROBE	a disk's pool is taken before it is asked
#	full_busy NAME PROBE	a disk's pool is taken while it is at work
#	full_card NAME PROBE	a card's pool is taken before it is to send
#	unbind_probe PROBE	a driver goes while a file keeps buffers
#	unbind_disk NAME	a driver goes while its disk is at work
#	suspend			to idle, disks at work and buffers kept
#	kexec, reset		the same, with another kernel instead of coming back
#
# PROBE is a probe device on the same pool.

# shellcheck source=tools/testing/selftests/dma/lib/io-guest.sh
. /io-guest.sh

probes=/sys/bus/platform/drivers/dma-probe
debugfs=/sys/kernel/debug
busy_disks="vdb vdc nvme0n1 sda"

# The slots in use in the pool of that probe device
used()
{
	cat $debugfs/"${1#dma-probe-}"-pool@*/io_tlb_used \
		$debugfs/swiotlb/"${1#dma-probe-}"-pool@*/io_tlb_used 2>/dev/null
}

# shellcheck source=tools/testing/selftests/dma/faults/fail.sh
. /fail.sh

# What fio does in the background, until it has done so much
work()
{
	verify "$1" --rw=randwrite --bs=4k --iodepth=32 --size="$2" --randseed=1 &
	worker=$!
	echo $worker >"/tmp/work-$1.pid"
}

# start_work DISK SIZE: it has begun when this returns.
start_work()
{
	before=$(requests "$1")
	work "$1" "$2"
	at_work "$1" "$before" 100 $worker
}

is_at_work()
{
	kill -0 "$(cat "/tmp/work-$1.pid")" && return
	echo "$1 is not at work"
	return 1
}

# The worker's end, in $status, and what it has said about errors
worker_end()
{
	wait "$(cat "/tmp/work-$1.pid")"
	status=$?
	error=$(sed -n 's/.*\(error=[^,:)]*\).*/\1/p; s/.*\(verify[^,]*bad\).*/\1/p' \
		"/tmp/fio-$1.out" "/tmp/fio-$1.err" | head -n 1 | tr ' ' '-')
}

# was_told: the work has either been done, or it failed, which user space was told.
was_told()
{
	[ "$first" -eq 0 ] || [ -n "$said" ]
}

# works_again DISK: what comes later is done; its status is in $status, that of what has
# ended before in $first, with its error in $said.
works_again()
{
	first=$status said=$error
	work "$1" 4m
	worker_end "$1"
}

# The kernel has told of a full pool since line $1 of its log.
told_full()
{
	dmesg | tail -n "+$1" | grep "$(basename "$(sysfs_of "$2")"): swiotlb buffer is full" >/dev/null
}

# full_or_ended LINE NAME PID: or who asks has come to its end
full_or_ended()
{
	told_full "$1" "$2" || ! kill -0 "$3"
}

# The same, and what has become free since is taken
taken_or_ended()
{
	full_or_ended "$@" && return
	ask_holder pool "try 4K"
	false
}

log_lines()
{
	dmesg | wc -l
}

commas()
{
	echo "$1" | tr ' ' ,
}

# With no slot left the disk is asked; then there is room again. Either the request
# has waited, or user space was told; what it asks for now is done.
full_idle()
{
	hold pool "$2" coherent all
	taken=$(commas "$answer")
	room=$(used "$2")
	from=$(log_lines)
	before=$(requests "$1")
	work "$1" 4m
	wait_for 300 "the full pool of $1" full_or_ended "$from" "$1" $worker
	after=$(requests "$1")
	let_go pool
	worker_end "$1"
	[ $status -ne 0 ] || error=none
	told=no
	! told_full "$from" "$1" || told=yes
	works_again "$1"
	[ $told = yes ] && [ $status -eq 0 ] && was_told
	judge $? full_idle "$1" "taken=$taken slots=$room told=$told" \
		"requests=$(echo "$before $after" | awk '{ print $3 - $1 }')" \
		"first=$first error=$said then=$status"
}

# All is taken while the disk is at work, and given back in two halves.
full_busy()
{
	from=$(log_lines)
	start_work "$1" 24m
	hold pool "$2" coherent all
	wait_for 300 "the full pool of $1" taken_or_ended "$from" "$1" $worker
	taken=$(commas "$answer")
	ask_holder pool give
	let_go pool
	worker_end "$1"
	works_again "$1"
	[ $status -eq 0 ] && was_told && told_full "$from" "$1"
	judge $? full_busy "$1" "taken=$taken first=$first error=$said then=$status"
}

full_card()
{
	other_end "$1" >/tmp/other
	hold pool "$2" coherent all
	from=$(log_lines)
	taken=$(commas "$answer")
	send "$1" 4 &
	sender=$!
	wait_for 300 "the full pool of $1" full_or_ended "$from" "$1" $sender
	let_go pool
	wait $sender
	receive "$1" 4
	tell full_card "$1" "taken=$taken" ok
}

# answered WHAT: the holder's answer ends with that
answered()
{
	case $answer in
	*"$1"*) return ;;
	esac
	return 1
}

# What is kept goes with the driver; who has kept it is told, with ENODEV.
unbind_probe()
{
	bad=0 said=
	before=$(used "$1")
	for kind in coherent noncontiguous streaming; do
		hold pool "$1" $kind 64K 4
		answered result=ok || bad=1
		held=$(used "$1")
		[ "$held" -ge $((before + 128)) ] || bad=1
		echo "$1" >$probes/unbind
		after=$(used "$1")
		[ "$after" = "$before" ] || bad=1
		ask_holder pool check
		answered errno=19 || bad=1
		let_go pool
		said="$said $kind:$before,$held,$after"
		echo "$1" >$probes/bind
		/dma_probe "/dev/$1" try $kind 256K || bad=1
	done
	judge $bad unbind_probe "$1" "slots:$said"
}

unbind_disk()
{
	start_work "$1" 24m
	held=$(used "$(probe_of "$1")")
	unbind "$1"
	after=$(used "$(probe_of "$1")")
	worker_end "$1"
	bind "$1"
	disk_is_there "$1"
	works_again "$1"
	[ "$first" -ne 0 ] && [ -n "$said" ] && [ $status -eq 0 ]
	judge $? unbind_disk "$1" "slots=$held,$after first=$first error=$said then=$status"
}

# Disks at work and buffers kept, on pools that they share
all_busy()
{
	hold blk4 dma-probe-blk4 coherent 64K 8
	tell held "$(commas "$answer")" ok
	hold pci dma-probe-pci streaming 256K 8
	tell held "$(commas "$answer")" ok
	for disk in $busy_disks; do
		start_work "$disk" 48m
	done
}

suspend()
{
	# QEMU's xHCI keeps nothing over it: a disk on it is gone, and found anew.
	busy_disks="vdb vdc nvme0n1"
	all_busy
	bad=0 said=
	echo 0 >/sys/class/rtc/rtc0/wakealarm
	echo +3 >/sys/class/rtc/rtc0/wakealarm
	echo freeze >/sys/power/state || bad=1
	for disk in $busy_disks; do
		is_at_work "$disk" || bad=1
	done
	for holder in blk4 pci; do
		ask_holder $holder check
		answered result=ok || bad=1
		said="$said $(commas "$answer")"
		let_go $holder
	done
	for disk in $busy_disks; do
		worker_end "$disk"
		[ $status -eq 0 ] || bad=1
		said="$said $disk=$status"
	done
	judge $bad suspend "$said" "suspended=$(cat /sys/power/suspend_stats/success)"
}

# The next boot has none of this behind it: its init has other jobs.
kexec()
{
	all_busy
	tell kexec ok
	/kexec_file /Image /next.cpio.gz "$(cat /proc/cmdline)"
	tell kexec FAILED
}

# Jobs behind this one are for the next boot, which sees the mark.
reset()
{
	printf 'again' | dd of="/dev/$carry" conv=sync 2>/dev/null
	sync
	all_busy
	bad=0
	for disk in $busy_disks; do
		is_at_work "$disk" || bad=1
	done
	judge $bad reset
	sync
	reboot -f
}

probes()
{
	for device in blk1 blk4 blk16 blk64 net pci spare; do
		[ -e $probes/dma-probe-$device ] || echo dma-probe-$device >$probes/bind
	done
	tell probes ok
}

echo 0 >/sys/bus/platform/drivers_autoprobe
insmod /dma_probe.ko
echo 1 >/sys/bus/platform/drivers_autoprobe
carry=$(kernel_name carry block)
if [ -n "$carry" ] && [ "$(head -c 5 "/dev/$carry")" = again ]; then
	sed -i '1,/^reset/d' /jobs
fi
while read -r job arguments; do
	tell begin "$job" "$arguments"
	# shellcheck disable=SC2086 # several words
	"$job" $arguments </dev/null
done </jobs
rmmod dma_probe
unbind_all
finish
