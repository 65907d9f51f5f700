# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
#
# What the scripts that boot a guest share: the guest's program, krane's device
# tree for QEMU, and how to read what a guest has printed. Source it after
# scripts/lib/common.sh.

# The kernel of the guests that are not about a configuration of their own
# shellcheck disable=SC2034
guest_config=guest

# krane is the board; any other kukui's name would do.
guest_board=mt8183-kukui-krane-sku176
guest_board_overlay=$top/arch/arm64/boot/dts/mediatek/mt8183-kukui-qemu.dtso
# On top of that, what a board could have instead of the series
# shellcheck disable=SC2034
guest_board_two_regions=$top/arch/arm64/boot/dts/mediatek/mt8183-kukui-two-regions.dtso

# guest_accel ARCH HOSTARCH KVM [INTERRUPTS]: kvm or tcg, for a guest of ARCH on a
# host that "uname -m" calls HOSTARCH, with the device KVM and /proc/interrupts.
# Only TCG can count instructions, is the same everywhere for a debugger, and has
# CPUs and interrupt controllers that the host has not: krane's tree has a GICv3.
guest_accel()
{
	case $1/$2 in
	arm64/aarch64 | arm64/arm64)
		if [ "${ICOUNT:-0}" = 0 ] && [ "${GDB:-0}" = 0 ] &&
			[ -z "${CPU:-}" ] && [ "${GIC:-3}" = 3 ] && [ -r "$3" ] && [ -w "$3" ] &&
			! grep -q GICv2 "${4:-/proc/interrupts}"; then
			echo kvm
			return
		fi
		;;
	esac
	echo tcg
}

# guest_machine ARCH [CPU]: prints QEMU's program and the options that make it
# the machine of the guests, a word a line. arm64's cortex-a53 has no pages of
# 16 KiB; cortex-a76 has. arm64's machine has a GICv3, or what GIC= says. x86's has
# no PCI, and its devices and interrupts are told by other means than ACPI.
guest_machine()
{
	local program options
	case $1 in
	arm64)
		program=aarch64
		options=(-M "virt,gic-version=${GIC:-3}" -cpu "${2:-cortex-a53}")
		[ "$(CPU=${2:-} guest_accel "$1" "$(uname -m)" /dev/kvm)" = tcg ] ||
			options=(-accel kvm -M "virt,gic-version=3" -cpu host)
		;;
	arm) program=arm options=(-M virt -cpu "${2:-cortex-a15}") ;;
	riscv) program=riscv64 options=(-M virt -cpu "${2:-rv64}") ;;
	x86) program=x86_64 options=(-M "microvm,acpi=off" -cpu "${2:-max}") ;;
	*) die "no guests are booted here for ARCH=$1" "one of: arm64, arm, riscv, x86" ;;
	esac
	program=$("$top/scripts/guest/qemu.sh" "$program") || return
	printf '%s\n' "$program" -nodefaults "${options[@]}"
}

# guest_machine_dtb OUT [OPTION...]: the device tree that QEMU makes for the
# machine of ARCH, with MEM and SMP as they will be at the boot. From QEMU 8 on its
# root says dma-coherent. The boards that the series is for are not, so what is
# allocated for a device has to be mapped anew and caches are to be cleaned: keep that.
guest_machine_dtb()
{
	local out=$1 words machine
	shift
	words=$(guest_machine "${ARCH:-arm64}" "${CPU:-}") || return
	mapfile -t machine <<<"$words"
	"${machine[@]}" -M "dumpdtb=$out" -m "$MEM" -smp "$SMP" -display none "$@" || return
	! fdtget "$out" / dma-coherent >/dev/null 2>&1 || fdtput -d "$out" / dma-coherent
}

# guest_overlay BASE-DTB OUT SOURCE...: BASE-DTB with the overlays, which go through the C
# preprocessor with the options in CPPFLAGS. dtc is quiet about what an overlay cannot
# know of the tree below.
guest_overlay()
{
	local base=$1 out=$2 source overlays=() flags
	read -ra flags <<<"${CPPFLAGS-}"
	for source in "${@:3}"; do
		overlays+=("$out.${#overlays[@]}.dtbo")
		cpp -nostdinc -undef -D__DTS__ -x assembler-with-cpp "${flags[@]}" "$source" |
			dtc -q -@ -I dts -O dtb -o "${overlays[-1]}" - || return
	done
	fdtoverlay -i "$base" -o "$out" "${overlays[@]}"
}

# guest_machine_overlay OUT SOURCE...: the machine's own tree with the overlays
guest_machine_overlay()
{
	mkdir -p "${1%/*}"
	guest_machine_dtb "$1.machine" && guest_overlay "$1.machine" "$@"
}

# guest_run NAME REV DTB FILE... [OPTION...]: boot the guests' kernel of REV as NAME, with
# an initramfs of the FILEs, the init first. From the first OPTION, -append or --, on it
# is scripts/guest/boot.sh's.
guest_run()
{
	local name=$1 image=$base_dir/image/$guest_config-$2/Image dtb=$3 files=()
	shift 3
	mkdir -p "$made"
	while [ $# -gt 0 ] && [[ $1 != -* ]]; do
		files+=("$1")
		shift
	done
	"$top/scripts/guest/initramfs.sh" "$made/$name.cpio.gz" "${files[@]}" &&
		"$top/scripts/guest/boot.sh" "$name" "$image" "$dtb" "$made/$name.cpio.gz" "$@"
}

# guest_program OUT [NAME [ARCH]]: a program for the guest, NAME.c of the selftests;
# without NAME the one that asks the probe device.
guest_program()
{
	local compiler flags
	# Where the cross compiler comes without a C library: --sysroot=
	read -ra flags <<<"${GUEST_CFLAGS-}"
	compiler=$(cross_compile "${3:-arm64}")gcc
	need "$compiler"
	mkdir -p "$(dirname "$1")"
	"$compiler" "${flags[@]}" -static -pthread -O2 -Wall -Wextra -I "$top/include/uapi" \
		-o "$1" "$top"/tools/testing/selftests/dma/*/"${2:-dma_probe}.c"
}

# What the SCP's driver allocates: max_dram_size in drivers/remoteproc/mtk_scp.c
guest_scp_dram=0x500000

# guest_cells DTB LABEL PROPERTY FIRST: two cells, as one number.
guest_cells()
{
	local cells
	read -ra cells < <(fdtget -t x "$1" "$(fdtget "$1" /__symbols__ "$2")" "$3") &&
		printf '%#x\n' $((0x${cells[$4]} << 32 | 0x${cells[$4 + 1]}))
}

# guest_scp_firmware DTB OUT [ROOM]: an image for the SCP of the board DTB, whose buffers
# for messages begin ROOM bytes before the end of the SRAM.
guest_scp_firmware()
{
	local dtb=$1 out=$2 room=${3:-0x1000} source=$top/tools/testing/selftests/dma/scp/scp-firmware cross
	cross=$(cross_compile arm)
	need "${cross}gcc"
	mkdir -p "$(dirname "$out")"
	"${cross}gcc" -c -mcpu=cortex-m4 -mthumb -mfloat-abi=soft \
		-I "$top/include/uapi" -DDRAM_SIZE=$guest_scp_dram -o "$out.o" "$source.S" &&
		"${cross}ld" -n --defsym "dram_base=$(guest_cells "$dtb" scp_mem_reserved reg 0)" \
			--defsym "sram_size=$(guest_cells "$dtb" scp reg 2)" --defsym "ipi_room=$room" -T "$source.ld" -o "$out" "$out.o" &&
		rm -f "$out.o"
}

# guest_board_dtb REV OUT [BOARD]: the board's tree as of revision REV of the
# kernel's git tree, made bootable in QEMU. Taken from git, not from a work tree:
# what is checked out there does not matter and is left alone.
guest_board_dtb()
{
	local rev=$1 out=$2 board=${3:-$guest_board} work status=0
	local mediatek=arch/arm64/boot/dts/mediatek
	need cpp dtc fdtoverlay git
	work=$(mktemp -d "${TMPDIR:-/tmp}/dtb.XXXXXX")
	mkdir -p "$(dirname "$out")"
	{
		git -C "$base_dir/tree" archive "$rev" $mediatek \
			'arch/arm/boot/dts/cros-ec-*.dtsi' \
			include/dt-bindings include/uapi/linux/input-event-codes.h \
			scripts/dtc/include-prefixes |
			tar -x -C "$work" &&
		cpp -nostdinc -undef -D__DTS__ -x assembler-with-cpp \
			-I "$work/scripts/dtc/include-prefixes" \
			-o "$work/board.dts" "$work/$mediatek/$board.dts" &&
		dtc -q -@ -I dts -O dtb -o "$work/board.dtb" "$work/board.dts" &&
		guest_overlay "$work/board.dtb" "$out" "$guest_board_overlay"
	} || status=$?
	rm -rf "$work"
	return "$status"
}

# guest_field KEY LINE: the value of KEY=value in LINE, empty without one.
guest_field()
{
	sed -n "s/.*[[:space:]]$1=\(\"[^\"]*\"\|[^[:space:]]*\).*/\1/p" <<<" $2"
}

# guest_answers NAME: what the guest of that console has told (lib/init.sh), a line each;
# the verdict, ok or FAILED, is the last word of those that have one
guest_answers()
{
	sed -n 's/\r$//; s/^\(\[[^]]*\] \)\{0,1\}tap: //p' "$logs/boot/$1.log" |
		sed -n 's/^ok - \(.*\)/\1 ok/p; s/^not ok - \(.*\)/\1 FAILED/p; s/^# //p'
}

# guest_said NAME JOB KEY: the value of KEY in what the first such job has told
guest_said()
{
	guest_field "$3" "$(guest_answers "$1" | grep -m 1 -- "^$2 ")"
}

# guest_told NAME JOB KEY WANTED: whether that is the value
guest_told()
{
	local got
	got=$(guest_said "$1" "$2" "$3")
	echo "$2: $3 is '$got', expected '$4'"
	[ "$got" = "$4" ]
}

# guest_all_ok NAME PATTERN COUNT: so many jobs, all of them ok
guest_all_ok()
{
	local said
	said=$(guest_answers "$1" | grep -E -- "^$2 " || :)
	printf '%s\n' "$said"
	[ "$(printf '%s\n' "$said" | grep -c ' ok$')" -eq "$3" ] &&
		[ "$(printf '%s\n' "$said" | wc -l)" -eq "$3" ]
}

# tap_jobs LABEL NAME: of that boot, for each line "COUNT PATTERN - TEXT" of standard
# input a line of TAP, see guest_all_ok
tap_jobs()
{
	local count job
	while read -r count job; do
		tap "$1: ${job#* - }" guest_all_ok "$2" "${job%% - *}" "$count"
	done
}

# guest_pools_empty NAME POOLS: so many at least were told, no slot of any in use
guest_pools_empty()
{
	local said
	said=$(guest_answers "$1" | grep '^pool ' || :)
	printf '%s\n' "$said"
	[ "$(grep -c '^pool .* io_tlb_used=0 ' <<<"$said")" -ge "$2" ] &&
		! grep -v ' io_tlb_used=0 ' <<<"$said"
}

# guest_nothing_left NAME POOLS: nor is anything mapped, and no driver made an error
guest_nothing_left()
{
	guest_answers "$1" | grep '^dma-api '
	guest_pools_empty "$1" "$2" &&
		guest_answers "$1" | grep -x 'dma-api errors=0 left=0 ok' >/dev/null
}

# tap_guest_clean LABEL NAME POOLS PATTERN [EXCUSED]: two lines of TAP about the end of
# that boot, see the two functions
tap_guest_clean()
{
	tap "$1: all unbound: no slot in use, nothing mapped, no DMA-API error" guest_nothing_left "$2" "$3"
	tap "$1: no report of the kernel" guest_no_report "$2" "${@:4}"
}

# guest_size BYTES: for people.
guest_size()
{
	case $1 in
	18446744073709551615) echo "no limit" ;;
	'') echo "?" ;;
	*)
		if [ "$1" -ge 1048576 ] && [ $(($1 % 1048576)) -eq 0 ]; then
			echo "$(($1 / 1048576)) MiB"
		else
			echo "$(($1 / 1024)) KiB"
		fi
		;;
	esac
}

# guest_no_report NAME [PATTERN [EXCUSED]]: no check of the kernel reports anything
# on the console of that boot, and no line has PATTERN; lines with EXCUSED aside.
# What is found is printed with what stands around it: often there is no second
# chance to look.
guest_no_report()
{
	! sed "s/\r\$//${3:+;\|$3|d}" "$logs/boot/$1.log" | guest_reports "${2:-}"
}

# guest_reports [PATTERN]: the reports among the lines of standard input
guest_reports()
{
	grep -n -E -B 8 -A 24 "BUG:|[Kk]ernel BUG|Kernel panic|KASAN: |UBSAN: |WARNING: |INFO: |DMA-API: ([^ ]+ [^ ]+: |cacheline|exceeded|debugging out of)|Unable to handle|blocked for more than${1:+|$1}"
}
