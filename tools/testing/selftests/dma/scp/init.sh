#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# init of check.sh's guest: the SCP's driver, and a program that plays the SCP
# (scp_model.c). What is to be done stands in /jobs, a line each:
#
#	start			the model, then the driver, until the SCP runs
#	channels		that the firmware has announced
#	echo COUNT		messages of all lengths there and back, by IPI
#	rpmsg COUNT		the same on the rpmsg channel
#	buffer KIND SIZE	for the SCP to read and write
#	restart COUNT		stop and start
#	crash			the watchdog's interrupt, and the recovery
#	rebind COUNT		the driver gives its memory back and asks anew
#	isp ROUNDS SEED ALIGN	that, while the ISP's stand-in uses the pool
#	camera SIZE...		the ISP's coherent buffers, all together, and given back
#	fail COUNT		the driver, whose memory is not to be had, is bound so often
#	pool			what debugfs says of the pools
#
# Each answers with one line of TAP.

# shellcheck source=tools/testing/selftests/dma/lib/init.sh
. /init-lib.sh

driver=/sys/bus/platform/drivers/mtk-scp
# shellcheck source=tools/testing/selftests/dma/lib/scp-guest.sh
. /scp-guest.sh

device()
{
	basename "$(find $driver/ -maxdepth 1 -name '*.scp' | head -n 1)"
}

job_start()
{
	start_scp
	insmod /dma_probe.ko
	[ "$(remoteproc state)" = running ]
	judge $? start "device=$(device) firmware=$(remoteproc firmware) state=$(remoteproc state)"
}

has_channels()
{
	[ "$(find /sys/bus/rpmsg/devices/ -mindepth 1 | wc -l)" -eq "$1" ]
}

has_echo()
{
	ls /sys/bus/rpmsg/drivers/scp-probe-rpmsg/*/echo >/dev/null 2>&1
}

# Announced after the SCP is ready, and registered by a worker of the kernel
until_channels()
{
	want=1
	[ -z "$(find /sys/firmware/devicetree/base -name mediatek,rpmsg-name)" ] || want=2
	wait_for 120 "$want rpmsg channels" has_channels $want
}

job_channels()
{
	until_channels
	names=
	for channel in /sys/bus/rpmsg/devices/*; do
		names="$names name=$(cat "$channel/name") "
	done
	tell channels "$names" ok
}

# messages JOB COUNT SAID: all came back, and as they were
messages()
{
	echo " $3 " | grep " returned=$2 wrong=0 lost=0 " >/dev/null
	judge $? "$1" "$3"
}

job_echo()
{
	messages echo "$1" "$(ipi_echo "$1")"
}

job_rpmsg()
{
	until_channels
	wait_for 120 "the driver of the rpmsg channel" has_echo
	file=$(echo /sys/bus/rpmsg/drivers/scp-probe-rpmsg/*/echo)
	echo "$1" >"$file"
	messages rpmsg "$1" "$(cat "$file")"
}

job_buffer()
{
	echo "$1 $2" >/sys/bus/platform/devices/scp-probe/buffer
	said=$(cat /sys/bus/platform/devices/scp-probe/buffer)
	echo "$said" | grep result=ok >/dev/null
	judge $? buffer "$said"
}

used()
{
	cat /sys/kernel/debug/swiotlb/*@*/io_tlb_used 2>/dev/null || echo none
}

# set_remoteproc COMMAND STATE: what it is to lead to
set_remoteproc()
{
	echo "$1" >/sys/class/remoteproc/remoteproc0/state && [ "$(remoteproc state)" = "$2" ]
}

job_restart()
{
	bad=0
	before=$(used)
	for n in $(seq "$1"); do
		set_remoteproc stop offline || bad=1
		set_remoteproc start running || bad=1
	done
	[ "$before" = "$(used)" ] || bad=1
	judge $bad restart "count=$n used_before=$before used=$(used)"
}

job_crash()
{
	before=$(used)
	set_mark
	kill -USR1 "$model"
	until_settled
	[ "$(remoteproc state)" = running ] && [ "$before" = "$(used)" ]
	judge $? crash "state=$(remoteproc state) used_before=$before used=$(used)"
}

job_rebind()
{
	name=$(device)
	running=0
	where=
	for n in $(seq "$1"); do
		echo "$name" >$driver/unbind
		set_mark
		echo "$name" >$driver/bind
		until_settled
		[ "$(remoteproc state)" != running ] || running=$((running + 1))
		where="$where,$(scp_dram)"
	done
	[ $running -eq "$1" ]
	judge $? rebind "count=$n running=$running used=$(used) at=${where#,}"
}

job_isp()
{
	/isp_load /dev/dma-probe-scp "$(device)" "$1" "$2" "$3"
	judge $? isp "rounds=$1 seed=$2 used=$(used)"
}

job_camera()
{
	file=/sys/bus/platform/devices/scp-probe/camera
	for size; do
		echo "$size" >$file
		said=$(cat $file)
		echo "$said" | grep ' scp=ok camera=ok ' >/dev/null
		judge $? camera "$said" "used=$(used)"
	done
	messages echo 100 "$(ipi_echo 100)"
	echo 0 >$file
}

# Of 32 bytes, and in use: what CPUs have at hand goes back first.
objects()
{
	echo 1 >/sys/kernel/slab/kmalloc-32/shrink
	awk '$1 == "kmalloc-32" { print $2 }' /proc/slabinfo
}

assigned()
{
	dmesg | grep -c 'mtk-scp .*: assigned reserved memory node'
}

# An assignment of a region is an object of 32 bytes.
job_fail()
{
	for module in rpmsg_core mtk_rpmsg mtk_scp_ipi mtk_scp; do
		insmod /$module.ko
	done
	name=$(basename "$(find /sys/bus/platform/devices/ -name '*.scp')")
	before=$(objects)
	lines=$(assigned)
	bound=0
	for n in $(seq "$1"); do
		! echo "$name" >$driver/bind || bound=$((bound + 1))
	done
	lines=$(($(assigned) - lines))
	grown=$(($(objects) - before))
	[ $bound -eq 0 ] && [ $grown -lt $(($1 / 2)) ]
	judge $? fail "count=$1 bound=$bound assigned=$lines objects=$grown used=$(used)"
}

# Where the driver's DRAM is, as DMA-API has seen it
scp_dram()
{
	sed -n 's/.*mtk-scp .*coherent .*D=\(0*\)\([0-9a-f]*\) L=0*500000 .*/0x\2/p' /sys/kernel/debug/dma-api/dump
}

job_pool()
{
	tell_pools
}

while read -r job arguments; do
	# shellcheck disable=SC2086 # several words
	"job_$job" $arguments </dev/null
	# Nothing else can go well then.
	[ "$job" != start ] || [ "$(remoteproc state)" = running ] || break
done </jobs

[ -z "$model" ] || {
	kill -TERM "$model"
	wait "$model"
}
tell_dma_api
end
