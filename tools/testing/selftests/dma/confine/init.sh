#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# init of check.sh's guest: disks, cards and probe devices at work, with each address
# that the DMA API gives to a driver noted from the boot on, by the kernel's own
# events (trace_event= on the command line), and with dumps of dma-debug in the midst
# of it. Both go out through the disk without a pool.
#
# /jobs has what is to be done, as tools/testing/selftests/dma/lib/io-guest.sh has it,
# and "together", with which the jobs up to the next empty line run side by side.

# shellcheck source=tools/testing/selftests/dma/lib/io-guest.sh
. /io-guest.sh
insmod /dma_probe.ko

# All that is noted, as it comes, up to the last line. The pipe itself does not end
# for who waits in it already when tracing is switched off. (Not sed, which reads
# the line after that, too.)
{
	awk '{ print } /tracing_mark_write: confine: end$/ { exit }' /sys/kernel/tracing/trace_pipe
	cat /tmp/dumps
} | dd of="/dev/$(kernel_name carry block)" obs=1M conv=sync 2>/dev/null &
carrying=$!

# The host looks at the queues when it reads this. What is mapped now goes to
# the dumps.
sample()
{
	tell sample "$1"
	{
		echo "dump: begin $1"
		sed 's/^/dump: /' /sys/kernel/debug/dma-api/dump
	} >>/tmp/dumps
}

# The disk has something to do now, or has done all of it.
is_busy_or_done()
{
	[ "$(awk '{ print $9 }' "/sys/block/$(kernel_name "$1" block)/stat")" -gt 0 ] || ! kill -0 "$pid"
}

is_busy()
{
	wait_for 300 "$1 to be at work" is_busy_or_done "$1"
}

probes()
{
	bad=0
	for node in /dev/dma-probe-*; do
		for kind in coherent noncontiguous streaming; do
			for size in 4K 60K 256K; do
				/dma_probe "$node" try $kind $size || bad=1
			done
		done
	done
	judge $bad probes
}

while read -r job arguments; do
	case $job in
	together) together=1 ;;
	'')
		sample all
		# shellcheck disable=SC2086 # several
		wait $jobs
		together=
		jobs=
		;;
	*)
		# shellcheck disable=SC2086 # several words
		"$job" $arguments </dev/null &
		if [ -n "$together" ]; then
			jobs="$jobs $!"
		else
			pid=$!
			[ "$job" != fio ] || is_busy "${arguments%% *}"
			sample "$job-${arguments%% *}"
			wait $pid
		fi
		;;
	esac
done </jobs

# The disk that all goes to stays.
for name in vda vdb vdc vdd net0 nvme0n1 sda net1 pvda; do
	unbind $name
done
rmmod dma_probe
tell_pools
tell_dma_api
echo "confine: end" >/sys/kernel/tracing/trace_marker
wait $carrying
sync
end
