/* SPDX-License-Identifier: MIT */
/*
 * run.h - one command of a job, by `croft run --root`, and the proof of how it ended.
 */
#ifndef CROFT_GHA_RUN_H
#define CROFT_GHA_RUN_H

#include "base/err.h"
#include "gha/state.h"

struct run {
	const struct job *job;
	const char *workdir; /* in the job; NULL: that of the job */
	const struct request_pair *env; /* over that of the job */
	size_t n_env;
	const char *const *prepend_path; /* newest first */
	size_t n_prepend_path;
	char *const *command; /* NULL-terminated */
};

/*
 * Runs it and waits. SIGINT, SIGTERM and SIGHUP that come to this process go on to it, and after
 * SIGTERM it has two seconds. Returns its exit status: the command's own, 128 + a signal's
 * number, 126 and 127 where it could not be executed. Everything else, and an end of croft's
 * without a status that says that the command has ended, is a failure: -errno, with *err.
 * With 126 and 127 *err says why.
 */
int run_in_room(const struct run *run, struct croft_error *err);

#endif
