/* SPDX-License-Identifier: MIT */
/*
 * preflight.c - would the shell of `run:` steps start, and the runner's node?
 *
 * The shell is asked for by `croft image check`, as anybody would ask it, with the workflow's
 * mounts in
 * place: an image may have its shell from a mounted /nix/store. node is libc.h's.
 * CROFT_GHA_PREFLIGHT=warning
 * makes warnings of what would be errors: for jobs whose steps name their own shell.
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "elf/root.h"
#include "gha/annotate.h"
#include "gha/hook.h"
#include "gha/job.h"
#include "gha/libc.h"
#include "gha/spawn.h"

#define SAID_MAX (4U << 20)
#define MOUNTS_MAX 32 /* of those that croft image check is told */
#define HEAD 5

static bool is_lenient(void)
{
	const char *mode = getenv("CROFT_GHA_PREFLIGHT");

	return mode && !strcmp(mode, "warning");
}

/* A finding that stops the job, or with CROFT_GHA_PREFLIGHT a warning of it. */
static int found(const struct croft_error *finding, struct croft_error *err)
{
	if (is_lenient()) {
		annotate_failure(ANNOTATE_WARNING, finding);
		return 0;
	}
	if (err)
		*err = *finding;
	return -ENOEXEC;
}

static char **build_argv(const struct job *job, struct arena *arena)
{
	static const char *const head[HEAD] = { "croft-image", "check", "--json", "--need", "sh" };
	char **argv = arena_calloc(arena, HEAD + 2 * MOUNTS_MAX + 3, sizeof(*argv));
	size_t n = 0, n_mounts = 0;

	for (; argv && n < HEAD; n++)
		argv[n] = arena_strdup(arena, head[n]);
	for (size_t i = 0; argv && i < job->n_mounts && n_mounts < MOUNTS_MAX; i++) {
		const struct pod_mount *mount = &job->mounts[i];

		if (mount->from && !strcmp(mount->from, "systemMountVolumes"))
			continue;
		argv[n++] = arena_strdup(arena, "--mount");
		argv[n++] = arena_printf(arena, "%s:%s", mount->host, mount->path);
		n_mounts++;
	}
	if (!argv)
		return NULL;
	argv[n++] = arena_strdup(arena, "--");
	argv[n] = arena_strdup(arena, job->root);
	return argv[n] ? argv : NULL;
}

static int tell_finding(const struct job *job, const json_t *finding, struct croft_error *err)
{
	const char *what = json_string_value(json_object_get(finding, "what"));
	const char *mend = json_string_value(json_object_get(finding, "mend"));
	struct croft_error said = { 0 };

	(void)fail(&said, CROFT_STAGE_PREPARE, 0, "image %s: 'run:' steps cannot start: %s",
		   job->image, what ? what : "no sh");
	if (mend && *mend)
		fail_hint(&said, "%s", mend);
	return found(&said, err);
}

static int check_shell(const struct job *job, struct arena *arena, struct croft_error *err)
{
	AUTO_BUF struct buf out = BUF_INIT(SAID_MAX), said = BUF_INIT(SAID_MAX);
	char **argv = build_argv(job, arena);
	json_t *root, *findings;
	int r = argv ? spawn_capture("croft-image", argv, &out, &said, err)
		     : fail(err, CROFT_STAGE_PREPARE, ENOMEM, "check the image");

	if (r < 0)
		return r;
	root = json_loadb(buf_text(&out), out.len, JSON_REJECT_DUPLICATES, NULL);
	findings = json_object_get(root, "findings");
	if ((r != 0 && r != 1) || !json_is_array(findings)) {
		char *line = said.data ? strchr(said.data, '\n') : NULL;

		if (line)
			*line = '\0';
		r = fail(err, CROFT_STAGE_PREPARE, 0, "image %s cannot be checked: %s", job->image,
			 said.len ? said.data : "croft image check gave no answer");
	} else if (json_array_size(findings)) {
		r = tell_finding(job, json_array_get(findings, 0), err);
	} else if (r == 1) {
		r = fail(err, CROFT_STAGE_PREPARE, 0, "image %s: croft image check gave no reason",
			 job->image);
	}
	json_decref(root);
	return r;
}

static const char *find_externals(const struct job *job)
{
	for (size_t i = 0; i < job->n_mounts; i++)
		if (!strcmp(job->mounts[i].path, LIBC_EXTERNALS))
			return job->mounts[i].host;
	return NULL;
}

static int add_loans(struct job *job, const struct libc_plan *plan, struct arena *arena,
		     struct croft_error *err)
{
	struct pod_mount *mounts =
		arena_calloc(arena, job->n_mounts + plan->n_loans + 1, sizeof(*mounts));

	if (!mounts)
		return fail(err, CROFT_STAGE_PREPARE, ENOMEM, "lend the C library");
	if (job->n_mounts)
		memcpy(mounts, job->mounts, job->n_mounts * sizeof(*mounts));
	job->mounts = mounts;
	for (size_t i = 0; i < plan->n_loans; i++)
		mounts[job->n_mounts++] = (struct pod_mount){ .host = plan->loans[i].host,
							      .path = plan->loans[i].path,
							      .is_read_only = true };
	return 0;
}

/* No node starts: an error. Some do not: a warning, the actions may want another. */
static int judge_nodes(const struct job *job, const struct libc_plan *plan, struct croft_error *err)
{
	const struct libc_node *worst = NULL;
	size_t n_good = 0;
	int r = 0;

	for (size_t i = 0; i < plan->n_nodes; i++) {
		if (plan->nodes[i].can_start)
			n_good++;
		else
			worst = &plan->nodes[i];
	}
	for (size_t i = 0; i < plan->n_nodes && worst && r == 0; i++) {
		const struct libc_node *node = &plan->nodes[i];
		struct croft_error said = { 0 };

		if (node->can_start)
			continue;
		(void)fail(&said, CROFT_STAGE_PREPARE, 0,
			   "image %s: JavaScript actions of %s cannot start: %s", job->image,
			   node->name, node->why);
		if (node->mend && *node->mend)
			fail_hint(&said, "%s", node->mend);
		if (n_good)
			annotate_failure(ANNOTATE_WARNING, &said);
		else
			r = found(&said, err);
	}
	return r;
}

static int check_node(struct job *job, struct arena *arena, struct croft_error *err)
{
	const struct root host = { .fd = -1, .path = "/" };
	struct root image = { .fd = -1 };
	struct libc_input input = { .image = &image,
				    .host = &host,
				    .externals = find_externals(job),
				    .library_path = job_variable(job, "LD_LIBRARY_PATH"),
				    .preload = job_variable(job, "LD_PRELOAD") };
	struct libc_plan plan = { 0 };
	int r;

	if (!input.externals) {
		(void)fail(err, CROFT_STAGE_PREPARE, 0,
			   "the runner mounts nothing at " LIBC_EXTERNALS);
		fail_hint(err,
			  "JavaScript actions have their node there: is this GitHub's runner?");
		return -ENOENT;
	}
	r = root_open(job->root, &image, err);
	if (r < 0)
		return r;
	r = libc_plan(&input, arena, &plan, err);
	root_done(&image);
	if (r == 0)
		r = judge_nodes(job, &plan, err);
	job->is_alpine = plan.is_alpine;
	return r < 0 ? r : add_loans(job, &plan, arena, err);
}

int preflight_check(struct job *job, struct arena *arena, struct croft_error *err)
{
	int r = check_shell(job, arena, err);

	return r < 0 ? r : check_node(job, arena, err);
}
