#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# "make shell" (scripts/guest/shell.sh): what is typed is run in the guest, and its
# answers are seen: those of the shell, of the probe device, of debugfs and of the SCP.
#
# Usage: check.sh
#
# groups: test guest
# bases: mainline

. "$(dirname "$0")/../../../../../scripts/lib/common.sh"
. "$top/scripts/lib/tap.sh"

no_arguments "$@"
said=$build/test/shell
mkdir -p "$build/test"

# type_in COMMAND...: each after the shell's prompt, to file 4; what is said, from
# file 3, goes to $said.
type_in()
{
	local command text=''
	for command; do
		# What has "#" before the prompt is the kernel's.
		until [[ $text = *guest ]]; do
			IFS= read -r -d '#' text <&3 || return 0
			printf '%s#' "$text"
		done
		text=
		printf '%s\n' "$command" >&4 || return 0
	done >"$said"
}

session()
{
	local pid status=0
	coproc guest { CONFIG=guest SCP=1 "$top/scripts/guest/shell.sh" 2>&1; }
	# shellcheck disable=SC2154 # set by coproc
	pid=$guest_PID
	# Bash forgets the pipes as soon as their process has ended.
	exec 3<&"${guest[0]}" 4>&"${guest[1]}"
	type_in "echo \$((20 + 3)) hello" \
		"dma_probe /dev/dma-probe-scp try coherent 5M" \
		"cat /sys/class/remoteproc/*/state" \
		"cat /sys/kernel/debug/swiotlb/*/io_tlb_segsize" \
		"exit"
	cat <&3 >>"$said"
	wait "$pid" || status=$?
	cat "$said"
	[ $status -eq 0 ] || echo "it ended with status $status"
	return $status
}

# answered LINE: it is what a line of the session says
answered()
{
	cat "$said"
	tr -d '\r' <"$said" | grep -x -e "$1" >/dev/null
}

tap "a shell in the guest begins, and ends" session
tap "the shell answers" answered "23 hello"
tap "the probe device has 5 MiB in one piece" answered "kind=coherent size=5242880 result=ok dma_addr=0x5.*"
tap "the SCP runs" answered "running"
tap "debugfs has the pool's segments" answered "4096"
tap "it tells what can be tried" answered "  dma_probe /dev/dma-probe-scp try coherent 5M"
tap_end
