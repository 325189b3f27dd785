/* SPDX-License-Identifier: MIT */
/*
 * front_landrun.h - croft under the name of landrun.
 */
#ifndef CROFT_CLI_FRONT_LANDRUN_H
#define CROFT_CLI_FRONT_LANDRUN_H

#include "base/err.h"

/*
 * landrun's command line: argv[0] is a name, options follow. Becomes the command, or returns the
 * exit status: 0 after --help and --version, else 1.
 */
int front_landrun(int argc, char *const argv[]);
/* One line on stderr, "[landrun:error] what: why (hint)", escaped. Returns 1. */
int front_landrun_fail(const struct croft_error *err);

#endif
