#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# init of the guest of "make shell": everything is mounted, the probe device is there,
# with SCP=1 on the kernel's command line the SCP runs, and there is a shell on the
# console. The guest powers off when that ends.

# shellcheck source=tools/testing/selftests/dma/lib/init.sh
. /init-lib.sh

exec >/dev/console 2>&1
# Of the kernel's log the console has only what is urgent from here on.
echo 5 >/proc/sys/kernel/printk
# shellcheck source=tools/testing/selftests/dma/lib/scp-guest.sh
[ -z "$SCP" ] || . /scp-guest.sh
[ -z "$SCP" ] || start_scp >/dev/kmsg 2>&1
insmod /dma_probe.ko

cat <<-'EOF'

	A shell in the guest. For instance:
	  dma_probe /dev/dma-probe-scp info
	  dma_probe /dev/dma-probe-scp try coherent 5M
	  dma_probe /dev/dma-probe-scp largest streaming
	  grep . /sys/kernel/debug/swiotlb/*/io_tlb_* /sys/kernel/debug/*@*/io_tlb_*
	  dmesg | tail
	"dma_probe" alone says what else it can do. "exit" powers the guest off; Ctrl-A X
	ends QEMU.
EOF
cd /root || exit
export PS1='guest# ' PATH=/bin HOME=/root
# A session of its own, for Ctrl-C to reach what runs and not the shell
setsid cttyhack sh
end
