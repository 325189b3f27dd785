/* SPDX-License-Identifier: MIT */
/*
 * landlock.h - from the plan's rules to a ruleset, and the restriction itself.
 */
#ifndef CROFT_ENFORCE_LANDLOCK_H
#define CROFT_ENFORCE_LANDLOCK_H

#include "base/err.h"
#include "plan/plan.h"

/*
 * Makes the ruleset in the parent: one add_rule for each rule and port of the
 * plan, from the descriptors in `facts`. *ret_fd is -1 when the plan handles nothing.
 */
int ruleset_build(const struct plan *plan, const struct path_fact *facts, int *ret_fd,
		  struct croft_error *err);

/* Adds one directory that was made after the plan: the TMPDIR. */
int ruleset_add_directory(int ruleset, int dirfd, uint64_t access, const char *path,
			  struct croft_error *err);

/*
 * Child stage. Restricts the calling thread, and proves it where `can_verify` allows: opening
 * "/" must be refused.
 *
 * Needs: no_new_privs (or CAP_SYS_ADMIN); mounts finished; no other thread.
 * Must not: close the ruleset before.
 */
int landlock_apply(int ruleset, uint32_t flags, bool can_verify, struct croft_error *err);

#endif
