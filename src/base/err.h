/* SPDX-License-Identifier: MIT */
/*
 * err.h - describing a failure once, where it is known.
 *
 * struct croft_error (croft.h) is plain data: it can be filled in a child that
 * borrows its parent's memory and written to a pipe as it is.
 */
#ifndef CROFT_BASE_ERR_H
#define CROFT_BASE_ERR_H

#include "croft.h"

/*
 * Describes a failure and returns -errnum, so that a failing path is one line:
 *
 *	return fail(err, CROFT_STAGE_LANDLOCK, -fd, "open '%s' for a rule", path);
 *
 * `errnum` is positive; 0 means that no errno applies (returns -EINVAL then).
 * `err` may be NULL. Uses vsnprintf on a buffer of fixed size, no allocation.
 * An existing hint is cleared. (In parentheses as cmocka has a macro of this name.)
 */
int(fail)(struct croft_error *err, enum croft_stage stage, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Adds what would mend it to the failure that was described last; err may be NULL. */
void fail_hint(struct croft_error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* "landlock", "exec", ...; "unknown" for a number that is no stage. */
const char *stage_name(enum croft_stage stage);

/* "ENOENT" and so on for the errnos croft words itself, else "errno N" is NOT made: NULL. */
const char *errno_name(int errnum);

/*
 * The text for an errno without locale and without allocation: "No such file or
 * directory". Unknown numbers give "unknown error".
 */
const char *errno_text(int errnum);

#endif
