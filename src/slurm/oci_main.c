/* SPDX-License-Identifier: MIT */
/*
 * oci_main.c - croft-slurm-oci: what oci.conf names, so that srun --container runs in a room.
 *
 *	croft-slurm-oci [--state DIR] [--profile PROFILE] --user USER run ID BUNDLE
 *	croft-slurm-oci [--state DIR] --user USER state|kill|delete ID [SIGNAL]
 *
 * `run` reads what slurmstepd has made of the bundle and becomes `croft run --root`, which lies
 * beside this program: the same process, so that its end is the task's. The other three come as
 * root, after the end too, from a program that has seen nothing of it but the name; they go by the
 * note that `run` has left (record.h). Not for people, and so without a page of options.
 *
 * Exit status of run: as of croft run. Of the others: 0, 1 where there is no such container, 125.
 */
#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/num.h"
#include "cli/beside.h"
#include "cli/cli.h"
#include "slurm/bundle.h"
#include "slurm/record.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define NO_SUCH 1
#define USER_ROOM ((size_t)64 * 1024) /* for the texts of one user */
#define OPTIONS_MAX ((size_t)32 << 20)

struct call {
	const char *base, *profile;
	uid_t uid;
	bool has_user;
	const char *verb, *id;
	int n_rest;
	char *const *rest;
	struct records records;
};

static int misuse(struct croft_error *err, const char *what)
{
	int r = fail(err, CROFT_STAGE_USAGE, 0, "%s", what);

	fail_hint(err, "examples/slurm/oci.conf has the lines for Slurm");
	return r;
}

/* A name, since Slurm 22.05 tells no other; or a number. */
static int find_user(const char *word, uid_t *ret_uid, struct croft_error *err)
{
	AUTO_FREE char *room = malloc(USER_ROOM);
	struct passwd user, *found = NULL;
	uint64_t number;
	int r;

	if (num_parse(word, 0, UINT32_MAX - 1, &number) == 0) {
		*ret_uid = (uid_t)number;
		return 0;
	}
	r = room ? getpwnam_r(word, &user, room, USER_ROOM, &found) : ENOMEM;
	if (!found)
		return fail(err, CROFT_STAGE_USAGE, r, "--user %.100s: there is no such user",
			    word);
	*ret_uid = found->pw_uid;
	return 0;
}

static int take_option(struct call *call, const char *name, const char *value,
		       struct croft_error *err)
{
	if (!strcmp(name, "--state")) {
		call->base = value;
	} else if (!strcmp(name, "--profile")) {
		call->profile = value;
	} else if (!strcmp(name, "--user")) {
		call->has_user = true;
		return find_user(value, &call->uid, err);
	} else {
		return misuse(err, "an unknown option");
	}
	return 0;
}

static int parse(struct call *call, int argc, char *const argv[], struct croft_error *err)
{
	int at = 1, r = 0;

	call->base = "/tmp";
	for (; at + 1 < argc && argv[at][0] == '-' && r == 0; at += 2)
		r = take_option(call, argv[at], argv[at + 1], err);
	if (r < 0)
		return r;
	if (argc - at < 2 || !call->has_user)
		return misuse(err, "--user, a verb and a container are needed");
	call->verb = argv[at];
	call->id = argv[at + 1];
	call->rest = argv + at + 2;
	call->n_rest = argc - at - 2;
	return record_check_id(call->id, err);
}

/* The words go through memory, not the command line: everybody could read the variables there. */
static int write_options(const struct buf *options, int *ret_fd, struct croft_error *err)
{
	AUTO_FD int fd =
		(int)sys_raw(__NR_memfd_create, (long)(uintptr_t) "croft-options", 0, 0, 0, 0, 0);
	long r = fd < 0 ? fd : fd_write_all(fd, buf_text(options), options->len);

	if (r == 0)
		r = sys_raw(__NR_lseek, fd, 0, SEEK_SET, 0, 0, 0);
	if (r < 0)
		return fail(err, CROFT_STAGE_PREPARE, (int)-r, "write croft's options");
	*ret_fd = fd_take(&fd);
	return 0;
}

static int make_directory(const char *path, struct croft_error *err)
{
	int r = sys_mkdirat(AT_FDCWD, path, 0755);

	return r < 0 ? fail(err, CROFT_STAGE_PREPARE, -r, "make '%s'", path) : 0;
}

/* What bundle_options names in there. */
static int fill_scratch(const struct bundle *bundle, const char *scratch, struct croft_error *err)
{
	char path[PATH_MAX + 32];
	int r = 0;

	(void)snprintf(path, sizeof(path), "%s/root", scratch);
	if (!bundle->is_read_only)
		r = make_directory(path, err);
	for (size_t i = 0; i < bundle->n_mounts && r == 0; i++) {
		(void)snprintf(path, sizeof(path), "%s/empty-%zu", scratch, i);
		if (!bundle->mounts[i].source)
			r = make_directory(path, err);
	}
	return r;
}

/* Returns only if it failed. */
static int become_croft(const struct bundle *bundle, int options, struct croft_error *err)
{
	char number[16];
	const char *const before[] = { "croft", "run", "--options-fd", number, "--" };
	AUTO_FREE char **words = calloc(bundle->n_args + ARRAY_SIZE(before) + 1, sizeof(*words));
	size_t n = 0;

	if (!words)
		return fail(err, CROFT_STAGE_START, ENOMEM, "start croft");
	(void)snprintf(number, sizeof(number), "%d", options);
	for (size_t i = 0; i < ARRAY_SIZE(before); i++)
		words[n++] = (char *)(uintptr_t)before[i]; /* execve changes none */
	for (size_t i = 0; i < bundle->n_args; i++)
		words[n++] = (char *)(uintptr_t)bundle->args[i];
	return beside_run("croft", "it runs the container", (int)n, words, err);
}

static int run_in(struct call *call, struct arena *arena, struct croft_error *err)
{
	AUTO_BUF struct buf options = BUF_INIT(OPTIONS_MAX);
	AUTO_FD int fd = -1;
	char scratch[PATH_MAX];
	struct bundle bundle = { 0 };
	int r = call->n_rest == 1 && call->rest[0][0] == '/'
			? bundle_load(arena, call->rest[0], &bundle, err)
			: misuse(err, "run needs the absolute path of a bundle");

	if (r == 0)
		r = record_begin(&call->records, call->id, scratch, sizeof(scratch), err);
	if (r < 0)
		return r;
	r = fill_scratch(&bundle, scratch, err);
	bundle_options(&options, &bundle, call->profile, scratch);
	if (r == 0 && buf_error(&options) < 0)
		r = fail(err, CROFT_STAGE_PREPARE, -buf_error(&options), "croft's options");
	if (r == 0)
		r = write_options(&options, &fd, err);
	if (r == 0)
		r = become_croft(&bundle, fd, err);
	(void)record_remove(&call->records, call->id, NULL);
	return r;
}

static int run(struct call *call, struct croft_error *err)
{
	struct arena arena;
	int r;

	arena_init(&arena, BUNDLE_ARENA_MAX);
	r = run_in(call, &arena, err);
	arena_done(&arena);
	return r;
}

/* runc's form, as far as Slurm reads it. */
static int state(struct call *call, struct croft_error *err)
{
	AUTO_BUF struct buf buf = BUF_INIT(4096);
	struct record record;
	struct json json;
	bool is_alive;
	int r = record_load(&call->records, call->id, &record, err);

	if (r < 0)
		return r;
	is_alive = record_is_alive(&record);
	json_init(&json, &buf);
	json_object_begin(&json);
	json_key(&json, "ociVersion");
	json_string(&json, "1.0.2");
	json_key(&json, "id");
	json_string(&json, call->id);
	json_key(&json, "status");
	json_string(&json, is_alive ? "running" : "stopped");
	json_key(&json, "pid");
	json_uint(&json, is_alive ? (uint64_t)record.pid : 0);
	json_key(&json, "bundle");
	json_string(&json, "");
	json_object_end(&json);
	buf_putc(&buf, '\n');
	return cli_print(&buf) ? -EIO : 0;
}

static int send_signal(struct call *call, struct croft_error *err)
{
	uint64_t sig = SIGTERM;
	struct record record;
	int r = 0;

	if (call->n_rest && num_parse(call->rest[0], 1, 64, &sig) < 0)
		r = !strcmp(call->rest[0], "SIGKILL") || !strcmp(call->rest[0], "KILL") ? 1
		    : !strcmp(call->rest[0], "SIGTERM") || !strcmp(call->rest[0], "TERM")
			    ? 0
			    : misuse(err, "kill takes a number, TERM or KILL");
	if (r < 0)
		return r;
	if (r == 1)
		sig = SIGKILL;
	r = record_load(&call->records, call->id, &record, err);
	return r < 0 ? r : record_kill(&record, (int)sig, err);
}

static int delete_it(struct call *call, struct croft_error *err)
{
	struct record record;

	if (record_load(&call->records, call->id, &record, NULL) == 0 && record_is_alive(&record))
		return fail(err, CROFT_STAGE_USAGE, EBUSY, "the container '%s' is running",
			    call->id);
	return record_remove(&call->records, call->id, err);
}

static const struct {
	const char *name;
	int (*fn)(struct call *call, struct croft_error *err);
} verbs[] = {
	{ "run", run },
	{ "state", state },
	{ "kill", send_signal },
	{ "delete", delete_it },
};

static int do_call(struct call *call, struct croft_error *err)
{
	int r = record_become(call->uid, err);

	if (r == 0)
		r = records_open(call->base, &call->records, err);
	if (r < 0)
		return r;
	for (size_t i = 0; call->verb && i < ARRAY_SIZE(verbs); i++)
		if (!strcmp(call->verb, verbs[i].name))
			return verbs[i].fn(call, err);
	return misuse(err, "the verbs are run, state, kill and delete");
}

/* `run` has other things that may not be there. */
static bool is_missing(const struct call *call, int r)
{
	return r == -ENOENT && call->verb && strcmp(call->verb, "run") != 0;
}

int main(int argc, char *argv[])
{
	struct croft_error err = { 0 };
	struct call call = { .records = { .fd = -1 } };
	int r = parse(&call, argc, argv, &err), status = 0;

	if (r == 0)
		r = do_call(&call, &err);
	records_done(&call.records);
	if (r < 0 && *err.what)
		status = cli_fail(&err);
	if (r < 0)
		status = is_missing(&call, r) ? NO_SUCH : EXIT_CROFT;
	return status;
}
