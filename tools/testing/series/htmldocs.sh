#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Render documentation: core-api/swiotlb.rst without and with the series, by
# sphinx with the kernel's conf.py and extensions, and our own Documentation/.
# Nothing may warn that did not before, and what the series writes has to be
# there to read. build/test/htmldocs has the result as text and HTML.
#
# Rendered with it are the DMA API's pages, which it belongs to; all of core-api
# takes minutes, and would say as much about it.
#
# Usage: [BASE=name] htmldocs.sh
# TAP on stdout. Exit status: 0 if all passed, 1 otherwise.
#
# groups: test host packaging
# bases: all

. "$(dirname "$0")/../../../scripts/lib/tap.sh"
. "$top/scripts/lib/tree.sh"

no_arguments "$@"

work=$build/test/htmldocs
page=Documentation/core-api/swiotlb.rst
export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1

need git python3 sphinx-build
need_tree
rm -rf "$work"
mkdir -p "$work"

# export_docs REV: what sphinx needs of that revision, in $work/REV, with an index
# of the pages that are rendered.
export_docs()
{
	local dir=$work/$1 pages list
	mapfile -t pages < <(git -C "$tree" ls-tree -r --name-only "$1" -- "$page" \
		Documentation/core-api/dma-{api,api-howto,attributes,isa-lpc}.rst)
	# The source files whose comments the pages take in, too.
	mapfile -t list < <(git -C "$tree" grep -h '^\.\. kernel-doc::' "$1" -- "${pages[@]}" | awk '{ print $3 }')
	tree_files "$1" "$dir" "${pages[@]}" "${list[@]}" \
		Documentation/conf.py Documentation/docutils.conf Documentation/images \
		Documentation/netlink Documentation/sphinx Documentation/sphinx-includes \
		Documentation/sphinx-static MAINTAINERS Makefile scripts/kernel-doc tools/docs \
		tools/lib/python tools/net/ynl/pyynl || return
	{
		printf 'Index\n=====\n\n.. toctree::\n\n'
		sed 's|^Documentation/core-api/\(.*\)\.rst$|   \1|' <(printf '%s\n' "${pages[@]}")
	} >"$dir/Documentation/core-api/index.rst"
}

# render NAME BUILDER: $work/NAME's pages, with its own conf.py; what sphinx warns
# of is in $work/NAME.BUILDER.warnings.
render()
{
	local dir=$work/$1 out=$work/$1/$2 options=()
	# Older kernels run kernel-doc as a program.
	! grep kerneldoc_bin "$dir/Documentation/conf.py" >/dev/null ||
		options=(-D kerneldoc_bin=scripts/kernel-doc)
	(
		cd "$dir" || exit 1
		# Where the extensions look for the source.
		srctree=$dir sphinx-build -q -b "$2" -c Documentation -d "$dir/doctrees" -w "$work/$1.$2.warnings" \
			-D version=kernel -D release=kernel -D kerneldoc_srctree="$dir" \
			"${options[@]}" Documentation/core-api "$out"
	)
}

# The warnings of a page, without where the copy lies and at which line.
warnings_of()
{
	grep -F "core-api/$2.rst:" "$1" | sed "s|.*core-api/|core-api/|; s/:[0-9][0-9]*:/:/" | sort || true
}

# warns NAME BUILDER: what NAME's page is warned of that base's is not.
warns()
{
	render "$1" "$2" || return 1
	[ -s "$work/$1/$2/swiotlb.$([ "$2" = text ] && echo txt || echo html)" ] || wrong "there is no page"
	comm -13 <(warnings_of "$work/base.$2.warnings" swiotlb) <(warnings_of "$work/$1.$2.warnings" swiotlb) >"$work/new"
	cat "$work/new"
	[ ! -s "$work/new" ]
}

# A title that is too short, and a link to nowhere: sphinx has to say so.
fault_is_seen()
{
	cp -a "$work/series" "$work/fault"
	rm -rf "$work/fault"/{doctrees,html,text}
	awk '/^Restricted pools$/ { print; getline; print "----"; next }
		{ print }
		END { print "\nSee :doc:`no-such-page`." }' "$work/series/$page" >"$work/fault/$page"
	! warns fault html || return 1
	grep "Title underline too short" "$work/new" && grep "no-such-page" "$work/new"
}

# section FILE TITLE: what stands below the title, up to the next one, as the
# text builder and the source write it.
section()
{
	awk -v title="$2" '
	{ line[NR] = $0 }
	END {
		for (i = 1; i <= NR; i++) {
			if (line[i] != "" && line[i + 1] ~ /^(-+|=+|~+|\*+)$/) {
				here = line[i++] == title
				continue
			}
			if (here)
				print line[i]
		}
	}' "$1"
}

# One paragraph a line, without quotes: which ones it has is the choice of who
# renders, as is a line's end behind a hyphen.
paragraphs()
{
	# shellcheck disable=SC1111 # the renderer's quotes are meant
	sed "s/[\"\`“”]//g; s/[‘’]/'/g" |
		awk -v RS= '{ gsub(/[ \t\n]+/, " "); gsub(/- /, "-"); sub(/^ /, ""); print }'
}

# All that the source has to say is in the text.
section_is_there()
{
	local title=$1 line
	section "$work/series/text/swiotlb.txt" "$title" | paragraphs >"$work/rendered"
	section "$work/series/$page" "$title" | paragraphs >"$work/written"
	[ -s "$work/written" ] || wrong "no such section: $title"
	while read -r line; do
		grep -F -e "$line" "$work/rendered" >/dev/null || {
			printf 'not in the rendered text: %s\n' "$line"
			return 1
		}
	done <"$work/written"
}

# Something of every paragraph that the series adds is in the section, not only in
# the source.
restricted_pools_are_told()
{
	section_is_there "Restricted pools" || return 1
	grep -F "property io-tlb-segsize in its DeviceTree node" "$work/rendered" &&
		grep -F "shown as io_tlb_segsize" "$work/rendered"
}

# Our own pages, as one would render them beside the kernel's: any warning fails.
own_documentation()
{
	local dir=$work/own
	mkdir -p "$dir"
	cp "$top"/Documentation/*.rst "$dir/"
	cp "$top"/Documentation/*.svg "$dir/" 2>/dev/null || true
	printf 'Index\n=====\n\n.. toctree::\n   :glob:\n\n   [a-hj-z]*\n   integrator\n' >"$dir/index.rst"
	sphinx-build -q -C -n -W --keep-going -D project=swiotlb-segsize -b html "$dir" "$dir/html"
}

if git -C "$tree" cat-file -e "series:$page" 2>/dev/null; then
	export_docs base
	export_docs series
	for builder in html text; do
		tap "$builder: base renders" render base "$builder"
		tap "$builder: swiotlb.rst warns of nothing new" warns series "$builder"
	done
	tap "a fault in swiotlb.rst is seen" fault_is_seen
	while read -r title; do
		tap "rendered: $title" section_is_there "$title"
	done < <(awk '/^(-+|=+)$/ && last != "" { print last } { last = $0 }' "$work/series/$page")
	tap "rendered: Restricted pools, with the property" restricted_pools_are_told
fi
tap "our own Documentation/ renders without a warning" own_documentation
tap_end
