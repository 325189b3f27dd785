/* SPDX-License-Identifier: MIT */
/*
 * job.h - from what the runner asks for to a job that steps can be run in.
 */
#ifndef CROFT_GHA_JOB_H
#define CROFT_GHA_JOB_H

#include "base/arena.h"
#include "base/err.h"
#include "gha/contract.h"
#include "gha/state.h"

/* An image on this machine's disk, and what it says of how it is run. */
struct job_image {
	const char *root;
	struct request_pair *env;
	size_t n_env;
	char **entrypoint, **cmd; /* NULL-terminated */
	size_t n_entrypoint, n_cmd;
	const char *workdir;
};

/*
 * The image that the workflow names: "/path" or "dir:/path", "oci:/path[:tag]", or a name that is
 * looked up in the folder CROFT_GHA_IMAGES, "/" and ":" in it replaced by "_". Made into a
 * directory by `croft image unpack` where it is none, below CROFT_GHA_CACHE if that is set. Nothing
 * is pulled. Errors: stage prepare, with the mend.
 */
int job_image_find(const char *name, struct arena *arena, struct job_image *ret_image,
		   struct croft_error *err);

/*
 * Fills a new job (state_new): mounts checked and merged with the pod's template
 * (ACTIONS_RUNNER_CONTAINER_HOOK_TEMPLATE), variables, options. The job's directory gets its
 * volumes;
 * nothing is started. What is left out gets a warning line in the log.
 */
int job_build(struct job *job, const struct request_args *args, const struct job_image *image,
	      const char *store, struct arena *arena, struct croft_error *err);

/* The value of a variable of the job, the last one; NULL: it has none of that name. */
const char *job_variable(const struct job *job, const char *name);

#endif
