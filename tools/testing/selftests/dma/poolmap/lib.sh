# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154,SC2034
#
# What the tests of tools/dma/poolmap share. Source it after scripts/lib/common.sh, with
# $work set to the test's own folder.

poolmap=$top/tools/dma/poolmap
here=$top/tools/testing/selftests/dma/poolmap
rm -rf "$work"
mkdir -p "$work"

# cells FILE: the rows of cells
cells()
{
	sed -n 's/^\([0-9]*  \)\{0,1\}0x[0-9a-f]*  //p' "$1"
}
