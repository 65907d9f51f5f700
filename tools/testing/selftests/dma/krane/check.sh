#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What "make run" shows: krane's four boots, without the series, with two regions instead
# of it, and with it (scripts/guest/run.sh).
#
# Usage: check.sh
#
# groups: test guest
# bases: all

. "$(dirname "$0")/../../../../../scripts/lib/common.sh"
. "$top/scripts/lib/tap.sh"

no_arguments "$@"
tap "krane without the series and with it" env CONFIG=guest "$top/scripts/guest/run.sh"
tap_end
