#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The series' hygiene: it applies to every kernel that it is for, mails to tree
# to mails changes nothing, and checkpatch, get_maintainer and kernel-doc have
# nothing to say that they do not say without it. Our own files are checked, too.
#
# What passed is not checked again, in any clone, as long as the file and all that
# decides on it stay the same. The rest is checked by a process for each processor.
#
# Usage: [BASE=name] applies.sh
# TAP on stdout. Exit status: 0 if all passed, 1 otherwise.
#
# groups: check host
# bases: all

. "$(dirname "$0")/../../../scripts/lib/common.sh"
. "$top/scripts/lib/tap.sh"
. "$top/scripts/lib/tree.sh"
. "$top/scripts/lib/patches.sh"

work=$base_dir/check
mapfile -t patches < <(list_mails "$mails")

# Empty files, called after the content of what has passed
passed=$cache/passed

# --file is how the script calls itself for a single file.
[ "${1-}" = --file ] || no_arguments "$@"
need git perl shellcheck dpkg-deb xargs
[ -d "$src" ] || die "no tree in ${tree#"$top"/}" "make it with: make tree"
mkdir -p "$work"

three_patches()
{
	local i=0 mail
	[ ${#patches[@]} -eq 3 ] || {
		echo "there are ${#patches[@]} patches in ${mails#"$top"/}"
		return 1
	}
	[ -e "$mails/0000-cover-letter.patch" ] || {
		echo "there is no cover letter"
		return 1
	}
	if grep -nE '^\*\*\* (BLURB|SUBJECT)|\*\*\* SUBJECT' "$mails/0000-cover-letter.patch"; then
		echo "the cover letter is not written"
		return 1
	fi
	for mail in "$mails/0000-cover-letter.patch" "${patches[@]}"; do
		grep -q "^Subject: \[PATCH $i/3\] " "$mail" || {
			echo "$mail is not numbered $i/3"
			return 1
		}
		i=$((i + 1))
	done
}

# The tree is what the mails make; else what is compiled here is not they.
tree_is_mails()
{
	local what
	what=$(tree_work)
	[ "$(tree_state mails)" = "$(mails_hash "$mails")" ] || what="other patches than the mails"
	[ -z "$what" ] || {
		echo "${tree#"$top"/} has $what; make series, or make tree, brings them together"
		return 1
	}
}

# The files that the patches touch, and the one that decides how a hunk's
# function is found.
touched_files()
{
	echo .gitattributes
	sed -n 's|^diff --git a/\(.*\) b/\(.*\)$|\1\n\2|p' "${patches[@]}" | sort -u
}

# small_repo NAME COMMAND...: a repository with only the files that the patches
# touch, which COMMAND puts into its folder; prints its path.
small_repo()
{
	local repo=$work/$1
	shift
	rm -rf "$repo"
	mkdir -p "$repo"
	"$@" "$repo" >&2
	git_plain init -q --template= "$repo"
	git_plain -C "$repo" add -A -f
	with_committer git_plain -C "$repo" commit -q --allow-empty -m "${repo##*/}"
	git_plain -C "$repo" tag base
	printf '%s\n' "$repo"
}

files_of_tree()
{
	local files
	mapfile -t files < <(touched_files)
	mapfile -t files < <(git -C "$tree" ls-tree -r --name-only base -- "${files[@]}")
	git -C "$tree" archive base -- "${files[@]}" | tar -x -C "$1"
}

files_of_source()
{
	local files
	mapfile -t files < <(touched_files)
	"$top/scripts/kernel/files.sh" "$1" "$2" "${files[@]}"
}

# git am takes no fuzz: a hunk's context has to be there, if at other lines.
applies()
{
	local repo=$1 log=$1.am.log
	apply_mails "$repo" "$mails" >"$log" 2>&1 || {
		cat "$log"
		return 1
	}
	# Applied, but with something to say: whitespace, for instance.
	if [ -s "$log" ]; then
		cat "$log"
		return 1
	fi
}

# Index lines and line numbers tell which base the mails were written on.
without_base()
{
	sed 's/^index [0-9a-f]*\.\.[0-9a-f]*/index/; s/^@@ .* @@.*/@@/' "$1"
}

# The base's own blobs are those that the mails name.
same_base()
{
	local repo=$1 mail id rest
	for mail in "${patches[@]}"; do
		while read -r id rest; do
			[[ $id =~ ^0+$ ]] || git -C "$repo" cat-file -e "$id" 2>/dev/null || return 1
		done < <(sed -n 's/^index \([0-9a-f]*\)\.\..*/\1/p' "$mail")
	done
}

# The small repository has the mails applied already.
round_trip()
{
	local repo=$1 new=$work/round-trip mail failed=0
	rm -rf "$new"
	mkdir -p "$new"
	write_mails "$repo" base..HEAD "$mails" "$new"
	if same_base "$repo"; then
		# With FIXES=1 the cover letter is the series' own, and has its diffstat.
		diff -ru "$mails" "$new" -x README\* -x CHANGES -x series -x made-of \
			${fixes_dir:+-x 0000-cover-letter.patch}
		return
	fi
	echo "# the mails were written on another base: line numbers aside"
	for mail in "$mails"/0*.patch; do
		diff -u <(without_base "$mail") <(without_base "$new/${mail##*/}") || failed=1
	done
	return "$failed"
}

# FILE_PATH_CHANGES asks whether MAINTAINERS knows an added file; the test with
# get_maintainer answers that.
checkpatch()
{
	(cd "$tree" && perl scripts/checkpatch.pl --strict --no-summary --color=never \
		--ignore FILE_PATH_CHANGES "$@")
}

# What checkpatch does not know of our files. The devices that our test code
# drives exist in no binding: nobody may describe hardware with them. libFuzzer
# looks for functions under names of its own, and so does elf.h for types. A stand-in for the kernel's headers
# has their macros and types in their shape, so only its layout is looked at.
checkpatch_options()
{
	case $1 in
	*/standin.h) echo "--types TRAILING_WHITESPACE,CODE_INDENT,LEADING_SPACE,SPACING,LONG_LINE,SPDX_LICENSE_TAG" ;;
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

has_maintainer()
{
	local out
	out=$(cd "$tree" && perl scripts/get_maintainer.pl --no-git --no-git-fallback "$@") || return 1
	printf '%s\n' "$out"
	grep -qE '\((maintainer|supporter)[:)]' <<<"$out" && grep -q ' list' <<<"$out"
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
		grep -qE '\((maintainer|supporter)[:)]' && return
	echo "$1: MAINTAINERS names nobody for it"
	return 1
}

# shellcheck disable=SC2016 # the shell that is started expands its arguments
own_maintainers()
{
	local dir out failed=0
	[ -s "$top/MAINTAINERS" ] || {
		echo "there is no MAINTAINERS"
		return 1
	}
	dir=$(maintainers_tree)
	cd "$dir" || return 1
	out=$(perl "$tree/scripts/get_maintainer.pl" --self-test=sections 2>&1 &&
		perl "$tree/scripts/get_maintainer.pl" --self-test=patterns 2>&1) || failed=1
	[ -z "$out" ] || {
		printf '%s\n' "$out"
		failed=1
	}
	export -f is_maintained
	export tree
	files_by_kind | sort | xargs -d '\n' -n 1 -P "$jobs" bash -c 'is_maintained "$@"' bash || failed=1
	return "$failed"
}

# kernel_doc REV FILE: what kernel-doc says, without line numbers.
kernel_doc()
{
	local dir=$work/kernel-doc/$1
	mkdir -p "$dir/$(dirname "$2")"
	git -C "$tree" show "$1:$2" >"$dir/$2" 2>/dev/null || return 0
	(cd "$dir" && python3 "$(realpath "$tree/scripts/kernel-doc")" -Wall -none "$2" 2>&1) |
		sed 's/:[0-9][0-9]*/:/' | sort
}

kernel_doc_is_clean()
{
	local file new
	while read -r file; do
		new=$(comm -13 <(kernel_doc base "$file") <(kernel_doc series "$file"))
		[ -z "$new" ] || {
			printf '%s\n' "$new"
			return 1
		}
	done < <(git -C "$tree" diff --name-only base series -- '*.c' '*.h')
}

# check_file COMMAND KEY FILE: a process of its own. KEY names what is kept of a pass.
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
	mkdir -p "$passed"
	mapfile -t files
	while read -r sum file; do
		keys+=("$(printf '%s\n' "$command" "$common" "$file" "$sum" | sha256sum | cut -c1-40)")
	done < <(cd "$top" && sha256sum -- "${files[@]}")
	for i in "${!files[@]}"; do
		[ -e "$passed/${keys[i]}" ] || printf '%s\0' "$command" "${keys[i]}" "${files[i]}"
	done | xargs -0 -r -n 3 -P "$jobs" "$0" --file
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
	[ "$tap_failed" -eq "$failed" ] || return 0
	mkdir -p "$passed"
	: >"$known"
}

if [ "${1-}" = --file ]; then
	check_file "${@:2}"
	exit 0
fi

tap "three patches and a cover letter" three_patches
tap "the tree has the mails' commits" tree_is_mails

if [ ${#patches[@]} -gt 0 ]; then
	repo=$(small_repo base files_of_tree)
	tap "applies without a word to $(tree_state base | cut -d' ' -f2-)" applies "$repo"
	tap "mails to tree to mails changes nothing" round_trip "$repo"
	sources=$("$top/scripts/kernel/get.sh" all 2>"$work/fetch.log") ||
		tap_fail "the sources to apply to are there" "$work/fetch.log"
	for source in $sources; do
		[ "$(source_identity "$source")" != "$(tree_state base)" ] || continue
		# No other kernel has the fixes.
		[ -z "$fixes_dir" ] || break
		name=$(source_name "$source")
		repo=$(small_repo "$name" files_of_source "$source")
		tap "applies without a word to $name" applies "$repo"
	done
	for mail in "${patches[@]}"; do
		tap "checkpatch --strict: ${mail##*/}" checkpatch "$mail"
		tap "get_maintainer finds a maintainer and a list: ${mail##*/}" has_maintainer "$mail"
	done
	tap "kernel-doc says nothing new" kernel_doc_is_clean
fi

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
tap_files "shellcheck" shellcheck_file "$top"/scripts/lib/*.sh "$top"/tools/testing/selftests/dma/lib/*.sh \
	< <(cd "$top" && grep -lE '^#!/bin/(ba)?sh' -r scripts tools .ci | LC_ALL=C sort)

tap_end
