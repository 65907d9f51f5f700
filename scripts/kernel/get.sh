#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Get the kernel source that a base is made of (scripts/bases): a package of Debian's
# or a tag of a git tree. The package lists and downloads are our own (see apt.sh):
# the system's are neither used nor changed.
#
# Usage: get.sh [newest]             the newest version of the base
#        get.sh all                  the newest of each X.Y of the base
#        get.sh unpack SOURCE DIR [FILE...]
#                                    the SOURCE, or only these files of it, becomes DIR
#
# The first two print one line for each SOURCE: the path of a package, or
# git:FOLDER#TAG. All else that is said goes to stderr. Packages, and tags of git
# trees elsewhere, are kept in the cache; without a network, the newest that is
# there is taken.
#
# Exit status: 0 when what was asked for is there, 1 otherwise.

. "$(dirname "$0")/../lib/common.sh"
. "$top/scripts/lib/apt.sh"
. "$top/scripts/lib/tree.sh"

debs=$cache/deb
# What a package of today needs, packed and unpacked, in MiB.
deb_mib=200
source_mib=2000
# What git has of one tag
git_mib=400

# The line of scripts/bases for $BASE: sets versions and suites, or git_from and
# git_tags.
read_base()
{
	local line
	versions=
	git_from=
	if ! line=$(line_of_base "$BASE"); then
		[[ $BASE =~ ^[0-9]+\.[0-9]+$ ]] ||
			die "BASE=$BASE: no such line in ${bases_file#"$top"/}, and no version like 7.2"
		line=$(line_of_base mainline) || die "${bases_file#"$top"/} has no line for mainline"
		versions=$BASE
	fi
	read -ra suites <<<"$line"
	if [[ ${suites[0]-} = git:* ]]; then
		[ -z "$versions" ] ||
			die "BASE=$BASE: mainline comes from a git tree, so which tags are meant is not known" \
				"give $BASE a line of its own in ${bases_file#"$top"/}"
		[ ${#suites[@]} -eq 2 ] ||
			die "the line for $BASE in ${bases_file#"$top"/} is not 'NAME git:PATH PATTERN'" \
				"a pattern is, for instance, v6.6.*"
		git_from=${suites[0]#git:}
		git_tags=${suites[1]}
		return
	fi
	versions=${versions:-${suites[0]-}}
	suites=("${suites[@]:1}")
}

# matches X.Y: is it one of the base's versions?
matches()
{
	case $versions in
	*+) [ "${1%%.*}" -ge "${versions%+}" ] ;;
	*) [ "$1" = "$versions" ] ;;
	esac
}

# Of lines "X.Y VERSION ...", the newest of each X.Y, newest X.Y last. sort -V knows what
# "~" is in a package's version.
newest_of_each()
{
	local xy rest
	while read -r xy rest; do
		! matches "$xy" || printf '%s %s\n' "$xy" "$rest"
	done | sort -V -k 1,1 -k 2,2 |
		awk '$1 != xy { if (NR > 1) print line; xy = $1 } { line = $0 } END { if (NR) print line }'
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
			end_of "$log"
			die "could not get $package $version" "call again; the whole log: ${log#"$top"/}"
		fi
		mv "$partial/${deb##*/}" "$deb"
	fi
	printf '%s\n' "$deb"
}

# Is it an address, for git to ask over a network, and no folder here?
is_address()
{
	[[ $1 = *:* ]]
}

# Lines "ID TAG" of a git tree's tags that match
tags_of()
{
	GIT_TERMINAL_PROMPT=0 git ls-remote --tags --refs "$1" "refs/tags/$2" |
		sed 's|^\([0-9a-f]*\)\trefs/tags/|\1 |'
}

# Of such lines the newest
newest_tag()
{
	local tags releases
	tags=$(sort -V -k 2)
	releases=$(grep -vE -- '-rc[0-9]+$' <<<"$tags" || :)
	tail -n 1 <<<"${releases:-$tags}"
}

# fetch_tag FOLDER ADDRESS ID TAG: that tag, without its history
fetch_tag()
{
	local folder=$1 address=$2 id=$3 tag=$4
	[ -d "$folder" ] || git init -q --bare --template= "$folder"
	[ "$(git -C "$folder" rev-parse -q --verify "refs/tags/$tag")" != "$id" ] || return 0
	need_space "$folder" "$git_mib" "the source of $tag"
	say "  getting $tag from $address" >&2
	GIT_TERMINAL_PROMPT=0 git -C "$folder" -c gc.auto=0 fetch -q --depth=1 --no-tags "$address" \
		"+refs/tags/$tag:refs/tags/$tag" >"$log" 2>&1 || {
		end_of "$log"
		die "could not get $tag from $address" "call again; the whole log: ${log#"$top"/}"
	}
}

get_git()
{
	local from=$git_from log=$logs/fetch/git-$BASE.log folder tags id tag
	need git
	mkdir -p "${log%/*}"
	if is_address "$from"; then
		folder=$cache/git/$(printf '%s' "$from" | tr -c 'A-Za-z0-9._-' -)
	else
		# shellcheck disable=SC2088 # as it stands in the file
		[[ $from != '~/'* ]] || from=$HOME/${from#'~/'}
		[[ $from = /* ]] || from=$top/$from
		folder=$from
		[ -d "$folder" ] || die "BASE=$BASE: there is no folder $folder" \
			"it is named in ${bases_file#"$top"/}; git clone makes one"
	fi
	if ! tags=$(tags_of "$from" "$git_tags" 2>"$log"); then
		end_of "$log"
		is_address "$from" || die "BASE=$BASE: $from is no git tree" \
			"its line in ${bases_file#"$top"/} has to name the top of one"
		tags=$(tags_of "$folder" "$git_tags" 2>/dev/null) || tags=
		[ -n "$tags" ] ||
			die "could not ask $from for its tags, and none of $git_tags is in $cache/git" \
				"is there a network, and is the address right? KERNEL=/path/to/linux takes a tree of yours"
		say "  no network: taking what the cache has" >&2
		from=$folder
	fi
	[ -n "$tags" ] || die "BASE=$BASE: $from has no tag $git_tags" \
		"in a clone, git fetch --tags gets those that it lacks; the pattern is in ${bases_file#"$top"/}"
	read -r id tag < <(newest_tag <<<"$tags")
	[ "$from" = "$folder" ] || with_lock "git-$BASE" fetch_tag "$folder" "$from" "$id" "$tag" || exit 1
	printf 'git:%s#%s\n' "$folder" "$tag"
}

# get newest|all
get()
{
	local log=$logs/fetch/lists.log lines xy version path
	read_base
	if [ -n "$git_from" ]; then
		get_git
		return
	fi
	{ command -v apt-get && command -v dpkg-deb; } >/dev/null ||
		die "the kernel source comes as a Debian package, and there is no apt here" \
			"KERNEL=/path/to/linux takes a tree of yours"
	need apt-cache dpkg xz
	mkdir -p "$debs" "${log%/*}"
	if lines=$(offered 2>"$log"); then
		lines=$(newest_of_each <<<"$lines")
		[ -n "$lines" ] ||
			die "no package linux-source-X.Y with X.Y = $versions in: ${suites[*]}" \
				"the suites to ask are in scripts/bases; KERNEL=/path/to/linux takes a tree of yours"
	elif grep -qiE 'signature|NO_PUBKEY|EXPKEYSIG|not signed|BADSIG' "$log"; then
		end_of "$log" 99
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

# extract_git SOURCE DIR [FILE...]
extract_git()
{
	local commit folder files=()
	folder=$(source_folder "$1")
	commit=$(source_commit "$1") || exit 1
	if [ $# -gt 2 ]; then
		mapfile -t files < <(git -C "$folder" ls-tree -r --full-tree --name-only "$commit" -- "${@:3}")
		# Without a name, archive would give everything.
		[ ${#files[@]} -gt 0 ] || return 0
	fi
	git -C "$folder" archive "$commit" "${files[@]}" | tar -x -C "$2"
}

# extract_package SOURCE DIR [FILE...]
extract_package()
{
	local package=${1##*/} files=("${@:3}")
	need dpkg-deb xz tar
	[ -e "$1" ] || die "no package $1"
	package=${package%%_*}
	# Files that this version does not have are for the caller to notice.
	dpkg-deb --fsys-tarfile "$1" | tar -xO "./usr/src/$package.tar.xz" |
		tar -xJ -C "$2" --strip-components=1 "${files[@]/#/$package/}" || [ $# -gt 2 ]
}

# unpack SOURCE DIR [FILE...]
unpack()
{
	local source=$1 dir=$2 tmp=$2.unpacking how=package
	shift 2
	[[ $source != git:* ]] || how=git
	[ $# -gt 0 ] || need_space "$(dirname "$dir")" "$source_mib" "the unpacked kernel source"
	rm -rf "$tmp"
	mkdir -p "$tmp"
	"extract_$how" "$source" "$tmp" "$@" || {
		rm -rf "$tmp"
		die "could not unpack $source into $dir" \
			"is the disk full? If the package is damaged, remove it and call again"
	}
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
