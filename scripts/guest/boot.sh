#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Boot one kernel in QEMU's virt machine and wait until it powers off.
#
# Usage: boot.sh NAME IMAGE DTB|virt INITRAMFS [-append ARGS] [-- QEMU-OPTION...]
#
#   NAME       the console's whole output goes to build/logs/boot/NAME.log
#   DTB        the device tree to give to the guest; "virt": the machine's own
#   -append    further kernel parameters
#   --         further options for QEMU
#
# Environment:
#   ICOUNT=1       the guest's clock counts instructions, 1 ns each, and the vCPUs
#                  take turns: no timeout in the guest depends on the host's load.
#                  Not for guests with disks or cards, for which the host's clock
#                  goes on
#   ARCH=arch      arm64 (the default), arm, riscv or x86
#   CPU=name       the CPU that QEMU shows (see scripts/lib/guest.sh)
#   GIC=2          arm64's interrupt controller, 3 otherwise
#   SMP=n          vCPUs (2)
#   MEM=size       RAM (2G)
#   BOOT_LIMIT=s   how long a guest may take on a host that does nothing else (300):
#                  QEMU may use the CPU time that it could have used up by then. A
#                  loaded host slows a guest down and does not fail it. One that
#                  uses less than a twentieth of a CPU for so long is idle for ever,
#                  and is ended, too.
#   SELFTESTS=...  which of the kernel's own tests run at the boot, if it has any:
#                  all, or the KUnit suites of a pattern; none if not given
#   GDB=1          wait for a debugger; no limits
#   CONSOLE=stdio  the guest's console is standard input and output, for a guest with
#                  a shell; no limits and no log if these are a terminal
#   QEMU=backports a newer QEMU than the system's (see scripts/guest/qemu.sh)
#
# build/logs/boot/NAME.qemu.sh boots the same guest by hand, its console on the
# terminal. On an arm64 host with KVM, an arm64 guest runs with KVM.
#
# Exit status: 0 when the guest's init said "guest: end" and powered off; 1 with
# the last lines of the console when it hung, panicked or ended without that.

. "$(dirname "$0")/../lib/common.sh"
. "$top/scripts/lib/guest.sh"

[ $# -ge 4 ] || usage_error "an argument is missing"
name=$1 image=$2 dtb=$3 initramfs=$4
shift 4

append=
if [ "${1-}" = -append ]; then
	[ $# -ge 2 ] || usage_error "-append needs its argument"
	append=$2
	shift 2
fi
if [ "${1-}" = -- ]; then
	shift
elif [ $# -gt 0 ]; then
	usage_error "unknown argument '$1'"
fi

words=$(guest_machine "${ARCH:-arm64}" "${CPU:-}")
mapfile -t machine <<<"$words"
need "${machine[0]}"
for file in "$image" "$initramfs"; do
	[ -s "$file" ] || die "boot $name: there is no file $file"
done

smp=${SMP:-2}
limit=${BOOT_LIMIT:-300}
[[ $smp =~ ^[1-9][0-9]*$ ]] || die "SMP=$smp: not a number of vCPUs"
[[ $limit =~ ^[1-9][0-9]*$ ]] || die "BOOT_LIMIT=$limit: not a number of seconds"
log=$logs/boot/$name.log

options=("${machine[@]:1}" -m "${MEM:-2G}" -display none -no-reboot)
if [ "${ICOUNT:-0}" != 0 ]; then
	options+=(-icount "shift=0,sleep=off")
fi
# All vCPUs at work for as long, as far as the host has CPUs for them
cpu_limit=$((limit * (smp < jobs ? smp : jobs)))
options+=(-smp "$smp" -kernel "$image" -initrd "$initramfs")
if [ "$dtb" != virt ]; then
	[ -s "$dtb" ] || die "boot $name: there is no device tree $dtb"
	options+=(-dtb "$dtb")
fi
# A board's tree has more CPUs than the machine.
# The guest may write as much into the kernel's log as it likes.
# x86's kernel looks for the early console in a device tree that it has not.
[ "${ARCH:-arm64}" = x86 ] || append="earlycon $append"
case ${SELFTESTS:-none} in
all) ;;
none) append="kunit.enable=0 initcall_blacklist=of_unittest $append" ;;
*) append="kunit.filter_glob=$SELFTESTS initcall_blacklist=of_unittest $append" ;;
esac
[ "${GDB:-0}" = 0 ] || append="nokaslr $append"
options+=(-append "panic=-1 printk.devkmsg=on maxcpus=$smp $append" "$@")

mkdir -p "${log%/*}"
: >"$log"

# The same, for people: an option and its value a line
by_hand()
{
	local word
	printf '#!/bin/sh\n# Boots what boot.sh booted as %s. QEMU ends with Ctrl-A x.\n' "$name"
	printf 'cd %q || exit\nexec %q -serial mon:stdio' "$PWD" "${machine[0]}"
	for word in "${options[@]}"; do
		case $word in
		-*) printf ' \\\n\t%q' "$word" ;;
		*) printf ' %q' "$word" ;;
		esac
	done
	printf ' "$@"\n'
}
by_hand >"$log.new"
chmod +x "$log.new"
mv "$log.new" "${log%.log}.qemu.sh"

case ${CONSOLE:-log} in
log | stdio) ;;
*) die "CONSOLE=$CONSOLE: unknown" "one of: log, stdio" ;;
esac

if [ "${GDB:-0}" != 0 ]; then
	label=${image%/*} label=${label##*/}
	[ -n "${CONSOLE-}" ] || say "its console goes to ${log#"$top"/}" >&2
	printf '%s\n' "$name waits for a debugger. Type:" \
		"    gdb-multiarch ${base_dir#"$top"/}/kernel/${label%-*}/vmlinux" \
		"    (gdb) target remote :1234" \
		"    (gdb) hbreak start_kernel" \
		"    (gdb) continue" >&2
fi

fail()
{
	{
		printf 'error: boot %s: %s\n' "$name" "$1"
		tail -n "${STEP_TAIL:-15}" "$log" | sed 's/^/    | /'
		printf '       the whole console: %s\n' "${log#"$top"/}"
		printf '       to boot it by hand: %s\n' "${log#"$top"/}" | sed 's/\.log$/.qemu.sh/'
	} >&2
	exit 1
}

# cpu_time PID: what all its threads have used, in clock ticks
cpu_time()
{
	local stat
	stat=$(cat "/proc/$1/stat" 2>/dev/null) || return
	# The name, in parentheses, may have spaces.
	read -ra stat <<<"${stat##*) }"
	echo $((stat[11] + stat[12]))
}

# end_idle PID: ends it if it has used next to nothing for $limit seconds. Standard
# input is a pipe that QEMU holds open: it ends with QEMU.
end_idle()
{
	local before=0 now status ticks
	ticks=$(getconf CLK_TCK)
	while :; do
		status=0
		read -r -t "$limit" || status=$?
		[ "$status" -gt 128 ] && now=$(cpu_time "$1") || return 0
		[ $(((now - before) * 20)) -ge $((limit * ticks)) ] || {
			: >"$log.idle"
			kill "$1"
			return
		}
		before=$now
	done
}

# qemu OPTION...: QEMU, and what ends it. The CPU time is that of all its threads;
# the kernel ends it with SIGXCPU.
qemu()
{
	local pid
	if [ "${GDB:-0}" != 0 ]; then
		"${machine[0]}" "$@" -s -S
		return
	fi
	(
		pid=$BASHPID
		ulimit -c 0
		ulimit -S -t "$cpu_limit"
		exec "${machine[0]}" "$@" 7> >(end_idle "$pid")
	)
}

status=0
rm -f "$log.idle"
if [ "${CONSOLE:-log}" = log ]; then
	qemu "${options[@]}" -monitor none -serial "file:$log" >"$log.qemu" 2>&1 </dev/null || status=$?
elif [ -t 0 ]; then
	[ "${GDB:-0}" = 0 ] || set -- -s -S
	[ "${GDB:-0}" != 0 ] || set --
	exec "${log%.log}.qemu.sh" "$@"
else
	qemu "${options[@]}" -serial mon:stdio 2>"$log.qemu" | tee "$log" || status=$?
fi
idle=
[ ! -e "$log.idle" ] || idle=yes
sed -i 's/\r*$//' "$log"
# What QEMU itself said is rarely anything; keep it in one place.
"${machine[0]}" --version | sed -n '1s/^/qemu: /p' >>"$log"
sed 's/^/qemu: /' "$log.qemu" >>"$log"
rm -f "$log.qemu" "$log.idle"

# The console without its time stamps
console()
{
	sed 's/^\[[^]]*\] //' "$log"
}

# What the guest said last that it waits for (selftests/dma/lib/init.sh), and if that
# was in vain
vain=$(console | sed -n 's/^guest: waited \(.* in vain\)$/\1/p' | tail -n 1)
waited=$(console | sed -n 's/^guest: waits for //p' | tail -n 1)
waited=${waited:+; it last waited for $waited}
told=$(console | awk -f "$top/scripts/guest/told.awk")

# A panic with a capture kernel at hand is not the end.
if awk '/Kernel panic - not syncing/ { panic = 1 } /Starting crashdump kernel/ { panic = 0 }
	END { exit !panic }' "$log"; then
	fail "the kernel panicked"
elif [ -n "$vain" ]; then
	fail "the guest waited $vain"
elif [ "$status" -eq $((128 + $(kill -l XCPU))) ]; then
	fail "the guest had not ended when QEMU had used $cpu_limit s of CPU time, so it was ended$waited"
elif [ -n "$idle" ]; then
	fail "the guest was idle for $limit s, so it was ended$waited"
elif [ "$status" -ne 0 ]; then
	fail "QEMU ended with status $status"
elif ! console | grep -x 'guest: end' >/dev/null; then
	fail "the guest powered off before its init said 'guest: end'"
elif [ -n "$told" ]; then
	fail "the guest $told"
fi
