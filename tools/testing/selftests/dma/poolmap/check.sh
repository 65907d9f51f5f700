#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# tools/dma/poolmap, in TAP: known maps give the known drawing, and what is no map an
# error; an SVG is well-formed; what the allocator in user space writes comes back
# slot by slot; the picture in Documentation/ is what placement.sh makes today.
#
# And krane's device tree is booted, with the kernel that has the map in debugfs
# (patches/extra/map): what that shows is drawn, and is what the SCP has.
#
# Usage: [BASE=name] check.sh [-n]
#   -n  no kernel is built, and none booted
#
# Exit status: 0 if all passed, 1 otherwise.
#
# groups: test guest
# bases: mainline

# shellcheck disable=SC2317 # tap calls the functions

. "$(dirname "$0")/../../../../../scripts/lib/common.sh"
. "$top/scripts/lib/tap.sh"
. "$top/scripts/lib/guest.sh"
. "$top/tools/testing/selftests/dma/lib/scp.sh"

work=$build/test/poolmap
poolmap=$top/tools/dma/poolmap
guest=yes
case ${1-} in
-n) guest= ;;
"") ;;
*) usage_error "unknown argument '$1'" ;;
esac
[ $# -le 1 ] || usage_error "unknown argument '$2'"

need git make gcc awk python3 script
[ -d "$base_dir/tree/.git" ] || die "no tree in ${base_dir#"$top"/}/tree" "make it with: make tree"
rm -rf "$work"
mkdir -p "$work"
# What decides on characters and width is each test's.
export LC_ALL=C COLUMNS=80
unset NO_COLOR LANG LC_CTYPE

# map NAME LINE...: a file of these lines
map()
{
	printf '%s\n' "${@:2}" >"$work/$1.map"
}

# One area, the last cell of which is half a cell: each level, and runs. A run that
# begins or ends within a cell does not mark that.
map levels "0x50000000 1600 1600 0,160-191,256-319,384-479,512-638,640-767,1000-1023"
map empty "0x0000000050000000 20992 20992"
map full "0x50000000 256 256 0-255"
# Areas in rows, one after the other and side by side; a pool above 4 GiB
map areas "0x7bc00000 32768 8192 0-255,300,8192-10000,24576-32767" \
	"0x0000000880000000 2048 512 0-511,600,1024-1040,1042-1043"
map kukui "0x50000000 20992 20992 0-2559,8192-8193"
# As a racy read has it: ranges that touch. 1024-1088 is over two areas.
map touching "0x50000000 2048 1024 0-5,6-20,900-1088"
# Each area has a cell that is not complete, and a range goes from one into the next area.
map odd "0x50000000 600 200 0-149,190-210,400-599"

# drawn NAME [OPTION...]: what is drawn of that map is what standard input has
drawn()
{
	"$poolmap" "${@:2}" "$work/$1.map" >"$work/drawn" && diff -u "$work/expected" "$work/drawn"
}

# tap_drawn DESCRIPTION NAME [OPTION...]
tap_drawn()
{
	cat >"$work/expected"
	tap "$1" drawn "${@:2}"
}

tap_drawn "each level of use, and runs" levels -r 200 <<'END'
levels
3.1 MiB at 0x50000000: 472 of 1600 slots in use (29.5 %)

            |0
0x50000000  ::+*%#=:=====

7 runs of free slots, the longest of 1.1 MiB (576 slots) at 0x50200000
400 KiB would fit in 2 of them
runs by size: 1 below 64 KiB, 3 below 256 KiB, 2 below 1 MiB, 1 below 5 MiB, 0 larger

a cell is 128 slots, 256 KiB:
. free  : up to 1/4  + 1/2  * 3/4  % less than all  # all in use
= free for 400 KiB
END
tap_drawn "smaller cells, and fewer a row" levels -c 64 -w 10 <<'END'
levels
3.1 MiB at 0x50000000: 472 of 1600 slots in use (29.5 %)

            |0
0x50000000  :.+.#.#+#%
0x50140000  ##...+====
0x50280000  =====

7 runs of free slots, the longest of 1.1 MiB (576 slots) at 0x50200000
5 MiB would fit in none of them
runs by size: 1 below 64 KiB, 3 below 256 KiB, 2 below 1 MiB, 1 below 5 MiB, 0 larger

a cell is 64 slots, 128 KiB:
. free  : up to 1/4  + 1/2  * 3/4  % less than all  # all in use
= free for 5 MiB, or the longest run
END
tap_drawn "an empty pool" empty -c 1M <<'END'
empty
41 MiB at 0x50000000: 0 of 20992 slots in use (0.0 %)

            |0              |+16 MiB        |+32 MiB
0x50000000  =========================================

1 run of free slots, the longest of 41 MiB (20992 slots) at 0x50000000
5 MiB would fit in 1 of them
runs by size: 0 below 64 KiB, 0 below 256 KiB, 0 below 1 MiB, 0 below 5 MiB, 1 larger

a cell is 512 slots, 1 MiB:
. free  : up to 1/4  + 1/2  * 3/4  % less than all  # all in use
= free for 5 MiB, or the longest run
END
tap_drawn "a full pool" full <<'END'
full
512 KiB at 0x50000000: 256 of 256 slots in use (100.0 %)

            |0
0x50000000  ##

no slot is free

a cell is 128 slots, 256 KiB:
. free  : up to 1/4  + 1/2  * 3/4  % less than all  # all in use
= free for 5 MiB, or the longest run
END
tap_drawn "areas" areas <<'END'
areas, pool 1 of 2
64 MiB at 0x7bc00000: 10258 of 32768 slots in use (31.3 %), 4 areas

               |0              |+4 MiB         |+8 MiB         |+12 MiB
0  0x7bc00000  ##:=============================================================
1  0x7cc00000  ##############:=================================================
2  0x7dc00000  ================================================================
3  0x7ec00000  ################################################################

4 runs of free slots, the longest of 16 MiB (8192 slots) at 0x7dc00000
5 MiB would fit in 3 of them
runs by size: 0 below 64 KiB, 1 below 256 KiB, 0 below 1 MiB, 0 below 5 MiB, 3 larger

areas, pool 2 of 2
4 MiB at 0x880000000: 532 of 2048 slots in use (26.0 %), 4 areas

                |0
0  0x880000000  ####|:...|:...|====

5 runs of free slots, the longest of 1 MiB (512 slots) at 0x880300000
5 MiB would fit in none of them
runs by size: 1 below 64 KiB, 1 below 256 KiB, 2 below 1 MiB, 1 below 5 MiB, 0 larger

a cell is 128 slots, 256 KiB:
. free  : up to 1/4  + 1/2  * 3/4  % less than all  # all in use
= free for 5 MiB, or the longest run
END
tap_drawn "what krane has in use" kukui <<'END'
kukui
41 MiB at 0x50000000: 2562 of 20992 slots in use (12.2 %)

            |0              |+4 MiB         |+8 MiB         |+12 MiB
0x50000000  ####################============================================
0x51000000  :===============================================================
0x52000000  ====================================

2 runs of free slots, the longest of 25.0 MiB (12798 slots) at 0x51001000
5 MiB would fit in 2 of them
runs by size: 0 below 64 KiB, 0 below 256 KiB, 0 below 1 MiB, 0 below 5 MiB, 2 larger

a cell is 128 slots, 256 KiB:
. free  : up to 1/4  + 1/2  * 3/4  % less than all  # all in use
= free for 5 MiB, or the longest run
END
tap_drawn "ranges that touch, or go from one area to the next" touching <<'END'
touching
4 MiB at 0x50000000: 210 of 2048 slots in use (10.3 %), 2 areas

               |0
0  0x50000000  :......%|*=======

2 runs of free slots, the longest of 1.9 MiB (959 slots) at 0x50220800
5 MiB would fit in none of them
runs by size: 0 below 64 KiB, 0 below 256 KiB, 0 below 1 MiB, 2 below 5 MiB, 0 larger

a cell is 128 slots, 256 KiB:
. free  : up to 1/4  + 1/2  * 3/4  % less than all  # all in use
= free for 5 MiB, or the longest run
END
tap_drawn "areas with a cell that is not complete" odd <<'END'
odd
1.2 MiB at 0x50000000: 371 of 600 slots in use (61.8 %), 3 areas

               |0
0  0x50000000  #+|:=|##

2 runs of free slots, the longest of 378 KiB (189 slots) at 0x50069800
5 MiB would fit in none of them
runs by size: 0 below 64 KiB, 1 below 256 KiB, 1 below 1 MiB, 0 below 5 MiB, 0 larger

a cell is 128 slots, 256 KiB:
. free  : up to 1/4  + 1/2  * 3/4  % less than all  # all in use
= free for 5 MiB, or the longest run
END

# cells FILE: the rows of cells
cells()
{
	sed -n 's/^\([0-9]*  \)\{0,1\}0x[0-9a-f]*  //p' "$1"
}

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
	[ "$("$poolmap" <"$work/kukui.map" | tail -n +2)" = "$expected" ] || {
		echo "standard input gives another drawing"
		return 1
	}
	# As a serial console has it
	[ "$(sed 's/$/\r/' "$work/kukui.map" | "$poolmap" - | tail -n +2)" = "$expected" ] || {
		echo "with carriage returns it is another drawing"
		return 1
	}
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
	grep "$escape\[38;5;208m=*$escape\[m" "$work/terminal" >/dev/null || {
		echo "no colours in a terminal"
		return 1
	}
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
	[ $status -eq $expected ] || {
		echo "the status is $status"
		return 1
	}
	[ ! -s "$work/stdout" ] || {
		echo "something is drawn:"
		cat "$work/stdout"
		return 1
	}
	head -n 1 "$work/stderr" | sed 's/^error: poolmap: /error: /' | grep -F -e "error: $1" >/dev/null &&
		sed -n 2p "$work/stderr" | grep '^       [^ ]' >/dev/null
}

# tap_refused LINE MESSAGE: a map of this line
tap_refused()
{
	map bad "$1"
	tap "refused: ${1:-an empty line}" refused "$2" "$work/full.map" "$work/bad.map"
}

not="$work/bad.map: line 1 is not one of a map"
tap_refused "" "$not"
tap_refused "20992" "$not"
tap_refused "50000000 256 256 0-255" "$not"
tap_refused "0x50000000 256 0-255" "$not"
tap_refused "0x50000000 256 256 0-255," "$not"
tap_refused "0x50000000 256 256 0-1-2" "$not"
tap_refused "0x50000000 256 256 0 2" "$not"
tap_refused "0x50000000 -256 256" "$not"
tap_refused "0x50000000 0 0" "$work/bad.map: line 1 has 0 slots in areas of 0"
tap_refused "0x50000000 256 512" "$work/bad.map: line 1 has 256 slots in areas of 512"
tap_refused "0x50000000 256 256 250-256" "$work/bad.map: line 1: 250-256 is behind the last of 256 slots"
tap_refused "0x50000000 256 256 7-3" "$work/bad.map: line 1: 7-3 is not behind"
tap_refused "0x50000000 256 256 0-7,7" "$work/bad.map: line 1: 7 is not behind"
tap_refused "0x50000000 256 256 9,3" "$work/bad.map: line 1: 3 is not behind"
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

# A cell of each kind in each SVG that is made of these maps; and the titles are text.
svg()
{
	local out=$work/levels.svg
	"$poolmap" -s "$out" -t 'a & <b> "c"' -t $'back\\slash' -r 200 "$work/levels.map" "$work/areas.map" \
		"$work/empty.map" || return
	python3 - "$out" <<-'END'
	import sys, xml.etree.ElementTree as tree
	root = tree.parse(sys.argv[1]).getroot()
	assert open(sys.argv[1]).readlines()[1] == "<!-- SPDX-License-Identifier: GPL-2.0 -->\n"
	texts = [e.text for e in root.iter("{http://www.w3.org/2000/svg}text")]
	for text in ('a & <b> "c"', "back\\slash, pool 1 of 2", "back\\slash, pool 2 of 2", "empty"):
	    assert text in texts, (text, texts)
	width, height = int(root.get("width")), int(root.get("height"))
	cells = {}
	for path in root.iter("{http://www.w3.org/2000/svg}path"):
	    kind = path.get("class")
	    for part in path.get("d").split("M")[1:]:
	        x, y = (float(n) for n in part.replace("h", " ").replace("v", " ").split()[:2])
	        assert 0 <= x < width and 0 <= y < height, part
	        cells[kind] = cells.get(kind, 0) + 1
	# 13 + 256 + 16 + 164 cells, and those of the legend; three ends and lines of runs and more
	kinds = ["u%d" % n for n in range(6)]
	assert sorted(cells) == ["run"] + kinds, cells
	assert sum(cells[kind] for kind in kinds) == 13 + 256 + 16 + 164 + 7, cells
	assert cells["u1"] == 3 + 2 + 2 + 1, cells
	END
}
tap "an SVG is well-formed, and has each cell" svg

# The other way round: what the allocator in user space writes, drawn slot by slot,
# has the used slots of the line, all of them and no other. The table has its longest.
round_trip()
{
	local map=$1
	"$poolmap" -c 1 -w 4096 "$map" >"$work/drawn" || return
	cells "$work/drawn" | tr -d '\n' | fold -w 1 | awk '{ print $0 == "#" ? 1 : 0 }' >"$work/drawn.slots"
	awk '{
		n = split($4, range, ",")
		for (i = 1; i <= n; i++) {
			if (split(range[i], end, "-") < 2)
				end[2] = end[1]
			for (slot = end[1] + 0; slot <= end[2] + 0; slot++)
				used[slot] = 1
		}
		for (slot = 0; slot < $2; slot++)
			print slot in used ? 1 : 0
	}' "$map" >"$work/map.slots"
	echo "$(grep -c 1 "$work/drawn.slots") of $(wc -l <"$work/drawn.slots") slots"
	[ "$(wc -l <"$work/map.slots")" -gt 0 ] && cmp "$work/map.slots" "$work/drawn.slots" &&
		grep " $(grep -c 1 "$work/map.slots") of " "$work/drawn"
}

# Only mainline has patches/extra, and so what placement.sh compares.
if [ "$BASE" = mainline ]; then
	tap "placement.sh has its maps and its picture" env SEED=1 "$top/scripts/bench/placement.sh"
	for map in "$bench"/placement-{series,bitmap}-{10,50,70}.map; do
		tap "slot by slot: ${map##*/}" round_trip "$map"
	done
	tap "Documentation/placement.svg is what scripts/bench/placement.sh makes (build/bench/placement.svg)" \
		cmp "$bench/placement.svg" "$top/Documentation/placement.svg"
fi

# krane's device tree and its SCP, in a kernel that has the map
boot()
{
	local files
	"$top/scripts/patches/topic.sh" map && "$top/scripts/kernel/build.sh" guest map &&
		guest_program "$work/dma_probe" && guest_program "$work/scp_model" scp_model &&
		guest_board_dtb map "$work/board.dtb" &&
		guest_scp_firmware "$work/board.dtb" "$work/scp.img" || return
	mapfile -t files < <(scp_files "$work" map "$work/board.dtb")
	"$top/scripts/guest/initramfs.sh" "$work/map.cpio.gz" "$top/tools/testing/selftests/dma/poolmap/init.sh" \
		"$work/dma_probe" "${files[@]}" &&
		"$top/scripts/guest/boot.sh" poolmap "$base_dir/image/guest-map/Image" "$work/board.dtb" \
			"$work/map.cpio.gz" || return
	sed -n 's/\r$//; s/^\[[^]]*\] map: //p' "$logs/boot/poolmap.log" >"$work/said"
	cat "$work/said"
	guest_no_report poolmap
}

# The pool's, which the SCP has its 2560 slots of in one piece, and the program 50
# buffers of 18 slots
shown()
{
	local pool=memory@50000000 used
	used=$(sed -n "s/^used $pool //p" "$work/said")
	sed -n "s/^shown $pool //p" "$work/said" >"$work/$pool.map"
	cat "$work/$pool.map"
	grep -x "mode $pool 400" "$work/said" && grep -x "scp running" "$work/said" || return
	"$poolmap" "$work/$pool.map" >"$work/drawn" || return
	cat "$work/drawn"
	grep -F ": $used of 20992 slots in use" "$work/drawn" && [ "$used" -ge $((2560 + 50 * 18)) ] &&
		grep '####################' "$work/drawn" && round_trip "$work/$pool.map"
}

if [ -n "$guest" ]; then
	tap "krane boots with a kernel that has the map" boot
	tap "what its pool shows in debugfs is what is in use, and is drawn" shown
fi
tap_end
