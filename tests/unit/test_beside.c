/* SPDX-License-Identifier: MIT */
/*
 * test_beside.c - where there is only Landlock, a grant with a denied name in it becomes rules for
 * what lies beside.
 *
 * One small tree: /p holds a directory a (with x and y), a file b and a link l.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "plan/parts.h"

#define FIRST_ENTRY 8 /* facts of entries stand behind those of grants */

static const struct entry_fact in_p[] = {
	{ .name = "a", .type = S_IFDIR, .ino = 2, .fact = FIRST_ENTRY },
	{ .name = "b", .type = S_IFREG, .ino = 3, .fact = FIRST_ENTRY + 1 },
	{ .name = "l", .type = S_IFLNK, .ino = 4, .fact = SIZE_MAX },
};
static const struct entry_fact in_a[] = {
	{ .name = "x", .type = S_IFREG, .ino = 5, .fact = FIRST_ENTRY + 2 },
	{ .name = "y", .type = S_IFREG, .ino = 6, .fact = FIRST_ENTRY + 3 },
};
static struct directory_fact directories[] = {
	{ .path = "/p", .ino = 1, .entries = in_p, .n_entries = ARRAY_SIZE(in_p) },
	{ .path = "/p/a", .ino = 2, .entries = in_a, .n_entries = ARRAY_SIZE(in_a) },
};

struct making {
	const char *grant, *path, *denial, *denied; /* options and their values */
	struct profile *profile;
	struct plan *plan;
};

static void make(struct making *m)
{
	static const struct path_fact facts[16] = {
		{ .fd = -1, .type = S_IFDIR, .ino = 1 },
		{ .fd = -1, .type = S_IFDIR, .ino = 9 },
	};
	static const char *const argv[] = { "job", NULL };
	const struct host host = { .kernel_release = "6.0", .landlock = { .abi = 7 } };
	struct plan_input input = { .host = &host,
				    .facts = facts,
				    .directories = directories,
				    .n_directories = ARRAY_SIZE(directories),
				    .has_beside = true,
				    .argv = argv };
	struct croft_error err;

	assert_int_equal(profile_new("empty", NULL, "/p", &m->profile, NULL), 0);
	assert_int_equal(profile_set(m->profile, "tier", "landlock", "--tier", NULL), 0);
	assert_int_equal(profile_set(m->profile, m->grant, m->path, "--grant", NULL), 0);
	assert_int_equal(profile_set(m->profile, "read", "/etc", "--read", NULL), 0);
	assert_int_equal(profile_set(m->profile, m->denial, m->denied, "--deny", NULL), 0);
	input.profile = m->profile;
	if (plan_build(&input, &m->plan, &err) < 0)
		fail_msg("%s", err.what);
}

static void make_done(struct making *m)
{
	plan_free(m->plan);
	profile_free(m->profile);
}

static uint64_t access_on(const struct plan *plan, const char *path)
{
	for (size_t i = 0; i < plan->n_rules; i++)
		if (!strcmp(plan->rules[i].path, path))
			return plan->rules[i].access;
	return 0;
}

static size_t fact_of(const struct plan *plan, const char *path)
{
	for (size_t i = 0; i < plan->n_rules; i++)
		if (!strcmp(plan->rules[i].path, path))
			return plan->rules[i].fact;
	return SIZE_MAX;
}

static void what_lies_beside_a_denied_name_keeps_its_rights(void **state)
{
	struct making m = { "write", "/p", "deny", "/p/a/x", NULL, NULL };
	const uint64_t whole = kinds_to_access(GRANT_READ | GRANT_WRITE) & 0x7fff;

	(void)state;
	make(&m);
	assert_int_equal(m.plan->denials[0].means, DENIAL_BESIDE);
	assert_true(denial_is_kept(m.plan, &m.plan->denials[0]));
	assert_int_equal(access_on(m.plan, "/p"), 0);
	assert_int_equal(access_on(m.plan, "/p/a"), 0);
	assert_int_equal(access_on(m.plan, "/p/a/x"), 0);
	assert_int_equal(access_on(m.plan, "/p/a/y"), whole & ABI_LANDLOCK_FS_ON_FILE);
	assert_int_equal(fact_of(m.plan, "/p/a/y"), FIRST_ENTRY + 3);
	assert_int_equal(fact_of(m.plan, "/p/b"), FIRST_ENTRY + 1);
	/* a link has no rule, and what has nothing to do with the denial has its own */
	assert_int_equal(access_on(m.plan, "/p/l"), 0);
	assert_int_equal(access_on(m.plan, "/etc"), FS_READS);
	assert_int_equal(m.plan->rows[PROTECT_DENY_INSIDE].state, STATE_ENFORCED);
	assert_non_null(strstr(m.plan->rows[PROTECT_DENY_INSIDE].missing, "nothing can be made"));
	assert_int_equal(plan_check(m.plan, NULL), 0);
	make_done(&m);
}

static void of_a_denial_of_writing_reading_stays_everywhere(void **state)
{
	struct making m = { "write", "/p", "deny-write", "/p/a/x", NULL, NULL };

	(void)state;
	make(&m);
	assert_int_equal(m.plan->denials[0].means, DENIAL_BESIDE);
	assert_int_equal(access_on(m.plan, "/p"), FS_READS);
	assert_false(plan_allows(m.plan, "/p/a/x", ABI_LANDLOCK_FS_WRITE_FILE));
	assert_true(plan_allows(m.plan, "/p/a/x", ABI_LANDLOCK_FS_READ_FILE));
	assert_true(plan_allows(m.plan, "/p/a/y", ABI_LANDLOCK_FS_WRITE_FILE));
	assert_false(plan_allows(m.plan, "/p/a", ABI_LANDLOCK_FS_MAKE_REG));
	make_done(&m);
}

static void a_name_that_is_not_there_cannot_be_made(void **state)
{
	struct making m = { "write", "/p", "deny-write", "/p/new", NULL, NULL };

	(void)state;
	make(&m);
	assert_int_equal(m.plan->denials[0].means, DENIAL_BESIDE);
	assert_false(plan_allows(m.plan, "/p", ABI_LANDLOCK_FS_MAKE_REG));
	assert_true(plan_allows(m.plan, "/p/a", ABI_LANDLOCK_FS_MAKE_REG));
	assert_true(plan_allows(m.plan, "/p/b", ABI_LANDLOCK_FS_WRITE_FILE));
	make_done(&m);
}

static void what_cannot_be_listed_is_not_taken_apart(void **state)
{
	struct making m = { "write", "/p", "deny", "/p/a/x", NULL, NULL };

	(void)state;
	directories[1].errnum = EFBIG;
	make(&m);
	directories[1].errnum = 0;
	assert_int_equal(m.plan->denials[0].means, DENIAL_UNKEPT);
	assert_true(access_on(m.plan, "/p") & ABI_LANDLOCK_FS_WRITE_FILE);
	assert_int_equal(m.plan->rows[PROTECT_DENY_INSIDE].state, STATE_ABSENT);
	assert_int_equal(plan_check(m.plan, NULL), -EOPNOTSUPP);
	make_done(&m);
}

static void a_pattern_has_names_to_come_and_is_not_kept_so(void **state)
{
	struct making m = { "write", "/p", "deny", "/p/**/x", NULL, NULL };

	(void)state;
	make(&m);
	assert_int_equal(m.plan->denials[0].means, DENIAL_UNKEPT);
	assert_int_equal(m.plan->rows[PROTECT_DENY_INSIDE].state, STATE_ABSENT);
	make_done(&m);
}

static void a_denial_that_nothing_reaches_takes_nothing_apart(void **state)
{
	struct making m = { "write", "/p", "deny", "/home/x", NULL, NULL };

	(void)state;
	make(&m);
	assert_int_not_equal(m.plan->denials[0].means, DENIAL_BESIDE);
	assert_int_equal(m.plan->n_rules, 2);
	assert_int_equal(m.plan->rows[PROTECT_DENY_INSIDE].state, STATE_ENFORCED);
	make_done(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_lies_beside_a_denied_name_keeps_its_rights),
		cmocka_unit_test(of_a_denial_of_writing_reading_stays_everywhere),
		cmocka_unit_test(a_name_that_is_not_there_cannot_be_made),
		cmocka_unit_test(what_cannot_be_listed_is_not_taken_apart),
		cmocka_unit_test(a_pattern_has_names_to_come_and_is_not_kept_so),
		cmocka_unit_test(a_denial_that_nothing_reaches_takes_nothing_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
