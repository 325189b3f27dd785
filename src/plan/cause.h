/* SPDX-License-Identifier: MIT */
/*
 * cause.h - why a kind of namespace cannot be had on a host, and the one table of words for it:
 * what croft run says in a line and what croft doctor finds out are told in the same ones.
 */
#ifndef CROFT_PLAN_CAUSE_H
#define CROFT_PLAN_CAUSE_H

#include "host/host.h"

/* What croft run can tell apart by its probe alone. The doctor asks more, and has more words. */
enum cause_word {
	CAUSE_NONE,
	CAUSE_NOT_ASKED,
	CAUSE_LIMIT, /* a sysctl of zero or too many in each other: ENOSPC does not tell */
	CAUSE_LIMIT_ZERO,
	CAUSE_NESTING,
	CAUSE_SELINUX,
	CAUSE_APPARMOR, /* made, and without powers */
	CAUSE_ABSENT,
	CAUSE_NO_PROCESS,
	CAUSE_NO_EFFECT,
	CAUSE_FILTER,
	CAUSE_REFUSED, /* EPERM at unshare, and nothing tells who says it */
	CAUSE_CHROOT,
	CAUSE_CLONE_SYSCTL,
	CAUSE_SETFCAP,
	CAUSE_NO_PROC,
	CAUSE_PROC_READ_ONLY,
	CAUSE_MOUNT_NO_EFFECT,
	CAUSE_MOUNT_REFUSED,
	CAUSE_PROC_COVERED,
	CAUSE_NO_PID,
	CAUSE_NO_NET,
	CAUSE_NO_IPC,
	CAUSE_NO_UTS,
	CAUSE_NO_CGROUP,
	CAUSE_MAX
};

struct cause {
	const char *why, *mend; /* one line each; "" where there is nothing to say */
};

/* Of every word. */
struct cause cause_text(enum cause_word word);

/*
 * Why the host has no namespaces of this kind (HOST_NS_MOUNT: of any, with mounts in them;
 * HOST_NS_PID: with a fresh proc in them). Both "" for one that works; a pid namespace is asked
 * about only where it was not made.
 */
struct cause cause_of(const struct host *host, enum host_ns kind);
/* The same as a word; CAUSE_NONE for one that works. */
enum cause_word cause_word_of(const struct host *host, enum host_ns kind);

#endif
