/* SPDX-License-Identifier: MIT */
/*
 * spawn.h - starts croft, or a program that lies beside it, as a child.
 */
#ifndef CROFT_GHA_SPAWN_H
#define CROFT_GHA_SPAWN_H

#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

#define SPAWN_FD_FIRST 3 /* the child's number of the first descriptor that is handed over */
#define SPAWN_MAX_FDS 4

struct spawn {
	const char *program; /* "croft": found in the folder of this program and nowhere else */
	char *const *argv; /* NULL-terminated */
	int in, out, err; /* its standard streams; -1: ours */
	int fds[SPAWN_MAX_FDS]; /* become 3, 4, ... in it */
	size_t n_fds;
};

/*
 * Starts it. It dies with this process, and begins with all signals open and at their defaults.
 * Errors: it could not be executed (stage of beside_run). The caller reaps *ret_pid.
 */
int spawn_start(const struct spawn *spawn, pid_t *ret_pid, struct croft_error *err);

/*
 * Runs it to its end, its input empty, what it prints into `out` and `said`. Its exit status, or
 * 128 +
 * the signal that killed it, or a failure as above, or -EFBIG: it printed more than a buffer takes.
 */
int spawn_capture(const char *program, char *const *argv, struct buf *out, struct buf *said,
		  struct croft_error *err);

#endif
