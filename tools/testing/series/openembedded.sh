#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The series as OpenEmbedded takes it: bitbake's own parser reads the .bbappend and finds
# the patches. Documentation/distributions.rst shows what is made here.
#
# Usage: [BASE=name] openembedded.sh
# TAP on stdout. Exit status: 0 if all passed, 1 otherwise.
#
# groups: test host packaging
# bases: mainline

. "$(dirname "$0")/../../../scripts/lib/tap.sh"
. "$top/scripts/lib/patches.sh"

no_arguments "$@"
work=$build/test/openembedded
. "$(dirname "$0")/distro.sh"
need python3

page=$top/Documentation/distributions.rst

# parse RECIPE APPEND: what bitbake makes of the two, see the program
parse()
{
	(cd "$work" && PYTHONDONTWRITEBYTECODE=1 "$venv/bin/python" "$top/tools/testing/series/src_uri.py" "$@")
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

tap "bitbake parses the .bbappend and finds its files" bbappend_parses
tap "bitbake refuses one with a line cut" bad_bbappend
tap "the fragment's option is the kernel's" config_known
tap "git am takes what was made" still_mails "$recipes/swiotlb-segsize"
tap "each patch has an Upstream-Status" upstream_status
tap "a folder that is no layer is refused" refuses_folder openembedded
tap "distributions.rst shows the .bbappend" page_shows_it
tap_end
