# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# For the init of a guest: the SCP's driver, and the program that plays the SCP.
# What is waited for is a line of the kernel's log.

# Of the board's device tree
firmware=$(cat "$(find /sys/firmware/devicetree/base -type d -name 'scp@*' |
	head -n 1)/firmware-name" 2>/dev/null)
firmware=/lib/firmware/${firmware:-mediatek/mt8183/scp.img}

# The last word on the SCP's remoteproc, "none" without one
remoteproc()
{
	cat /sys/class/remoteproc/remoteproc*/"$1" 2>/dev/null || echo none
}

# What the kernel has said since the last mark, by which a start can be told from
# the one before
mark=0

set_mark()
{
	mark=$((mark + 1))
	echo "scp-init: mark $mark"
}

since_mark()
{
	dmesg | sed "1,/scp-init: mark $mark\$/d"
}

# The firmware is loaded by a worker of the kernel, and each way that it can end
# has its message.
is_settled()
{
	since_mark | grep -E 'is now up|mtk-scp.*failed with error|IPI buffer.* in SRAM|Failed to load program|Failed to process|can.t start rproc|request_firmware failed' >/dev/null
}

until_settled()
{
	wait_for 120 "the SCP to be up, or to fail" is_settled
}

is_in_log()
{
	dmesg | grep -E "$1" >/dev/null
}

# The model first: the firmware has two seconds to answer.
start_scp()
{
	/scp_model "$firmware" &
	# shellcheck disable=SC2034 # for who has sourced this
	model=$!
	wait_for 120 "the model of the SCP" is_in_log 'scp-model: (ready|error)'
	set_mark
	for module in rpmsg_core mtk_rpmsg mtk_scp_ipi mtk_scp scp_probe; do
		insmod /$module.ko
	done
	until_settled
}

# ipi_echo COUNT: how it went, in one line
ipi_echo()
{
	echo "$1" >/sys/bus/platform/devices/scp-probe/ipi_echo
	cat /sys/bus/platform/devices/scp-probe/ipi_echo
}
