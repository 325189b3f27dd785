/* SPDX-License-Identifier: MIT */
/*
 * prepare.c - prepare_job: everything that a later step could stumble over is looked for now.
 *
 * In this order: what this backend cannot give (services, a Dockerfile), the image, the mounts, the
 * programs (preflight.c), the actions; then the state and, last, the answer. A failure removes the
 * job again, so that nothing is left if cleanup_job never comes.
 */
#include <errno.h>

#include "gha/hook.h"
#include "gha/job.h"
#include "gha/response.h"

static int refuse(struct croft_error *err, const char *what, const char *mend)
{
	(void)fail(err, CROFT_STAGE_PREPARE, 0, "%s", what);
	fail_hint(err, "%s", mend);
	return -ENOTSUP;
}

static int check_request(const struct request *request, struct croft_error *err)
{
	if (request->n_services)
		return refuse(
			err, "this runner has no service containers",
			"start the service in a step, or let the job run on a runner with Docker");
	if (!request->has_container)
		return refuse(err, "the job has no container, so there is nothing to prepare",
			      "name one in the workflow: container: { image: ... }");
	if (request->args.dockerfile)
		return refuse(
			err,
			"the job's container is to be built from a Dockerfile, which this runner cannot",
			"build the image elsewhere and name it");
	if (!request->args.image || !*request->args.image)
		return refuse(err, "the job's container names no image",
			      "container: { image: ... }");
	return 0;
}

static int fill(const struct hook *hook, const struct job_image *image, struct job *job,
		struct croft_error *err)
{
	int r = job_build(job, &hook->request->args, image, hook->store, hook->arena, err);

	if (r == 0)
		r = preflight_check(job, hook->arena, err);
	if (r == 0)
		r = actions_check(job, hook->arena, err);
	if (r == 0)
		r = state_write(job, err);
	return r < 0 ? r : response_write(hook->request->response_file, job, true, err);
}

int hook_prepare(const struct hook *hook, struct croft_error *err)
{
	struct job_image image;
	struct job job;
	int r = check_request(hook->request, err);

	if (r == 0)
		r = job_image_find(hook->request->args.image, hook->arena, &image, err);
	if (r == 0)
		r = state_new(hook->store, hook->runner, hook->arena, &job, err);
	if (r < 0)
		return r;
	r = fill(hook, &image, &job, err);
	if (r < 0)
		(void)state_remove(&job, NULL);
	else
		state_done(&job);
	return r;
}
