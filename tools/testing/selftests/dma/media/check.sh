#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Video buffers in a restricted pool, in TAP, without the series and with it:
# frames of videobuf2's dma-contig, coherent and not, mapped by user space and
# given to a second device on the same pool as dma-bufs.
#
# Usage: check.sh
#
# Exit status: 0 when all is as it should be. The consoles are in
# build/logs/boot/media-REV.log.
#
# groups: test guest
# bases: all

. "$(dirname "$0")/../../../../../scripts/lib/common.sh"
. "$top/scripts/lib/tap.sh"
. "$top/scripts/lib/guest.sh"

no_arguments "$@"
made=$build/test/media
here=$top/tools/testing/selftests/dma/media

export MEM=1G SMP=2

# A frame's name, its width and height, and how many of it. The first is of 152064
# bytes and fits into the default segment.
frames=("CIF 352 288 16" "1080p 1920 1080 30" "4K 3840 2160 12")
memory=(coherent noncoherent)

list_jobs()
{
	local frame name width height count kind
	for frame in "${frames[@]}"; do
		read -r name width height count <<<"$frame"
		for kind in "${memory[@]}"; do
			echo "capture $width $height $kind $count"
			echo "export $width $height $kind 6"
		done
	done
}

prepare()
{
	mkdir -p "$made"
	list_jobs >"$made/jobs"
	"$(cross_compile arm64)gcc" -static -O2 -Wall -Wextra -Werror \
		-o "$made/vb2_probe" "$here/vb2_probe.c" &&
		guest_machine_overlay "$made/media.dtb" "$here/virt.dtso"
}

# streamed REV JOB: all its frames
streamed()
{
	guest_answers "media-$1" | grep "^$2: "
	guest_answers "media-$1" | grep -x "$2: frames=${2##* } ok" >/dev/null
}

# refused REV JOB: at once, and with an error that user space can tell
refused()
{
	guest_answers "media-$1" | grep -x "$2: REQBUFS: Cannot allocate memory FAILED"
}

need dtc fdtoverlay "$(cross_compile arm64)gcc"
tap "the guest's device tree and program are made" prepare
for rev in base series; do
	tap "$rev: the kernel builds" "$top/scripts/kernel/build.sh" guest "$rev"
	tap "$rev: the guest ends as it should" guest_run "media-$rev" "$rev" "$made/media.dtb" \
		"$here/init.sh" "$made/vb2_probe" "$made/jobs" "$base_dir/image/guest-$rev/vb2_probe.ko"
	for frame in "${frames[@]}"; do
		read -r name width height count <<<"$frame"
		for kind in "${memory[@]}"; do
			if [ "$rev" = base ] && [ "$name" != CIF ]; then
				tap "$rev: $name, $kind: refused" \
					refused "$rev" "capture $width $height $kind $count"
				continue
			fi
			tap "$rev: $name, $kind: $count frames captured" \
				streamed "$rev" "capture $width $height $kind $count"
			tap "$rev: $name, $kind: 6 frames shown by the other device" \
				streamed "$rev" "export $width $height $kind 6"
		done
	done
	tap_guest_clean "$rev" "media-$rev" 1 "Call trace|vb2-probe [a-z]*: a frame"
done
tap_end
