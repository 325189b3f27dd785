/* SPDX-License-Identifier: MIT */
/*
 * abi.c - what each Landlock ABI knows.
 *
 * One row for each ABI, cumulative, so that "everything this kernel knows" is
 * one lookup. An ABI newer than the table gives the newest row: we handle what
 * we know, and what came later stays as the kernel has it by default.
 *
 * Source: the kernel's security/landlock/limits.h and its documentation.
 */
#include "sys/abi.h"

#include "base/cleanup.h"

static const struct landlock_abi abis[] = {
	{ 0, "none", 0, 0, 0, 0 },
	{ 1, "5.13", 0x1fff, 0, 0, 0 },
	{ 2, "5.19", 0x3fff, 0, 0, 0 },
	{ 3, "6.2", 0x7fff, 0, 0, 0 },
	{ 4, "6.7", 0x7fff, 0x3, 0, 0 },
	{ 5, "6.10", 0xffff, 0x3, 0, 0 },
	{ 6, "6.12", 0xffff, 0x3, 0x3, 0 },
	{ 7, "6.15", 0xffff, 0x3, 0x3, 0x7 },
	{ 8, "7.0", 0xffff, 0x3, 0x3, 0xf },
	{ 9, "7.1", 0x1ffff, 0x3, 0x3, 0xf },
	{ 10, "7.2", 0x1ffff, 0xf, 0x3, 0xf },
	{ 11, "7.3", 0x1ffff, 0xf, 0x3, 0x1f },
};
_Static_assert(ARRAY_SIZE(abis) == ABI_LANDLOCK_NEWEST + 1, "one row for each ABI and for none");

const struct landlock_abi *landlock_abi_get(int abi)
{
	if (abi < 0)
		abi = 0;
	if (abi > ABI_LANDLOCK_NEWEST)
		abi = ABI_LANDLOCK_NEWEST;
	return &abis[abi];
}

const char *landlock_abi_kernel(int abi)
{
	return abi > ABI_LANDLOCK_NEWEST ? "a later Linux" : landlock_abi_get(abi)->kernel;
}
