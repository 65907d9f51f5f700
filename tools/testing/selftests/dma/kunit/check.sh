#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The KUnit suite of restricted pools, with the series: on the guests' kernel, on one
# with KASAN, lockdep and DMA_API_DEBUG whose pools can grow, and on 32-bit arm; with
# LEVEL=all on every kernel of scripts/kernel/matrix.sh.
#
# Usage: check.sh [[ARCH:]CONFIG...]
#
#   CONFIG   only the suite, on these kernels: small, dynamic, debug, kcsan; 16k,
#            64k (size of pages); several with dashes, for instance 64k-debug. If
#            none is given, those of scripts/kernel/matrix.sh that are for LEVEL
#   ARCH     arm64, arm or riscv
#
# Environment:
#   SEED=n   what the suite's random sizes and orders begin with (1)
#
# Exit status: 0 if all passed. Consoles: build/logs/boot/kunit-CONFIG.log.
#
# groups: test guest
# bases: all

. "$(dirname "$0")/../lib/check.sh"
. "$top/tools/testing/selftests/dma/lib/kunit.sh"
. "$top/scripts/lib/tree.sh"

image()
{
	printf '%s/image/%s-series' "$base_dir" "${1/:/-}"
}

boot_of()
{
	echo "kunit-${1/:/-}"
}

# The console without its time stamps, and without saying twice what the early
# console has said.
console()
{
	awk '!/^\[/ || !seen[$0]++' "$logs/boot/$(boot_of "$1").log" |
		sed 's/^\[ *[0-9.]*\] \{0,1\}//'
}

# The suite's KTAP; that of the boot has no suite.
suite_ktap()
{
	printf '%s\n' 'KTAP version 1' 1..1 '    KTAP version 1'
	console "$1" | sed -n '/^    # Subtest: swiotlb_restricted_pool$/,/^\(not \)\{0,1\}ok [0-9]* swiotlb_restricted_pool/p'
}

# ran_to_its_end STATUS CASES: of kunit.py, and as many as the suite planned
ran_to_its_end()
{
	cat "$made/judged"
	echo "$2 cases, of $(sed -n 's/^    1\.\.//p' "$made/ktap")"
	[ "$1" -eq 0 ] && grep -x "    1\.\.$2" "$made/ktap" && grep -F '[PASSED] swiotlb_restricted_pool' "$made/parsed" >/dev/null
}

# One line of TAP for each of the suite's cases; one whose every parameter was skipped
# fails. kunit.py fails what is missing, and a suite that did not end.
suite_cases()
{
	local config=$1 verdict name seen=0 status=0
	suite_ktap "$config" >"$made/ktap"
	kunit_parse "$made/ktap" "$made/parsed" >"$made/judged" || status=$?
	while read -r verdict name; do
		seen=$((seen + 1))
		if [ "$verdict" = ok ]; then
			tap_ok "$config: $name"
		else
			tap_fail "$config: $name $verdict" "$made/said-$name"
		fi
	done < <(awk -v dir="$made" -f "$kunit/cases.awk" "$made/parsed" "$made/ktap")
	tap "$config: kunit.py: the suite ran to its end, and passed ($seen cases)" ran_to_its_end "$status" "$seen"
}

# Nothing if a value is good; else one line that names the node, the property, what is
# allowed and what is taken. Nor is there one about any other pool.
messages()
{
	local name outcome slots said bad=0
	local bad_value=': io-tlb-segsize must be one u32, a power of 2 from 128 to 1048576; using 128'
	console "$1" >"$made/console"
	while IFS=$'\t' read -r name _ outcome slots; do
		said=$(grep -e "/row-$name-pool@" "$made/console")
		case $outcome in
		absent | taken) [ -z "$said" ] ;;
		*) [ "$(wc -l <<<"$said")" -eq 1 ] && grep -F "$bad_value" <<<"$said" >/dev/null ;;
		esac || {
			printf '%s (%s, %s slots): %s\n' "$name" "$outcome" "$slots" "$said"
			bad=1
		}
	done < <(sed '/^#/d' "$values")
	! grep 'io-tlb-segsize must' "$made/console" | grep -v '/row-' || bad=1
	return $bad
}

# debugfs shows for each value the limit that it leads to, and none for the default pool.
shown()
{
	local name slots boot bad=0
	boot=$(boot_of "$1")
	guest_answers "$boot" | grep '^pool swiotlb .*io_tlb_nslabs=' || bad=1
	guest_told "$boot" "pool swiotlb" io_tlb_segsize "" || bad=1
	while IFS=$'\t' read -r name _ _ slots; do
		guest_told "$boot" "pool row-$name-pool@[0-9a-f]*" io_tlb_segsize "$slots" || bad=1
	done < <(sed '/^#/d' "$values")
	return $bad
}

# No slot is in use in the end, in any pool of the device tree nor in the default one.
nothing_left()
{
	local pools
	pools=$(fdtget -l "$made/kunit-$ARCH.dtb" /reserved-memory | grep -c pool)
	guest_pools_empty "$(boot_of "$1")" $((pools + 1))
}

# The case refused_aloud asks for more than there is, and is told, once each; all other
# requests want to hear nothing of it.
refusals()
{
	console "$1" | sed -n 's/^swiotlb_kunit \(.*: swiotlb buffer \)/\1/p' | tee "$made/refusals"
	[ "$(wc -l <"$made/refusals")" -eq 8 ] &&
		[ "$(grep -c "^kukui: .* bytes needs [0-9]* slots, the pool's io-tlb-segsize allows 4096\$" "$made/refusals")" -eq 3 ] &&
		[ "$(grep -c "^pool-4m4k-default: .* bytes needs [0-9]* slots, the pool's io-tlb-segsize allows 128\$" "$made/refusals")" -eq 3 ] &&
		grep '^pool-1m: .* is full' "$made/refusals" && grep '^default-pool: .* is full' "$made/refusals"
}

# The lines that the kernel's checks begin their reports with. What the suite
# itself says stands behind '#'.
no_report()
{
	! console "$1" | grep -v '^ *#' | guest_reports 'Call trace'
}

# Without them the absence of reports would say nothing.
checks_on()
{
	local what options=(CONFIG_PROVE_LOCKING=y) said=()
	[[ $1 != *debug* ]] || {
		options+=(CONFIG_KASAN=y CONFIG_DMA_API_DEBUG=y)
		said+=('KernelAddressSanitizer initialized' '^DMA-API: debugging enabled')
	}
	[[ $1 != *kcsan* ]] || {
		options+=(CONFIG_KCSAN=y)
		said+=('^kcsan: enabled early')
	}
	for what in "${options[@]}"; do
		grep -x "$what" "$(image "$1")/.config" || return
	done
	for what in "${said[@]}"; do
		console "$1" | grep -- "$what" || return
	done
	! console "$1" | grep 'turning off the locking correctness validator'
}

# A pool that the kernel has no linear map of: an error that says so, and the
# driver that asks for it does not probe.
highmem_refused()
{
	console "$1" | grep -E 'highmem: Restricted DMA pool (.* )?must be accessible within the linear mapping' &&
		console "$1" | grep -E 'highmem: (error -(22|EINVAL): cannot use the memory-region|failed to set up restricted DMA pool .*: -22)' &&
		! console "$1" | grep 'highmem.*io-tlb-segsize'
}

suite()
{
	local config=$1 count=$tap_count failed=$tap_failed
	export ARCH=arm64
	[[ $config != *:* ]] || ARCH=${config%%:*}
	tap "$config: the guest's device tree is made" device_tree
	tap "$config: the kernel with the series builds" \
		"$top/scripts/kernel/build.sh" "${config#*:}" series
	tap "$config: the guest ends as it should" kunit_boot "$(boot_of "$config")" "$config" series
	suite_cases "$config"
	tap "$config: a bad io-tlb-segsize is told once, a good one is not" messages "$config"
	tap "$config: io_tlb_segsize in debugfs" shown "$config"
	tap "$config: requests above the limit are told with it, and nothing else is" refusals "$config"
	tap "$config: no slot in use in the end" nothing_left "$config"
	tap "$config: no report of the kernel" no_report "$config"
	[[ $config != *debug* ]] ||
		tap "$config: DMA-API's error count is 0" guest_told "$(boot_of "$config")" dma-api errors 0
	[[ $config != *debug* && $config != *kcsan* ]] ||
		tap "$config: the checks are on" checks_on "$config"
	[ "$ARCH" != arm ] ||
		tap "$config: a pool in highmem is refused" highmem_refused "$config"
	# For scripts/kernel/matrix.sh, to tell on which kernels it passed, and of which series
	failed=$((tap_failed - failed))
	mkdir -p "$build/test/matrix"
	printf '%d %d %s\n' $((tap_count - count - failed)) "$failed" \
		"$(git -C "$tree" rev-parse 'series^{tree}')" >"$build/test/matrix/$config"
}

for config; do
	[[ $config = [a-z0-9]* ]] || usage_error "unknown argument '$config'"
done
need dtc fdtoverlay fdtget cpp git python3
if [ $# -eq 0 ]; then
	mapfile -t cells < <("$top/scripts/kernel/matrix.sh" "$([ "$level" = all ] && echo cells || echo ci)")
	set -- "${cells[@]}"
fi
for config; do
	suite "$config"
done
tap_end
