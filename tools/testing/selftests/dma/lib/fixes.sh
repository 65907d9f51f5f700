# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154
#
# What the tests of patches/fixes share. Each boots a kernel with the fixes and, with
# LEVEL=all, the base, which has to fail in the way that is known: else the test would
# not see the error. Source it after scripts/lib/common.sh and tap.sh.

# fixes_revisions REV...: fills revs, by default with what LEVEL is for, and makes the
# branches fixes and fixed-series. With FIXES=1 the base has the fixes.
fixes_revisions()
{
	arguments 0 9 "$@"
	revs=("$@")
	if [ -n "$fixes_dir" ]; then
		[[ " $* " != *" base "* ]] || usage_error "with FIXES=1 there is no base to fail"
		[ $# -gt 0 ] || revs=(series)
		return
	fi
	if [ $# -eq 0 ]; then
		revs=(fixes)
		[ "$level" != all ] || revs=(base fixes fixed-series)
	fi
	tap "the branches of the fixes are there" "$top/scripts/patches/fixes.sh"
}
