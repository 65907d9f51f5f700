#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Of two of dt-schema's processed schemas all is the same but one schema and the type of
io-tlb-segsize; where a schema's file is does not count. For dt-boards.sh.

Usage: one_schema_differs.py ONE OTHER ID
"""
import json
import sys


def load(name):
    with open(name, encoding="utf-8") as f:
        return json.load(f, object_hook=lambda d: {k: v for k, v in d.items() if k != "$filename"})


one, other, binding = load(sys.argv[1]), load(sys.argv[2]), sys.argv[3]
for schemas in one, other:
    del schemas[binding]
    schemas["generated-types"]["properties"].pop("io-tlb-segsize", None)
bad = [k for k in one.keys() | other.keys() if one.get(k) != other.get(k)]
# The first schema of a compatible is the one that is used.
if list(one) != list(other):
    bad.append("their order")
print("differs:", *bad)
sys.exit(bool(bad))
