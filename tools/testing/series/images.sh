#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Each patch alone leaves a kernel that builds, with the warnings of the base
# and no more. Patches that change nothing that is compiled are skipped.
#
# Usage: [BASE=name] images.sh
# TAP on stdout. Exit status: 0 if all passed, 1 otherwise.
#
# groups: test kernel
# bases: all

. "$(dirname "$0")/../../../scripts/lib/common.sh"
. "$top/scripts/lib/tap.sh"
. "$top/scripts/lib/tree.sh"

no_arguments "$@"
[ -d "$tree" ] || die "no tree in ${tree#"$top"/}" "make it with: make tree"

# warnings LABEL: of the last build of it, without line numbers.
warnings()
{
	sed -n 's/^.*\/src\///; /warning:/s/:[0-9]\+\(:[0-9]\+\)\?:/:/p' \
		"$base_dir/image/$1/warnings" | sort
}

image()
{
	local rev=$1 new
	"$top/scripts/kernel/build.sh" guest "$rev" || return 1
	new=$(comm -13 <(warnings guest-base) <(warnings "guest-$rev"))
	[ -z "$new" ] || {
		printf 'new:\n%s\n' "$new"
		return 1
	}
}

tap "the base builds" image base
count=$(git -C "$tree" rev-list --count base..series)
for ((i = count - 1; i >= 0; i--)); do
	rev=series~$i
	[ "$i" -gt 0 ] || rev=series
	name="builds without a new warning: $(git -C "$tree" log -1 --format=%s "$rev")"
	# Bindings and boards are compiled by tools/testing/series/dt.sh.
	if [ "$i" -gt 0 ] && git -C "$tree" diff --quiet "$rev~" "$rev" -- . \
		':!Documentation' ':!arch/*/boot/dts'; then
		tap_ok "$name # SKIP it changes nothing that is compiled here"
		continue
	fi
	tap "$name" image "$rev"
done
[ "$count" -gt 0 ] || tap_fail "there is a series"
tap_end
