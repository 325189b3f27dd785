/* SPDX-License-Identifier: MIT */
/* test_plan.c - building a plan, checking it, and the one line of warning. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "make_plan.h"

static void the_check_names_the_first_required_row_that_is_not_kept(void **state)
{
	struct making m = { .host = make_host(3),
			    .wishes = { { "require", "signals" },
					{ "require", "devices" },
					{ "connect", "443" } } };
	struct croft_error err = { 0 };

	(void)state;
	make(&m);
	assert_int_equal(m.result, 0);
	assert_int_equal(plan_check(m.plan, &err), -EOPNOTSUPP);
	assert_int_equal(err.stage, CROFT_STAGE_PLAN);
	assert_non_null(strstr(err.what, "'devices'"));
	assert_non_null(strstr(err.hint, "6.10"));
	assert_int_equal(plan_check(m.plan, NULL), -EOPNOTSUPP);
	make_done(&m);
}

static void a_plan_that_is_kept_passes_the_check(void **state)
{
	struct making m = { .host = make_host(11),
			    .wishes = { { "require", "signals" }, { "require", "devices" } } };
	struct croft_error err = { 0 };

	(void)state;
	make(&m);
	assert_int_equal(plan_check(m.plan, &err), 0);
	assert_int_equal(err.stage, CROFT_STAGE_NONE);
	make_done(&m);
}

static const struct {
	int abi;
	const char *wish, *value;
	const char *warning; /* the start of it */
} warnings[] = {
	{ 11, "off", "hidden", "" },
	{ 11, "prefer", "hidden", "not enforced here: hidden (stat" },
	{ 5, "off", "hidden", "not enforced here: signals (the" },
	{ 5, "off", "signals", "" },
	{ 5, "require", "signals", "" },
	{ 6, "audit", NULL, "not enforced here: audit (Linux 6.15" },
	{ 7, "audit", NULL, "" },
};

static void the_warning_tells_of_preferred_rows_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(warnings); i++) {
		struct making m = { .host = make_host(warnings[i].abi),
				    .wishes = { { warnings[i].wish, warnings[i].value } } };
		AUTO_BUF struct buf buf = BUF_INIT(4096);

		make(&m);
		plan_warn(&buf, m.plan);
		if (strncmp(buf_text(&buf), warnings[i].warning, strlen(warnings[i].warning)) !=
			    0 ||
		    !buf.len != !*warnings[i].warning)
			fail_msg("case %zu: '%s'", i, buf_text(&buf));
		assert_null(strchr(buf_text(&buf), '\n'));
		make_done(&m);
	}
}

static void time_and_supervise_bring_a_waiting_parent(void **state)
{
	static const char *const wishes[][2] = {
		{ "time", "5" }, { "supervise", NULL }, { "grace", "5" }, { "audit", NULL }
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wishes); i++) {
		struct making m = { .host = make_host(7),
				    .wishes = { { wishes[i][0], wishes[i][1] } } };

		make(&m);
		assert_int_equal(m.plan->is_supervised, i < 2);
		make_done(&m);
	}
}

static void audit_flags_are_those_that_the_abi_knows(void **state)
{
	(void)state;
	for (int abi = 0; abi <= ABI_LANDLOCK_NEWEST; abi++) {
		struct making m = { .host = make_host(abi), .wishes = { { "audit", NULL } } };
		struct making silent = { .host = make_host(abi) };

		make(&m);
		make(&silent);
		assert_int_equal(m.plan->restrict_flags,
				 abi >= 7 ? ABI_LANDLOCK_RESTRICT_LOG_NEW_EXEC_ON : 0);
		assert_int_equal(silent.plan->restrict_flags, 0);
		make_done(&m);
		make_done(&silent);
	}
}

static void a_tmpdir_is_for_a_command_and_for_a_profile_that_wants_one(void **state)
{
	struct making wanted = { .builtin = "system", .host = make_host(7), .tmpdir = "/tmp/x" };
	struct making unwanted = { .host = make_host(7), .tmpdir = "/tmp/x" };
	struct making alone = { .builtin = "system",
				.host = make_host(7),
				.tmpdir = "/tmp/x",
				.has_no_command = true };

	(void)state;
	make(&wanted);
	make(&unwanted);
	make(&alone);
	assert_string_equal(wanted.plan->tmpdir, "/tmp/x");
	assert_true(wanted.plan->tmpdir_access & ABI_LANDLOCK_FS_MAKE_REG);
	assert_true(wanted.plan->tmpdir_access & ABI_LANDLOCK_FS_EXECUTE);
	assert_null(unwanted.plan->tmpdir);
	assert_int_equal(unwanted.plan->tmpdir_access, 0);
	assert_null(alone.plan->tmpdir);
	assert_null(alone.plan->command.envp);
	make_done(&wanted);
	make_done(&unwanted);
	make_done(&alone);
}

static void freeing_nothing_is_allowed(void **state)
{
	(void)state;
	plan_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_check_names_the_first_required_row_that_is_not_kept),
		cmocka_unit_test(a_plan_that_is_kept_passes_the_check),
		cmocka_unit_test(the_warning_tells_of_preferred_rows_alone),
		cmocka_unit_test(time_and_supervise_bring_a_waiting_parent),
		cmocka_unit_test(audit_flags_are_those_that_the_abi_knows),
		cmocka_unit_test(a_tmpdir_is_for_a_command_and_for_a_profile_that_wants_one),
		cmocka_unit_test(freeing_nothing_is_allowed),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
