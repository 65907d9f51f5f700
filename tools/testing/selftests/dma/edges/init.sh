#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# init of check.sh's guests: a restricted pool at one of its edges. /jobs has what is
# to be done, a line each; each answers with one line of TAP, which begins with the
# job's own:
#
#	attach		all devices that share a pool probe at once
#	closed		an allocation of each device's first bind fails, each a later one
#	bind NAME	a device that must get all of its memory
#	refuse NAME	a device whose pool cannot be used must not probe
#	atomic NAME	a device that asks for memory in an interrupt
#	option		two devices with a kernel that knows no restricted pools
#	disk NAME MIB	one write of that size, and read back
#	scatter NAME COUNT SIZE	one write of as many pieces, and read back
#	again COUNT	a device that is bound and unbound as often
#	rescan NAME COUNT	a disk on PCI that is removed and found again as often
#	import WIDTH HEIGHT KIND FRAMES	frames captured into another device's dma-buf
#	replay WIDTH HEIGHT KIND FRAMES	frames shown from another device's dma-buf
#	show WIDTH HEIGHT KIND FRAMES	the same by a device without a pool

# shellcheck source=tools/testing/selftests/dma/lib/io-guest.sh
. /io-guest.sh

driver=/sys/bus/platform/drivers/attach-probe
sums=/sys/module/attach_probe/parameters

# What all devices got together, for a line of TAP
got()
{
	for sum in given refused twice outside; do
		printf '%s=%s ' $sum "$(cat $sums/$sum)"
	done
}

# told JOB SAID EXPECTED: one line of TAP, that it said what it has to say
told()
{
	[ "$2" = "$3" ]
	judge $? "$1 $2"
}

bound()
{
	find $driver/ -maxdepth 1 -type l -name "$1" | wc -l
}

# load AUTO PAGES: with AUTO=0, nothing is bound but by its name
load()
{
	echo "$1" >/sys/bus/platform/drivers_autoprobe
	insmod /attach_probe.ko pages="$2"
}

# 8 on each of 24 pools. A pool that was set up twice has its folder in debugfs once,
# and debugfs says that it was there.
attach()
{
	# Only the shared pools' devices
	for name in plain atomic again half past; do
		echo none >"/sys/bus/platform/devices/$name/driver_override"
	done
	load 1 24
	folders=$(find /sys/kernel/debug/ -type d -name 'shared*-pool@*' | wc -l)
	again=$(dmesg | grep -c 'debugfs: .*-pool@.* already ')
	told attach "devices=$(bound 'shared*') $(got)folders=$folders again=$again" \
		"devices=192 given=4800 refused=0 twice=0 outside=0 folders=24 again=0"
}

# The N-th allocation of the N-th device's first bind fails, for as many as there are
# pools; those that set a pool up are among the first dozen. The device has no driver
# then, or all that it is given is in its pool; and the next bind works.
closed()
{
	inject 0
	load 0 4
	n=0 injected=0 failed=0
	while [ -e "/sys/bus/platform/devices/shared$n-0" ]; do
		name=shared$n-0
		n=$((n + 1))
		answer=$(/fail_nth $n $driver/bind $name)
		case $answer in
		*injected=1*) injected=$((injected + 1)) ;;
		esac
		[ -e $driver/$name ] || {
			failed=$((failed + 1))
			echo $name >$driver/bind
		}
	done
	without=$(dmesg | grep -c 'attach-probe shared[0-9]*-0: failed to set up restricted DMA pool')
	said="injected=$injected failed=$failed without-pool=$without bound=$(bound 'shared*') $(got)"
	[ $injected -eq $n ] && [ "$without" -gt 0 ] && [ "$(bound 'shared*')" -eq $n ] && [ "$(cat $sums/outside)" = 0 ]
	judge $? closed "$said"
}

bind_probe()
{
	load 0 24
	echo "$1" >$driver/bind
}

bind()
{
	bind_probe "$1"
	told "bind $1" "bound=$(bound "$1") $(got)" "bound=1 given=25 refused=0 twice=0 outside=0 "
}

refuse()
{
	bind_probe "$1"
	told "refuse $1" "bound=$(bound "$1") $(got)" "bound=0 given=0 refused=0 twice=0 outside=0 "
}

atomic()
{
	bind_probe atomic
	told atomic "bound=$(bound atomic) $(got)" "bound=1 given=25 refused=0 twice=0 outside=0 "
}

option()
{
	bind_probe plain
	echo past >$driver/bind
	told option "said=$(dmesg | grep -c 'CONFIG_DMA_RESTRICTED_POOL') $(got)" \
		"said=1 given=50 refused=0 twice=0 outside=50 "
}

has_written()
{
	[ -e /tmp/written ]
}

disk()
{
	node=/dev/$(kernel_name "$1" block)
	rm -f /tmp/written
	dd if=/dev/urandom of=/tmp/data bs=1M count="$2" 2>/dev/null
	{
		dd if=/tmp/data of="$node" bs="${2}M" count=1 oflag=direct
		echo "status=$?" >/tmp/written
	} &
	wait_for 120 "a write of $2 MiB to $1" has_written
	dd if="$node" of=/tmp/back bs="${2}M" count=1 iflag=direct
	cmp /tmp/data /tmp/back
	judge $? disk "$1" "MiB=$2" "$(cat /tmp/written)" \
		"limit=$(cat "/sys/block/${node##*/}/queue/max_hw_sectors_kb")"
}

scatter()
{
	rm -f /tmp/written
	node=$(kernel_name "$1" block)
	{
		/scatter "/dev/$node" "$2" "$3"
		echo "status=$?" >/tmp/written
	} &
	wait_for 120 "a write of $2 pieces to $1" has_written
	said="$(cat /tmp/written) segments=$(cat "/sys/block/$node/queue/max_segments")"
	grep -x status=0 /tmp/written
	judge $? scatter "$*" "$said"
}

# Each time but the last it is unbound.
again()
{
	bind_probe again
	n=1
	while [ $n -lt "$1" ]; do
		n=$((n + 1))
		echo again >$driver/unbind
		echo again >$driver/bind
	done
	assigned=$(dmesg | grep -c 'attach-probe again: assigned')
	told "again $1" "bound=$(bound again) assigned=$assigned recorded=$(cat $sums/recorded)" \
		"bound=1 assigned=$1 recorded=0"
}

# Each device has its own line in the log, and its pool.
rescan()
{
	slot=$(basename "$(sysfs_of "$1")")
	n=0
	while [ $n -lt "$2" ]; do
		n=$((n + 1))
		echo 1 >"/sys/bus/pci/devices/$slot/remove"
		echo 1 >/sys/bus/pci/rescan
		disk_is_there "$1"
	done
	told "rescan $*" "assigned=$(dmesg | grep -c " $slot: assigned reserved memory node")" \
		"assigned=$(($2 + 1))"
}

import()
{
	video import "$@"
}

replay()
{
	video replay "$@"
}

show()
{
	video show "$@"
}

# The program says "refused" and is content if a device does not take the dma-buf.
video()
{
	[ -e /sys/module/vb2_probe ] || insmod /vb2_probe.ko
	said=$(/vb2_probe "$@" 2>&1)
	judge $? "$*: $said"
}

do_jobs
end
