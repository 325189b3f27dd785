/* SPDX-License-Identifier: MIT */
/*
 * test_deps.c - what --with-deps and --with add to a profile for one command.
 *
 * The command is a program of this machine; which libraries it has is asked of src/elf, whose own
 * tests say whether that is right.
 */
#include "ground.h"

#include "launch/deps.h"

static const char program[] = "/usr/bin/env";
static const char *const argv[] = { program, NULL };
static const char *const environment[] = { "PATH=/usr/bin:/bin", NULL };

static struct profile *make(const char *key, const char *value)
{
	struct profile *profile;

	assert_int_equal(profile_new("empty", NULL, "/", &profile, NULL), 0);
	if (key)
		assert_int_equal(profile_set(profile, key, value, "-", NULL), 0);
	return profile;
}

static const struct grant *find(const struct profile *profile, const char *path)
{
	for (size_t i = 0; i < profile->n_grants; i++)
		if (!strcmp(profile->grants[i].path, path))
			return &profile->grants[i];
	return NULL;
}

static void a_profile_wants_it_by_a_switch_or_a_set(void **state)
{
	static const char *const wishes[][2] = { { "with-deps", NULL },
						 { "with", "nss" },
						 { "with", "pam" } };
	static const char *const plain[] = { "default", "system", "empty" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wishes); i++) {
		struct profile *profile = make(wishes[i][0], wishes[i][1]);

		assert_true(deps_are_wanted(profile));
		profile_free(profile);
	}
	for (size_t i = 0; i < ARRAY_SIZE(plain); i++) {
		struct profile *profile;

		assert_int_equal(profile_new(plain[i], "/home/a", "/w", &profile, NULL), 0);
		assert_false(deps_are_wanted(profile));
		profile_free(profile);
	}
}

static void what_is_executed_may_be_executed_and_the_rest_read(void **state)
{
	struct profile *profile = make("with-deps", NULL);
	struct command command;

	(void)state;
	assert_int_equal(deps_grant(profile, argv, environment, &command, NULL), 0);
	assert_string_equal(command.path, program);
	assert_true(command.closure.n_files > 2);
	for (size_t i = 0; i < command.closure.n_files; i++) {
		const struct closure_file *file = &command.closure.files[i];
		const struct grant *grant = find(profile, file->real);
		bool is_read = file->role == ROLE_LIBRARY || file->role == ROLE_CONFIG;

		assert_non_null(grant);
		assert_int_equal(grant->kinds, is_read ? GRANT_READ : GRANT_READ | GRANT_EXECUTE);
		assert_string_equal(grant->origin, "--with-deps");
	}
	assert_int_equal(profile->n_grants, command.closure.n_files);
	command_done(&command);
	profile_free(profile);
}

static void sets_alone_grant_nothing_of_the_program(void **state)
{
	struct profile *profile = make("with", "timezone");
	struct command command;

	(void)state;
	assert_int_equal(deps_grant(profile, argv, environment, &command, NULL), 0);
	for (size_t i = 0; i < profile->n_grants; i++)
		assert_string_equal(profile->grants[i].origin, "--with timezone");
	assert_null(find(profile, program));
	command_done(&command);
	profile_free(profile);
}

static void the_path_that_counts_is_the_one_that_is_passed_on(void **state)
{
	static const char *const name[] = { "env", NULL };
	struct profile *profile = make("with-deps", NULL);
	struct croft_error err = { 0 };
	struct command command;

	(void)state;
	assert_int_equal(deps_grant(profile, name, environment, &command, &err), -ENOENT);
	assert_int_equal(err.stage, CROFT_STAGE_EXEC);
	assert_int_equal(profile->n_grants, 0);
	assert_int_equal(profile_add_env(profile, "PATH", "-", NULL), 0);
	assert_int_equal(deps_grant(profile, name, environment, &command, &err), 0);
	assert_string_equal(command.path, program);
	command_done(&command);
	profile_free(profile);
}

static void a_copy_grows_and_the_original_does_not(void **state)
{
	static const char *const starts[] = { "empty", "system" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
		struct profile *profile, *copy;
		size_t n;

		assert_int_equal(profile_new(starts[i], NULL, "/w", &profile, NULL), 0);
		n = profile->n_grants;
		assert_int_equal(deps_copy_profile(profile, &copy, NULL), 0);
		assert_int_equal(copy->n_grants, n);
		for (size_t k = 0; k < 100; k++)
			assert_int_equal(profile_add_path(copy, GRANT_READ, "/x", "-", NULL), 0);
		assert_int_equal(copy->n_grants, n + 100);
		assert_int_equal(profile->n_grants, n);
		for (size_t k = 0; k < n; k++)
			assert_string_equal(copy->grants[k].path, profile->grants[k].path);
		profile_free(copy);
		assert_string_equal(profile->name, starts[i]);
		profile_free(profile);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_profile_wants_it_by_a_switch_or_a_set),
		cmocka_unit_test(what_is_executed_may_be_executed_and_the_rest_read),
		cmocka_unit_test(sets_alone_grant_nothing_of_the_program),
		cmocka_unit_test(the_path_that_counts_is_the_one_that_is_passed_on),
		cmocka_unit_test(a_copy_grows_and_the_original_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
