/* SPDX-License-Identifier: MIT */
/*
 * probe.h - the parts of the probe that the files of this folder share.
 */
#ifndef CROFT_HOST_PROBE_H
#define CROFT_HOST_PROBE_H

#include <stdbool.h>
#include <stddef.h>

#include "host/host.h"

/*
 * Reads the text of /proc/self/cgroup (cgroups(7)): 2 if the process is in the
 * unified tree, 1 if only in older ones, 0 if in none. For 2, `ret_path` gets the path
 * of its group, or "" when that path leads out of what we can see or is too long.
 */
int cgroup_parse(const char *text, char *ret_path, size_t size);

/*
 * Runs fn(arg) in a child made with these flags of clone(2) beside exit signal 0: what it
 * returned, 0 to 255; EPERM if a filter killed it; -errno if there is no answer. All signals are
 * blocked in it. CLONE_VM only together with CLONE_VFORK.
 */
int probe_in_child(int (*fn)(void *), void *arg, int flags, const char *what,
		   struct croft_error *err);

/* Who refused unshare(CLONE_NEWUSER) with this errno: asks further, in a child. */
enum host_refuser host_find_refuser(int errnum);

#endif
