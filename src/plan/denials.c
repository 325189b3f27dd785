/* SPDX-License-Identifier: MIT */
/*
 * denials.c - what is to stay refused inside of what is granted, and whether it does.
 *
 * Landlock has no deny rule. What it has is that nothing is allowed but what a rule gives: so a
 * denial that no rule reaches is kept, for what exists and for what is made later. Any other
 * takes mounts (tree_denials.c) or rules for what lies beside it (beside.c), or is not kept, and
 * its row says so, with the names.
 *
 * A rule reaches a denied name if it is for that name, for a directory above it or for
 * something under it. Names are compared as they resolve: a denied name may be a link into a
 * granted tree. A denial with '*' speaks of names that are not made yet; it is reached
 * where some name that fits could be (pattern_meets), which is more than there will be.
 *
 * What text cannot show is a second name for the same thing: a bind mount or a hard link of
 * what is denied inside of what is granted (docs/design/denials.md).
 *
 * Literal denials are looked up in the rules in the order of paths, each by one search: agents'
 * profiles bring some sixty, and are started often.
 */
#include <errno.h>
#include <string.h>

#include "plan/parts.h"
#include "plan/path_index.h"
#include "plan/pattern.h"

static uint64_t denied_access(const struct denial *denial)
{
	return denial->kind == DENY_WRITE ? FS_CHANGES : UINT64_MAX;
}

static bool gives(const struct plan_rule *rule, uint64_t access, const char *path)
{
	return (rule->access & access) && pattern_meets(path, rule->path, rule->is_directory);
}

/* A grant that gives some of `access` on a path without '*': above it, for it, or under it. */
static const struct plan_rule *reach_path(const struct plan *plan, const struct path_index *index,
					  const char *path, uint64_t access)
{
	size_t behind = path_index_search(index, path), at = behind;

	/* whatever is above the path is above the one before it as well, or is that one */
	for (; at; at = index->items[at - 1].above)
		if (gives(&plan->grants[index->items[at - 1].id], access, path))
			return &plan->grants[index->items[at - 1].id];
	for (at = behind; at < index->n && path_is_under(path, index->items[at].path); at++)
		if (plan->grants[index->items[at].id].access & access)
			return &plan->grants[index->items[at].id];
	return NULL;
}

static const struct plan_rule *reach_pattern(const struct plan *plan, const char *pattern,
					     uint64_t access)
{
	for (size_t i = 0; i < plan->n_grants; i++)
		if (gives(&plan->grants[i], access, pattern))
			return &plan->grants[i];
	return NULL;
}

const char *denial_leads(struct arena *arena, const struct denial *denial, const char *real)
{
	const char *path = denial->path, *star = strchr(path, '*');
	size_t fixed = pattern_fixed(path);

	if (!real && (star || !path[fixed]))
		return path;
	if (!real)
		return fixed ? arena_strndup(arena, path, fixed) : "/";
	if (!star)
		return arena_strdup(arena, real);
	return arena_printf(arena, "%s%s", strcmp(real, "/") ? real : "", path + fixed);
}

const struct directory_fact *plan_find_directory(const struct plan_input *input, const char *path)
{
	for (size_t i = 0; i < input->n_directories; i++)
		if (!strcmp(input->directories[i].path, path))
			return &input->directories[i];
	return NULL;
}

int plan_denials_resolve(struct plan *plan, const struct plan_input *input, struct croft_error *err)
{
	size_t n = plan->profile->n_denials;

	if (n == 0)
		return 0;
	plan->denials = arena_calloc(&plan->arena, n, sizeof(*plan->denials));
	if (!plan->denials)
		return fail(err, CROFT_STAGE_PLAN, ENOMEM, "make room for %zu denials", n);
	for (size_t i = 0; i < n; i++) {
		plan->denials[i].denial = &plan->profile->denials[i];
		plan->denials[i].path = denial_leads(&plan->arena, plan->denials[i].denial,
						     input->denied ? input->denied[i] : NULL);
		if (!plan->denials[i].path)
			return fail(err, CROFT_STAGE_PLAN, ENOMEM, "plan a denial");
		if (input->denial_facts)
			plan->denials[i].link = input->denial_facts[i].link;
	}
	plan->n_denials = n;
	return 0;
}

static bool is_pattern(const struct plan_denial *denial)
{
	return strchr(denial->path, '*') != NULL;
}

/* Denials without '*', by where they lead. */
static int index_denials(struct plan *plan, struct path_index *index)
{
	const char **paths = arena_calloc(&plan->arena, plan->n_denials + 1, sizeof(*paths));

	if (!paths)
		return -ENOMEM;
	for (size_t i = 0; i < plan->n_denials; i++)
		if (!is_pattern(&plan->denials[i]))
			paths[i] = plan->denials[i].path;
	return path_index_make(&plan->arena, paths, plan->n_denials, index);
}

uint64_t denial_takes(const struct plan_denial *denial)
{
	return denial->denial->kind == DENY_PRIVATE ? 0 : denied_access(denial->denial);
}

/* Takes from one rule what the denials on it and above it deny. True if something was. */
static const struct plan_denial *void_rule(const struct plan *plan, const struct path_index *index,
					   struct plan_rule *rule)
{
	const struct plan_denial *by = NULL;
	uint64_t access = 0;

	for (size_t at = path_index_above(index, rule->path); at; at = index->items[at - 1].above) {
		const struct plan_denial *denial = &plan->denials[index->items[at - 1].id];

		if (denial_takes(denial) & (rule->access | rule->ignored) & ~access)
			by = denial;
		access |= denial_takes(denial);
	}
	for (size_t i = 0; i < plan->n_denials && access != UINT64_MAX; i++) {
		const struct plan_denial *denial = &plan->denials[i];

		if (!is_pattern(denial) || !pattern_covers(denial->path, rule->path))
			continue;
		if (denial_takes(denial) & (rule->access | rule->ignored) & ~access)
			by = denial;
		access |= denial_takes(denial);
	}
	if (by) {
		rule->access &= ~access;
		rule->ignored &= ~access;
		rule->is_narrowed = true;
	}
	return by;
}

int plan_voids(struct plan *plan, struct plan_rule *rules, size_t n, struct croft_error *err)
{
	struct path_index index;

	if (!plan->n_denials || !n)
		return 0;
	plan->voids = arena_calloc(&plan->arena, n, sizeof(*plan->voids));
	if (!plan->voids || index_denials(plan, &index) < 0)
		return fail(err, CROFT_STAGE_PLAN, ENOMEM, "plan denials");
	for (size_t i = 0; i < n; i++) {
		const struct plan_denial *by = void_rule(plan, &index, &rules[i]);

		if (by)
			plan->voids[plan->n_voids++] = (struct plan_void){
				.path = rules[i].path,
				.origin = rules[i].origin,
				.is_whole = !rules[i].access && !rules[i].ignored,
				.denial = by->denial,
			};
	}
	return 0;
}

int plan_denials(struct plan *plan, struct croft_error *err)
{
	const char **paths = arena_calloc(&plan->arena, plan->n_grants + 1, sizeof(*paths));
	struct path_index index;

	if (plan->n_denials == 0)
		return 0;
	for (size_t i = 0; paths && i < plan->n_grants; i++)
		paths[i] = plan->grants[i].path;
	if (!paths || path_index_make(&plan->arena, paths, plan->n_grants, &index) < 0)
		return fail(err, CROFT_STAGE_PLAN, ENOMEM, "make room for %zu denials",
			    plan->n_denials);
	for (size_t i = 0; i < plan->n_denials; i++) {
		struct plan_denial *denial = &plan->denials[i];
		uint64_t access = denied_access(denial->denial);

		denial->rule = is_pattern(denial) ? reach_pattern(plan, denial->path, access)
						  : reach_path(plan, &index, denial->path, access);
		/* what it leads to now is out of reach: another thing can be put there */
		denial->is_by_link = !denial->rule && denial->link;
		if (denial->is_by_link)
			denial->rule = reach_path(plan, &index, denial->link, FS_CHANGES);
	}
	return 0;
}
