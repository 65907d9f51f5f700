#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A kernel for the MT8183 Chromebooks (kukui), ready for a ChromeOS kernel
# partition: the kernel and the device trees of all boards in a FIT image, signed
# with the developer keys of Debian's vboot-kernel-utils, and all that belongs to it:
#
#   build/chromebook/kukui.kpart		what is written to the partition
#   build/chromebook/modules.tar.xz	lib/modules/, for the root file system
#   build/chromebook/{config,System.map,versions,SHA256SUMS}
#
# Documentation/chromebook.rst says what to do with them.
#
# Usage: image.sh [STEP...]
#
#   STEP  build   the kernel, its modules, the device trees; each device of the boards
#                 has a driver
#         pack    what is above
#         verify  the partition's signature, size and command line, and that
#                 there is in it what was built, with the tools that know the format
#         boot    the same kernel in QEMU, on krane's tree, with the series: the
#                 SCP's driver gets its 5 MiB
#         without a STEP all of them, in this order
#
# Environment:
#   CONFIG=name      the kernel's configuration (mt8183-kukui)
#   REV=rev          the revision of build/$BASE/tree (series)
#   OUT=folder       build/chromebook
#   CMDLINE=text     the kernel's command line; the boot firmware puts the
#                    partition's UUID in the place of %U
#   PARTITION=MiB    the size of your kernel partition; without it only the board's
#                    limit counts, which is depthcharge-tools' to know
#   KPART=file       verify: another partition than OUT's
#   KEYS=folder      the keys, /usr/share/vboot/devkeys
#
# Exit status: 0 when all that was asked for is as it should be.

. "$(dirname "$0")/../lib/common.sh"
. "$top/scripts/lib/guest.sh"

config=${CONFIG:-mt8183-kukui}
rev=${REV:-series}
out=${OUT:-$build/chromebook}
keys=${KEYS:-/usr/share/vboot/devkeys}
kpart=${KPART:-$out/kukui.kpart}
image=$base_dir/image/$config-$rev
boards='mediatek/mt8183-kukui-*'
# The root file system is on the partition that follows the kernel's.
cmdline=${CMDLINE:-console=tty0 console=ttyS0,115200n8 root=PARTUUID=%U/PARTNROFF=1 rootwait rw}
label=chromebook/$config

# depthcharge-tools' name of a board, and where its database has what holds for all
# kukui boards. Their own names for some of them are not those in the device trees.
board=krane
section=boards/arm64/mt8183/kukui

# What mkdepthcharge puts in front of the command line it is given
guid='kern_guid=%U '

# What needs no more than Debian's packages, once the kernel is there
tools=(mkdepthcharge depthchargectl vbutil_kernel mkimage dumpimage fdtget lz4 tar xz)

[[ ${PARTITION:-1} =~ ^[1-9][0-9]*$ ]] || die "PARTITION=$PARTITION: not a number of MiB"

build()
{
	"$top/scripts/kernel/build.sh" "$config" "$rev" "$boards" || return
	# Another configuration is not for the boards.
	[ "$config" = mt8183-kukui ] || return 0
	STEP_TAIL=40 step "$label drivers" "$top/scripts/chromebook/drivers.sh" "$image" ||
		die "the configuration has not all drivers of the boards" \
			"see arch/arm64/configs/swiotlb-$config.config"
	say "  $(tail -n 1 "$logs/$label drivers.log")"
}

has_kernel()
{
	local what
	for what in Image System.map .config kernel.release; do
		[ -s "$image/$what" ] || die "no $what in ${image#"$top"/}" "make it with: scripts/chromebook/image.sh build"
	done
	compgen -G "$image/dtbs/*.dtb" >/dev/null ||
		die "no device trees in ${image#"$top"/}/dtbs" "make them with: scripts/chromebook/image.sh build"
	[ -d "$keys" ] || die "no keys in $keys" "Debian's vboot-kernel-utils has them: make deps"
}

# What the board's firmware loads at most, in bytes
board_limit()
{
	local size
	size=$(depthchargectl config --section "$section" image-max-size) || size=
	numfmt --from=iec-i --suffix=B "${size// /}" 2>/dev/null | grep -o '^[1-9][0-9]*' ||
		die "depthcharge-tools does not say how large a kernel $board takes ('$size' in its section $section)" \
		"see boards.ini of the package depthcharge-tools"
}

# check_size FILE: against the board's limit, and the partition's
check_size()
{
	local size limit what
	size=$(stat -c %s "$1")
	limit=$(board_limit) || return
	what="what $board's firmware loads at most"
	if [ -n "${PARTITION-}" ] && [ $((PARTITION << 20)) -lt "$limit" ]; then
		limit=$((PARTITION << 20))
		what="the partition (PARTITION=$PARTITION)"
	fi
	[ "$size" -le "$limit" ] ||
		die "the kernel is too large: $size bytes, $((size - limit)) more than the $limit of $what" \
			"leave out what is built in and not needed to boot: arch/arm64/configs/swiotlb-$config.config"
	printf '%d bytes, %d.%d %% of the %d of %s\n' "$size" $((size * 100 / limit)) \
		$((size * 1000 / limit % 10)) "$limit" "$what"
}

# version PACKAGE TOOL: as Debian has it, or what the tool says
version()
{
	dpkg-query -W -f '${Package} ${Version}\n' "$1" 2>/dev/null || { "$2" --version 2>&1 || :; } | head -n 1
}

versions()
{
	echo "kernel $(cat "$image/kernel.release")"
	echo "base $(git -C "$base_dir/tree" log -1 --format=%s base)"
	git -C "$base_dir/tree" log --reverse --format='patch %s' "base..$rev"
	echo "tree $(git -C "$base_dir/tree" rev-parse "$rev^{tree}")"
	echo "configuration $config"
	echo "command line $cmdline"
	aarch64-linux-gnu-gcc --version | head -n 1
	version depthcharge-tools mkdepthcharge
	version vboot-kernel-utils futility
	version u-boot-tools mkimage
}

# mkdepthcharge signs what it makes, and verifies it with the same keys. One date,
# so that the same input makes the same partition.
make_kpart()
{
	SOURCE_DATE_EPOCH=946684800 mkdepthcharge -v -A arm64 --format fit -C lz4 \
		--name "Linux $(cat "$image/kernel.release")" --cmdline "$cmdline" --keydir "$keys" \
		-o "$out/kukui.kpart.new" --vmlinuz "$image/Image" --dtbs "$image"/dtbs/*.dtb
}

# Without the folder lib itself: where that is a link, tar would put a folder there.
make_modules()
{
	tar -c -C "$image/modules" --sort=name --mtime=@946684800 --owner=0 --group=0 --numeric-owner \
		"lib/modules/$(cat "$image/kernel.release")" | xz -T0 >"$out/modules.tar.xz.new" && mv "$out/modules.tar.xz.new" "$out/modules.tar.xz"
}

pack()
{
	local size
	has_kernel
	mkdir -p "$out"
	# What is there belongs together, or is not there.
	rm -f "$out/SHA256SUMS" "$out/kukui.kpart"
	step "$label partition" make_kpart || die "mkdepthcharge could not make the kernel partition"
	size=$(check_size "$out/kukui.kpart.new") || return
	step "$label modules" make_modules || die "could not pack the modules"
	cp "$image/.config" "$out/config"
	cp "$image/System.map" "$out/System.map"
	versions >"$out/versions"
	mv "$out/kukui.kpart.new" "$out/kukui.kpart"
	(cd "$out" && sha256sum kukui.kpart modules.tar.xz config System.map versions >SHA256SUMS.new &&
		mv SHA256SUMS.new SHA256SUMS)
	say "  ${out#"$top"/}/kukui.kpart: $size"
}

not_so()
{
	echo "$1"
	return 1
}

# same_parts WORK: one kernel and all device trees, each as it was built
same_parts()
{
	local work=$1 dtb compatible i=0 names=" "
	dumpimage -l "$work/fit" || return
	# Image 0 is the kernel; mkimage numbers the others in the order they were given.
	dumpimage -T flat_dt -p 0 -o "$work/kernel.lz4" "$work/fit" >/dev/null &&
		lz4 -q -d -f "$work/kernel.lz4" "$work/kernel" && cmp "$work/kernel" "$image/Image" ||
		not_so "the kernel in it is not ${image#"$top"/}/Image" || return
	for dtb in "$image"/dtbs/*.dtb; do
		i=$((i + 1))
		dumpimage -T flat_dt -p $i -o "$work/dtb" "$work/fit" >/dev/null && cmp "$work/dtb" "$dtb" ||
			not_so "its device tree $i is not ${dtb##*/}" || return
		compatible=$(fdtget "$work/dtb" / compatible) || return
		printf '%s %s\n' "${dtb##*/}" "$compatible"
		[[ $compatible == google,*" mediatek,mt8183" ]] ||
			not_so "not the tree of a Chromebook with this SoC" || return
		# The firmware takes the tree by this name.
		[[ $names != *" ${compatible%% *} "* ]] ||
			not_so "there are two trees for ${compatible%% *}" || return
		names+="${compatible%% *} "
	done
	[ "$(fdtget -l "$work/fit" /images | wc -l)" -eq $((i + 1)) ] &&
		[ "$(fdtget -l "$work/fit" /configurations | wc -l)" -eq $i ] ||
		not_so "it has other images or configurations than a kernel and $i device trees" || return
	echo "$i device trees"
}

# signed WORK: by the key that the firmware has in developer mode
signed()
{
	vbutil_kernel --verify "$kpart" --signpubkey "$keys/kernel_subkey.vbpubk" --verbose >"$1/verify" 2>&1 || {
		cat "$1/verify"
		return 1
	}
	cat "$1/verify"
	# The same by depthcharge-tools, which looks for the board's device tree, too.
	depthchargectl --board "$board" --vboot-public-key "$keys/kernel_subkey.vbpubk" check "$kpart"
}

verify()
{
	local work said
	has_kernel
	[ -s "$kpart" ] || die "there is no $kpart" "make it with: scripts/chromebook/image.sh pack"
	work=$out/verify
	rm -rf "$work"
	mkdir -p "$work"
	said=$(check_size "$kpart") || return
	step "$label signature" signed "$work" ||
		die "$kpart: it is not signed as it should be" "the firmware would not boot it"
	grep -Fx "$guid$cmdline" "$work/verify" >/dev/null ||
		die "$kpart: its command line is not: $guid$cmdline" "make it with: scripts/chromebook/image.sh pack"
	vbutil_kernel --get-vmlinuz "$kpart" --vmlinuz-out "$work/fit" >/dev/null ||
		die "$kpart: no kernel can be taken out of it"
	step "$label parts" same_parts "$work" ||
		die "$kpart: what is in it is not what was built" "make it with: scripts/chromebook/image.sh pack"
	if [ "$kpart" = "$out/kukui.kpart" ]; then
		(cd "$out" && sha256sum --quiet -c SHA256SUMS) || die "$out: a file is not what was packed"
	fi
	say "  verified: $(tail -n 1 "$logs/$label parts.log"), each as built; $said"
	rm -rf "$work"
}

# What QEMU's machine has not is switched off: a driver that touches its registers
# ends the kernel, and the board's kernel has drivers for all of them.
guest_dtb()
{
	local node compatible
	guest_board_dtb "$rev" "$1" || return
	for node in $(fdtget -l "$1" /soc); do
		compatible=$(fdtget "$1" "/soc/$node" compatible 2>/dev/null) || continue
		case $compatible in
		arm,gic-v3* | mediatek,mt8183-scp*) ;;
		*) fdtput -t s "$1" "/soc/$node" status disabled || return ;;
		esac
	done
}

# The SCP's driver and what it needs, in the order in which to load them
scp_modules()
{
	local release modules
	release=$(cat "$image/kernel.release")
	modules=$(modprobe -d "$image/modules" -S "$release" -C /dev/null --show-depends mtk_scp) || return
	sed -n 's/^insmod //p' <<<"$modules" | awk '{ printf "%s:modules/%02d.ko\n", $1, NR }'
}

guest_boot()
{
	local modules
	mkdir -p "$out"
	guest_dtb "$out/qemu.dtb" || return
	modules=$(scp_modules) || return
	mapfile -t modules <<<"$modules"
	"$top/scripts/guest/initramfs.sh" "$out/qemu.cpio.gz" \
		"$top/scripts/chromebook/init.sh" "${modules[@]}" &&
		"$top/scripts/guest/boot.sh" "$label" "$image/Image" "$out/qemu.dtb" "$out/qemu.cpio.gz" \
			-append cpuidle.off=1
}

boot()
{
	local log=$logs/boot/$label.log said
	need modprobe fdtput
	has_kernel
	step "$label boot" guest_boot || die "the kernel does not boot in QEMU"
	said=$(guest_answers "$label")
	printf '%s\n' "$said" | sed 's/^/  /'
	guest_no_report "$label" 'Call trace' || die "that is in ${log#"$top"/}"
	grep 'remoteproc remoteproc0: scp is available' "$log" >/dev/null ||
		die "the SCP's driver did not probe" "see ${log#"$top"/}"
	grep -E "^pool memory@50000000 .*io_tlb_used=$((guest_scp_dram / 2048))( |\$)" <<<"$said" >/dev/null ||
		die "the SCP's driver has not its 5 MiB of the pool" "see ${log#"$top"/}"
}

[ $# -gt 0 ] || set -- build pack verify boot
for step; do
	[[ $step =~ ^(build|pack|verify|boot)$ ]] || usage_error "unknown step '$step'"
done
for step; do
	[[ ! $step =~ ^(pack|verify)$ ]] || need "${tools[@]}"
	"$step"
done
