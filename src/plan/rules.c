/* SPDX-License-Identifier: MIT */
/*
 * rules.c - lists of path rules: what one covers, and what two allow together.
 *
 * A rule on a directory gives its rights on all that is under it (Landlock walks from the file up
 * to the root through all mounts), so what a list gives on a path is the sum over the rules
 * above it. In the order of paths (pattern.h) those rules are on a stack, whatever the length
 * of the list.
 *
 * A rule that another one covers is left out. Rules cost microseconds each at every start, and
 * on systems where /bin and /lib lead into /usr that is a fifth of them.
 *
 * Two lists, of which both must allow (a profile and the project's that may only take from
 * it): the sums of both can change only where one of them has a rule. So a rule at each of
 * those places, with the rights that both give there, allows what both allow, and nothing else.
 * Places are compared as resolved names. Where one file has two names (a bind mount, a hard
 * link), only the name that both lists speak of counts.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "plan/parts.h"
#include "plan/pattern.h"

static int compare_rules(const void *a, const void *b)
{
	const struct plan_rule *x = a, *y = b;
	int order = path_order(x->path, y->path);

	if (order)
		return order;
	return x->fact < y->fact ? -1 : 1;
}

static int compare_facts(const void *a, const void *b)
{
	const struct plan_rule *x = a, *y = b;

	return x->fact < y->fact ? -1 : x->fact > y->fact;
}

static void sort_rules(struct plan_rule *rules, size_t n)
{
	if (n)
		qsort(rules, n, sizeof(*rules), compare_rules);
}

static bool covers(const struct plan_rule *outer, const struct plan_rule *inner)
{
	return (outer->is_directory || !strcmp(outer->path, inner->path)) &&
	       !(inner->access & ~outer->access);
}

int rules_drop_covered(struct arena *arena, struct plan_rule *rules, size_t *n_rules)
{
	size_t *stack = arena_calloc(arena, *n_rules + 1, sizeof(*stack));
	size_t kept = 0, depth = 0;

	if (!stack)
		return -ENOMEM;
	sort_rules(rules, *n_rules);
	for (size_t i = 0; i < *n_rules; i++) {
		struct plan_rule rule = rules[i];
		bool is_covered = false;

		while (depth > 0 && !path_is_under(rules[stack[depth - 1]].path, rule.path))
			depth--;
		for (size_t d = depth; d > 0 && !is_covered; d--)
			is_covered = covers(&rules[stack[d - 1]], &rule);
		if (is_covered)
			continue;
		rules[kept] = rule;
		stack[depth++] = kept++;
	}
	*n_rules = kept;
	if (kept)
		qsort(rules, kept, sizeof(*rules), compare_facts);
	return 0;
}

/* What a list gives at a place: the rights, and those that this Landlock does not know. */
struct sum {
	uint64_t access, ignored;
};

enum { OURS, BOUND, SIDES };

/* A place that some rule is for, while its tree is walked. */
struct place {
	const char *path;
	bool is_directory;
	const struct plan_rule *rules[SIDES]; /* the first that each list has here, or NULL */
	struct sum own[SIDES]; /* what each list's rules here give */
	struct sum sums[SIDES]; /* with the places above */
};

struct merge {
	struct arena *arena;
	struct place *stack;
	size_t depth;
	struct plan_rule *out;
	size_t n_out;
};

/* The deepest rule of a list, here or above, that gives some of `access` (or of `ignored`). */
static const struct plan_rule *giver(const struct merge *merge, int side, uint64_t access,
				     uint64_t ignored)
{
	for (size_t d = merge->depth; d > 0; d--) {
		const struct place *place = &merge->stack[d - 1];

		if ((place->own[side].access & access) || (place->own[side].ignored & ignored))
			return place->rules[side];
	}
	return NULL;
}

/* The rule for the place on top of the stack, unless one above it says as much. */
static int put_rule(struct merge *merge)
{
	const struct place *place = &merge->stack[merge->depth - 1];
	const struct place *above = merge->depth > 1 ? place - 1 : NULL;
	const uint64_t mask = place->is_directory ? UINT64_MAX : ABI_LANDLOCK_FS_ON_FILE;
	const uint64_t access = place->sums[OURS].access & place->sums[BOUND].access & mask;
	const uint64_t ignored = place->sums[OURS].ignored & place->sums[BOUND].ignored & mask;
	const struct plan_rule *here =
		place->rules[OURS] ? place->rules[OURS] : place->rules[BOUND];
	const struct plan_rule *ours, *bound;
	struct plan_rule rule = *here;

	if (!access && !ignored)
		return 0;
	if (above && !(access & ~(above->sums[OURS].access & above->sums[BOUND].access)) &&
	    !(ignored & ~(above->sums[OURS].ignored & above->sums[BOUND].ignored)))
		return 0;
	ours = giver(merge, OURS, access, ignored);
	bound = giver(merge, BOUND, access, ignored);
	assert(ours && bound); /* sums are made of nothing else */
	rule.origin = arena_printf(merge->arena, "%s, bounded by %s", ours->origin, bound->origin);
	if (!rule.origin)
		return -ENOMEM;
	rule.is_directory = place->is_directory;
	rule.is_narrowed = access != here->access || ignored != here->ignored;
	rule.access = access;
	rule.ignored = ignored;
	merge->out[merge->n_out++] = rule;
	return 0;
}

/* Two lists in order; which of them has the next rule. */
static int next_side(const struct plan_rule *const rules[SIDES], const size_t n[SIDES],
		     const size_t at[SIDES])
{
	if (at[OURS] == n[OURS])
		return BOUND;
	if (at[BOUND] == n[BOUND])
		return OURS;
	return path_order(rules[OURS][at[OURS]].path, rules[BOUND][at[BOUND]].path) <= 0 ? OURS
											 : BOUND;
}

static void push_place(struct merge *merge, const char *path)
{
	struct place *place;

	while (merge->depth > 0 && !path_is_under(merge->stack[merge->depth - 1].path, path))
		merge->depth--;
	place = &merge->stack[merge->depth++];
	*place = (struct place){ .path = path, .is_directory = true };
	if (merge->depth > 1)
		memcpy(place->sums, place[-1].sums, sizeof(place->sums));
}

static void add_to_place(struct place *place, int side, const struct plan_rule *rule)
{
	if (!place->rules[side])
		place->rules[side] = rule;
	place->own[side].access |= rule->access;
	place->own[side].ignored |= rule->ignored;
	place->sums[side].access |= rule->access;
	place->sums[side].ignored |= rule->ignored;
	place->is_directory &= rule->is_directory;
}

int rules_intersect(struct arena *arena, struct plan_rule *ours, size_t n_ours,
		    struct plan_rule *bounds, size_t n_bounds, struct plan_rule *ret_rules,
		    size_t *ret_n)
{
	const struct plan_rule *const rules[SIDES] = { ours, bounds };
	const size_t n[SIDES] = { n_ours, n_bounds };
	size_t at[SIDES] = { 0 };
	struct merge merge = { .arena = arena, .out = ret_rules };

	merge.stack = arena_calloc(arena, n_ours + n_bounds + 1, sizeof(*merge.stack));
	if (!merge.stack)
		return -ENOMEM;
	sort_rules(ours, n_ours);
	sort_rules(bounds, n_bounds);
	while (at[OURS] < n[OURS] || at[BOUND] < n[BOUND]) {
		int side = next_side(rules, n, at);
		const char *path = rules[side][at[side]].path;
		int r;

		push_place(&merge, path);
		for (side = OURS; side < SIDES; side++)
			for (; at[side] < n[side] && !strcmp(rules[side][at[side]].path, path);
			     at[side]++)
				add_to_place(&merge.stack[merge.depth - 1], side,
					     &rules[side][at[side]]);
		r = put_rule(&merge);
		if (r < 0)
			return r;
		/* a file gives nothing to what was under its name when it was a directory */
		if (!merge.stack[merge.depth - 1].is_directory)
			merge.depth--;
	}
	*ret_n = merge.n_out;
	return 0;
}
