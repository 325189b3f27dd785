/* SPDX-License-Identifier: MIT */
/*
 * row_processes.c - the rows on processes and on what else the kernel hands out: signals, ptrace,
 * processes, ipc, terminal, syscalls, privileges, descriptors, environment.
 */
#include <errno.h>

#include "base/cleanup.h"
#include "plan/rows.h"

/*
 * In a pid namespace nobody outside has a number. But kill(0, sig) goes to the process group, and
 * that is the caller's, outside of it too, unless the command leads a session of its own.
 */
static void judge_signals_by_pids(const struct plan *plan, struct arena *arena,
				  struct plan_row *row)
{
	if (plan->profile->wants_pty) {
		row_enforced(row, "pid namespace + a session of its own", "");
		return;
	}
	row->state = STATE_PARTIAL;
	row->mechanisms = "pid namespace";
	row->missing = "kill(0) reaches the caller's process group";
	row->mend = row_newer(plan, arena, PROTECT_SIGNALS, 6, "; or --pty");
}

void judge_signals(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	const bool has_pids = has_ns(plan, HOST_NS_PID);

	if (plan->scoped & ABI_LANDLOCK_SCOPE_SIGNAL) {
		row_enforced(row,
			     row_landlock_since(plan, arena, 6, has_pids ? " + pid namespace" : ""),
			     "");
	} else if (has_pids) {
		judge_signals_by_pids(plan, arena, row);
	} else {
		row_absent(row, "the caller's other processes can be signalled",
			   row_newer(plan, arena, PROTECT_SIGNALS, 6,
				     "; or --isolate processes --pty, where namespaces work"));
	}
}

/*
 * Who traces a process of another user namespace needs a capability in it (since 3.8), whoever
 * both belong to.
 */
void judge_ptrace(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	if (plan->handled_fs || plan->handled_net || plan->scoped)
		row_enforced(row, row_landlock(plan, arena, ""),
			     plan->syscalls.is_strict ? "its own processes cannot be traced either"
						      : "");
	else if (has_ns(plan, HOST_NS_USER))
		row_enforced(row,
			     plan->syscalls.refuses_ptrace && has_seccomp(plan)
				     ? "user namespace + seccomp"
				     : "user namespace",
			     plan->syscalls.refuses_ptrace && has_seccomp(plan)
				     ? "its own processes cannot be traced either"
				     : "");
	else if (has_seccomp(plan))
		row_enforced(row, "seccomp", "its own processes cannot be traced either");
	else
		row_no_seccomp(row);
}

static const char *process_mechanisms(const struct plan *plan)
{
	if (plan->wants_cgroup)
		return plan->is_supervised ? "a waiting parent + a control group"
					   : "a control group";
	return plan->is_supervised ? "a waiting parent" : "";
}

void judge_processes(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	static const char see[] =
		"other processes can be seen (/proc, pidfd_open), and their priority and affinity changed";
	static const char survive[] =
		"what the command leaves running survives it; other processes can be seen (/proc, "
		"pidfd_open), and their priority and affinity changed";
	const char *mechanisms = process_mechanisms(plan);

	if (has_ns(plan, HOST_NS_PID)) {
		row_enforced(row, "pid namespace", "");
		return;
	}
	row_by_namespaces(plan, arena, row, HOST_NS_PID, *mechanisms ? see : survive);
	row->mechanisms = mechanisms;
	if (*mechanisms)
		row->state = STATE_PARTIAL;
	else if (row->mend)
		row->mend = arena_printf(arena, "--supervise for the first; %s for the rest",
					 row->mend);
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
		row_no_seccomp(row);
	else
		row_enforced(row, "seccomp", allowed_groups(plan, arena, only, n_only));
}

/* With a namespace of its own, what is opened by name there is not the host's. */
void judge_ipc(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	static const enum syscall_group groups[] = { GROUP_KEYRING, GROUP_SYSV_IPC };
	bool is_own = has_ns(plan, HOST_NS_IPC);

	if (has_seccomp(plan)) {
		row_enforced(row, is_own ? "seccomp + ipc namespace" : "seccomp",
			     allowed_groups(plan, arena, groups, is_own ? 1 : ARRAY_SIZE(groups)));
		if (plan->profile->isolates[ISOLATE_IPC] && !is_own && row->missing &&
		    !*row->missing)
			row->missing = "refused as a whole, in the host's ipc namespace";
	} else if (is_own) {
		row->state = STATE_PARTIAL;
		row->mechanisms = "ipc namespace";
		row->missing = "keyrings of the caller can be reached";
		row->mend = "a kernel with CONFIG_SECCOMP_FILTER";
	} else {
		row_no_seccomp(row);
	}
}

/* A terminal of its own file system: those outside have no name in it. */
static bool has_own_terminals(const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_mount_ops; i++)
		if (plan->mount_ops[i].kind == MOUNT_DEVPTS)
			return true;
	return false;
}

void judge_terminal(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	static const enum syscall_group groups[] = { GROUP_TERMINAL };

	judge_filter(plan, arena, row, groups, ARRAY_SIZE(groups));
	if (row->state == STATE_ENFORCED && has_own_terminals(plan)) {
		row->mechanisms = "seccomp + a fresh /dev/pts";
		return;
	}
	/* a rule cannot tell a terminal made in there from one made before */
	if (row->state == STATE_ENFORCED && row->missing && !*row->missing &&
	    plan_allows(plan, "/dev/pts/0", ABI_LANDLOCK_FS_READ_FILE))
		row->missing = "other terminals of this user, in /dev/pts, can be opened";
}

void judge_syscalls(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	judge_filter(plan, arena, row, NULL, 0);
}

void judge_privileges(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	(void)arena;
	row_enforced(
		row, "no_new_privs + capset",
		plan->host.uid == 0
			? "user 0 keeps what files grant to their owner: root's files are its own"
			: "");
}

void judge_descriptors(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	(void)arena;
	row_enforced(row,
		     plan->host.has_close_range ? "close_range"
						: "close-on-exec on each of /proc/self/fd",
		     "");
}

void judge_environment(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	(void)plan;
	(void)arena;
	row_enforced(row, "built anew", "");
}
