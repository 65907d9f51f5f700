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

. "$(dirname "$0")/../../../scripts/lib/common.sh"
. "$top/tools/testing/swiotlb/lib.sh"

arguments 3 3 "$@"
tree=$1
commit=$2
out=$3

git -C "$tree" rev-parse -q --verify "$commit^{commit}" >/dev/null ||
	die "$tree is no git tree with a commit '$commit'" "make it with: make tree"
for file in "${rig_files[@]}"; do
	git -C "$tree" show "$commit:$file" | update "$out/$file"
done
