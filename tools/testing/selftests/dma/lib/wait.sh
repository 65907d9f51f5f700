# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# How the guests wait: for a limit, which is told with what was waited for. To be
# sourced by the guest's init.
#
# What is told goes into the kernel's log, since a function's output may be taken
# by its caller.

# uptime_seconds: of the guest
uptime_seconds()
{
	read -r wait_now _ </proc/uptime
	echo "${wait_now%%.*}"
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
		# x86's machine cannot power off, but ends when it is to reboot.
		[ "$(uname -m)" != x86_64 ] || reboot -f
		poweroff -f
	done
}
