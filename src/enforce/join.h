/* SPDX-License-Identifier: MIT */
/*
 * join.h - entering namespaces that are there already.
 *
 * setns(2), namespaces(7), ioctl_ns(2), pidfd_open(2). Two uses: the namespaces of a session
 * (launch/session.h), which take the place of those that namespaces.h would make, and descriptors
 * that the user names (--join-fd), which are entered before anything else is looked at.
 */
#ifndef CROFT_ENFORCE_JOIN_H
#define CROFT_ENFORCE_JOIN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "plan/plan.h"

/* At most one namespace of each kind. Plain data and descriptors. */
struct join {
	int fds[HOST_NS_MAX]; /* owned; -1: that kind stays as it is */
	uint64_t inodes[HOST_NS_MAX]; /* of what the descriptors hold */
	/* in place of the joined pid namespace one for this command alone, with a fresh /proc */
	bool wants_own_pid;
};

/* Empty: nothing is joined. */
void join_init(struct join *join);
void join_done(struct join *join);

/*
 * Takes what `fd` holds: one namespace (/proc/PID/ns/X, or a bind of it), or, from a pidfd, each
 * kind in which that process is not where the caller is. `fd` stays the caller's. A kind that is
 * there twice is an error; so is a descriptor that holds no namespace. Stage namespaces.
 */
int join_add(struct join *join, int fd, struct croft_error *err);

/*
 * As join_add for the process behind `proc`, a descriptor of its directory in /proc, and `pidfd`
 * (-1: none): what was opened is that process' own, since it has not ended meanwhile.
 */
int join_add_process(struct join *join, int proc, int pidfd, struct croft_error *err);

/*
 * Child stage. Enters them, the user namespace first, and sees by inode that each was entered; then
 * makes the own pid namespace (with a mount namespace for its /proc). A pid namespace, joined or
 * own, is for the children that are made after. Allocates nothing. Stage namespaces.
 *
 * Needs: one thread; for other kinds than the user namespace, capabilities over what is joined,
 * which the user namespace brings.
 * Must not: have paths to look up in the old tree later: root and working directory change.
 */
int join_enter(const struct join *join, struct croft_error *err);

/*
 * Child stage. In place of mounts_apply, where the joined tree was made by the same operations:
 * mounts the fresh /proc of an own pid namespace, and adds the rules of the tree's own directories
 * to `ruleset` (-1: none). Allocates nothing. Stage mounts.
 */
int join_mounts(const struct join *join, const struct plan *plan, int ruleset,
		struct croft_error *err);

#endif
