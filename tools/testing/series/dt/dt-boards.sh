#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The kukui boards that the series changes: what CHECK_DTBS=y says of them is the same
# before and after the series, by the in-tree binding and by dt-schema with
# patches/dt-schema, and each has the restricted pool.
#
# As it is written that takes long: three processed schemas of all bindings, a minute
# each, and 27 boards under each of them. LEVEL=all does that. Otherwise the one with
# the in-tree binding is made, and the rest is concluded:
#
#   - dt-schema with the in-tree binding, or with our patch, differs from dt-schema
#     in that one schema and in the type of that one property, and the series changes no
#     other binding (dt-binding.sh): so what is said by other schemas, and of other
#     nodes, is the same under all three
#   - a board's tree differs from its base's in the pool's node alone, and by the same
#     on each board: so what is said of other nodes is the same, and what is said of
#     this one is the same on each board
#   - one board is checked completely, without and with the series
#   - all boards are checked by the schemas of reserved memory, which are all that see
#     that node, and are those that differ, under all three
#
# Schemas are kept in the user's cache (scripts/kernel/mk-schema.sh), and what was said
# of boards in build/test/dt-boards, until something changes that they are made of.
#
# Usage: [BASE=name] [TREE=folder] [LEVEL=all] dt-boards.sh
#   TREE   a git tree with the revisions base and series (build/$BASE/tree)
#
# Prints TAP. Exit status: 0 if all passed, 1 otherwise.
#
# groups: test host dt
# bases: all

# shellcheck disable=SC2317 # tap and step call the functions

. "$(dirname "$0")/../../../../scripts/lib/tap.sh"

no_arguments "$@"
made=$build/test/dt-boards/$BASE
. "$top/tools/testing/series/dt/lib.sh"
pool=/reserved-memory/memory@50000000
# The board that is checked completely, and that shows what is said where nothing
# knows the property.
witness=mt8183-kukui-krane-sku0
intree=$made/o-series/$bindings/processed-schema.json

# compile_one REV BOARD: as scripts/Makefile.dtbs does it. What dtc says is kept.
compile_one()
{
	local include=$made/$1/scripts/dtc/include-prefixes out=$made/dtb/$1/$2
	gcc -E -nostdinc -I "$include" -undef -D__DTS__ -x assembler-with-cpp "$2.dts" |
		"$made/o-series/scripts/dtc/dtc" -o "$out.dtb" -b 0 -i . -i "$include" \
			-Wno-unique_unit_address -Wno-unit_address_vs_reg -Wno-avoid_unnecessary_addr_size \
			-Wno-alias_paths -Wno-interrupt_map -Wno-simple_bus_reg - 2>"$out.dtc" && return
	cat "$out.dtc"
	rm -f "$out.dtb"
}

# compile REV: its boards into $made/dtb/REV
compile()
{
	local board
	rm -rf "$made/dtb/$1"
	mkdir -p "$made/dtb/$1"
	cd "$made/$1/$boards"
	for board in mt8183-kukui*.dts; do
		beside compile_one "$1" "${board%.dts}"
	done
	wait
	for board in mt8183-kukui*.dts; do
		[ -s "$made/dtb/$1/${board%.dts}.dtb" ] || return
	done
}

# flat FILE: a board's tree, a property or a node a line, each with its path.
flat()
{
	dtc -q -s -I dtb -O dts "$1" | awk '
	{ sub(/^\t+/, "") }
	/ \{$/ { if ($1 != "/") path = path "/" $1; print path "/"; next }
	/^\};$/ { sub(/\/[^\/]*$/, "", path); next }
	NF { print path ": " $0 }'
}

# validate LOG REV BOARD DTSCHEMA SCHEMA OPTION...: what dt-validate says of these boards
# of the revision, with make's option -m or others. It takes 6 s for a board under all
# schemas, so they are split among the processors.
validate()
{
	local log=$made/$1 schema=$made/$5 which=$4 dtbs key
	cd "$made/dtb/$2" || return
	# shellcheck disable=SC2206 # a pattern
	dtbs=($3.dtb)
	key=$(sha256sum "${dtbs[@]}" "$schema" && dt-validate -V 2>&1) || return
	[ "$(cat "$log.key" 2>/dev/null)" != "$key" ] || return 0
	rm -f "$log" "$log".*
	# shellcheck disable=SC2016 # for the shell that xargs starts
	printf '%s\0' "${dtbs[@]}" | with_dtschema "$which" \
		xargs -0 -P "$jobs" -n $(((${#dtbs[@]} + jobs - 1) / jobs)) \
		sh -c 'dt-validate "$@" >"$0.part-$$" 2>&1' "$log" "${@:6}" -s "$schema" -- || {
		cat "$log".part-*
		return 1
	}
	# Board by board; what has no board's name comes first.
	cat "$log".part-* | sed -E 's,^[^[:space:]]*/([^/[:space:]]+\.dtb: ),\1,' |
		awk '/^\t/ { print last $0; next } { print; last = $0 }' | sort >"$log"
	rm -f "$log".part-*
	printf '%s\n' "$key" >"$log.key"
}

# complained_of COUNT BEFORE AFTER: where nothing knows the property so many boards are
# complained about, or we would not have seen them with it either: for the property, and
# for nothing else.
complained_of()
{
	local node="memory@50000000 (restricted-dma-pool): "
	local said="${node}Unevaluated properties are not allowed ('io-tlb-segsize' was unexpected)"
	[ "$(grep -F ".dtb: $said" "$3" | grep -vc '	from schema')" -eq "$1" ] || {
		printf 'not said of each: %s\n' "$said"
		grep -vF ".dtb: $said" "$3"
		return 1
	}
	! diff "$2" "$3" | grep '^[<>]' | grep -v "^> .*: $node.*io-tlb-segsize"
}

has_pool()
{
	local dtb bad=0
	for dtb in "$made/dtb/series"/*.dtb; do
		if ! { [ "$(fdtget "$dtb" "$pool" compatible)" = restricted-dma-pool ] &&
			[ "$(fdtget "$dtb" "$pool" io-tlb-segsize)" = 4096 ] &&
			[ "$(fdtget -t x "$dtb" "$pool" reg)" = '0 50000000 0 2900000' ] &&
			! fdtget -p "$dtb" "$pool" | grep -x 'no-map\|reusable' >/dev/null &&
			[ "$(fdtget "$dtb" /soc/scp@10500000 memory-region)" = "$(fdtget "$dtb" "$pool" phandle)" ]; }; then
			printf '%s: its pool is\n' "${dtb##*/}"
			fdtget -p "$dtb" "$pool"
			bad=1
		fi
	done
	return $bad
}

# The pool's node is all that differs, and by the same everywhere; and all of it, but
# for its phandle, is the same everywhere.
only_pool_differs()
{
	local dtb board change changes='' node nodes='' bad=0
	# The first is what the others are compared with.
	for dtb in "$made/dtb/series/$witness.dtb" "$made/dtb/series"/*.dtb; do
		board=${dtb##*/}
		flat "$made/dtb/base/$board" >"$made/flat-base" && flat "$dtb" >"$made/flat-series" || return 1
		change=$(diff "$made/flat-base" "$made/flat-series" | grep '^[<>]' || true)
		node=$(grep "^${pool}[:/]" "$made/flat-series" | grep -v "^$pool: phandle = ")
		if [ -z "$change" ] || grep -v "^[<>] $pool: " <<<"$change" || [ "$change" != "${changes:=$change}" ] ||
			[ "$node" != "${nodes:=$node}" ]; then
			printf '%s: %s\n' "$board" "$change" "$board" "$node"
			bad=1
		fi
	done
	return $bad
}

# The compiler's own warnings, board by board.
same_dtc_warnings()
{
	local file status=0
	for file in "$made/dtb/base"/*.dtc; do
		diff <(sed 's/^[^ ]*: Warning/Warning/' "$file") \
			<(sed 's/^[^ ]*: Warning/Warning/' "$made/dtb/series/${file##*/}") || status=1
	done
	return "$status"
}

# all_said NAME BOARD SCHEMAS OPTION...: what is said of these boards, as base and as
# series, under NAME: by SCHEMAS-base.json, and by the in-tree binding and the patch.
# Neither is the series by what knows nothing of the property.
all_said()
{
	(validate "$1-base" base "$2" installed "$3-base.json" "${@:4}") &&
		(validate "$1-series" series "$2" installed "${intree#"$made"/}" "${@:4}") &&
		(validate "$1-patched" series "$2" patched "$3-patched.json" "${@:4}") || return
	[ "$3" = core ] || set -- "$1" "$witness" "${@:3}"
	(validate "$1-neither-base" base "$2" installed "$3-base.json" "${@:4}") &&
		(validate "$1-neither" series "$2" installed "$3-base.json" "${@:4}")
}

# judge NAME SUBJECT COUNT
judge()
{
	tap "$2, in-tree binding: nothing is said that is not said without the series" \
		diff "$made/$1-base" "$made/$1-series"
	if git -C "$tree" cat-file -e "base:$binding" 2>/dev/null; then
		say "# the base has a binding of that name, which goes before dt-schema's"
	else
		tap "$2, patched dt-schema: nothing is said that is not said without the series" \
			diff "$made/$1-base" "$made/$1-patched"
	fi
	tap "$2, neither: the property is complained about on $3, and nothing else" \
		complained_of "$3" "$made/$1-neither-base" "$made/$1-neither"
}

# The processed schemas of all the base's bindings, under either dt-schema
all_schemas()
{
	local which
	find "$made/base/$bindings" -name '*.yaml' ! -name 'processed-schema*' >"$made/files"
	for which in base patched; do
		with_dtschema "$which" "$top/scripts/kernel/mk-schema.sh" -j "@$made/files" \
			>"$made/all-$which.json" || return
	done
}

witness_said()
{
	local other
	(validate witness-base base "$witness" installed "${intree#"$made"/}" -m) &
	other=$!
	(validate witness-series series "$witness" installed "${intree#"$made"/}" -m) && wait $other
}

step dt/boards-sources dt_all_sources || die "could not get the sources"
step dt/boards-schema binding_check series || die "dt_binding_check makes no schema and no dtc"
step dt/boards-core make_core_schemas || die "could not process dt-schema's own schemas"
for schema in series patched; do
	tap "$schema: no schema but the binding and the property's type differs from dt-schema" \
		python3 "$top/tools/testing/series/dt/one_schema_differs.py" \
		"$made/core-stock.json" "$made/core-$schema.json" "$id"
done

if ! { step dt/boards-base compile base && step dt/boards-series compile series; }; then
	tap_fail "the boards compile" "$logs/dt/boards-series.log"
	tap_end
	exit 1
fi
count=$(find "$made/dtb/series" -name '*.dtb' | wc -l)
tap "there are kukui boards ($count), as many as in the base" \
	[ "$count" -gt 0 -a "$count" -eq "$(find "$made/dtb/base" -name '*.dtb' | wc -l)" ]
tap "dtc says of them what it says without the series" same_dtc_warnings
tap "each of the $count has the restricted pool" has_pool
tap "nothing else of them differs from the base, nor does the pool among them" only_pool_differs

if step dt/validate-limited all_said limited '*' core -l reserved-memory; then
	judge limited "boards, schemas of reserved memory" "$count"
else
	tap_fail "dt-validate runs on the boards" "$logs/dt/validate-limited.log"
fi
if step dt/validate-witness witness_said; then
	tap "$witness, all schemas: nothing is said that is not said without the series" \
		diff "$made/witness-base" "$made/witness-series"
else
	tap_fail "dt-validate runs on $witness" "$logs/dt/validate-witness.log"
fi
if [ "$level" = all ]; then
	step dt/schemas all_schemas || die "could not process the schemas"
	if step dt/validate-boards all_said said '*' all -m; then
		judge said "boards, all schemas" 1
	else
		tap_fail "dt-validate runs on the boards" "$logs/dt/validate-boards.log"
	fi
fi
tap_end
