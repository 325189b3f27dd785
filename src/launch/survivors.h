/* SPDX-License-Identifier: MIT */
/*
 * survivors.h - kills what a command has left behind.
 */
#ifndef CROFT_LAUNCH_SURVIVORS_H
#define CROFT_LAUNCH_SURVIVORS_H

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/*
 * For a subreaper whose command has ended: kills and reaps every child, and what
 * becomes a child by that, until none is left. `spare` is left alone (0: nobody). A control
 * group that they are in (its path, or "") is killed as a whole: what forks cannot outrun that.
 * Blocks for limit_ms at most; then it is an error (stage supervise).
 */
#define SURVIVORS_MS 10000 /* a fork bomb can outrun this; then it is said */
int survivors_kill(pid_t spare, const char *group, int64_t limit_ms, unsigned *ret_killed,
		   struct croft_error *err);

#endif
