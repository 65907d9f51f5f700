#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The main job: boot krane's device tree with the real SCP driver four times,
#   [1] today's kernel, today's tree
#   [2] today's kernel, the tree with the restricted pool (the series' board patch alone)
#   [3] today's kernel, a tree with two regions, for coherent buffers and for all others
#       (arch/arm64/boot/dts/mediatek/mt8183-kukui-two-regions.dtso)
#   [4] the series' kernel and tree
# and print one table of what the SCP driver gets, and then another device on its memory.
#
# Usage: run.sh
#
# Environment:
#   CONFIG=name  the kernels' configuration (small, which is built the soonest)
#
# The table is also in build/run/table.txt, the consoles in build/logs/boot/.
# Exit status: 0 when [4] is as it should be and the others show what is wrong without
# the series; 1 with what was not so.

. "$(dirname "$0")/../lib/common.sh"
. "$top/scripts/lib/guest.sh"
. "$top/tools/testing/selftests/dma/lib/scp.sh"

no_arguments "$@"
need dtc fdtoverlay cpp git cpio
guest_config=${CONFIG:-small}

out=$build/run
# Where guest_run makes its initramfs
made=$out
kinds=(coherent noncontiguous streaming)
sizes=([262144]="256 KiB" [614400]="600 KiB" [5242880]="5 MiB  ")

start=$SECONDS
"$top/scripts/kernel/tree.sh"
"$top/scripts/kernel/build.sh" "$guest_config" base
"$top/scripts/kernel/build.sh" "$guest_config" series

mkdir -p "$out"
step run/guest-program guest_program "$out/dma_probe"
step run/scp-program guest_program "$out/scp_model" scp_model
step run/dtb-base guest_board_dtb base "$out/base.dtb"
step run/dtb-two-regions guest_overlay "$out/base.dtb" "$out/two-regions.dtb" "$guest_board_two_regions"
step run/dtb-series guest_board_dtb series "$out/series.dtb"
step run/scp-firmware guest_scp_firmware "$out/series.dtb" "$out/scp.img"
pool=/reserved-memory/memory@50000000
fdtget "$out/series.dtb" $pool compatible 2>/dev/null | grep restricted-dma-pool >/dev/null ||
	die "the series' device tree has no restricted pool at $pool" \
		"is the board patch in the series? Look at build/$BASE/tree"

# boot COLUMN REV TREE
boot()
{
	local files
	mapfile -t files < <(scp_files "$out" "$2" "$out/$3.dtb")
	ICOUNT=1 guest_run "run-$1" "$2" "$out/$3.dtb" "$top/scripts/guest/run-init.sh" \
		"$out/dma_probe" "${files[@]}"
}

step run/boot-1-today boot 1 base base
step run/boot-2-restricted boot 2 base series
step run/boot-3-two-regions boot 3 base two-regions
step run/boot-4-series boot 4 series series

# The answers: answer[COLUMN:ROW]
declare -A answer

# said COLUMN WORDS KEY: in the first answer of that boot that begins with WORDS; "-" if
# there is none
said()
{
	local value
	value=$(guest_said "run-$1" "$2" "$3")
	echo "${value:--}"
}

# scp COLUMN: what became of the SCP's driver
scp()
{
	local log=$logs/boot/run-$1.log error
	if grep -q 'remoteproc0: scp is available' "$log" && guest_answers "run-$1" | grep '^remoteproc ' >/dev/null; then
		echo probed
		return
	fi
	error=$(sed -n 's/.*mtk-scp.*failed with error \(-[0-9]*\).*/\1/p' "$log" | head -n 1)
	echo "FAILED${error:+ ($error)}"
}

# buffer COLUMN KIND SIZE: whether it was had, and where it is, seen from the pool of the
# same boot
buffer()
{
	local job="try kind=$2 size=$3" addr base
	case $(said "$1" "$job" result) in
	ok)
		addr=$(said "$1" "$job" dma_addr) base=$(said "$1" info pool_base)
		if [ $((addr)) -ge $((base)) ] &&
			[ $((addr + $3)) -le $((base + $(said "$1" info pool_size))) ]; then
			echo "ok, in the pool"
		else
			echo "ok, elsewhere"
		fi
		;;
	failed) echo "FAILED (-$(said "$1" "$job" errno))" ;;
	*) echo "no answer" ;;
	esac
}

# largest COLUMN KIND
largest()
{
	local size
	size=$(said "$1" "largest kind=$2" largest)
	[ "$size" != 0 ] || {
		echo none
		return
	}
	guest_size "${size#-}" | tr -d '\n'
	[ "$size" != "$(said "$1" "largest kind=$2" limit)" ] || printf ' or more'
}

read_answers()
{
	local column=$1 kind size echoed firmware limit
	answer["$column:kind of pool"]=$(said "$column" info pool)
	answer["$column:SCP driver"]=$(scp "$column")
	firmware=$(guest_answers "run-$column" | sed -n 's/^remoteproc //p')
	answer["$column:SCP firmware"]=${firmware:--}
	echoed=$(said "$column" echo returned)
	[ "$echoed" = - ] || echoed+=" of $(said "$column" echo sent)"
	answer["$column:messages echoed"]=$echoed
	for kind in "${kinds[@]}"; do
		for size in "${!sizes[@]}"; do
			answer["$column:${sizes[size]} $kind"]=$(buffer "$column" "$kind" "$size")
		done
		answer["$column:largest $kind"]=$(largest "$column" "$kind")
	done
	limit=$(said "$column" info max_mapping_size)
	answer["$column:dma_max_mapping_size()"]=$(guest_size "${limit#-}")
	# Slots of the restricted pool, - where debugfs does not have them
	answer["$column:debugfs: io_tlb_segsize"]=$(said "$column" "pool memory@5[0-9a-f]*" io_tlb_segsize)
	answer["$column:debugfs: io_tlb_used"]=$(said "$column" "pool memory@5[0-9a-f]*" io_tlb_used)
	answer["$column:DMA-API errors"]=$(said "$column" dma-api errors)
}

# rows ROW...: as they are called in answer
rows()
{
	local row
	for row; do
		printf '%-26s | %-18s | %-18s | %-18s | %-18s\n' "$row" \
			"${answer[1:$row]}" "${answer[2:$row]}" "${answer[3:$row]}" "${answer[4:$row]}"
	done
}

table()
{
	printf 'krane (%s) on QEMU; the SCP'"'"'s memory: %s at %#x\n\n' "$guest_board" \
		"$(guest_size "$(said 4 info pool_size)")" "$(said 4 info pool_base)"
	printf '%-26s | %-18s | %-18s | %-18s | %-18s\n' \
		"" "[1] today's kernel" "[2] today's kernel" "[3] today's kernel" "[4] the series" \
		"" "today's tree" "restricted pool" "two regions" "restricted pool"
	echo "---------------------------|--------------------|--------------------|--------------------|-------------------"
	rows "SCP driver" "SCP firmware" "messages echoed" "${kinds[@]/#/5 MiB   }" \
		"${kinds[@]/#/600 KiB }" "${kinds[@]/#/256 KiB }" "${kinds[@]/#/largest }" "dma_max_mapping_size()" \
		"debugfs: io_tlb_segsize" "debugfs: io_tlb_used" "DMA-API errors"
	printf '\nthe sizes: what a second device on the same memory gets, beside the SCP'"'"'s 5 MiB\n'
	printf 'two regions: 8 MiB, a shared-dma-pool, and 33 MiB, a restricted-dma-pool\n'
	printf 'in the pool: the only memory that such a device may reach; elsewhere: it may not\n'
	printf '\nWhat the kernel says in [2]:\n'
	grep -E 'mtk-scp.*failed|swiotlb buffer is full' "$logs/boot/run-2.log" |
		sed 's/^\(\[[^]]*\] \)\{0,1\}/    /' | sort -u
}

for column in 1 2 3 4; do
	read_answers $column
done
echo
table | sed 's/ *$//' | tee "$out/table.txt"
printf '\n%d s; the table is in %s, the consoles in %s\n' $((SECONDS - start)) \
	"${out#"$top"/}/table.txt" "${logs#"$top"/}/boot/run-*.log"

failed=0
while IFS='|' read -r column row expected; do
	[ "${answer[$column:$row]-}" = "$expected" ] || {
		printf 'error: [%s] %s: %s, should be: %s\n' "$column" "$row" \
			"${answer[$column:$row]-}" "$expected" >&2
		failed=1
	}
done < <(sed '/^#/d' "$top/scripts/guest/run.expected")
[ $failed -eq 0 ] || die "the demonstration did not show what it should, see above"
