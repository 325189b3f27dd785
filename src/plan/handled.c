/* SPDX-License-Identifier: MIT */
/*
 * handled.c - which of Landlock's rights count, and which are handled.
 *
 * Whatever Landlock does not handle is allowed, so the handled sets are always everything the
 * ABI knows, less what belongs to a protection that the user put off by his own word. What is
 * granted is a separate matter (files.c).
 *
 * So a newer kernel refuses more, and a profile that was complete on an older one may be found
 * wanting on it. A profile can pin the ABI that it was written for: it then means the same on
 * every newer kernel. Rights that are newer than that count only where the profile
 * speaks of them: a protection by name among its requirements, sockets, UDP ports, a right by
 * name. What the pinned plan leaves open is said in its rows, as on a kernel of that age.
 */
#include "plan/parts.h"

/* What each protection is made of. */
static const struct {
	uint64_t fs, net, scoped;
} made_of[PROTECT_MAX] = {
	[PROTECT_FILES] = { .fs = ~(ABI_LANDLOCK_FS_EXECUTE | ABI_LANDLOCK_FS_IOCTL_DEV |
				    ABI_LANDLOCK_FS_RESOLVE_UNIX) },
	[PROTECT_EXEC] = { .fs = ABI_LANDLOCK_FS_EXECUTE },
	[PROTECT_DEVICES] = { .fs = ABI_LANDLOCK_FS_IOCTL_DEV },
	[PROTECT_UNIX_PATH] = { .fs = ABI_LANDLOCK_FS_RESOLVE_UNIX },
	[PROTECT_TCP] = { .net = ABI_LANDLOCK_NET_BIND_TCP | ABI_LANDLOCK_NET_CONNECT_TCP },
	[PROTECT_UDP] = { .net = ABI_LANDLOCK_NET_BIND_UDP | ABI_LANDLOCK_NET_CONNECT_SEND_UDP },
	[PROTECT_UNIX_ABSTRACT] = { .scoped = ABI_LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET },
	[PROTECT_SIGNALS] = { .scoped = ABI_LANDLOCK_SCOPE_SIGNAL },
};

static void name_protection(struct plan *plan, enum protection protection)
{
	plan->beyond_fs |= made_of[protection].fs;
	plan->beyond_net |= made_of[protection].net;
	plan->beyond_scoped |= made_of[protection].scoped;
}

/* Rights that are newer than the profile's ABI, which this host has and the profile names. */
static void find_beyond(struct plan *plan)
{
	const struct profile *profile = plan->profile;
	const struct landlock_abi *here = landlock_abi_get(host_abi(plan));
	const struct landlock_abi *pinned = landlock_abi_get(plan->abi);

	for (int i = 0; i < PROTECT_MAX; i++)
		if (profile->is_named[i] && is_wanted(plan, (enum protection)i))
			name_protection(plan, (enum protection)i);
	for (size_t i = 0; i < profile->n_grants; i++) {
		plan->beyond_fs |= profile->grants[i].rights;
		if (profile->grants[i].kinds & GRANT_SOCKET)
			name_protection(plan, PROTECT_UNIX_PATH);
	}
	for (size_t i = 0; i < profile->n_ports; i++)
		if (profile->ports[i].is_udp)
			name_protection(plan, PROTECT_UDP);
	plan->beyond_fs &= here->fs & ~pinned->fs;
	plan->beyond_net &= here->net & ~pinned->net;
	plan->beyond_scoped &= here->scoped & ~pinned->scoped;
}

static void choose_flags(struct plan *plan)
{
	if (plan->profile->wants_audit)
		plan->restrict_flags |= ABI_LANDLOCK_RESTRICT_LOG_NEW_EXEC_ON;
	if (plan->profile->wants_no_own_audit)
		plan->restrict_flags |= ABI_LANDLOCK_RESTRICT_LOG_SAME_EXEC_OFF;
	if (plan->profile->wants_no_nested_audit)
		plan->restrict_flags |= ABI_LANDLOCK_RESTRICT_LOG_SUBDOMAINS_OFF;
	/* each was asked for by name, and none changes what is allowed: no matter of a pin */
	plan->restrict_flags &= landlock_abi_get(host_abi(plan))->restrict_flags;
}

void plan_handled(struct plan *plan)
{
	int abi = host_abi(plan);

	plan->abi = abi;
	if (plan->profile->abi && abi > (int)plan->profile->abi) {
		plan->abi = (int)plan->profile->abi;
		find_beyond(plan);
	}
	/* without rules on files there is nothing that the rights below could be granted on */
	plan->handled_fs = is_wanted(plan, PROTECT_FILES) ? known_fs(plan) : 0;
	if (!is_wanted(plan, PROTECT_EXEC))
		plan->handled_fs &= ~ABI_LANDLOCK_FS_EXECUTE;
	if (!is_wanted(plan, PROTECT_DEVICES))
		plan->handled_fs &= ~ABI_LANDLOCK_FS_IOCTL_DEV;
	if (!is_wanted(plan, PROTECT_UNIX_PATH))
		plan->handled_fs &= ~ABI_LANDLOCK_FS_RESOLVE_UNIX;
	plan->scoped = known_scoped(plan);
	if (!is_wanted(plan, PROTECT_UNIX_ABSTRACT))
		plan->scoped &= ~ABI_LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET;
	if (!is_wanted(plan, PROTECT_SIGNALS))
		plan->scoped &= ~ABI_LANDLOCK_SCOPE_SIGNAL;
	choose_flags(plan);
}
