# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154
#
# What the host's half of a guest's test begins with: where its files are, and which
# kernels it boots. Source it first; it sources the libraries of scripts/.

. "$(dirname "${BASH_SOURCE[0]}")/../../../../../scripts/lib/common.sh"
. "$top/scripts/lib/tap.sh"
. "$top/scripts/lib/guest.sh"

selftests=$top/tools/testing/selftests/dma
# The test's own files, and what it makes
here=$(cd "$(dirname "$0")" && pwd)
made=$build/test/$(test_name "$0")

# revisions REV...: fills revs; if none is given, with the series, and with the base,
# too, for LEVEL=all
revisions()
{
	local rev
	for rev; do
		[[ $rev =~ ^(base|series)$ ]] || usage_error "unknown argument '$rev'"
	done
	revs=("$@")
	[ $# -eq 0 ] || return 0
	revs=(series)
	[ "$level" != all ] || revs=(base series)
}

# tap_kernel REV
tap_kernel()
{
	tap "$1: the kernel builds" "$top/scripts/kernel/build.sh" guest "$1"
}
