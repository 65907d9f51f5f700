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

# apt_use DIR deb|deb-src "SUITE..." OPTION...: the lists and the cache below DIR, for all
# that follows; reads the lists.
apt_use()
{
	local dir=$1 kind=$2 suites=$3 mirror suite
	shift 3
	mirror=$(apt_mirror) || return 1
	mkdir -p "$dir"/{lists/partial,archives/partial}
	for suite in $suites; do
		printf '%s [signed-by=%s] %s %s main\n' "$kind" \
			/usr/share/keyrings/debian-archive-keyring.gpg "$mirror" "$suite"
	done >"$dir/sources.list"
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
	apt-get "${apt_options[@]}" update --error-on=any ||
		die "could not read the package lists of $suites from $mirror" \
			"is there a network? A proxy goes into the variable http_proxy"
}

# apt_private ARCH SUITE...: use these suites from now on
apt_private()
{
	apt_use "$cache/apt/$1-$(printf '%s' "${*:2}" | tr ' /' '+-')" deb "${*:2}" \
		-o "APT::Architecture=$1" -o "APT::Architectures=$1"
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
	apt_use "$cache/apt/source-$2" deb-src "$2"
	(cd "$1" && apt-get "${apt_options[@]}" source --download-only "$3") ||
		die "could not download the source of $3" "call again"
}
