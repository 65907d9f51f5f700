#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What dt-validate says of nodes with the property and without, by the in-tree binding
# and by dt-schema with patches/dt-schema:
#
#   - each value of tools/testing/selftests/dma/lib/segsize-values, and the property
#     beside what it must not be beside, is accepted or rejected, for the right reason
#   - of the nodes of the file "nodes", which lack it, dt-schema says the same, word
#     for word
#
# Usage: [BASE=name] [TREE=folder] dt-nodes.sh
#   TREE   a git tree with the revisions base and series (build/$BASE/tree)
#
# Prints TAP. Exit status: 0 if all passed, 1 otherwise.
#
# groups: test host dt
# bases: all

. "$(dirname "$0")/../../../../scripts/lib/tap.sh"

no_arguments "$@"
made=$build/test/dt-nodes/$BASE
. "$top/tools/testing/series/dt/lib.sh"
values=$top/tools/testing/selftests/dma/lib/segsize-values
restricted='compatible = "restricted-dma-pool"; reg = <0x0 0x50000000 0x0 0x2900000>;'
limit="$restricted io-tlb-segsize = <4096>;"

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

new_folder()
{
	rm -rf "$1"
	mkdir -p "$1"
	cd "$1"
}

value_nodes()
{
	local name value outcome slots
	new_folder "$made/values"
	while IFS=$'\t' read -r name value outcome slots; do
		[[ -n $name && $name != \#* ]] || continue
		[[ $outcome =~ ^(absent|taken|range|malformed)$ ]] ||
			die "$values: no such outcome: '$outcome'" "it must be absent, taken, range or malformed"
		[[ $slots =~ ^[0-9]+$ ]] || die "$values: no number of slots in the line of '$name'"
		case $outcome,$value in
		absent,*) value= ;;
		*,-) value='io-tlb-segsize;' ;;
		*) value="io-tlb-segsize = $value;" ;;
		esac
		node "$outcome.$name" "$restricted $value"
	done <"$values"
	node "taken.no-other-property" "$limit"
	node "forbidden.no-map" "$limit no-map;"
	node "forbidden.reusable" "$limit reusable;"
	node "forbidden.cma-default" "$limit linux,cma-default;"
	node "forbidden.dma-default" "$limit linux,dma-default;"
	node "forbidden.on-shared-dma-pool" "${limit/restricted/shared}"
}

# check_value FILE: what is said in said.log of it is what it should be.
check_value()
{
	local said path="^$1\.dtb: pool \((restricted|shared)-dma-pool\): " wanted=
	said=$(grep -A1 -E "^$1\.dtb: " said.log | grep -v '^--$' || true)
	printf '%s\n' "${said:-nothing is said of it}"
	case $1 in
	absent.* | taken.*)
		[ -z "$said" ]
		return
		;;
	malformed.*)
		# It may be said in more than one way, but of the type.
		grep -qE "${path}io-tlb-segsize: (.* is not of type 'integer'|size is [0-9]+, expected 32)$" <<<"$said" &&
			! grep -vE "${path}io-tlb-segsize: |^	from schema" <<<"$said"
		return
		;;
	range.*) wanted='io-tlb-segsize: [0-9]+ is not one of \[128, 256, 512, .*, 1048576\]' ;;
	forbidden.on-shared-dma-pool) wanted="False schema does not allow 4096" ;;
	# With nothing but that property less it is accepted, so this is of the property.
	forbidden.*) wanted="False schema does not allow True" ;;
	esac
	# One complaint, and that names what is allowed.
	[ "$(grep -c '\.dtb: pool ' <<<"$said")" -eq 1 ] && grep -qE "$path$wanted$" <<<"$said"
}

check_values()
{
	local file verdict
	cd "$made/values"
	said_of "$2" "$made/core-$1.json" said.log >crash.log || {
		tap_fail "$1: dt-validate runs" crash.log
		return
	}
	for file in *.dtb; do
		file=${file%.dtb}
		verdict=rejected
		[[ $file != absent.* && $file != taken.* ]] || verdict=accepted
		tap "$1: $verdict: ${file/./: }" check_value "$file"
	done
}

other_nodes()
{
	local properties n=0
	new_folder "$made/others"
	while read -r properties; do
		n=$((n + 1))
		node "node-$(printf %02d $n)" "$properties"
	done < <(sed -e '/^#/d; /^$/d' -e 's/^EACH\(.*\)/compatible = RESTRICTED;\1\ncompatible = SHARED;\1/' \
		"$top/tools/testing/series/dt/nodes" |
		# Of these dt-schema says nothing yet, and the binding rejects them.
		grep -v 'RESTRICTED.*linux,[cd]ma-default' |
		sed 's/RESTRICTED/"restricted-dma-pool"/; s/SHARED/"shared-dma-pool"/
			s/REG/reg = <0x0 0x50000000 0x0 0x100000>;/; s/SIZE/size = <0x0 0x100000>;/')
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

# check_others SCHEMA DTSCHEMA: the same is said of each, and of some something.
check_others()
{
	local file good=0 bad=0 differ=0
	cd "$made/others"
	said_of installed "$made/core-stock.json" stock.log && said_of "$2" "$made/core-$1.json" "$1.log" || return
	for file in *.dtb; do
		file=${file%.dtb}
		diff <(complaints stock.log "$file") <(complaints "$1.log" "$file") || {
			differ=$((differ + 1))
			echo "$file: $(fdtget -p "$file.dtb" /reserved-memory/pool | tr '\n' ' ')"
		}
		if grep -qE "^$file\.dtb: " stock.log; then
			bad=$((bad + 1))
		else
			good=$((good + 1))
		fi
	done
	# What could not be decoded is said without a node's name.
	diff <(grep -v '\.dtb: \|^	' stock.log) <(grep -v '\.dtb: \|^	' "$1.log") || differ=$((differ + 1))
	echo "$good are accepted, $bad are not"
	[ "$differ" -eq 0 ] && [ "$good" -ge 10 ] && [ "$bad" -ge 10 ]
}

step dt/nodes-sources dt_sources "$bindings/reserved-memory" || die "could not get the bindings"
if step dt/nodes-schemas make_core_schemas; then
	tap_ok "patches/dt-schema applies to dt-schema $(dt-validate -V 2>&1)"
else
	tap_fail "patches/dt-schema applies to dt-schema $(dt-validate -V 2>&1)" "$logs/dt/nodes-schemas.log"
	tap_end
	exit
fi
step dt/nodes-values value_nodes || die "could not compile the trees with the values"
step dt/nodes-others other_nodes || die "could not compile the trees without the property"
for schema in "series installed" "patched patched"; do
	# shellcheck disable=SC2086 # two words
	check_values $schema
	# shellcheck disable=SC2086
	tap "${schema% *}: says of nodes without the property what dt-schema says" check_others $schema
done
tap_end
