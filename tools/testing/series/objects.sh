#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The objects that the series touches, compiled after each patch with W=1 and
# sparse, for three architectures and each setting of the options that matter:
# nothing is said that is not said without the series.
#
# The compiler's answers come from ccache where it has them, warnings and all, with
# the objects; sparse runs each time. What was said of a revision is kept in the user's
# cache by all that it comes from: of the base it is found again when patches change.
#
# Usage: [BASE=name] objects.sh
# TAP on stdout. Exit status: 0 if all passed, 1 otherwise.
#
# groups: test host
# bases: all

. "$(dirname "$0")/../../../scripts/lib/tap.sh"
. "$top/scripts/lib/tree.sh"

work=$cache/objects
archs=(arm64 x86_64 arm)

no_arguments "$@"
need git sparse "$(cross_compile arm64)gcc" "$(cross_compile arm)gcc"
need_tree
mkdir -p "$work" "$build/test/objects"
use_ccache

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
	local line
	while read -r line; do
		case $line in
		*=n) ! grep -q "^${line%n}" "$2" ;;
		*) grep -qxF "$line" "$2" ;;
		esac || echo "$line"
	done <"$1" | none "options that did not take"
}

# kmake ARCH ARGUMENT...: with warnings, by compiler and sparse, of all that is
# compiled. The kernel turns down a sparse that has not heard of __typeof_unqual__
# (0.6.4), which it uses only with a compiler that has; so the old word will do.
kmake()
{
	local arch=$1 cross
	shift
	cross=$(cross_compile "$arch")
	make -s -C "$src" "O=$base_dir/kernel/check-$arch" "ARCH=$arch" "CROSS_COMPILE=$cross" \
		"CC=$ccache${cross}gcc" "HOSTCC=${ccache}gcc" "-j$jobs" \
		W=1 C=1 CHECK='sparse -D__typeof_unqual__=__typeof__' "$@"
}

# configure ARCH VARIANT: for what src has checked out, unless it is so configured.
configure()
{
	local o=$base_dir/kernel/check-$1 option dynamic=${2#DYNAMIC=} restricted=${2##*=}
	dynamic=${dynamic%%,*}
	for option in $(arch_options "$1") SWIOTLB=y SWIOTLB_DYNAMIC="$dynamic" DMA_RESTRICTED_POOL="$restricted"; do
		printf 'CONFIG_%s\n' "$option"
	done >"$o/wanted"
	{
		cat "$o/wanted"
		git -C "$src" ls-tree -r HEAD | grep Kconfig
		"$(cross_compile "$1")gcc" --version
	} >"$o/configured.new"
	! cmp -s "$o/configured.new" "$o/configured" || return 0
	rm -f "$o/configured"
	kmake "$1" KCONFIG_ALLCONFIG="$o/wanted" allnoconfig >/dev/null &&
		options_are "$o/wanted" "$o/.config" &&
		mv "$o/configured.new" "$o/configured"
}

# compile ARCH VARIANT: the objects of what src has checked out; what compiler
# and sparse say. Exit status of make.
compile()
{
	local o=$base_dir/kernel/check-$1 list
	mkdir -p "$o"
	# What the objects need is made by itself, so that what is said of that is not
	# taken for said of them.
	{ configure "$1" "$2" && kmake "$1" prepare; } >"$o/prepared" 2>&1 || {
		cat "$o/prepared"
		return 1
	}
	read -ra list <<<"$(arch_objects "$1" "$2" | tr '\n' ' ')"
	# Warnings come only with a compilation.
	(cd "$o" && rm -f "${list[@]}")
	kmake "$1" "${list[@]}" >"$o/said" 2>&1 && ! grep 'C=1 specified, but' "$o/said"
	set -- $?
	cat "$o/said"
	return "$1"
}

# Without line numbers, which the patches move.
warnings()
{
	grep -E 'warning:|error:' "$1" | sed 's/:[0-9]\+\(:[0-9]\+\)\?:/:/' | sort
}

# kept COMMIT ARCH VARIANT: the file for what is said of that, named by all that it
# comes from
kept()
{
	local commit=$1 arch=$2 variant=$3
	{
		git -C "$tree" rev-parse "$commit^{tree}"
		printf '%s\n' "$arch" "$variant"
		arch_options "$arch"
		arch_objects "$arch" "$variant"
		declare -f kmake configure compile
		"$(cross_compile "$arch")gcc" --version
		sparse --version
	} 2>&1 | sha256sum | cut -c1-16 | sed "s|^|$work/$arch-$variant-|"
}

check_out()
{
	[ "$(git -C "$src" rev-parse HEAD)" = "$(git -C "$tree" rev-parse "$1^{commit}")" ] ||
		git -C "$src" checkout -q -f --detach "$1"
}

# log_of COMMIT ARCH VARIANT: what was said in this run
log_of()
{
	echo "$build/test/objects/$1-$2-$3.log"
}

# keep COMMIT ARCH VARIANT: make the file; src has COMMIT checked out.
keep()
{
	local file log
	file=$(kept "$@")
	log=$(log_of "$@")
	compile "$2" "$3" >"$log" 2>&1 && sed "s|$src/||g" "$log" >"$file.$$" && mv "$file.$$" "$file"
}

# say_all COMMIT VARIANT: the architectures beside each other, since much of what make
# does is done by one processor. What does not compile has no file then.
say_all()
{
	local arch
	for arch in "${archs[@]}"; do
		[ ! -e "$(kept "$1" "$arch" "$2")" ] || continue
		check_out "$1" || return
		keep "$1" "$arch" "$2" &
	done
	wait
}

# nothing_new COMMIT ARCH VARIANT
nothing_new()
{
	local commit files=()
	for commit in base "$1"; do
		files+=("$(kept "$commit" "$2" "$3")")
		touch -c "${files[-1]}"
		[ -e "${files[-1]}" ] || {
			echo "it does not compile:"
			tail -n 30 "$(log_of "$commit" "$2" "$3")"
			return 1
		}
	done
	comm -13 <(warnings "${files[0]}") <(warnings "${files[1]}") | none new
}

# The revisions one after the other in each variant: to check one out changes what
# the objects are made of and nothing else, while another variant costs a
# configuration and what is made of that.
objects()
{
	local revisions commit arch variant
	mapfile -t revisions < <(code_revisions)
	for variant in DYNAMIC={y,n},RESTRICTED={y,n}; do
		for commit in base "${revisions[@]}"; do
			say_all "$commit" "$variant"
		done
		for commit in "${revisions[@]}"; do
			for arch in "${archs[@]}"; do
				tap "W=1 and sparse say nothing new, $arch $variant: $(git -C "$tree" log -1 --format=%s "$commit")" \
					nothing_new "$commit" "$arch" "$variant"
			done
		done
	done
}

# src is shared with scripts/kernel/build.sh. The lock is held to the end.
exec 8>"$build/kernel-$BASE.lock"
flock 8
mkdir -p "$base_dir/kernel"
objects
# Those of the last series and bases
find "$work" -type f -printf '%T@ %p\n' | sort -rn | tail -n +501 | cut -d ' ' -f 2- |
	xargs -r -d '\n' rm -f
[ "$tap_count" -gt 0 ] || tap_fail "the series changes code"
tap_end
