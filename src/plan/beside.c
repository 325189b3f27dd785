/* SPDX-License-Identifier: MIT */
/*
 * beside.c - denials inside of grants where there is only Landlock: rules for what lies beside.
 *
 * A right on a directory is a right on all that is under it, and nothing takes it away again. So a
 * grant with a denied name in it is taken apart: the directories from the grant down to the one
 * that the name is in lose what is denied, and each of their other entries gets its own rule.
 * Landlock's rules hang on what a name leads to now. What is made beside them later has no
 * rule, and is refused; and as the directories have lost the right, the command can make nothing
 * there. This is for trees that stay as they are; where deny-inside is required, that is
 * better than not to start.
 *
 * All denials or none: a row that is not kept needs no directory that cannot be listed. A pattern
 * with names to come cannot be kept so.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "plan/parts.h"
#include "plan/pattern.h"

#define RULES_MAX 4096 /* as many as grants: each costs microseconds */

struct beside {
	struct plan *plan;
	const struct plan_input *input;
	struct plan_rule *rules;
	size_t n_rules, capacity;
};

static uint64_t denied_bits(const struct plan_denial *denial)
{
	switch (denial->denial->kind) {
	case DENY_ALL:
		return UINT64_MAX;
	case DENY_WRITE:
		return FS_CHANGES;
	default:
		return 0;
	}
}

/* What is denied on a path or somewhere beneath it; *ret_here: on the path itself. */
static uint64_t denied_beneath(const struct plan *plan, const char *path, uint64_t *ret_here)
{
	uint64_t bits = 0;

	*ret_here = 0;
	for (size_t i = 0; i < plan->n_denials; i++) {
		const struct plan_denial *denial = &plan->denials[i];

		if (!path_is_under(path, denial->path))
			continue;
		bits |= denied_bits(denial);
		if (!strcmp(path, denial->path))
			*ret_here |= denied_bits(denial);
	}
	return bits;
}

static int add_rule(struct beside *beside, const struct plan_rule *rule)
{
	struct plan_rule *rules;

	if (!rule->access)
		return 0;
	if (beside->n_rules == RULES_MAX)
		return -E2BIG;
	rules = arena_grow(&beside->plan->arena, beside->rules, beside->n_rules, &beside->capacity,
			   sizeof(*rules));
	if (!rules)
		return -ENOMEM;
	beside->rules = rules;
	rules[beside->n_rules++] = *rule;
	return 0;
}

/* A rule as the grant's, for something in it. */
static int add_entry(struct beside *beside, const struct plan_rule *rule, const char *path,
		     const struct entry_fact *entry, uint64_t access)
{
	struct plan_rule part = *rule;

	if (entry->type == S_IFLNK)
		return 0;
	if (entry->fact == SIZE_MAX)
		return -ENOENT;
	part.path = path;
	part.fact = entry->fact;
	part.is_directory = entry->type == S_IFDIR;
	part.is_narrowed = true;
	part.access = part.is_directory ? access : access & ABI_LANDLOCK_FS_ON_FILE;
	return add_rule(beside, &part);
}

/*
 * Takes one directory apart whose own rights are given already; puts those of its entries that hold
 * denied names on the stack of what is to be taken apart.
 */
static int take_apart(struct beside *beside, const struct plan_rule *rule, const char *path,
		      const char **stack, size_t *depth)
{
	const struct directory_fact *dir = plan_find_directory(beside->input, path);
	struct arena *arena = &beside->plan->arena;
	int r = dir && !dir->errnum ? 0 : -ENOENT;

	for (size_t i = 0; r == 0 && i < dir->n_entries; i++) {
		const char *inner = arena_path(arena, path, dir->entries[i].name);
		uint64_t here, beneath;

		if (!inner)
			return -ENOMEM;
		beneath = denied_beneath(beside->plan, inner, &here) & rule->access;
		r = add_entry(beside, rule, inner, &dir->entries[i], rule->access & ~beneath);
		if (r < 0 || !(beneath & ~here))
			continue;
		if (*depth == PROFILE_MAX_DENIALS)
			return -E2BIG;
		stack[(*depth)++] = inner;
	}
	return r;
}

/* One rule, or what takes its place. */
static int place_rule(struct beside *beside, const struct plan_rule *rule, const char **stack)
{
	struct plan_rule kept = *rule;
	uint64_t here, beneath = denied_beneath(beside->plan, rule->path, &here) & rule->access;
	size_t depth = 0;
	int r;

	if (!beneath)
		return add_rule(beside, rule);
	kept.access &= ~beneath;
	kept.is_narrowed = true;
	r = add_rule(beside, &kept);
	stack[depth++] = rule->path;
	while (r == 0 && depth > 0)
		r = take_apart(beside, rule, stack[--depth], stack, &depth);
	return r;
}

static bool is_reached(const struct plan_denial *denial)
{
	return denial->rule && denied_bits(denial);
}

int plan_beside(struct plan *plan, const struct plan_input *input, struct croft_error *err)
{
	struct beside beside = { .plan = plan, .input = input };
	const char **stack;
	int r = 0;

	if (plan->tier != TIER_LANDLOCK || !input->has_beside || !plan->handled_fs)
		return 0;
	for (size_t i = 0; i < plan->n_denials; i++)
		if (is_reached(&plan->denials[i]) && strchr(plan->denials[i].path, '*'))
			return 0;
	stack = arena_calloc(&plan->arena, PROFILE_MAX_DENIALS, sizeof(*stack));
	if (!stack)
		return fail(err, CROFT_STAGE_PLAN, ENOMEM, "make rules beside denials");
	for (size_t i = 0; i < plan->n_rules && r == 0; i++)
		r = place_rule(&beside, &plan->rules[i], stack);
	if (r == -ENOMEM)
		return fail(err, CROFT_STAGE_PLAN, ENOMEM, "make rules beside denials");
	if (r < 0)
		return 0; /* the row says that they are not kept */
	plan->rules = beside.rules;
	plan->n_rules = beside.n_rules;
	for (size_t i = 0; i < plan->n_denials; i++)
		if (is_reached(&plan->denials[i]))
			plan->denials[i].means = DENIAL_BESIDE;
	return 0;
}
