#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Get the kernel source that a base is made of, as Debian packages it. The
# package lists and downloads are our own (see apt.sh): the system's are neither
# used nor changed.
#
# Usage: get.sh [newest]             the newest version of the base
#        get.sh all                  the newest of each X.Y of the base
#        get.sh unpack DEB DIR [FILE...]
#                                      the source in package DEB, or only these
#                                      files of it, becomes DIR
#
# The first two print one line for each package, its path. All else that is said
# goes to stderr. Packages are kept in the cache; without a network, the newest
# that is there is taken.
#
# Exit status: 0 when what was asked for is there, 1 otherwise.

. "$(dirname "$0")/../lib/common.sh"
. "$top/scripts/lib/apt.sh"

debs=$cache/deb
# What a package of today needs, packed and unpacked, in MiB.
deb_mib=200
source_mib=2000

# The line of scripts/bases for $BASE: sets versions and suites.
read_base()
{
	local name=$BASE line
	versions=
	if ! grep -q "^${BASE}[[:space:]]" "$top/scripts/bases"; then
		[[ $BASE =~ ^[0-9]+\.[0-9]+$ ]] ||
			die "BASE=$BASE: no such line in scripts/bases, and no version like 7.2"
		name=mainline
		versions=$BASE
	fi
	line=$(grep "^${name}[[:space:]]" "$top/scripts/bases")
	read -r _ line <<<"$line"
	versions=${versions:-${line%%[[:space:]]*}}
	read -r _ line <<<"$line"
	read -ra suites <<<"$line"
}

# matches X.Y: is it one of the base's versions?
matches()
{
	case $versions in
	*+) [ "${1%%.*}" -ge "${versions%+}" ] ;;
	*) [ "$1" = "$versions" ] ;;
	esac
}

# Of lines "X.Y VERSION ...", the newest of each X.Y, newest X.Y last.
newest_of_each()
{
	local xy version rest
	declare -A best=() line=()
	while read -r xy version rest; do
		matches "$xy" || continue
		if [ -z "${best[$xy]:-}" ] || dpkg --compare-versions "$version" gt "${best[$xy]}"; then
			best[$xy]=$version
			line[$xy]="$xy $version $rest"
		fi
	done
	[ ${#line[@]} -eq 0 ] || printf '%s\n' "${line[@]}" | sort -V
}

# Lines "X.Y VERSION" of what the suites have. To be run in a subshell, since
# apt.sh ends the shell on an error.
offered()
{
	local names
	apt_private "$(dpkg --print-architecture)" "${suites[@]}" >&2
	names=$(apt-cache "${apt_options[@]}" pkgnames linux-source- |
		grep -Ex 'linux-source-[0-9]+\.[0-9]+') || return 0
	# shellcheck disable=SC2086 # one name a word
	apt-cache "${apt_options[@]}" madison $names |
		awk '$NF == "Packages" { sub(/^linux-source-/, "", $1); print $1, $3 }'
}

# Lines "X.Y VERSION PATH" of what the cache has.
cached()
{
	local deb name
	for deb in "$debs"/linux-source-*_all.deb; do
		[ -e "$deb" ] || continue
		name=${deb##*/linux-source-}
		name=${name%_all.deb}
		printf '%s %s %s\n' "${name%%_*}" "${name#*_}" "$deb"
	done
}

# download X.Y VERSION: prints the path. A package is moved to its place when
# apt found it whole.
download()
{
	local package=linux-source-$1 version=$2 deb partial=$debs/partial log
	deb=$debs/${package}_${version}_all.deb
	if [ ! -e "$deb" ]; then
		need_space "$debs" "$deb_mib" "the package $package"
		mkdir -p "$partial"
		log=$logs/fetch/$package.log
		mkdir -p "${log%/*}"
		say "  getting $package $version" >&2
		if ! (
			apt_private "$(dpkg --print-architecture)" "${suites[@]}"
			apt_private_download "$partial" "$package=$version"
		) >"$log" 2>&1; then
			tail -n 5 "$log" | sed 's/^/    | /' >&2
			die "could not get $package $version" "call again; the whole log: ${log#"$top"/}"
		fi
		mv "$partial/${deb##*/}" "$deb"
	fi
	printf '%s\n' "$deb"
}

# get newest|all
get()
{
	local log=$logs/fetch/lists.log lines xy version path
	{ command -v apt-get && command -v dpkg-deb; } >/dev/null ||
		die "the kernel source comes as a Debian package, and there is no apt here" \
			"KERNEL=/path/to/linux takes a tree of yours"
	need apt-cache dpkg xz
	read_base
	mkdir -p "$debs" "${log%/*}"
	if lines=$(offered 2>"$log"); then
		lines=$(newest_of_each <<<"$lines")
		[ -n "$lines" ] ||
			die "no package linux-source-X.Y with X.Y = $versions in: ${suites[*]}" \
				"the suites to ask are in scripts/bases; KERNEL=/path/to/linux takes a tree of yours"
	elif grep -qiE 'signature|NO_PUBKEY|EXPKEYSIG|not signed|BADSIG' "$log"; then
		sed 's/^/    | /' "$log" >&2
		die "the package lists of ${suites[*]} are not signed by a key that Debian's keyring has" \
			"update the package debian-archive-keyring, or ask for another mirror in apt's sources"
	else
		lines=$(cached | newest_of_each)
		grep -E '^(E|W|Err|error):' "$log" | tail -n 4 | sed 's/^/    | /' >&2
		[ -n "$lines" ] ||
			die "could not ask ${suites[*]} for a kernel source, and none is in $debs" \
				"is there a network? Without, KERNEL=/path/to/linux takes a tree of yours"
		say "  no network: taking what the cache has" >&2
	fi
	[ "$1" = all ] || lines=$(tail -n 1 <<<"$lines")
	while read -r xy version path; do
		[ -n "$path" ] || path=$(download "$xy" "$version") || exit 1
		printf '%s\n' "$path"
	done <<<"$lines"
}

# unpack DEB DIR [FILE...]
unpack()
{
	local deb=$1 dir=$2 tmp=$2.unpacking package files=()
	shift 2
	need dpkg-deb xz tar
	[ -e "$deb" ] || die "no package $deb"
	if [ $# -eq 0 ]; then
		need_space "$(dirname "$dir")" "$source_mib" "the unpacked kernel source"
	fi
	package=${deb##*/}
	package=${package%%_*}
	[ $# -eq 0 ] || files=("${@/#/$package/}")
	rm -rf "$tmp"
	mkdir -p "$tmp"
	# Files that this version does not have are for the caller to notice.
	if ! dpkg-deb --fsys-tarfile "$deb" |
		tar -xO "./usr/src/$package.tar.xz" |
		tar -xJ -C "$tmp" --strip-components=1 "${files[@]}"; then
		[ $# -gt 0 ] || {
			rm -rf "$tmp"
			die "could not unpack $deb into $dir" \
				"is the disk full? If the package is damaged, remove it and call again"
		}
	fi
	rm -rf "$dir"
	mv "$tmp" "$dir"
}

case ${1:-newest} in
newest | all)
	arguments 0 1 "$@"
	get "${1:-newest}"
	;;
unpack)
	shift
	arguments 2 9999 "$@"
	unpack "$@"
	;;
*) usage_error "unknown command '$1'" ;;
esac
