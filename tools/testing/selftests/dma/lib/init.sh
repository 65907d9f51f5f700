# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# What every guest's init begins with, as /init-lib.sh: it mounts what is needed, and
# has how a guest waits, for a limit that is told with what was waited for, and how it
# ends. scripts/guest/initramfs.sh packs it.
#
# What a function tells goes into the kernel's log, since its output may be taken by its
# caller.

/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t debugfs debug /sys/kernel/debug
mount -t tmpfs tmp /tmp
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

# end: the plan, and power off. x86's machine, microvm, cannot, but ends when
# it is to reboot (QEMU's -no-reboot).
end()
{
	[ ! -e /tmp/told ] || echo "tap: 1..$(wc -c </tmp/told)" >/dev/kmsg
	echo "guest: end"
	power_off
}

power_off()
{
	[ "$(uname -m)" != x86_64 ] || reboot -f
	poweroff -f
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
		[ $(($(uptime_seconds) - wait_start)) -ge "$wait_limit" ] || continue
		echo "guest: waited $wait_limit s for $wait_what in vain" >/dev/kmsg
		[ ! -w /proc/sysrq-trigger ] || {
			# Of all messages, not just of the urgent ones
			echo 8 >/proc/sys/kernel/printk
			echo w >/proc/sysrq-trigger
		}
		power_off
	done
}
