/* SPDX-License-Identifier: MIT */
/*
 * cgroup.h - where in the tree of control groups (cgroups(7), version 2) one of ours can be made.
 */
#ifndef CROFT_HOST_CGROUP_H
#define CROFT_HOST_CGROUP_H

#include <stddef.h>

#include "base/err.h"
#include "host/host.h"

#define CGROUP_PATH_SIZE 1024 /* with the NUL: longer names of groups are not used */

/* Our own group, and the one of it or above it that takes a new one. */
struct cgroup_place {
	char own[CGROUP_PATH_SIZE]; /* absolute, without a slash at its end */
	size_t len; /* the place is the first `len` bytes of `own` */
	size_t root_len; /* so many are the root of the tree */
};

/*
 * The nearest group, from our own upwards, in which a group can be made, by the modes of its
 * files, and that gives its groups all of `controllers` (1U << CONTROLLER_*). Makes nothing, and
 * does not switch controllers on. 1: found; 0: there is none; -ENOMEM.
 */
int cgroup_find(unsigned controllers, struct cgroup_place *ret_place, struct croft_error *err);

#endif
