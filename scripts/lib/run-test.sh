#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# For prove, which scripts/test.sh starts: run one test, and keep its lines, its
# status and its seconds, and those in which kernels were built, in files of the
# folder RESULTS.
#
# Usage: run-test.sh TEST

. "$(dirname "$0")/common.sh"
. "$top/scripts/lib/tap.sh"

arguments 1 1 "$@"
set +e
name=$(test_name "$1")
export TIMES=$RESULTS/$name.building
rm -f "$TIMES"
start=$SECONDS
"./$1" </dev/null 2>&1 | tee "$RESULTS/$name.tap"
status=${PIPESTATUS[0]}
echo "$status" >"$RESULTS/$name.status"
echo $((SECONDS - start)) >"$RESULTS/$name.seconds"
exit "$status"
