#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# dt-mk-schema of a kernel's bindings, which takes a minute, from the user's cache
# if it was made before of the same bindings by the same dt-schema. Made for
# make DT_MK_SCHEMA=..., as which it prints the processed schema, and on stderr what
# dt-mk-schema said. File names in both are relative to the kernel's source.
#
# Usage: mk-schema.sh -j @FILE
#   FILE  has the bindings' names, a line each
#
# Environment: PATH, and PYTHONPATH if it is another, lead to dt-schema.
#
# Exit status: that of dt-mk-schema; what fails is not kept.

. "$(dirname "$0")/../lib/common.sh"

[[ $# -eq 2 && $1 = -j && $2 = @* ]] || usage_error "it takes -j @FILE and nothing else"
list=${2#@}
need dt-mk-schema python3 gzip
[ -s "$list" ] || die "no names of bindings in $list"
source=$(head -n 1 "$list")
source=${source%%/Documentation/devicetree/*}
store=$cache/dt-schema
# So many are kept: three for each of the last bases.
kept=12

# What the schema is made of: the bindings by name and content, dt-schema, and this.
key()
{
	{
		sed "s|^$source/||" "$list" | LC_ALL=C sort | (cd "$source" && xargs -d '\n' sha256sum)
		# What dt-mk-schema finds, which does not look in the current folder.
		python3 -c '
import sys
del sys.path[0]
import dtschema, hashlib, pathlib
top = pathlib.Path(dtschema.__path__[0])
for p in sorted(top.rglob("*")):
	if p.suffix in (".py", ".yaml"):
		print(hashlib.sha256(p.read_bytes()).hexdigest(), p.relative_to(top))'
		declare -f key make_schema
	} | sha256sum | cut -c1-32
}

make_schema()
{
	local new=$1
	# In the order of the names, whatever that of the folder is.
	LC_ALL=C sort "$list" >"$new/list"
	dt-mk-schema -j "@$new/list" >"$new/json" 2>"$new/stderr" || {
		cat "$new/stderr" >&2
		return 1
	}
	sed -i "s|\"$source/|\"|" "$new/json"
	sed -i "s|^$source/||" "$new/stderr"
	rm "$new/list"
	gzip -1 "$new/json"
}

make_entry()
{
	# Another call may have been first, with the same.
	[ ! -d "$entry" ] || return 0
	new=$(mktemp -d "$store/new.XXXXXX")
	trap 'rm -rf "$new"' EXIT
	make_schema "$new"
	mv -T "$new" "$entry" 2>/dev/null || [ -d "$entry" ]
}

mkdir -p "$store"
entry=$store/$(key)
[ -d "$entry" ] || with_lock "schema-${entry##*/}" make_entry
touch "$entry"
cat "$entry/stderr" >&2
gzip -dc "$entry/json.gz"
# By the time of their last use
find "$store" -mindepth 1 -maxdepth 1 -printf '%T@ %p\n' | sort -rn | tail -n +$((kept + 1)) |
	cut -d ' ' -f 2- | xargs -r -d '\n' rm -rf
