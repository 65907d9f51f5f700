# SPDX-License-Identifier: GPL-2.0
#
# For check.sh: the SVG of its maps "levels" (-r 200), "areas" and "empty" has a cell of
# each kind, inside of the picture, and the titles are text.

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
