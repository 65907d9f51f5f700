# SPDX-License-Identifier: GPL-2.0
#
# What bitbake makes of a recipe and a .bbappend: a line for each file of SRC_URI, with its
# path if it is found.
#
# Usage: src_uri.py RECIPE APPEND

import os
import sys
import types

# The parser loads the client of a server that it has no use for here, and that the package
# has not got.
for name in ("hashserv", "hashserv.client"):
    sys.modules[name] = types.ModuleType(name)
import bb.data
import bb.fetch2
import bb.parse

data = bb.data.init()
# Of bitbake.conf, what the two files use.
data.setVar("BBPATH", os.getcwd())
data.setVar("THISDIR", "${@os.path.dirname(d.getVar('FILE'))}")
bb.parse.init_parser(data)
data.setVar("__BBAPPEND", sys.argv[2])
data = bb.parse.handle(sys.argv[1], data)[""]
for uri in data.getVar("SRC_URI").split():
    kind, _, path, _, _, _ = bb.fetch2.decodeurl(uri)
    found = bb.utils.which(data.getVar("FILESEXTRAPATHS") or "", path)
    print(kind, path, os.path.relpath(found) if found else "-")
