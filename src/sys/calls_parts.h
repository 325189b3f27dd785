/* SPDX-License-Identifier: MIT */
/*
 * calls_parts.h - how a wrapper of calls.h asks its row of the table.
 *
 * CALL(name, arguments...) passes what is left out as 0. Only the files that hold wrappers
 * include this.
 */
#ifndef CROFT_SYS_CALLS_PARTS_H
#define CROFT_SYS_CALLS_PARTS_H

#include <stdint.h>

#include "sys/calls.h"

#define PTR(p) ((long)(uintptr_t)(p))
#define CALL_(call, a, b, c, d, e, f, ...) \
	sys_call6(call, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define CALL(name, ...) CALL_(SYS_CALL_##name, __VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

/* Through the row: the kernel's call, or what a test has put in its place. */
long sys_call6(enum sys_call call, long a, long b, long c, long d, long e, long f);

#endif
