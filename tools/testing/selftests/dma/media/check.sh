#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Video buffers in a restricted pool, in TAP, without the series and with it:
# frames of videobuf2's dma-contig, coherent and not, mapped by user space and
# given as dma-bufs to a second device on the same pool and to one without a pool. With
# the fix for videobuf2 (patches/fixes) the second device is refused.
#
# Usage: check.sh
#
# Exit status: 0 if all passed. Consoles: build/logs/boot/media-REV.log.
#
# groups: test guest
# bases: all

. "$(dirname "$0")/../lib/check.sh"

no_arguments "$@"
export MEM=1G SMP=2

prepare()
{
	guest_machine_overlay "$made/media.dtb" "$here/virt.dtso" &&
		guest_program "$made/vb2_probe" vb2_probe &&
		awk '/^[^#]/ {
			frame = $2 " " $3 " " $4
			print "capture", frame, $5
			print "export", frame, 6
			print "show", frame, 6
		}' "$here/frames" >"$made/jobs"
}

# told REV JOB ANSWER: at once, and an error is one that user space can tell
told()
{
	guest_answers "media-$1" | grep "^$2: "
	guest_answers "media-$1" | grep -x "$2: $3" >/dev/null
}

need dtc fdtoverlay
tap "the guest's device tree and program are made" prepare
for rev in base series; do
	# With the fix it is refused, as the device would read a copy.
	shown="frames=6 ok"
	! git -C "$base_dir/tree" grep -q DMA_ATTR_NO_BOUNCE "$rev" -- drivers/media/common ||
		shown="refused: QBUF: Input/output error ok"
	tap_kernel "$rev"
	tap "$rev: the guest ends as it should" guest_run "media-$rev" "$rev" "$made/media.dtb" \
		"$here/init.sh" "$made/vb2_probe" "$made/jobs" "$base_dir/image/guest-$rev/vb2_probe.ko"
	while read -r name width height kind count; do
		frame="$width $height $kind"
		if [ "$rev" = base ] && [ "$name" != CIF ]; then
			tap "$rev: $name, $kind: refused" told "$rev" "capture $frame $count" \
				"REQBUFS: Cannot allocate memory FAILED"
			continue
		fi
		tap "$rev: $name, $kind: $count frames captured" \
			told "$rev" "capture $frame $count" "frames=$count ok"
		tap "$rev: $name, $kind: 6 frames shown by the other device of the pool, or refused" \
			told "$rev" "export $frame 6" "$shown"
		tap "$rev: $name, $kind: 6 frames shown by a device without a pool" \
			told "$rev" "show $frame 6" "frames=6 ok"
	done < <(sed '/^#/d' "$here/frames")
	tap_guest_clean "$rev" "media-$rev" 1 "Call trace|vb2-probe [a-z]*: a frame"
done
tap_end
