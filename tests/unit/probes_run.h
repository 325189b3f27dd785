/* SPDX-License-Identifier: MIT */
/*
 * probes_run.h - probes of the tests' own, run by the runner of probes: what they share with the
 * test, and what they may leave.
 */
#ifndef CROFT_TESTS_UNIT_PROBES_RUN_H
#define CROFT_TESTS_UNIT_PROBES_RUN_H

#include "ground.h"

#include <dirent.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "doctor/probe.h"
#include "sys/fd.h"

#define SHORT_MS 600 /* of a probe that is to be late */

/* Shared with the probes. */
static struct shared {
	int n_running, most_running;
	pid_t pids[8];
	int line; /* of an expectation that failed in a probe */
} * shared;

static struct observations set;
static struct croft_error err;

static inline int open_shared(void **state)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	return shared == MAP_FAILED ? -1 : ground_open(state);
}

static inline int setup(void **state)
{
	(void)state;
	memset(shared, 0, sizeof(*shared));
	observations_init(&set);
	return 0;
}

static inline int teardown(void **state)
{
	(void)ground_restore(state);
	observations_done(&set);
	return 0;
}

static inline int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline int run_with_tmp(const struct probe *probes, size_t n, const char *tmp)
{
	const struct probe_table table = { probes, n };
	const struct probe_table *const tables[] = { &table };
	AUTO_FD int proc = open("/proc/self", O_PATH | O_CLOEXEC);
	const struct probe_context context = { .proc_fd = proc, .tmp = tmp };

	return probes_run(tables, 1, &context, 0, &set, &err);
}

static inline void run(const struct probe *probes, size_t n)
{
	if (run_with_tmp(probes, n, scratch) < 0)
		fail_msg("%s", err.what);
	if (shared->line)
		fail_msg("line %d in a probe", shared->line);
}

static inline void run_one(void (*fn)(const struct probe_context *context))
{
	run(&(struct probe){ .id = OBS_HOST, .run = fn, .limit_ms = SHORT_MS, .wants_tmp = true },
	    1);
}

static inline bool has_gone(pid_t pid)
{
	return pid > 0 && kill(pid, 0) < 0 && errno == ESRCH;
}

static inline void scratch_is_empty(void)
{
	DIR *dir = opendir(scratch);
	struct dirent *entry;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			fail_msg("%s was left", entry->d_name);
	(void)closedir(dir);
}

static inline void hangs(const struct probe_context *context)
{
	probe_yes(context, OBS_PLACE, "before");
	shared->pids[0] = getpid();
	for (;;)
		(void)pause();
}

#endif
