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

#define FS_READS (ABI_LANDLOCK_FS_READ_FILE | ABI_LANDLOCK_FS_READ_DIR)
/* What changes a file, its directory or its name. */
#define FS_CHANGES                                                                            \
	(ABI_LANDLOCK_FS_WRITE_FILE | ABI_LANDLOCK_FS_TRUNCATE | ABI_LANDLOCK_FS_REMOVE_DIR | \
	 ABI_LANDLOCK_FS_REMOVE_FILE | ABI_LANDLOCK_FS_MAKE_CHAR | ABI_LANDLOCK_FS_MAKE_DIR | \
	 ABI_LANDLOCK_FS_MAKE_REG | ABI_LANDLOCK_FS_MAKE_SOCK | ABI_LANDLOCK_FS_MAKE_FIFO |   \
	 ABI_LANDLOCK_FS_MAKE_BLOCK | ABI_LANDLOCK_FS_MAKE_SYM | ABI_LANDLOCK_FS_REFER)

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
/* Where the denials lead. Before plan_files. */
int plan_denials_resolve(struct plan *plan, const struct plan_input *input,
			 struct croft_error *err);
/* Takes from the rules on and beneath denied paths what is denied there, and notes it. */
int plan_voids(struct plan *plan, struct plan_rule *rules, size_t n, struct croft_error *err);
/* Which of the denials something that is granted reaches. Needs plan_files. */
int plan_denials(struct plan *plan, struct croft_error *err);
/* Whether namespaces are needed, and which. Needs plan_denials. */
void plan_tier(struct plan *plan);
/* Without mounts: rules for what lies beside denied names, if it was listed. Needs plan_tier. */
int plan_beside(struct plan *plan, const struct plan_input *input, struct croft_error *err);
/* The operations on mounts, and what they keep of the denials. Needs plan_tier. */
int plan_tree(struct plan *plan, const struct plan_input *input, struct croft_error *err);
/* Ports, and what the filter does about sockets. Needs plan_files. */
int plan_net(struct plan *plan, struct croft_error *err);
/* The rest of the filter. Needs plan_net. -EINVAL: a call that cannot be refused by name. */
int plan_syscalls(struct plan *plan, struct croft_error *err);
/* Whether a control group is made, and what for. Needs is_supervised and the namespaces. */
void plan_limits(struct plan *plan);
/* One row for each protection. Needs all of the above. */
int plan_rows(struct plan *plan, struct croft_error *err);

/* True where read-only mounts let truncate(2) and chmod(2) pass in part (gVisor's tmpfs). */
static inline bool is_read_only_in_part(const struct plan *plan)
{
	return plan->host.mount.is_read_only_whole == HOST_NO;
}

/* The operation that decides what is at a path: the last that is on it or above it; or NULL. */
const struct plan_mount_op *plan_mount_over(const struct plan *plan, const char *path);
/* True if something at or below /proc is granted, or all of what it is in. */
bool grants_proc(const struct plan *plan);
/* True if this host can have a pid namespace together with the tree that is planned. */
bool can_have_pids(const struct plan *plan);
bool has_denial(const struct plan *plan, enum denial_kind kind);
/* True if a kind of namespace, 1U << HOST_NS_*, is made. */
static inline bool has_ns(const struct plan *plan, enum host_ns kind)
{
	return plan->namespaces & (1U << kind);
}

/* What was listed of a directory; NULL: it was not. */
const struct directory_fact *plan_find_directory(const struct plan_input *input, const char *path);

/* The rights that a denial takes from what is granted on its name or beneath it. */
uint64_t denial_takes(const struct plan_denial *denial);
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
