/* SPDX-License-Identifier: MIT */
/*
 * mounts.h - making the tree of files that a plan describes.
 *
 * mount(2), open_tree(2), move_mount(2), mount_setattr(2), pivot_root(2); Linux's
 * Documentation/filesystems/sharedsubtree.rst and mount_namespaces(7).
 */
#ifndef CROFT_ENFORCE_MOUNTS_H
#define CROFT_ENFORCE_MOUNTS_H

#include "base/err.h"
#include "plan/plan.h"

/*
 * Does plan->mount_ops in their order, in a mount namespace of its own whose propagation is
 * private (namespaces_enter), with CAP_SYS_ADMIN over it; then, for a new root, pivots into it
 * and lets go of the old one. Adds the Landlock rules of fresh directories to `ruleset` (-1:
 * none). Each path is walked anew without following links and compared with what the plan saw: a
 * name that was swapped meanwhile is a failure. Every mount is seen by its effect. Allocates
 * nothing. Leaves the working directory at "/" of the new tree: the caller enters the wanted one by
 * name. Stage mounts, with the path in the message.
 */
int mounts_apply(const struct plan *plan, int ruleset, struct croft_error *err);

#endif
