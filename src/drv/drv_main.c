/* SPDX-License-Identifier: MIT */
/*
 * drv_main.c - the command line of croft nix-drv.
 *
 *	croft nix-drv [options] FILE.drv
 *
 * Names that are handed on (to mounts, to a later call) are made absolute here: by the true name of
 * a directory that is opened, so that a link or ".." in what the user wrote is settled once.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/cli.h"
#include "drv/drv.h"
#include "drv/spec.h"
#include "sys/calls.h"
#include "sys/fd.h"
#include "sys/path.h"

#define WORDS_MAX 128 /* of one kind */
#define OUT_DEFAULT "result"
#define SAMPLE "croft nix-drv --out ./result /nix/store/...-hello.drv"

struct call {
	struct arena arena;
	struct drv_request request;
	const char *run_options[WORDS_MAX], *mounts[WORDS_MAX];
	bool wants_help, wants_help_all;
};

static int add_word(const char *words[WORDS_MAX], size_t *n, const char *word,
		    const struct option_word *option, struct croft_error *err)
{
	if (*n == WORDS_MAX)
		return fail(err, CROFT_STAGE_USAGE, E2BIG, "%s", option_origin(option->id));
	words[(*n)++] = word;
	return 0;
}

static int take_run_option(struct call *call, const struct option_word *word,
			   struct croft_error *err)
{
	size_t *n = &call->request.options.n_run_options;
	int r = add_word(call->run_options, n, option_origin(word->id), word, err);

	return r == 0 ? add_word(call->run_options, n, word->value, word, err) : r;
}

static int take_option(struct call *call, const struct option_word *word, struct croft_error *err)
{
	struct drv_request *request = &call->request;

	if (word->value && !*word->value)
		return fail(err, CROFT_STAGE_USAGE, 0, "%s: the value is empty",
			    option_origin(word->id));
	switch (word->id) {
	case OPT_OUT:
		request->out = word->value;
		return 0;
	case OPT_STORE:
		request->store = word->value;
		return 0;
	case OPT_CLOSURE:
		request->closure = word->value;
		return 0;
	case OPT_SHELL:
		request->shell_dir = word->value;
		return 0;
	case OPT_KEEP_FAILED:
		request->keeps_failed = true;
		return 0;
	case OPT_JSON:
		request->wants_json = true;
		return 0;
	case OPT_SH:
		request->options.shell = word->value;
		return 0;
	case OPT_MOUNT:
		return add_word(call->mounts, &request->options.n_mounts, word->value, word, err);
	case OPT_HELP:
		call->wants_help = true;
		call->wants_help_all = word->value != NULL;
		return 0;
	default: /* --limit, --time, --grace: croft run's own */
		return take_run_option(call, word, err);
	}
}

/* Options before the file and behind it. */
static int parse(struct call *call, int argc, char *const argv[], struct croft_error *err)
{
	int r;

	for (int at = 1; at < argc;) {
		struct option_list list;

		r = options_parse(CMD_NIX_DRV, argc, argv, at, &list, err);
		if (r < 0)
			return r;
		for (size_t i = 0; i < list.n && r == 0; i++)
			r = take_option(call, &list.words[i], err);
		at = list.next;
		options_done(&list);
		if (r < 0)
			return r;
		if (at < argc && call->request.file)
			return fail(err, CROFT_STAGE_USAGE, 0, "one file is built, not '%s' too",
				    argv[at]);
		if (at < argc)
			call->request.file = argv[at++];
	}
	if (call->request.file || call->wants_help)
		return 0;
	r = fail(err, CROFT_STAGE_USAGE, 0, "no derivation to build");
	fail_hint(err, "for example: " SAMPLE);
	return r;
}

/* The true name of a directory. */
static int find_directory(struct arena *arena, const char *path, const char **ret_path,
			  struct croft_error *err)
{
	AUTO_FD int fd = sys_openat(AT_FDCWD, path, O_PATH | O_DIRECTORY, 0);
	char link[64], name[PATH_MAX];
	ssize_t len = fd;

	if (fd >= 0) {
		(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		len = sys_readlinkat(AT_FDCWD, link, name, sizeof(name) - 1);
	}
	if (len < 0)
		return fail(err, CROFT_STAGE_USAGE, (int)-len, "open the directory '%s'", path);
	*ret_path = arena_strndup(arena, name, (size_t)len);
	if (!*ret_path)
		return fail(err, CROFT_STAGE_USAGE, ENOMEM, "open the directory '%s'", path);
	return 0;
}

/* The name of something that is not there, in a directory that is. */
static int find_new(struct arena *arena, const char *path, const char **ret_path,
		    struct croft_error *err)
{
	const char *slash, *name, *dir, *parent = NULL;
	char *copy = arena_strdup(arena, path);
	struct stat st;
	int r;

	for (size_t len = copy ? strlen(copy) : 0; len > 1 && copy[len - 1] == '/'; len--)
		copy[len - 1] = '\0';
	slash = copy ? strrchr(copy, '/') : NULL;
	name = slash ? slash + 1 : copy;
	dir = !slash          ? "."
	      : slash == copy ? "/"
			      : arena_strndup(arena, copy, (size_t)(slash - copy));
	if (!copy || !dir)
		return fail(err, CROFT_STAGE_USAGE, ENOMEM, "make the result '%s'", path);
	if (!*name || !strcmp(name, ".") || !strcmp(name, ".."))
		return fail(err, CROFT_STAGE_USAGE, 0, "--out: '%s' is no name of its own", path);
	r = find_directory(arena, dir, &parent, err);
	if (r < 0)
		return r;
	*ret_path = arena_path(arena, parent, name);
	if (!*ret_path)
		return fail(err, CROFT_STAGE_USAGE, ENOMEM, "make the result '%s'", path);
	r = sys_fstatat(AT_FDCWD, *ret_path, &st, AT_SYMLINK_NOFOLLOW);
	if (r == -ENOENT)
		return 0;
	r = fail(err, CROFT_STAGE_USAGE, r == 0 ? EEXIST : -r, "make the result '%s'", path);
	fail_hint(err, "name another directory: --out DIR");
	return r;
}

static int settle(struct call *call, struct croft_error *err)
{
	struct drv_request *request = &call->request;
	int r = 0;

	request->options.run_options = call->run_options;
	request->options.mounts = call->mounts;
	if (request->shell_dir) {
		if (request->keeps_failed || request->wants_json || request->out)
			return fail(err, CROFT_STAGE_USAGE, 0,
				    "--shell builds nothing: no --out, --keep-failed or --json");
		r = find_directory(&call->arena, request->shell_dir, &request->shell_dir, err);
		request->out = "./" OUT_DEFAULT;
	} else {
		r = find_new(&call->arena, request->out ? request->out : OUT_DEFAULT, &request->out,
			     err);
	}
	if (r == 0 && request->store)
		r = find_directory(&call->arena, request->store, &request->store, err);
	return r;
}

static int build(struct call *call)
{
	struct croft_error err = { 0 };
	struct drv_job job = { .arena = &call->arena, .request = &call->request };
	int status;

	if (drv_job_load(&job, &err) < 0)
		status = cli_fail(&err);
	else
		status = drv_job_run(&job);
	drv_job_done(&job);
	return status;
}

int drv_main(int argc, char *const argv[])
{
	struct croft_error err = { 0 };
	struct call call = { 0 };
	int r, status;

	arena_init(&call.arena, DRV_ARENA);
	r = parse(&call, argc, argv, &err);
	if (r == 0 && !call.wants_help)
		r = settle(&call, &err);
	if (r < 0) {
		status = cli_fail(&err);
	} else if (call.wants_help) {
		struct buf text = BUF_INIT(TEXT_MAX);

		options_help(&text, CMD_NIX_DRV, call.wants_help_all);
		status = cli_print(&text);
		buf_done(&text);
	} else {
		status = build(&call);
	}
	arena_done(&call.arena);
	return status;
}
