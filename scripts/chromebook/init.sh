#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# init of the guest of scripts/chromebook/image.sh: loads the SCP's driver, /modules/ in
# their order, and says what it got. What is waited for is a line of the kernel's log.

# shellcheck source=tools/testing/selftests/dma/lib/init.sh
. /init-lib.sh

tell "kernel $(uname -r)"
for module in /modules/*.ko; do
	insmod "$module" || tell insmod "$module" FAILED
done
has_probed()
{
	dmesg | grep -E 'remoteproc0: scp is available|mtk-scp.*failed with error' >/dev/null
}
wait_for 120 "the SCP's driver" has_probed
tell_pools
end
