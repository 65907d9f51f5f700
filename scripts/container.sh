#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Call make in a Debian 12 container, on a host that is none or is to stay as it is.
# The image (scripts/container/Containerfile) has the packages; the project and the
# cache of downloads are the host's, mounted.
#
# Usage: container.sh TARGET...
#
# Environment:
#   ENGINE=name  podman or docker; without it the first of the two that is there
#   http_proxy=, https_proxy=, PIP_INDEX_URL=
#                where packages come from, for the image and in the container
#   T=, BASE=, KERNEL=, LEVEL=, SEED=, FAILED=, UPDATE=, BUSYBOX=, CONFIG=, SCP=
#                as make has them; KERNEL and BUSYBOX are mounted, to be read only
#
# Exit status: make's; 1 if there is no engine or no image.

. "$(dirname "$0")/lib/common.sh"

arguments 1 99 "$@"
image=swiotlb-segsize

engine=
for name in ${ENGINE:-podman docker}; do
	[ -n "$engine" ] || ! command -v "$name" >/dev/null || engine=$name
done
[ -n "$engine" ] || die "there is no ${ENGINE:-podman and no docker} here" \
	"install one of them; on a Debian 12, make test needs none"

# Where SELinux labels files, it would keep them from the container.
options=(--rm --init --security-opt label=disable --workdir "$top"
	--volume "$top:$top" --volume "$cache:/cache/swiotlb-segsize"
	--env HOME=/tmp --env XDG_CACHE_HOME=/cache)
[ ! -t 0 ] || options+=(--interactive --tty)
[ ! -w /dev/kvm ] || options+=(--device /dev/kvm)
# docker's root is the host's; podman's, called by a user, is that user.
[ "${engine##*/}" != docker ] || options+=(--user "$(id -u):$(id -g)")
# The two that the build knows, too
proxies=()
for name in http_proxy https_proxy; do
	[ -z "${!name-}" ] || proxies+=(--build-arg "$name=${!name}")
done
for name in http_proxy https_proxy PIP_INDEX_URL T BASE LEVEL SEED FAILED UPDATE CONFIG SCP; do
	[ -z "${!name-}" ] || options+=(--env "$name=${!name}")
done
for name in KERNEL BUSYBOX; do
	[ -n "${!name-}" ] || continue
	path=$(realpath -e "${!name}") || die "$name=${!name}: there is no such file"
	options+=(--volume "$path:$path:ro" --env "$name=$path")
done

mkdir -p "$cache"
step container/image "$engine" build "${proxies[@]}" --tag "$image" --file "$top/scripts/container/Containerfile" \
	"$top/scripts" || die "the container's image cannot be built" "is there a network?"
exec "$engine" run "${options[@]}" "$image" make "$@"
