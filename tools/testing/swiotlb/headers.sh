#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Make the include folder that a swiotlb.c is compiled with: the kernel's own
# linux/swiotlb.h and linux/iommu-helper.h, and for every other header that these
# or swiotlb.c include a file of one line that includes the stand-in. And say what
# the interface of this kernel's swiotlb looks like, as macros.
#
# Usage: headers.sh SWIOTLB_C KSRC SET OUT
#   SWIOTLB_C  the file to be compiled
#   KSRC       the kernel tree that the two headers are taken from
#   SET        slots of a slot set: IO_TLB_SEGSIZE becomes that
#   OUT        the folder to be made; files that need no change are not touched
#
# Exit status: 0 when OUT is made, 1 otherwise, 2 for wrong arguments.

. "$(dirname "$0")/../../../scripts/lib/common.sh"

arguments 4 4 "$@"
swiotlb_c=$1
ksrc=$2
set_slots=$3
out=$4
header=$ksrc/include/linux/swiotlb.h

for file in "$swiotlb_c" "$header" "$ksrc/include/linux/iommu-helper.h"; do
	[ -r "$file" ] || die "there is no $file" "is KSRC a kernel's source tree? Make one with: make tree"
done

sed "s/^\(#define IO_TLB_SEGSIZE[[:space:]]\+\)[0-9]\+\$/\1$set_slots/" "$header" |
	update "$out/linux/swiotlb.h"
grep -q "^#define IO_TLB_SEGSIZE[[:space:]]\+$set_slots\$" "$out/linux/swiotlb.h" ||
	die "$header defines no IO_TLB_SEGSIZE as a number"
update "$out/linux/iommu-helper.h" <"$ksrc/include/linux/iommu-helper.h"

cat "$swiotlb_c" "$header" "$ksrc/include/linux/iommu-helper.h" |
	sed -n 's/^#include <\(.*\)>.*/\1/p' | sort -u |
	while read -r name; do
		case $name in
		linux/swiotlb.h | linux/iommu-helper.h) continue ;;
		esac
		# Always the same, and many: no process for each.
		[ ! -e "$out/$name" ] || continue
		[ -d "$out/${name%/*}" ] || mkdir -p "$out/${name%/*}"
		echo '#include "standin.h"' >"$out/$name"
	done

# text_of PLACE: where "features" has a macro's pattern looked for. A function's
# declaration comes on one line.
text_of()
{
	case $1 in
	source) cat "$swiotlb_c" ;;
	header) cat "$header" ;;
	*) tr '\n\t' '  ' <"$header" | grep -o "$1([^)][^)]*)" | head -n 1 ;;
	esac
}

grep -v '^#' "$top/tools/testing/swiotlb/features" | while read -r macro place pattern; do
	text_of "$place" | grep -Ec -m 1 -e "$pattern" | sed "s/^/#define $macro /" || :
done | update "$out/rig-features.h"
