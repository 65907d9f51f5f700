#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The series as quilt and Debian take it: quilt pushes it onto the base's files and pops it
# off again, as it is and from a source package.
#
# Usage: [BASE=name] debian.sh
# TAP on stdout. Exit status: 0 if all passed, 1 otherwise.
#
# groups: test host packaging
# bases: mainline

. "$(dirname "$0")/../../../scripts/lib/tap.sh"
. "$top/scripts/lib/patches.sh"

no_arguments "$@"
work=$build/test/debian
. "$(dirname "$0")/distro.sh"
need quilt

# Nothing of the user's quiltrc; no fuzz, as a source package's build has none.
quilt_plain()
{
	quilt --quiltrc - "$@"
}

series_lists_patches()
{
	diff "$mails/series" <(quilt_series "$mails") || wrong "make series writes it"
}

# push_and_pop DIR PATCHES COUNT: in DIR, which has the base's files.
push_and_pop()
{
	local applied
	cd "$1" || return 1
	export QUILT_PATCHES=$2
	quilt_plain push -a --fuzz=0 || return 1
	applied=$(quilt_plain applied) || return 1
	printf '%s\n' "$applied"
	[ "$(wc -l <<<"$applied")" -eq "$3" ] || wrong "quilt has not applied $3 patches"
	same_files "$work/series" . || return 1
	quilt_plain pop -a || return 1
	# Folders of a file that was taken off are left.
	find . -mindepth 1 -type d -empty -delete
	same_files "$work/base" .
}

quilt_applies()
{
	tree_files base "$work/quilt" "${files[@]}" || return 1
	ln -s "$mails" "$work/quilt/patches"
	push_and_pop "$work/quilt" patches "${#patches[@]}"
}

# A source package that has a patch of its own, and no newline at the end of its
# series.
debian_package()
{
	local dir=$work/linux-1
	tree_files base "$dir" "${files[@]}" || return 1
	mkdir -p "$dir/debian/patches/debian"
	cat >"$dir/debian/patches/debian/own.patch" <<-'EOF'
		--- /dev/null
		+++ b/debian-own
		@@ -0,0 +1 @@
		+own
	EOF
	printf '# ours\n\ndebian/own.patch' >"$dir/debian/patches/series"
	"$top/scripts/patches/distro.sh" debian "$dir"
}

debian_series()
{
	local dir=$work/linux-1/debian/patches want
	debian_package || return 1
	want=$(printf '# ours\n\ndebian/own.patch\n' &&
		printf 'features/all/swiotlb-segsize/%s\n' "${patches[@]##*/}")
	diff <(echo "$want") "$dir/series" || return 1
	# Again, with where it was posted: replaced, not doubled.
	FORWARDED=$url "$top/scripts/patches/distro.sh" debian "$work/linux-1" || return 1
	diff <(echo "$want") "$dir/series"
}

# DEP-3's fields, in the header of each.
dep3_fields()
{
	local mail field
	for mail in "$work"/linux-1/debian/patches/features/all/swiotlb-segsize/*.patch; do
		for field in 'From: .' 'Subject: .' "Forwarded: $url\$"; do
			sed '/^$/q' "$mail" | grep "^$field" >/dev/null ||
				wrong "${mail##*/}: no '$field' in the header"
		done
	done
}

debian_applies()
{
	cp "$work/linux-1/debian/patches/series" "$work/series.list"
	push_and_pop "$work/linux-1" debian/patches $((${#patches[@]} + 1)) || return 1
	cmp "$work/series.list" "$work/linux-1/debian/patches/series"
}

tap "quilt: the series file lists the patches" series_lists_patches
tap "quilt: push without fuzz makes the series, pop the base" quilt_applies
tap "debian/patches/series has them once, behind its own" debian_series
tap "each has the fields of DEP-3" dep3_fields
tap "quilt push and pop in the source package" debian_applies
tap "git am takes what was made" still_mails "$work/linux-1/debian/patches/features/all/swiotlb-segsize"
tap "a folder that is no package is refused" refuses_folder debian
tap_end
