#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A shell in the guest: krane's device tree on QEMU with its restricted pool, the probe
# device on that pool and the program that asks it, debugfs. What can be tried is
# printed at the beginning.
#
# Usage: shell.sh [REV]
#   REV  the revision of build/$BASE/tree whose kernel and tree it is (series)
#
# Environment:
#   SCP=1        with the SCP's driver, its firmware and the model of the SCP
#   GDB=1        wait for a debugger before the first instruction
#   CONFIG=name  the kernel's configuration (small, which is built the soonest)
#   SMP=n, MEM=size, and what else scripts/guest/boot.sh takes
#
# Exit status: 0 when the guest has powered off.

. "$(dirname "$0")/../lib/common.sh"
. "$top/scripts/lib/guest.sh"
. "$top/tools/testing/selftests/dma/lib/scp.sh"

arguments 0 1 "$@"
rev=${1:-series}
need dtc fdtoverlay cpp git cpio
guest_config=${CONFIG:-small}
out=$build/shell

"$top/scripts/kernel/tree.sh"
"$top/scripts/kernel/build.sh" "$guest_config" "$rev"
step shell/programs guest_program "$out/dma_probe"
step shell/scp-program guest_program "$out/scp_model" scp_model
step shell/dtb guest_board_dtb "$rev" "$out/krane.dtb"
step shell/scp-firmware guest_scp_firmware "$out/krane.dtb" "$out/scp.img"
mapfile -t files < <(scp_files "$out" "$rev" "$out/krane.dtb")
# Where guest_run makes its initramfs
made=$out
CONSOLE=stdio guest_run shell "$rev" "$out/krane.dtb" "$top/scripts/guest/shell-init.sh" \
	"$out/dma_probe:bin/dma_probe" "${files[@]}" ${SCP:+-append "SCP=$SCP"}
