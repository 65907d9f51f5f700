#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# tools/dma/poolmap, in TAP: known maps give the known drawing, and what is no map an
# error; an SVG is well-formed.
#
# Usage: check.sh
#
# Exit status: 0 if all passed, 1 otherwise.
#
# groups: test host
# bases: mainline

# shellcheck disable=SC2317 # tap calls the functions

. "$(dirname "$0")/../../../../../scripts/lib/common.sh"
. "$top/scripts/lib/tap.sh"

no_arguments "$@"
work=$build/test/poolmap
. "$top/tools/testing/selftests/dma/poolmap/lib.sh"
need python3 script
# What decides on characters and width is each test's.
export LC_ALL=C COLUMNS=80
unset NO_COLOR LANG LC_CTYPE

# map NAME LINE...: a file of these lines
map()
{
	printf '%s\n' "${@:2}" >"$work/$1.map"
}

# drawn EXPECTED NAME [OPTION...]: of the map NAME that is drawn
drawn()
{
	"$poolmap" "${@:3}" "$work/$2.map" >"$work/drawn" && diff -u "$here/maps/$1.expected" "$work/drawn"
}

# In maps/. levels: one area, the last cell of which is half a cell; a run that begins
# or ends within a cell does not mark that. areas: in rows, one after the other and
# side by side, and a pool above 4 GiB. touching: as a racy read has it, ranges that
# touch, and one that is over two areas. odd: each area has a cell that is not
# complete, and a range goes from one into the next area.
cp "$here"/maps/*.map "$work/"
while IFS='|' read -r description options; do
	read -ra words <<<"$options"
	tap "$description" drawn "${words[@]}"
done <<-'END'
	each level of use, and runs|levels levels -r 200
	smaller cells, and fewer a row|levels-cells levels -c 64 -w 10
	an empty pool|empty empty -c 1M
	a full pool|full full
	areas|areas areas
	what krane has in use|kukui kukui
	ranges that touch, or go from one area to the next|touching touching
	areas with a cell that is not complete|odd odd
END

# In a wide terminal rows are longer, in a narrow one shorter, and a size is a size.
widths()
{
	local columns expected
	while read -r columns expected; do
		COLUMNS=$columns "$poolmap" "$work/kukui.map" >"$work/drawn" || return
		[ "$(cells "$work/drawn" | head -n 1 | tr -d '\n' | wc -c)" -eq "$expected" ] || {
			echo "COLUMNS=$columns: not $expected cells a row"
			return 1
		}
	done <<-'END'
	1 8
	30 16
	75 32
	76 64
	139 64
	140 128
	nonsense 64
	99999 164
	END
	"$poolmap" -c 256K -r 2560 "$work/kukui.map" | sed 's/, or the longest run//' >"$work/bytes"
	"$poolmap" -r 5M "$work/kukui.map" | diff -u "$work/bytes" -
}

input()
{
	local expected
	expected=$("$poolmap" "$work/kukui.map" | tail -n +2) || return
	# With carriage returns, as a serial console has it
	diff <(echo "$expected") <("$poolmap" <"$work/kukui.map" | tail -n +2) || return
	diff <(echo "$expected") <(sed 's/$/\r/' "$work/kukui.map" | "$poolmap" - | tail -n +2) || return
	# The folder of debugfs has the name.
	mkdir -p "$work/memory@50000000"
	cp "$work/kukui.map" "$work/memory@50000000/io_tlb_map"
	"$poolmap" -t 'first & <last>' "$work/full.map" "$work/memory@50000000/io_tlb_map" - \
		<"$work/areas.map" >"$work/drawn" || return
	grep -B 1 ' slots in use ' "$work/drawn" | grep -v -e ' slots in use ' -e ^-- >"$work/titles"
	diff -u - "$work/titles" <<-'END'
	first & <last>
	memory@50000000
	standard input, pool 1 of 2
	standard input, pool 2 of 2
	END
}

characters()
{
	LC_ALL=C.UTF-8 "$poolmap" -r 200 "$work/levels.map" >"$work/drawn" || return
	[ "$(cells "$work/drawn")" = "▂▂▄▆▇█─▂─────" ] && ! grep "$(printf '\033')" "$work/drawn"
}

# pty COMMAND: what it writes to a terminal
pty()
{
	TERM=xterm-256color script -qec "$1" /dev/null | tr -d '\r'
}

colours()
{
	local escape
	escape=$(printf '\033')
	pty "$poolmap -r 200 $work/levels.map" >"$work/terminal" || return
	grep "$escape\[38;5;208m=*$escape\[m" "$work/terminal" >/dev/null || return
	sed "s/$escape\[[0-9;]*m//g" "$work/terminal" >"$work/plain"
	"$poolmap" -r 200 "$work/levels.map" | diff -u - "$work/plain" || return
	pty "NO_COLOR=1 $poolmap $work/levels.map" >"$work/terminal" || return
	! grep "$escape" "$work/terminal"
}

tap "rows as wide as the terminal; sizes in slots and in bytes" widths
tap "from standard input; titles" input
tap "bars in a UTF-8 locale, and no colours in a pipe" characters
tap "colours in a terminal, none with NO_COLOR" colours

# refused MESSAGE ARGUMENT...: an error that says so, and what to do, and no drawing
refused()
{
	local status=0 expected=1
	"$poolmap" "${@:2}" >"$work/stdout" 2>"$work/stderr" </dev/null || status=$?
	cat "$work/stderr"
	! grep '^       --help says more$' "$work/stderr" >/dev/null || expected=2
	echo "the status is $status, not $expected; or something is drawn:"
	cat "$work/stdout"
	[ $status -eq $expected ] && [ ! -s "$work/stdout" ] && head -n 1 "$work/stderr" | sed 's/^error: poolmap: /error: /' | grep -F -e "error: $1" >/dev/null &&
		sed -n 2p "$work/stderr" | grep '^       [^ ]' >/dev/null
}

while IFS='|' read -r line message; do
	[[ $line != \#* ]] || continue
	map bad "$line"
	tap "refused: ${line:-an empty line}" refused "$work/bad.map: $message" "$work/full.map" "$work/bad.map"
done <"$here/maps/refused"
: >"$work/nothing.map"
tap "refused: an empty file" refused "$work/nothing.map is empty" "$work/full.map" "$work/nothing.map"
tap "refused: nothing on standard input" refused "standard input is empty"
tap "refused: no such file" refused "$work/missing.map: there is no such file" "$work/missing.map"
tap "refused: a folder" refused "$work: there is no such file" "$work"
tap "refused: an unknown option" refused "unknown option -x" -x "$work/full.map"
tap "refused: an option without its argument" refused "-c needs an argument" -c
for size in 0 -1 5X 5.5M "" 99999999999999; do
	tap "refused: -c '$size'" refused "-c $size: not a size" -c "$size" "$work/full.map"
done
tap "refused: -w 0" refused "-w 0: not a number of cells" -w 0 "$work/full.map"
tap "refused: more titles than maps" refused "2 titles for 1 maps" -t a -t b "$work/full.map"
tap "refused: an SVG in a folder that is not there" refused "$work/missing/x.svg cannot be written" \
	-s "$work/missing/x.svg" "$work/full.map"
tap "refused: an SVG that is a folder" refused "$work is a folder" -s "$work" "$work/full.map"

# No half SVG, and none less than before
svg_stays()
{
	rm -rf "$work/svg"
	mkdir "$work/svg"
	echo before >"$work/svg/x.svg"
	map bad "0x50000000 256 256 300"
	refused "$work/bad.map: line 1: 300 is behind" -s "$work/svg/x.svg" "$work/bad.map" || return
	[ "$(cat "$work/svg/x.svg")" = before ] && [ "$(ls "$work/svg")" = x.svg ]
}
tap "an SVG stays as it was if the map is none" svg_stays

svg()
{
	local out=$work/levels.svg
	"$poolmap" -s "$out" -t 'a & <b> "c"' -t $'back\\slash' -r 200 "$work/levels.map" "$work/areas.map" \
		"$work/empty.map" || return
	python3 "$here/svg.py" "$out"
}
tap "an SVG is well-formed, and has each cell" svg

tap_end
