#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The in-tree binding of the property: dt_binding_check, yamllint and dt-check-style
# say nothing that they do not say without the series, and no other binding differs.
#
# Usage: [BASE=name] [TREE=folder] dt-binding.sh
#   TREE   a git tree with the revisions base and series (build/$BASE/tree)
#
# Prints TAP. Exit status: 0 if all passed, 1 otherwise.
#
# groups: test host dt
# bases: all

. "$(dirname "$0")/../../../../scripts/lib/tap.sh"

no_arguments "$@"
made=$build/test/dt-binding/$BASE
. "$top/tools/testing/series/dt/lib.sh"

# complaints_of_make REV: all but what make says when there is nothing to complain
# about: the steps' names, and the one warning that an in-tree schema goes before
# dt-schema's own.
complaints_of_make()
{
	grep -vE -e '^  (HOSTCC|HOSTLD|LEX|YACC|UPD|GEN|SCHEMA|CHKDT|LINT|STYLE|DTEX|DTC(_CHK)?( \[C\])?) +[^ ]+$' \
		-e '^  GEN +Makefile$' \
		-e "^make(\[[0-9]+\])?: (Entering|Leaving) directory" \
		-e "dtschema/schemas/reserved-memory/shared-dma-pool.yaml: warning: ignoring duplicate '[\$]id' value '$id'$" \
		"$made/binding-$1.log" | sed "s|$made/$1/||" | sort -u || true
}

# An older kernel's bindings are not all as today's dt-schema wants them: then it
# counts what the series adds.
new_complaints()
{
	complaints_of_make series >"$made/series.complaints"
	[ -s "$made/series.complaints" ] || return 0
	binding_check base >/dev/null || return
	complaints_of_make base >"$made/base.complaints"
	say "said without the series: $(wc -l <"$made/base.complaints") lines"
	comm -13 "$made/base.complaints" "$made/series.complaints" | tee "$made/new.complaints"
	[ ! -s "$made/new.complaints" ]
}

# The schemas of the base and of the series differ in the one binding.
only_binding_differs()
{
	local files
	files=$(git -C "$tree" diff --name-only base series -- "$bindings/*.yaml" ":!$binding")
	printf '%s' "$files"
	[ -z "$files" ]
}

step dt/binding-sources dt_all_sources || die "could not get the sources"
if step dt/binding-check binding_check series; then
	tap "dt_binding_check says nothing that it does not say without the series" new_complaints
else
	tap_fail "dt_binding_check passes" "$logs/dt/binding-check.log"
fi
tap "the example has the property and was checked" \
	grep -qs io-tlb-segsize "$made/o-series/${binding%.yaml}.example.dts"
tap "yamllint finds nothing" \
	yamllint -s -f parsable -c "$made/series/$bindings/.yamllint" "$made/series/$binding"
style=$made/series/scripts/dtc/dt-check-style
if [ -e "$style" ]; then
	tap "dt-check-style finds nothing, in its strict mode" "$style" --mode=strict "$made/series/$binding"
fi
tap "the series changes no other binding" only_binding_differs
tap_end
