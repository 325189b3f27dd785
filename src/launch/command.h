/* SPDX-License-Identifier: MIT */
/*
 * command.h - which file a command is, and what can be known beforehand to be wrong with it.
 */
#ifndef CROFT_LAUNCH_COMMAND_H
#define CROFT_LAUNCH_COMMAND_H

#include <stddef.h>

#include "base/err.h"
#include "plan/plan.h"

/*
 * Finds the file that the plan's command stands for, as execvp would find it
 * inside the sandbox: a name with a slash as it is, else the first on the child's PATH that is
 * a regular file, executable, and granted. Reads the first line of a script
 * to see that its interpreter is there and granted. Executes nothing.
 *
 * ret_path gets the name to execute (size PATH_MAX). Failures have stage exec:
 * -ENOENT not found; -EACCES, -EISDIR, -EINVAL found, but it cannot be executed.
 */
int command_find(const struct plan *plan, char *ret_path, size_t size, struct croft_error *err);

#endif
