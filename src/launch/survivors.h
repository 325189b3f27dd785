/* SPDX-License-Identifier: MIT */
/*
 * survivors.h - kills what a command has left behind.
 */
#ifndef CROFT_LAUNCH_SURVIVORS_H
#define CROFT_LAUNCH_SURVIVORS_H

#include <sys/types.h>

#include "base/err.h"

/*
 * For a subreaper whose command has ended: kills and reaps every child, and what
 * becomes a child by that, until none is left. `spare` is left alone (0: nobody).
 * Blocks, at most some seconds; then it is an error (stage supervise).
 */
int survivors_kill(pid_t spare, unsigned *ret_killed, struct croft_error *err);

#endif
