#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The main job: boot krane's device tree with the real SCP driver three times,
#   [1] today's kernel, today's tree
#   [2] today's kernel, the tree with the restricted pool (the series' 3/3 alone)
#   [3] the series' kernel and tree
# and print one table of what the SCP driver and others on its pool get.
#
# Usage: run.sh
#
# Environment:
#   CONFIG=name  the kernels' configuration (small, which is built the soonest)
#
# The table is also in build/run/table.txt, the consoles in build/logs/boot/.
# Exit status: 0 when [3] is as it should be and [2] shows what is wrong without
# the series; 1 with what was not so.

. "$(dirname "$0")/../lib/common.sh"
. "$top/scripts/lib/guest.sh"
. "$top/tools/testing/selftests/dma/lib/scp.sh"

no_arguments "$@"
need dtc fdtoverlay cpp git cpio
guest_config=${CONFIG:-small}

out=$build/run
kinds=(coherent noncontiguous streaming)

start=$SECONDS
"$top/scripts/kernel/tree.sh"
"$top/scripts/kernel/build.sh" "$guest_config" base
"$top/scripts/kernel/build.sh" "$guest_config" series

mkdir -p "$out"
step run/guest-program guest_program "$out/dma_probe"
step run/scp-program guest_program "$out/scp_model" scp_model
step run/dtb-base guest_board_dtb base "$out/base.dtb"
step run/dtb-series guest_board_dtb series "$out/series.dtb"
step run/scp-firmware guest_scp_firmware "$out/series.dtb" "$out/scp.img"
pool=/reserved-memory/memory@50000000
fdtget "$out/series.dtb" $pool compatible 2>/dev/null | grep restricted-dma-pool >/dev/null ||
	die "the series' device tree has no restricted pool at $pool" \
		"is patch 3/3 in the series? Look at build/$BASE/tree"

# boot COLUMN REV TREE
boot()
{
	local files
	mapfile -t files < <(scp_files "$out" "$2" "$out/$3.dtb")
	"$top/scripts/guest/initramfs.sh" "$out/$1.cpio.gz" \
		"$top/scripts/guest/run-init.sh" \
		"$out/dma_probe" "${files[@]}" &&
	ICOUNT=1 "$top/scripts/guest/boot.sh" "run-$1" "$base_dir/image/$guest_config-$2/Image" "$out/$3.dtb" \
		"$out/$1.cpio.gz"
}

# The parts of the initramfs that are the same for all are cheap to make again.
step run/boot-1-today boot 1 base base
step run/boot-2-restricted boot 2 base series
step run/boot-3-series boot 3 series series

# The answers: answer[COLUMN:KEY]
declare -A answer

# line COLUMN WORDS: the first answer of that boot that begins with WORDS
line()
{
	guest_answers "run-$1" | grep -m 1 -- "^$2 " || true
}

# Where a buffer is, seen from the pool of the same boot
place()
{
	local addr=$1 size=$2 base=$3 length=$4
	if [ $((addr)) -ge $((base)) ] &&
	   [ $((addr + size)) -le $((base + length)) ]; then
		echo "ok, in the pool"
	else
		echo "ok, elsewhere"
	fi
}

read_answers()
{
	local column=$1 log=$logs/boot/run-$1.log info base length kind key size found
	info=$(line "$column" info)
	base=$(guest_field pool_base "$info")
	length=$(guest_field pool_size "$info")
	answer[$column:told]=$(guest_field max_mapping_size "$info")
	answer[$column:pool]=$(guest_field pool "$info")
	answer[$column:dma-errors]=$(guest_field errors "$(line "$column" dma-api)")
	# Slots of the SCP's pool, - where debugfs does not have them
	found=$(line "$column" "pool ${pool##*/}")
	for key in segsize used; do
		size=$(guest_field "io_tlb_$key" "$found")
		answer[$column:$key]=${size:--}
	done

	if grep -q 'remoteproc0: scp is available' "$log" &&
	   [ -n "$(line "$column" remoteproc)" ]; then
		answer[$column:scp]=probed
	else
		found=$(sed -n 's/.*mtk-scp.*failed with error \(-[0-9]*\).*/\1/p' "$log" |
			head -n 1)
		answer[$column:scp]="FAILED${found:+ ($found)}"
	fi

	found=$(line "$column" remoteproc | awk '{ print $2 }')
	answer[$column:firmware]=${found:--}
	found=$(line "$column" echo)
	answer[$column:echo]=-
	[ -z "$found" ] ||
		answer[$column:echo]="$(guest_field returned "$found") of $(guest_field sent "$found")"

	for kind in "${kinds[@]}"; do
		for size in 5242880 614400; do
			found=$(line "$column" "try kind=$kind size=$size")
			case $(guest_field result "$found") in
			ok)
				answer[$column:$kind:$size]=$(place \
					"$(guest_field dma_addr "$found")" "$size" \
					"$base" "$length")
				;;
			failed)
				answer[$column:$kind:$size]="FAILED (-$(guest_field errno "$found"))"
				;;
			*)
				answer[$column:$kind:$size]="no answer"
				;;
			esac
		done
		found=$(line "$column" "largest kind=$kind")
		answer[$column:$kind:largest]=$(guest_size "$(guest_field largest "$found")")
		[ "$(guest_field largest "$found")" != "$(guest_field limit "$found")" ] ||
			answer[$column:$kind:largest]+=" or more"
	done
}

# row TEXT KEY
row()
{
	printf '%-26s | %-18s | %-18s | %-18s\n' "$1" \
		"${answer[1:$2]}" "${answer[2:$2]}" "${answer[3:$2]}"
}

rule()
{
	printf '%s-|-%s-|-%s-|-%s\n' "$(printf -- '-%.0s' {1..26})" \
		"$(printf -- '-%.0s' {1..18})" "$(printf -- '-%.0s' {1..18})" \
		"$(printf -- '-%.0s' {1..18})"
}

table()
{
	local kind column
	printf 'krane (%s) on QEMU; the SCP'"'"'s pool: %s at %#x\n\n' "$guest_board" \
		"$(guest_size "$(guest_field pool_size "$(line 3 info)")")" \
		"$(guest_field pool_base "$(line 3 info)")"
	printf '%-26s | %-18s | %-18s | %-18s\n' \
		"" "[1] today's kernel" "[2] today's kernel" "[3] the series" \
		"" "today's tree" "restricted pool" "restricted pool"
	rule
	row "SCP driver" scp
	row "SCP firmware" firmware
	row "messages echoed" echo
	for kind in "${kinds[@]}"; do
		row "5 MiB   $kind" "$kind:5242880"
	done
	for kind in "${kinds[@]}"; do
		row "600 KiB $kind" "$kind:614400"
	done
	for kind in "${kinds[@]}"; do
		row "largest $kind" "$kind:largest"
	done
	for column in 1 2 3; do
		answer[$column:told]=$(guest_size "${answer[$column:told]}")
	done
	row "dma_max_mapping_size()" told
	row "debugfs: io_tlb_segsize" segsize
	row "debugfs: io_tlb_used" used
	row "DMA-API errors" dma-errors
	printf '\nin the pool: the only memory that such a device may reach; elsewhere: it may not\n'
	printf '\nWhat the kernel says in [2]:\n'
	grep -E 'mtk-scp.*failed|swiotlb buffer is full' "$logs/boot/run-2.log" |
		sed 's/^\(\[[^]]*\] \)\{0,1\}/    /' | sort -u
}

for column in 1 2 3; do
	read_answers $column
done

failed=0
# expect COLUMN WHAT KEY VALUE
expect()
{
	[ "${answer[$1:$3]}" != "$4" ] || return 0
	printf 'error: [%s] %s: %s, should be: %s\n' "$1" "$2" "${answer[$1:$3]}" "$4" >&2
	failed=1
}

# What [3] is there to show ...
expect 3 "SCP driver" scp probed
expect 3 "SCP firmware" firmware running
expect 3 "messages echoed" echo "1000 of 1000"
expect 3 "kind of pool" pool restricted
expect 3 "dma_max_mapping_size()" told 8388608
expect 3 "debugfs: io_tlb_segsize" segsize 4096
expect 3 "debugfs: io_tlb_used" used 2560
expect 3 "DMA-API errors" dma-errors 0
for kind in "${kinds[@]}"; do
	expect 3 "5 MiB $kind" "$kind:5242880" "ok, in the pool"
	expect 3 "600 KiB $kind" "$kind:614400" "ok, in the pool"
	expect 3 "largest $kind" "$kind:largest" "8 MiB"
done
# ... and that it is not there without the series.
expect 1 "SCP driver" scp probed
expect 1 "SCP firmware" firmware running
expect 1 "messages echoed" echo "1000 of 1000"
expect 2 "SCP driver" scp "FAILED (-12)"
expect 2 "SCP firmware" firmware -
expect 2 "kind of pool" pool restricted
expect 2 "debugfs: io_tlb_segsize" segsize -
expect 2 "debugfs: io_tlb_used" used 0
for kind in "${kinds[@]}"; do
	expect 2 "5 MiB $kind" "$kind:5242880" "FAILED (-12)"
	expect 2 "600 KiB $kind" "$kind:614400" "FAILED (-12)"
done

echo
table | sed 's/ *$//' >"$out/table.txt"
cat "$out/table.txt"
printf '\n%d s; the table is in %s, the consoles in %s\n' $((SECONDS - start)) \
	"${out#"$top"/}/table.txt" "${logs#"$top"/}/boot/run-*.log"
if [ $failed -ne 0 ]; then
	die "the demonstration did not show what it should, see above"
fi
