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
# Exit status: 0 when all is as it should be. The consoles are in
# build/logs/boot/kunit-CONFIG.log.
#
# groups: test guest
# bases: all

. "$(dirname "$0")/../../../../../scripts/lib/common.sh"
. "$top/scripts/lib/tap.sh"
. "$top/scripts/lib/guest.sh"
. "$top/tools/testing/selftests/dma/lib/kunit.sh"
. "$top/scripts/lib/tree.sh"

image()
{
	printf '%s/image/%s-series' "$base_dir" "${1/:/-}"
}

log_of()
{
	printf '%s/boot/kunit-%s.log' "$logs" "${1/:/-}"
}

# The console without its time stamps, and without saying twice what the early
# console has said.
console()
{
	awk '!/^\[/ || !seen[$0]++' "$(log_of "$1")" |
		sed 's/^\[ *[0-9.]*\] \{0,1\}//'
}

# One line of TAP for each of the suite's cases. A case that is missing, one
# whose every parameter was skipped, and a suite that did not end are failures.
#
#	    1..19
#	    # Subtest: largest			| a case with parameters;
#	        ok 1 row-absent			| what is said before its
#	    ok 3 largest			| result explains that
suite_cases()
{
	local config=$1 line plan=0 seen=0 ended='' skipped ok name said=$made/said
	: >"$said"
	while IFS= read -r line; do
		case $line in
		"    1.."*)
			plan=${line#*..}
			: >"$said"
			;;
		"    ok "* | "    not ok "*)
			seen=$((seen + 1))
			ok=${line%%ok *}ok
			name=${line#*ok "$seen" }
			skipped=
			case $name in
			# What an older kernel does not have
			*" # SKIP this kernel "*) ;;
			*" # SKIP"*) skipped=1 ;;
			esac
			name=${name%% *}
			if [ "$ok" = "    ok" ] && [ -z "$skipped" ]; then
				tap_ok "$config: $name"
			else
				grep -v '^        ok ' "$said" | head -n 40 >"$said.short" || :
				tap_fail "$config: $name${skipped:+ (skipped)}" "$said.short"
			fi
			: >"$said"
			;;
		"ok 1 swiotlb_restricted_pool" | "not ok 1 swiotlb_restricted_pool")
			ended=1
			;;
		*)
			printf '%s\n' "$line" >>"$said"
			;;
		esac
	done < <(console "$config")

	if [ "$plan" -gt 0 ] && [ "$seen" -eq "$plan" ] && [ -n "$ended" ]; then
		tap_ok "$config: the suite ran to its end ($seen cases)"
	else
		tail -n 20 "$said" >"$said.short"
		tap_fail "$config: the suite ran to its end ($seen of $plan cases)" "$said.short"
	fi
}

# What the kernel says about each value: nothing if it is good; else one line
# that names the node, the property, the value and what is allowed, or that it
# is malformed.
messages()
{
	local config=$1 name value outcome slots said n bad=0
	console "$config" >"$made/console"
	while IFS=$'\t' read -r name value outcome slots; do
		said=$(grep -e "/row-$name-pool@" "$made/console" || :)
		n=$(printf '%s' "$said" | grep -c . || :)
		case $outcome in
		range)
			# The message has the number that the kernel reads, in decimal.
			case $value in
			\"*) value=0x$(printf '%s\0' "${value//\"/}" | od -An -tx1 | tr -d ' \n') ;;
			esac
			value=$((${value//[<>]/}))
			[ "$n" -eq 1 ] && [[ $said == *io-tlb-segsize*" $value"[!0-9]*"power of 2"*128*1048576* ]]
			;;
		malformed)
			[ "$n" -eq 1 ] && [[ $said == *io-tlb-segsize*malformed* ]]
			;;
		*)
			[ "$n" -eq 0 ]
			;;
		esac || {
			printf '%s (%s, %s slots): %s line(s): %s\n' "$name" "$outcome" "$slots" "$n" "$said"
			bad=1
		}
	done < <(rows)
	# Nor is there such a line about any other pool.
	n=$(rows | awk -F '\t' '$3 == "range" || $3 == "malformed"' | wc -l)
	[ "$(grep -c 'io-tlb-segsize' "$made/console")" -eq "$n" ] || {
		echo "other lines that name the property:"
		grep 'io-tlb-segsize' "$made/console" | grep -v '/row-' || :
		bad=1
	}
	return $bad
}

# debugfs shows for each value the slots of a segment that it leads to.
shown()
{
	local config=$1 name value outcome slots got bad=0
	while IFS=$'\t' read -r name value outcome slots; do
		got=$(guest_answers "kunit-${config/:/-}" | sed -n "s/^debugfs row-$name-pool@\{0,1\}[0-9a-f]* \([^ ]*\) .*/\1/p")
		[ "$got" = "$slots" ] || {
			printf '%s (%s, %s): io_tlb_segsize is "%s", expected %s\n' \
				"$name" "$value" "$outcome" "$got" "$slots"
			bad=1
		}
	done < <(rows)
	got=$(guest_answers "kunit-${config/:/-}" | sed -n 's/^debugfs swiotlb \([^ ]*\) .*/\1/p')
	[ "$got" = 128 ] || {
		printf 'default pool: io_tlb_segsize is "%s", expected 128\n' "$got"
		bad=1
	}
	return $bad
}

# No slot is in use in the end, in any pool of the device tree.
nothing_left()
{
	local config=$1 pools
	pools=$(fdtget -l "$made/kunit-$ARCH.dtb" /reserved-memory | grep -c pool)
	guest_answers "kunit-${config/:/-}" | awk -v pools="$pools" '
	/^debugfs / && $2 ~ /-pool/ { seen++ }
	/^debugfs / && $4 != 0 { print; bad = 1 }
	END {
		if (seen != pools) {
			print seen + 0 " of " pools " pools in debugfs"
			bad = 1
		}
		exit bad
	}'
}

# The lines that the kernel's checks begin their reports with. What the suite
# itself says stands behind '#'.
no_report()
{
	! console "$1" | grep -v '^ *#' | guest_reports 'Call trace|swiotlb buffer is full'
}

# Without them the absence of reports would say nothing.
checks_on()
{
	local option options=() said=()
	[[ $1 != *debug* ]] || {
		options+=(CONFIG_KASAN CONFIG_PROVE_LOCKING CONFIG_DMA_API_DEBUG)
		said+=('KernelAddressSanitizer initialized' '^DMA-API: debugging enabled')
	}
	[[ $1 != *kcsan* ]] || {
		options+=(CONFIG_KCSAN CONFIG_PROVE_LOCKING)
		said+=('^kcsan: enabled early')
	}
	for option in "${options[@]}"; do
		grep -x "$option=y" "$(image "$1")/.config" || return
	done
	for option in "${said[@]}"; do
		console "$1" | grep -- "$option" || return
	done
	! console "$1" | grep 'turning off the locking correctness validator'
}

# A pool that the kernel has no linear map of: an error that says so, and the
# driver that asks for it does not probe.
highmem_refused()
{
	console "$1" | grep 'highmem: Restricted DMA pool must be accessible within the linear mapping' &&
		console "$1" | grep -E 'highmem: error -(22|EINVAL): cannot use the memory-region' &&
		! console "$1" | grep 'highmem.*io-tlb-segsize'
}

no_dma_api_error()
{
	console "$1" | grep -E '^tap: # dma-api |^DMA-API: ' || echo "no line about it"
	guest_answers "kunit-${1/:/-}" | grep -x 'dma-api 0 errors' >/dev/null
}

suite()
{
	local config=$1 count=$tap_count failed=$tap_failed
	export ARCH=arm64
	[[ $config != *:* ]] || ARCH=${config%%:*}
	tap "$config: the guest's device tree is made" device_tree
	tap "$config: the kernel with the series builds" \
		"$top/scripts/kernel/build.sh" "${config#*:}" series
	tap "$config: the guest ends as it should" kunit_boot "kunit-${config/:/-}" "$config" series
	suite_cases "$config"
	tap "$config: a bad io-tlb-segsize is told once, a good one is not" messages "$config"
	tap "$config: io_tlb_segsize in debugfs" shown "$config"
	tap "$config: no slot in use in the end" nothing_left "$config"
	tap "$config: no report of the kernel" no_report "$config"
	[[ $config != *debug* ]] ||
		tap "$config: DMA-API's error count is 0" no_dma_api_error "$config"
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
need dtc fdtoverlay fdtget cpp
if [ $# -eq 0 ]; then
	mapfile -t cells < <("$top/scripts/kernel/matrix.sh" "$([ "$level" = all ] && echo cells || echo ci)")
	set -- "${cells[@]}"
fi
for config; do
	suite "$config"
done
tap_end
