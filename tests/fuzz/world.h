/* SPDX-License-Identifier: MIT */
/*
 * world.h - everything that a plan is made from, out of one fuzz input.
 *
 * Lines (check.h) "key value"; what makes no sense is passed over, so that nearly every input
 * gives a plan:
 *
 *   profile NAME            a built-in (default: empty)
 *   home PATH               none unless given
 *   workdir PATH            none unless given
 *   host KEY: VALUE         a line of a saved host, in place of the one of a host with Landlock 7
 *   set KEY [VALUE]         a wish
 *   fact TYPE PATH [-> REAL]   dir, file, char, sock, or an errno; a path without is a directory
 *   var NAME=VALUE          one of the caller's variables, or what is none
 *   arg WORD                of the command; without, a plan to confine oneself
 *   program PATH
 *   tmpdir PATH             the name that was chosen for a fresh TMPDIR (default: some name)
 *   why OPERATION TARGET    a question
 */
#ifndef CROFT_TESTS_FUZZ_WORLD_H
#define CROFT_TESTS_FUZZ_WORLD_H

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "plan/plan.h"

#include "check.h"

struct fact_line {
	const char *path;
	struct path_fact fact;
};

struct world {
	struct lines lines;
	struct profile *profile; /* owned */
	struct host host;
	struct fact_line fact_lines[LINES_MAX];
	size_t n_fact_lines;
	struct path_fact *facts; /* owned, but for the texts in it */
	const char *argv[LINES_MAX + 1];
	const char *environ[LINES_MAX + 1];
	const char *whys[LINES_MAX]; /* "OPERATION TARGET" */
	size_t n_args, n_vars, n_whys;
	const char *program, *tmpdir;
};

static inline bool take_prefix(const char **at, const char *prefix)
{
	size_t len = strlen(prefix);

	if (strncmp(*at, prefix, len) != 0)
		return false;
	*at += len;
	return true;
}

/* A path as the kernel tells it: without a slash at its end. */
static inline bool is_kernel_path(const char *path)
{
	return is_clean_path(path) && (!path[1] || path[strlen(path) - 1] != '/');
}

/* False if the lines make no host that croft would take. */
static inline bool world_read_host(struct world *world)
{
	static const char *const usual[] = {
		"arch: x86_64",
		"kernel-release: 6.18.3",
		"uid: 1000",
		"capabilities: no",
		"landlock-errno: 0",
		"landlock-abi: 7",
		"landlock-errata-known: yes",
		"landlock-errata: 7",
		"landlock-enforces: yes",
		"seccomp-errno: 0",
		"seccomp-kill-process: yes",
		"ns-user: yes",
		"ns-user-errno: 0",
		"ns-mount: yes",
		"ns-mount-errno: 0",
		"ns-pid: yes",
		"ns-pid-errno: 0",
		"ns-net: yes",
		"ns-net-errno: 0",
		"ns-ipc: yes",
		"ns-ipc-errno: 0",
		"ns-uts: yes",
		"ns-uts-errno: 0",
		"ns-cgroup: yes",
		"ns-cgroup-errno: 0",
		"ns-step: none",
		"ns-by-capability: no",
		"mount-new-api: yes",
		"mount-read-only: yes",
		"mount-proc: yes",
		"mount-proc-errno: 0",
		"cgroup-version: 2",
		"cgroup-delegated: unknown",
		"cgroup-memory: unknown",
		"cgroup-pids: unknown",
		"cgroup-cpu: unknown",
		"close-range: yes",
		"pidfd: yes",
	};
	AUTO_BUF struct buf text = BUF_INIT(HOST_FILE_MAX);

	for (size_t i = 0; i < ARRAY_SIZE(usual); i++) {
		size_t key_len = strcspn(usual[i], ":") + 1;
		const char *line = usual[i];

		for (size_t k = 0; k < world->lines.n; k++) {
			const char *own = world->lines.words[k];

			if (take_prefix(&own, "host ") && !strncmp(own, line, key_len))
				line = own;
		}
		buf_printf(&text, "%s\n", line);
	}
	return buf_error(&text) == 0 &&
	       host_parse(buf_text(&text), text.len, &world->host, NULL) == 0;
}

/* "TYPE PATH" or "TYPE PATH -> REAL" */
static inline void world_read_fact(struct world *world, char *line)
{
	static const struct {
		const char *name;
		mode_t type;
	} types[] = {
		{ "dir", S_IFDIR }, { "file", S_IFREG }, { "char", S_IFCHR }, { "sock", S_IFSOCK }
	};
	struct fact_line *fact = &world->fact_lines[world->n_fact_lines];
	char *path = cut_key(line), *arrow = path ? strstr(path, " -> ") : NULL;

	if (!path)
		return;
	*fact = (struct fact_line){ .path = path, .fact = { .fd = -1 } };
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (!strcmp(types[i].name, line))
			fact->fact.type = types[i].type;
	if (!fact->fact.type)
		fact->fact.errnum = 1 + (int)(strtoul(line, NULL, 10) % 133);
	if (arrow) {
		*arrow = '\0';
		if (is_kernel_path(arrow + 4) && !fact->fact.errnum)
			fact->fact.real = arrow + 4;
	}
	world->n_fact_lines++;
}

static inline void world_read_lines(struct world *world, const char **home, const char **workdir,
				    const char **profile)
{
	for (size_t i = 0; i < world->lines.n; i++) {
		char *line = world->lines.words[i];
		const char *value = line;

		if (take_prefix(&value, "profile "))
			*profile = value;
		else if (take_prefix(&value, "home "))
			*home = value;
		else if (take_prefix(&value, "workdir "))
			*workdir = value;
		else if (take_prefix(&value, "fact "))
			world_read_fact(world, line + 5);
		else if (take_prefix(&value, "var "))
			world->environ[world->n_vars++] = value;
		else if (take_prefix(&value, "arg "))
			world->argv[world->n_args++] = value;
		else if (take_prefix(&value, "program "))
			world->program = value;
		else if (take_prefix(&value, "tmpdir ") && is_kernel_path(value) && value[1])
			world->tmpdir = value;
		else if (take_prefix(&value, "why "))
			world->whys[world->n_whys++] = value;
	}
}

/* What is at a path: by its line, else a directory under its own name. */
static inline struct path_fact world_find_fact(const struct world *world, const char *path)
{
	for (size_t i = 0; i < world->n_fact_lines; i++)
		if (!strcmp(world->fact_lines[i].path, path))
			return world->fact_lines[i].fact;
	return (struct path_fact){ .fd = -1, .type = S_IFDIR };
}

static inline void world_done(struct world *world)
{
	profile_free(world->profile);
	free(world->facts);
	lines_done(&world->lines);
	free(world);
}

/* NULL for an input that makes no host or no profile, or for lack of memory. */
static inline struct world *world_new(const uint8_t *data, size_t size)
{
	struct world *world = calloc(1, sizeof(*world));
	const char *home = NULL, *workdir = NULL, *name = "empty";

	if (!world || !lines_init(&world->lines, data, size)) {
		free(world);
		return NULL;
	}
	world_read_lines(world, &home, &workdir, &name);
	if (!world->tmpdir)
		world->tmpdir = "/tmp/croft-0123";
	if (!world_read_host(world) ||
	    profile_new(name, home, workdir, &world->profile, NULL) < 0) {
		world_done(world);
		return NULL;
	}
	for (size_t i = 0; i < world->lines.n; i++) {
		char *line = world->lines.words[i];
		char *value;

		if (strncmp(line, "set ", 4) != 0)
			continue;
		value = strchr(line + 4, ' ');
		if (value)
			*value++ = '\0';
		(void)profile_set(world->profile, line + 4, value, "--wish", NULL);
	}
	return world;
}

/* Builds the plan; the facts are made anew for the grants that the profile has now. */
static inline int world_plan(struct world *world, struct plan **ret_plan, struct croft_error *err)
{
	const struct profile *profile = world->profile;
	struct plan_input input = {
		.profile = profile,
		.host = &world->host,
		.argv = world->n_args > 0 ? world->argv : NULL,
		.command_path = world->n_args > 0 ? world->program : NULL,
		.environ = world->environ,
		.tmpdir = world->tmpdir,
	};

	free(world->facts);
	world->facts = calloc(profile->n_grants + 1, sizeof(*world->facts));
	if (!world->facts)
		return -ENOMEM;
	for (size_t i = 0; i < profile->n_grants; i++)
		world->facts[i] = world_find_fact(world, profile->grants[i].path);
	input.facts = world->facts;
	return plan_build(&input, ret_plan, err);
}

#endif
