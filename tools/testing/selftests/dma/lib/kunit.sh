# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154,SC2034
#
# What boots the KUnit suite of restricted pools: the guest's device tree, with the
# pools that the suite wants, and the guest itself. Source it after scripts/lib/common.sh and
# guest.sh.

kunit=$top/tools/testing/selftests/dma/kunit
values=$top/tools/testing/selftests/dma/lib/segsize-values
made=$build/test/guest

export ARCH=arm64 MEM=1G SMP=2

# The machine's own device tree with the pools and devices on top. They lie in
# the first GiB of RAM, which riscv's machine has elsewhere than the others. arm
# has one more pool, out of the linear map.
device_tree()
{
	local overlays=("$made/kunit.dtso" "$made/segsize-pools.dtso")
	mkdir -p "$made"
	cp "$kunit/virt.dtso" "$made/kunit.dtso"
	awk -f "$kunit/segsize-pools.awk" "$values" >"$made/segsize-pools.dtso"
	[ "$ARCH" != riscv ] ||
		sed -E -i 's/(0x|@)4([0-9a-f]{7}\>)/\18\2/g; s/(0x|@)5([0-9a-f]{7}\>)/\19\2/g;
			s/(0x|@)6([0-9a-f]{7}\>)/\1a\2/g' "${overlays[@]}" || return
	[ "$ARCH" != arm ] || overlays+=("$kunit/virt-highmem.dtso")
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
	local name=$1 config=$2 rev=$3 parameters="${*:4}" guest_config=${2/:/-} image files
	image=$base_dir/image/$guest_config-$rev
	files=("$image/swiotlb_kunit.ko")
	# Half of the time goes into that; the kernel for it has it on.
	[[ $config == *debug* ]] || parameters+=" dma_debug=off"
	# QEMU's UART has no baud rate to read, and arm reports a division by zero.
	[ "$ARCH" != arm ] || parameters+=" console=ttyAMA0,115200"
	# 6.1 there takes the first that it finds, which nobody sees.
	[ "$ARCH" != riscv ] || parameters+=" console=ttyS0"
	[[ $config != *16k* ]] || export CPU=cortex-a76
	[ "$ARCH" != arm ] || files+=("$image/dma_probe.ko")
	SELFTESTS=swiotlb_restricted_pool guest_run "$name" "$rev" "$made/kunit-$ARCH.dtb" \
		"$kunit/init.sh" "${files[@]}" \
		-append "swiotlb=16384,force kunit-seed=${SEED:-1} $parameters"
}
