# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154
#
# For init.sh: the jobs in which allocations fail.

# fail_each JOB DRIVER DEVICE PROBE: bind DEVICE until no allocation fails
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
	[ -e "$2/$3" ] && [ $leaked -eq 0 ] && [ $failed -gt 0 ]
	judge $? "$1" "$3" "failed=$failed survived=$survived leaked=$leaked"
}

# The kernel has said so, without or with the fix by which the probe fails.
has_no_pool()
{
	dmesg | grep -E "$1: failed to (initialise|set up) .*restricted" >/dev/null
}

next_is_first()
{
	n=$((n + 1))
	/fail_nth $n "$probes/bind" "$1"
	[ ! -e "$probes/$1" ] || echo "$1" >"$probes/unbind"
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
	/fail_nth 0 "$probes/bind" "$1"
	for device in /sys/bus/platform/devices/dma-probe-first*; do
		n=$((n + 1))
		fail_at $n "${device##*/}"
	done
	tell fail_first_at "$1" "nth=$first" ok
	inject 0
	echo "$1" >"$probes/unbind"
	fail_each fail_each "$probes" "$1" "$1"
}

# fail_at NTH PROBE: what is whole afterwards has 256 KiB without the series, 512 KiB with
# it, and no slot in use. A pool whose folder failed is not in debugfs.
fail_at()
{
	echo "faults: stacks begin"
	answer=$(/fail_nth "$1" "$probes/bind" "$2")
	echo "faults: stacks end"
	[ -e "$probes/$2" ] || echo "$2" >"$probes/bind"
	lost=no
	! has_no_pool "$2" || lost=yes
	largest=$(/dma_probe "/dev/$2" largest coherent)
	slots=$(used "$2")
	echo "$answer/$largest/${slots:-0}" |
		grep -E 'injected=1.*/.*largest=(262144|524288) .*/0$' >/dev/null
	judge $? fail_first "$2" "$answer" "told=$lost" "$largest" "used=$slots"
}

fail_bind()
{
	inject 0
	unbind "$1"
	fail_each fail_bind "$(driver_of "$1")" "$(basename "$(sysfs_of "$1")")" "$(probe_of "$1")"
}

# fail_at_random TIMES PERCENT
fail_at_random()
{
	for kind in failslab fail_page_alloc; do
		echo "$1" >"$debugfs/$kind/times"
		echo "$2" >"$debugfs/$kind/probability"
	done
}

fail_work()
{
	inject 0
	bound=0
	unbind "$1"
	before=$(used "$(probe_of "$1")")
	for turn in 1 2 3 4 5 6 7 8 9 10; do
		for task in /proc/[0-9]*; do
			case $(cat "$task/comm" 2>/dev/null) in
			kworker*) echo 1 >"$task/make-it-fail" ;;
			esac
		done
		fail_at_random $turn 5
		! bind "$1" || bound=$((bound + 1))
		# All that the bind has started has come to its end then.
		[ ! -e "$(sysfs_of "$1")/driver" ] || unbind "$1"
		fail_at_random $turn 0
	done
	after=$(used "$(probe_of "$1")")
	bind "$1"
	[ "$after" = "$before" ]
	judge $? fail_work "$1" "turns=10 bound=$bound used=$after before=$before"
}
