/* SPDX-License-Identifier: MIT */
/* test_protection.c - the names of the promises and of how much each is wanted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "profile/protection.h"

/* The order is that of plans and status objects: programs may rely on it. */
static const char *const in_order[PROTECT_MAX] = {
	"files",       "exec",        "devices",     "metadata",  "hidden",        "deny-inside",
	"private-tmp", "tcp",         "udp",         "other-net", "unix-abstract", "unix-path",
	"signals",     "ptrace",      "processes",   "ipc",       "terminal",      "syscalls",
	"privileges",  "descriptors", "environment", "limits",
};

static void each_protection_has_its_name_and_its_promise(void **state)
{
	(void)state;
	for (int i = 0; i < PROTECT_MAX; i++) {
		assert_string_equal(protection_names[i].name, in_order[i]);
		assert_true(strlen(protection_names[i].help) > 10);
		assert_null(strchr(protection_names[i].help, '\n'));
	}
}

static void a_name_is_found_whole_and_a_wrong_one_has_a_neighbour(void **state)
{
	(void)state;
	assert_int_equal(names_find(protection_names, PROTECT_MAX, "unix-path"), PROTECT_UNIX_PATH);
	assert_int_equal(names_find(protection_names, PROTECT_MAX, "unix"), -EINVAL);
	assert_int_equal(names_find(protection_names, PROTECT_MAX, "Files"), -EINVAL);
	assert_string_equal(names_nearest(protection_names, PROTECT_MAX, "signal"), "signals");
	assert_null(names_nearest(protection_names, PROTECT_MAX, "firewall"));
}

static void requirements_have_the_names_of_their_options(void **state)
{
	(void)state;
	assert_string_equal(requirement_names[REQUIRE_OFF].name, "off");
	assert_string_equal(requirement_names[REQUIRE_PREFER].name, "prefer");
	assert_string_equal(requirement_names[REQUIRE_REQUIRE].name, "require");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_protection_has_its_name_and_its_promise),
		cmocka_unit_test(a_name_is_found_whole_and_a_wrong_one_has_a_neighbour),
		cmocka_unit_test(requirements_have_the_names_of_their_options),
	};

	return cmocka_run_group_tests_name("protection", tests, NULL, NULL);
}
