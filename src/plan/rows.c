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
#include <stdlib.h>

#include "base/cleanup.h"
#include "plan/rows.h"

typedef void (*judge_fn)(const struct plan *plan, struct arena *arena, struct plan_row *row);

void row_enforced(struct plan_row *row, const char *mechanisms, const char *note)
{
	row->state = STATE_ENFORCED;
	row->mechanisms = mechanisms;
	row->missing = note;
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

/* Of a right that came with ABI `since`: a profile that is pinned to an older one may name it. */
static const char *landlock_since(const struct plan *plan, struct arena *arena, int since,
				  const char *more)
{
	return arena_printf(arena, "Landlock %d%s", plan->abi < since ? since : plan->abi, more);
}

/* What gives a right that came with ABI `since`; the profile's pin can be in the way, too. */
static const char *newer(const struct plan *plan, struct arena *arena, enum protection protection,
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

void row_no_landlock(const struct plan *plan, struct plan_row *row)
{
	if (plan->host.landlock.enforces == HOST_NO)
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

static void no_seccomp(struct plan_row *row)
{
	row_absent(row, "this kernel does not take system call filters",
		   "a kernel with CONFIG_SECCOMP_FILTER");
}

static void judge_files(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	if (plan->abi == 0) {
		row_no_landlock(plan, row);
	} else if (!plan->syscalls.refuses_path_truncate) {
		row_enforced(row, landlock_since(plan, arena, 3, ""),
			     plan->handled_fs & ABI_LANDLOCK_FS_REFER
				     ? ""
				     : "moving to another directory is refused");
	} else if (!has_seccomp(plan)) {
		row->state = STATE_PARTIAL;
		row->mechanisms = row_landlock(plan, arena, "");
		row->missing = "files outside the grants can be truncated";
		row->mend = newer(plan, arena, PROTECT_FILES, 3, ", or system call filters");
	} else {
		row_enforced(row, row_landlock(plan, arena, " + seccomp"),
			     !(plan->handled_fs & ABI_LANDLOCK_FS_REFER)
				     ? "truncate(2) and moving to another directory are refused"
				     : "truncate(2) is refused everywhere");
	}
}

static void judge_exec(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	if (plan->handled_fs & ABI_LANDLOCK_FS_EXECUTE)
		row_enforced(
			row, row_landlock(plan, arena, ""),
			"no promise that other code cannot run: an interpreter runs any file it can read, memory can be executed");
	else if (plan->abi == 0)
		row_no_landlock(plan, row);
	else
		row_absent(row, "file protection is off, and this rests on it",
			   "leave files on, or say --off exec too");
}

static void judge_devices(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	if (plan->handled_fs & ABI_LANDLOCK_FS_IOCTL_DEV)
		row_enforced(row, landlock_since(plan, arena, 5, ""), "");
	else if (plan->abi == 0)
		row_no_landlock(plan, row);
	else if (!(known_fs(plan) & ABI_LANDLOCK_FS_IOCTL_DEV))
		row_absent(row, "any ioctl on a device that may be opened passes",
			   newer(plan, arena, PROTECT_DEVICES, 5, ""));
	else
		row_absent(row, "file protection is off, and this rests on it",
			   "leave files on, or say --off devices too");
}

static void judge_metadata(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	(void)plan;
	(void)arena;
	row_absent(
		row,
		"chmod, chown, utime and xattr pass on the caller's own files everywhere: Landlock does not see them",
		"read-only mounts in a user namespace (not in this version)");
}

static bool has_port(const struct plan *plan, bool is_udp, enum port_use use)
{
	for (size_t i = 0; i < plan->profile->n_ports; i++)
		if (plan->profile->ports[i].is_udp == is_udp && plan->profile->ports[i].use == use)
			return true;
	return false;
}

static bool grants_any_port(const struct plan *plan, bool is_udp)
{
	return has_port(plan, is_udp, PORT_CONNECT) || has_port(plan, is_udp, PORT_LISTEN);
}

static bool listens_on_any(const struct plan *plan)
{
	for (size_t i = 0; i < plan->profile->n_ports; i++) {
		const struct port_grant *port = &plan->profile->ports[i];

		if (!port->is_udp && port->use == PORT_LISTEN && port->port == 0)
			return true;
	}
	return false;
}

/* With other-net off, MPTCP, SCTP and raw sockets reach what TCP and UDP may not. */
static bool is_walked_around(const struct plan *plan, struct plan_row *row)
{
	if (plan->syscalls.refuses_other_net)
		return false;
	row->state = STATE_PARTIAL;
	row->mechanisms = "seccomp";
	row->missing = "other-net is off: MPTCP, SCTP and other sockets reach the same places";
	row->mend = "leave other-net on, or say --prefer tcp --prefer udp too";
	return true;
}

/* Landlock judges the ports; the filter only refuses what it does not see. */
static void judge_tcp_by_landlock(const struct plan *plan, struct arena *arena,
				  struct plan_row *row)
{
	const bool limits_ports = plan->handled_net & ABI_LANDLOCK_NET_CONNECT_TCP;

	if (limits_ports && has_seccomp(plan)) {
		row_enforced(row, landlock_since(plan, arena, 4, " + seccomp"),
			     "listen(2) without bind(2) gets a port that the kernel chooses");
	} else if (limits_ports) {
		row->state = STATE_PARTIAL;
		row->mechanisms = landlock_since(plan, arena, 4, "");
		row->missing = "MPTCP, SMC and TCP fast open reach every port";
		row->mend = "a kernel with CONFIG_SECCOMP_FILTER";
	} else if (has_seccomp(plan) && !grants_any_port(plan, false)) {
		row_enforced(row, "seccomp", "");
	} else {
		row_absent(row, "TCP ports cannot be told apart: TCP is open to everywhere",
			   newer(plan, arena, PROTECT_TCP, 4, ""));
	}
}

static void judge_tcp(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	if (plan->profile->leaves_tcp_to_landlock) {
		judge_tcp_by_landlock(plan, arena, row);
	} else if (!has_seccomp(plan)) {
		no_seccomp(row);
	} else if (is_walked_around(plan, row)) {
		return;
	} else if (!grants_any_port(plan, false)) {
		row_enforced(row, "seccomp", "");
	} else if (!(plan->handled_net & ABI_LANDLOCK_NET_CONNECT_TCP)) {
		row_absent(
			row,
			"TCP ports cannot be told apart: if TCP is opened, it is opened to everywhere",
			newer(plan, arena, PROTECT_TCP, 4,
			      "; or drop the port grants; or accept it with --prefer tcp"));
	} else if (plan->syscalls.refuses_listen) {
		row_enforced(row, landlock_since(plan, arena, 4, " + seccomp"),
			     "listen(2) is refused, on unix sockets too");
	} else {
		row_enforced(
			row, landlock_since(plan, arena, 4, " + seccomp"),
			listens_on_any(plan)
				? ""
				: "listen(2) without bind(2) gets a port that the kernel chooses");
	}
}

static void judge_udp(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	if (!has_seccomp(plan))
		no_seccomp(row);
	else if (is_walked_around(plan, row))
		return;
	else if (!grants_any_port(plan, true))
		row_enforced(row, "seccomp", "");
	else if (!(plan->handled_net & ABI_LANDLOCK_NET_BIND_UDP))
		row_absent(
			row,
			"UDP ports cannot be told apart: if UDP is opened, it is opened to everywhere",
			newer(plan, arena, PROTECT_UDP, 10,
			      "; or drop the udp: grants; or accept it with --prefer udp"));
	else
		row_enforced(row, landlock_since(plan, arena, 10, " + seccomp"), "");
}

/* Kept by refusing what it is about: what the user asked for besides is told. */
static const char *not_isolated(const struct plan *plan, enum isolation isolation)
{
	if (!plan->profile->isolates[isolation])
		return "";
	return isolation == ISOLATE_IPC
		       ? "refused as a whole; an own ipc namespace is not in this version"
		       : "not in a network namespace of its own (not in this version)";
}

static void judge_other_net(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	(void)arena;
	if (!has_seccomp(plan))
		no_seccomp(row);
	else
		row_enforced(row, "seccomp",
			     plan->syscalls.allows_route_netlink
				     ? "NETLINK_ROUTE passes: the host's addresses can be read"
				     : not_isolated(plan, ISOLATE_NETWORK));
}

static void judge_unix_abstract(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	if (plan->scoped & ABI_LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET)
		row_enforced(row, landlock_since(plan, arena, 6, ""), "");
	else if (!plan->syscalls.is_off && !plan->syscalls.allows_unix)
		row_enforced(row, "seccomp", "no unix sockets but connected pairs");
	else
		row_absent(row, "abstract unix sockets of other processes can be reached",
			   newer(plan, arena, PROTECT_UNIX_ABSTRACT, 6, ""));
}

static void judge_unix_path(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	if (plan->handled_fs & ABI_LANDLOCK_FS_RESOLVE_UNIX)
		row_enforced(row, landlock_since(plan, arena, 9, ""), "");
	else if (!has_seccomp(plan))
		no_seccomp(row);
	else if (!plan->syscalls.allows_unix)
		row_enforced(
			row, "seccomp",
			"no unix sockets but connected pairs, not even among its own processes");
	else if (known_fs(plan) & ABI_LANDLOCK_FS_RESOLVE_UNIX)
		row_absent(row, "file protection is off, and this rests on it",
			   "leave files on, or say --off unix-path too");
	else
		row_absent(
			row,
			"path sockets cannot be told apart: with one granted, the session bus and others can be reached",
			"Linux 7.1 (Landlock ABI 9); or drop --socket; or accept it with --prefer unix-path");
}

static void judge_signals(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	if (plan->scoped & ABI_LANDLOCK_SCOPE_SIGNAL)
		row_enforced(row, landlock_since(plan, arena, 6, ""), "");
	else if (plan->abi == 0)
		row_no_landlock(plan, row);
	else
		row_absent(row, "the caller's other processes can be signalled",
			   newer(plan, arena, PROTECT_SIGNALS, 6, ""));
}

static void judge_ptrace(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	if (plan->handled_fs || plan->handled_net || plan->scoped)
		row_enforced(row, row_landlock(plan, arena, ""),
			     plan->syscalls.is_strict ? "its own processes cannot be traced either"
						      : "");
	else if (has_seccomp(plan))
		row_enforced(row, "seccomp", "its own processes cannot be traced either");
	else
		no_seccomp(row);
}

static void judge_processes(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	static const char see[] =
		"other processes can be seen (/proc, pidfd_open), and their priority and affinity changed";

	(void)arena;
	row->mend = "a pid namespace (not in this version)";
	if (plan->is_supervised) {
		row->state = STATE_PARTIAL;
		row->mechanisms = "a waiting parent";
		row->missing = see;
	} else {
		row->state = STATE_ABSENT;
		row->missing =
			"what the command leaves running survives it; other processes can be seen (/proc, "
			"pidfd_open), and their priority and affinity changed";
		row->mend =
			"--supervise for the first; a pid namespace for the rest (not in this version)";
	}
}

/* Groups that the user opened by name, as a note. */
static const char *allowed_groups(const struct plan *plan, struct arena *arena,
				  const enum syscall_group *only, size_t n_only)
{
	const char *list = "";

	for (int group = 0; group < GROUP_MAX; group++) {
		bool is_meant = n_only == 0;

		for (size_t i = 0; i < n_only; i++)
			is_meant |= only[i] == (enum syscall_group)group;
		if (is_meant && plan->profile->allows_group[group])
			list = arena_printf(arena, "%s%s%s", list,
					    *list ? ", " : "allowed by name: ",
					    syscall_group_names[group].name);
		if (!list)
			return NULL;
	}
	return list;
}

static void judge_filter(const struct plan *plan, struct arena *arena, struct plan_row *row,
			 const enum syscall_group *only, size_t n_only)
{
	if (!has_seccomp(plan))
		no_seccomp(row);
	else
		row_enforced(row, "seccomp", allowed_groups(plan, arena, only, n_only));
}

static void judge_ipc(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	static const enum syscall_group groups[] = { GROUP_SYSV_IPC, GROUP_KEYRING };

	judge_filter(plan, arena, row, groups, ARRAY_SIZE(groups));
	if (row->state == STATE_ENFORCED && row->missing && !*row->missing)
		row->missing = not_isolated(plan, ISOLATE_IPC);
}

static void judge_terminal(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	static const enum syscall_group groups[] = { GROUP_TERMINAL };

	judge_filter(plan, arena, row, groups, ARRAY_SIZE(groups));
	/* a rule cannot tell a terminal made in there from one made before */
	if (row->state == STATE_ENFORCED && row->missing && !*row->missing &&
	    plan_allows(plan, "/dev/pts/0", ABI_LANDLOCK_FS_READ_FILE))
		row->missing = "other terminals of this user, in /dev/pts, can be opened";
}

static void judge_syscalls(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	judge_filter(plan, arena, row, NULL, 0);
}

static void judge_privileges(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	(void)arena;
	row_enforced(
		row, "no_new_privs + capset",
		plan->host.uid == 0
			? "user 0 keeps what files grant to their owner: root's files are its own"
			: "");
}

static void judge_descriptors(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	(void)arena;
	row_enforced(row,
		     plan->host.has_close_range ? "close_range"
						: "close-on-exec on each of /proc/self/fd",
		     "");
}

static void judge_environment(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	(void)plan;
	(void)arena;
	row_enforced(row, "built anew", "");
}

static void judge_limits(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	bool has_any = plan->profile->time_ms != 0;

	(void)arena;
	for (int limit = 0; limit < LIMIT_MAX; limit++)
		has_any |= plan->profile->has_limit[limit];
	if (!has_any) {
		row_enforced(row, "rlimits", "none was asked for");
	} else if (plan->profile->has_limit[LIMIT_PROCESSES] && plan->host.uid == 0) {
		row->state = STATE_PARTIAL;
		row->mechanisms = "rlimits";
		row->missing = "the kernel does not count processes of user 0";
		row->mend = "run croft as an ordinary user, or drop the limit";
	} else {
		row_enforced(row, plan->is_supervised ? "rlimits + timer" : "rlimits",
			     plan->profile->has_limit[LIMIT_MEMORY]
				     ? "memory is counted for each process by itself"
				     : "");
	}
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

/* Told in every plan, wanted or not: what this version cannot give. */
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
