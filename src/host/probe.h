/* SPDX-License-Identifier: MIT */
/*
 * probe.h - the parts of the probe that the files of this folder share.
 */
#ifndef CROFT_HOST_PROBE_H
#define CROFT_HOST_PROBE_H

#include <stddef.h>

#include "host/host.h"

/*
 * Reads the text of /proc/self/cgroup (cgroups(7)): 2 if the process is in the
 * unified tree, 1 if only in older ones, 0 if in none. For 2, `ret_path` gets the path
 * of its group, or "" when that path leads out of what we can see or is too long.
 */
int cgroup_parse(const char *text, char *ret_path, size_t size);

/* Sets host->cgroup.version. A missing /proc is version 0. Fails only for lack of memory. */
int probe_cgroup(struct host *host, struct croft_error *err);

/*
 * Makes and removes a child of our own group; sets host->cgroup.is_delegated. Yes means
 * that the child group was there and took processes.
 */
int probe_delegation(struct host *host, struct croft_error *err);

/* Acts out a user namespace in a child; sets host->userns. */
int probe_userns(struct host *host, struct croft_error *err);

#endif
