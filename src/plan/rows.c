/* SPDX-License-Identifier: MIT */
/*
 * rows.c - one row for each promise: kept, kept in part, or not, and why.
 *
 * Each function below judges one promise from what the parts before it have
 * planned. The texts are for the person who reads a plan at night: what is
 * missing is said in terms of what can happen, and the mend in terms of what to
 * change. An enforced row may still carry a note (in `missing`): what its words
 * do not cover.
 */
#include <errno.h>

#include "base/cleanup.h"
#include "plan/cause.h"
#include "plan/rows.h"

typedef void (*judge_fn)(const struct plan *plan, struct arena *arena, struct plan_row *row);

void row_enforced(struct plan_row *row, const char *mechanisms, const char *note)
{
	row->state = STATE_ENFORCED;
	row->mechanisms = mechanisms;
	row->missing = note;
}

const char *row_join(struct arena *arena, const char *a, const char *b)
{
	if (!a || !b)
		return NULL;
	return *a && *b ? arena_printf(arena, "%s; %s", a, b) : *a ? a : b;
}

void row_absent(struct plan_row *row, const char *why, const char *mend)
{
	row->state = STATE_ABSENT;
	row->missing = why;
	row->mend = mend;
}

const char *row_landlock(const struct plan *plan, struct arena *arena, const char *more)
{
	return arena_printf(arena, "Landlock %d%s", plan->abi, more);
}

const char *row_landlock_since(const struct plan *plan, struct arena *arena, int since,
			       const char *more)
{
	return arena_printf(arena, "Landlock %d%s", plan->abi < since ? since : plan->abi, more);
}

const char *row_newer(const struct plan *plan, struct arena *arena, enum protection protection,
		      int since, const char *more)
{
	const struct profile *profile = plan->profile;

	if (profile->abi && (int)profile->abi < since && !profile->is_named[protection])
		return arena_printf(arena,
				    "name %s in the profile's require (it pins ABI %u), Linux %s%s",
				    protection_names[protection].name, profile->abi,
				    landlock_abi_kernel(since), more);
	return arena_printf(arena, "Linux %s (Landlock ABI %d)%s", landlock_abi_kernel(since),
			    since, more);
}

static void say_no_landlock(const struct plan *plan, struct plan_row *row)
{
	if (!plan->host.landlock.errnum && plan->host.landlock.enforces == HOST_NO)
		row_absent(row, "this kernel takes Landlock rules and does not enforce them",
			   "a host whose kernel has Landlock (5.13), not an emulation of one");
	else if (plan->host.landlock.errnum == ENOSYS)
		row_absent(
			row, "this kernel has no Landlock (or an outer filter hides it)",
			"Linux 5.13 with CONFIG_SECURITY_LANDLOCK, or an outer container that allows landlock_*");
	else if (plan->host.landlock.errnum == EOPNOTSUPP)
		row_absent(row, "Landlock is in this kernel but was not switched on at boot",
			   "put landlock into the kernel's lsm= list and boot again");
	else
		row_absent(
			row, "an outer sandbox refuses Landlock",
			"let its system call filter allow landlock_create_ruleset, _add_rule and _restrict_self");
}

static bool host_has(const struct host *host, enum host_ns kind)
{
	bool has_base = host->ns[HOST_NS_MOUNT].works == HOST_YES &&
			(host->has_ns_by_capability || host->ns[HOST_NS_USER].works == HOST_YES);

	return has_base && host_ns_answer(host, kind) == HOST_YES &&
	       (kind != HOST_NS_PID || host->mount.can_proc == HOST_YES);
}

/* What stands in the way of namespaces, and what would give them to this row. */
static struct cause lacks_namespaces(const struct plan *plan, struct arena *arena,
				     enum protection protection, enum host_ns kind)
{
	const struct cause cause = cause_of(&plan->host, kind);

	if (!plan->command.argv)
		return (struct cause){ "", "a command that croft starts: a process that confines "
					   "itself stays in the namespaces it has" };
	if (plan->profile->tier == TIER_ONLY_LANDLOCK)
		return (struct cause){ "", "leave out --tier landlock" };
	if (plan->asks_namespaces)
		return cause;
	/* the usual start does not ask the host: it may well have them */
	if (host_has(&plan->host, kind) || plan->host.ns[HOST_NS_MOUNT].works == HOST_UNKNOWN)
		return (struct cause){
			"", arena_printf(arena, "--require %s, which takes namespaces of its own",
					 protection_names[protection].name)
		};
	return cause;
}

void row_by_namespaces(const struct plan *plan, struct arena *arena, struct plan_row *row,
		       enum host_ns kind, const char *why)
{
	const struct cause cause = lacks_namespaces(plan, arena, row->protection, kind);

	row_absent(row, *cause.why ? arena_printf(arena, "%s; %s", why, cause.why) : why,
		   cause.mend);
}

void row_no_landlock(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	const struct cause cause = lacks_namespaces(plan, arena, row->protection, HOST_NS_MOUNT);

	say_no_landlock(plan, row);
	if (*cause.why)
		row->missing = arena_printf(arena, "%s; and mounts cannot do it: %s", row->missing,
					    cause.why);
	if (*cause.why)
		row->mend = arena_printf(arena, "%s; or %s", row->mend, cause.mend);
}

void row_no_seccomp(struct plan_row *row)
{
	row_absent(row, "this kernel does not take system call filters",
		   "a kernel with CONFIG_SECCOMP_FILTER");
}

static const judge_fn judges[PROTECT_MAX] = {
	[PROTECT_FILES] = judge_files,
	[PROTECT_EXEC] = judge_exec,
	[PROTECT_DEVICES] = judge_devices,
	[PROTECT_METADATA] = judge_metadata,
	[PROTECT_HIDDEN] = judge_hidden,
	[PROTECT_DENY_INSIDE] = judge_deny_inside,
	[PROTECT_PRIVATE_TMP] = judge_private_tmp,
	[PROTECT_TCP] = judge_tcp,
	[PROTECT_UDP] = judge_udp,
	[PROTECT_OTHER_NET] = judge_other_net,
	[PROTECT_UNIX_ABSTRACT] = judge_unix_abstract,
	[PROTECT_UNIX_PATH] = judge_unix_path,
	[PROTECT_SIGNALS] = judge_signals,
	[PROTECT_PTRACE] = judge_ptrace,
	[PROTECT_PROCESSES] = judge_processes,
	[PROTECT_IPC] = judge_ipc,
	[PROTECT_TERMINAL] = judge_terminal,
	[PROTECT_SYSCALLS] = judge_syscalls,
	[PROTECT_PRIVILEGES] = judge_privileges,
	[PROTECT_DESCRIPTORS] = judge_descriptors,
	[PROTECT_ENVIRONMENT] = judge_environment,
	[PROTECT_LIMITS] = judge_limits,
};

/* What belongs to starting a command, and means nothing to a process that confines itself. */
static bool is_of_start(enum protection protection)
{
	return protection == PROTECT_PRIVATE_TMP || protection == PROTECT_DESCRIPTORS ||
	       protection == PROTECT_ENVIRONMENT;
}

/* Told in every plan, wanted or not: what Landlock alone cannot give. */
static bool is_always_told(enum protection protection)
{
	return protection == PROTECT_METADATA || protection == PROTECT_HIDDEN ||
	       protection == PROTECT_DENY_INSIDE || protection == PROTECT_PROCESSES;
}

bool rests_on_checks(const struct plan *plan, enum protection protection)
{
	switch (protection) {
	case PROTECT_TCP:
	case PROTECT_UDP:
	case PROTECT_OTHER_NET:
		return true;
	case PROTECT_UNIX_ABSTRACT:
		return !(plan->scoped & ABI_LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET);
	case PROTECT_UNIX_PATH:
		return !(plan->handled_fs & ABI_LANDLOCK_FS_RESOLVE_UNIX);
	case PROTECT_FILES:
	case PROTECT_DENY_INSIDE:
		return plan->syscalls.refuses_path_truncate;
	case PROTECT_SYSCALLS:
		return plan->profile->n_refused_calls;
	default:
		return false;
	}
}

static void judge_rings(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	if (!plan->syscalls.allows_group[GROUP_IO_URING] || row->state != STATE_ENFORCED ||
	    !rests_on_checks(plan, row->protection))
		return;
	row->state = STATE_PARTIAL;
	row->missing = "io_uring, allowed by name, goes around the filter";
	row->mend = arena_printf(arena, "drop --allow io-uring, or accept it with --prefer %s",
				 protection_names[row->protection].name);
}

int plan_rows(struct plan *plan, struct croft_error *err)
{
	for (int i = 0; i < PROTECT_MAX; i++) {
		struct plan_row *row = &plan->rows[i];

		row->protection = (enum protection)i;
		row->requirement = plan->profile->require[i];
		row->mechanisms = "";
		row->missing = "";
		row->mend = "";
		if (!plan->command.argv && is_of_start(row->protection))
			row->requirement = REQUIRE_OFF;
		if (row->requirement == REQUIRE_OFF && !is_always_told(row->protection))
			row_absent(row, "off", "");
		else
			judges[i](plan, &plan->arena, row);
		judge_rings(plan, &plan->arena, row);
		if (!row->mechanisms || !row->missing || !row->mend)
			return fail(err, CROFT_STAGE_PLAN, ENOMEM, "word the plan");
	}
	return 0;
}
