/* SPDX-License-Identifier: MIT */
/*
 * status.h - the object that --status-fd gets.
 */
#ifndef CROFT_CLI_STATUS_H
#define CROFT_CLI_STATUS_H

#include "base/err.h"
#include "launch/supervise.h"

/*
 * Writes one JSON object and a newline. `plan` is NULL when it did not come to
 * one; `err` is what failed (stage none: nothing); `exit_status` is what croft
 * will exit with. 0 or -errno.
 */
int status_write(int fd, const struct plan *plan, const struct outcome *outcome,
		 const struct croft_error *err, int exit_status);

#endif
