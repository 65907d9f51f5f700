#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Add the patches of patches/$BASE to a distribution's packaging of the kernel.
# Documentation/distributions.rst says what is left to do there.
#
# Usage: [BASE=name] [FORWARDED=URL] distro.sh debian DIR
#        [BASE=name] [FORWARDED=URL] [RECIPE=name] distro.sh openembedded DIR
#   debian        DIR is an unpacked source package: the patches, with the fields
#                 of DEP-3, go into debian/patches/features/all/swiotlb-segsize,
#                 and their names to the end of debian/patches/series
#   openembedded  DIR is a layer: the patches, with an Upstream-Status, a
#                 configuration fragment and RECIPE_%.bbappend go into
#                 recipes-kernel/linux; RECIPE is linux-yocto by default
#   FORWARDED     where the series was posted, once it was
#
# Called again, it brings what it has written up to date.
# Exit status: 0 when all is written, 1 otherwise.

. "$(dirname "$0")/../lib/common.sh"
. "$top/scripts/lib/patches.sh"

forwarded=${FORWARDED:-}

# The header's fields are DEP-3's, From and Subject included.
dep3()
{
	awk -v forwarded="${forwarded:-no}" '
	!body && /^$/ { body = 1; print "Forwarded: " forwarded }
	{ print }' "$1"
}

# OpenEmbedded's checks look for this line in every patch.
upstream_status()
{
	local status=Pending
	[ -z "$forwarded" ] || status="Submitted [$forwarded]"
	awk -v status="$status" '
	!over && /^---$/ { over = 1; print "Upstream-Status: " status }
	{ print }' "$1"
}

debian()
{
	local dir=$1/debian/patches name=features/all/swiotlb-segsize mail series=$1/debian/patches/series
	[ -e "$series" ] || die "$1 has no debian/patches/series" "it must be an unpacked source package of the kernel"
	rm -rf "${dir:?}/$name"
	mkdir -p "$dir/$name"
	{
		# A last line without an end would swallow our first.
		grep -v "^$name/" "$series" || true
		for mail in "${patches[@]}"; do
			dep3 "$mail" >"$dir/$name/${mail##*/}"
			printf '%s\n' "$name/${mail##*/}"
		done
	} >"$series.new"
	mv "$series.new" "$series"
	say "$series: ${#patches[@]} patches"
}

bbappend()
{
	cat <<-'EOF'
		# SPDX-License-Identifier: GPL-2.0
		#
		# io-tlb-segsize: more than 256 KiB in one piece from a restricted DMA pool

		FILESEXTRAPATHS:prepend := "${THISDIR}/swiotlb-segsize:"

		SRC_URI:append = " \
	EOF
	printf '    file://%s \\\n' "${patches[@]##*/}" restricted-dma-pool.cfg
	printf '"\n'
}

openembedded()
{
	local dir=$1/recipes-kernel/linux recipe=${RECIPE:-linux-yocto} mail
	[ -e "$1/conf/layer.conf" ] || die "$1 has no conf/layer.conf" "it must be a layer: bitbake-layers create-layer makes one"
	rm -rf "$dir/swiotlb-segsize"
	mkdir -p "$dir/swiotlb-segsize"
	for mail in "${patches[@]}"; do
		upstream_status "$mail" >"$dir/swiotlb-segsize/${mail##*/}"
	done
	printf 'CONFIG_DMA_RESTRICTED_POOL=y\n' >"$dir/swiotlb-segsize/restricted-dma-pool.cfg"
	bbappend >"$dir/${recipe}_%.bbappend"
	say "$dir/${recipe}_%.bbappend: ${#patches[@]} patches"
}

arguments 2 2 "$@"
case $1 in
debian | openembedded) ;;
*) usage_error "unknown distribution '$1'" ;;
esac
[ -d "$2" ] || die "$2: no such folder"
mapfile -t patches < <(list_mails "$mails")
[ ${#patches[@]} -gt 0 ] || die "no patches in ${mails#"$top"/}"
"$1" "$2"
