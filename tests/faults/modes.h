/* SPDX-License-Identifier: MIT */
/*
 * modes.h - the ways to a confined process, each as one function: what the command line does in
 * place and supervised, what croft_launch does, what croft_confine does.
 *
 * Each runs in a process of its own (run_mode), with the calls of inject.h, and ends by telling
 * how it went. What the canary has to say comes through standard output.
 */
#ifndef CROFT_TESTS_FAULTS_MODES_H
#define CROFT_TESTS_FAULTS_MODES_H

#include <sys/wait.h>

#include "canary.h"
#include "inject.h"
#include "launch/cleaner.h"
#include "launch/launch.h"
#include "launch/sandbox.h"
#include "launch/supervise.h"

enum mode {
	IN_PLACE,
	SUPERVISED,
	SURVIVED,
	TIMED,
	LIBRARY,
	CONFINE,
	APART, /* in place, with namespaces of its own */
	INSIDE, /* with a pid namespace, and so with an init */
	INSIDE_ROOT, /* and with a root of its own */
	LIBRARY_INSIDE,
	MODE_MAX
};

static const char *const mode_names[MODE_MAX] = {
	[IN_PLACE] = "in place",
	[SUPERVISED] = "supervised",
	[SURVIVED] = "with survivors",
	[TIMED] = "with a time limit",
	[LIBRARY] = "by the library",
	[CONFINE] = "itself",
	[APART] = "in place, apart",
	[INSIDE] = "inside",
	[INSIDE_ROOT] = "inside, with a root",
	[LIBRARY_INSIDE] = "inside, by the library",
};

/* Where everything lies; made once. */
struct ground {
	char self[512]; /* this program, to be executed as the canary */
	char self_dir[512];
	char tmp[512]; /* where TMPDIRs are made; empty between the runs */
	char outside[512]; /* granted to nobody */
	char work[512]; /* granted, and the working directory */
};

/* How the launch itself went; written to the watcher's pipe. */
struct told {
	int result;
	struct croft_error err;
	bool has_started; /* supervised: the command ran */
	bool timed_out;
	int status;
	unsigned n_leaked_fds, n_zombies;
};

static inline bool is_inside(enum mode mode)
{
	return mode == INSIDE || mode == INSIDE_ROOT || mode == LIBRARY_INSIDE;
}

static inline void wish(struct profile *profile, const char *key, const char *value)
{
	struct croft_error err;

	if (profile_set(profile, key, value, "--test", &err) < 0) {
		(void)fprintf(stderr, "%s %s: %s\n", key, value, err.what);
		abort();
	}
}

static const char *const wishes[][2] = {
	{ "execute", "/usr" },
	{ "execute", "optional:/lib" },
	{ "execute", "optional:/lib64" },
	{ "read", "optional:/etc" },
	{ "read", "optional:/proc" },
	{ "require", "private-tmp" },
	{ "limit", "file-size=1000000" },
	{ "limit", "open-files=60" },
	{ "keep-fd", "40" },
};

static inline struct profile *make_profile(const struct ground *ground, enum mode mode)
{
	struct profile *profile;
	struct croft_error err;

	if (profile_new("empty", "/nowhere", ground->work, &profile, &err) < 0)
		abort();
	for (size_t i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++)
		wish(profile, wishes[i][0], wishes[i][1]);
	wish(profile, "execute", ground->self_dir);
	wish(profile, "write", ground->work);
	wish(profile, "chdir", ground->work);
	if (mode == APART)
		wish(profile, "isolate", "hostname");
	if (mode == INSIDE || mode == INSIDE_ROOT)
		wish(profile, "isolate", "processes");
	if (mode == INSIDE_ROOT) {
		wish(profile, "isolate", "network");
		wish(profile, "require", "hidden");
	}
	if (mode == SUPERVISED || mode == SURVIVED || is_inside(mode))
		wish(profile, "supervise", NULL);
	if (mode == TIMED) {
		wish(profile, "time", "50ms");
		wish(profile, "grace", "50ms");
	}
	return profile;
}

/* As prepare() and start() of cmd_run.c. */
static inline int run_command_line(const struct profile *profile, const char *const *argv,
				   const char *const *environment, struct told *told)
{
	struct sandbox sandbox = { 0 };
	struct outcome outcome = { 0 };
	struct launch launch;
	struct croft_error *err = &told->err;
	int r;

	launch_init(&launch);
	r = sandbox_plan(profile, NULL, argv, environment, &sandbox, err);
	if (r == 0)
		r = plan_check(sandbox.plan, err);
	if (r == 0)
		r = sandbox_find_command(&sandbox, err);
	if (r == 0 && sandbox.plan->wants_cgroup)
		r = cgroup_choose(sandbox.plan, &launch.group, err);
	if (r == 0 && (sandbox.plan->tmpdir || sandbox.plan->wants_cgroup))
		r = cleaner_start(sandbox.plan->tmpdir,
				  launch.group.path[0] ? launch.group.path : NULL, &launch.cleaner,
				  err);
	if (r == 0)
		r = launch_prepare(&launch, sandbox.plan, sandbox.facts, err);
	if (r == 0)
		r = sandbox.plan->is_supervised ? supervise(&launch, &outcome, err)
						: child_run(&launch, err);
	told->has_started = outcome.has_started;
	told->timed_out = outcome.timed_out;
	told->status = outcome.status;
	launch_done(&launch);
	sandbox_done(&sandbox);
	return r;
}

static inline int set_all(struct croft_profile *profile, const struct ground *ground,
			  enum mode mode, struct croft_error *err)
{
	const char *const own[][2] = { { "execute", ground->self_dir }, { "write", ground->work } };
	int r = 0;

	for (size_t i = 0; i < sizeof(wishes) / sizeof(wishes[0]) && r == 0; i++)
		r = croft_profile_set(profile, wishes[i][0], wishes[i][1], err);
	for (size_t i = 0; i < 2 && r == 0; i++)
		r = croft_profile_set(profile, own[i][0], own[i][1], err);
	if (r == 0 && mode != CONFINE)
		r = croft_profile_set(profile, "chdir", ground->work, err);
	if (r == 0 && mode == LIBRARY_INSIDE)
		r = croft_profile_set(profile, "isolate", "processes", err);
	return r;
}

static inline int run_library(const struct ground *ground, enum mode mode, const char *const *argv,
			      const char *const *environment, struct told *told)
{
	struct croft_profile *profile = NULL;
	struct croft_plan *plan = NULL;
	struct croft_child *child = NULL;
	struct croft_error *err = &told->err;
	int r = croft_profile_new("empty", "/nowhere", ground->work, 0, &profile, err);

	if (r == 0)
		r = set_all(profile, ground, mode, err);
	if (r == 0)
		r = croft_plan_new(profile, argv, environment, 0, &plan, err);
	if (r == 0)
		r = croft_plan_check(plan, err);
	if (r == 0 && argv)
		r = croft_launch(plan, 0, &child, err);
	else if (r == 0)
		r = croft_confine(plan, 0, err);
	if (r == 0 && argv) {
		told->has_started = true;
		r = croft_child_wait(child, &told->status, err);
	}
	croft_child_free(child);
	croft_plan_free(plan);
	croft_profile_free(profile);
	return r;
}

/* What this process has confined itself to, said in the canary's words. */
static inline void report_oneself(const struct ground *ground)
{
	struct canary canary = { .alive = CANARY_ALIVE };

	canary_look_around(&canary, ground->outside, NULL);
	canary_look_inside(&canary);
	if (write(1, &canary, sizeof(canary)) != (ssize_t)sizeof(canary))
		_exit(3);
}

static inline unsigned count_fds(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* Children that have ended and nobody asked for. Those that run on are seen by the watcher. */
static inline void count_zombies(struct told *told)
{
	while (waitpid(-1, NULL, WNOHANG | __WALL) > 0)
		told->n_zombies++;
}

/*
 * In a process of its own, standard output on the canary's pipe. In place it does not return when
 * all goes well.
 */
static inline void run_mode(const struct ground *ground, enum mode mode, struct told *told)
{
	char tmp[600];
	const char *environment[] = { tmp, "CANARY_SECRET=x", NULL };
	const char *extra = mode == SURVIVED || is_inside(mode) ? "straggle"
			    : mode == TIMED                     ? "sleep"
								: NULL;
	const char *argv[] = {
		ground->self, "--canary", ground->outside, ground->work, extra, NULL
	};
	struct profile *profile = make_profile(ground, mode);
	unsigned n_fds;

	(void)snprintf(tmp, sizeof(tmp), "TMPDIR=%s", ground->tmp);
	n_fds = count_fds();
	inject_arm();
	if (mode == LIBRARY || mode == LIBRARY_INSIDE || mode == CONFINE)
		told->result =
			run_library(ground, mode, mode == CONFINE ? NULL : argv, environment, told);
	else
		told->result = run_command_line(profile, argv, environment, told);
	inject_disarm();
	if (mode == CONFINE && told->result == 0)
		report_oneself(ground);
	told->n_leaked_fds = count_fds() - n_fds;
	count_zombies(told);
	profile_free(profile);
}

#endif
