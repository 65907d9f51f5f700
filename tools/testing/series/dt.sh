#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Check the binding of the property and the boards that the series changes:
#
#   - dt_binding_check on the in-tree binding
#   - counter-examples one by one, and every good value, for the in-tree
#     binding and for dt-schema with patches/dt-schema applied
#   - nodes without the property: what is said of them with and without the
#     in-tree binding is the same, word for word
#   - all kukui boards: what CHECK_DTBS=y says of them is the same before and
#     after the series, and each has the restricted pool
#
# The last takes long if it is done as it is written: three processed schemas of all
# bindings, a minute each, and 27 boards under each of them. LEVEL=all does that.
# Otherwise one such schema is made, the one with the in-tree binding, and the rest
# is concluded:
#
#   - dt-schema with the in-tree binding, or with our patch, differs from dt-schema
#     in that one schema and in the type of that one property: so what is said by
#     other schemas, and of other nodes, is the same under all three; and the series
#     changes no other binding
#   - a board's tree differs from its base's in the pool's node alone, and by the same
#     on each board: so what is said of other nodes is the same, and what is said of
#     this one is the same on each board
#   - one board is checked completely, without and with the series
#   - all boards are checked by the schemas of reserved memory, which are all that see
#     that node, and are those that differ, under all three
#
# The values of the property stand in tools/testing/selftests/dma/lib/segsize-values.
# Everything is made in build/test/dt, from the revisions "base" and "series"
# of the tree, which is only read. What was said of the boards is kept there, and
# the schemas of all bindings in the user's cache (scripts/kernel/mk-schema.sh),
# until something changes that they are made of.
#
# Usage: [BASE=name] [TREE=folder] [LEVEL=all] dt.sh
#   TREE   a git tree with the revisions base and series, by default
#          build/$BASE/tree
#   LEVEL  all: check each board completely
#
# Prints TAP. Exit status: 0 if all passed, 1 otherwise.
#
# groups: test host
# bases: all

. "$(dirname "$0")/../../../scripts/lib/common.sh"
. "$top/scripts/lib/tap.sh"

no_arguments "$@"
tree=${TREE:-$base_dir/tree}
values=$top/tools/testing/selftests/dma/lib/segsize-values
work=$build/test/dt/$BASE
bindings=Documentation/devicetree/bindings
binding=$bindings/reserved-memory/shared-dma-pool.yaml
id=http://devicetree.org/schemas/reserved-memory/shared-dma-pool.yaml
mk_schema=$top/scripts/kernel/mk-schema.sh
boards=arch/arm64/boot/dts/mediatek
pool=/reserved-memory/memory@50000000
# The board that is checked completely, and that shows what is said where nothing
# knows the property.
witness=mt8183-kukui-krane-sku0
# What is needed of the kernel's source for its own dt_binding_check.
sources=(Documentation/devicetree arch/arm64/Makefile "$boards"
	':(glob)arch/arm/boot/dts/*.dtsi' include/dt-bindings
	include/uapi/linux/input-event-codes.h scripts tools/lib/python
	Makefile Kbuild)

export LC_ALL=C
# What prints a set prints it in the same order each time.
export PYTHONHASHSEED=0

# --- what the checks are made of --------------------------------------------

# checkout REV: its sources in $work/REV; an index of our own, so that files
# that did not change keep their time.
checkout()
{
	mkdir -p "$work/$1"
	if ! git -C "$tree" cat-file -e "$1:tools/lib/python" 2>/dev/null; then
		# Up to 6.18 the scripts' python was among them.
		sources=("${sources[@]/#tools\/lib\/python/scripts}")
	fi
	GIT_INDEX_FILE=$work/$1.index git -C "$tree" --work-tree="$work/$1" \
		checkout -q --no-overlay "$1" -- "${sources[@]}"
}

# dt-schema as installed, and a copy with our patch applied.
installed_dtschema()
{
	python3 -c 'import dtschema; print(dtschema.__path__[0])'
}

patch_dtschema()
{
	rm -rf "$work/patched"
	mkdir -p "$work/patched"
	cp -a "$(installed_dtschema)" "$work/patched/dtschema"
	cd "$work/patched"
	# Not taken for a part of the repository that we are in.
	GIT_CEILING_DIRECTORIES=$work git apply -v "$top"/patches/dt-schema/*.patch
}

# with_dtschema installed|patched COMMAND...
with_dtschema()
{
	local which=$1
	shift
	if [ "$which" = patched ]; then
		PYTHONPATH=$work/patched "$@"
	else
		"$@"
	fi
}

# The processed schema of all the base's bindings, under either dt-schema, as
# scripts of the kernel make it.
make_schema()
{
	local which=$1 out=$work/schema-$1.json
	find "$work/base/$bindings" -name '*.yaml' ! -name 'processed-schema*' >"$out.files"
	with_dtschema "$which" "$mk_schema" -j "@$out.files" >"$out.tmp" && mv "$out.tmp" "$out"
}

# Those of dt-schema alone, with an in-tree binding or without: enough for
# nodes of /reserved-memory, and made in a second.
make_core_schemas()
{
	dt-mk-schema -j >"$work/core-stock.json" &&
		dt-mk-schema -j "$work/series/$binding" >"$work/core-series.json" &&
		with_dtschema patched dt-mk-schema -j >"$work/core-patched.json" || return
	cp "$work/core-stock.json" "$work/core-base.json"
	[ ! -e "$work/base/$binding" ] ||
		dt-mk-schema -j "$work/base/$binding" >"$work/core-base.json"
}

# one_schema_differs ONE OTHER: of two processed schemas all is the same but the
# binding and the type of the property. Where a schema's file is does not count.
one_schema_differs()
{
	# shellcheck disable=SC2016 # for Python
	python3 -c '
import json, sys

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
sys.exit(bool(bad))' "$1" "$2" "$id"
}

# binding_check REV OUT: what it says is in $work/binding-REV.log
binding_check()
{
	local rev=$1 out=$2
	# What an earlier call left must not keep this one from looking.
	rm -f "$out/$bindings"/.*.checked
	find "$out/$bindings" -name '*.example.*' -delete 2>/dev/null || true
	mkdir -p "$out"
	make -C "$work/$rev" O="$out" ARCH=arm64 --no-print-directory DT_MK_SCHEMA="$mk_schema" \
		dt_binding_check DT_SCHEMA_FILES=shared-dma-pool.yaml >"$work/binding-$rev.log" 2>&1 || {
		cat "$work/binding-$rev.log"
		return 1
	}
	cat "$work/binding-$rev.log"
}

# complaints_of_make REV: all but what make says when there is nothing to complain
# about: the steps' names, and the one warning that an in-tree schema goes before
# dt-schema's own.
complaints_of_make()
{
	grep -vE -e '^  (HOSTCC|HOSTLD|LEX|YACC|UPD|GEN|SCHEMA|CHKDT|LINT|STYLE|DTEX|DTC(_CHK)?( \[C\])?) +[^ ]+$' \
		-e '^  GEN +Makefile$' \
		-e "^make(\[[0-9]+\])?: (Entering|Leaving) directory" \
		-e "dtschema/schemas/reserved-memory/shared-dma-pool.yaml: warning: ignoring duplicate '[\$]id' value '$id'$" \
		"$work/binding-$1.log" | sed "s|$work/$1/||" | sort -u || true
}

# An older kernel's bindings are not all as today's dt-schema wants them: then it
# counts what the series adds.
new_complaints()
{
	complaints_of_make series >"$work/binding-series.complaints"
	[ -s "$work/binding-series.complaints" ] || return 0
	binding_check base "$work/o-base" >/dev/null || return
	complaints_of_make base >"$work/binding-base.complaints"
	say "said without the series: $(wc -l <"$work/binding-base.complaints") lines"
	comm -13 "$work/binding-base.complaints" "$work/binding-series.complaints"
	[ -z "$(comm -13 "$work/binding-base.complaints" "$work/binding-series.complaints")" ]
}

# compile REV: its boards into $work/dtb/REV, as scripts/Makefile.dtbs does it.
compile()
{
	local rev=$1 out=$work/dtb/$1
	rm -rf "$out"
	mkdir -p "$out"
	cd "$work/$rev/$boards"
	# shellcheck disable=SC2016 # for the shell that xargs starts
	printf '%s\n' mt8183-kukui*.dts | xargs -P "$jobs" -I{} sh -ec '
		src=$1 dtc=$2 include=$3 out=$4/${1%.dts}
		gcc -E -nostdinc -I "$include" -undef -D__DTS__ \
			-x assembler-with-cpp -o "$out.pre" "$src"
		"$dtc" -o "$out.dtb" -b 0 -i . -i "$include" \
			-Wno-unique_unit_address -Wno-unit_address_vs_reg \
			-Wno-avoid_unnecessary_addr_size -Wno-alias_paths \
			-Wno-interrupt_map -Wno-simple_bus_reg "$out.pre" 2>"$out.dtc" || {
				cat "$out.dtc"
				exit 1
			}
		rm "$out.pre"' sh {} "$work/o/scripts/dtc/dtc" \
		"$work/$rev/scripts/dtc/include-prefixes" "$out"
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

# said_of DTSCHEMA SCHEMA LOG OPTION...: what dt-validate says of the .dtb in
# the current folder, the files without theirs. All in one call, since most of
# the time goes into loading the schema.
said_of()
{
	local which=$1 schema=$2 log=$3
	shift 3
	with_dtschema "$which" dt-validate "$@" -s "$schema" -- *.dtb >"$log.tmp" 2>&1 || {
		cat "$log.tmp"
		return 1
	}
	sed -E 's,^[^[:space:]]*/([^/[:space:]]+\.dtb: ),\1,' "$log.tmp" >"$log"
	rm "$log.tmp"
}

# validate REV SCHEMA LOG [DTSCHEMA [GLOB]]: said of the revision's boards, with
# make's options. It takes 6 s for a board, so it is split among the processors,
# and kept until a board or the schema changes.
validate()
{
	local rev=$1 schema=$2 log=$3 which=${4:-installed} glob=${5:-*}.dtb key part
	cd "$work/dtb/$rev"
	# shellcheck disable=SC2086 # a pattern
	key=$(sha256sum $glob "$schema" && dt-validate -V 2>&1)
	if [ "$(cat "$log.key" 2>/dev/null)" = "$key" ]; then
		return 0
	fi
	rm -f "$log" "$log.key" "$log".part-*
	# shellcheck disable=SC2086
	set -- $glob
	printf '%s\n' "$@" | split -e -n "r/$jobs" - "$log.part-"
	for part in "$log".part-*; do
		xargs -a "$part" printf '%s\0' >"$part.z"
	done
	# shellcheck disable=SC2016 # for the shell that xargs starts
	with_dtschema "$which" xargs -P "$jobs" -I{} sh -c '
		xargs -0 -a "$1.z" dt-validate -m -s "$2" -- >"$1.said" 2>&1' \
		sh {} "$schema" < <(printf '%s\n' "$log".part-??) || {
		cat "$log".part-*.said
		return 1
	}
	# Board by board; what has no board's name comes first.
	cat "$log".part-*.said |
		sed -E 's,^[^[:space:]]*/([^/[:space:]]+\.dtb: ),\1,' |
		awk '/^\t/ { print last $0; next } { print; last = $0 }' |
		LC_ALL=C sort >"$log"
	rm -f "$log".part-*
	printf '%s\n' "$key" >"$log.key"
}

# --- nodes ------------------------------------------------------------------

# node NAME PROPERTIES: a tree with that one child of /reserved-memory, as
# $PWD/NAME.dtb
node()
{
	dtc -q -I dts -O dtb -o "$1.dtb" - <<-DTS
	/dts-v1/;
	/ {
		model = "foo";
		compatible = "foo";
		#address-cells = <2>;
		#size-cells = <2>;

		reserved-memory {
			#address-cells = <2>;
			#size-cells = <2>;
			ranges;

			pool {
				$2
			};
		};

		device: device {
		};
	};
	DTS
}

restricted='compatible = "restricted-dma-pool"; reg = <0x0 0x50000000 0x0 0x2900000>;'
shared='compatible = "shared-dma-pool"; reg = <0x0 0x50000000 0x0 0x2900000>;'

# One tree for each value of the list, and for what must not be where the
# property is, or the property not where it is.
value_nodes()
{
	local name value outcome slots
	rm -rf "$work/values"
	mkdir -p "$work/values"
	cd "$work/values"
	while IFS=$'\t' read -r name value outcome slots; do
		[[ -n $name && $name != \#* ]] || continue
		case $outcome,$value in
		absent,*) value= ;;
		*,-) value='io-tlb-segsize;' ;;
		*) value="io-tlb-segsize = $value;" ;;
		esac
		case $outcome in
		absent | taken | range | malformed) ;;
		*) die "$values: no such outcome: '$outcome'" "it must be absent, taken, range or malformed" ;;
		esac
		[[ $slots =~ ^[0-9]+$ ]] || die "$values: no number of slots in the line of '$name'"
		node "$outcome.$name" "$restricted $value"
	done <"$values"
	node "taken.no-other-property" "$restricted io-tlb-segsize = <4096>;"
	node "forbidden.no-map" "$restricted io-tlb-segsize = <4096>; no-map;"
	node "forbidden.reusable" "$restricted io-tlb-segsize = <4096>; reusable;"
	node "forbidden.on-shared-dma-pool" "$shared io-tlb-segsize = <4096>;"
}

# check_value FILE: what is said in said.log of it is what it should be.
check_value()
{
	local file=$1 lines said
	local path="^$file\.dtb: pool \((restricted|shared)-dma-pool\): "
	said=$(grep -A1 -E "^$file\.dtb: " said.log | grep -v '^--$' || true)
	printf '%s\n' "${said:-nothing is said of it}"
	lines=$(grep -c "\.dtb: pool " <<<"$said" || true)
	case $file in
	absent.* | taken.*)
		[ -z "$said" ] ;;
	range.*)
		# One complaint, and that names what is allowed.
		[ "$lines" -eq 1 ] &&
			grep -qE "${path}io-tlb-segsize: [0-9]+ is not one of \[128, 256, 512, .*, 1048576\]$" <<<"$said" ;;
	malformed.*)
		# It may be said in more than one way, but of the type.
		grep -qE "${path}io-tlb-segsize: (.* is not of type 'integer'|size is [0-9]+, expected 32)$" <<<"$said" &&
			! grep -vE "${path}io-tlb-segsize: |^	from schema" <<<"$said" ;;
	forbidden.on-shared-dma-pool)
		[ "$lines" -eq 1 ] &&
			grep -qE "${path}False schema does not allow 4096$" <<<"$said" ;;
	forbidden.*)
		# Beside the tree with nothing but that property less, which is
		# accepted, this can only be of that property.
		[ "$lines" -eq 1 ] &&
			grep -qE "${path}False schema does not allow True$" <<<"$said" ;;
	*)
		return 1 ;;
	esac
}

check_values()
{
	local schema=$1 file which=installed
	[ "$schema" != patched ] || which=patched
	cd "$work/values"
	said_of "$which" "$work/core-$schema.json" said.log >crash.log || {
		tap_fail "$schema: dt-validate runs" crash.log
		return
	}
	for file in *.dtb; do
		file=${file%.dtb}
		case $file in
		absent.* | taken.*) tap "$schema: accepted: ${file/./: }" check_value "$file" ;;
		*) tap "$schema: rejected: ${file/./: }" check_value "$file" ;;
		esac
	done
}

# Nodes without the property, good and bad ones, of all that the two bindings
# could see in different ways.
other_nodes()
{
	local reg='reg = <0x0 0x50000000 0x0 0x100000>;'
	local size='size = <0x0 0x100000>;'
	local one two props n=0
	rm -rf "$work/others"
	mkdir -p "$work/others"
	cd "$work/others"
	for one in restricted shared; do
		two="compatible = \"$one-dma-pool\";"
		while read -r props; do
			n=$((n + 1))
			node "$(printf '%s-%02d' "$one" "$n")" "$two $props"
		done <<-PROPS
		$reg
		$size
		$reg $size

		$size alignment = <0x0 0x10000>;
		$size alignment = <0x10000>;
		$size alignment = "string";
		$size alloc-ranges = <0x0 0x40000000 0x0 0x40000000>;
		size = <0x100000>;
		size = "string";
		size = <0x0 0x0 0x100000>;
		reg = <0x0 0x50000000 0x0 0x1000>, <0x0 0x60000000 0x0 0x1000>;
		$reg no-map;
		$reg reusable;
		$reg no-map; reusable;
		$reg no-map = <1>;
		$reg reusable = "string";
		$size linux,cma-default;
		$size linux,dma-default;
		$size reusable; linux,cma-default;
		$size no-map; linux,dma-default;
		$reg linux,cma-default = <1>;
		$reg linux,dma-default = "string";
		$reg linux,cma-default; linux,dma-default;
		$reg vendor,unknown;
		$reg unknown = <1>;
		$reg io-tlb-segments = <1>;
		$reg memory-region = <&device>;
		$reg iommu-addresses = <&device 0x0 0x0 0x0 0x1000>;
		iommu-addresses = <&device 0x0 0x0 0x0 0x1000>;
		$reg status = "disabled";
		$reg #address-cells = <1>;
		$reg child { };
		$reg phandle = <7>; label = "pool";
		PROPS
	done
	node both-1 "compatible = \"restricted-dma-pool\", \"shared-dma-pool\"; $reg"
	node both-2 "compatible = \"shared-dma-pool\", \"restricted-dma-pool\"; $reg"
	node both-3 "compatible = \"shared-dma-pool\", \"restricted-dma-pool\"; $reg no-map;"
	node both-4 "compatible = \"vendor,pool\", \"restricted-dma-pool\"; $reg"
	node both-5 "compatible = \"restricted-dma-pool\", \"vendor,pool\"; $reg reusable;"
	node other-1 "compatible = \"vendor,pool\"; $reg"
	node other-2 "$reg"
	node other-3 "compatible = <1>; $reg"
}

# complaints LOG NODES: what is said of one of the trees. Which properties are
# left "unevaluated" once another rule has failed depends on the order in which
# a schema puts its rules; so that counts only where it is all that is said.
complaints()
{
	local all
	all=$(grep -E "^$2\.dtb: " "$1" | sort || true)
	grep -v 'pool ([a-z-]*): Unevaluated properties' <<<"$all" || printf '%s' "$all"
}

# agree STOCK-LOG OTHER-LOG NODES: the same is said.
agree()
{
	local one other
	one=$(complaints "$1" "$3")
	other=$(complaints "$2" "$3")
	printf -- '--- dt-schema:\n%s\n--- with the property:\n%s\n' "$one" "$other"
	[ "$one" = "$other" ]
}

# check_others SCHEMA: the same is said of each, and of some something.
check_others()
{
	local schema=$1 which=installed file good=0 bad=0 differ=0
	[ "$schema" != patched ] || which=patched
	cd "$work/others"
	said_of installed "$work/core-stock.json" stock.log || return 1
	said_of "$which" "$work/core-$schema.json" "$schema.log" || return 1
	for file in *.dtb; do
		file=${file%.dtb}
		agree stock.log "$schema.log" "$file" >agree.log || {
			differ=$((differ + 1))
			fdtget -p "$file.dtb" /reserved-memory/pool | tr '\n' ' '
			cat agree.log
		}
		if grep -qE "^$file\.dtb: " stock.log; then
			bad=$((bad + 1))
		else
			good=$((good + 1))
		fi
	done
	# What could not be decoded is said without a node's name.
	diff <(grep -v '\.dtb: \|^	' stock.log) <(grep -v '\.dtb: \|^	' "$schema.log") || differ=$((differ + 1))
	printf '%s %s' "$good" "$bad" >"$schema.counts"
	[ "$differ" -eq 0 ] && [ "$good" -ge 10 ] && [ "$bad" -ge 10 ]
}

# --- boards -----------------------------------------------------------------

# same_said BEFORE AFTER: only the paths of the schemas may differ.
same_said()
{
	diff "$1" "$2"
}

# Without the binding COUNT boards are complained about, or we would not have seen
# them with it either: for the property, and for nothing else.
complained_of()
{
	local said="memory@50000000 (restricted-dma-pool): Unevaluated properties are not allowed ('io-tlb-segsize' was unexpected)"
	[ "$(grep -cF ".dtb: $said" "$3")" -eq "$1" ] || {
		printf 'not said of each: %s\n' "$said"
		grep -vF ".dtb: $said" "$3"
		return 1
	}
	! diff "$2" "$3" | grep '^[<>]' |
		grep -v -e '^> .*: memory@50000000 (restricted-dma-pool): .*io-tlb-segsize' \
			-e "^> .from schema \$id: $id"
}

has_pool()
{
	local dtb phandle bad=0
	for dtb in "$work/dtb/series"/*.dtb; do
		phandle=$(fdtget "$dtb" "$pool" phandle)
		if ! { [ "$(fdtget "$dtb" "$pool" compatible)" = restricted-dma-pool ] &&
			[ "$(fdtget "$dtb" "$pool" io-tlb-segsize)" = 4096 ] &&
			[ "$(fdtget -t x "$dtb" "$pool" reg)" = '0 50000000 0 2900000' ] &&
			! fdtget -p "$dtb" "$pool" | grep -x 'no-map\|reusable' >/dev/null &&
			[ "$(fdtget "$dtb" /soc/scp@10500000 memory-region)" = "$phandle" ]; }; then
			printf '%s: its pool is\n' "${dtb##*/}"
			fdtget -p "$dtb" "$pool"
			bad=$((bad + 1))
		fi
	done
	[ "$bad" -eq 0 ]
}

# The pool's node is all that differs, and by the same everywhere; and all of it, but
# for its phandle, is the same everywhere.
only_pool_differs()
{
	local dtb board change changes='' node nodes='' bad=0
	# The first is what the others are compared with.
	for dtb in "$work/dtb/series/$witness.dtb" "$work/dtb/series"/*.dtb; do
		board=${dtb##*/}
		flat "$work/dtb/base/$board" >"$work/flat-base" && flat "$dtb" >"$work/flat-series" || return 1
		change=$(diff "$work/flat-base" "$work/flat-series" | grep '^[<>]' || true)
		node=$(grep "^${pool}[:/]" "$work/flat-series" | grep -v "^$pool: phandle = ")
		if [ -z "$change" ] || grep -v "^[<>] $pool: " <<<"$change" || [ "$change" != "${changes:=$change}" ] ||
			[ "$node" != "${nodes:=$node}" ]; then
			printf '%s: %s\n' "$board" "$change" "$board" "$node"
			bad=$((bad + 1))
		fi
	done
	[ "$bad" -eq 0 ]
}

# The schemas of the base and of the series differ in the one binding.
only_binding_differs()
{
	local files
	files=$(git -C "$tree" diff --name-only base series -- "$bindings/*.yaml" ":!$binding")
	[ -z "$files" ] || {
		printf '%s\n' "$files"
		return 1
	}
}

# The compiler's own warnings, board by board.
same_dtc_warnings()
{
	local file status=0
	for file in "$work/dtb/base"/*.dtc; do
		diff <(sed 's/^[^ ]*: Warning/Warning/' "$file") \
			<(sed 's/^[^ ]*: Warning/Warning/' "$work/dtb/series/${file##*/}") || status=1
	done
	return "$status"
}

# --- the run ----------------------------------------------------------------

[ -x "$venv/bin/dt-validate" ] || die "no dtschema in ${venv#"$top"/}" "install it with: make deps"
PATH=$venv/bin:$PATH
need git make gcc dtc fdtget python3 flex bison
for rev in base series; do
	git -C "$tree" rev-parse -q --verify "$rev" >/dev/null 2>&1 ||
		die "no revision $rev in $tree" "make the kernel tree with: make tree"
done
[ -s "$values" ] || die "no list of values: ${values#"$top"/}"

mkdir -p "$work"
say "# dt-schema $(dt-validate -V 2>&1), kernel $(git -C "$tree" log -1 --format=%s base)"
step dt/sources-base checkout base || die "could not get the base's sources"
step dt/sources-series checkout series || die "could not get the series' sources"

if step dt/patch-dtschema patch_dtschema; then
	tap_ok "patches/dt-schema applies to dt-schema $(dt-validate -V 2>&1)"
else
	tap_fail "patches/dt-schema applies to dt-schema $(dt-validate -V 2>&1)" "$logs/dt/patch-dtschema.log"
	tap_end
	exit 1
fi

# The long part: the schemas of all bindings, once, or three times on all processors.
all_schemas()
{
	local status=0 one other
	if [ "$level" != all ]; then
		binding_check series "$work/o"
		return
	fi
	make_schema installed >"$work/schema-installed.log" 2>&1 &
	one=$!
	make_schema patched >"$work/schema-patched.log" 2>&1 &
	other=$!
	binding_check series "$work/o" || status=1
	wait "$one" || { cat "$work/schema-installed.log"; status=1; }
	wait "$other" || { cat "$work/schema-patched.log"; status=1; }
	return "$status"
}

if step dt/schemas-and-binding-check all_schemas; then
	tap "dt_binding_check says nothing that it does not say without the series" new_complaints
else
	tap_fail "dt_binding_check passes" "$logs/dt/schemas-and-binding-check.log"
fi
tap "the example has the property and was checked" \
	grep -qs io-tlb-segsize "$work/o/${binding%.yaml}.example.dts"
tap "yamllint finds nothing" \
	yamllint -s -f parsable -c "$work/series/$bindings/.yamllint" "$work/series/$binding"
if [ -e "$work/series/scripts/dtc/dt-check-style" ]; then
	tap "dt-check-style finds nothing, in its strict mode" \
		"$work/series/scripts/dtc/dt-check-style" --mode=strict "$work/series/$binding"
fi

step dt/core-schemas make_core_schemas || die "could not process dt-schema's own schemas"
for schema in series patched; do
	tap "$schema: no schema but the binding and the property's type differs from dt-schema" \
		one_schema_differs "$work/core-stock.json" "$work/core-$schema.json"
done
tap "the series changes no other binding" only_binding_differs
step dt/value-nodes value_nodes || die "could not compile the trees with the values"
check_values series
check_values patched

step dt/other-nodes other_nodes || die "could not compile the trees without the property"
for schema in series patched; do
	tap "$schema: says of nodes without the property what dt-schema says" check_others "$schema"
	read -r good bad <"$work/others/$schema.counts" &&
		say "# $good that are accepted, $bad that are not"
done

if ! { step dt/boards-base compile base && step dt/boards-series compile series; }; then
	tap_fail "the boards compile" "$logs/dt/boards-series.log"
	tap_end
	exit 1
fi
count=$(find "$work/dtb/series" -name '*.dtb' | wc -l)
tap "there are kukui boards ($count), as many as in the base" \
	[ "$count" -gt 0 -a "$count" -eq "$(find "$work/dtb/base" -name '*.dtb' | wc -l)" ]
tap "dtc says of them what it says without the series" same_dtc_warnings
tap "each of the $count has the restricted pool" has_pool
tap "nothing else of them differs from the base, nor does the pool among them" only_pool_differs

intree=$work/o/$bindings/processed-schema.json
has_binding=
! git -C "$tree" cat-file -e "base:$binding" 2>/dev/null || has_binding=1

# limited REV SCHEMA NAME [DTSCHEMA]: what the schemas of reserved memory say; kept
# as long as validate() keeps it.
limited()
{
	local log=$work/limited-$3.log key
	cd "$work/dtb/$1" && key=$(sha256sum ./*.dtb "$2" && dt-validate -V 2>&1) || return
	[ "$(cat "$log.key" 2>/dev/null)" != "$key" ] || return 0
	rm -f "$log.key"
	said_of "${4:-installed}" "$2" "$log" -l reserved-memory && printf '%s\n' "$key" >"$log.key"
}

limited_validations()
{
	local pids=() pid status=0
	limited base "$work/core-base.json" base &
	pids+=($!)
	limited series "$intree" series &
	pids+=($!)
	limited series "$work/core-patched.json" patched patched &
	pids+=($!)
	limited series "$work/core-base.json" neither &
	pids+=($!)
	for pid in "${pids[@]}"; do
		wait "$pid" || status=1
	done
	return "$status"
}

witness_validations()
{
	local other
	(validate base "$intree" "$work/said-witness-base.log" installed "$witness") &
	other=$!
	(validate series "$intree" "$work/said-witness-series.log" installed "$witness") &&
		wait "$other"
}

all_validations()
{
	(validate base "$work/schema-installed.json" "$work/said-base.log") &&
		(validate series "$intree" "$work/said-series.log") &&
		(validate series "$work/schema-patched.json" "$work/said-patched.log" patched) &&
		(validate base "$work/schema-installed.json" "$work/said-krane-base.log" installed "$witness") &&
		(validate series "$work/schema-installed.json" "$work/said-krane-without.log" installed "$witness")
}

# compare KIND FROM: what was said in FROM-base.log, FROM-series.log and FROM-patched.log
compare()
{
	tap "$1, in-tree binding: nothing is said that is not said without the series" \
		same_said "$2-base.log" "$2-series.log"
	if [ -n "$has_binding" ]; then
		say "# the base has a binding of that name, which goes before dt-schema's"
	else
		tap "$1, patched dt-schema: nothing is said that is not said without the series" \
			same_said "$2-base.log" "$2-patched.log"
	fi
}

if step dt/validate-limited limited_validations; then
	compare "boards, schemas of reserved memory" "$work/limited"
	tap "boards, neither: the property is complained about on each, and nothing else" \
		complained_of "$count" "$work/limited-base.log" "$work/limited-neither.log"
else
	tap_fail "dt-validate runs on the boards" "$logs/dt/validate-limited.log"
fi

if step dt/validate-witness witness_validations; then
	tap "$witness, all schemas: nothing is said that is not said without the series" \
		same_said "$work/said-witness-base.log" "$work/said-witness-series.log"
else
	tap_fail "dt-validate runs on $witness" "$logs/dt/validate-witness.log"
fi

if [ "$level" != all ]; then
	tap_end
	exit
fi

if step dt/validate-boards all_validations; then
	say "# said of the boards without the series: $(grep -vc "	from schema" "$work/said-base.log") lines"
	compare "boards, all schemas" "$work/said"
	tap "$witness, neither: the property is complained about, and nothing else" \
		complained_of 1 "$work/said-krane-base.log" "$work/said-krane-without.log"
else
	tap_fail "dt-validate runs on the boards" "$logs/dt/validate-boards.log"
fi

tap_end
