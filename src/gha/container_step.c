/* SPDX-License-Identifier: MIT */
/*
 * container_step.c - run_container_step: an action that is an image.
 *
 * Called in a job without container too, with no state and no prepare_job before it. So it has a
 * directory of its own in the store, with its own upper layer, that is gone when it has ended. It
 * belongs to another owner than the job's (the runner's name and "/container"), so that neither
 * sweeps the
 * other away.
 */
#include <errno.h>
#include <string.h>

#include "gha/hook.h"
#include "gha/job.h"
#include "gha/quote.h"
#include "gha/response.h"
#include "gha/run.h"

static int check_request(const struct request_args *args, struct croft_error *err)
{
	if (args->dockerfile && *args->dockerfile) {
		(void)fail(err, CROFT_STAGE_PREPARE, 0,
			   "the action is built from a Dockerfile, which this runner cannot: %s",
			   args->dockerfile);
		fail_hint(
			err,
			"use an action that runs in node or in the shell, or a runner with Docker");
		return -ENOTSUP;
	}
	if (args->image && *args->image)
		return 0;
	return fail(err, CROFT_STAGE_PREPARE, 0, "the runner's request: the action has no image");
}

/* As docker does it: an entry point of the action's takes the place of the image's and its cmd. */
static int build_command(const struct hook *hook, const struct job_image *image,
			 char ***ret_command, struct croft_error *err)
{
	const struct request_args *args = &hook->request->args;
	bool has_own = args->entrypoint && *args->entrypoint;
	char **words = NULL, **command;
	size_t n = 0, at = 0, n_words = 0;
	int r = quote_rejoin(hook->arena, "the arguments of the action", args->words, args->n_words,
			     &words, &n_words, err);

	if (r < 0)
		return r;
	n = image->n_entrypoint + image->n_cmd + n_words + 2;
	command = arena_calloc(hook->arena, n, sizeof(*command));
	if (!command)
		return fail(err, CROFT_STAGE_PREPARE, ENOMEM, "start the action");
	if (has_own)
		command[at++] = arena_strdup(hook->arena, args->entrypoint);
	for (size_t i = 0; !has_own && i < image->n_entrypoint; i++)
		command[at++] = image->entrypoint[i];
	for (size_t i = 0; i < n_words; i++)
		command[at++] = words[i];
	for (size_t i = 0; !has_own && !n_words && i < image->n_cmd; i++)
		command[at++] = image->cmd[i];
	*ret_command = command;
	if (command[0])
		return 0;
	r = fail(err, CROFT_STAGE_PREPARE, 0, "image %s does not say what it starts", args->image);
	fail_hint(err, "give the step an entrypoint: with: { entrypoint: ... }");
	return r;
}

static int run_action(const struct hook *hook, const struct job_image *image, struct job *job,
		      struct croft_error *err)
{
	struct run run = { .job = job };
	char **command = NULL;
	int r = build_command(hook, image, &command, err);

	if (r == 0)
		r = job_build(job, &hook->request->args, image, hook->store, hook->arena, err);
	run.command = command;
	return r < 0 ? r : run_in_room(&run, err);
}

int hook_container(const struct hook *hook, struct croft_error *err)
{
	const char *owner = arena_printf(hook->arena, "%s/container", hook->runner);
	struct job_image image = { 0 };
	struct croft_error late = { 0 };
	struct job job;
	int r = check_request(&hook->request->args, err), removed;

	if (r == 0)
		r = job_image_find(hook->request->args.image, hook->arena, &image, err);
	if (r == 0 && !owner)
		r = fail(err, CROFT_STAGE_PREPARE, ENOMEM, "start the action");
	if (r == 0)
		r = state_new(hook->store, owner, hook->arena, &job, err);
	if (r < 0)
		return r;
	r = run_action(hook, &image, &job, err);
	removed = state_remove(&job, &late);
	if (r != 0 || removed == 0)
		return r;
	*err = late;
	return removed;
}
