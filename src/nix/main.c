/* SPDX-License-Identifier: MIT */
/*
 * main.c - croft-doctor-nix: asks Nix's binary caches and remote builders, each once, all at once.
 *
 *	croft-doctor-nix FD DIRECTORY
 *
 * croft-doctor starts it for `croft doctor --nix`, as one of its probes: records go to descriptor
 * FD (probe.h), files of its own lie in DIRECTORY, and who started it ends it and what it has
 * started after a time. It is an executable of its own for the weight of libcurl.
 *
 * Each builder is asked by a process of its own, caches by this one. Exit status: 0, 125.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "cli/cli.h"
#include "doctor/child.h"
#include "elf/root.h"
#include "nix/nix.h"
#include "sys/calls.h"

struct job {
	const struct probe_context *context;
	const struct nix_world *world;
	const struct nix_machine *machine;
	unsigned number;
};

static int ask_builder(void *arg)
{
	const struct job *job = arg;

	builder_ask(job->context, job->world, job->machine, job->number);
	return 0;
}

static long read_machines(void *context, const char *path, char **ret_text)
{
	return root_read_file(context, path, MACHINES_FILE_MAX, ret_text);
}

/* NIX_REMOTE_SYSTEMS is the older way to name files of machines. */
static const char *builders_of(struct nix_world *world)
{
	const char *files = world->env.remote_systems;
	const char *value = nix_world_get(world, "builders").value, *text = "";

	if (!files || !*files)
		return value ? value : "";
	while (*files) {
		size_t len = strcspn(files, ":");

		text = arena_printf(&world->conf.arena, "%s@%.*s\n", text, (int)len, files);
		if (!text)
			return "";
		files += len + (files[len] == ':');
	}
	return text;
}

/* As whom the builders are asked, and whether that is who will connect. */
static void report_user(const struct probe_context *context, const struct nix_world *world)
{
	if (world->builds == NIX_BUILDS_DAEMON && world->uid != 0)
		probe_no(context, OBS_NIX_BUILDER_AS, "daemon", 0,
			 "asked as this user; Nix's daemon connects as root, with root's keys and "
			 "root's known hosts");
	else
		probe_yes(context, OBS_NIX_BUILDER_AS, world->uid == 0 ? "asked as root" : "");
}

/* Starts one process a builder; their numbers in pids. */
static size_t start_builders(const struct probe_context *context, struct nix_world *world,
			     pid_t pids[NIX_MACHINES_MAX])
{
	struct root root = { .fd = -1, .path = "/" };
	struct nix_machine *machines = NULL;
	size_t n = 0, started = 0;
	int r = machines_parse(&world->conf.arena, builders_of(world), read_machines, &root,
			       &machines, &n);

	if (r < 0)
		probe_no(context, OBS_NIX_BUILDER, "form", -r,
			 "more machines, or files within files, than are looked at");
	if (r == -ENOMEM || n == 0)
		return 0;
	report_user(context, world);
	for (size_t i = 0; i < n && i < NIX_MACHINES_MAX; i++) {
		struct job job = { context, world, &machines[i], (unsigned)i };
		pid_t pid = child_start(ask_builder, &job);

		if (pid > 0)
			pids[started++] = pid;
		else
			probe_no(context, OBS_NIX_BUILDER, "other", -pid, "no process");
	}
	if (n > NIX_MACHINES_MAX)
		probe_no(context, OBS_NIX_BUILDER, "form", E2BIG, "only the first 32 were asked");
	return started;
}

static int ask(const struct probe_context *context)
{
	pid_t pids[NIX_MACHINES_MAX];
	struct nix_world world;
	size_t n;
	int r;

	nix_world_load(&world, environ, NIX_SHOW_MS);
	n = start_builders(context, &world, pids);
	r = caches_ask(context, &world, nix_world_get(&world, "substituters").value);
	if (r < 0)
		probe_no(context, OBS_NIX_CACHE, "other", -r, "libcurl cannot be used");
	for (size_t i = 0; i < n; i++)
		(void)child_end(pids[i], false);
	return 0;
}

int main(int argc, char *argv[])
{
	struct probe_context context = { .proc_fd = -1, .tmp = "" };
	struct croft_error err = { 0 };
	uint64_t fd;

	if (argc != 3 || num_parse(argv[1], 3, INT_MAX, &fd) < 0 ||
	    sys_fcntl((int)fd, F_GETFD, 0) < 0) {
		(void)fail(&err, CROFT_STAGE_USAGE, 0,
			   "croft-doctor-nix is called by croft-doctor");
		fail_hint(&err, "croft doctor --nix");
		return cli_fail(&err);
	}
	context.report_fd = (int)fd;
	context.tmp = argv[2];
	(void)sys_fcntl(context.report_fd, F_SETFD, FD_CLOEXEC);
	/* No destructors: a thread of libcurl may still wait for a name server. */
	sys_exit(ask(&context));
}
