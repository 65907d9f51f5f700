#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Restricted pools at their edges, in TAP: many devices that attach at once, pools
# that cannot be set up, lie where the kernel has no memory, or are too small for a
# request. What is done and seen is in the file "parts". The base, where
# none of this is so, has to fail each part in the way that is known.
#
# Usage: check.sh [-c CONFIG] [-p PART]... [REV...]
#
#   CONFIG  the kernel (guest; LEVEL=all: guest-debug-dynamic and unrestricted as well)
#   PART    attach, half, past, atomic, again, closed, disk, scatter, nvme, rescan,
#           import, noforce, option (all that CONFIG has what it takes for)
#   REV     base, or a branch with the fixes (fixes; LEVEL=all: base, fixed-series, too)
#
# Exit status: 0 when all is as it should be. The consoles are in
# build/logs/boot/edges-PART-CONFIG-REV.log.
#
# groups: test guest
# bases: all

. "$(dirname "$0")/../lib/check.sh"
. "$top/tools/testing/selftests/dma/lib/fixes.sh"
. "$top/tools/testing/selftests/dma/lib/io.sh"

pools=24
sharing=8

# of_part PART KEY: the file "parts" has these lines
of_part()
{
	sed -n "/^part $1\$/,/^\$/s/^$2 //p" "$here/parts"
}

shared_pools()
{
	local i j base
	echo '/dts-v1/; /plugin/; &{/} {'
	echo 'reserved-memory { #address-cells = <2>; #size-cells = <2>; ranges;'
	for ((i = 0; i < pools; i++)); do
		base=$(printf '%x' $((0x50000000 + i * 0x200000)))
		echo "pool$i: shared$i-pool@$base {"
		echo "compatible = \"restricted-dma-pool\"; reg = <0x0 0x$base 0x0 0x200000>; };"
	done
	echo '};'
	for ((i = 0; i < pools; i++)); do
		for ((j = 0; j < sharing; j++)); do
			echo "shared$i-$j { compatible = \"swiotlb-test,attach-probe\"; memory-region = <&pool$i>; };"
		done
	done
	echo '};'
}

prepare()
{
	io_device_tree "$made" && shared_pools >"$made/shared.dtso" &&
		guest_machine_overlay "$made/edges.dtb" "$made/shared.dtso" "$here/virt.dtso" &&
		guest_machine_overlay "$made/media.dtb" "$selftests/media/virt.dtso" &&
		cp "$made/io.dtb" "$made/nvme.dtb" &&
		fdtput -d "$made/nvme.dtb" /pcie@10000000 dma-coherent &&
		guest_program "$made/scatter" scatter &&
		guest_program "$made/fail_nth" fail_nth &&
		guest_program "$made/vb2_probe" vb2_probe
}

# boot PART NAME REV
boot()
{
	local part=$1 name=$2 image=$base_dir/image/$guest_config-$3 dtb=$made/edges.dtb files
	io_options=() io_mmio_options=
	files=("$selftests/lib/io-guest.sh" "$made/fail_nth" "$image/attach_probe.ko" "$made/jobs")
	case $part in
	disk | scatter | nvme | rescan)
		dtb=$made/io.dtb
		[ "$part" != nvme ] || dtb=$made/nvme.dtb
		# So many segments can be in one request.
		[ "$part" != scatter ] || io_mmio_options=,queue-size=1024
		io_qemu_disks "$made" edges && io_qemu_pci_disk "$made" edges || return
		files+=("$made/scatter")
		;;
	import)
		dtb=$made/media.dtb
		files+=("$made/vb2_probe" "$image/vb2_probe.ko")
		;;
	esac
	of_part "$part" job >"$made/jobs"
	[ -s "$made/jobs" ] || echo "$part" >"$made/jobs"
	guest_run "$name" "$3" "$dtb" "$here/init.sh" "${files[@]}" \
		-append "log_buf_len=4M $(of_part "$part" append)" -- "${io_options[@]}"
}

# said PART NAME KEY: the console has each of the part's patterns
said()
{
	local pattern
	while IFS= read -r pattern; do
		grep -m 1 -E -e "$pattern" "$logs/boot/$2.log" || return
	done < <(of_part "$1" "$3")
}

all_ok()
{
	guest_all_ok "$1" "($(cut -d ' ' -f 1 "$made/jobs" | sort -u | paste -sd '|'))" "$(wc -l <"$made/jobs")"
}

holds()
{
	boot "$@" && all_ok "$2" && said "$1" "$2" message && guest_no_report "$2" 'Call trace'
}

# The base's own failure, not just any
breaks()
{
	! boot "$@" || ! all_ok "$2" || return
	said "$1" "$2" broken
}

check()
{
	local config=$1 rev=$2 guest_config=$1 part how fails
	tap "$rev: $config: the kernel builds" "$top/scripts/kernel/build.sh" "$config" "$rev"
	for part in "${parts[@]}"; do
		how=holds fails=
		[ "$rev" != base ] || [ -z "$(of_part "$part" broken)" ] ||
			how=breaks fails="fails as known: "
		tap "$rev: $config: $fails$(of_part "$part" what)" \
			$how "$part" "edges-$part-$config-$rev" "$rev"
	done
}

asked=() configs=()
while getopts c:p: option; do
	case $option in
	c) configs=("$OPTARG") ;;
	p)
		grep -qx "part $OPTARG" "$here/parts" || usage_error "unknown part '$OPTARG'"
		asked+=("$OPTARG")
		;;
	*) usage_error "unknown argument" ;;
	esac
done
shift $((OPTIND - 1))
fixes_revisions "$@"
if [ ${#configs[@]} -eq 0 ]; then
	configs=(guest)
	[ "$level" != all ] || configs+=(guest-debug-dynamic unrestricted)
fi
need dtc fdtoverlay fdtput mke2fs
tap "the guest's device trees and program are made" prepare
for config in "${configs[@]}"; do
	parts=(attach half past atomic again)
	[[ $config != *guest* ]] || parts+=(closed disk scatter nvme rescan import)
	# SWIOTLB_DYNAMIC came with 6.6.
	[[ $config != *dynamic* ]] ||
		if git -C "$base_dir/tree" grep -q 'config SWIOTLB_DYNAMIC' base -- kernel/dma/Kconfig; then
			parts+=(noforce)
		else
			tap_ok "$config: swiotlb=noforce # SKIP this kernel has no SWIOTLB_DYNAMIC"
		fi
	[[ $config != *unrestricted ]] || parts=(option)
	[ ${#asked[@]} -eq 0 ] || parts=("${asked[@]}")
	for rev in "${revs[@]}"; do
		check "$config" "$rev"
	done
done
tap_end
