#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Install what the scripts here need and the system lacks: Debian packages, and
# dtschema and bitbake's parser from PyPI in build/venv. Without root's rights
# the packages are only named, in the one command that installs them.
#
# Where there is no dpkg and no apt-get, it only looks whether the tools are there,
# and says what it cannot look for.
#
# Usage: deps.sh [run]
#   run  only what "make run" needs: on Debian all packages, and no build/venv
#
# Exit status: 0 if nothing is missing (any more), 1 otherwise.

. "$(dirname "$0")/lib/common.sh"

arguments 0 1 "$@"
part=${1:-all}
case $part in
run | all) ;;
*) usage_error "unknown argument '$part'" ;;
esac

# packages PART: PACKAGE  TOOL  what for. TOOL is what is looked for where there is
# no dpkg; "-" is something that is no command.
packages()
{
	local host
	host=$(dpkg --print-architecture 2>/dev/null || true)
	cat <<-EOF
	git                      git                       the series
	make                     make                      everything
	gcc                      gcc                       the kernel's host tools, x86 objects
	libc6-dev                -                         the kernel's host tools
	flex                     flex                      kconfig, dtc
	bison                    bison                     kconfig, dtc
	bc                       bc                        kernel build
	cpio                     cpio                      initramfs
	kmod                     depmod                    modules
	rsync                    rsync                     kernel headers
	libssl-dev               -                         kernel build, certificates
	libelf-dev               -                         kernel build, objtool for x86
	perl                     perl                      kernel build, checkpatch, get_maintainer
	xz-utils                 xz                        unpacking the kernel source
	util-linux               flock                     one build at a time
	gcc-arm-linux-gnueabihf  $(cross_compile arm)gcc   the SCP's firmware, 32-bit arm objects
	qemu-system-arm          qemu-system-aarch64       the guests
	device-tree-compiler     dtc                       device trees, overlays
	python3                  python3                   the kernel's tools
	EOF
	# On arm64 the native compiler goes by this name, too.
	[ "$host" = arm64 ] || cat <<-EOF
	gcc-aarch64-linux-gnu    $(cross_compile arm64)gcc the kernel
	libc6-dev-arm64-cross    -                         programs for the guest
	EOF
	[ "$1" = all ] || return 0
	cat <<-EOF
	git-email                -                         make send
	libmailtools-perl        -                         make send
	clang                    clang                     fuzzing, coverage
	libclang-rt-dev          -                         fuzzing, coverage
	llvm                     llvm-cov                  coverage, a sanitizer's findings by line
	perl                     prove                     make test
	libtap-formatter-junit-perl -                      JUNIT=
	debian-archive-keyring   -                         signature of the kernel source
	ccache                   ccache                    second build in a minute
	gcc-riscv64-linux-gnu    riscv64-linux-gnu-gcc     the kernel of the riscv guest
	qemu-system-misc         qemu-system-riscv64       the riscv guest
	qemu-system-x86          qemu-system-x86_64        the x86_64 guest
	sparse                   sparse                    make check
	shellcheck               shellcheck                make check
	patch                    patch                     make bench, mutants
	quilt                    quilt                     the series as distributions take it
	depthcharge-tools        mkdepthcharge             the Chromebook's kernel partition
	vboot-kernel-utils       vbutil_kernel             it, signed and verified
	cgpt                     cgpt                      partitions of a Chromebook's disk
	u-boot-tools             mkimage                   the FIT image in it
	lz4                      lz4                       the kernel in that
	valgrind                 valgrind                  make bench
	fio                      fio                       disks of the guest, verified here
	e2fsprogs                mke2fs                    disks of the guest
	gnuplot-nox              gnuplot                   make bench, its plots
	python3-ply              -                         checkpatch, SPDX tags
	python3-git              -                         checkpatch, SPDX tags
	python3-sphinx           sphinx-build              documentation
	python3-yaml             -                         the kernel's sphinx extensions
	python3-venv             -                         dtschema
	python3-dev              -                         dtschema (libfdt bindings)
	swig                     swig                      dtschema (libfdt bindings)
	EOF
}

# What build/venv has; a change here makes it anew.
python_packages=('dtschema>=2026.6' yamllint 'bitbake-setup>=2.19')

# Without Debian's package manager: the tools have to be there, of whatever version.
# A host that is not Debian has others for the rest.
look_for_tools()
{
	local package tool what missing=() unseen=()
	while read -r package tool what; do
		if [ "$tool" = - ]; then
			unseen+=("$package ($what)")
		else
			command -v "$tool" >/dev/null || missing+=("$tool ($what)")
		fi
	done < <(packages "$part")
	if [ ${#missing[@]} -gt 0 ]; then
		say "this is not Debian; what the scripts need and is not found:"
		printf '  %s\n' "${missing[@]}"
		die "packages cannot be installed here" "install these tools; or take a Debian 12 container: make container"
	fi
	say "this is not Debian: all tools are there; which versions they have is not checked, nor whether there is what these Debian packages have:"
	printf '  %s\n' "${unseen[@]}"
	say "Debian's kernel source, busybox and fio cannot be fetched: KERNEL=/path/to/linux and BUSYBOX=/path/to/busybox take yours"
}

install_packages()
{
	local missing=() package tool what known
	if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
		look_for_tools
		return
	fi

	# shellcheck disable=SC2016 # dpkg-query's own variables
	known=$(packages all | awk '{ print $1 }' |
		xargs dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null || true)
	while read -r package tool what; do
		grep -qx "installed $package" <<<"$known" || [[ " ${missing[*]} " = *" $package "* ]] ||
			missing+=("$package")
	done < <(packages all)
	[ ${#missing[@]} -gt 0 ] || return 0

	if [ "$(id -u)" -ne 0 ]; then
		die "missing packages: ${missing[*]}" \
			"sudo apt-get install --no-install-recommends ${missing[*]}"
	fi
	say "missing packages: ${missing[*]}"
	export DEBIAN_FRONTEND=noninteractive
	# Lists that are absent or too old cost one failure at most.
	if ! apt-get install -y --no-install-recommends --print-uris "${missing[@]}" >/dev/null 2>&1; then
		step deps/apt-update apt-get update ||
			die "could not read the package lists" "is there a network?"
	fi
	step deps/apt-install apt-get install -y --no-install-recommends "${missing[@]}" || {
		step deps/apt-update apt-get update &&
			step deps/apt-install apt-get install -y --no-install-recommends "${missing[@]}"
	} || die "could not install the packages" "try by hand: apt-get install ${missing[*]}"
}

# What the venv's marker says when it is whole: it is written last.
venv_wanted()
{
	printf '%s %s %s\n' "$(python3 -V)" "$venv" "${python_packages[*]}"
}

venv_is_whole()
{
	[ "$(cat "$venv/.complete" 2>/dev/null)" = "$(venv_wanted)" ]
}

make_venv()
{
	! venv_is_whole || return 0
	rm -rf "$venv"
	step deps/venv python3 -m venv "$venv" ||
		die "could not create $venv"
	step deps/dtschema "$venv/bin/pip" install --disable-pip-version-check "${python_packages[@]}" ||
		die "could not install ${python_packages[*]} from PyPI into build/venv" \
			"is there a network? A proxy goes into https_proxy, another index into PIP_INDEX_URL"
	venv_wanted >"$venv/.complete"
}

install_packages
[ "$part" = run ] || venv_is_whole || with_lock venv make_venv
