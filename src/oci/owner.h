/* SPDX-License-Identifier: MIT */
/*
 * owner.h - who may decide over confinement, seen from a user namespace too.
 *
 * An engine that runs without root calls its runtime in a user namespace of its own, where root's
 * files belong to nobody (65534): the system's settings and croft itself would be a stranger's. So
 * there an owner who has no number in the namespace is taken as the system's, if nobody else may
 * write the file and its directory. The caller could put another file in their place in any case.
 */
#ifndef CROFT_OCI_OWNER_H
#define CROFT_OCI_OWNER_H

#include <stdbool.h>
#include <sys/stat.h>

/* Root's, the caller's, or as told above; and nobody else may write it. */
bool owner_may_decide(const struct stat *st);
/* The file at `path` and its directory are as told above: only in a user namespace. */
bool owner_is_outside(const char *path);

#endif
