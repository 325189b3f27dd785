/* SPDX-License-Identifier: MIT */
/*
 * test_denials.c - what of the denials a plan keeps, and what is said of it.
 *
 * Single cases stand in the golden files (tests/plan/cases/key-files.deny*.case). Here the search
 * through the rules is compared with asking every rule, for many random ones; and each word
 * that a row or an answer can say has its case.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "make_plan.h"
#include "plan/parts.h"
#include "plan/pattern.h"

/* A plan on ABI 7 with the wishes, one grant for each of `grants`, and one denial. */
static struct plan *deny(struct making *m, enum denial_kind kind, const char *path)
{
	static const char *const argv[] = { "job", NULL };
	struct plan_input input = {
		.host = &m->host, .facts = m->facts, .argv = argv, .tmpdir = m->tmpdir
	};

	assert_int_equal(profile_new("empty", "/home/ada", "/srv/p", &m->profile, &m->err), 0);
	for (size_t i = 0; m->wishes[i][0]; i++)
		assert_int_equal(profile_set(m->profile, m->wishes[i][0], m->wishes[i][1], "--x",
					     &m->err),
				 0);
	if (path)
		assert_int_equal(profile_add_denial(m->profile, kind, path, "x.yaml:7", &m->err),
				 0);
	for (size_t i = 0; i < m->profile->n_grants; i++)
		if (!m->facts[i].type && !m->facts[i].errnum)
			m->facts[i].type = S_IFDIR;
	input.profile = m->profile;
	assert_int_equal(plan_build(&input, &m->plan, &m->err), 0);
	return m->plan;
}

static uint64_t state_of_random;

static unsigned random_below(unsigned n)
{
	state_of_random = state_of_random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned)(state_of_random >> 33) % n;
}

static const char *random_path(struct arena *arena, bool has_stars)
{
	static const char *const parts[] = { "a", "a-b", "b", "ab", "*", "**", "a*" };
	const char *path = "";
	unsigned n = random_below(5);

	for (unsigned i = 0; i < n; i++)
		path = arena_printf(arena, "%s/%s", path, parts[random_below(has_stars ? 7 : 4)]);
	return *path ? path : "/";
}

/* Some rule that gives some of the access above the path, on it, or in it: asked one by one. */
static bool is_reached(const struct plan *plan, const char *pattern, uint64_t access)
{
	for (size_t i = 0; i < plan->n_rules; i++)
		if ((plan->rules[i].access & access) &&
		    pattern_meets(pattern, plan->rules[i].path, plan->rules[i].is_directory))
			return true;
	return false;
}

static void a_denial_is_kept_just_where_no_rule_reaches_it(void **state)
{
	size_t n_kept = 0, n_lost = 0;

	(void)state;
	for (unsigned trial = 0; trial < 3000; trial++) {
		struct making m = { .host = make_host(7) };
		struct plan_input input = { .host = &m.host, .facts = m.facts };

		state_of_random = trial;
		assert_int_equal(profile_new("empty", NULL, NULL, &m.profile, NULL), 0);
		m.profile->may_write_root = true;
		for (unsigned i = random_below(6); i > 0; i--) {
			const char *path = random_path(&m.profile->arena, false);

			m.facts[m.profile->n_grants].type = random_below(4) ? S_IFDIR : S_IFREG;
			assert_int_equal(profile_add_path(m.profile, 1 + random_below(7), path,
							  "--x", NULL),
					 0);
		}
		for (unsigned i = 0; i < 6; i++) {
			const char *path = random_path(&m.profile->arena, i % 2);

			assert_int_equal(
				profile_add_denial(m.profile, random_below(2), path, "x", NULL), 0);
		}
		input.profile = m.profile;
		assert_int_equal(plan_build(&input, &m.plan, &m.err), 0);
		for (size_t i = 0; i < m.plan->n_denials; i++) {
			const struct plan_denial *denial = &m.plan->denials[i];
			/* execute, read a file, read a directory; and all the rest is a change */
			uint64_t access = denial->denial->kind == DENY_WRITE
						  ? ~(uint64_t)(1 << 0 | 1 << 2 | 1 << 3 | 3 << 15)
						  : UINT64_MAX;
			bool reached = is_reached(m.plan, denial->path, access);

			if (reached != (denial->rule != NULL))
				fail_msg("trial %u: '%s' is %s", trial, denial->path,
					 reached ? "reached" : "not reached");
			if (denial->rule)
				assert_true(denial->rule->access & access);
			*(reached ? &n_lost : &n_kept) += 1;
		}
		make_done(&m);
	}
	assert_true(n_kept > 1000 && n_lost > 1000);
}

static void a_row_says_what_can_be_done_with_what_is_denied(void **state)
{
	static const struct {
		enum denial_kind kind;
		const char *wish, *says;
	} rows[] = {
		{ DENY_ALL, "read", "'/srv/d' can be read: Landlock has no deny rule" },
		{ DENY_ALL, "execute", "'/srv/d' can be read: " },
		{ DENY_ALL, "device", "'/srv/d' can be read: " },
		{ DENY_WRITE, "write", "'/srv/d' can be written: " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct making m = { .host = make_host(7), .wishes = { { rows[i].wish, "/srv" } } };
		const struct plan_row *row =
			&deny(&m, rows[i].kind, "/srv/d")->rows[PROTECT_DENY_INSIDE];

		assert_int_equal(row->state, STATE_ABSENT);
		assert_int_equal(row->requirement, REQUIRE_REQUIRE);
		if (strncmp(row->missing, rows[i].says, strlen(rows[i].says)) != 0)
			fail_msg("%s: %s", rows[i].says, row->missing);
		make_done(&m);
	}
}

/* Rights other than reading: what a profile of exact rights can give on what is denied. */
static void a_right_that_neither_reads_nor_changes_is_told_as_use(void **state)
{
	static const struct {
		uint64_t rights;
		const char *says;
	} rows[] = {
		{ ABI_LANDLOCK_FS_EXECUTE, "can be used" },
		{ ABI_LANDLOCK_FS_IOCTL_DEV, "can be used" },
		{ ABI_LANDLOCK_FS_REMOVE_FILE, "can be written" },
		{ ABI_LANDLOCK_FS_READ_DIR, "can be read" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct making m = { .host = make_host(7) };
		struct plan_input input = { .host = &m.host, .facts = m.facts };

		assert_int_equal(profile_new("empty", NULL, NULL, &m.profile, NULL), 0);
		assert_int_equal(profile_add_rights(m.profile, rows[i].rights, "/srv", "x", NULL),
				 0);
		assert_int_equal(profile_add_denial(m.profile, DENY_ALL, "/srv/d", "x", NULL), 0);
		m.facts[0].type = S_IFDIR;
		input.profile = m.profile;
		assert_int_equal(plan_build(&input, &m.plan, &m.err), 0);
		assert_non_null(strstr(m.plan->rows[PROTECT_DENY_INSIDE].missing, rows[i].says));
		make_done(&m);
	}
}

static void a_kept_denial_needs_every_right_that_it_is_made_of(void **state)
{
	struct making no_exec = { .host = make_host(7), .wishes = { { "off", "exec" } } };
	struct making old = { .host = make_host(2) };
	struct making none = { .host = make_host(0) };
	struct making off = { .host = make_host(7),
			      .wishes = { { "off", "files" }, { "off", "exec" } } };
	const struct plan_row *row;

	(void)state;
	row = &deny(&no_exec, DENY_ALL, "/srv/d")->rows[PROTECT_DENY_INSIDE];
	assert_int_equal(row->state, STATE_PARTIAL);
	assert_string_equal(row->missing, "what is denied can be executed: exec is off");
	make_done(&no_exec);
	/* to be written is all that is denied */
	row = &deny(&no_exec, DENY_WRITE, "/srv/d")->rows[PROTECT_DENY_INSIDE];
	assert_int_equal(row->state, STATE_ENFORCED);
	make_done(&no_exec);

	old.host.seccomp.errnum = EINVAL;
	row = &deny(&old, DENY_ALL, "/srv/d")->rows[PROTECT_DENY_INSIDE];
	assert_int_equal(row->state, STATE_PARTIAL);
	assert_string_equal(row->missing, "what is denied can be truncated");
	make_done(&old);
	old.host.seccomp.errnum = 0;
	row = &deny(&old, DENY_ALL, "/srv/d")->rows[PROTECT_DENY_INSIDE];
	assert_int_equal(row->state, STATE_ENFORCED);
	make_done(&old);

	row = &deny(&none, DENY_ALL, "/srv/d")->rows[PROTECT_DENY_INSIDE];
	assert_int_equal(row->state, STATE_ABSENT);
	assert_non_null(strstr(row->missing, "no Landlock"));
	make_done(&none);
	row = &deny(&off, DENY_ALL, "/srv/d")->rows[PROTECT_DENY_INSIDE];
	assert_int_equal(row->state, STATE_ABSENT);
	assert_non_null(strstr(row->missing, "file protection is off"));
	assert_string_equal(denial_says(off.plan, &off.plan->denials[0]),
			    "not kept, nothing limits files");
	make_done(&off);
}

static void what_is_to_be_hidden_or_private_without_file_protection_is_said_to_be_open(void **state)
{
	struct making m = { .host = make_host(7),
			    .wishes = { { "off", "files" }, { "off", "exec" } } };
	const struct plan *plan = deny(&m, DENY_HIDE, "/home/ada/.ssh");

	(void)state;
	assert_non_null(strstr(plan->rows[PROTECT_HIDDEN].missing,
			       "'/home/ada/.ssh' can be read, and seen"));
	assert_false(denial_is_kept(plan, &plan->denials[0]));
	make_done(&m);
	plan = deny(&m, DENY_PRIVATE, "/tmp");
	assert_non_null(strstr(plan->rows[PROTECT_PRIVATE_TMP].missing, "file protection is off"));
	make_done(&m);
}

static void a_private_directory_is_kept_in_part_by_a_tmpdir_where_it_is_not_granted(void **state)
{
	struct making m = { .host = make_host(7),
			    .wishes = { { "require", "private-tmp" } },
			    .tmpdir = "/tmp/croft-1" };
	const struct plan *plan = deny(&m, DENY_PRIVATE, "/tmp");
	const struct plan_row *row = &plan->rows[PROTECT_PRIVATE_TMP];

	(void)state;
	/* the TMPDIR in it is croft's own, and no grant */
	assert_null(plan->denials[0].rule);
	assert_int_equal(row->state, STATE_PARTIAL);
	assert_string_equal(row->mechanisms, "Landlock 7 + a fresh TMPDIR");
	assert_non_null(
		strstr(row->missing,
		       "'/tmp' is refused, not an own directory: programs must heed TMPDIR"));
	make_done(&m);
}

static void a_name_is_escaped_in_a_row(void **state)
{
	struct making m = { .host = make_host(7), .wishes = { { "read", "/srv" } } };
	const struct plan *plan = deny(&m, DENY_ALL, "/srv/\033[31mred");

	(void)state;
	assert_null(strchr(plan->rows[PROTECT_DENY_INSIDE].missing, '\033'));
	assert_non_null(strstr(plan->rows[PROTECT_DENY_INSIDE].missing, "red"));
	make_done(&m);
}

static void why_tells_of_a_denial_whether_it_is_kept_or_not(void **state)
{
	static const struct {
		enum denial_kind kind;
		const char *denied;
		enum why_op op;
		const char *target;
		bool is_allowed;
		const char *says; /* NULL: nothing of the denial */
	} rows[] = {
		{ DENY_ALL, "/srv/.env", WHY_READ, "/srv/.env", true,
		  "--x '/srv', although x.yaml:7 says deny: Landlock has no deny rule inside a "
		  "granted directory" },
		{ DENY_ALL, "/srv/**/*.pem", WHY_WRITE, "/srv/a/b.pem", true,
		  "although x.yaml:7 says deny" },
		{ DENY_ALL, "/srv/.env", WHY_READ, "/srv/x", true, NULL },
		{ DENY_WRITE, "/srv/.git", WHY_READ, "/srv/.git/config", true, NULL },
		{ DENY_WRITE, "/srv/.git", WHY_WRITE, "/srv/.git/config", true,
		  "although x.yaml:7 says deny_write" },
		{ DENY_WRITE, "/srv/.git", WHY_CREATE, "/srv/.git/config", true,
		  "although x.yaml:7 says deny_write" },
		{ DENY_WRITE, "/srv/.git", WHY_REMOVE, "/srv/.git/config", true,
		  "although x.yaml:7 says deny_write" },
		{ DENY_HIDE, "/home/ada/.ssh", WHY_READ, "/home/ada/.ssh/id", false,
		  "no grant covers '/home/ada/.ssh/id', and x.yaml:7 says hide" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct making m = { .host = make_host(7), .wishes = { { "write", "/srv" } } };
		struct plan *plan = deny(&m, rows[i].kind, rows[i].denied);
		struct why_answer answer;

		assert_int_equal(plan_why(plan, rows[i].op, rows[i].target, &answer, NULL), 0);
		assert_int_equal(answer.is_allowed, rows[i].is_allowed);
		/* no option would keep what the profile denies */
		assert_string_equal(answer.grant, "");
		if (rows[i].says ? !strstr(answer.reason, rows[i].says)
				 : strstr(answer.reason, "x.yaml") != NULL)
			fail_msg("row %zu: %s", i, answer.reason);
		make_done(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_denial_is_kept_just_where_no_rule_reaches_it),
		cmocka_unit_test(a_row_says_what_can_be_done_with_what_is_denied),
		cmocka_unit_test(a_right_that_neither_reads_nor_changes_is_told_as_use),
		cmocka_unit_test(a_kept_denial_needs_every_right_that_it_is_made_of),
		cmocka_unit_test(
			what_is_to_be_hidden_or_private_without_file_protection_is_said_to_be_open),
		cmocka_unit_test(
			a_private_directory_is_kept_in_part_by_a_tmpdir_where_it_is_not_granted),
		cmocka_unit_test(a_name_is_escaped_in_a_row),
		cmocka_unit_test(why_tells_of_a_denial_whether_it_is_kept_or_not),
	};

	return cmocka_run_group_tests_name("denials", tests, NULL, NULL);
}
