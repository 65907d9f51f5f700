#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The Chromebook's kernel partition, in TAP: scripts/chromebook/image.sh packs, verifies
# and boots the small kernel in the place of the board's, which takes too long to
# build; and what it has to refuse. Of the board's kernel only the configuration
# is made.
#
# Usage: chromebook.sh
#
# Exit status: 0 when all is as it should be.
#
# groups: test guest packaging
# bases: mainline

. "$(dirname "$0")/../../../scripts/lib/tap.sh"
. "$top/scripts/lib/tree.sh"

no_arguments "$@"

work=$build/test/chromebook
image=$base_dir/image/guest-series
keys=/usr/share/vboot/devkeys
kpart=$work/out/kukui.kpart

need_tree
need vbutil_kernel mkdepthcharge cgpt cmp fdtput
rm -rf "$work"
mkdir -p "$work"

# chromebook [NAME=VALUE...] STEP...
chromebook()
{
	env CONFIG=guest REV=series OUT="$work/out" "$@"
}

script=$top/scripts/chromebook/image.sh

complete()
{
	local file
	for file in kukui.kpart modules.tar.xz config System.map versions SHA256SUMS; do
		[ -s "$work/out/$file" ] || wrong "there is no $file"
	done
}

# The commands of the page, on a file in the place of the stick
stick()
{
	local disk=$work/stick commands
	commands=$(sed -n 's/^  # \(\(cgpt\|end=\|dd if=build\).*\)$/\1/p' "$top/Documentation/chromebook.rst")
	printf '%s\n' "$commands"
	[ "$(wc -l <<<"$commands")" -eq 6 ] || wrong "chromebook.rst has not the six commands any more"
	rm -f "$disk"
	truncate -s 1G "$disk"
	mkdir -p "$work/top/build"
	ln -sfn "$work/out" "$work/top/build/chromebook"
	(cd "$work/top" && disk=$disk bash -euxc "$commands") || return
	cgpt show "$disk"
	[ "$(cgpt show -i 1 -t "$disk")" = FE3A2A5D-4F32-41A7-B725-ACCC3285A309 ] &&
		[ "$(cgpt show -i 1 -P "$disk")" -gt 0 ] && [ "$(cgpt show -i 1 -T "$disk")" -gt 0 ] || return
	# What the firmware would read there
	dd if="$disk" bs=512 skip="$(cgpt show -i 1 -b "$disk")" count="$(cgpt show -i 1 -s "$disk")" \
		of="$work/back" status=none &&
		truncate -s "$(stat -c %s "$kpart")" "$work/back" &&
		chromebook KPART="$work/back" "$script" verify || return
	# The root file system's partition follows.
	[ "$(cgpt show -i 2 -b "$disk")" -eq $(($(cgpt show -i 1 -b "$disk") + $(cgpt show -i 1 -s "$disk"))) ]
}

# The folder lib of today's root file systems is a link, and has to stay one.
modules_unpack()
{
	local root=$work/root release
	release=$(cat "$image/kernel.release")
	rm -rf "$root"
	mkdir -p "$root/usr/lib/modules"
	ln -s usr/lib "$root/lib"
	tar -xJf "$work/out/modules.tar.xz" -C "$root" && [ -L "$root/lib" ] &&
		[ -s "$root/usr/lib/modules/$release/modules.dep" ]
}

modules_complete()
{
	local release
	release=$(cat "$image/kernel.release")
	tar -tJf "$work/out/modules.tar.xz" | sort >"$work/modules"
	cat "$work/modules"
	grep -x "lib/modules/$release/modules.dep" "$work/modules" >/dev/null &&
		grep -x "lib/modules/$release/.*/mtk_scp.ko" "$work/modules" >/dev/null &&
		! grep -v '^lib/' "$work/modules"
}

same_again()
{
	cp "$kpart" "$work/first.kpart"
	cp "$work/out/SHA256SUMS" "$work/first.sums"
	chromebook "$script" pack || return
	cmp "$work/first.kpart" "$kpart" && cmp "$work/first.sums" "$work/out/SHA256SUMS"
}

# flipped OFFSET: the partition with one bit of that byte changed
flipped()
{
	local byte
	cp "$kpart" "$work/bad.kpart"
	byte=$(od -An -tu1 -j "$1" -N 1 "$kpart")
	# shellcheck disable=SC2059 # the format is the byte
	printf "\\x$(printf %02x $((byte ^ 1)))" |
		dd of="$work/bad.kpart" bs=1 seek="$1" conv=notrunc status=none
	! cmp -s "$kpart" "$work/bad.kpart"
}

flip_refused()
{
	flipped "$1" && refused "is not signed" chromebook KPART="$work/bad.kpart" "$script" verify
}

# Signed by keys that a board in developer mode does not take from its disk, but
# otherwise whole
other_key()
{
	vbutil_kernel --repack "$work/bad.kpart" --oldblob "$kpart" \
		--keyblock "$keys/recovery_kernel.keyblock" \
		--signprivate "$keys/recovery_kernel_data_key.vbprivk" &&
		vbutil_kernel --verify "$work/bad.kpart" &&
		refused "is not signed" chromebook KPART="$work/bad.kpart" "$script" verify
}

# other_trees DTB...: the same kernel, signed as it should be, with these trees
other_trees()
{
	mkdepthcharge -A arm64 --format fit -C lz4 --keydir "$keys" -o "$work/bad.kpart" \
		--cmdline "$(sed -n 's/^command line //p' "$work/out/versions")" \
		--vmlinuz "$image/Image" --dtbs "$@" &&
		refused "is not what was built" chromebook KPART="$work/bad.kpart" "$script" verify
}

tree_missing()
{
	local dtbs=("$image"/dtbs/*.dtb)
	other_trees "${dtbs[@]:0:${#dtbs[@]}-1}"
}

tree_changed()
{
	local dtbs=("$image"/dtbs/*.dtb)
	cp "${dtbs[1]}" "$work/changed.dtb"
	fdtput -t s "$work/changed.dtb" /chosen bootargs quiet &&
		other_trees "${dtbs[0]}" "$work/changed.dtb" "${dtbs[@]:2}"
}

tree_twice()
{
	local dtbs=("$image"/dtbs/*.dtb)
	other_trees "${dtbs[@]}" "${dtbs[0]}"
}

# The limit is depthcharge-tools': a file without blocks that is a byte larger
too_large_for_board()
{
	local limit
	limit=$(depthchargectl config --section boards/arm64/mt8183/kukui image-max-size)
	[[ $limit =~ ^([0-9]+)\ MiB$ ]] || return
	cp "$kpart" "$work/bad.kpart"
	truncate -s $(((BASH_REMATCH[1] << 20) + 1)) "$work/bad.kpart"
	refused "too large: $(((BASH_REMATCH[1] << 20) + 1)) bytes, 1 more than" \
		chromebook KPART="$work/bad.kpart" "$script" verify
}

# Nothing is left that could be taken for a partition.
too_large_to_pack()
{
	refused "of the partition (PARTITION=1)" \
		chromebook OUT="$work/large" PARTITION=1 "$script" pack && [ ! -e "$work/large/kukui.kpart" ] &&
		[ ! -e "$work/large/SHA256SUMS" ]
}

# All that the system has, but one
tool_missing()
{
	local tool=$1 bin=$work/bin dir
	rm -rf "$bin"
	mkdir "$bin"
	for dir in /bin /sbin /usr/bin /usr/sbin; do
		cp -sn "$dir"/* "$bin/" 2>/dev/null || :
	done
	rm "$bin/$tool"
	refused "missing: $tool" chromebook PATH="$bin" "$script" "$2" &&
		refused "make deps" chromebook PATH="$bin" "$script" "$2"
}

file_changed()
{
	cp "$work/out/config" "$work/config"
	echo >>"$work/out/config"
	local status=0
	(refused "config: FAILED" chromebook "$script" verify) || status=$?
	cp "$work/config" "$work/out/config"
	return $status
}

tap "the board's configuration takes, each option of it" \
	"$top/scripts/kernel/build.sh" -c mt8183-kukui series
tap "the small kernel builds, and the boards' device trees" chromebook "$script" build
tap "a kernel without the boards' drivers is seen" refused "mediatek,mt8183-mmc: no driver" \
	"$top/scripts/chromebook/drivers.sh" "$image"
tap "it is packed" chromebook "$script" pack
tap "nothing is missing" complete
tap "the modules are as on a root file system" modules_complete
tap "they leave a link /lib as it is" modules_unpack
tap "it is verified: signature, command line, kernel, each device tree" chromebook "$script" verify
tap "the same again is the same, byte by byte" same_again
if [ -s "$kpart" ]; then
	size=$(stat -c %s "$kpart")
	tap "the commands of chromebook.rst put it where the firmware looks" stick
	tap "a bit flipped in the key block is refused" flip_refused 1000
	# The key block's size is the 4 bytes at 16; the preamble follows.
	block=$(od -An -tu4 -j 16 -N 4 "$kpart")
	tap "a bit flipped in the preamble is refused" flip_refused $((block + 64))
	for at in 65536 $((size / 2)) $((size - 1)); do
		tap "a bit flipped in byte $at is refused" flip_refused "$at"
	done
	tap "another key is refused" other_key
	tap "another command line is refused" refused "its command line is not" \
		chromebook CMDLINE="root=/dev/sda2" "$script" verify
	tap "a device tree less is refused" tree_missing
	tap "a device tree more is refused" tree_twice
	tap "a device tree that was changed is refused" tree_changed
	tap "a file that was changed is refused" file_changed
	tap "a kernel too large for the board is refused" too_large_for_board
	tap "a kernel too large for the partition is refused" too_large_to_pack
	tap "a kernel that just fits is taken" chromebook PARTITION=$(((size + 1048575) >> 20)) "$script" verify
	for tool in mkdepthcharge vbutil_kernel lz4; do
		tap "without $tool it says so" tool_missing "$tool" pack
	done
fi
tap "the kernel boots on krane's tree, and the SCP's driver gets its 5 MiB" chromebook "$script" boot
tap_end
