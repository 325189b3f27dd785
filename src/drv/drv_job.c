/* SPDX-License-Identifier: MIT */
/*
 * drv_job.c - all that is known of a build before it begins.
 *
 * Whatever a derivation asks for that croft does not do is refused here, before anything is made:
 * another system's builder, outputs by content, builders inside Nix, graphs, checks.
 */
#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/cleanup.h"
#include "drv/drv.h"
#include "drv/spec.h"
#include "sys/calls.h"
#include "sys/path.h"

#define STORE_IN_ROOT "/nix/store"
#define STATE_IN_ROOT "/nix/var/nix"
#define DATABASE "db/db.sqlite"

static int no_memory(struct croft_error *err)
{
	return fail(err, CROFT_STAGE_USAGE, ENOMEM, "read the derivation");
}

static int check_system(const char *system, struct croft_error *err)
{
	static const struct {
		const char *machine, *systems[2];
	} known[] = {
		{ "x86_64", { "x86_64-linux", "i686-linux" } },
		{ "aarch64", { "aarch64-linux", "armv7l-linux" } },
	};
	struct utsname host;
	int r = sys_uname(&host);

	if (r < 0)
		return fail(err, CROFT_STAGE_HOST, -r, "ask what this machine is");
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(known[i].machine, host.machine) &&
		    (!strcmp(known[i].systems[0], system) || !strcmp(known[i].systems[1], system)))
			return 0;
	return fail(err, CROFT_STAGE_HOST, 0, "the derivation is for '%s', and this machine is %s",
		    system, host.machine);
}

/* Where Nix keeps its database: as Nix itself finds that out. */
static const char *find_database(const struct drv_job *job)
{
	const char *state = getenv("NIX_STATE_DIR"), *parent;

	if (job->request->store)
		return arena_printf(job->arena, "%s" STATE_IN_ROOT "/" DATABASE,
				    job->request->store);
	if (state && *state == '/')
		return arena_path(job->arena, state, DATABASE);
	parent = strrchr(job->drv.store_dir, '/');
	return arena_printf(job->arena, "%.*s/var/nix/" DATABASE,
			    (int)(parent - job->drv.store_dir), job->drv.store_dir);
}

/* What a missing input needs: only the first line of each way knows it. */
static void hint_missing(const struct drv_job *job, struct croft_error *err)
{
	fail_hint(err, "nix-store -r $(nix-store -q --references %s)", job->request->file);
}

static int find_closure(struct drv_job *job, struct croft_error *err)
{
	const struct drv_request *request = job->request;
	struct path_list direct;
	const char *database;
	int r = graph_direct(job->arena, &job->drv, job->real_store, &direct, err);

	if (r < 0)
		return r;
	if (request->closure) {
		r = graph_load_list(job->arena, request->closure, job->drv.store_dir, &direct,
				    &job->closure, err);
	} else {
		database = find_database(job);
		r = database ? graph_open(database, &job->graph, err) : no_memory(err);
		if (r < 0)
			return r;
		r = graph_closure(&job->graph, job->arena, job->drv.store_dir, &direct,
				  &job->closure, err);
	}
	if (r == -ENOENT && !err->hint[0])
		hint_missing(job, err);
	return r;
}

/* What the database has may be gone, and a list may be of another machine. */
static int check_inputs(const struct drv_job *job, struct croft_error *err)
{
	char path[PATH_MAX];
	struct stat st;

	for (size_t i = 0; i < job->closure.n; i++) {
		const char *name = store_name(job->drv.store_dir, job->closure.paths[i]);
		int r = path_child(path, job->real_store, name)
				? sys_fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW)
				: -ENAMETOOLONG;

		if (r < 0) {
			r = fail(err, CROFT_STAGE_PREPARE, -r, "the input '%s'",
				 job->closure.paths[i]);
			hint_missing(job, err);
			return r;
		}
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	const char *const *left = a, *const *right = b;

	return strcmp(*left, *right);
}

static int list_candidates(struct drv_job *job, struct croft_error *err)
{
	const char **paths =
		arena_calloc(job->arena, job->closure.n + job->drv.n_outputs, sizeof(*paths));
	size_t n = 0;

	if (!paths)
		return no_memory(err);
	for (; n < job->closure.n; n++)
		paths[n] = job->closure.paths[n];
	for (size_t i = 0; i < job->drv.n_outputs; i++) {
		const char *path = job->drv.outputs[i].path;

		if (path_list_has(&job->closure, path))
			return fail(err, CROFT_STAGE_USAGE, 0,
				    "the output '%s' is one of its own inputs", path);
		paths[n++] = path;
	}
	qsort(paths, n, sizeof(*paths), compare);
	job->candidates = (struct path_list){ .paths = paths, .n = n };
	return 0;
}

/* As nproc(1) counts. */
static unsigned count_cores(void)
{
	unsigned long mask[128] = { 0 };
	long len = sys_raw(__NR_sched_getaffinity, 0, (long)sizeof(mask), (long)(uintptr_t)mask, 0,
			   0, 0);
	unsigned n = 0;

	for (size_t i = 0; len > 0 && i < (size_t)len / sizeof(*mask); i++)
		n += (unsigned)__builtin_popcountl(mask[i]);
	return n ? n : 1;
}

static const char *look_up(const char *name)
{
	return getenv(name);
}

int drv_job_load(struct drv_job *job, struct croft_error *err)
{
	const struct drv_request *request = job->request;
	int r = drv_load(job->arena, request->file, &job->drv, err);

	if (r == 0)
		r = attrs_load(&job->drv, &job->attrs, err);
	if (r == 0)
		r = attrs_check(&job->attrs, &job->drv, request->file, err);
	if (r == 0)
		r = check_system(job->drv.system, err);
	if (r < 0)
		return r;
	job->real_store = request->store
				  ? arena_printf(job->arena, "%s" STORE_IN_ROOT, request->store)
				  : job->drv.store_dir;
	if (!job->real_store)
		return no_memory(err);
	r = find_closure(job, err);
	if (r == 0)
		r = check_inputs(job, err);
	if (r == 0)
		r = list_candidates(job, err);
	if (r == 0)
		r = checks_load(&job->attrs, &job->drv, &job->graph, job->arena, &job->checks, err);
	return r == 0 ? drv_env_make(job->arena, &job->drv, &job->attrs, count_cores(), look_up,
				     &job->env, err)
		      : r;
}

void drv_job_done(struct drv_job *job)
{
	attrs_done(&job->attrs);
	graph_done(&job->graph);
}
