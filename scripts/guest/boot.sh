#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Boot one kernel in QEMU's virt machine and wait until it powers off.
#
# usage: scripts/guest/boot.sh NAME IMAGE DTB|virt INITRAMFS [-append ARGS] [-- QEMU-OPTION...]
#
#   NAME       the console's whole output goes to build/logs/boot/NAME.log
#   DTB        the device tree to give to the guest; "virt": the machine's own
#   -append    further kernel parameters
#   --         further options for QEMU
#
# environment:
#   ICOUNT=1       one vCPU, and the guest's clock counts instructions, 1 ns each
#   ARCH=arch      arm64 (the default), arm, riscv or x86
#   CPU=name       the CPU that QEMU shows (see scripts/lib/guest.sh)
#   SMP=n          vCPUs (2)
#   MEM=size       RAM (2G)
#   BOOT_LIMIT=s   seconds after which a guest that has not ended is ended (300)
#
# Exit status: 0 when the guest's init said "guest: end" and powered off; 1 with
# the last lines of the console when it hung, panicked or ended without that.

. "$(dirname "$0")/../lib/common.sh"
. "$top/scripts/lib/guest.sh"

usage="usage: scripts/guest/boot.sh NAME IMAGE DTB|virt INITRAMFS [-append ARGS] [-- QEMU-OPTION...]"
[ $# -ge 4 ] || die "boot.sh: an argument is missing" "$usage"
name=$1 image=$2 dtb=$3 initramfs=$4
shift 4

append=
if [ "${1-}" = -append ]; then
	[ $# -ge 2 ] || die "boot.sh: -append needs its argument" "$usage"
	append=$2
	shift 2
fi
if [ "${1-}" = -- ]; then
	shift
elif [ $# -gt 0 ]; then
	die "boot.sh: unknown argument '$1'" "$usage"
fi

words=$(guest_machine "${ARCH:-arm64}" "${CPU:-}")
mapfile -t machine <<<"$words"
need "${machine[0]}"
for file in "$image" "$initramfs"; do
	[ -s "$file" ] || die "boot $name: there is no file $file"
done

smp=${SMP:-2}
limit=${BOOT_LIMIT:-300}
log=$logs/boot/$name.log

options=("${machine[@]:1}" -m "${MEM:-2G}"
	-display none -monitor none -serial "file:$log" -net none -no-reboot)
if [ "${ICOUNT:-0}" != 0 ]; then
	smp=1
	options+=(-icount "shift=0,sleep=off")
fi
options+=(-smp "$smp" -kernel "$image" -initrd "$initramfs")
if [ "$dtb" != virt ]; then
	[ -s "$dtb" ] || die "boot $name: there is no device tree $dtb"
	options+=(-dtb "$dtb")
fi
# A board's tree has more CPUs than the machine.
# The guest may write as much into the kernel's log as it likes.
# x86's kernel looks for the early console in a device tree that it has not.
[ "${ARCH:-arm64}" = x86 ] || append="earlycon $append"
options+=(-append "panic=-1 printk.devkmsg=on maxcpus=$smp $append" "$@")

mkdir -p "${log%/*}"
: >"$log"

fail()
{
	{
		printf 'error: boot %s: %s\n' "$name" "$1"
		tail -n "${STEP_TAIL:-15}" "$log" | sed 's/^/    | /'
		printf '       the whole console: %s\n' "${log#"$top"/}"
	} >&2
	exit 1
}

status=0
timeout --foreground -k 5 "$limit" "${machine[0]}" "${options[@]}" \
	>"$log.qemu" 2>&1 </dev/null || status=$?
sed -i 's/\r*$//' "$log"
# What QEMU itself said is rarely anything; keep it in one place.
sed 's/^/qemu: /' "$log.qemu" >>"$log"
rm -f "$log.qemu"

if grep -q 'Kernel panic - not syncing' "$log"; then
	fail "the kernel panicked"
elif [ "$status" -eq 124 ] || [ "$status" -eq 137 ]; then
	fail "the guest had not ended after $limit s, so it was ended"
elif [ "$status" -ne 0 ]; then
	fail "QEMU ended with status $status"
elif ! grep -q '^\(\[[^]]*\] \)\{0,1\}guest: end$' "$log"; then
	fail "the guest powered off before its init said 'guest: end'"
fi
