/* SPDX-License-Identifier: MIT */
/*
 * doubt.h - what ends a command that exec itself takes.
 */
#ifndef CROFT_LAUNCH_DOUBT_H
#define CROFT_LAUNCH_DOUBT_H

#include "launch/command.h"

/*
 * For a command that was found, and the plan that it will run under: makes a doubt of it, where it
 * has none yet, if it is certain to be ended by a limit on memory, a mount or the plan's filter. An
 * error (stage limits) only where limits are wanted and croft's own cannot be read.
 */
int doubt_command(struct command *command, const struct plan *plan, struct croft_error *err);

#endif
