/* SPDX-License-Identifier: MIT */
/* test_print_json.c - a plan as JSON is JSON, whatever names are in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "json_check.h"
#include "make_plan.h"
#include "plan/print.h"

static void the_checker_itself_tells_right_from_wrong(void **state)
{
	static const char *const right[] = { "{}\n", "[]\n",
					     "{\"a\":[1,-2,{\"b\":null}],\"c\":\"\\u00e9\\n\"}\n",
					     "true\n" };
	static const char *const wrong[] = {
		"",         "{}",         "{\"a\"}\n", "[1,]\n",       "{\"a\":1,}\n", "\"\n\"\n",
		"[1 ,2]\n", "\"\xff\"\n", "[}\n",      "{\"a\":1}x\n", "\"\\x\"\n",    "-\n"
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(right); i++)
		if (!json_is_valid(right[i]))
			fail_msg("taken for wrong: %s", right[i]);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		if (json_is_valid(wrong[i]))
			fail_msg("taken for right: %s", wrong[i]);
}

static char *print(struct making *m)
{
	struct buf buf = BUF_INIT(1 << 20);

	make(m);
	assert_int_equal(m->result, 0);
	plan_print_json(&buf, m->plan);
	assert_int_equal(buf_error(&buf), 0);
	assert_true(json_is_valid(buf.data));
	return buf.data;
}

static void plans_of_all_hosts_are_valid_json(void **state)
{
	(void)state;
	for (int abi = 0; abi <= ABI_LANDLOCK_NEWEST + 1; abi++) {
		struct making m = { .builtin = "default",
				    .host = make_host(abi),
				    .wishes = { { "connect", "443" },
						{ "listen", "udp:1" },
						{ "socket", "/run" },
						{ "limit", "cpu=1" },
						{ "time", "1" },
						{ "audit", NULL } } };
		AUTO_FREE char *text = print(&m);

		assert_non_null(strstr(text, "\"protections\":["));
		make_done(&m);
	}
}

static void hostile_names_stay_inside_their_strings(void **state)
{
	static const char *const environment[] = { "A\",\"B=1", "C\\=1", "D\xff\xfe=1", "E\n=1",
						   NULL };
	struct making m = { .host = make_host(7),
			    .environment = environment,
			    .wishes = { { "read", "/x\",\"y" },
					{ "read", "/z\x01\x1f\x7f" },
					{ "read", "/\xc3\x28" },
					{ "env", "A*" },
					{ "chdir", "/\"" } } };
	AUTO_FREE char *text = print(&m);

	(void)state;
	assert_non_null(strstr(text, "\"A\\\",\\\"B\""));
	assert_non_null(strstr(text, "\"/x\\\",\\\"y\""));
	make_done(&m);
}

static void values_of_variables_are_not_in_it(void **state)
{
	static const char *const environment[] = { "TERM=hunter2", "OTHER=hunter2", NULL };
	struct making m = { .host = make_host(7),
			    .environment = environment,
			    .wishes = { { "env", "TERM" }, { "env", "KEY=hunter2" } } };
	AUTO_FREE char *text = print(&m);

	(void)state;
	assert_null(strstr(text, "hunter2"));
	assert_non_null(strstr(text, "\"environment\":[\"TERM\",\"KEY\"]"));
	assert_non_null(strstr(text, "\"environment_not_passed\":[\"OTHER\"]"));
	make_done(&m);
}

static void a_plan_without_a_command_has_no_environment(void **state)
{
	struct making m = { .host = make_host(7), .has_no_command = true };
	AUTO_FREE char *text = print(&m);

	(void)state;
	assert_null(strstr(text, "\"environment\":"));
	assert_non_null(strstr(text, "\"program\":null"));
	make_done(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_checker_itself_tells_right_from_wrong),
		cmocka_unit_test(plans_of_all_hosts_are_valid_json),
		cmocka_unit_test(hostile_names_stay_inside_their_strings),
		cmocka_unit_test(values_of_variables_are_not_in_it),
		cmocka_unit_test(a_plan_without_a_command_has_no_environment),
	};

	return cmocka_run_group_tests_name("print_json", tests, NULL, NULL);
}
