/* SPDX-License-Identifier: MIT */
/*
 * test_bounds.c - a project's profile may only take away: what holds for every pair of profiles.
 *
 * Random trees with symbolic links, random grants on their names (kinds and exact rights, missing
 * ones too), on hosts of each Landlock ABI. Each pair is planned three times: the one bounded by
 * the other, and each alone. On every path of the tree, for every right, the first must allow just
 * what the other two both allow: exactly so much, so also never more than the profile by itself.
 * What is asked is the plan's answer for a resolved path, by the rules that the kernel gets.
 *
 * Seeds are fixed: a failure names the trial and comes again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "plan/plan.h"

#define N_TRIALS 4000
#define MAX_NAMES 40
#define MAX_LINKS 8
#define MAX_GRANTS 12
#define NEWEST 11
#define N_RIGHTS 17

/* A tree: names, resolved; and links, which lead to one of them. */
struct tree {
	char names[MAX_NAMES][128];
	bool is_directory[MAX_NAMES];
	size_t n_names;
	char links[MAX_LINKS][128];
	size_t targets[MAX_LINKS];
	size_t n_links;
};

static uint64_t state;

static unsigned random_below(unsigned n)
{
	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned)(state >> 33) % n;
}

/* Names that are awkward for whoever compares paths as text: "a" and "a-b" beside "a/c". */
static void make_tree(struct tree *tree)
{
	static const char *const parts[] = { "a", "a-b", "a.b", "ab", "b", "A", "a b" };

	memset(tree, 0, sizeof(*tree));
	(void)snprintf(tree->names[0], sizeof(tree->names[0]), "/");
	tree->is_directory[0] = true;
	tree->n_names = 1;
	while (tree->n_names < 4 + random_below(MAX_NAMES - 4)) {
		size_t parent = random_below((unsigned)tree->n_names), i = 0;
		char name[160];

		/* a file with names below it: it was replaced while the paths were opened */
		if ((!tree->is_directory[parent] && random_below(8)) ||
		    strlen(tree->names[parent]) > 100)
			continue;
		(void)snprintf(name, sizeof(name), "%s/%s", parent ? tree->names[parent] : "",
			       parts[random_below(ARRAY_SIZE(parts))]);
		while (i < tree->n_names && strcmp(tree->names[i], name) != 0)
			i++;
		if (i < tree->n_names)
			continue;
		memcpy(tree->names[i], name, strlen(name) + 1);
		tree->is_directory[i] = random_below(3) != 0;
		tree->n_names++;
	}
	for (; tree->n_links < MAX_LINKS; tree->n_links++) {
		(void)snprintf(tree->links[tree->n_links], sizeof(tree->links[0]), "/link%zu",
			       tree->n_links);
		tree->targets[tree->n_links] = random_below((unsigned)tree->n_names);
	}
}

/* A grant on some name of the tree, on a link, or on what is not there; and its fact. */
static void make_grant(const struct tree *tree, struct grant *grant, struct path_fact *fact,
		       const char *origin)
{
	size_t name = random_below((unsigned)tree->n_names);
	unsigned choice = random_below(10);

	*grant = (struct grant){ .path = tree->names[name], .origin = origin };
	*fact = (struct path_fact){ .fd = -1 };
	if (choice == 0) {
		grant->path = "/gone";
		grant->is_optional = true;
		fact->errnum = ENOENT;
	} else if (choice < 4) {
		size_t link = random_below((unsigned)tree->n_links);

		name = tree->targets[link];
		grant->path = tree->links[link];
		fact->real = (char *)(uintptr_t)tree->names[name];
	}
	fact->type = tree->is_directory[name] ? S_IFDIR : S_IFREG;
	if (random_below(3))
		grant->kinds = 1 + random_below((1 << GRANT_KIND_COUNT) - 1);
	else
		grant->rights = 1 + random_below((1 << N_RIGHTS) - 1);
}

/* Two lists of grants on one tree, with more that is not bound, and what is known of all paths. */
struct pair {
	struct grant ours[MAX_GRANTS], bounds[MAX_GRANTS], more[MAX_GRANTS];
	struct path_fact our_facts[MAX_GRANTS], bound_facts[MAX_GRANTS], more_facts[MAX_GRANTS];
	size_t n_ours, n_bounds, n_more;
};

static void make_pair(const struct tree *tree, struct pair *pair)
{
	pair->n_ours = random_below(MAX_GRANTS);
	pair->n_bounds = random_below(MAX_GRANTS);
	pair->n_more = random_below(4) ? 0 : random_below(4);
	for (size_t i = 0; i < pair->n_ours; i++)
		make_grant(tree, &pair->ours[i], &pair->our_facts[i], "ours");
	for (size_t i = 0; i < pair->n_bounds; i++)
		make_grant(tree, &pair->bounds[i], &pair->bound_facts[i], "the project");
	for (size_t i = 0; i < pair->n_more; i++)
		make_grant(tree, &pair->more[i], &pair->more_facts[i], "--more");
}

static struct profile *make_profile(void)
{
	struct profile *profile;

	assert_int_equal(profile_new("empty", NULL, NULL, &profile, NULL), 0);
	profile->may_write_root = true;
	return profile;
}

/* The plan of a profile whose grants are set from outside, which stay the caller's. */
static struct plan *make_plan(struct profile *profile, int abi, const struct path_fact *facts)
{
	const struct host host = { .kernel_release = "6.0", .landlock = { .abi = abi } };
	const struct plan_input input = { .profile = profile, .host = &host, .facts = facts };
	struct croft_error err;
	struct plan *plan = NULL;

	if (plan_build(&input, &plan, &err) < 0)
		fail_msg("%s", err.what);
	return plan;
}

static struct plan *plan_of(struct profile *profile, int abi, struct grant *grants, size_t n,
			    const struct path_fact *facts)
{
	profile->grants = grants;
	profile->n_grants = n;
	return make_plan(profile, abi, facts);
}

static struct plan *plan_bounded(struct profile *profile, int abi, struct pair *pair,
				 struct grant *grants, struct path_fact *facts)
{
	size_t n = pair->n_ours + pair->n_more;

	memcpy(grants, pair->ours, pair->n_ours * sizeof(*grants));
	memcpy(grants + pair->n_ours, pair->more, pair->n_more * sizeof(*grants));
	memcpy(facts, pair->our_facts, pair->n_ours * sizeof(*facts));
	memcpy(facts + pair->n_ours, pair->more_facts, pair->n_more * sizeof(*facts));
	memcpy(facts + n, pair->bound_facts, pair->n_bounds * sizeof(*facts));
	profile->bound_name = "./.croft.yaml";
	profile->bounds = pair->bounds;
	profile->n_bounds = pair->n_bounds;
	profile->n_bounded = pair->n_ours;
	return plan_of(profile, abi, grants, n, facts);
}

struct plans {
	struct plan *bounded, *ours, *bounds, *more;
};

static void compare_on(const struct plans *plans, const char *path, unsigned trial)
{
	for (unsigned i = 0; i < N_RIGHTS; i++) {
		uint64_t right = 1ULL << i;
		bool both = plan_allows(plans->ours, path, right) &&
			    plan_allows(plans->bounds, path, right);
		bool is_handled = plans->ours->handled_fs & right;

		if (is_handled && plan_allows(plans->more, path, right))
			both = true;
		if (plan_allows(plans->bounded, path, right) != both)
			fail_msg("trial %u: right %u on '%s' is %s", trial, i, path,
				 both ? "lost" : "gained");
	}
}

/* Every name of the tree, and a name below each directory that no grant speaks of. */
static void compare(const struct tree *tree, const struct plans *plans, unsigned trial)
{
	for (size_t i = 0; i < tree->n_names; i++) {
		char below[160];

		compare_on(plans, tree->names[i], trial);
		if (!tree->is_directory[i])
			continue;
		(void)snprintf(below, sizeof(below), "%s/new", i ? tree->names[i] : "");
		compare_on(plans, below, trial);
	}
}

static void check_rules(const struct plan *plan, const struct pair *pair, unsigned trial)
{
	size_t n_more = 0;

	for (size_t i = 0; i < plan->n_rules; i++) {
		const struct plan_rule *rule = &plan->rules[i];
		bool is_bound =
			rule->fact < pair->n_ours || rule->fact >= pair->n_ours + pair->n_more;

		n_more += !is_bound;
		assert_true(rule->access && !(rule->access & ~plan->handled_fs));
		if (!rule->is_directory)
			assert_false(rule->access & ~ABI_LANDLOCK_FS_ON_FILE);
		assert_string_equal(rule->origin,
				    is_bound ? "ours, bounded by the project" : "--more");
		/* the descriptor is the one of the rule's own name */
		assert_string_equal(rule->path,
				    rule->grant->path[1] == 'l' ? rule->path : rule->grant->path);
	}
	if (plan->n_rules > pair->n_ours + pair->n_bounds + pair->n_more)
		fail_msg("trial %u: more rules than grants", trial);
	assert_true(n_more <= pair->n_more);
}

static void try_pair(unsigned trial)
{
	struct grant grants[2 * MAX_GRANTS];
	struct path_fact facts[3 * MAX_GRANTS];
	struct profile *profiles[4];
	struct plans plans;
	struct tree tree;
	struct pair pair;
	int abi;

	state = 77 + (uint64_t)trial * 7919;
	abi = 1 + (int)random_below(NEWEST);
	make_tree(&tree);
	make_pair(&tree, &pair);
	for (size_t i = 0; i < ARRAY_SIZE(profiles); i++)
		profiles[i] = make_profile();
	plans.bounded = plan_bounded(profiles[0], abi, &pair, grants, facts);
	plans.ours = plan_of(profiles[1], abi, pair.ours, pair.n_ours, pair.our_facts);
	plans.bounds = plan_of(profiles[2], abi, pair.bounds, pair.n_bounds, pair.bound_facts);
	plans.more = plan_of(profiles[3], abi, pair.more, pair.n_more, pair.more_facts);
	compare(&tree, &plans, trial);
	check_rules(plans.bounded, &pair, trial);
	plan_free(plans.bounded);
	plan_free(plans.ours);
	plan_free(plans.bounds);
	plan_free(plans.more);
	for (size_t i = 0; i < ARRAY_SIZE(profiles); i++)
		profile_free(profiles[i]);
}

static void a_bounded_profile_allows_what_both_allow_and_nothing_else(void **unused)
{
	(void)unused;
	for (unsigned trial = 0; trial < N_TRIALS; trial++)
		try_pair(trial);
}

/* One profile bounded by one grant of a project, on fixed names. */
static struct plan *bound_one(struct profile *profile, struct grant *ours, struct grant *bound,
			      struct path_fact facts[2])
{
	profile->bound_name = "./.croft.yaml";
	profile->bounds = bound;
	profile->n_bounds = 1;
	profile->n_bounded = 1;
	return plan_of(profile, 7, ours, 1, facts);
}

static void a_link_in_the_project_cannot_widen_what_the_user_grants(void **unused)
{
	struct grant ours = { .path = "/srv/p",
			      .origin = "profile default:15",
			      .kinds = GRANT_WRITE };
	/* the project says ./data, which is a link to the user's keys */
	struct grant bound = { .path = "/srv/p/data",
			       .origin = ".croft.yaml:5",
			       .kinds = GRANT_WRITE };
	struct path_fact facts[2] = {
		{ .fd = -1, .type = S_IFDIR },
		{ .fd = -1, .type = S_IFDIR, .real = (char *)(uintptr_t) "/home/ada/.ssh" }
	};
	struct profile *profile = make_profile();
	struct plan *plan = bound_one(profile, &ours, &bound, facts);
	struct why_answer answer;

	(void)unused;
	assert_int_equal(plan->n_rules, 0);
	plan_free(plan);
	/* the same without the link: the rule is the project's, in both names */
	facts[1].real = NULL;
	plan = bound_one(profile, &ours, &bound, facts);
	assert_int_equal(plan->n_rules, 1);
	assert_string_equal(plan->rules[0].path, "/srv/p/data");
	assert_string_equal(plan->rules[0].origin, "profile default:15, bounded by .croft.yaml:5");
	assert_int_equal(plan->rules[0].fact, 1);
	assert_int_equal(plan_why(plan, WHY_WRITE, "/srv/p/data/x", &answer, NULL), 0);
	assert_string_equal(answer.reason,
			    "profile default:15, bounded by .croft.yaml:5 '/srv/p/data'");
	/* the user's own word is not bound */
	assert_int_equal(plan_why(plan, WHY_WRITE, "/srv/p/x", &answer, NULL), 0);
	assert_false(answer.is_allowed);
	assert_string_equal(answer.grant, "--write /srv/p/x");
	plan_free(plan);
	profile_free(profile);
}

static void a_missing_bound_is_an_error_and_an_optional_one_is_not(void **unused)
{
	struct grant ours = { .path = "/srv", .origin = "profile default:15", .kinds = GRANT_READ };
	struct grant bound = { .path = "/srv/gone",
			       .origin = ".croft.yaml:5",
			       .kinds = GRANT_READ };
	struct path_fact facts[2] = { { .fd = -1, .type = S_IFDIR },
				      { .fd = -1, .errnum = ENOENT } };
	const struct host host = { .landlock = { .abi = 7 } };
	struct profile *profile = make_profile();
	const struct plan_input input = { .profile = profile, .host = &host, .facts = facts };
	struct croft_error err;
	struct plan *plan;

	(void)unused;
	bound.is_optional = true;
	plan = bound_one(profile, &ours, &bound, facts);
	assert_int_equal(plan->n_rules, 0);
	plan_free(plan);
	bound.is_optional = false;
	assert_int_equal(plan_build(&input, &plan, &err), -ENOENT);
	assert_non_null(strstr(err.what, ".croft.yaml:5 '/srv/gone'"));
	profile_free(profile);
}

/* Sockets that only one of the two grants are no reason to make unix sockets (below ABI 9). */
static void a_socket_that_the_project_does_not_want_opens_nothing(void **unused)
{
	struct grant ours = { .path = "/run/s", .origin = "x.yaml:9", .kinds = GRANT_SOCKET };
	struct grant bound = { .path = "/run", .origin = ".croft.yaml:5", .kinds = GRANT_READ };
	struct path_fact facts[2] = { { .fd = -1, .type = S_IFSOCK },
				      { .fd = -1, .type = S_IFDIR } };
	struct profile *profile = make_profile();
	struct plan *plan = bound_one(profile, &ours, &bound, facts);

	(void)unused;
	assert_false(plan->syscalls.allows_unix);
	plan_free(plan);
	bound.kinds = GRANT_SOCKET;
	plan = bound_one(profile, &ours, &bound, facts);
	assert_true(plan->syscalls.allows_unix);
	plan_free(plan);
	profile_free(profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bounded_profile_allows_what_both_allow_and_nothing_else),
		cmocka_unit_test(a_link_in_the_project_cannot_widen_what_the_user_grants),
		cmocka_unit_test(a_missing_bound_is_an_error_and_an_optional_one_is_not),
		cmocka_unit_test(a_socket_that_the_project_does_not_want_opens_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
