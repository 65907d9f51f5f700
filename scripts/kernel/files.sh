#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Copy some files of a kernel source, such as get.sh names it. To get at a few files of
# a package all of it has to be decompressed, which takes most of a minute; so they are
# kept in the cache, and with them all other files that our patches touch: the next test
# asks for those.
#
# Usage: scripts/kernel/files.sh SOURCE DIR FILE...
#   SOURCE  what scripts/kernel/get.sh prints
#   DIR     files that this version does not have are left out there
#
# Exit status: 0 when DIR has the files, 1 otherwise, 2 for a wrong argument.

. "$(dirname "$0")/../lib/common.sh"

[ $# -ge 3 ] || usage_error "it is not told which files of which source"
source=$1
dir=$2
shift 2

# Only a package is slow, and never changes.
case $source in
*.deb) ;;
*) exec "$top/scripts/kernel/get.sh" unpack "$source" "$dir" "$@" ;;
esac
kept=$cache/files/$(basename "$source" .deb)
mkdir -p "$cache/files" "$dir"

wanted()
{
	printf '%s\n' "$@" | LC_ALL=C sort -u
}

of_patches()
{
	find "$top/patches" -name '*.patch' -exec sed -n 's|^diff --git a/\(.*\) b/\(.*\)$|\1\n\2|p' {} +
}

# The list is written last: an unpacking that was cut short does not count.
keep()
{
	local missing files
	touch "$kept.list"
	missing=$(wanted "$@" | LC_ALL=C comm -23 - "$kept.list")
	[ -n "$missing" ] || return 0
	mapfile -t files < <({ cat "$kept.list" && printf '%s\n' "$@" && of_patches; } | LC_ALL=C sort -u)
	# tar complains of each file that this version does not have, and of nothing else.
	if ! LC_ALL=C "$top/scripts/kernel/get.sh" unpack "$source" "$kept" "${files[@]}" 2>"$kept.log" ||
		grep -vE 'Not found in archive$|Exiting with failure status due to previous errors$' "$kept.log" >&2; then
		return 1
	fi
	printf '%s\n' "${files[@]}" >"$kept.list.new"
	mv "$kept.list.new" "$kept.list"
}

# Other clones use the same cache.
exec 9>"$kept.lock"
flock 9
keep "$@" || die "could not unpack $source" "if the package is damaged, remove it and call again"
wanted "$@" | while read -r file; do
	[ ! -e "$kept/$file" ] || printf '%s\n' "$file"
done | tar -c -C "$kept" -T - | tar -x -C "$dir"
