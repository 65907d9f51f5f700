# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154,SC2034
#
# What the tests of the binding and of the boards share: both revisions' sources, and
# dt-schema as it is installed and with patches/dt-schema. The tree is only read.
# Source it after scripts/lib/common.sh and tap.sh, with $made set to the test's own
# folder.

tree=${TREE:-$base_dir/tree}
bindings=Documentation/devicetree/bindings
binding=$bindings/reserved-memory/shared-dma-pool.yaml
id=http://devicetree.org/schemas/reserved-memory/shared-dma-pool.yaml
boards=arch/arm64/boot/dts/mediatek
# What is needed of the kernel's source for its own dt_binding_check, and the boards
sources=(Documentation/devicetree arch/arm64/Makefile "$boards"
	':(glob)arch/arm/boot/dts/*.dtsi' include/dt-bindings
	include/uapi/linux/input-event-codes.h scripts tools/lib/python
	Makefile Kbuild)

export LC_ALL=C
# What prints a set prints it in the same order each time.
export PYTHONHASHSEED=0

[ -x "$venv/bin/dt-validate" ] || die "no dtschema in ${venv#"$top"/}" "install it with: make deps"
PATH=$venv/bin:$PATH
need git make gcc dtc fdtget python3 flex bison
for rev in base series; do
	git -C "$tree" rev-parse -q --verify "$rev" >/dev/null 2>&1 ||
		die "no revision $rev in $tree" "make the kernel tree with: make tree"
done
mkdir -p "$made"
say "# dt-schema $(dt-validate -V 2>&1), kernel $(git -C "$tree" log -1 --format=%s base)"

# dt_sources PATH...: those of both revisions in $made/base and $made/series; an index
# of our own, so that files that did not change keep their time.
dt_sources()
{
	local rev
	for rev in base series; do
		mkdir -p "$made/$rev"
		GIT_INDEX_FILE=$made/$rev.index git -C "$tree" --work-tree="$made/$rev" \
			checkout -q --no-overlay "$rev" -- "$@" || return
	done
}

dt_all_sources()
{
	# Up to 6.18 the scripts' python was among them.
	git -C "$tree" cat-file -e base:tools/lib/python 2>/dev/null ||
		sources=("${sources[@]/#tools\/lib\/python/scripts}")
	dt_sources "${sources[@]}"
}

# with_dtschema installed|patched COMMAND...
with_dtschema()
{
	if [ "$1" = patched ]; then
		PYTHONPATH=$made/patched "${@:2}"
	else
		"${@:2}"
	fi
}

patch_dtschema()
{
	rm -rf "$made/patched"
	mkdir -p "$made/patched"
	cp -a "$(python3 -c 'import dtschema; print(dtschema.__path__[0])')" "$made/patched/dtschema"
	cd "$made/patched" || return
	# Not taken for a part of the repository that we are in.
	GIT_CEILING_DIRECTORIES=$made git apply -v "$top"/patches/dt-schema/*.patch
}

# The processed schemas of dt-schema alone (stock), with an in-tree binding (base, series)
# and with our patch: enough for nodes of /reserved-memory, and made in a second.
make_core_schemas()
{
	local rev one
	patch_dtschema && dt-mk-schema -j >"$made/core-stock.json" &&
		with_dtschema patched dt-mk-schema -j >"$made/core-patched.json" || return
	for rev in base series; do
		one=$made/$rev/$binding
		[ -e "$one" ] || one=
		dt-mk-schema -j ${one:+"$one"} >"$made/core-$rev.json" || return
	done
}

# binding_check REV: the kernel's own, in $made/o-REV. What it says is in
# $made/binding-REV.log.
binding_check()
{
	local out=$made/o-$1 status=0
	# What an earlier call left must not keep this one from looking.
	rm -f "$out/$bindings"/.*.checked
	find "$out/$bindings" -name '*.example.*' -delete 2>/dev/null || true
	mkdir -p "$out"
	make -C "$made/$1" O="$out" ARCH=arm64 --no-print-directory \
		DT_MK_SCHEMA="$top/scripts/kernel/mk-schema.sh" dt_binding_check \
		DT_SCHEMA_FILES=shared-dma-pool.yaml >"$made/binding-$1.log" 2>&1 || status=$?
	cat "$made/binding-$1.log"
	return $status
}

# said_of DTSCHEMA SCHEMA LOG: what dt-validate says of the .dtb in the current folder,
# the files without theirs. All in one call, since most of the time goes into loading the
# schema.
said_of()
{
	with_dtschema "$1" dt-validate -s "$2" -- *.dtb >"$3.tmp" 2>&1 || {
		cat "$3.tmp"
		return 1
	}
	sed -E 's,^[^[:space:]]*/([^/[:space:]]+\.dtb: ),\1,' "$3.tmp" >"$3"
	rm "$3.tmp"
}
