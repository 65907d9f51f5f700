# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# What every guest's init begins with, as /init-lib.sh: it mounts what is needed, and
# has how a guest tells what it found, how it waits, for a limit that is told with what
# was waited for, and how it ends. scripts/guest/initramfs.sh packs it.
#
# All goes into the kernel's log: on the console itself the kernel's lines would break
# into it. Functions write there by name, since their output may be taken by their caller.

/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t debugfs debug /sys/kernel/debug
[ ! -d /sys/kernel/tracing ] || mount -t tracefs trace /sys/kernel/tracing
mount -t tmpfs tmp /tmp
: >/tmp/told
exec >/dev/kmsg 2>&1
echo "tap: TAP version 13" >/dev/kmsg

# tell WHAT... ok|FAILED: one line of TAP, without a number, since jobs run side by side;
# without a verdict it is a comment. The host has scripts/lib/guest.sh to read it.
tell()
{
	tell_what=$*
	case $tell_what in
	*" ok") tell_what="ok - ${tell_what% ok}" ;;
	*" FAILED") tell_what="not ok - ${tell_what% FAILED}" ;;
	*) tell_what="# $tell_what" ;;
	esac
	[ "${tell_what#\#}" != "$tell_what" ] || printf . >>/tmp/told
	echo "tap: $tell_what" >/dev/kmsg
}

# judge STATUS WHAT...: the same, with the verdict by a command's status
judge()
{
	tell_status=$1
	shift
	if [ "$tell_status" -eq 0 ]; then
		tell "$@" ok
	else
		tell "$@" FAILED
	fi
}

# do_jobs: /jobs has what is to be done, a function and its arguments a line
do_jobs()
{
	while read -r job arguments; do
		# shellcheck disable=SC2086 # several words
		"$job" $arguments </dev/null
	done </jobs
}

# value FILE: what is in it, "-" without one
value()
{
	cat "$1" 2>/dev/null || echo -
}

# tell_pool DIR: what debugfs says of a pool
tell_pool()
{
	# shellcheck disable=SC2046 # a word for each file
	[ ! -e "$1/io_tlb_nslabs" ] ||
		tell pool "$(basename "$1")" $(cd "$1" && grep . io_tlb_* | tr : =) ok
}

# All restricted ones. Without a module a pool's folder is not below swiotlb/: the
# driver probes earlier.
tell_pools()
{
	for pool in /sys/kernel/debug/swiotlb/*/ /sys/kernel/debug/*@*/; do
		tell_pool "$pool"
	done
}

# What dma-debug has counted, and how much is mapped now. With dma_debug=off its lists
# are not set up, and the kernel oopses when they are read.
tell_dma_api()
{
	left=-
	[ "$(value /sys/kernel/debug/dma-api/disabled)" != N ] ||
		left=$(wc -l </sys/kernel/debug/dma-api/dump)
	tell dma-api "errors=$(value /sys/kernel/debug/dma-api/error_count)" "left=$left" ok
}

# end: the plan, and power off
end()
{
	echo "tap: 1..$(wc -c </tmp/told)"
	echo "guest: end"
	power_off
}

# x86's machine, microvm, cannot, but ends when it is to reboot (QEMU's -no-reboot).
power_off()
{
	[ "$(uname -m)" != x86_64 ] || reboot -f
	poweroff -f
}

# finish: what is left when all is unbound, and the end
finish()
{
	tell_pools
	tell_dma_api
	end
}

# hold NAME PROBE KIND SIZE [COUNT]: a process keeps buffers of the probe device until it
# is let go, and what it says is in $answer. Both pipes are its own, to read and to
# write, so that they stay when whoever asks has gone.
hold()
{
	rm -f "/tmp/$1.in" "/tmp/$1.out"
	mkfifo "/tmp/$1.in" "/tmp/$1.out"
	/dma_probe "/dev/$2" hold "$3" "$4" ${5:+"$5"} <>"/tmp/$1.in" 1<>"/tmp/$1.out" &
	echo $! >"/tmp/$1.pid"
	hear "$1"
}

hear()
{
	# shellcheck disable=SC3045,SC2034 # busybox has it; the answer is for who asks
	read -r -t 120 answer <>"/tmp/$1.out" || in_vain 120 "the answer of what holds buffers"
}

# ask_holder NAME COMMAND
ask_holder()
{
	echo "$2" 1<>"/tmp/$1.in"
	hear "$1"
}

# let_go NAME: what it has kept is given back when this returns.
let_go()
{
	echo quit 1<>"/tmp/$1.in"
	wait "$(cat "/tmp/$1.pid")"
}

# uptime_seconds: of the guest
uptime_seconds()
{
	cut -d . -f 1 /proc/uptime
}

# wait_for SECONDS WHAT COMMAND...: returns when COMMAND succeeds, at once if it does
# the first time. After SECONDS of the guest's uptime it tells which tasks are
# blocked and powers off: boot.sh fails a guest that has not said "guest: end".
# The limit is for what will never come: what takes a second on a host at
# leisure has 120.
wait_for()
{
	wait_limit=$1 wait_what=$2
	shift 2
	! "$@" || return 0
	echo "guest: waits for $wait_what" >/dev/kmsg
	wait_start=$(uptime_seconds)
	until "$@"; do
		[ $(($(uptime_seconds) - wait_start)) -lt "$wait_limit" ] ||
			in_vain "$wait_limit" "$wait_what"
	done
}

# in_vain SECONDS WHAT: the end of a guest that has waited for that
in_vain()
{
	echo "guest: waited $1 s for $2 in vain" >/dev/kmsg
	[ ! -w /proc/sysrq-trigger ] || {
		# Of all messages, not just of the urgent ones
		echo 8 >/proc/sys/kernel/printk
		echo w >/proc/sysrq-trigger
	}
	power_off
}
