/* SPDX-License-Identifier: MIT */
/* test_set.c - each key of a profile does what the option of its name does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "profile/profile.h"

static struct profile *make(void)
{
	struct profile *profile;

	assert_int_equal(profile_new("empty", "/home/ada", "/srv/p", &profile, NULL), 0);
	return profile;
}

/* docs/options: what each kind of grant includes. */
static const struct {
	const char *key;
	unsigned kinds;
} path_keys[] = {
	{ "read", GRANT_READ },
	{ "execute", GRANT_READ | GRANT_EXECUTE },
	{ "write", GRANT_READ | GRANT_WRITE },
	{ "device", GRANT_READ | GRANT_WRITE | GRANT_DEVICE },
	{ "socket", GRANT_SOCKET },
};

static void keys_of_paths_grant_their_kinds(void **state)
{
	struct profile *profile = make();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(path_keys); i++) {
		assert_int_equal(profile_set(profile, path_keys[i].key, "/x", "--it", NULL), 0);
		assert_int_equal(profile->grants[i].kinds, path_keys[i].kinds);
		assert_string_equal(profile->grants[i].path, "/x");
		assert_string_equal(profile->grants[i].origin, "--it");
	}
	profile_free(profile);
}

static void keys_of_the_rest_set_their_members(void **state)
{
	struct profile *profile = make();

	(void)state;
	assert_int_equal(profile_set(profile, "connect", "443", "-", NULL), 0);
	assert_int_equal(profile->ports[0].use, PORT_CONNECT);
	assert_int_equal(profile_set(profile, "listen", "80", "-", NULL), 0);
	assert_int_equal(profile->ports[1].use, PORT_LISTEN);
	assert_int_equal(profile_set(profile, "env", "A=b", "-", NULL), 0);
	assert_string_equal(profile->env[0].value, "b");
	assert_int_equal(profile_set(profile, "limit", "cpu=5", "-", NULL), 0);
	assert_int_equal(profile->limits[LIMIT_CPU], 5);
	assert_int_equal(profile_set(profile, "time", "90", "-", NULL), 0);
	assert_int_equal(profile->time_ms, 90000);
	assert_int_equal(profile_set(profile, "grace", "250ms", "-", NULL), 0);
	assert_int_equal(profile->grace_ms, 250);
	assert_int_equal(profile_set(profile, "require", "hidden", "-", NULL), 0);
	assert_int_equal(profile->require[PROTECT_HIDDEN], REQUIRE_REQUIRE);
	assert_int_equal(profile_set(profile, "prefer", "tcp", "-", NULL), 0);
	assert_int_equal(profile->require[PROTECT_TCP], REQUIRE_PREFER);
	assert_int_equal(profile_set(profile, "off", "udp", "-", NULL), 0);
	assert_int_equal(profile->require[PROTECT_UDP], REQUIRE_OFF);
	assert_int_equal(profile_set(profile, "allow", "bpf", "-", NULL), 0);
	assert_true(profile->allows_group[GROUP_BPF]);
	assert_int_equal(profile_set(profile, "with", "perl", "-", NULL), 0);
	assert_true(profile->wants_set[SET_PERL]);
	assert_int_equal(profile_set(profile, "keep-fd", "7", "-", NULL), 0);
	assert_int_equal(profile->keep_fds[0], 7);
	assert_int_equal(profile_set(profile, "chdir", "/x", "-", NULL), 0);
	assert_string_equal(profile->chdir, "/x");
	profile_free(profile);
}

static void switches_take_no_value_and_set_just_their_own(void **state)
{
	static const char *const keys[] = { "env-all", "supervise", "audit", "with-deps" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		struct profile *profile = make();
		struct croft_error err = { 0 };

		assert_int_equal(profile_set(profile, keys[i], "yes", "-", &err), -EINVAL);
		assert_int_equal(err.stage, CROFT_STAGE_PROFILE);
		assert_int_equal(profile->wants_env_all + profile->wants_supervisor +
					 profile->wants_audit + profile->wants_deps,
				 0);
		assert_int_equal(profile_set(profile, keys[i], NULL, "-", NULL), 0);
		assert_int_equal(profile->wants_env_all, i == 0);
		assert_int_equal(profile->wants_supervisor, i == 1);
		assert_int_equal(profile->wants_audit, i == 2);
		assert_int_equal(profile->wants_deps, i == 3);
		profile_free(profile);
	}
}

static void all_other_keys_need_a_value(void **state)
{
	static const char *const keys[] = { "read",    "execute", "write",  "device", "socket",
					    "connect", "listen",  "env",    "limit",  "time",
					    "grace",   "require", "prefer", "off",    "allow",
					    "keep-fd", "chdir",   "with" };
	struct profile *profile = make();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		struct croft_error err = { 0 };

		assert_int_equal(profile_set(profile, keys[i], NULL, "-", &err), -EINVAL);
		assert_non_null(strstr(err.what, keys[i]));
	}
	profile_free(profile);
}

static void a_time_is_more_than_nothing_and_a_wrong_one_changes_nothing(void **state)
{
	static const char *const wrong[] = { "0", "0s", "", "-1", "1.5", "366d", "soon", "5 s" };
	struct profile *profile = make();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct croft_error err = { 0 };

		assert_true(profile_set(profile, "time", wrong[i], "-", &err) < 0);
		assert_int_equal(err.stage, CROFT_STAGE_PROFILE);
		assert_int_equal(profile->time_ms, 0);
	}
	profile_free(profile);
}

static void what_is_no_key_is_told_apart_from_a_wrong_value(void **state)
{
	static const char *const words[] = { "colour", "",        "rea",  "reads",  "READ",
					     "--read", "dry-run", "json", "profile" };
	struct profile *profile = make();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		assert_int_equal(profile_set(profile, words[i], "/x", "-", NULL), -ENOENT);
	assert_int_equal(profile->n_grants, 0);
	profile_free(profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_of_paths_grant_their_kinds),
		cmocka_unit_test(keys_of_the_rest_set_their_members),
		cmocka_unit_test(switches_take_no_value_and_set_just_their_own),
		cmocka_unit_test(all_other_keys_need_a_value),
		cmocka_unit_test(a_time_is_more_than_nothing_and_a_wrong_one_changes_nothing),
		cmocka_unit_test(what_is_no_key_is_told_apart_from_a_wrong_value),
	};

	return cmocka_run_group_tests_name("set", tests, NULL, NULL);
}
