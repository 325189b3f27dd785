#!/bin/sh
# SPDX-License-Identifier: MIT
#
# allow_all.sh - takes croft's command line and confines nothing.
#
# The suite must fail with it in the place of croft: see tests/kernel/meta.py.
# A plan is refused, for there is none.

[ "$1" = run ] || exit 125
while [ "$1" != -- ]; do
	[ $# -gt 1 ] || exit 125
	shift
done
shift
exec "$@"
