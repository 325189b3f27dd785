#!/bin/sh
# SPDX-License-Identifier: MIT
#
# deny_all.sh - takes croft's command line and answers EACCES to every operation.
#
# The suite must fail with it in the place of croft: see tests/kernel/meta.py.
# `payload each OP , OP ,` gets one answer for each operation.

[ "$1" = run ] || exit 125
while [ "$1" != -- ]; do
	[ $# -gt 1 ] || exit 125
	shift
done
shift 2
if [ "$1" = each ]; then
	for word; do
		[ "$word" != , ] || echo EACCES
	done
	exit 0
fi
echo EACCES
exit 1
