#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Restricted pools at their edges, in TAP: many devices that attach at once, pools
# that cannot be set up, lie where the kernel has no memory, or are too small for a
# request. The jobs are in tools/testing/selftests/dma/edges/init.sh. The base, where
# none of this is so, has to fail each part in the way that is known.
#
# Usage: check.sh [-c CONFIG] [-p PART]... [REV...]
#
#   CONFIG  the kernel (guest; LEVEL=all: guest-debug-dynamic and unrestricted as well)
#   PART    attach, half, past, atomic, again, closed, disk, import, noforce, option (all
#           that CONFIG has what it takes for)
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

# What a part's jobs are, what is to be seen, what the kernel has to say, and what the
# base says instead, a pattern a line. A range stands in the message as the kernel writes
# it.
part()
{
	jobs=$1 what=$1 message='' broken='' append=''
	case $1 in
	attach)
		what="$sharing devices attach at once to each of $pools pools: no page is given twice"
		broken='attach .* twice=[1-9]'
		;;
	closed)
		what="each allocation of a first bind fails: no DMA outside of the pool, then it works"
		message='shared[0-9]*-0: .*restricted DMA pool .*/shared[0-9]*-pool@.*: -12'
		broken='closed .* outside=[1-9]'
		;;
	half)
		jobs="refuse half"
		what="a pool half past the end of memory is refused, its device does not probe"
		message='half: .*half-pool.*\[mem 0x0*7ff00000-0x0*800fffff\].* linear mapping'
		broken='Unable to handle .* paging request'
		;;
	past)
		jobs="refuse past"
		what="a pool past the end of memory is refused, its device does not probe"
		message='past: .*past-pool.*\[mem 0x0*80100000-0x0*802fffff\].* linear mapping'
		broken='Unable to handle .* paging request'
		;;
	atomic)
		what="coherent memory that must not sleep: none for a device that needs a mapping"
		message="atomic: can't remap memory of a restricted DMA pool in atomic context"
		broken='atomic .* given=25 '
		;;
	disk)
		jobs=$'disk vda 1\ndisk vdb 4\ndisk vdc 16\ndisk vdd 64'
		what="a disk whose pool has 1, 4, 16, 64 MiB: a write of as much"
		broken='waited .* a write of 1 MiB to vda in vain'
		;;
	import)
		jobs=$'import 352 288 coherent 4\nimport 352 288 noncoherent 4'
		jobs+=$'\nreplay 352 288 coherent 4\nreplay 352 288 noncoherent 4'
		jobs+=$'\nshow 352 288 coherent 4'
		what="a device whose data is bounced is given a dma-buf, to write and to read: refused, and no other"
		message=$'vb2-probe camera: failed to map a dma-buf without bounce buffers\n'
		message+=$'vb2-probe display: failed to map a dma-buf without bounce buffers\n'
		message+=' ok - show .*: frames=4'
		broken=$'not ok - import .* coherent .* a frame differs\nnot ok - import .* noncoherent .* a frame differs\n'
		broken+=$'not ok - replay .* coherent .*frame: Input/output error\nnot ok - replay .* noncoherent .*frame: Input/output error\n'
		broken+='vb2-probe display: a frame is shown twice'
		;;
	again)
		jobs="again 100"
		what="a device is bound 100 times: its pool is recorded once, for it alone"
		broken='again .* assigned=100 inherited=1 '
		;;
	noforce)
		jobs="bind plain"
		what="swiotlb=noforce, and so no default pool: a restricted pool is used"
		append="swiotlb=noforce"
		broken='bind plain .* given=0 '
		;;
	option)
		what="a kernel that knows no restricted pools says so once"
		broken='option said=0 '
		;;
	*) usage_error "unknown part '$1'" ;;
	esac
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
		guest_program "$made/fail_nth" fail_nth &&
		guest_program "$made/vb2_probe" vb2_probe
}

boot()
{
	local name=$1 image=$base_dir/image/$guest_config-$2 dtb=$made/edges.dtb files
	io_options=()
	files=("$selftests/lib/io-guest.sh" "$made/fail_nth" "$image/attach_probe.ko" "$made/jobs")
	case $jobs in
	disk*)
		dtb=$made/io.dtb
		io_qemu_disks "$made" edges || return
		;;
	import*)
		dtb=$made/media.dtb
		files+=("$made/vb2_probe" "$image/vb2_probe.ko")
		;;
	esac
	printf '%s\n' "$jobs" >"$made/jobs"
	guest_run "$name" "$2" "$dtb" "$here/init.sh" "${files[@]}" \
		-append "log_buf_len=4M $append" -- "${io_options[@]}"
}

# said LOG PATTERNS: each of them, if there are any
said()
{
	local pattern
	while read -r pattern; do
		grep -m 1 -E -e "$pattern" "$logs/boot/$1.log" || return
	done <<<"$2"
}

all_ok()
{
	guest_all_ok "$1" "($(cut -d ' ' -f 1 "$made/jobs" | sort -u | paste -sd '|'))" "$(wc -l <"$made/jobs")"
}

holds()
{
	boot "$@" && all_ok "$1" && said "$1" "$message" && guest_no_report "$1" 'Call trace'
}

# The base's own failure, not just any
breaks()
{
	! boot "$@" || ! all_ok "$1" || return
	said "$1" "$broken"
}

check()
{
	local config=$1 rev=$2 guest_config=$1 name how=holds fails=
	tap "$rev: $config: the kernel builds" "$top/scripts/kernel/build.sh" "$config" "$rev"
	[ "$rev" != base ] || how=breaks fails="fails as known: "
	for name in "${parts[@]}"; do
		part "$name"
		tap "$rev: $config: $fails$what" \
			$how "edges-$name-$config-$rev" "$rev"
	done
}

asked=() configs=()
while getopts c:p: option; do
	case $option in
	c) configs=("$OPTARG") ;;
	p) part "$OPTARG" && asked+=("$OPTARG") ;;
	*) usage_error "unknown argument" ;;
	esac
done
shift $((OPTIND - 1))
fixes_revisions "$@"
if [ ${#configs[@]} -eq 0 ]; then
	configs=(guest)
	[ "$level" != all ] || configs+=(guest-debug-dynamic unrestricted)
fi
need dtc fdtoverlay mke2fs
tap "the guest's device trees and program are made" prepare
for config in "${configs[@]}"; do
	parts=(attach half past atomic again)
	[[ $config != *guest* ]] || parts+=(closed disk import)
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
