/* SPDX-License-Identifier: MIT */
/* test_choose.c - the doors that came with profile files: denials, words, calls, commands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "profile/profile.h"
#include "sys/abi.h"

static struct profile *profile;
static struct croft_error err;

static int setup(void **state)
{
	(void)state;
	memset(&err, 0, sizeof(err));
	return profile_new("empty", "/home/ada", "/srv/p", &profile, NULL);
}

static int teardown(void **state)
{
	(void)state;
	profile_free(profile);
	return 0;
}

static void refused(int r, const char *what, const char *hint)
{
	assert_int_equal(r, -EINVAL);
	assert_int_equal(err.stage, CROFT_STAGE_PROFILE);
	assert_string_equal(err.what, what);
	assert_string_equal(err.hint, hint);
}

static void rights_are_kept_as_they_are(void **state)
{
	(void)state;
	assert_int_equal(profile_add_rights(profile, ABI_LANDLOCK_FS_READ_FILE, "optional:~/x", "o",
					    &err),
			 0);
	assert_int_equal(profile->grants[0].rights, ABI_LANDLOCK_FS_READ_FILE);
	assert_int_equal(profile->grants[0].kinds, 0);
	assert_true(profile->grants[0].is_optional);
	assert_string_equal(profile->grants[0].path, "/home/ada/x");
	refused(profile_add_rights(profile, 1, "x", "o", &err), "the path 'x' is relative",
		"write './x' if it is in the working directory");
}

static void each_denial_raises_its_own_promise_and_no_other(void **state)
{
	static const enum protection raised[DENY_MAX] = { PROTECT_DENY_INSIDE, PROTECT_DENY_INSIDE,
							  PROTECT_HIDDEN, PROTECT_PRIVATE_TMP };

	for (int kind = 0; kind < DENY_MAX; kind++) {
		enum requirement before[PROTECT_MAX];

		memcpy(before, profile->require, sizeof(before));
		assert_int_equal(profile_add_denial(profile, (enum denial_kind)kind, "optional:/x",
						    "o", &err),
				 0);
		assert_string_equal(profile->denials[0].path, "/x");
		before[raised[kind]] = REQUIRE_REQUIRE;
		assert_memory_equal(profile->require, before, sizeof(before));
		(void)teardown(state);
		assert_int_equal(setup(state), 0);
	}
}

static void what_was_named_is_not_raised(void **state)
{
	(void)state;
	assert_int_equal(profile_set_requirement(profile, "hidden", REQUIRE_PREFER, &err), 0);
	assert_int_equal(profile_add_denial(profile, DENY_HIDE, "/x", "o", &err), 0);
	assert_int_equal(profile_add_isolation(profile, "files", &err), 0);
	assert_int_equal(profile->require[PROTECT_HIDDEN], REQUIRE_PREFER);
}

static void two_stars_stand_alone(void **state)
{
	static const char *const good[] = { "/**/x", "/a/**", "/a/**/b/*.c", "/*a*" };
	static const char *const bad[] = { "/a**", "/**b/x", "/***", "/a/**b" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_int_equal(profile_add_denial(profile, DENY_ALL, good[i], "o", &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		char what[64];

		(void)snprintf(what, sizeof(what), "the pattern '%s' has a '**' inside a name",
			       bad[i]);
		refused(profile_add_denial(profile, DENY_ALL, bad[i], "o", &err), what,
			"'**' stands for directories: write it between slashes");
	}
	assert_int_equal(profile->n_denials, ARRAY_SIZE(good));
}

static void lists_end_where_they_say(void **state)
{
	char name[32];

	(void)state;
	for (int i = 0; i < PROFILE_MAX_DENIALS; i++)
		assert_int_equal(profile_add_denial(profile, DENY_ALL, "/x", "o", &err), 0);
	refused(profile_add_denial(profile, DENY_ALL, "/x", "o", &err), "more than 1024 denials",
		"");
	for (int i = 0; i < PROFILE_MAX_ARGS; i++)
		assert_int_equal(profile_add_arg(profile, "x", &err), 0);
	refused(profile_add_arg(profile, "x", &err), "more than 256 arguments", "");
	for (int i = 0; i < PROFILE_MAX_CALLS; i++) {
		(void)snprintf(name, sizeof(name), "call%d", i);
		assert_int_equal(profile_refuse_call(profile, name, &err), 0);
	}
	assert_int_equal(profile_refuse_call(profile, "call0", &err), 0); /* is there already */
	assert_int_equal(profile->n_refused_calls, PROFILE_MAX_CALLS);
	refused(profile_refuse_call(profile, "one_more", &err), "more than 512 system calls", "");
	for (int i = 0; i < PROFILE_MAX_ENV; i++)
		assert_int_equal(profile_use_env(profile, "A", &err), 0);
	refused(profile_use_env(profile, "A", &err), "more than 512 variables", "");
}

static void words_of_no_table_are_named_with_their_neighbour(void **state)
{
	(void)state;
	refused(profile_add_isolation(profile, "proceses", &err),
		"there is no isolation 'proceses'", "did you mean 'processes'?");
	refused(profile_add_isolation(profile, "x", &err), "there is no isolation 'x'",
		"one of: files, processes, ipc, network, hostname, cgroup");
	refused(profile_set_syscall_mode(profile, "strickt", &err), "there is no mode 'strickt'",
		"did you mean 'strict'?");
	refused(profile_refuse_call(profile, "", &err), "'' is not the name of a system call", "");
	refused(profile_use_env(profile, "", &err), "'' is not the name of a variable", "");
	refused(profile_use_env(profile, "A=b", &err), "'A=b' is not the name of a variable", "");
	refused(profile_set_program(profile, "", &err), "the name of a program is empty", "");
}

static void an_abi_is_one_that_is_known(void **state)
{
	static const char *const bad[] = { "0", "12", "1.5", "-1", "", "newest" };

	(void)state;
	assert_int_equal(profile_set_abi(profile, "1", &err), 0);
	assert_int_equal(profile_set_min_landlock(profile, "11", &err), 0);
	assert_int_equal(profile->abi, 1);
	assert_int_equal(profile->min_landlock, 11);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		char what[64];

		(void)snprintf(what, sizeof(what), "'%s' is not an ABI of Landlock", bad[i]);
		refused(profile_set_abi(profile, bad[i], &err), what, "a number from 1 to 11");
		refused(profile_set_min_landlock(profile, bad[i], &err), what,
			"a number from 1 to 11");
	}
	assert_int_equal(profile->abi, 1);
}

static void what_git_obeys_is_a_promise_of_deny_inside(void **state)
{
	(void)state;
	assert_int_equal(profile->require[PROTECT_DENY_INSIDE], REQUIRE_OFF);
	assert_int_equal(profile_set(profile, "git", "protect", "--git", &err), 0);
	assert_true(profile->protects_git);
	assert_int_equal(profile->require[PROTECT_DENY_INSIDE], REQUIRE_PREFER);
	assert_int_equal(profile_set(profile, "git", "off", "--git", &err), 0);
	assert_false(profile->protects_git);
	refused(profile_set_git(profile, "protected", &err),
		"there is no choice for git 'protected'", "did you mean 'protect'?");
	/* what was said about the promise holds, whichever comes first */
	assert_int_equal(profile_set_requirement(profile, "deny-inside", REQUIRE_OFF, &err), 0);
	assert_int_equal(profile_set_git(profile, "protect", &err), 0);
	assert_int_equal(profile->require[PROTECT_DENY_INSIDE], REQUIRE_OFF);
	assert_int_equal(profile_set_requirement(profile, "deny-inside", REQUIRE_REQUIRE, &err), 0);
	assert_int_equal(profile_set_git(profile, "protect", &err), 0);
	assert_int_equal(profile->require[PROTECT_DENY_INSIDE], REQUIRE_REQUIRE);
}

static void the_filter_and_its_promise_go_together(void **state)
{
	(void)state;
	assert_int_equal(profile_set_syscall_mode(profile, "off", &err), 0);
	assert_int_equal(profile->require[PROTECT_SYSCALLS], REQUIRE_OFF);
	assert_int_equal(profile_set_syscall_mode(profile, "standard", &err), 0);
	assert_int_equal(profile->require[PROTECT_SYSCALLS], REQUIRE_REQUIRE);
	assert_int_equal(profile_set_syscall_mode(profile, "off", &err), 0);
	assert_int_equal(profile_set_requirement(profile, "syscalls", REQUIRE_PREFER, &err), 0);
	assert_int_equal(profile->syscall_mode, SYSCALLS_STANDARD);
	/* another mode is no word about the promise */
	assert_int_equal(profile_set_syscall_mode(profile, "strict", &err), 0);
	assert_int_equal(profile->require[PROTECT_SYSCALLS], REQUIRE_PREFER);
}

static void limits_are_set_by_their_names_in_the_enum_too(void **state)
{
	(void)state;
	assert_int_equal(profile_set_limit(profile, LIMIT_MEMORY, "2MiB", &err), 0);
	assert_int_equal(profile->limits[LIMIT_MEMORY], 2 << 20);
	refused(profile_set_limit(profile, LIMIT_PROCESSES, "0", &err),
		"'0' is not a value for the limit 'processes'", "");
	assert_false(profile->has_limit[LIMIT_PROCESSES]);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(rights_are_kept_as_they_are),
		TEST(each_denial_raises_its_own_promise_and_no_other),
		TEST(what_was_named_is_not_raised),
		TEST(two_stars_stand_alone),
		TEST(lists_end_where_they_say),
		TEST(words_of_no_table_are_named_with_their_neighbour),
		TEST(an_abi_is_one_that_is_known),
		TEST(the_filter_and_its_promise_go_together),
		TEST(what_git_obeys_is_a_promise_of_deny_inside),
		TEST(limits_are_set_by_their_names_in_the_enum_too),
	};

	return cmocka_run_group_tests_name("choose", tests, NULL, NULL);
}
