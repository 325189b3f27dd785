/* SPDX-License-Identifier: MIT */
/*
 * actions.c - Dockerfile actions, found in the runner's folder of actions before the job begins.
 *
 * The runner empties _work/_actions and fetches what the workflow uses before it calls
 * prepare_job: OWNER/REPO/REF[/PATH]/action.yml. One that is built from a Dockerfile would fail
 * when its
 * step is reached, after everything else has run; so it is told now. A file is not read as YAML: a
 * line "image: ...Dockerfile..." is what such an action must have, and no other kind has a key
 * `image`. What only looks like one, or is built deeper in a repository than is looked, is told by
 * run_container_step.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "elf/root.h"
#include "gha/hook.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define ACTION_MAX_BYTES (256U << 10)
#define DEPTH_MAX 4 /* owner, repository, reference, and actions beside it in folders */
#define LOOKED_MAX 4096 /* folders */

struct search {
	struct arena *arena;
	struct croft_error *err;
	unsigned n_looked, depth;
	const char *dir;
};

static bool is_built(const char *text)
{
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		while (*line == ' ' || *line == '\t')
			line++;
		if (!strncmp(line, "image:", 6)) {
			size_t len = strcspn(line, "\n");
			const char *value = line + 6 + strspn(line + 6, " \t'\"");
			const char *name = strstr(value, "Dockerfile");

			if (name && name < line + len && strncmp(value, "docker://", 9))
				return true;
		}
		if (!*line)
			break;
	}
	return false;
}

static int look_at(struct search *search, const char *name)
{
	AUTO_FREE char *data = malloc(ACTION_MAX_BYTES + 1);
	const char *path = arena_path(search->arena, search->dir, name);
	ssize_t n =
		data && path ? fd_read_now(AT_FDCWD, path, data, ACTION_MAX_BYTES + 1) : -ENOMEM;

	if (n < 0 || !is_built(data))
		return 0;
	(void)fail(search->err, CROFT_STAGE_PREPARE, 0,
		   "an action of this job is built from a Dockerfile, which this runner cannot: %s",
		   path);
	fail_hint(search->err,
		  "use an action that runs in node or in the shell, or a runner with Docker");
	return -ENOTSUP;
}

static int look_below(void *context, const char *name);

static int look_in(struct search *search)
{
	const struct root host = { .fd = -1, .path = "/" };
	struct root_dir dir;
	int r;

	if (search->n_looked++ >= LOOKED_MAX || root_open_dir(&host, search->dir, &dir) < 0)
		return 0; /* no folder: nothing to tell */
	r = root_dir_list(&dir, look_below, search);
	root_dir_done(&dir);
	return r;
}

static int look_below(void *context, const char *name)
{
	struct search *search = context, below = *search;
	struct stat st;
	int r;

	if (!strcmp(name, "action.yml") || !strcmp(name, "action.yaml"))
		return search->depth >= 3 ? look_at(search, name) : 0;
	below.dir = arena_path(search->arena, search->dir, name);
	if (!below.dir || name[0] == '.' || search->depth >= DEPTH_MAX ||
	    sys_fstatat(AT_FDCWD, below.dir, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))
		return 0;
	below.depth++;
	r = look_in(&below);
	search->n_looked = below.n_looked;
	return r;
}

int actions_check(const struct job *job, struct arena *arena, struct croft_error *err)
{
	struct search search = { .arena = arena, .err = err };

	for (size_t i = 0; i < job->n_mounts; i++)
		if (!strcmp(job->mounts[i].path, "/__w/_actions"))
			search.dir = job->mounts[i].host;
	return search.dir ? look_in(&search) : 0;
}
