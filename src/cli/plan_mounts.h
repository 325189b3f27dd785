/* SPDX-License-Identifier: MIT */
/*
 * plan_mounts.h - what is mounted beneath the granted directories of a plan.
 */
#ifndef CROFT_CLI_PLAN_MOUNTS_H
#define CROFT_CLI_PLAN_MOUNTS_H

#include "base/err.h"
#include "plan/plan.h"

/*
 * Fills plan->mounts (in its arena) with the mount points beneath its directory rules, each with
 * the last rule above it, for the report. The kernel's own file systems are left out. Without
 * /proc there is nothing to tell. -ENOMEM with an error.
 */
int plan_find_mounts(struct plan *plan, struct croft_error *err);

#endif
