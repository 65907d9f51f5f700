# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What every script here shares: where things are, --help, how steps are shown
# and logged, and how errors are told. Tests source tap.sh on top.
#
# Source it first, by its path from the script, for instance
#	. "$(dirname "$0")/../lib/common.sh"

set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# The base that the work is for: a line of scripts/bases, or of the file BASES.
BASE=${BASE:-mainline}
bases_file=$(realpath -m "${BASES:-$top/scripts/bases}")
[ -z "${BASES:-}" ] || export BASES=$bases_file

# All that is made; "make clean" removes it.
build=$top/build
# What belongs to one base: tree (the series), src (what is compiled), kernel.
base_dir=$build/$BASE
# The series of patches for that base, made and read by tree and series. A
# version that has none of its own (BASE=7.2) takes mainline's.
mails=$top/patches/$BASE
[[ -d $mails || ! $BASE =~ ^[0-9]+\.[0-9]+$ ]] || mails=$top/patches/mainline
# FIXES=1: the base is the one with the fixes of patches/fixes, in a tree of its own, and
# the series is the one on top of them, which tree.sh puts together.
fixes_dir=
if [ "${FIXES:-0}" != 0 ]; then
	fixes_dir=$top/patches/fixes/$BASE
	base_dir=$build/$BASE-fixes
	mails=$base_dir/patches/$BASE
fi
# Figures; those of another base by themselves
bench=$build/bench
[ "$BASE$fixes_dir" = mainline ] || bench=$build/bench/${base_dir##*/}
# What is worth keeping between clones and clean builds: downloads, ccache.
cache=${XDG_CACHE_HOME:-$HOME/.cache}/swiotlb-segsize
logs=$build/logs
venv=$build/venv

jobs=$(nproc)

# A git hook that calls us has its own repository in the environment.
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_PREFIX GIT_OBJECT_DIRECTORY \
	GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_COMMON_DIR GIT_CONFIG

# script_head FILE: the comment at its top, which is its help.
script_head()
{
	sed -n '1,2d; /^#/!q; s/^#$//; s/^# //; p' "$1"
}

# usage_error WHAT: end because of what the script was called with, before it has
# done anything.
usage_error()
{
	printf 'error: %s: %s\n' "${0##*/}" "$1" >&2
	script_head "$0" | sed -n '/^[Uu]sage:/,/^$/p' | sed 's/^/       /' >&2
	printf '       --help says more\n' >&2
	exit 2
}

# arguments MIN MAX ARGUMENT...: for a script that takes so many, and no options
arguments()
{
	local min=$1 max=$2 word n=0
	shift 2
	for word; do
		n=$((n + 1))
		[[ $n -le $max && $word != -* ]] || usage_error "unknown argument '$word'"
	done
	[ $# -ge "$min" ] || usage_error "an argument is missing"
}

# no_arguments ARGUMENT...: for a script that takes none
no_arguments()
{
	arguments 0 0 "$@"
}

# Whatever a script takes, asked for help it does nothing else.
case ${1-} in
-h | --help)
	script_head "$0"
	exit 0
	;;
esac

# line_of_base NAME: what the list of bases says of it; 1 if there is no such line.
line_of_base()
{
	awk -v name="$1" '$1 == name { $1 = ""; sub(/^ /, ""); print; found = 1; exit }
		END { exit !found }' "$bases_file"
}

# first_compiler PREFIX...: the first for which there is a gcc; without any the first
first_compiler()
{
	local prefix
	for prefix; do
		! command -v "${prefix}gcc" >/dev/null || break
		prefix=$1
	done
	echo "$prefix"
}

# Cross compilers, by the kernel's name of the architecture: Debian's names, then
# those of other distributions.
cross_compile()
{
	local native=
	case $1 in
	arm64)
		[ "$(uname -m)" != aarch64 ] || native=yes
		first_compiler aarch64-linux-gnu- ${native:+""}
		;;
	arm) first_compiler arm-linux-gnueabihf- arm-linux-gnu- ;;
	riscv) first_compiler riscv64-linux-gnu- ;;
	x86_64 | x86) echo ;;
	*) die "no cross compiler known for the architecture '$1'" \
		"add it to cross_compile() in scripts/lib/common.sh" ;;
	esac
}

say()
{
	printf '%s\n' "$*"
}

# die WHAT [WHAT-TO-DO]: end with an error that says both.
die()
{
	printf 'error: %s\n' "$1" >&2
	[ $# -lt 2 ] || printf '       %s\n' "$2" >&2
	exit 1
}

# without_fixes: for scripts that write or send patches, which FIXES=1 is not for
without_fixes()
{
	[ -z "$fixes_dir" ] || die "FIXES=1: ${0##*/} is for the series on the plain base" \
		"scripts/patches/fixes.sh writes what is on top of the fixes; unset FIXES"
}

# step NAME COMMAND...: run COMMAND, its output in build/logs/NAME.log; print
# the name and, when it ends, the seconds it took. A failure shows the end of
# the log and where the rest is, and returns the command's status.
step()
{
	local name=$1 log status=0 start=$SECONDS
	shift
	log=$logs/$name.log
	mkdir -p "$(dirname "$log")"
	printf '  %-44s ' "$name"
	"$@" >"$log" 2>&1 </dev/null || status=$?
	if [ "$status" -eq 0 ]; then
		printf '%4d s\n' $((SECONDS - start))
		return 0
	fi
	printf '%4d s  FAILED (status %d)\n' $((SECONDS - start)) "$status"
	end_of "$log" "${STEP_TAIL:-15}"
	printf '    the whole log: %s\n' "${log#"$top"/}" >&2
	# A full disk leaves no trace in a log that is on it.
	[ "$(free_mib "$logs")" -ge 10 ] ||
		printf '    no space left on the disk of %s\n' "$build" >&2
	return "$status"
}

# end_of LOG [LINES]: show it
end_of()
{
	tail -n "${2:-5}" "$1" | sed 's/^/    | /' >&2
}

# update FILE: it becomes what is on standard input; one that is that already keeps its time
update()
{
	mkdir -p "${1%/*}"
	cat >"$1.new"
	if cmp -s "$1.new" "$1"; then
		rm "$1.new"
	else
		mv "$1.new" "$1"
	fi
}

# need TOOL...: end with the command that installs what is missing.
need()
{
	local tool missing=()
	for tool in "$@"; do
		command -v "$tool" >/dev/null 2>&1 || missing+=("$tool")
	done
	[ ${#missing[@]} -eq 0 ] ||
		die "missing: ${missing[*]}" "install what this project needs with: make deps"
}

# need_tree: end if the kernel's tree is not there.
need_tree()
{
	[ -d "$base_dir/tree/.git" ] ||
		die "no tree in ${base_dir#"$top"/}/tree" "make it with: make tree"
}

# free_mib DIR: what its disk has left.
free_mib()
{
	df -Pm "$1" | awk 'NR == 2 { print $4 }'
}

# need_space DIR MIB WHAT: end before starting what would fill the disk.
need_space()
{
	local dir=$1 mib=$2 what=$3 free
	mkdir -p "$dir"
	free=$(free_mib "$dir")
	[ "$free" -ge "$mib" ] ||
		die "$what needs $mib MiB in $dir, which has $free MiB free" \
			"make room there, or work on another disk (XDG_CACHE_HOME moves the downloads)"
}

# with_lock NAME COMMAND...: one at a time, for what two calls would break.
# The lock is the kernel's: it ends with the process, however that ends.
with_lock()
{
	local name=$1
	shift
	mkdir -p "$build"
	(
		flock -n 9 || {
			# Not to stdout, which may be what is wanted of the command
			say "  waiting for another call that holds build/$name.lock" >&2
			flock 9
		}
		"$@" 9>&-
	) 9>"$build/$name.lock"
}

# use_ccache: put "$ccache" before a compiler's name. The clone's path is not part of
# what is compiled, so that another clone finds it.
use_ccache()
{
	ccache=
	command -v ccache >/dev/null || return 0
	ccache="ccache "
	export CCACHE_DIR=$cache/ccache CCACHE_BASEDIR=$top CCACHE_NOHASHDIR=1 \
		CCACHE_MAXSIZE=${CCACHE_MAXSIZE:-3G} CCACHE_SLOPPINESS=time_macros
}
