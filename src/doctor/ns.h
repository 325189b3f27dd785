/* SPDX-License-Identifier: MIT */
/*
 * ns.h - what the probes of namespaces share: the way in, and the kinds.
 */
#ifndef CROFT_DOCTOR_NS_H
#define CROFT_DOCTOR_NS_H

#include <stddef.h>

#include "doctor/probe.h"

/* host.h's kinds and one more, which croft makes no use of: time (since 5.6). */
#define NS_KINDS (HOST_NS_MAX + 1)
#define NS_TIME HOST_NS_MAX

struct ns_kind {
	const char *name; /* host_ns_names' words; "time" */
	int flag; /* of unshare(2) */
	const char *link; /* in /proc/self/ns: what is another afterwards */
};

extern const struct ns_kind ns_kinds[NS_KINDS];

/* How a process got into namespaces of its own, or how far. */
struct ns_way {
	const char *step; /* what was refused: "unshare", "uid_map", "link", ...; or "" */
	int errnum;
	bool is_by_capability; /* without a user namespace, which was refused as told above */
	char label[128]; /* the security label in the new user namespace; "" */
};

/*
 * Makes a user namespace and, by the same unshare, what `flags` names beside; maps the ids of this
 * process to themselves. Where that is refused, and this process has CAP_SYS_ADMIN, the others
 * alone. A mount namespace is seen to be another. 0 or -errno; *ret_way is set either way. In a
 * child that is for nothing else: half of it may be done when it fails.
 */
int ns_enter(int flags, struct ns_way *ret_way);

/* Makes every mount in a namespace that ns_enter has made its own: 0 or -errno. */
int ns_own_mounts(void);

#endif
