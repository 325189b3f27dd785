/* SPDX-License-Identifier: MIT */
/*
 * response.h - the answer to the runner, in the file that it has made for it.
 */
#ifndef CROFT_GHA_RESPONSE_H
#define CROFT_GHA_RESPONSE_H

#include "base/err.h"
#include "gha/state.h"

/* Can the file be written? Asked before anything is started. Errors: stage prepare. */
int response_check(const char *file, struct croft_error *err);
/*
 * Writes the answer and reads it again: the state with the job's id, and for prepare_job
 * (`is_prepare`) the context and isAlpine. On failure the file is empty, if it can be made so: half
 * an answer is never left.
 */
int response_write(const char *file, const struct job *job, bool is_prepare,
		   struct croft_error *err);

#endif
