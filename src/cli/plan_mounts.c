/* SPDX-License-Identifier: MIT */
/*
 * plan_mounts.c - mounts beneath grants, for `croft plan`.
 *
 * Landlock walks from a file up to the root through all mounts: what is mounted beneath a granted
 * directory is granted with it, whoever's it is. A start does not look (its cost shall not grow
 * with the host's mounts); who reads a plan wants to know.
 */
#include "cli/plan_mounts.h"

#include <errno.h>
#include <string.h>

#include "host/mounts.h"
#include "plan/pattern.h"

/* The longest path among the directory rules above the mount point, itself not counted. */
static const struct plan_rule *rule_above(const struct plan *plan, const char *point)
{
	const struct plan_rule *found = NULL;

	for (size_t i = 0; i < plan->n_rules; i++) {
		const struct plan_rule *rule = &plan->rules[i];

		if (!rule->is_directory || !path_is_under(rule->path, point))
			continue;
		if (!strcmp(rule->path, point))
			return NULL; /* granted by its own name */
		if (!found || strlen(rule->path) > strlen(found->path))
			found = rule;
	}
	return found;
}

static int add(struct plan *plan, const struct plan_rule *rule, const struct mount *mount)
{
	struct plan_mount *added = &plan->mounts[plan->n_mounts];

	*added = (struct plan_mount){ .rule = rule,
				      .point = mount->point,
				      .what = mount_describe(&plan->arena, mount) };
	plan->n_mounts++;
	return added->what ? 0 : -ENOMEM;
}

static int find(struct plan *plan)
{
	struct mount *mounts;
	size_t n;
	int r = mounts_read(&plan->arena, &mounts, &n);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	plan->mounts = arena_calloc(&plan->arena, n, sizeof(*plan->mounts));
	if (!plan->mounts)
		return -ENOMEM;
	for (size_t i = 0; i < n && r == 0; i++) {
		const struct plan_rule *rule = rule_above(plan, mounts[i].point);

		if (rule && !mount_is_kernels(&mounts[i]) &&
		    mount_at(mounts[i].point) == mounts[i].id)
			r = add(plan, rule, &mounts[i]);
	}
	return r;
}

int plan_find_mounts(struct plan *plan, struct croft_error *err)
{
	int r = find(plan);

	return r < 0 ? fail(err, CROFT_STAGE_PLAN, -r, "look for mounts beneath the grants") : 0;
}
