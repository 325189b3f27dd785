/* SPDX-License-Identifier: MIT */
/*
 * policy.c - what the filter is to refuse, from the promises that are wanted.
 *
 * Groups belong to a promise and are refused unless allowed by name; a few calls are refused
 * because this host's Landlock does not see what they do (net.c has those of sockets); "strict"
 * adds what few programs need. A profile can refuse any call by name besides. An io_uring does
 * much of all this where no filter looks: where a promise rests on looking, it goes too.
 */
#include <errno.h>

#include "plan/parts.h"

static int refuse_calls(struct plan *plan, struct croft_error *err)
{
	const struct profile *profile = plan->profile;

	for (size_t i = 0; i < profile->n_refused_calls; i++) {
		const char *name = profile->refused_calls[i], *nearest;
		int r = syscall_policy_refuse(&plan->syscalls, name);

		if (r == 0)
			continue;
		if (r == -EBUSY) {
			(void)fail(err, CROFT_STAGE_PLAN, 0,
				   "the system call '%s' is to be refused", name);
			fail_hint(err, "croft itself needs it to start the command");
			return -EINVAL;
		}
		nearest = syscall_nearest(name);
		r = fail(err, CROFT_STAGE_PLAN, 0, "there is no system call '%s' to be refused",
			 name);
		if (nearest)
			fail_hint(err, "did you mean '%s'?", nearest);
		else
			fail_hint(err, "calls that are newer than croft knows are refused anyway");
		return r;
	}
	return 0;
}

static void allow_groups(struct plan *plan)
{
	struct syscall_policy *policy = &plan->syscalls;

	for (int group = 0; group < GROUP_MAX; group++)
		policy->allows_group[group] =
			plan->profile->allows_group[group] || !is_wanted(plan, PROTECT_SYSCALLS);
	policy->allows_group[GROUP_TERMINAL] =
		plan->profile->allows_group[GROUP_TERMINAL] || !is_wanted(plan, PROTECT_TERMINAL);
	policy->allows_group[GROUP_SYSV_IPC] =
		plan->profile->allows_group[GROUP_SYSV_IPC] || !is_wanted(plan, PROTECT_IPC);
	policy->allows_group[GROUP_KEYRING] =
		plan->profile->allows_group[GROUP_KEYRING] || !is_wanted(plan, PROTECT_IPC);
}

int plan_syscalls(struct plan *plan, struct croft_error *err)
{
	struct syscall_policy *policy = &plan->syscalls;
	bool has_domain = plan->handled_fs || plan->handled_net || plan->scoped;
	bool has_checks;

	policy->arch = plan->host.arch;
	allow_groups(plan);
	policy->is_strict =
		is_wanted(plan, PROTECT_SYSCALLS) && plan->profile->syscall_mode == SYSCALLS_STRICT;
	/* a process in a Landlock domain can trace only what is in it */
	policy->refuses_ptrace =
		(is_wanted(plan, PROTECT_PTRACE) && !has_domain) || policy->is_strict;
	policy->refuses_path_truncate =
		(plan->handled_fs || (plan->has_new_root && is_read_only_in_part(plan))) &&
		!(plan->handled_fs & ABI_LANDLOCK_FS_TRUNCATE);
	/* a ring does all of these where no filter sees it */
	has_checks = policy->filters_sockets || policy->refuses_listen ||
		     policy->refuses_fastopen || policy->refuses_tcp_ulp ||
		     policy->refuses_path_truncate || plan->profile->n_refused_calls;
	if (has_checks)
		policy->allows_group[GROUP_IO_URING] = plan->profile->allows_group[GROUP_IO_URING];
	policy->is_off = !is_wanted(plan, PROTECT_SYSCALLS) && !is_wanted(plan, PROTECT_TERMINAL) &&
			 !is_wanted(plan, PROTECT_IPC) && !has_checks && !policy->refuses_ptrace;
	if (!has_seccomp(plan))
		policy->is_off = true;
	return refuse_calls(plan, err);
}
