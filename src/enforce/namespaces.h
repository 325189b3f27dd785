/* SPDX-License-Identifier: MIT */
/*
 * namespaces.h - making the namespaces of a plan, and seeing that they are there.
 *
 * namespaces(7), user_namespaces(7), pid_namespaces(7). Made by unshare(2): where user and mount
 * namespaces come from one clone(2), gVisor gives the latter to the wrong owner.
 */
#ifndef CROFT_ENFORCE_NAMESPACES_H
#define CROFT_ENFORCE_NAMESPACES_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "plan/plan.h"

#define NAMESPACES_HOSTNAME "croft" /* in a uts namespace of one's own */

/* What namespaces_enter writes and compares, formatted before the child is made. Plain data. */
struct namespaces {
	unsigned wanted; /* 1U << HOST_NS_* */
	char uid_map[32], gid_map[32]; /* "1000 1000 1\n": the same ids inside as outside */
	const char *hostname; /* where a uts namespace is wanted; a literal */
	bool may_keep_hostname; /* where a container's filter refuses to set one (EPERM) */
	/* number of each wanted kind before: what the new one must differ from */
	uint64_t before[HOST_NS_MAX];
};

/*
 * Fills *ret_ns from the plan. In the parent. -EOPNOTSUPP where /proc does not tell in which
 * namespaces this process is: then no new one could be seen. Stage namespaces.
 */
int namespaces_prepare(const struct plan *plan, struct namespaces *ret_ns, struct croft_error *err);
/* The same for a set of kinds (1U << HOST_NS_*) that no plan has. */
int namespaces_prepare_kinds(unsigned kinds, struct namespaces *ret_ns, struct croft_error *err);

/*
 * Makes them all in one unshare, maps the ids, makes every mount private, sets lo up if it is
 * not, names the host, and sees each by its effect; a pid namespace is for the children that are
 * made after, and is theirs to see. For a child that borrows memory: allocates nothing. The caller
 * is single-threaded, and has all capabilities in the new user namespace afterwards. Stage
 * namespaces.
 *
 * Must not: be tried twice; half of it may be done when it fails.
 */
int namespaces_enter(const struct namespaces *ns, struct croft_error *err);

/*
 * What namespaces_enter does last: makes every mount private, sets lo up, names the host. -EINVAL:
 * "/" is no mount (a chroot); whoever leaves that may call this again, if no network is wanted.
 */
int namespaces_settle(const struct namespaces *ns, struct croft_error *err);

/*
 * The flags for unshare(2) and setns(2) of a set of kinds (1U << HOST_NS_*).
 */
int namespaces_flags(unsigned kinds);

/*
 * The number of the namespace of that kind that the process of the directory is in: `dir` is open
 * on its /proc/PID/ns. For pid that of its children. 0: /proc cannot tell.
 */
uint64_t namespaces_number(int dir, enum host_ns kind);

#endif
