/* SPDX-License-Identifier: MIT */
/*
 * front_ai_sandbox.h - croft under the name of ai-sandbox-landlock.
 */
#ifndef CROFT_CLI_FRONT_AI_SANDBOX_H
#define CROFT_CLI_FRONT_AI_SANDBOX_H

#include "base/err.h"

/*
 * ai-sandbox-landlock's command line: argv[0] is a name, options follow. Becomes the command, or
 * returns the exit status: 0 after what only prints, else 1.
 */
int front_ai_sandbox(int argc, char *const argv[]);
/* One line on stderr, "[ai-sandbox-landlock:error] what: why (hint)", escaped. Returns 1. */
int front_ai_sandbox_fail(const struct croft_error *err);

#endif
