/* SPDX-License-Identifier: MIT */
/*
 * test_beyond.c - what a bound asks for in vain is told, each wish once and in the words of a file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "profile/tighten.h"

#define DO(call)                                  \
	do {                                      \
		struct croft_error err = { 0 };   \
		if ((call) < 0)                   \
			fail_msg("%s", err.what); \
	} while (0)

static struct profile *new_profile(void)
{
	struct profile *profile = NULL;

	DO(profile_new("empty", "/home/ada", "/srv/p", &profile, &err));
	return profile;
}

static char told[4096];

static void tell(void *context, const char *key, const char *value)
{
	size_t len = strlen(told);

	(void)context;
	(void)snprintf(told + len, sizeof(told) - len, "%s %s\n", key, value);
}

static const char *beyond(const struct profile *profile, const struct profile *bound)
{
	told[0] = '\0';
	profile_beyond(profile, bound, tell, NULL);
	return told;
}

/* One wish that a profile may have, how it is told, and whether a profile with it satisfies it. */
static const struct wish {
	const char *key, *value, *told;
} wishes[] = {
	{ "connect", "443", "network.connect 443\n" },
	{ "connect", "udp:53", "network.connect udp:53\n" },
	{ "listen", "8080", "network.listen 8080\n" },
	{ "env", "NAME", "environment.pass NAME\n" },
	{ "env", "MY_*", "environment.pass MY_*\n" },
	{ "env", "NAME=value", "environment.set NAME\n" },
	{ "env-all", NULL, "environment.all true\n" },
	{ "keep-fd", "3", "descriptors 3\n" },
	{ "with", "nss", "with nss\n" },
	{ "with-deps", NULL, "with_deps true\n" },
	{ "allow", "mount", "syscalls.allow mount\n" },
	{ "audit", NULL, "audit true\n" },
	{ "off", "tcp", "require tcp: off\n" },
	{ "prefer", "ptrace", "require ptrace: prefer\n" },
	{ "chdir", "/srv/a", "command.directory /srv/a\n" },
};

static void each_wish_that_is_left_out_is_told_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wishes); i++) {
		const struct wish *wish = &wishes[i];
		struct profile *base = new_profile(), *bound = new_profile();

		DO(profile_set(bound, wish->key, wish->value, "bound", &err));
		assert_string_equal(beyond(base, bound), wish->told);
		/* the twin: a base that has it as well */
		DO(profile_set(base, wish->key, wish->value, "base", &err));
		assert_string_equal(beyond(base, bound), "");
		profile_free(base);
		profile_free(bound);
	}
}

static void greater_limits_a_smaller_abi_and_another_command_are_told(void **state)
{
	struct profile *base = new_profile(), *bound = new_profile();

	(void)state;
	DO(profile_add_limit(base, "memory=1GiB", &err));
	DO(profile_add_limit(bound, "memory=2GiB", &err));
	assert_string_equal(beyond(base, bound), "limits memory\n");
	assert_string_equal(beyond(bound, base), "");
	base->time_ms = 1000;
	bound->time_ms = 2000;
	assert_string_equal(beyond(base, bound), "limits memory\nlimits time\n");
	bound->limits[LIMIT_MEMORY] = 1;
	bound->time_ms = 1000;
	DO(profile_set_abi(bound, "3", &err));
	assert_string_equal(beyond(base, bound), "abi 3\n");
	DO(profile_set_abi(base, "3", &err));
	assert_string_equal(beyond(base, bound), "");
	DO(profile_set_abi(base, "2", &err));
	assert_string_equal(beyond(base, bound), "");
	DO(profile_set_program(bound, "make", &err));
	assert_string_equal(beyond(base, bound), "command.program make\n");
	DO(profile_set_program(base, "make", &err));
	assert_string_equal(beyond(base, bound), "");
	bound->syscall_mode = SYSCALLS_OFF;
	assert_string_equal(beyond(base, bound), "syscalls.mode off\n");
	bound->syscall_mode = SYSCALLS_STRICT;
	assert_string_equal(beyond(base, bound), "");
	profile_free(base);
	profile_free(bound);
}

static void a_base_that_lets_all_through_has_every_wish(void **state)
{
	struct profile *base = new_profile(), *bound = new_profile();

	(void)state;
	DO(profile_add_port(bound, PORT_CONNECT, "443", "bound", &err));
	DO(profile_add_env(bound, "ANY*", "bound", &err));
	DO(profile_add_fd(bound, "5", &err));
	DO(profile_allow_group(bound, "bpf", &err));
	assert_string_equal(beyond(base, bound), "network.connect 443\ndescriptors 5\n"
						 "environment.pass ANY*\nsyscalls.allow bpf\n");
	DO(profile_set_requirement(base, "tcp", REQUIRE_OFF, &err));
	DO(profile_set_requirement(base, "environment", REQUIRE_OFF, &err));
	DO(profile_set_requirement(base, "descriptors", REQUIRE_OFF, &err));
	DO(profile_set_requirement(base, "syscalls", REQUIRE_OFF, &err));
	assert_string_equal(beyond(base, bound), "");
	profile_free(base);
	profile_free(bound);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_wish_that_is_left_out_is_told_once),
		cmocka_unit_test(greater_limits_a_smaller_abi_and_another_command_are_told),
		cmocka_unit_test(a_base_that_lets_all_through_has_every_wish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
