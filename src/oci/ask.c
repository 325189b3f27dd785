/* SPDX-License-Identifier: MIT */
/*
 * ask.c - asks the runtime below where a container's bundle is.
 *
 * The child has its own copy of everything. It writes to a pipe; what is more than
 * ANSWER_MAX is no state of a container.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "oci/below.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define ANSWER_MAX ((size_t)4 << 20) /* it repeats the annotations */
#define STACK_SIZE ((size_t)256 << 10)

struct question {
	const char *runtime;
	char **words;
	int out;
};

/* In a child. Returns only if that fails. */
static int ask(void *arg)
{
	const struct question *question = arg;

	if (sys_dup3(question->out, 1, 0) < 0)
		return EXIT_FAILURE;
	(void)sys_execve(question->runtime, question->words, environ);
	return EXIT_FAILURE;
}

/* The global options but where messages go, then "state ID". */
static char **make_words(const char *runtime, const struct call *call)
{
	static const char *const logs[] = { "--log", "--log-format", "--log-level" };
	static const char *const state = "state", *const end = "--";
	char **words = calloc((size_t)call->argc + 4, sizeof(*words));
	int n = 0;

	if (!words)
		return NULL;
	words[n++] = (char *)(uintptr_t)runtime;
	for (int i = 1; i < call->verb; i++) {
		bool is_log = false;

		for (size_t k = 0; k < ARRAY_SIZE(logs); k++) {
			size_t len = strlen(logs[k]);

			if (strncmp(call->argv[i], logs[k], len) != 0)
				continue;
			is_log |= call->argv[i][len] == '=';
			if (!call->argv[i][len]) {
				is_log = true;
				i++;
				break;
			}
		}
		if (!is_log)
			words[n++] = call->argv[i];
	}
	words[n++] = (char *)(uintptr_t)state;
	if (call->argv[call->id][0] == '-')
		words[n++] = (char *)(uintptr_t)end;
	words[n] = call->argv[call->id];
	return words;
}

static int wait_for(pid_t pid)
{
	int status = 0, r;

	do
		r = sys_wait4(pid, &status, 0, NULL);
	while (r == -EINTR);
	return r < 0 ? r : WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -ECHILD;
}

/* Runs it: the answer in `data`, NUL-terminated, and its length; or -errno. */
static ssize_t run(struct question *question, char *data)
{
	int pipe[2] = { -1, -1 };
	void *stack = NULL;
	ssize_t n;
	pid_t pid;
	int r = sys_pipe(pipe);

	if (r == 0)
		r = sys_mmap_stack(STACK_SIZE, &stack);
	if (r < 0) {
		fd_close(&pipe[0]);
		fd_close(&pipe[1]);
		return r;
	}
	question->out = pipe[1];
	pid = sys_clone(ask, (char *)stack + STACK_SIZE, SIGCHLD, question, NULL);
	(void)sys_munmap(stack, STACK_SIZE);
	fd_close(&pipe[1]);
	n = pid < 0 ? pid : fd_read_text(pipe[0], data, ANSWER_MAX);
	fd_close(&pipe[0]);
	if (pid > 0) {
		r = wait_for(pid);
		n = n < 0 || r == 0 ? n : r;
	}
	return n;
}

static int take_bundle(const char *data, size_t len, char ret_bundle[PATH_MAX])
{
	json_t *root =
		json_loadb(data, len, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, NULL);
	const char *bundle = json_string_value(json_object_get(root, "bundle"));
	int r = bundle && bundle[0] == '/' && strlen(bundle) < PATH_MAX ? 0 : -EBADMSG;

	if (r == 0)
		(void)snprintf(ret_bundle, PATH_MAX, "%s", bundle);
	json_decref(root);
	return r;
}

int below_ask_bundle(const char *runtime, const struct call *call, char ret_bundle[PATH_MAX],
		     struct croft_error *err)
{
	AUTO_FREE char **words = make_words(runtime, call);
	AUTO_FREE char *data = malloc(ANSWER_MAX);
	struct question question = { .runtime = runtime, .words = words };
	ssize_t n = words && data ? run(&question, data) : -ENOMEM;
	int r = n < 0 ? (int)n : take_bundle(data, (size_t)n, ret_bundle);

	if (r < 0 && r != -ECHILD)
		return fail(err, CROFT_STAGE_PREPARE, -r, "ask '%s' for the state of '%.100s'",
			    runtime, call->argv[call->id]);
	if (r < 0)
		return fail(err, CROFT_STAGE_PREPARE, 0,
			    "'%s' has no container '%.100s' that croft could confine a program in",
			    runtime, call->argv[call->id]);
	return 0;
}
