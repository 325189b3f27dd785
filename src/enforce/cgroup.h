/* SPDX-License-Identifier: MIT */
/*
 * cgroup.h - a control group of the command's own: its limits, and its end.
 */
#ifndef CROFT_ENFORCE_CGROUP_H
#define CROFT_ENFORCE_CGROUP_H

#include <stdint.h>

#include "base/err.h"
#include "host/cgroup.h"
#include "plan/plan.h"

/* What a file of a group holds; UINT64_MAX stands for "max". */
enum cgroup_value {
	CGROUP_MEMORY_MAX, /* bytes */
	CGROUP_MEMORY_HIGH,
	CGROUP_SWAP_MAX,
	CGROUP_PIDS_MAX,
	CGROUP_CPU_MAX, /* microseconds of each CGROUP_PERIOD_US */
	CGROUP_VALUE_MAX
};

#define CGROUP_PERIOD_US 100000ULL /* the kernel's own */

struct cgroup {
	char path[CGROUP_PATH_SIZE]; /* "": none */
	uint64_t values[CGROUP_VALUE_MAX];
	int procs; /* cgroup.procs, open for writing, once it is made; else -1 */
};

/* No group. */
void cgroup_init(struct cgroup *group);

/*
 * Chooses the place, a name that nobody can guess, and the values that the plan wants; of a group
 * that is left for it the lower ones stay. Makes nothing: first somebody has to be there to
 * remove it. -EOPNOTSUPP if there is no place (any more). Stage limits.
 */
int cgroup_choose(const struct plan *plan, struct cgroup *ret_group, struct croft_error *err);

/* Makes it, with its limits, which are read back. On failure nothing is left. Stage limits. */
int cgroup_make(struct cgroup *group, struct croft_error *err);

/* Closes the descriptor; the group stays. */
void cgroup_done(struct cgroup *group);

/*
 * Child stage: the calling process enters. Nothing without a group.
 *
 * Needs: before namespaces (a kernel before 5.16 asks who moves, not who has opened the file) and
 * before Landlock. Must not: be done by a process that shares memory with croft for long: who is
 * killed for lack of memory takes along everybody that shares it.
 */
int cgroup_enter(const struct cgroup *group, struct croft_error *err);

/* Writes to a file of the group at that path: 0 or -errno. */
int cgroup_write(const char *group, const char *file, const char *text);

/* Kills everything in it and in groups beneath, once; what forks meanwhile too, since 5.14. */
int cgroup_kill(const char *path);

/*
 * Kills everything in it and removes it, with groups beneath that the command may have made. A
 * group that is not there is no error. Allocates nothing. Waits for what is dying, at most some
 * seconds: then -EBUSY.
 */
int cgroup_remove(const char *path);

/* How many processes the kernel has killed since they were over the memory limit; 0: none. */
unsigned cgroup_oom_kills(const char *path);

#endif
