#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Build a kernel and the project's own modules for it:
#
#   build/$BASE/image/CONFIG-REV/Image, *.ko, .config	arm64
#   build/$BASE/image/ARCH-CONFIG-REV/...			others
#
# of the revision REV of build/$BASE/tree (base, series, series~1, ...) in the
# configuration kernel/configs/swiotlb-test.config and
# arch/$ARCH/configs/swiotlb-small.config with, unless CONFIG is "small",
# swiotlb-CONFIG.config of one of the two folders on top; "debug-dynamic" takes
# both of the two. If the first line of swiotlb-CONFIG.config is
# "# On top of: defconfig", it is a board's kernel: that and the architecture's
# defconfig, and none of the project's modules. Does nothing if none of what it is
# made of changed.
#
# Beside the image are its System.map, kernel.release, and the kernel's own modules
# as they are installed (modules/lib/modules/).
#
# Usage: [BASE=name] [ARCH=arch] [W=1] build.sh [-c] CONFIG REV [BOARDS]
#   -c         only the configuration: that each option takes
#   BOARDS     and the device trees arch/$ARCH/boot/dts/BOARDS.dts (a pattern of the
#              shell's), as the kernel makes them: dtbs/*.dtb beside the image
#   ARCH=arch  arm64 (the default), arm, riscv or x86, which is x86_64
#   W=1  with the compiler's further warnings; they are left in
#        build/$BASE/image/CONFIG-REV/warnings
#
# Exit status: 0 when the image and the modules are there, 1 otherwise.

. "$(dirname "$0")/../lib/common.sh"
. "$top/scripts/lib/tree.sh"

only=
if [ "${1-}" = -c ]; then
	only=configuration
	shift
fi
arguments 2 3 "$@"
config=$1
rev=$2
boards=${3-}
W=${W:-}
ARCH=${ARCH:-arm64}

case $ARCH in
arm64) image_file=arch/arm64/boot/Image prefix= ;;
arm) image_file=arch/arm/boot/zImage prefix=arm- ;;
riscv) image_file=arch/riscv/boot/Image prefix=riscv- ;;
x86) image_file=arch/x86/boot/bzImage prefix=x86- ;;
*) die "no kernels are built here for ARCH=$ARCH" "one of: arm64, arm, riscv, x86" ;;
esac
obj=$base_dir/kernel/$prefix$config
modules=$obj-modules
label=$prefix$config-${rev//[^A-Za-z0-9._~-]/_}
image=$base_dir/image/$label
cross=$(cross_compile "$ARCH")

fragments=("$top/kernel/configs/swiotlb-test.config" "$top/arch/$ARCH/configs/swiotlb-small.config")
parts=${config//-/ }
defconfig=
if [ "$(head -n 1 "$top/arch/$ARCH/configs/swiotlb-$config.config" 2>/dev/null)" = "# On top of: defconfig" ]; then
	fragments=()
	parts=$config
	defconfig=defconfig
fi
for part in $parts; do
	[ "$part" != small ] || continue
	fragment=$top/arch/$ARCH/configs/swiotlb-$part.config
	[ -e "$fragment" ] || fragment=$top/kernel/configs/swiotlb-$part.config
	[ -e "$fragment" ] || die "no configuration '$config' for $ARCH" \
		"there is no swiotlb-$part.config in arch/$ARCH/configs/ or kernel/configs/"
	fragments+=("$fragment")
done

use_ccache
cc=$ccache${cross}gcc
# The same source gives the same image, whenever and wherever it is built.
export KBUILD_BUILD_TIMESTAMP='Sat Jan  1 00:00:00 UTC 2000' KBUILD_BUILD_USER=swiotlb \
	KBUILD_BUILD_HOST=swiotlb KBUILD_BUILD_VERSION=1

kmake()
{
	make -C "$src" O="$obj" ARCH="$ARCH" CROSS_COMPILE="$cross" CC="$cc" \
		-j"$jobs" ${W:+W="$W"} "$@"
}

# What an image is made of, in one line.
made_of()
{
	{
		git -C "$tree" rev-parse "$rev^{tree}"
		cat "${fragments[@]}" "$0"
		(cd "$top" && find kernel/dma include -type f -print0 | sort -z | xargs -0 sha256sum)
		"${cross}gcc" --version
		printf 'W=%s\n' "$W"
	} | sha256sum
}

# kconfig itself says nothing about an option that did not take.
configure()
{
	local wanted=$obj/wanted.config log=$obj/merge.log
	mkdir -p "$obj"
	{ sha256sum "${fragments[@]}" && git -C "$src" rev-parse 'HEAD^{tree}'; } >"$obj/wanted.new"
	if [ -e "$obj/.config" ] && cmp -s "$obj/wanted.new" "$wanted"; then
		return 0
	fi
	# What the fragments do not name stays off, even if naming the rest made
	# it visible: ARCH_MEDIATEK alone would bring 150 drivers.
	cat "${fragments[@]}" >"$obj/fragments"
	if [ -n "$defconfig" ]; then
		kmake defconfig && "$src/scripts/kconfig/merge_config.sh" -m -Q -O "$obj" \
			"$obj/.config" "$obj/fragments" && kmake olddefconfig || return 1
	else
		KCONFIG_ALLCONFIG=$obj/fragments kmake allnoconfig || return 1
	fi
	# Part of a module is made without looking at the configuration.
	rm -rf "$modules"
	not_taken >"$log"
	if [ -s "$log" ]; then
		echo "options of the fragments that are not so in the configuration:"
		cat "$log"
		return 1
	fi
	mv "$obj/wanted.new" "$wanted"
}

# The fragments are mainline's. Another kernel may not have an option, or not what a
# line "# OPTION needs OTHER" of the fragments says it depends on.
is_foreign_option()
{
	local other
	[ "$BASE" != mainline ] || return
	git -C "$src" grep -qE "^[[:space:]]*(menu)?config ${1#CONFIG_}\$" -- '*Kconfig*' || return 0
	other=$(cat "${fragments[@]}" | sed -n "s/^# $1 needs \(CONFIG_[A-Za-z0-9_]*\)\$/\1/p")
	[ -n "$other" ] && ! grep -q "^$other=" "$obj/.config"
}

# The last word of the fragments on each option, unless .config agrees.
not_taken()
{
	local line name
	cat "${fragments[@]}" | sed -n 's/^# \(CONFIG_[A-Za-z0-9_]*\) is not set$/\1=n/p; /^CONFIG_/p' |
		awk -F= '{ last[$1] = $0 } END { for (name in last) print last[name] }' | sort |
		while read -r line; do
			name=${line%%=*}
			case $line in
			*=n) ! grep -q "^$name=" "$obj/.config" || echo "$name is not off" ;;
			*) grep -qxF "$line" "$obj/.config" || is_foreign_option "$name" ||
				echo "$line, but it is: $(grep -w "$name" "$obj/.config" || echo "unknown, or its dependencies are off")" ;;
			esac
		done
}

build_image()
{
	kmake "${image_file##*/}" modules
}

build_modules()
{
	mkdir -p "$modules/kernel"
	rsync -a --delete --exclude='*.o' --exclude='*.ko' --exclude='*.mod*' --exclude='.*.cmd' \
		--exclude='modules.order' --exclude='Module.symvers' "$top/kernel/dma/" "$modules/kernel/dma/" &&
		rsync -a --delete "$top/include/" "$modules/include/" &&
		kmake M="$modules/kernel/dma" modules
}

build_kernel()
{
	local commit stamp warnings
	commit=$(git -C "$tree" rev-parse -q --verify "$rev^{commit}") ||
		die "$rev is no revision of ${tree#"$top"/}"
	stamp=$(made_of)
	if [ -z "$only" ] && [ "$(cat "$image/made-of" 2>/dev/null)" = "$stamp" ]; then
		say "  $label is up to date"
		return 0
	fi
	need "${cross}gcc" make flex bison bc rsync
	[ -n "$only" ] || [ -d "$obj" ] || need_space "$base_dir" $((${#defconfig} > 0 ? 5000 : 1500)) "a kernel build"
	[ -n "$only" ] || rm -rf "$image"
	# Files that REV has like the last one keep their time, and their objects.
	step "kernel/$label check out" git -C "$src" -c advice.detachedHead=false \
		checkout -q -f --detach "$commit" || die "could not check out $rev"
	step "kernel/$label configure" configure ||
		die "the configuration $config does not take" "see arch/$ARCH/configs/ and kernel/configs/"
	[ -z "$only" ] || return 0
	if [ -n "$W" ]; then
		# Warnings come only with a compilation.
		rm -rf "$obj/kernel/dma"
	fi
	# Those of the files that the series changes are always in "warnings".
	git -C "$src" diff --name-only base series -- '*.c' | sed "s|^|$obj/|; s/c\$/o/" | xargs -r rm -f
	step "kernel/$label Image" build_image || die "$rev does not build in configuration $config"
	warnings=$logs/"kernel/$label Image.log"
	mkdir -p "$image.new"
	grep -A 8 'warning:' "$warnings" >"$image.new/warnings" || true
	if [ -z "$defconfig" ] && [ -e "$top/kernel/dma/Kbuild" ]; then
		step "kernel/$label modules" build_modules || die "kernel/dma/ does not build for $label"
		find "$modules/kernel/dma" -name '*.ko' -exec cp -t "$image.new" {} +
	fi
	# The kernel's own, if the configuration has any
	[ -n "$defconfig" ] ||
		sed "s|^|$obj/|; s/\\.o$/.ko/" "$obj/modules.order" | xargs -r cp -t "$image.new"
	step "kernel/$label install modules" kmake INSTALL_MOD_PATH="$image.new/modules" \
		INSTALL_MOD_STRIP=1 modules_install || die "the modules of $label cannot be installed"
	# Links to folders of this machine
	find "$image.new/modules" -type l -delete
	cp "$obj/include/config/kernel.release" "$obj/System.map" "$image.new/"
	cp "$obj/$image_file" "$image.new/Image"
	cp "$obj/.config" "$image.new/"
	printf '%s\n' "$stamp" >"$image.new/made-of"
	mv "$image.new" "$image"
}

# The kernel of REV is there already: its device trees need nothing but the
# configuration that it was made with.
build_dtbs()
{
	local dts=arch/$ARCH/boot/dts list
	git -C "$src" -c advice.detachedHead=false checkout -q -f --detach "$rev^{commit}" || return
	mapfile -t list < <(cd "$src/$dts" && compgen -G "$boards.dts")
	[ ${#list[@]} -gt 0 ] || {
		echo "there is no $dts/$boards.dts in $rev"
		return 1
	}
	rm -rf "$image/dtbs"
	kmake "${list[@]/%.dts/.dtb}" && mkdir "$image/dtbs" || return
	(cd "$obj/$dts" && cp -t "$image/dtbs" "${list[@]/%.dts/.dtb}")
}

build()
{
	build_kernel
	[ -z "$boards" ] || step "kernel/$label device trees" build_dtbs ||
		die "the device trees $boards of $rev cannot be made"
}

# is_there: nothing is to be done, which is found out without waiting for another
# call that builds another kernel.
is_there()
{
	[ -z "$only$boards" ] && [ -s "$image/made-of" ] && [ "$(cat "$image/made-of")" = "$(made_of)" ]
}

need_tree
if is_there; then
	say "  $label is up to date"
	exit 0
fi
start=$SECONDS
with_lock "kernel-$BASE" build
# For the table of scripts/test.sh
[ -z "${TIMES-}" ] || printf '%s %d\n' "$label" $((SECONDS - start)) >>"$TIMES"
