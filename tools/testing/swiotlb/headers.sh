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

# has MACRO PATTERN FILE: the macro is 1 if the file has the pattern, else 0.
has()
{
	if grep -Eq "$2" "$3"; then
		echo "#define $1 1"
	else
		echo "#define $1 0"
	fi
}

# A function's declaration on one line
one_line()
{
	tr '\n\t' '  ' <"$header" | grep -o "$1([^)][^)]*)" | head -n 1
}

{
	has RIG_HAS_SEGSIZE '[[:space:]]segsize;' "$header"
	has RIG_HAS_POOL '^struct io_tlb_pool \{' "$header"
	has RIG_HAS_DYNAMIC '[[:space:]]dyn_alloc;' "$header"
	has RIG_HAS_ALIGNMENT 'tlb_addr & alloc_align_mask|alloc_align_mask [|] iotlb_align_mask' "$swiotlb_c"
	has RIG_HAS_BITMAP '[[:space:]]\*bitmap;' "$header"
	has RIG_TAKES_LOWEST '[[:space:]]longest[[]IO_TLB_BLOCKS[]];' "$swiotlb_c"
	has RIG_HAS_AREAS '^static unsigned int rmem_swiotlb_nareas[(]' "$swiotlb_c"
	has RIG_SEARCHES_ALL_AREAS 'pool->nareas > mem->nareas' "$swiotlb_c"
	has RIG_REDUCES_NAREAS '^[[:space:]][[:space:]]default_nareas = nareas;' "$swiotlb_c"
	has RIG_DELETES_POOL 'list_del_rcu[(]&mem->node[)]' "$swiotlb_c"
	has RIG_HAS_MAP '"io_tlb_map"' "$swiotlb_c"
	has RIG_HAS_PAD_SLOTS 'pad_slots;' "$swiotlb_c"
	has RIG_HAS_TOTAL_USED 'total_used;' "$header"
	has RIG_HAS_TRACK_HIWATER 'track_hiwater_enabled' "$swiotlb_c"
	has RIG_HAS_SEGSIZE_PARAM '^static unsigned int default_segsize ' "$swiotlb_c"
	has RIG_HAS_CC_POOLS '[[:space:]]cc_shared;' "$header"
	has RIG_HAS_DEFAULT_NAREAS '^static unsigned long default_nareas;' "$swiotlb_c"
	has RIG_ALLOC_HAS_ATTRS 'attrs' <(one_line '[*]swiotlb_alloc')
	has RIG_MAP_HAS_ALLOC_SIZE 'alloc_size' <(one_line swiotlb_tbl_map_single)
	has RIG_MAP_ATTRS_BY_POINTER 'long \*attrs' <(one_line swiotlb_tbl_map_single)
} | update "$out/rig-features.h"
