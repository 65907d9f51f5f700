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

verdict()
{
	if [ "$1" -eq 0 ]; then
		echo ok
	else
		echo FAILED
	fi
}

# The slots in use in the pool of that probe device
used()
{
	cat /sys/kernel/debug/"${1#dma-probe-}"-pool@*/io_tlb_used \
		/sys/kernel/debug/swiotlb/"${1#dma-probe-}"-pool@*/io_tlb_used 2>/dev/null
}

# The probe device on the pool that NAME has
probe_of()
{
	case $1 in
	vda) echo dma-probe-blk1 ;;
	vdb) echo dma-probe-blk4 ;;
	vdc) echo dma-probe-blk16 ;;
	vdd) echo dma-probe-blk64 ;;
	net0) echo dma-probe-net ;;
	dma-probe-*) echo "$1" ;;
	*) echo dma-probe-pci ;;
	esac
}

unbind()
{
	place=$(sysfs_of "$1")
	echo "${place##*/}" >"$(driver_of "$1")/unbind"
}

bind()
{
	place=$(sysfs_of "$1")
	echo "${place##*/}" >"$(driver_of "$1")/bind"
}

# Which allocations may fail: all that fail_nth or make-it-fail are meant for,
# and what is told about each
inject()
{
	for kind in failslab fail_page_alloc; do
		echo N >/sys/kernel/debug/$kind/ignore-gfp-wait
		echo Y >/sys/kernel/debug/$kind/task-filter
		echo "$1" >/sys/kernel/debug/$kind/verbose
		echo 0 >/sys/kernel/debug/$kind/verbose_ratelimit_interval_ms
	done
	echo 0 >/sys/kernel/debug/fail_page_alloc/min-order
	echo N >/sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem
}

# fail_each LABEL DRIVER DEVICE PROBE: bind DEVICE until no allocation fails
fail_each()
{
	n=0 failed=0 survived=0 leaked=0
	before=$(used "$4")
	while n=$((n + 1)); do
		answer=$(/fail_nth $n "$2/bind" "$3")
		case $answer in
		*injected=0*result=ok*) break ;;
		*injected=1*result=failed*) failed=$((failed + 1)) ;;
		*injected=1*result=ok*) survived=$((survived + 1)) ;;
		*)
			echo "$answer"
			break
			;;
		esac
		[ ! -e "$2/$3" ] || echo "$3" >"$2/unbind"
		after=$(used "$4")
		[ "${after:-0}" = "${before:-0}" ] || {
			echo "nth=$n: $after slots in use, $before before"
			leaked=$((leaked + 1))
			before=$after
		}
	done
	result=1
	[ ! -e "$2/$3" ] || [ $leaked -gt 0 ] || [ $failed -eq 0 ] || result=0
	tell "$1" "$3" "failed=$failed survived=$survived leaked=$leaked" "$(verdict $result)"
}

# The kernel has said so, without or with the fix by which the probe fails.
has_no_pool()
{
	dmesg | grep -E "$1: failed to (initialise|set up) .*restricted" >/dev/null
}

next_is_first()
{
	n=$((n + 1))
	/fail_nth $n $probes/bind "$1"
	[ ! -e "$probes/$1" ] || echo "$1" >$probes/unbind
	has_no_pool "$1"
}

# The core attaches the device to its pool before the driver does. Find which of the
# allocations is the first that makes it fail, on the first pool; then fail each
# one behind it, with a pool each, since a pool is set up once. What is told has the
# stack of each.
fail_first()
{
	inject 2
	n=0
	wait_for 300 "$1 to fail for want of its pool" next_is_first "$1"
	first=$n
	/fail_nth 0 $probes/bind "$1"
	for device in /sys/bus/platform/devices/dma-probe-first*; do
		n=$((n + 1))
		name=${device##*/}
		echo "faults: stacks begin"
		answer=$(/fail_nth $n $probes/bind "$name")
		echo "faults: stacks end"
		[ -e "$probes/$name" ] || echo "$name" >$probes/bind
		lost=no
		! has_no_pool "$name" || lost=yes
		largest=$(/dma_probe "/dev/$name" largest coherent)
		result=1
		# 256 KiB without the series, 512 KiB with it
		case $answer/$largest in
		*injected=1*/*largest=262144* | *injected=1*/*largest=524288*)
			# A pool whose folder failed is not in debugfs.
			[ "$(used "$name" | sed 's/^0$//')" ] || result=0
			;;
		esac
		tell fail_first "$name" "$answer" "told=$lost" "$largest" "used=$(used "$name")" \
			"$(verdict $result)"
	done
	tell fail_first_at "$1" "nth=$first" ok
	inject 0
	echo "$1" >$probes/unbind
	fail_each fail_each $probes "$1" "$1"
}

fail_bind()
{
	inject 0
	unbind "$1"
	place=$(sysfs_of "$1")
	fail_each fail_bind "$(driver_of "$1")" "${place##*/}" "$(probe_of "$1")"
}

fail_work()
{
	inject 0
	bound=0
	place=$(sysfs_of "$1")
	unbind "$1"
	before=$(used "$(probe_of "$1")")
	for turn in 1 2 3 4 5 6 7 8 9 10; do
		for task in /proc/[0-9]*; do
			case $(cat "$task/comm" 2>/dev/null) in
			kworker*) echo 1 >"$task/make-it-fail" ;;
			esac
		done
		for kind in failslab fail_page_alloc; do
			echo $turn >/sys/kernel/debug/$kind/times
			echo 5 >/sys/kernel/debug/$kind/probability
		done
		! bind "$1" || bound=$((bound + 1))
		# All that the bind has started has come to its end then.
		[ ! -e "$(driver_of "$1")/${place##*/}" ] || unbind "$1"
		for kind in failslab fail_page_alloc; do
			echo 0 >/sys/kernel/debug/$kind/probability
		done
	done
	after=$(used "$(probe_of "$1")")
	bind "$1"
	tell fail_work "$1" "turns=10 bound=$bound used=$after before=$before" \
		"$(verdict $((after != before)))"
}

# hold FD PROBE KIND SIZE [COUNT]: a process keeps buffers until it is let go; FD and
# the next one are what ask_holder puts a question to and has the $answer from.
hold()
{
	rm -f "/tmp/$1.in" "/tmp/$1.out"
	mkfifo "/tmp/$1.in" "/tmp/$1.out"
	/dma_probe "/dev/$2" hold "$3" "$4" ${5:+"$5"} <"/tmp/$1.in" >"/tmp/$1.out" &
	eval "holder$1=$!"
	eval "exec $1>/tmp/$1.in $(($1 + 1))</tmp/$1.out"
	eval "read -r answer <&$(($1 + 1))"
}

ask_holder()
{
	eval "echo $2 >&$1"
	eval "read -r answer <&$(($1 + 1))"
}

# The holder's end is waited for: what it has kept is given back then.
let_go()
{
	eval "echo quit >&$1"
	eval "exec $1>&- $(($1 + 1))<&-"
	eval "wait \$holder$1"
}

# What fio does in the background, until it has done so much
work()
{
	/fio --name=io --filename="/dev/$(kernel_name "$1" block)" --direct=1 --ioengine=io_uring \
		--rw=randwrite --bs=4k --iodepth=32 --size="$2" --randseed=1 \
		--verify=crc32c --verify_fatal=1 --verify_state_save=0 \
		--output="/tmp/work-$1.out" >"/tmp/work-$1.err" 2>&1 3>&- 4>&- 5>&- 6>&- &
	worker=$!
	eval "worker_$1=$!"
}

# The worker's end, in $status, and what it has said about errors
worker_end()
{
	eval "wait \$worker_$1"
	status=$?
	error=$(sed -n 's/.*\(error=[^,:)]*\).*/\1/p; s/.*\(verify[^,]*bad\).*/\1/p' \
		"/tmp/work-$1.out" "/tmp/work-$1.err" | head -n 1 | tr ' ' '-')
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
	ask_holder 3 "try 4K"
	false
}

log_lines()
{
	dmesg | wc -l
}

# With no slot left the disk is asked; then there is room again. Either the request
# has waited, or user space was told; what it asks for now is done.
full_idle()
{
	hold 3 "$2" coherent all
	taken=$answer
	room=$(used "$2")
	from=$(log_lines)
	before=$(requests "$(kernel_name "$1" block)")
	work "$1" 4m
	wait_for 300 "the full pool of $1" full_or_ended "$from" "$1" $worker
	after=$(requests "$(kernel_name "$1" block)")
	let_go 3
	worker_end "$1"
	first=$status
	[ "$first" -ne 0 ] || error=none
	told=no
	! told_full "$from" "$1" || told=yes
	said=$error
	node=$(kernel_name "$1" block)
	if [ -n "$node" ]; then
		work "$1" 4m
		worker_end "$1"
	else
		status=1
	fi
	result=1
	# An error has to be told to user space, and what comes later has to work.
	[ "$told" != yes ] || [ $status -ne 0 ] || { [ $first -ne 0 ] && [ -z "$said" ]; } || result=0
	tell full_idle "$1" "taken=$(echo "$taken" | tr ' ' ,)" "slots=$room told=$told" \
		"requests=$(echo "$before $after" | awk '{ print $3 - $1 }')" \
		"first=$first error=$said then=$status" "$(verdict $result)"
}

# All is taken while the disk is at work, and given back in two halves.
full_busy()
{
	from=$(log_lines)
	before=$(requests "$(kernel_name "$1" block)")
	work "$1" 24m
	at_work "$1" "$before" 100 $worker
	hold 3 "$2" coherent all
	wait_for 300 "the full pool of $1" taken_or_ended "$from" "$1" $worker
	taken=$answer
	ask_holder 3 give
	let_go 3
	worker_end "$1"
	first=$status
	said=$error
	work "$1" 4m
	worker_end "$1"
	result=1
	[ $status -ne 0 ] || { [ $first -ne 0 ] && [ -z "$said" ]; } ||
		! told_full "$from" "$1" || result=0
	tell full_busy "$1" "taken=$(echo "$taken" | tr ' ' ,)" \
		"first=$first error=$said then=$status" "$(verdict $result)"
}

full_card()
{
	other_end "$1" >/tmp/other
	hold 3 "$2" coherent all
	from=$(log_lines)
	taken=$answer
	send "$1" 4 &
	sender=$!
	wait_for 300 "the full pool of $1" full_or_ended "$from" "$1" $sender
	let_go 3
	wait $sender
	receive "$1" 4
	tell full_card "$1" "taken=$(echo "$taken" | tr ' ' ,)" ok
}

# What is kept goes with the driver; who has kept it is told.
unbind_probe()
{
	bad=0 said=
	before=$(used "$1")
	for kind in coherent noncontiguous streaming; do
		hold 3 "$1" $kind 64K 4
		case $answer in
		*result=ok*) ;;
		*) bad=1 ;;
		esac
		held=$(used "$1")
		[ "$held" -ge $((before + 128)) ] || bad=1
		echo "$1" >$probes/unbind
		after=$(used "$1")
		[ "$after" = "$before" ] || bad=1
		# ENODEV
		ask_holder 3 check
		case $answer in
		*errno=19) ;;
		*) bad=1 ;;
		esac
		let_go 3
		said="$said $kind:$before,$held,$after"
		echo "$1" >$probes/bind
		/dma_probe "/dev/$1" try $kind 256K || bad=1
	done
	tell unbind_probe "$1" "slots:$said" "$(verdict $bad)"
}

unbind_disk()
{
	before=$(requests "$(kernel_name "$1" block)")
	work "$1" 24m
	at_work "$1" "$before" 100 $worker
	held=$(used "$(probe_of "$1")")
	unbind "$1"
	after=$(used "$(probe_of "$1")")
	worker_end "$1"
	first=$status
	said=$error
	bind "$1"
	disk_is_there "$1"
	work "$1" 4m
	worker_end "$1"
	result=1
	[ $first -eq 0 ] || [ -z "$said" ] || [ $status -ne 0 ] || result=0
	tell unbind_disk "$1" "slots=$held,$after first=$first error=$said then=$status" \
		"$(verdict $result)"
}

# Disks at work and buffers kept, on pools that they share
busy_disks="vdb vdc nvme0n1 sda"
all_busy()
{
	hold 3 dma-probe-blk4 coherent 64K 8
	tell held "$(echo "$answer" | tr ' ' ,)" ok
	hold 5 dma-probe-pci streaming 256K 8
	tell held "$(echo "$answer" | tr ' ' ,)" ok
	for disk in $busy_disks; do
		before=$(requests "$(kernel_name "$disk" block)")
		work "$disk" 48m
		at_work "$disk" "$before" 100 $worker
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
		kill -0 "$(eval echo "\$worker_$disk")" || {
			echo "$disk was not at work"
			bad=1
		}
	done
	for fd in 3 5; do
		ask_holder $fd check
		case $answer in
		*result=ok*) ;;
		*) bad=1 ;;
		esac
		said="$said $(echo "$answer" | tr ' ' ,)"
		let_go $fd
	done
	for disk in $busy_disks; do
		worker_end "$disk"
		[ $status -eq 0 ] || bad=1
		said="$said $disk=$status"
	done
	tell suspend "$said" "suspended=$(cat /sys/power/suspend_stats/success)" "$(verdict $bad)"
}

# The next boot has none of this behind it: its init has other jobs.
kexec()
{
	all_busy
	tell kexec ok
	/kexec_file /Image /next.cpio.gz "$(cat /proc/cmdline)"
	tell kexec FAILED
}

# Jobs behind this one are for the next boot.
reset()
{
	all_busy
	bad=0
	for disk in $busy_disks; do
		kill -0 "$(eval echo "\$worker_$disk")" || {
			echo "$disk is not at work"
			bad=1
		}
	done
	tell reset "$(verdict $bad)"
	sync
	reboot -f
}

echo 0 >/sys/bus/platform/drivers_autoprobe
insmod /dma_probe.ko
echo 1 >/sys/bus/platform/drivers_autoprobe
# The first boot of two has set a mark before the reset.
carry=$(kernel_name carry block)
if [ -n "$carry" ] && [ "$(head -c 5 "/dev/$carry")" = again ]; then
	sed -i '1,/^reset/d' /jobs
fi
while read -r job arguments; do
	case $job in
	fio) job=run_fio ;;
	probes)
		for device in blk1 blk4 blk16 blk64 net pci spare; do
			[ -e $probes/dma-probe-$device ] || echo dma-probe-$device >$probes/bind
		done
		tell probes ok
		continue
		;;
	reset)
		printf 'again' | dd of="/dev/$carry" conv=sync 2>/dev/null
		sync
		;;
	esac
	tell begin "$job" "$arguments"
	# shellcheck disable=SC2086 # several words
	"$job" $arguments </dev/null
done </jobs

rmmod dma_probe
unbind_all
tell_pools
tell_dma_api

end
