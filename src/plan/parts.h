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

/* The Landlock that this host has: 0 for none, and for one that enforces nothing. */
static inline int host_abi(const struct plan *plan)
{
	return plan->host.landlock.enforces == HOST_NO ? 0 : plan->host.landlock.abi;
}

/* The rights that count in this plan: those of its ABI, and those named beyond it. */
static inline uint64_t known_fs(const struct plan *plan)
{
	return landlock_abi_get(plan->abi)->fs | plan->beyond_fs;
}

static inline uint64_t known_net(const struct plan *plan)
{
	return landlock_abi_get(plan->abi)->net | plan->beyond_net;
}

static inline uint64_t known_scoped(const struct plan *plan)
{
	return landlock_abi_get(plan->abi)->scoped | plan->beyond_scoped;
}

/* The rights that GRANT_* stand for, on the newest Landlock and a directory. */
uint64_t kinds_to_access(unsigned kinds);
/* The ABI of the plan, and what it handles of files and scopes. */
void plan_handled(struct plan *plan);
/* Landlock's path rules. Needs plan_handled. Errors: see plan_build. */
int plan_files(struct plan *plan, const struct plan_input *input, struct croft_error *err);
/* What of the denials the rules keep. Needs plan_files. */
int plan_denials(struct plan *plan, const struct plan_input *input, struct croft_error *err);
/* Ports, and what the filter does about sockets. Needs plan_files. */
int plan_net(struct plan *plan, struct croft_error *err);
/* The rest of the filter. Needs plan_net. -EINVAL: a call that cannot be refused by name. */
int plan_syscalls(struct plan *plan, struct croft_error *err);
/* One row for each protection. Needs all of the above. */
int plan_rows(struct plan *plan, struct croft_error *err);

/* True if what is denied is refused: for hide, that it cannot be opened. */
bool denial_is_kept(const struct plan *plan, const struct plan_denial *denial);
/* "kept, nothing grants it"; "not kept, given by" where a rule does: what a report says of it. */
const char *denial_says(const struct plan *plan, const struct plan_denial *denial);

/*
 * Leaves out rules that another one covers; the rest in the order of their facts. `arena` is for
 * room to work in. -ENOMEM.
 */
int rules_drop_covered(struct arena *arena, struct plan_rule *rules, size_t *n_rules);
/*
 * The rules that allow on each path what both lists allow there, no more and no less;
 * `ret_rules` has room for both. Sorts both lists. -ENOMEM.
 */
int rules_intersect(struct arena *arena, struct plan_rule *ours, size_t n_ours,
		    struct plan_rule *bounds, size_t n_bounds, struct plan_rule *ret_rules,
		    size_t *ret_n);

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
