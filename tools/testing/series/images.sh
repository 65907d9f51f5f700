#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Each patch alone leaves a kernel that builds, with the warnings of the base
# and no more; patches that change nothing that is compiled are skipped. And all other
# kernels of the guests build, so that tests that need one find it.
#
# Where all that a kernel is compiled from is as it is at the end of the series, the
# kernel of that is this one, too, and the guests have it anyway. So with one patch of
# code no kernel is built for this test alone, and otherwise one for each patch of code
# but the last, in the guests' object folder. What W=1 and sparse say is told by
# objects.sh, for other configurations; that it links and its modules build, only here.
#
# Usage: [BASE=name] images.sh
# TAP on stdout. Exit status: 0 if all passed, 1 otherwise.
#
# groups: test kernel
# bases: all

. "$(dirname "$0")/../../../scripts/lib/tap.sh"
. "$top/scripts/lib/tree.sh"

# The guests' own
config=guest

no_arguments "$@"
need_tree

# warnings LABEL: of the last build of it, without line numbers.
warnings()
{
	sed -n 's/^.*\/src\///; /warning:/s/:[0-9]\+\(:[0-9]\+\)\?:/:/p' \
		"$base_dir/image/$1/warnings" | sort
}

image()
{
	local rev=$1 new
	"$top/scripts/kernel/build.sh" "$config" "$rev" || return 1
	new=$(comm -13 <(warnings "$config-base") <(warnings "$config-$rev"))
	[ -z "$new" ] || {
		printf 'new:\n%s\n' "$new"
		return 1
	}
}

# compiled FROM TO: does it differ? Bindings and boards are compiled by dt-binding.sh and dt-boards.sh.
compiled()
{
	! git -C "$tree" diff --quiet "$1" "$2" -- . ':!Documentation' ':!arch/*/boot/dts/*'
}

tap "the base builds" image base
count=$(git -C "$tree" rev-list --count base..series)
for ((i = count - 1; i >= 0; i--)); do
	rev=series~$i
	[ "$i" -gt 0 ] || rev=series
	name="builds without a new warning: $(git -C "$tree" log -1 --format=%s "$rev")"
	if [ "$rev" != series ] && ! compiled "$rev~" "$rev"; then
		tap_ok "$name # SKIP it changes nothing that is compiled here"
		continue
	fi
	compiled "$rev" series || rev=series
	tap "$name" image "$rev"
done
[ "$count" -gt 0 ] || tap_fail "there is a series"
# The other kernels that guests have, while tests run that need none
while read -r cell; do
	[ "$cell" != "$config" ] || continue
	arch=arm64
	[[ $cell != *:* ]] || arch=${cell%%:*}
	tap "$cell builds" env ARCH="$arch" "$top/scripts/kernel/build.sh" "${cell#*:}" series
done < <("$top/scripts/kernel/matrix.sh" "$([ "$level" = all ] && echo cells || echo ci)")
tap_end
