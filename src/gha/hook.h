/* SPDX-License-Identifier: MIT */
/*
 * hook.h - the four calls of the runner. Each returns the exit status of the hook, or -errno with
 * *err.
 */
#ifndef CROFT_GHA_HOOK_H
#define CROFT_GHA_HOOK_H

#include "base/arena.h"
#include "base/err.h"
#include "gha/contract.h"
#include "gha/state.h"

struct hook {
	const struct request *request;
	const char *store, *runner; /* state.h */
	struct arena *arena;
};

/* Checks all that a step could stumble over, keeps the job and answers; starts nothing. */
int hook_prepare(const struct hook *hook, struct croft_error *err);
/* A step in the job: its exit status. */
int hook_script(const struct hook *hook, struct croft_error *err);
/* A container action: a job of its own, gone when it has ended. */
int hook_container(const struct hook *hook, struct croft_error *err);
/* Removes the job, also one that prepare_job never finished. */
int hook_cleanup(const struct hook *hook, struct croft_error *err);

/* preflight.c: what of the image and the externals could not start; adds loans to the mounts. */
int preflight_check(struct job *job, struct arena *arena, struct croft_error *err);
/* actions.c: is there an action among those of this job that is built from a Dockerfile? */
int actions_check(const struct job *job, struct arena *arena, struct croft_error *err);

#endif
