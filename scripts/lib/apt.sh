# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
#
# Debian packages from other suites and architectures than the system's own,
# without touching the system's apt: a sources.list, lists and cache of our own.
# The mirror is the system's, the signatures are checked against Debian's keys.
#
# Source it after scripts/lib/common.sh. apt_private first, then the others.

apt_options=()

# The suite that the system itself is, for instance "bookworm".
apt_host_suite()
{
	# shellcheck disable=SC1091
	(. /etc/os-release && printf '%s\n' "${VERSION_CODENAME:?}")
}

# The Debian archive's address, from the system's sources in either format.
apt_mirror()
{
	local uri
	uri=$({ cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list \
		/etc/apt/sources.list.d/*.sources 2>/dev/null || true; } |
		sed -n 's/^URIs:[[:space:]]*//p; s/^deb[[:space:]]\{1,\}\(\[[^]]*\][[:space:]]*\)\{0,1\}//p' |
		awk '$1 ~ /\/debian\/?$/ { print $1; exit }')
	[ -n "$uri" ] || die "no Debian archive in /etc/apt/sources.list or sources.list.d" \
		"name a mirror there; or use a tree of yours: KERNEL=/path/to/linux"
	printf '%s\n' "$uri"
}

# apt_use DIR OPTION...: the lists and the cache below DIR, for all that follows
apt_use()
{
	local dir=$1
	shift
	apt_options=(
		"$@"
		-o "Dir::Etc::sourcelist=$dir/sources.list"
		-o Dir::Etc::sourceparts=/dev/null
		-o "Dir::State::lists=$dir/lists"
		-o "Dir::Cache=$dir"
		-o "Dir::Cache::archives=$dir/archives"
		-o Dir::State::status=/dev/null
		-o Acquire::Languages=none
		-o Acquire::Retries=2
	)
	# Root's apt would give the download to a user that cannot enter here.
	[ "$(id -u)" -ne 0 ] || apt_options+=(-o APT::Sandbox::User=root)
}

# apt_update SUITES: read the lists
apt_update()
{
	apt-get "${apt_options[@]}" update --error-on=any ||
		die "could not read the package lists of $1 from $(apt_mirror)" \
			"is there a network? A proxy goes into the variable http_proxy"
}

# apt_private ARCH SUITE...: use these suites from now on; reads their lists.
apt_private()
{
	local arch=$1 dir suite mirror
	shift
	dir=$cache/apt/$arch-$(printf '%s' "$*" | tr ' /' '+-')
	mirror=$(apt_mirror) || return 1
	mkdir -p "$dir"/{lists/partial,archives/partial}
	for suite; do
		printf 'deb [signed-by=%s] %s %s main\n' \
			/usr/share/keyrings/debian-archive-keyring.gpg "$mirror" "$suite"
	done >"$dir/sources.list"
	apt_use "$dir" -o "APT::Architecture=$arch" -o "APT::Architectures=$arch"
	apt_update "$*"
}

# apt_private_download DIR PACKAGE...: the .deb files of the newest versions.
apt_private_download()
{
	local dir=$1
	shift
	(cd "$dir" && apt-get "${apt_options[@]}" download "$@") ||
		die "could not download $*" "call again: what is complete is not fetched twice"
}

# apt_private_source DIR SUITE PACKAGE: the source of the newest version, packed.
apt_private_source()
{
	local to=$1 suite=$2 package=$3 dir
	dir=$cache/apt/source-$suite
	mkdir -p "$dir"/{lists/partial,archives/partial}
	printf 'deb-src [signed-by=%s] %s %s main\n' \
		/usr/share/keyrings/debian-archive-keyring.gpg "$(apt_mirror)" "$suite" \
		>"$dir/sources.list"
	apt_use "$dir"
	apt_update "$suite"
	(cd "$to" && apt-get "${apt_options[@]}" source --download-only "$package") ||
		die "could not download the source of $package" "call again"
}
