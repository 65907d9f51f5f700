# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
#
# What boots the KUnit suite of restricted pools: the guest's device tree, with the
# pools that the suite wants, and the guest itself. Source it after scripts/lib/common.sh and
# guest.sh.

overlay=$top/tools/testing/selftests/dma/kunit/virt.dtso
values=$top/tools/testing/selftests/dma/lib/segsize-values
init=$top/tools/testing/selftests/dma/kunit/init.sh
made=$build/test/guest
highmem=$top/tools/testing/selftests/dma/kunit/virt-highmem.dtso

export ARCH=arm64 MEM=1G SMP=2

# The property's values, one a line: name, value as in a .dts ("-": none), what
# happens to it, slots of a segment; tabs in between.
rows()
{
	awk -F '\t' -v OFS='\t' '!/^#/ && NF { if ($2 == "") $2 = "-"; print }' "$values"
}

# One pool of 1 MiB and its device for each value.
segsize_pools()
{
	rows | awk -F '\t' '
	{
		base = sprintf("%x", 1761607680 + 1048576 * (NR - 1))
		prop = "\t\t\tio-tlb-segsize = " $2 ";\n"
		if ($3 == "absent")
			prop = ""
		else if ($2 == "-")
			prop = "\t\t\tio-tlb-segsize;\n"
		pools = pools "\t\tpool_row_" NR ": row-" $1 "-pool@" base " {\n" \
			"\t\t\tcompatible = \"restricted-dma-pool\";\n" \
			"\t\t\treg = <0x0 0x" base " 0x0 0x100000>;\n" prop "\t\t};\n"
		devices = devices "\trow-" $1 " {\n" \
			"\t\tcompatible = \"swiotlb-test,kunit\";\n" \
			"\t\tmemory-region = <&pool_row_" NR ">;\n" \
			"\t\tswiotlb-test,segsize = <" $4 ">;\n\t};\n"
	}
	END {
		printf "&{/} {\n\treserved-memory {\n%s\t};\n%s};\n", pools, devices
	}'
}

# The machine's own device tree with the pools and devices on top. They lie in
# the first GiB of RAM, which riscv's machine has elsewhere than the others. arm
# has one more pool, out of the linear map.
device_tree()
{
	local overlays=("$made/overlay.dts")
	mkdir -p "$made"
	segsize_pools >"$made/segsize-pools.dtsi" &&
		cpp -nostdinc -undef -x assembler-with-cpp -I "$made" "$overlay" \
			-o "$made/overlay.dts" || return
	[ "$ARCH" != riscv ] ||
		sed -E -i 's/(0x|@)4([0-9a-f]{7}\>)/\18\2/g; s/(0x|@)5([0-9a-f]{7}\>)/\19\2/g;
			s/(0x|@)6([0-9a-f]{7}\>)/\1a\2/g' "$made/overlay.dts" || return
	[ "$ARCH" != arm ] || overlays+=("$highmem")
	guest_machine_overlay "$made/kunit-$ARCH.dtb" "${overlays[@]}"
}

# kunit_parse LOG OUT: the kernel's own reader of KTAP judges; what it says goes to OUT
kunit_parse()
{
	local status=0
	git -C "$base_dir/tree" archive base tools/testing/kunit | tar -x -C "$made" || return
	python3 -B "$made/tools/testing/kunit/kunit.py" parse "$1" >"$2" || status=$?
	tail -n 60 "$2"
	return $status
}

# kunit_boot NAME CONFIG REV [PARAMETER...]: the console goes to
# build/logs/boot/NAME.log; the PARAMETERs go to the kernel.
# swiotlb=: the default pool is in use, and of a size that arm64 leaves alone.
kunit_boot()
{
	local name=$1 config=$2 parameters="${*:4}" image=$base_dir/image/${2/:/-}-$3 files
	files=("$image/swiotlb_kunit.ko")
	# Half of the time goes into that; the kernel for it has it on.
	[[ $config == *debug* ]] || parameters+=" dma_debug=off"
	# QEMU's UART has no baud rate to read, and arm reports a division by zero.
	[ "$ARCH" != arm ] || parameters+=" console=ttyAMA0,115200"
	# 6.1 there takes the first that it finds, which nobody sees.
	[ "$ARCH" != riscv ] || parameters+=" console=ttyS0"
	[[ $config != *16k* ]] || export CPU=cortex-a76
	[ "$ARCH" != arm ] || files+=("$image/dma_probe.ko")
	"$top/scripts/guest/initramfs.sh" "$made/kunit.cpio.gz" "$init" \
		"${files[@]}" &&
		SELFTESTS=swiotlb_restricted_pool "$top/scripts/guest/boot.sh" "$name" "$image/Image" \
			"$made/kunit-$ARCH.dtb" "$made/kunit.cpio.gz" \
			-append "swiotlb=16384,force kunit-seed=${SEED:-1} $parameters"
}
