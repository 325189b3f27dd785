/* SPDX-License-Identifier: MIT */
/*
 * main.c - croft-gha: the container hook of GitHub's runner, people call it as `croft gha-hook`.
 *
 *	exec /usr/bin/croft gha-hook        the one line of the file that the runner is told of
 *
 * Reads one request from standard input, does it, answers. Exit status: 0; a step's own; 125 with
 * one
 * "::error title=croft::" line for every failure of croft's. Without arguments but --help; what
 * it is told it is told by the request and the environment (docs/commands/gha-hook.md).
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/cli.h"
#include "gha/annotate.h"
#include "gha/hook.h"
#include "gha/response.h"
#include "sys/calls.h"
#include "sys/fd.h"

static int read_request(struct arena *arena, struct request *request, struct croft_error *err)
{
	AUTO_FREE char *data = malloc(CONTRACT_MAX_BYTES + 1);
	ssize_t n = data ? fd_read_text(STDIN_FILENO, data, CONTRACT_MAX_BYTES + 1) : -ENOMEM;

	if (n == -EFBIG)
		return fail(err, CROFT_STAGE_USAGE, 0, "the runner's request is larger than %u MiB",
			    CONTRACT_MAX_BYTES >> 20);
	if (n < 0)
		return fail(err, CROFT_STAGE_USAGE, (int)-n, "read the runner's request");
	return contract_parse(data, (size_t)n, arena, request, err);
}

/* Whose jobs are ours: the runner's own temporary folder, which no two runners share. */
static int find_runner(char ret[PATH_MAX], struct croft_error *err)
{
	const char *temp = getenv("RUNNER_TEMP");
	int r;

	if (!temp || temp[0] != '/') {
		(void)fail(err, CROFT_STAGE_USAGE, 0, "RUNNER_TEMP is not set");
		fail_hint(err, "croft gha-hook is to be called by GitHub's runner, which sets it");
		return -EINVAL;
	}
	r = state_real_path(temp, ret);
	return r < 0 ? fail(err, CROFT_STAGE_USAGE, -r, "RUNNER_TEMP '%s'", temp) : 0;
}

static int serve(const struct hook *hook, struct croft_error *err)
{
	static int (*const calls[])(const struct hook *hook, struct croft_error *err) = {
		hook_prepare,
		hook_script,
		hook_container,
		hook_cleanup,
	};
	const struct request *request = hook->request;
	int r = 0;

	/* what cannot be answered is not begun; a cleanup is done all the same */
	if (request->command != REQUEST_CLEANUP)
		r = response_check(request->response_file, err);
	return r < 0 ? r : calls[request->command](hook, err);
}

static int run_hook(struct arena *arena)
{
	struct croft_error err = { 0 };
	char store[PATH_MAX], runner[PATH_MAX];
	struct request request = { 0 };
	const struct hook hook = { &request, store, runner, arena };
	int r = read_request(arena, &request, &err);

	if (r == 0)
		r = find_runner(runner, &err);
	if (r == 0)
		r = state_store(store, &err);
	if (r == 0)
		r = serve(&hook, &err);
	if (*err.what && (r < 0 || r == 126 || r == 127))
		annotate_failure(ANNOTATE_ERROR, &err);
	else if (r < 0)
		annotate(ANNOTATE_ERROR, "croft gha-hook has failed and cannot say why");
	return r < 0 ? EXIT_CROFT : r;
}

static int parse_words(int argc, char *const argv[], bool *ret_done, struct croft_error *err)
{
	struct option_list list;
	int r = options_parse(CMD_GHA_HOOK, argc, argv, 1, &list, err);

	if (r < 0)
		return r;
	*ret_done = options_has(&list, OPT_HELP);
	if (*ret_done)
		r = cli_help(&list, CMD_GHA_HOOK);
	else if (list.next < argc)
		r = fail(err, CROFT_STAGE_USAGE, 0, "croft gha-hook takes no '%s'",
			 argv[list.next]);
	options_done(&list);
	return r;
}

int main(int argc, char *argv[])
{
	const struct sys_sigaction ignored = { .handler = SIG_IGN };
	struct croft_error err = { 0 };
	struct arena arena;
	bool is_done = false;
	int status = parse_words(argc, argv, &is_done, &err);

	if (status < 0)
		return cli_fail(&err);
	if (is_done)
		return status;
	(void)sys_sigaction(SIGPIPE, &ignored, NULL); /* a log that went away is no reason to end */
	arena_init(&arena, 2 * (size_t)CONTRACT_ARENA);
	status = run_hook(&arena);
	arena_done(&arena);
	return status;
}
