#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What the SCP's driver has to refuse, in TAP, with krane's device tree: memory that is
# not to be had, 100 times, and a firmware whose buffers for messages do not fit into
# the SRAM. The base leaks its assignments of the region, and writes past the SRAM.
#
# Usage: check.sh [REV...]
#
#   REV    base, or a branch with the fixes (fixes; LEVEL=all: base, fixed-series, too)
#
# Exit status: 0 when all is as it should be. The consoles are in
# build/logs/boot/scp-refused-PART-REV.log.
#
# groups: test guest
# bases: all

. "$(dirname "$0")/../lib/check.sh"
. "$top/tools/testing/selftests/dma/lib/fixes.sh"
. "$top/tools/testing/selftests/dma/lib/scp.sh"

binds=100
# Two messages: id, length, and 288 bytes
room=592

# A restricted pool without the property has segments of 256 KiB, whatever its size;
# the base's tree has a shared-dma-pool, from which the SCP starts.
prepare()
{
	local part node
	for part in memory fits exceeds; do
		mkdir -p "$made/$part"
	done
	scp_programs "$made/fits" && cp "$made/fits"/* "$made/exceeds" && cp "$made/fits"/* "$made/memory" &&
		guest_board_dtb series "$made/memory.dtb" &&
		node=$(fdtget "$made/memory.dtb" /__symbols__ scp_mem_reserved) &&
		fdtput -d "$made/memory.dtb" "$node" io-tlb-segsize &&
		guest_board_dtb base "$made/fits.dtb" && cp "$made/fits.dtb" "$made/exceeds.dtb" &&
		guest_scp_firmware "$made/fits.dtb" "$made/memory/scp.img" &&
		guest_scp_firmware "$made/fits.dtb" "$made/fits/scp.img" $room &&
		guest_scp_firmware "$made/fits.dtb" "$made/exceeds/scp.img" $((room - 4)) &&
		echo "fail $binds" >"$made/memory/jobs" &&
		printf 'start\necho 1000\n' >"$made/fits/jobs" &&
		echo start >"$made/exceeds/jobs"
}

boot()
{
	scp_boot "$made/$1" "refused-$1-$2" "$2" "$made/$1.dtb" "$made/$1/jobs"
}

said()
{
	grep -m 1 -E "$3" "$logs/boot/scp-refused-$1-$2.log"
}

memory()
{
	boot memory "$1" && guest_all_ok "scp-refused-memory-$1" fail 1 &&
		said memory "$1" "mtk-scp .*: failed to allocate $((guest_scp_dram)) bytes from /reserved-memory/" &&
		guest_no_report "scp-refused-memory-$1" 'Call trace'
}

memory_leaks()
{
	boot memory "$1"
	said memory "$1" "not ok - fail count=$binds bound=0 assigned=$((2 * binds)) "
}

fits()
{
	boot fits "$1" && guest_all_ok "scp-refused-fits-$1" '(start|echo)' 2 &&
		guest_no_report "scp-refused-fits-$1" 'Call trace'
}

exceeds()
{
	boot exceeds "$1"
	said exceeds "$1" "IPI buffer does not fit in SRAM" &&
		said exceeds "$1" 'start .* state=offline' &&
		guest_no_report "scp-refused-exceeds-$1" 'Call trace'
}

writes_past_sram()
{
	! boot exceeds "$1" &&
		said exceeds "$1" 'Unable to handle .* paging request' &&
		said exceeds "$1" '(scp_ipi_init|scp_parse_fw)'
}

fixes_revisions "$@"
need dtc fdtoverlay fdtget fdtput cpp git
tap "the guest's device trees, firmware and programs are made" prepare
for rev in "${revs[@]}"; do
	tap_kernel "$rev"
	tap "$rev: buffers for messages that end with the SRAM: the SCP runs" fits "$rev"
	if [ "$rev" = base ]; then
		tap "base: no memory: leaks, as known" memory_leaks base
		if git -C "$base_dir/tree" grep -q ipi_share_buffer_size base -- drivers/remoteproc/mtk_scp.c; then
			tap "base: buffers past the end of the SRAM: written, as known" writes_past_sram base
		else
			tap "base: buffers past the end of the SRAM: refused, as their size is fixed" exceeds base
		fi
		continue
	fi
	tap "$rev: no memory, $binds times: one assignment each, no leak, an error with the size" memory "$rev"
	tap "$rev: buffers past the end of the SRAM: refused" exceeds "$rev"
done
tap_end
