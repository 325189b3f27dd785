/* SPDX-License-Identifier: MIT */
/*
 * fuzz_gha.c - what the runner hands over: requests, command lines broken at blanks, options; and
 * a job's state.
 *
 * Beside memory errors it looks for a target that is not absolute, a variable without a name, a
 * job whose id is
 * no id, and a line of ours that is more than one or begins another command.
 */
#include "gha/annotate.h"
#include "gha/contract.h"
#include "gha/options.h"
#include "gha/quote.h"
#include "gha/state_file.h"

#include "check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_request(const struct request *request)
{
	const struct request_args *args = &request->args;

	assert(request->response_file[0] == '/');
	assert(!*request->job || strlen(request->job) == JOB_ID_SIZE - 1);
	for (size_t i = 0; i < args->n_mounts; i++)
		assert(args->mounts[i].target[0] == '/');
	for (size_t i = 0; i < args->n_env; i++)
		assert(args->env[i].name[0] && !strchr(args->env[i].name, '=') &&
		       args->env[i].value);
}

static void check_line(const char *text)
{
	struct buf line = BUF_INIT(65536);

	annotate_line(&line, ANNOTATE_ERROR, text);
	assert(strchr(buf_text(&line), '\n') == buf_text(&line) + line.len - 1);
	assert(!strchr(buf_text(&line), '\r') && !strstr(buf_text(&line), "##["));
	buf_done(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct croft_error err = { 0 };
	struct job_options options;
	struct request request;
	struct job job = { .lock = -1 };
	struct arena arena;
	char **words, *text;
	size_t n;

	arena_init(&arena, CONTRACT_ARENA);
	if (contract_parse((const char *)data, size, &arena, &request, &err) == 0)
		check_request(&request);
	else
		check_line(err.what);
	(void)state_file_parse((const char *)data, size, &arena, &job, &err);
	text = arena_strndup(&arena, (const char *)data, size);
	if (text) {
		check_line(text);
		if (quote_split(&arena, "fuzz", text, &words, &n, &err) == 0)
			assert(!words[n]);
		if (options_read(text, &arena, &options, &err) == 0)
			assert(options.n_words >= 2);
	}
	arena_done(&arena);
	return 0;
}
