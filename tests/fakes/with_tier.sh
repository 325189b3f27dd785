#!/bin/sh
# SPDX-License-Identifier: MIT
#
# with_tier.sh - croft, with one tier forced: takes croft's command line, puts --tier in.
#
# CROFT_BELOW is the croft that is run, CROFT_TIER the tier. So a suite that knows nothing of tiers
# runs under each of them: see tests/suites.py.

case $1 in
run | plan | why)
	command=$1
	shift
	set -- "$command" --tier "$CROFT_TIER" "$@"
	;;
esac
exec "$CROFT_BELOW" "$@"
