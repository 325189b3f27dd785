/* SPDX-License-Identifier: MIT */
/*
 * limits.c - which limits a control group keeps, and the row on them.
 *
 * Limits of the kernel on processes (rlimits) are there everywhere, but count each process by
 * itself, or all of the user's. A control group counts what it is about, where one can be had:
 * then it keeps memory and processes, and the rlimit is not set, since it would stop
 * programs that reserve much and use little, or users who run much besides. A share of the
 * processors is a group's alone.
 *
 * A command with a time limit and without a pid namespace gets a group all the same, to be killed
 * as a whole at the end. Not every supervised one: putting a process into a group waits for an
 * RCU grace period of the kernel, some 10 ms.
 */
#include <string.h>

#include "plan/rows.h"

#define TREE "/sys/fs/cgroup"

static const enum limit limits_of[CONTROLLER_MAX] = {
	[CONTROLLER_MEMORY] = LIMIT_MEMORY,
	[CONTROLLER_PIDS] = LIMIT_PROCESSES,
	[CONTROLLER_CPU] = LIMIT_CPU_PERCENT,
};

bool plan_may_want_cgroup(const struct profile *profile)
{
	bool may = profile->time_ms != 0;

	for (int i = 0; i < CONTROLLER_MAX; i++)
		may |= profile->has_limit[limits_of[i]];
	return may;
}

static bool is_prefix(const char *path, const char *of)
{
	size_t len = strlen(path);

	return !strncmp(path, of, len) && (!of[len] || of[len] == '/' || len == 1);
}

/*
 * Who may write in the tree of groups may leave its own, since the user owns both. Then a group
 * keeps no limit, and rlimits, which nobody leaves, are what there is.
 */
static bool may_leave(const struct plan *plan)
{
	if (!plan->handled_fs && plan->tier != TIER_NAMESPACES)
		return true;
	for (size_t i = 0; i < plan->n_rules; i++) {
		const struct plan_rule *rule = &plan->rules[i];

		if ((rule->access & ABI_LANDLOCK_FS_WRITE_FILE) &&
		    (is_prefix(rule->path, TREE) || is_prefix(TREE, rule->path)))
			return true;
	}
	return false;
}

void plan_limits(struct plan *plan)
{
	const bool has_init = plan->namespaces & 1U << HOST_NS_PID;

	/* a process that confines itself stays where it is */
	if (!plan->command.argv || !is_wanted(plan, PROTECT_LIMITS))
		return;
	for (int i = 0; i < CONTROLLER_MAX && !may_leave(plan); i++)
		if (plan->profile->has_limit[limits_of[i]] &&
		    plan->host.cgroup.controllers[i] == HOST_YES)
			plan->cgroup_controllers |= 1U << i;
	plan->wants_cgroup =
		plan->cgroup_controllers ||
		(plan->profile->time_ms && !has_init && plan->host.cgroup.is_delegated == HOST_YES);
}

static const char *mend_of(const struct plan *plan)
{
	if (plan->host.cgroup.controllers[CONTROLLER_CPU] == HOST_YES)
		return "limit files, and do not grant " TREE " for writing";
	if (plan->host.cgroup.is_delegated == HOST_YES)
		return "switch the controllers memory, pids and cpu on in cgroup.subtree_control "
		       "of the group above";
	if (plan->host.cgroup.version == 2)
		return "a control group of your own: start croft by systemd-run --user --scope";
	return "control groups of version 2";
}

/* What of the limits nobody keeps here; NULL: nothing. */
static const char *find_unkept(const struct plan *plan, struct plan_row *row)
{
	const struct profile *profile = plan->profile;
	const unsigned has = plan->cgroup_controllers;

	if (profile->has_limit[LIMIT_CPU_PERCENT] && !(has & 1U << CONTROLLER_CPU)) {
		row->mend = mend_of(plan);
		if (plan->host.cgroup.controllers[CONTROLLER_CPU] == HOST_YES)
			return "cpu-percent needs a control group, and the command could leave it";
		return "cpu-percent needs a control group: every processor can be used up";
	}
	if (profile->has_limit[LIMIT_PROCESSES] && !(has & 1U << CONTROLLER_PIDS) &&
	    plan->host.uid == 0) {
		row->mend = "run croft as an ordinary user, or drop the limit";
		return "the kernel does not count processes of user 0";
	}
	return NULL;
}

static const char *note_of(const struct plan *plan)
{
	if (plan->profile->has_limit[LIMIT_MEMORY] &&
	    !(plan->cgroup_controllers & 1U << CONTROLLER_MEMORY))
		return "memory is counted for each process by itself";
	if (plan->profile->has_limit[LIMIT_PROCESSES] &&
	    !(plan->cgroup_controllers & 1U << CONTROLLER_PIDS))
		return "processes are counted for the whole user";
	return "";
}

void judge_limits(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	const char *unkept = find_unkept(plan, row);
	bool has_any = plan->profile->time_ms != 0;

	for (int limit = 0; limit < LIMIT_MAX; limit++)
		has_any |= plan->profile->has_limit[limit];
	if (!has_any) {
		row_enforced(row, "rlimits", "none was asked for");
		return;
	}
	row_enforced(row,
		     arena_printf(arena, "rlimits%s%s", plan->is_supervised ? " + timer" : "",
				  plan->cgroup_controllers ? " + control group" : ""),
		     note_of(plan));
	if (unkept) {
		row->state = STATE_PARTIAL;
		row->missing = unkept;
	}
}
