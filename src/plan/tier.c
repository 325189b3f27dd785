/* SPDX-License-Identifier: MIT */
/*
 * tier.c - whether the plan needs namespaces, which ones, and what shape the tree of files gets.
 *
 * Two lists of needs are made. What is required and Landlock with the filter cannot keep on this
 * host; and what `isolate`, the git rule or --tier ask for by name. Only if one of them names
 * something are namespaces made: they cost three to eight times what Landlock does
 * (docs/design/tiers.md). What is merely preferred does not raise the tier; but where there are
 * mounts anyway, what they give for little is taken along.
 *
 * Every need needs a user namespace (or the capability to do without) and a mount namespace. A host
 * that was not asked about those is asked only if there is a need: the usual start has none.
 *
 * The tree: as the host's, made read-only as a whole and opened again where writing is granted; or
 * built from nothing, where names are to be hidden, where no Landlock limits what may be read, and
 * where the kernel has no call that makes a whole tree read-only (mount_setattr, since 5.12).
 *
 * A pid namespace without its own /proc would show the processes outside, under numbers that mean
 * others inside. So it is made only where a fresh proc can be mounted, or no proc is there at all.
 */
#include "plan/parts.h"
#include "plan/pattern.h"

#define NS(kind) (1U << (kind))

/* Beside the bits of enum host_ns. */
#define TREE (1U << 16)
#define NEW_ROOT (1U << 17)

static bool requires(const struct plan *plan, enum protection protection)
{
	return plan->profile->require[protection] == REQUIRE_REQUIRE;
}

static bool grants_ports(const struct plan *plan)
{
	return plan->profile->n_ports != 0;
}

/* True if a denial of one of two kinds is reached by what is granted, or nothing limits files. */
static bool has_reached(const struct plan *plan, enum denial_kind a, enum denial_kind b)
{
	for (size_t i = 0; i < plan->n_denials; i++) {
		const struct plan_denial *denial = &plan->denials[i];

		if ((denial->denial->kind == a || denial->denial->kind == b) &&
		    (denial->rule || !plan->handled_fs))
			return true;
	}
	return false;
}

bool has_denial(const struct plan *plan, enum denial_kind kind)
{
	for (size_t i = 0; i < plan->n_denials; i++)
		if (plan->denials[i].denial->kind == kind)
			return true;
	return false;
}

static bool has_reached_git(const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_denials; i++)
		if (plan->denials[i].denial->is_git && plan->denials[i].rule)
			return true;
	return false;
}

static unsigned file_needs(const struct plan *plan)
{
	bool has_truncate = plan->handled_fs & ABI_LANDLOCK_FS_TRUNCATE;
	unsigned needs = 0;

	if ((requires(plan, PROTECT_FILES) || requires(plan, PROTECT_EXEC)) && plan->abi == 0)
		needs |= TREE | NEW_ROOT;
	if (requires(plan, PROTECT_FILES) && !has_truncate && !has_seccomp(plan))
		needs |= TREE;
	if (requires(plan, PROTECT_HIDDEN))
		needs |= TREE | NEW_ROOT;
	if (requires(plan, PROTECT_METADATA))
		needs |= TREE;
	if (requires(plan, PROTECT_DENY_INSIDE) && has_reached(plan, DENY_ALL, DENY_WRITE))
		needs |= TREE;
	return needs;
}

static unsigned process_needs(const struct plan *plan)
{
	bool has_domain = plan->handled_fs || plan->handled_net || plan->scoped;
	unsigned needs = 0;

	if (requires(plan, PROTECT_PROCESSES))
		needs |= NS(HOST_NS_PID);
	if (requires(plan, PROTECT_SIGNALS) && !(plan->scoped & ABI_LANDLOCK_SCOPE_SIGNAL))
		needs |= NS(HOST_NS_PID);
	if (requires(plan, PROTECT_PTRACE) && !has_domain && !has_seccomp(plan))
		needs |= NS(HOST_NS_USER);
	if (requires(plan, PROTECT_IPC) && !has_seccomp(plan))
		needs |= NS(HOST_NS_IPC);
	return needs;
}

/* A network of its own has no port of the host's: where one is granted it is no answer. */
static unsigned net_needs(const struct plan *plan)
{
	bool is_open_to_sockets = plan->wants_sockets || !is_wanted(plan, PROTECT_UNIX_PATH) ||
				  (plan->handled_fs & ABI_LANDLOCK_FS_RESOLVE_UNIX);

	if (grants_ports(plan))
		return 0;
	if ((requires(plan, PROTECT_TCP) || requires(plan, PROTECT_UDP) ||
	     requires(plan, PROTECT_OTHER_NET)) &&
	    !has_seccomp(plan))
		return NS(HOST_NS_NET);
	if (requires(plan, PROTECT_UNIX_ABSTRACT) &&
	    !(plan->scoped & ABI_LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET) &&
	    (!has_seccomp(plan) || is_open_to_sockets))
		return NS(HOST_NS_NET);
	return 0;
}

/* What was asked for by name, whether its protections are required or only preferred. */
static unsigned named_needs(const struct plan *plan)
{
	const struct profile *profile = plan->profile;
	unsigned needs = 0;

	if (profile->isolates[ISOLATE_FILES] && is_wanted(plan, PROTECT_HIDDEN))
		needs |= TREE | NEW_ROOT;
	if (profile->isolates[ISOLATE_PROCESSES] && is_wanted(plan, PROTECT_PROCESSES))
		needs |= NS(HOST_NS_PID);
	if (profile->isolates[ISOLATE_IPC])
		needs |= NS(HOST_NS_IPC);
	if (profile->isolates[ISOLATE_NETWORK] && !grants_ports(plan))
		needs |= NS(HOST_NS_NET);
	if (profile->isolates[ISOLATE_HOSTNAME])
		needs |= NS(HOST_NS_UTS);
	if (profile->isolates[ISOLATE_CGROUP])
		needs |= NS(HOST_NS_CGROUP);
	/* a profile prefers private-tmp for TMPDIR's sake; a directory by name is more than that */
	if (is_wanted(plan, PROTECT_PRIVATE_TMP) && has_denial(plan, DENY_PRIVATE))
		needs |= TREE;
	if (profile->protects_git && has_reached_git(plan))
		needs |= TREE;
	if (profile->tier != TIER_ONLY_NAMESPACES)
		return needs;
	needs |= TREE | NS(HOST_NS_PID) | NS(HOST_NS_IPC) | NS(HOST_NS_UTS);
	if (!grants_ports(plan) && is_wanted(plan, PROTECT_TCP) && is_wanted(plan, PROTECT_UDP))
		needs |= NS(HOST_NS_NET);
	return needs;
}

/* With mounts of its own, what they give besides is had for a few microseconds. */
static unsigned taken_along(const struct plan *plan)
{
	unsigned needs = 0;

	if (is_wanted(plan, PROTECT_HIDDEN))
		needs |= TREE | NEW_ROOT;
	if (is_wanted(plan, PROTECT_METADATA))
		needs |= TREE;
	if (is_wanted(plan, PROTECT_FILES) && plan->abi == 0)
		needs |= TREE | NEW_ROOT;
	if (is_wanted(plan, PROTECT_DENY_INSIDE) && has_reached(plan, DENY_ALL, DENY_WRITE))
		needs |= TREE;
	return needs;
}

static bool works(const struct plan *plan, enum host_ns kind)
{
	return host_ns_answer(&plan->host, kind) == HOST_YES;
}

bool grants_proc(const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_grants; i++)
		if (path_is_under(plan->grants[i].path, "/proc") ||
		    path_is_under("/proc", plan->grants[i].path))
			return true;
	return false;
}

bool can_have_pids(const struct plan *plan)
{
	return works(plan, HOST_NS_PID) && (plan->host.mount.can_proc == HOST_YES ||
					    (plan->has_new_root && !grants_proc(plan)));
}

/*
 * Namespaces to ask the host about. User, mount and pid namespaces are tried together: one of them
 * known, and there is no more to be had by asking for them again.
 */
static unsigned unknown(const struct plan *plan, unsigned needs)
{
	const unsigned base = NS(HOST_NS_USER) | NS(HOST_NS_MOUNT) | NS(HOST_NS_PID);
	unsigned asks = 0;

	if (plan->host.ns[HOST_NS_USER].works == HOST_UNKNOWN &&
	    plan->host.ns[HOST_NS_MOUNT].works == HOST_UNKNOWN)
		asks |= base;
	else if (!works(plan, HOST_NS_MOUNT))
		return 0;
	for (int i = 0; i < HOST_NS_MAX; i++)
		if ((needs & NS(i) & ~base) && !host_ns_goes_with_mounts((enum host_ns)i) &&
		    plan->host.ns[i].works == HOST_UNKNOWN)
			asks |= NS(i);
	return asks;
}

static bool has_base(const struct plan *plan)
{
	return works(plan, HOST_NS_MOUNT) &&
	       (plan->host.has_ns_by_capability || works(plan, HOST_NS_USER));
}

/* Takes what the host has of the needs; false if nothing is left of them. */
static bool choose(struct plan *plan, unsigned needs)
{
	const unsigned other[] = { HOST_NS_NET, HOST_NS_IPC, HOST_NS_UTS, HOST_NS_CGROUP };
	unsigned namespaces = NS(HOST_NS_MOUNT);
	bool has_any = needs & (TREE | NS(HOST_NS_USER));

	plan->has_new_root = needs & NEW_ROOT;
	plan->has_tree = needs & TREE;
	/* without the call that makes a whole tree read-only, the tree is built anew */
	if (plan->has_tree && plan->host.mount.has_new_api != HOST_YES)
		plan->has_new_root = is_wanted(plan, PROTECT_FILES);
	if (!plan->host.has_ns_by_capability)
		namespaces |= NS(HOST_NS_USER);
	if ((needs & NS(HOST_NS_PID)) && can_have_pids(plan)) {
		namespaces |= NS(HOST_NS_PID);
		has_any = true;
	}
	for (size_t i = 0; i < sizeof(other) / sizeof(*other); i++) {
		if (!(needs & NS(other[i])) || !works(plan, (enum host_ns)other[i]))
			continue;
		namespaces |= NS(other[i]);
		has_any = true;
	}
	plan->namespaces = namespaces;
	return has_any;
}

void plan_tier(struct plan *plan)
{
	unsigned needs = file_needs(plan) | process_needs(plan) | net_needs(plan);

	needs |= named_needs(plan);
	/* a process that confines itself stays where it is */
	if (!needs || plan->profile->tier == TIER_ONLY_LANDLOCK || !plan->command.argv)
		return;
	needs |= taken_along(plan);
	/* with file protection off there are no grants that a new tree could be built of */
	if (!is_wanted(plan, PROTECT_FILES))
		needs &= ~NEW_ROOT;
	plan->asks_namespaces = unknown(plan, needs);
	plan->asks_new_root = plan->asks_namespaces && (needs & NEW_ROOT);
	if (has_base(plan) && choose(plan, needs)) {
		plan->tier = TIER_NAMESPACES;
		plan->is_supervised |= (plan->namespaces & NS(HOST_NS_PID)) != 0;
		return;
	}
	plan->namespaces = 0;
	plan->has_new_root = plan->has_tree = false;
}
