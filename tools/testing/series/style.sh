#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The files of this project: checkpatch and shellcheck have nothing to say of them, and
# MAINTAINERS knows each.
#
# What passed is not checked again, in any clone, as long as the file and all that
# decides on it stay the same. The rest is checked by a process for each processor.
#
# Usage: [BASE=name] style.sh
# TAP on stdout. Exit status: 0 if all passed, 1 otherwise.
#
# groups: check host
# bases: all

. "$(dirname "$0")/../../../scripts/lib/tap.sh"
. "$top/scripts/lib/patches.sh"

work=$build/test/style/$BASE
# Empty files, called after the content of what has passed
passed=$cache/passed

no_arguments "$@"
need git perl shellcheck rsync
need_tree
mkdir -p "$work" "$passed"

# What checkpatch does not know of our files. The devices that our test code
# drives exist in no binding: nobody may describe hardware with them. libFuzzer
# looks for functions under names of its own, and so does elf.h for types. A stand-in for
# the kernel's headers has their macros and types in their shape: only its layout counts.
# The kernel's names for attributes are not there in user space.
checkpatch_options()
{
	case $1 in
	*/standin.h) echo "--types TRAILING_WHITESPACE,CODE_INDENT,LEADING_SPACE,SPACING,LONG_LINE,SPDX_LICENSE_TAG" ;;
	*/test.h) echo "--ignore PREFER_DEFINED_ATTRIBUTE_MACRO" ;;
	*/compat.h) echo "--ignore LINUX_VERSION_CODE,CONSTANT_COMPARISON" ;;
	*/fuzz.c | */scp_model.c) echo "--ignore UNDOCUMENTED_DT_STRING,CAMELCASE" ;;
	*) echo "--ignore UNDOCUMENTED_DT_STRING" ;;
	esac
}

# A tree in which checkpatch knows our files by the names that they have here
checkpatch_tree()
{
	local name
	mkdir -p "$work/ours"
	for name in kernel include tools; do
		ln -sfn "$top/$name" "$work/ours/$name"
	done
}

# It leaves a file of names where it runs.
checkpatch_file()
{
	local options
	read -ra options < <(checkpatch_options "$1")
	(cd "$work/ours" && perl "$tree/scripts/checkpatch.pl" --root="$tree" --strict --no-summary \
		--color=never --terse "${options[@]}" -f "$1")
}

shellcheck_file()
{
	shellcheck -x -P SCRIPTDIR -P "$top" "$top/$1"
}

# A tree for get_maintainer.pl, which asks git for the files: ours, with our
# MAINTAINERS.
maintainers_tree()
{
	local dir=$work/maintainers
	rm -rf "$dir"
	mkdir -p "$dir"
	rsync -a --exclude=/build --exclude=/.git "$top/" "$dir/"
	git_plain init -q --template= "$dir"
	git_plain -C "$dir" add -A -f
	# What it knows a kernel tree by.
	mkdir -p "$dir"/{Documentation,arch,include,drivers,fs,init,ipc,kernel,lib,scripts}
	touch "$dir"/{COPYING,CREDITS,Kbuild,Makefile,README}
	printf '%s\n' "$dir"
}

# Our files; of the many mutants one, since MAINTAINERS names the folder.
files_by_kind()
{
	git ls-files ':!*/mutants/*'
	git ls-files '*/mutants/*' | sed -n 1p
}

is_maintained()
{
	perl "$tree/scripts/get_maintainer.pl" --no-git --no-git-fallback -f "$1" 2>&1 |
		grep -qE '\((maintainer|supporter)[:)]' || echo "$1: MAINTAINERS names nobody for it"
}

own_maintainers()
{
	local dir file
	dir=$(maintainers_tree)
	cd "$dir" || return 1
	{
		perl "$tree/scripts/get_maintainer.pl" --self-test=sections
		perl "$tree/scripts/get_maintainer.pl" --self-test=patterns
		while read -r file; do
			beside is_maintained "$file"
		done < <(files_by_kind)
		wait
	} 2>&1 | none "it says"
}

# check_file COMMAND KEY FILE: KEY names what is kept of a pass.
check_file()
{
	local log=$work/file-logs/$1/$3
	mkdir -p "${log%/*}"
	if "$1" "$3" >"$log" 2>&1; then
		: >"$passed/$2"
		rm -f "$log"
	fi
}

# tap_files NAME COMMAND DECISIVE...: COMMAND FILE for each file that is read from
# stdin. DECISIVE are the other files on which it depends.
tap_files()
{
	local name=$1 command=$2 common file sum keys=() files=() i
	shift 2
	common=$({ declare -f "$command" && shellcheck --version && cat "$@"; } | sha256sum)
	rm -rf "$work/file-logs/$command"
	mapfile -t files
	while read -r sum file; do
		keys+=("$(printf '%s\n' "$command" "$common" "$file" "$sum" | sha256sum | cut -c1-40)")
	done < <(cd "$top" && sha256sum -- "${files[@]}")
	for i in "${!files[@]}"; do
		[ -e "$passed/${keys[i]}" ] || beside check_file "$command" "${keys[i]}" "${files[i]}"
	done
	wait
	for i in "${!files[@]}"; do
		if [ -e "$passed/${keys[i]}" ]; then
			tap_ok "$name: ${files[i]}"
		else
			tap_fail "$name: ${files[i]}" "$work/file-logs/$command/${files[i]}"
		fi
	done
}

# tap_known NAME FILE -- COMMAND: not asked again with the same FILE once it has passed
tap_known()
{
	local name=$1 known failed=$tap_failed
	known=$passed/$({ printf '%s\n' "$name" && cat "$2"; } | sha256sum | cut -c1-40)
	if [ -e "$known" ]; then
		tap_ok "$name"
		return
	fi
	tap "$name" "${@:4}"
	[ "$tap_failed" -gt "$failed" ] || : >"$known"
}

# By mainline's rules; an older kernel has others.
if [ "${mails##*/}" = mainline ]; then
	checkpatch_tree
	tap_files "checkpatch --strict" checkpatch_file "$0" "$tree/scripts/checkpatch.pl" \
		< <(cd "$top" && find kernel include tools -name '*.[ch]' | LC_ALL=C sort)
fi
# What decides is which files there are, not what is in them.
{ cat "$top/MAINTAINERS" "$tree/scripts/get_maintainer.pl" &&
	git -C "$top" ls-files -co --exclude-standard ':!*/mutants/*'; } >"$work/maintained"
tap_known "MAINTAINERS is accepted, and knows each of our files" "$work/maintained" -- own_maintainers
# What is sourced is not executable.
mapfile -t sourced < <(find "$top/scripts" "$top/tools" -name '*.sh' ! -perm /111 \
	\( -path '*/lib/*' -o ! -name '*init.sh' \) | LC_ALL=C sort)
tap_files "shellcheck" shellcheck_file "${sourced[@]}" \
	< <(cd "$top" && grep -lE '^#!/bin/(ba)?sh' -r scripts tools .ci | LC_ALL=C sort)

tap_end
