#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The objects that the series touches, compiled after each patch with W=1 and
# sparse, for three architectures and each setting of the options that matter:
# nothing is said that is not said without the series.
#
# Usage: [BASE=name] tools/testing/series/objects.sh
# TAP on stdout. Exit status: 0 if all passed, 1 otherwise.
#
# groups: test host
# bases: all

. "$(dirname "$0")/../../../scripts/lib/common.sh"
. "$top/scripts/lib/tap.sh"
. "$top/scripts/lib/tree.sh"

work=$base_dir/check

need git sparse "$(cross_compile arm64)gcc" "$(cross_compile arm)gcc"
[ -d "$src" ] || die "no tree in ${tree#"$top"/}" "make it with: make tree"
mkdir -p "$work"

# The series' revisions that change what is compiled.
code_revisions()
{
	git -C "$tree" log --reverse --format=%H base..series -- '*.c' '*.h' '*.S' '*Kconfig*' '*Makefile' '*Kbuild'
}

# What each architecture needs on top of allnoconfig for the objects that
# include the series' header.
arch_options()
{
	case $1 in
	arm64) echo OF=y XEN=y PCI=y IOMMU_SUPPORT=y ARM_SMMU_V3=y ;;
	x86_64) echo 64BIT=y OF=y PCI=y ACPI=y SMP=y HYPERVISOR_GUEST=y PARAVIRT=y XEN=y XEN_PV=y \
		XEN_DOM0=y EFI=y EFI_STUB=y AMD_MEM_ENCRYPT=y IOMMU_SUPPORT=y AMD_IOMMU=y ;;
	arm) echo MMU=y ARCH_MULTIPLATFORM=y ARCH_MULTI_V7=y ARM_LPAE=y ARCH_VIRT=y OF=y ;;
	esac
	echo DEBUG_FS=y DMA_API_DEBUG=y
}

# The objects: the allocator and what it is reached through, always; the other
# files that include its header, for one configuration of each architecture.
arch_objects()
{
	echo kernel/dma/swiotlb.o kernel/dma/direct.o
	[ "$2" = "DYNAMIC=y,RESTRICTED=y" ] || return 0
	echo kernel/dma/debug.o drivers/base/core.o mm/slab_common.o
	case $1 in
	arm64) echo arch/arm64/mm/init.o drivers/iommu/dma-iommu.o drivers/xen/swiotlb-xen.o ;;
	x86_64) echo arch/x86/mm/mem_encrypt.o arch/x86/kernel/setup.o drivers/iommu/dma-iommu.o \
		drivers/xen/swiotlb-xen.o ;;
	arm) echo arch/arm/mm/init.o ;;
	esac
}

# options_are FILE CONFIG: all lines of FILE took; else another configuration
# would be tested than the test's name says.
options_are()
{
	local line failed=0
	while read -r line; do
		case $line in
		*=n) ! grep -q "^${line%=n}=" "$2" ;;
		*) grep -qxF "$line" "$2" ;;
		esac || {
			echo "$line did not take"
			failed=1
		}
	done <"$1"
	return "$failed"
}

# compile ARCH VARIANT: the objects of what src has checked out; what compiler
# and sparse say. Exit status of make.
compile()
{
	local arch=$1 variant=$2 o=$base_dir/kernel/check-$1 option list
	local dynamic=${2#DYNAMIC=} restricted=${2##*=}
	local kmake=(make -s -C "$src" "O=$o" "ARCH=$arch" "CROSS_COMPILE=$(cross_compile "$arch")" "-j$jobs")
	dynamic=${dynamic%%,*}
	mkdir -p "$o"
	{
		for option in $(arch_options "$arch") SWIOTLB=y SWIOTLB_DYNAMIC="$dynamic" \
			DMA_RESTRICTED_POOL="$restricted"; do
			printf 'CONFIG_%s\n' "$option"
		done
	} >"$o/wanted"
	"${kmake[@]}" KCONFIG_ALLCONFIG="$o/wanted" allnoconfig >/dev/null &&
		options_are "$o/wanted" "$o/.config" &&
		"${kmake[@]}" prepare || return 1
	read -ra list <<<"$(arch_objects "$arch" "$variant" | tr '\n' ' ')"
	for option in "${list[@]}"; do
		rm -f "$o/$option"
	done
	# C=1: sparse looks at what is compiled, which is these. The kernel turns
	# down a sparse that has not heard of __typeof_unqual__ (0.6.4), which it
	# uses only with a compiler that has; so the old word will do.
	"${kmake[@]}" W=1 C=1 CHECK='sparse -D__typeof_unqual__=__typeof__' "${list[@]}" 2>&1 |
		tee "$o/said"
	[ "${PIPESTATUS[0]}" -eq 0 ] || return 1
	! grep 'C=1 specified, but' "$o/said"
}

# Without line numbers, which the patches move.
warnings()
{
	grep -E 'warning:|error:' "$1" | sed "s|$src/||g; s/:[0-9]\+\(:[0-9]\+\)\?:/:/" | sort
}

# said REV ARCH VARIANT: the file with what was said of that revision. What was
# compiled once is not again, as long as all that it came from is the same.
said()
{
	local commit=$1 arch=$2 variant=$3 stamp file
	stamp=$({
		git -C "$tree" rev-parse "$commit^{tree}"
		printf '%s\n' "$arch" "$variant"
		arch_options "$arch"
		arch_objects "$arch" "$variant"
		declare -f compile
		"$(cross_compile "$arch")gcc" --version
		sparse --version
	} 2>&1 | sha256sum | cut -c1-16)
	file=$work/objects/$arch-$variant-$stamp
	if [ ! -e "$file" ]; then
		mkdir -p "${file%/*}"
		[ "$(git -C "$src" rev-parse HEAD)" = "$(git -C "$tree" rev-parse "$commit^{commit}")" ] ||
			git -C "$src" checkout -q -f --detach "$commit" || return 1
		if ! compile "$arch" "$variant" >"$file.new" 2>&1; then
			echo "it does not compile:" >&2
			tail -n 30 "$file.new" >&2
			return 1
		fi
		mv "$file.new" "$file"
	fi
	printf '%s\n' "$file"
}

nothing_new()
{
	local commit=$1 arch=$2 variant=$3 before after new
	before=$(said base "$arch" "$variant") && after=$(said "$commit" "$arch" "$variant") || return 1
	new=$(comm -13 <(warnings "$before") <(warnings "$after"))
	[ -z "$new" ] || {
		printf 'new:\n%s\n' "$new"
		return 1
	}
}

objects()
{
	local revisions commit arch variant name
	mapfile -t revisions < <(code_revisions)
	# All of the base first: src then changes once, not for each variant.
	for commit in base "${revisions[@]}"; do
		for arch in arm64 x86_64 arm; do
			for variant in DYNAMIC={y,n},RESTRICTED={y,n}; do
				said "$commit" "$arch" "$variant" >/dev/null 2>&1 || true
			done
		done
	done
	for commit in "${revisions[@]}"; do
		name=$(git -C "$tree" log -1 --format=%s "$commit")
		for arch in arm64 x86_64 arm; do
			for variant in DYNAMIC={y,n},RESTRICTED={y,n}; do
				tap "W=1 and sparse say nothing new, $arch $variant: $name" \
					nothing_new "$commit" "$arch" "$variant"
			done
		done
	done
}

# src and the objects are shared with scripts/kernel/build.sh. The lock is held to the end.
exec 8>"$build/kernel-$BASE.lock"
flock 8
objects
[ "$tap_count" -gt 0 ] || tap_fail "the series changes code"
tap_end
