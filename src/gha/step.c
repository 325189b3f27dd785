/* SPDX-License-Identifier: MIT */
/*
 * step.c - run_script_step: a `run:` step or a JavaScript action, in the job's room.
 *
 * Each step is a sandbox of its own over the same upper layer; what it leaves running ends with it.
 */
#include <errno.h>
#include <string.h>

#include "gha/annotate.h"
#include "gha/hook.h"
#include "gha/quote.h"
#include "gha/response.h"
#include "gha/run.h"

/* The entry point as one word, then the arguments, which came broken at blanks. */
static int build_command(const struct hook *hook, char ***ret_command, struct croft_error *err)
{
	const struct request_args *args = &hook->request->args;
	char **words = NULL, **command;
	size_t n = 0;
	int r;

	if (!args->entrypoint || !*args->entrypoint)
		return fail(err, CROFT_STAGE_USAGE, 0,
			    "the runner's request: the step has no entryPoint");
	r = quote_rejoin(hook->arena, "the arguments of the step", args->words, args->n_words,
			 &words, &n, err);
	if (r < 0)
		return r;
	command = arena_calloc(hook->arena, n + 2, sizeof(*command));
	if (!command)
		return fail(err, CROFT_STAGE_USAGE, ENOMEM, "start the step");
	command[0] = arena_strdup(hook->arena, args->entrypoint);
	if (!command[0])
		return fail(err, CROFT_STAGE_USAGE, ENOMEM, "start the step");
	memcpy(command + 1, words, n * sizeof(*command));
	*ret_command = command;
	return 0;
}

static int run_step(const struct hook *hook, const struct job *job, char *const *command,
		    struct croft_error *err)
{
	const struct request *request = hook->request;
	const struct request_args *args = &request->args;
	struct run run = { .job = job,
			   .workdir = args->workdir,
			   .env = args->env,
			   .n_env = args->n_env,
			   .prepend_path = args->prepend_path,
			   .n_prepend_path = args->n_prepend_path,
			   .command = command };
	struct croft_error late = { 0 };
	int r = run_in_room(&run, err), written;

	if (r < 0)
		return r;
	written = response_write(request->response_file, job, false, &late);
	if (written == 0 || r != 0)
		return r;
	if (err)
		*err = late;
	return written;
}

int hook_script(const struct hook *hook, struct croft_error *err)
{
	char **command = NULL;
	struct job job;
	int r;

	if (!*hook->request->job) {
		(void)fail(err, CROFT_STAGE_PREPARE, 0, "the step belongs to no job of this hook");
		fail_hint(err, "prepare_job has to come before it: does the job have a container?");
		return -ENOENT;
	}
	r = build_command(hook, &command, err);
	if (r == 0)
		r = state_load(hook->store, hook->request->job, hook->runner, hook->arena, &job,
			       err);
	if (r < 0)
		return r;
	r = run_step(hook, &job, command, err);
	state_done(&job);
	return r;
}
