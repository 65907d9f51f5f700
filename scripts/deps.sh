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

# packages PART: lines "PACKAGE TOOL what for" of scripts/packages
packages()
{
	local part package tool what host
	host=$(dpkg --print-architecture 2>/dev/null || true)
	grep -v -e '^#' -e '^$' "$top/scripts/packages" | while read -r part package tool what; do
		[ "$part" != all ] || [ "$1" = all ] || continue
		[ "$part" != cross ] || [ "$host" != arm64 ] || continue
		[[ $tool != cross:* ]] || tool=$(cross_compile "${tool#cross:}")gcc
		printf '%s %s %s\n' "$package" "$tool" "$what"
	done
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
