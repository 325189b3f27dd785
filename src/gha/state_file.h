/* SPDX-License-Identifier: MIT */
/*
 * state_file.h - the text of a job's state.json.
 */
#ifndef CROFT_GHA_STATE_FILE_H
#define CROFT_GHA_STATE_FILE_H

#include "base/buf.h"
#include "gha/state.h"

#define STATE_MAX_BYTES (32U << 20) /* a request's variables, each byte escaped at worst */

/* 0 or -errno. */
int state_file_print(const struct job *job, struct buf *buf);
/* Fills what the file has; the rest of *job stays. Errors: stage prepare. */
int state_file_parse(const char *data, size_t len, struct arena *arena, struct job *job,
		     struct croft_error *err);

#endif
