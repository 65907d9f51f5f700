#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Take the three files that are compiled here out of a commit of a kernel's git
# tree, so that several commits can be tested side by side. Files that are
# there already with the same content are not touched.
#
# Usage: sources.sh TREE COMMIT OUT
#
# Exit status: 0 when OUT has the files, 1 otherwise, 2 for wrong arguments.

set -euo pipefail

usage()
{
	sed -n '1,2d; /^#/!q; s/^#$//; s/^# //; p' "$0"
}

case ${1-} in
-h | --help)
	usage
	exit 0
	;;
esac
[ $# -eq 3 ] || {
	echo "error: ${0##*/}: takes three arguments, was given $#" >&2
	usage | sed -n '/^Usage:/,/^$/p' >&2
	exit 2
}
tree=$1
commit=$2
out=$3

git -C "$tree" rev-parse -q --verify "$commit^{commit}" >/dev/null || {
	echo "error: $tree is no git tree with a commit '$commit'" >&2
	echo "       make it with: make tree" >&2
	exit 1
}

for file in kernel/dma/swiotlb.c include/linux/swiotlb.h include/linux/iommu-helper.h; do
	mkdir -p "$(dirname "$out/$file")"
	git -C "$tree" show "$commit:$file" >"$out/$file.new"
	if cmp -s "$out/$file.new" "$out/$file"; then
		rm "$out/$file.new"
	else
		mv "$out/$file.new" "$out/$file"
	fi
done
