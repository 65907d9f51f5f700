# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154,SC2034
#
# What the scripts share that compile the allocator in user space and run it. Source it
# after scripts/lib/common.sh.

rig=$top/tools/testing/swiotlb
# What is compiled of a kernel
rig_files=(kernel/dma/swiotlb.c include/linux/swiotlb.h include/linux/iommu-helper.h)

# Without and with dynamic pools: what the Makefile calls it, DYNAMIC=
declare -A config_dynamic=([static]=n [dynamic]=y)

# in_rig [VARIABLE...] GOAL: the Makefile's output. What it is compiled of, NAME or KSRC,
# may be in the environment.
in_rig()
{
	make -s -C "$rig" --no-print-directory "TREE=$base_dir/tree" "O=$build/swiotlb" "$@"
}

# compile_each VARIABLES...: the tests with each of these lists of variables. Two programs
# that share objects must not be made at once.
compile_each()
{
	local variables
	for variables; do
		# shellcheck disable=SC2086 # several words
		in_rig -j"$jobs" $variables all || return
	done
}

# run_tests LOG VARIABLES OPTION...: what they say is in LOG.tap, their status in LOG.status
run_tests()
{
	local status=0
	# shellcheck disable=SC2086 # several words
	"$(in_rig $2 print-out)/swiotlb-test" "${@:3}" >"$1.tap" 2>&1 </dev/null || status=$?
	echo $status >"$1.status"
}

# tests_passed LOG
tests_passed()
{
	grep '^not ok' -A 8 "$1.tap" || :
	echo "${1##*/}: $(grep -c '^ok' "$1.tap") passed"
	[ "$(cat "$1.status")" = 0 ]
}
