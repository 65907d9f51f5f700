#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What "make container" (scripts/container.sh) asks of the container engine: a program
# in its place keeps its arguments. No image is built.
#
# Usage: container.sh
# TAP on stdout. Exit status: 0 if all passed, 1 otherwise.
#
# groups: check host
# bases: mainline

. "$(dirname "$0")/../../../scripts/lib/tap.sh"

no_arguments "$@"
work=$build/test/container
rm -rf "$work"
mkdir -p "$work/bin" "$work/linux"
cat >"$work/engine" <<-'EOF'
	#!/bin/sh
	printf '%s\n' "$0" "$@" >>"$ASKED"
EOF
chmod +x "$work/engine"

# called ENGINE [NAME=VALUE...]: with no other engine in PATH
called()
{
	local engine=$1 tool
	rm -rf "${work:?}/bin" "$work/asked"
	mkdir "$work/bin"
	for tool in bash dirname nproc sed id mkdir realpath tail df awk; do
		ln -s "$(type -P "$tool")" "$work/bin/$tool"
	done
	[ "$engine" = none ] || ln -s ../engine "$work/bin/$engine"
	env -u T -u KERNEL -u BUSYBOX -u ENGINE PATH="$work/bin" ASKED="$work/asked" \
		XDG_CACHE_HOME="$work/cache" "${@:2}" "$top/scripts/container.sh" test
}

# asked ENGINE WORDS...: each was an argument, in this order
asked()
{
	local word words
	called "$1" T="send io" KERNEL="$work/linux" || return
	cat "$work/asked"
	words=" $(tr '\n' ' ' <"$work/asked")"
	for word in "$work/bin/$1" "${@:2}"; do
		[[ $words = *" $word "* ]] || wrong "not in its place: $word"
		words=" ${words#*" $word "}"
	done
}

no_engine()
{
	! called none >"$work/said" 2>&1 || return
	cat "$work/said"
	grep -x "error: there is no podman and no docker here" "$work/said" >/dev/null && [ ! -e "$work/asked" ]
}

expected=(build "$top/scripts/container/Containerfile" "$top/scripts" run "$top:$top"
	"$work/cache/swiotlb-segsize:/cache/swiotlb-segsize")
rest=("T=send io" "$work/linux:$work/linux:ro" "KERNEL=$work/linux" swiotlb-segsize make test)
tap "podman: the image, the folders, what make is told" asked podman "${expected[@]}" "${rest[@]}"
tap "docker: the same, and whose the files are" asked docker "${expected[@]}" "$(id -u):$(id -g)" "${rest[@]}"
tap "without an engine: what to do is said" no_engine
tap_end
