# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What every script here shares: where things are, how steps are shown and
# logged, how errors are told, and the TAP lines of the host-side tests.
#
# Source it first: . "$(dirname "$0")/lib.sh"

set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# The base that the work is for: a line of scripts/bases.
BASE=${BASE:-mainline}

# All that is made; "make clean" removes it.
build=$top/build
# What belongs to one base: tree (the series), src (what is compiled), kernel.
base_dir=$build/$BASE
# The series of patches for that base, made and read by tree and series. A
# version that has none of its own (BASE=7.2) takes mainline's.
mails=$top/patches/$BASE
[[ -d $mails || ! $BASE =~ ^[0-9]+\.[0-9]+$ ]] || mails=$top/patches/mainline
# Figures; those of another base by themselves
bench=$build/bench
[ "$BASE" = mainline ] || bench=$build/bench/$BASE
# What is worth keeping between clones and clean builds: downloads, ccache.
cache=${XDG_CACHE_HOME:-$HOME/.cache}/swiotlb-segsize
logs=$build/logs
venv=$build/venv

jobs=$(nproc)

# A git hook that calls us has its own repository in the environment.
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_PREFIX GIT_OBJECT_DIRECTORY \
	GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_COMMON_DIR GIT_CONFIG

# Cross compilers, by the kernel's name of the architecture.
cross_compile()
{
	case $1 in
	arm64) echo aarch64-linux-gnu- ;;
	arm) echo arm-linux-gnueabihf- ;;
	riscv) echo riscv64-linux-gnu- ;;
	x86_64 | x86) echo ;;
	*) die "no cross compiler known for the architecture '$1'" \
		"add it to cross_compile() in scripts/lib.sh" ;;
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
	tail -n "${STEP_TAIL:-15}" "$log" | sed 's/^/    | /' >&2
	printf '    the whole log: %s\n' "${log#"$top"/}" >&2
	# A full disk leaves no trace in a log that is on it.
	[ "$(free_mib "$logs")" -ge 10 ] ||
		printf '    no space left on the disk of %s\n' "$build" >&2
	return "$status"
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

# TAP for the host-side tests: tap_ok, tap_fail, and tap_end, which prints the
# plan and returns 1 if anything failed. tap NAME COMMAND... does both: its
# output is shown only when it fails.
tap_count=0
tap_failed=0

tap_ok()
{
	tap_count=$((tap_count + 1))
	printf 'ok %d - %s\n' "$tap_count" "$*"
}

# tap_fail DESCRIPTION [FILE]: FILE has what explains the failure.
tap_fail()
{
	tap_count=$((tap_count + 1))
	tap_failed=$((tap_failed + 1))
	printf 'not ok %d - %s\n' "$tap_count" "$1"
	if [ $# -gt 1 ] && [ -s "$2" ]; then
		tail -n 40 "$2" | sed 's/^/# /'
	fi
}

tap()
{
	local name=$1 tap_log
	shift
	tap_log=$logs/tap/$(printf '%s' "$name" | tr -cs 'A-Za-z0-9._-' '-').log
	mkdir -p "${tap_log%/*}"
	if ("$@") >"$tap_log" 2>&1 </dev/null; then
		tap_ok "$name"
	else
		tap_fail "$name" "$tap_log"
	fi
}

tap_end()
{
	printf '1..%d\n' "$tap_count"
	[ "$tap_failed" -eq 0 ]
}
