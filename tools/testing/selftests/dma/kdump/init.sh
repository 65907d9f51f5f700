#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# init of check.sh's guests: krane with a kernel that is not to use the memory in
# which the SCP's pool is. If the command line has crashkernel=, the kernel crashes
# as soon as another one is loaded there, and this is that one's init, too.

# shellcheck source=tools/testing/selftests/dma/lib/init.sh
. /init-lib.sh

# The vmcore is an ELF core (type 4) of arm64 (machine 0xb7), as large as the crashed
# kernel's memory at least, and it can be read to its end.
vmcore()
{
	header=$(od -A n -t x1 -N 20 /proc/vmcore | tr -d ' \n')
	size=$(stat -c %s /proc/vmcore)
	read=$(wc -c </proc/vmcore)
	release=$(head -c 64k /proc/vmcore | grep -a -o 'OSRELEASE=.*')
	result=FAILED
	case $header in
	7f454c46*0400b700) [ "$read" != "$size" ] || [ -z "$release" ] || result=ok ;;
	esac
	tell vmcore "header=$header size=$size read=$read $release" $result
}

# Neither the SCP nor another device on its pool gets a driver.
refuse()
{
	for module in rpmsg_core mtk_rpmsg mtk_scp_ipi mtk_scp dma_probe; do
		insmod /$module.ko
	done
	bound=$(cd /sys/bus/platform/drivers && echo mtk-scp/*.scp dma-probe/dma-probe-scp*)
	result=ok
	[ "$bound" = "mtk-scp/*.scp dma-probe/dma-probe-scp*" ] || result=FAILED
	tell refuse "bound=$bound" $result
}

if [ -e /proc/vmcore ]; then
	vmcore
elif grep crashkernel= /proc/cmdline; then
	/kexec_file -p /Image /next.cpio.gz "$(sed 's/crashkernel=[^ ]*//' /proc/cmdline)" || end
	echo c >/proc/sysrq-trigger
fi
refuse
end
