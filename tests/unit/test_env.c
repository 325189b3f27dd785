/* SPDX-License-Identifier: MIT */
/* test_env.c - which variables the command gets, and which names are told as held back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "make_plan.h"
#include "plan/env.h"

static const char *const outer[] = { "PATH=/bin", "HOME=/home/ada", "TERM=linux",      "LC_ALL=C",
				     "LCX=1",     "API_KEY=k",      "TMPDIR=/var/tmp", "PWD=/old",
				     "EMPTY=",    "=odd",           "nothing",         NULL };

/* The lists as one text: "A=1 B=2". */
static char *join(const char *const *words)
{
	static char text[1024];
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; words[i]; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", i ? " " : "",
					words[i]);
	return text;
}

static const struct {
	const char *wishes[MAX_WISHES][2];
	const char *tmpdir;
	const char *passed, *held_back;
} cases[] = {
	{ .wishes = { { NULL, NULL } },
	  .passed = "",
	  .held_back = "PATH HOME TERM LC_ALL LCX API_KEY TMPDIR PWD EMPTY" },
	{ .wishes = { { "env", "TERM" }, { "env", "EMPTY" }, { "env", "UNSET" } },
	  .passed = "TERM=linux EMPTY=",
	  .held_back = "PATH HOME LC_ALL LCX API_KEY TMPDIR PWD" },
	{ .wishes = { { "env", "LC_*" } },
	  .passed = "LC_ALL=C",
	  .held_back = "PATH HOME TERM LCX API_KEY TMPDIR PWD EMPTY" },
	/* what is set replaces what was there, and is held back by nobody */
	{ .wishes = { { "env", "TERM=dumb" }, { "env", "NEW=1" } },
	  .passed = "TERM=dumb NEW=1",
	  .held_back = "PATH HOME LC_ALL LCX API_KEY TMPDIR PWD EMPTY" },
	/* the last word counts, also against passing on */
	{ .wishes = { { "env", "TERM=a" }, { "env", "TERM=b" }, { "env", "TERM" } },
	  .passed = "TERM=b",
	  .held_back = "PATH HOME LC_ALL LCX API_KEY TMPDIR PWD EMPTY" },
	/* all but what looks like a secret; a secret by its name */
	{ .wishes = { { "env-all", NULL } },
	  .passed =
		  "PATH=/bin HOME=/home/ada TERM=linux LC_ALL=C LCX=1 TMPDIR=/var/tmp EMPTY= PWD=/srv/p",
	  .held_back = "API_KEY" },
	{ .wishes = { { "env-all", NULL }, { "env", "API_KEY" } },
	  .passed =
		  "PATH=/bin HOME=/home/ada TERM=linux LC_ALL=C LCX=1 API_KEY=k TMPDIR=/var/tmp EMPTY= "
		  "PWD=/srv/p",
	  .held_back = "" },
	/* nothing is looked at: PWD is the caller's too, but where the command starts elsewhere */
	{ .wishes = { { "off", "environment" } },
	  .passed =
		  "PATH=/bin HOME=/home/ada TERM=linux LC_ALL=C LCX=1 API_KEY=k TMPDIR=/var/tmp PWD=/old "
		  "EMPTY=",
	  .held_back = "" },
	/* a TMPDIR of our own is the only one, whatever was passed or set */
	{ .wishes = { { "require", "private-tmp" }, { "env", "TMPDIR" }, { "env", "TMPDIR=/x" } },
	  .tmpdir = "/tmp/croft-1",
	  .passed = "TMPDIR=/tmp/croft-1",
	  .held_back = "PATH HOME TERM LC_ALL LCX API_KEY PWD EMPTY" },
	/* PWD is where the command starts, if it may be told at all */
	{ .wishes = { { "env", "PWD" } },
	  .passed = "PWD=/srv/p",
	  .held_back = "PATH HOME TERM LC_ALL LCX API_KEY TMPDIR EMPTY" },
	{ .wishes = { { "env", "PWD" }, { "chdir", "/work" } },
	  .passed = "PWD=/work",
	  .held_back = "PATH HOME TERM LC_ALL LCX API_KEY TMPDIR EMPTY" },
	{ .wishes = { { "chdir", "/work" } },
	  .passed = "",
	  .held_back = "PATH HOME TERM LC_ALL LCX API_KEY TMPDIR PWD EMPTY" },
};

static void the_command_gets_what_was_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct making m = { .host = make_host(7),
				    .environment = outer,
				    .tmpdir = cases[i].tmpdir };

		memcpy(m.wishes, cases[i].wishes, sizeof(m.wishes));
		make(&m);
		assert_int_equal(m.result, 0);
		assert_string_equal(join(m.plan->command.envp), cases[i].passed);
		assert_string_equal(join(m.plan->env_dropped), cases[i].held_back);
		make_done(&m);
	}
}

static void a_value_can_be_looked_up_as_the_command_will_see_it(void **state)
{
	struct making m = { .host = make_host(7),
			    .wishes = { { "env", "TERM" },
					{ "env", "A=1" },
					{ "env", "A=2" },
					{ "env", "PATH=/x" } } };

	(void)state;
	make(&m);
	assert_string_equal(env_value(m.profile, outer, "TERM"), "linux");
	assert_string_equal(env_value(m.profile, outer, "A"), "2");
	assert_string_equal(env_value(m.profile, outer, "PATH"), "/x");
	assert_null(env_value(m.profile, outer, "HOME"));
	assert_null(env_value(m.profile, outer, "TER"));
	assert_null(env_value(m.profile, NULL, "TERM"));
	make_done(&m);
}

static void a_caller_without_an_environment_is_no_trouble(void **state)
{
	struct making m = { .host = make_host(7), .wishes = { { "env-all", NULL } } };

	(void)state;
	make(&m);
	assert_int_equal(m.result, 0);
	assert_string_equal(join(m.plan->command.envp), "PWD=/srv/p");
	make_done(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_command_gets_what_was_named),
		cmocka_unit_test(a_value_can_be_looked_up_as_the_command_will_see_it),
		cmocka_unit_test(a_caller_without_an_environment_is_no_trouble),
	};

	return cmocka_run_group_tests_name("env", tests, NULL, NULL);
}
