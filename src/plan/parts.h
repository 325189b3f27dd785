/* SPDX-License-Identifier: MIT */
/*
 * parts.h - the reducers that plan_build runs one after another.
 *
 * Each is a pure function that fills its part of the plan from the input and from the
 * parts before it. Texts go to the plan's arena.
 */
#ifndef CROFT_PLAN_PARTS_H
#define CROFT_PLAN_PARTS_H

#include "plan/plan.h"

/* True if the user or the profile wants this protection at all. */
static inline bool is_wanted(const struct plan *plan, enum protection protection)
{
	return plan->profile->require[protection] != REQUIRE_OFF;
}

/* True if a seccomp filter can be installed on this host. */
static inline bool has_seccomp(const struct plan *plan)
{
	return plan->host.seccomp.errnum == 0;
}

/* Landlock's handled rights, scopes and path rules. Errors: see plan_build. */
int plan_files(struct plan *plan, const struct plan_input *input, struct croft_error *err);
/* Ports, and what the filter does about sockets. Needs plan_files. */
int plan_net(struct plan *plan, struct croft_error *err);
/* The rest of the filter. Needs plan_net. */
void plan_syscalls(struct plan *plan);
/* One row for each protection. Needs all of the above. */
int plan_rows(struct plan *plan, struct croft_error *err);

/*
 * True if the protection rests on what the filter looks at in sockets and opens, which an io_uring
 * does unseen.
 */
bool rests_on_checks(const struct plan *plan, enum protection protection);

/*
 * The environment that the command gets: *ret_envp, and the names that were not
 * passed. tmpdir NULL: no TMPDIR of ours.
 */
int env_build(struct plan *plan, const char *const *environ, const char *tmpdir,
	      struct croft_error *err);

#endif
