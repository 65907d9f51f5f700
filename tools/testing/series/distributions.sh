#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The series as distributions take it: quilt pushes it onto the base's files and
# pops it off again, as it is and from a Debian source package, and bitbake's own
# parser reads the .bbappend and finds the patches. Documentation/distributions.rst
# shows what is made here.
#
# Usage: [BASE=name] distributions.sh
# TAP on stdout. Exit status: 0 if all passed, 1 otherwise.
#
# groups: test host packaging
# bases: mainline

. "$(dirname "$0")/../../../scripts/lib/common.sh"
. "$top/scripts/lib/tap.sh"
. "$top/scripts/lib/tree.sh"
. "$top/scripts/lib/patches.sh"

no_arguments "$@"

work=$build/test/distributions
page=$top/Documentation/distributions.rst
url=https://lore.kernel.org/r/1@kernel.home.arpa

need git quilt python3
[ -d "$src" ] || die "no tree in ${tree#"$top"/}" "make it with: make tree"
mapfile -t patches < <(list_mails "$mails")
mapfile -t files < <(touched_files "${patches[@]}")
rm -rf "$work"
mkdir -p "$work"

# Nothing of the user's quiltrc; no fuzz, as a source package's build has none.
quilt_plain()
{
	quilt --quiltrc - "$@"
}

# same_files WANTED DIR: quilt's and a package's own files aside.
same_files()
{
	diff -r --exclude=.pc --exclude=patches --exclude=debian --exclude=debian-own "$1" "$2"
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

# What was made for a distribution is still a mail.
still_mails()
{
	local repo=$work/am dir
	tree_files base "$repo" "${files[@]}" || return 1
	new_repo "$repo" base || return 1
	for dir; do
		git_plain -C "$repo" checkout -q --detach base || return 1
		with_committer git_plain -C "$repo" am -q "$dir"/*.patch || return 1
		git -C "$repo" archive HEAD | (rm -rf "$work/after" && mkdir "$work/after" && tar -x -C "$work/after") &&
			same_files "$work/series" "$work/after" || return 1
	done
}

# parse RECIPE APPEND: what bitbake makes of the two: a line for each file of
# SRC_URI, with its path if it is found. Its parser loads the client of a server
# that it has no use for here, and that the package has not got.
parse()
{
	(cd "$work" && PYTHONDONTWRITEBYTECODE=1 "$venv/bin/python" - "$@" <<-'EOF'
		import os
		import sys
		import types

		for name in ("hashserv", "hashserv.client"):
		    sys.modules[name] = types.ModuleType(name)
		import bb.data
		import bb.fetch2
		import bb.parse

		data = bb.data.init()
		# Of bitbake.conf, what the two files use.
		data.setVar("BBPATH", os.getcwd())
		data.setVar("THISDIR", "${@os.path.dirname(d.getVar('FILE'))}")
		bb.parse.init_parser(data)
		data.setVar("__BBAPPEND", sys.argv[2])
		data = bb.parse.handle(sys.argv[1], data)[""]
		for uri in data.getVar("SRC_URI").split():
		    kind, _, path, _, _, _ = bb.fetch2.decodeurl(uri)
		    found = bb.utils.which(data.getVar("FILESEXTRAPATHS") or "", path)
		    print(kind, path, os.path.relpath(found) if found else "-")
	EOF
	)
}

layer=$work/meta-test
recipes=$layer/recipes-kernel/linux

make_layer()
{
	mkdir -p "$layer/conf" "$work/recipes"
	touch "$layer/conf/layer.conf"
	printf 'SUMMARY = "A kernel"\nSRC_URI = "file://defconfig"\n' >"$work/recipes/linux-yocto_7.3.bb"
	FORWARDED='' "$top/scripts/patches/distro.sh" openembedded "$layer"
}

bbappend_parses()
{
	local name want dir=meta-test/recipes-kernel/linux/swiotlb-segsize
	make_layer || return 1
	parse "$work/recipes/linux-yocto_7.3.bb" "$recipes/linux-yocto_%.bbappend" >"$work/uris" || return 1
	cat "$work/uris"
	want=$(
		echo "file defconfig -"
		for name in "${patches[@]##*/}" restricted-dma-pool.cfg; do
			echo "file $name $dir/$name"
		done
	)
	diff <(echo "$want") "$work/uris"
}

# The parser must be able to say no.
bad_bbappend()
{
	sed '0,/ \\$/s/ \\$//' "$recipes/linux-yocto_%.bbappend" >"$work/bad_%.bbappend"
	! parse "$work/recipes/linux-yocto_7.3.bb" "$work/bad_%.bbappend" >"$work/bad.log" 2>&1 ||
		wrong "a line without its end is taken"
	tail -n 1 "$work/bad.log"
	grep 'ParseError.*unparsed line' "$work/bad.log" >/dev/null
}

has_status()
{
	local mail
	for mail in "$recipes"/swiotlb-segsize/*.patch; do
		sed '/^diff --git/q' "$mail" | grep -x "Upstream-Status: $1" >/dev/null ||
			wrong "${mail##*/}: no 'Upstream-Status: $1' in its message"
	done
}

upstream_status()
{
	has_status Pending || return 1
	FORWARDED=$url "$top/scripts/patches/distro.sh" openembedded "$layer" || return 1
	has_status "Submitted \[$url\]"
}

# The option is one of this kernel's, and that is its value in arm64's defconfig.
config_known()
{
	local line
	while read -r line; do
		git -C "$tree" show base:kernel/dma/Kconfig | grep -x "config ${line#CONFIG_}" >/dev/null ||
			wrong "$line: not in kernel/dma/Kconfig"
	done < <(sed 's/=.*//' "$recipes/swiotlb-segsize/restricted-dma-pool.cfg")
}

page_shows_it()
{
	local want
	want=$(sed 's/^\(.\)/    \1/' "$recipes/linux-yocto_%.bbappend")
	[[ $(<"$page") = *"$want"* ]] || {
		printf '%s\n' "${page#"$top"/} has not, to the letter:" "$want"
		return 1
	}
}

refuses_folders()
{
	local dir=$work/empty
	mkdir -p "$dir"
	! "$top/scripts/patches/distro.sh" debian "$dir" || return 1
	! "$top/scripts/patches/distro.sh" openembedded "$dir" || return 1
	[ -z "$(ls -A "$dir")" ]
}

tree_files base "$work/base" "${files[@]}"
tree_files series "$work/series" "${files[@]}"

tap "quilt: the series file lists the patches" series_lists_patches
tap "quilt: push without fuzz makes the series, pop the base" quilt_applies
tap "Debian: debian/patches/series has them once, behind its own" debian_series
tap "Debian: each has the fields of DEP-3" dep3_fields
tap "Debian: quilt push and pop in the source package" debian_applies
tap "OpenEmbedded: bitbake parses the .bbappend and finds its files" bbappend_parses
tap "OpenEmbedded: bitbake refuses one with a line cut" bad_bbappend
tap "OpenEmbedded: the fragment's option is the kernel's" config_known
tap "git am takes what was made for either" still_mails \
	"$work/linux-1/debian/patches/features/all/swiotlb-segsize" "$recipes/swiotlb-segsize"
tap "OpenEmbedded: each patch has an Upstream-Status" upstream_status
tap "a folder that is no package, or no layer, is refused" refuses_folders
tap "distributions.rst shows the .bbappend" page_shows_it
tap_end
