/* SPDX-License-Identifier: MIT */
/* test_profile.c - a profile starts as a copy of a built-in one, and asks the machine nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "profile/profile.h"

static struct profile *make(const char *builtin, const char *home, const char *workdir)
{
	struct profile *profile = NULL;
	struct croft_error err = { 0 };

	assert_int_equal(profile_new(builtin, home, workdir, &profile, &err), 0);
	return profile;
}

static const struct grant *find_grant(const struct profile *profile, const char *path)
{
	for (size_t i = 0; i < profile->n_grants; i++)
		if (!strcmp(profile->grants[i].path, path))
			return &profile->grants[i];
	return NULL;
}

static void the_default_profile_has_a_writable_project(void **state)
{
	struct profile *profile = make("default", "/home/ada", "/home/ada/p");
	const struct grant *project = find_grant(profile, "/home/ada/p");

	(void)state;
	assert_non_null(project);
	assert_int_equal(project->kinds, GRANT_READ | GRANT_WRITE | GRANT_EXECUTE);
	assert_true(project->is_project);
	assert_false(project->is_optional);
	assert_int_equal(strncmp(project->origin, "profile default:", 16), 0);
	assert_true(profile->wants_tmpdir);
	profile_free(profile);
}

static void only_the_project_and_devices_are_writable(void **state)
{
	struct profile *profile = make("default", "/home/ada", "/home/ada/p");

	(void)state;
	for (size_t i = 0; i < profile->n_grants; i++) {
		const struct grant *grant = &profile->grants[i];

		if (grant->kinds & GRANT_WRITE)
			assert_true(grant->is_project || !strncmp(grant->path, "/dev/", 5));
		/* home, temporary files and sockets are no business of every program */
		assert_string_not_equal(grant->path, "/home/ada");
		assert_string_not_equal(grant->path, "/tmp");
		assert_string_not_equal(grant->path, "/run");
		assert_string_not_equal(grant->path, "/dev");
		assert_string_not_equal(grant->path, "/");
	}
	profile_free(profile);
}

static void the_system_profile_has_no_project_and_no_home(void **state)
{
	struct profile *system = make("system", "/home/ada", "/p"),
		       *full = make("default", "/home/ada", "/p");

	(void)state;
	assert_non_null(find_grant(system, "/usr"));
	assert_null(find_grant(system, "/p"));
	assert_null(find_grant(system, "/home/ada/.gitconfig"));
	assert_non_null(find_grant(full, "/home/ada/.gitconfig"));
	for (size_t i = 0; i < system->n_grants; i++)
		assert_non_null(find_grant(full, system->grants[i].path));
	profile_free(system);
	profile_free(full);
}

static void the_empty_profile_is_empty(void **state)
{
	struct profile *profile = make("empty", "/home/ada", "/p");

	(void)state;
	assert_int_equal(profile->n_grants, 0);
	assert_int_equal(profile->n_env, 0);
	assert_int_equal(profile->n_ports, 0);
	assert_int_equal(profile->n_keep_fds, 0);
	assert_false(profile->wants_tmpdir);
	assert_int_equal(profile->require[PROTECT_PRIVATE_TMP], REQUIRE_OFF);
	assert_int_equal(profile->require[PROTECT_FILES], REQUIRE_REQUIRE);
	profile_free(profile);
}

/* What docs/names/protection.md tells people. */
static void each_protection_is_wanted_as_documented(void **state)
{
	static const enum protection preferred[] = { PROTECT_DEVICES, PROTECT_PRIVATE_TMP,
						     PROTECT_UNIX_ABSTRACT, PROTECT_SIGNALS };
	static const enum protection off[] = { PROTECT_METADATA, PROTECT_HIDDEN,
					       PROTECT_DENY_INSIDE, PROTECT_PROCESSES };
	struct profile *profile = make("default", NULL, "/p");
	enum requirement wanted[PROTECT_MAX];

	(void)state;
	for (int i = 0; i < PROTECT_MAX; i++)
		wanted[i] = REQUIRE_REQUIRE;
	for (size_t i = 0; i < 4; i++) {
		wanted[preferred[i]] = REQUIRE_PREFER;
		wanted[off[i]] = REQUIRE_OFF;
	}
	assert_memory_equal(profile->require, wanted, sizeof(wanted));
	profile_free(profile);
}

static void a_home_may_be_missing_a_working_directory_may_not(void **state)
{
	struct profile *profile = make("default", NULL, "/p");
	struct croft_error err = { 0 };

	(void)state;
	for (size_t i = 0; i < profile->n_grants; i++)
		assert_null(strstr(profile->grants[i].path, ".gitconfig"));
	profile_free(profile);
	profile = NULL;
	assert_int_equal(profile_new("default", "/home/ada", NULL, &profile, &err), -ENOENT);
	assert_int_equal(err.stage, CROFT_STAGE_PROFILE);
	assert_null(profile);
	/* a home that is no absolute path is none */
	profile = make("system", "ada", "p");
	assert_null(profile->home);
	assert_null(profile->workdir);
	profile_free(profile);
}

static void an_unknown_profile_is_named_with_its_neighbour(void **state)
{
	struct profile *profile = NULL;
	struct croft_error err = { 0 };

	(void)state;
	assert_int_equal(profile_new("defualt", NULL, "/", &profile, &err), -EINVAL);
	assert_int_equal(err.stage, CROFT_STAGE_PROFILE);
	assert_non_null(strstr(err.what, "defualt"));
	assert_non_null(strstr(err.hint, "default"));
	assert_int_equal(profile_new("nothing-near", NULL, "/", &profile, &err), -EINVAL);
	assert_non_null(strstr(err.hint, "default, "));
	assert_int_equal(profile_new("nothing-near", NULL, "/", &profile, NULL), -EINVAL);
	assert_null(profile);
}

static void no_built_in_passes_a_secret_on(void **state)
{
	struct profile *profile = make("default", "/home/ada", "/p");

	(void)state;
	assert_true(profile->n_env > 10);
	for (size_t i = 0; i < profile->n_env; i++) {
		assert_null(profile->env[i].value);
		assert_false(env_name_is_secret(profile->env[i].name));
	}
	profile_free(profile);
}

static void a_command_is_an_array_as_exec_takes_it(void **state)
{
	struct profile *profile = make("empty", NULL, NULL);
	const char *const *argv;

	(void)state;
	assert_int_equal(profile_command(profile, &argv, NULL), 0);
	assert_null(argv);
	assert_int_equal(profile_set_program(profile, "make", NULL), 0);
	assert_int_equal(profile_add_arg(profile, "-j4", NULL), 0);
	assert_int_equal(profile_add_arg(profile, "", NULL), 0);
	assert_int_equal(profile_command(profile, &argv, NULL), 0);
	assert_string_equal(argv[0], "make");
	assert_string_equal(argv[1], "-j4");
	assert_string_equal(argv[2], "");
	assert_null(argv[3]);
	profile_free(profile);
}

static void freeing_nothing_is_allowed(void **state)
{
	(void)state;
	profile_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_default_profile_has_a_writable_project),
		cmocka_unit_test(only_the_project_and_devices_are_writable),
		cmocka_unit_test(the_system_profile_has_no_project_and_no_home),
		cmocka_unit_test(the_empty_profile_is_empty),
		cmocka_unit_test(each_protection_is_wanted_as_documented),
		cmocka_unit_test(a_home_may_be_missing_a_working_directory_may_not),
		cmocka_unit_test(an_unknown_profile_is_named_with_its_neighbour),
		cmocka_unit_test(no_built_in_passes_a_secret_on),
		cmocka_unit_test(a_command_is_an_array_as_exec_takes_it),
		cmocka_unit_test(freeing_nothing_is_allowed),
	};

	return cmocka_run_group_tests_name("profile", tests, NULL, NULL);
}
