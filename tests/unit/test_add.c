/* SPDX-License-Identifier: MIT */
/*
 * test_add.c - what a person may write, and what it becomes; what he may not, and what he is told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "profile/profile.h"

static struct profile *profile;
static struct croft_error err;

static int setup(void **state)
{
	(void)state;
	memset(&err, 0, sizeof(err));
	return profile_new("empty", "/home/ada", "/srv/p", &profile, &err);
}

static int teardown(void **state)
{
	(void)state;
	profile_free(profile);
	return 0;
}

/* A refusal is of the stage profile and names what was written. */
static void assert_refused(int r, const char *text)
{
	if (r >= 0)
		fail_msg("'%s' is accepted", text);
	assert_int_equal(err.stage, CROFT_STAGE_PROFILE);
	if (!strstr(err.what, text))
		fail_msg("'%s' is not named in: %s", text, err.what);
}

static const struct {
	const char *text, *path; /* path NULL: refused */
	bool is_optional;
} paths[] = {
	{ "/usr", "/usr", false },
	{ "/", "/", false },
	{ "//usr///lib", "/usr/lib", false },
	{ "/usr/./lib/.", "/usr/lib", false },
	{ "/usr/", "/usr/", false },
	{ "/.", "/", false },
	{ "~", "/home/ada", false },
	{ "~/", "/home/ada/", false },
	{ "~/.cache", "/home/ada/.cache", false },
	{ ".", "/srv/p", false },
	{ "./", "/srv/p/", false },
	{ "./build", "/srv/p/build", false },
	{ "././.", "/srv/p", false },
	{ "optional:/nix", "/nix", true },
	{ "optional:.", "/srv/p", true },
	{ "/optional:x", "/optional:x", false },
	{ "/a..b/..c/d..", "/a..b/..c/d..", false },
	{ "/...", "/...", false },
	{ "/a,b:c", "/a,b:c", false },
	{ "/a b\n\t\033[31m", "/a b\n\t\033[31m", false },
	{ "/~", "/~", false },
	{ "src", NULL, false },
	{ "~ada/x", NULL, false },
	{ "..", NULL, false },
	{ "../x", NULL, false },
	{ "/a/../b", NULL, false },
	{ "./..", NULL, false },
	{ "~/..", NULL, false },
	{ "/a/..", NULL, false },
	{ "optional:../x", NULL, true },
	{ ".hidden", NULL, false },
};

static void a_path_becomes_absolute_or_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		const char *text = paths[i].text;
		int r = profile_add_path(profile, GRANT_READ, text, "--read", &err);
		const struct grant *grant = &profile->grants[profile->n_grants - 1];

		if (!paths[i].path) {
			assert_refused(r, paths[i].is_optional ? text + 9 : text);
			continue;
		}
		if (r < 0)
			fail_msg("'%s': %s", text, err.what);
		assert_string_equal(grant->path, paths[i].path);
		assert_int_equal(grant->is_optional, paths[i].is_optional);
		assert_int_equal(grant->kinds, GRANT_READ);
		assert_string_equal(grant->origin, "--read");
		assert_false(grant->is_project);
	}
}

static void an_empty_path_is_refused_with_and_without_optional(void **state)
{
	(void)state;
	assert_refused(profile_add_path(profile, GRANT_READ, "", "--read", &err), "empty");
	assert_refused(profile_add_path(profile, GRANT_READ, "optional:", "--read", &err), "empty");
	assert_int_equal(profile->n_grants, 0);
}

static void without_home_or_directory_what_needs_them_is_refused(void **state)
{
	struct profile *bare;

	(void)state;
	assert_int_equal(profile_new("empty", NULL, NULL, &bare, &err), 0);
	assert_refused(profile_add_path(bare, GRANT_READ, "~/x", "--read", &err), "~/x");
	assert_refused(profile_add_path(bare, GRANT_READ, "./x", "--read", &err), "./x");
	assert_int_equal(profile_add_path(bare, GRANT_READ, "/x", "--read", &err), 0);
	profile_free(bare);
}

static void a_path_may_be_4095_bytes_long_and_no_longer(void **state)
{
	char text[5000];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[0] = '/';
	text[4095] = '\0';
	assert_int_equal(profile_add_path(profile, GRANT_READ, text, "--read", &err), 0);
	assert_int_equal(strlen(profile->grants[0].path), 4095);
	text[4095] = 'a';
	text[4096] = '\0';
	assert_int_equal(profile_add_path(profile, GRANT_READ, text, "--read", &err),
			 -ENAMETOOLONG);
	text[4096] = 'a';
	text[4999] = '\0';
	assert_int_equal(profile_add_path(profile, GRANT_READ, text, "--read", &err),
			 -ENAMETOOLONG);
	/* the home directory counts */
	memset(text, 'a', sizeof(text));
	text[0] = '~';
	text[1] = '/';
	text[4094] = '\0';
	assert_int_equal(profile_add_path(profile, GRANT_READ, text, "--read", &err),
			 -ENAMETOOLONG);
}

static void there_is_room_for_4096_grants_and_no_more(void **state)
{
	char text[32];

	(void)state;
	for (int i = 0; i < PROFILE_MAX_GRANTS; i++) {
		(void)snprintf(text, sizeof(text), "/x/%d", i);
		assert_int_equal(profile_add_path(profile, GRANT_READ, text, "--read", &err), 0);
	}
	assert_string_equal(profile->grants[0].path, "/x/0");
	assert_string_equal(profile->grants[4095].path, "/x/4095");
	assert_refused(profile_add_path(profile, GRANT_READ, "/y", "--read", &err), "4096");
	assert_int_equal(profile->n_grants, PROFILE_MAX_GRANTS);
}

static const struct {
	const char *text;
	bool can_connect, can_listen, is_udp;
	unsigned port;
} ports[] = {
	{ "443", true, true, false, 443 },
	{ "tcp:443", true, true, false, 443 },
	{ "udp:53", true, true, true, 53 },
	{ "1", true, true, false, 1 },
	{ "65535", true, true, false, 65535 },
	{ "0", false, true, false, 0 },
	{ "udp:0", false, true, true, 0 },
	{ "65536", false, false, false, 0 },
	{ "99999999999999999999", false, false, false, 0 },
	{ "", false, false, false, 0 },
	{ "-1", false, false, false, 0 },
	{ "+1", false, false, false, 0 },
	{ " 1", false, false, false, 0 },
	{ "1 ", false, false, false, 0 },
	{ "0x50", false, false, false, 0 },
	{ "http", false, false, false, 0 },
	{ "80,443", false, false, false, 0 },
	{ "80-90", false, false, false, 0 },
	{ "tcp:", false, false, false, 0 },
	{ "udp:tcp:1", false, false, false, 0 },
	{ "UDP:53", false, false, false, 0 },
	{ "sctp:5", false, false, false, 0 },
};

static void a_port_is_a_whole_number(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ports); i++)
		for (int use = PORT_CONNECT; use <= PORT_LISTEN; use++) {
			bool can = use == PORT_CONNECT ? ports[i].can_connect : ports[i].can_listen;
			int r = profile_add_port(profile, (enum port_use)use, ports[i].text, "--x",
						 &err);
			const struct port_grant *grant = &profile->ports[profile->n_ports - 1];

			if (!can) {
				assert_refused(r, ports[i].text);
				continue;
			}
			assert_int_equal(r, 0);
			assert_int_equal(grant->port, ports[i].port);
			assert_int_equal(grant->is_udp, ports[i].is_udp);
			assert_int_equal(grant->use, use);
		}
}

static void there_is_room_for_256_ports(void **state)
{
	char text[16];

	(void)state;
	for (int i = 1; i <= PROFILE_MAX_PORTS; i++) {
		(void)snprintf(text, sizeof(text), "%d", i);
		assert_int_equal(profile_add_port(profile, PORT_CONNECT, text, "--connect", &err),
				 0);
	}
	assert_refused(profile_add_port(profile, PORT_CONNECT, "443", "--connect", &err), "256");
}

static const struct {
	const char *text, *name, *value; /* name NULL: refused */
} variables[] = {
	{ "PATH", "PATH", NULL }, { "LC_*", "LC_*", NULL }, { "*", "*", NULL },
	{ "K=V", "K", "V" },      { "K=", "K", "" },        { "K=a=b", "K", "a=b" },
	{ "K=*", "K", "*" },      { "K=a*b", "K", "a*b" },  { "K=\n", "K", "\n" },
	{ "", NULL, NULL },       { "=", NULL, NULL },      { "=x", NULL, NULL },
	{ "A*B", NULL, NULL },    { "*A", NULL, NULL },     { "A**", NULL, NULL },
};

static void a_variable_is_a_name_a_prefix_or_a_pair(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++) {
		int r = profile_add_env(profile, variables[i].text, "--env", &err);
		const struct env_grant *grant = &profile->env[profile->n_env - 1];

		if (!variables[i].name) {
			assert_true(r < 0 && err.stage == CROFT_STAGE_PROFILE);
			continue;
		}
		assert_int_equal(r, 0);
		assert_string_equal(grant->name, variables[i].name);
		assert_int_equal(!grant->value, !variables[i].value);
		if (grant->value)
			assert_string_equal(grant->value, variables[i].value);
	}
}

static void a_descriptor_is_named_once_and_is_none_of_the_first_three(void **state)
{
	static const char *const wrong[] = { "0", "1", "2", "-1", "1048576", "x", "", "3 " };

	(void)state;
	assert_int_equal(profile_add_fd(profile, "3", &err), 0);
	assert_int_equal(profile_add_fd(profile, "1048575", &err), 0);
	assert_refused(profile_add_fd(profile, "3", &err), "3");
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_refused(profile_add_fd(profile, wrong[i], &err), wrong[i]);
	assert_int_equal(profile->n_keep_fds, 2);
	assert_int_equal(profile->keep_fds[0], 3);
	assert_int_equal(profile->keep_fds[1], 1048575);
}

static const struct {
	const char *text;
	int limit; /* -1: refused */
	uint64_t value;
} limits[] = {
	{ "memory=4GiB", LIMIT_MEMORY, 4ULL << 30 },
	{ "memory=1", LIMIT_MEMORY, 1 },
	{ "file-size=100MB", LIMIT_FILE_SIZE, 100000000 },
	{ "processes=256", LIMIT_PROCESSES, 256 },
	{ "open-files=1024", LIMIT_OPEN_FILES, 1024 },
	{ "cpu=90", LIMIT_CPU, 90 },
	{ "cpu=2m", LIMIT_CPU, 120 },
	{ "cpu=1ms", LIMIT_CPU, 1 }, /* rounded up: 0 would be none */
	{ "cpu=1001ms", LIMIT_CPU, 2 },
	{ "memory=0", -1, 0 },
	{ "processes=0", -1, 0 },
	{ "cpu=0", -1, 0 },
	{ "memory=", -1, 0 },
	{ "memory", -1, 0 },
	{ "=5", -1, 0 },
	{ "memory=-1", -1, 0 },
	{ "memory=99999999999T", -1, 0 },
	{ "processes=5k", -1, 0 },
	{ "processes=1073741825", -1, 0 },
	{ "stack=8M", -1, 0 },
	{ "memory=4GiB,processes=5", -1, 0 },
	{ "", -1, 0 },
};

static void a_limit_is_a_name_and_a_value(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		int r = profile_add_limit(profile, limits[i].text, &err);

		if (limits[i].limit < 0) {
			if (r >= 0)
				fail_msg("'%s' is accepted", limits[i].text);
			assert_int_equal(err.stage, CROFT_STAGE_PROFILE);
			continue;
		}
		assert_int_equal(r, 0);
		assert_true(profile->has_limit[limits[i].limit]);
		assert_int_equal(profile->limits[limits[i].limit], limits[i].value);
	}
}

static void the_last_word_on_a_protection_counts_and_private_tmp_is_also_made(void **state)
{
	(void)state;
	assert_int_equal(profile_set_requirement(profile, "tcp", REQUIRE_OFF, &err), 0);
	assert_int_equal(profile_set_requirement(profile, "tcp", REQUIRE_PREFER, &err), 0);
	assert_int_equal(profile->require[PROTECT_TCP], REQUIRE_PREFER);
	assert_int_equal(profile_set_requirement(profile, "private-tmp", REQUIRE_REQUIRE, &err), 0);
	assert_true(profile->wants_tmpdir);
	assert_int_equal(profile_set_requirement(profile, "private-tmp", REQUIRE_OFF, &err), 0);
	assert_false(profile->wants_tmpdir);
	assert_refused(profile_set_requirement(profile, "tpc", REQUIRE_OFF, &err), "tpc");
	assert_non_null(strstr(err.hint, "tcp"));
}

static void groups_are_allowed_by_their_names(void **state)
{
	(void)state;
	for (int i = 0; i < GROUP_MAX; i++) {
		assert_false(profile->allows_group[i]);
		assert_int_equal(profile_allow_group(profile, syscall_group_names[i].name, &err),
				 0);
		assert_true(profile->allows_group[i]);
	}
	assert_refused(profile_allow_group(profile, "all", &err), "all");
	assert_non_null(strstr(err.hint, "io-uring"));
}

static void a_directory_to_start_in_has_the_forms_of_a_path(void **state)
{
	(void)state;
	assert_int_equal(profile_set_chdir(profile, "./sub", &err), 0);
	assert_string_equal(profile->chdir, "/srv/p/sub");
	assert_refused(profile_set_chdir(profile, "sub", &err), "sub");
	assert_refused(profile_set_chdir(profile, "..", &err), "..");
	assert_string_equal(profile->chdir, "/srv/p/sub");
}

static void names_of_secrets_are_known_by_parts_ends_and_prefixes(void **state)
{
	static const char *const secret[] = {
		"GITHUB_TOKEN",  "npm_token",
		"AWS_PROFILE",   "DB_PASSWORD",
		"SSH_AUTH_SOCK", "OPENAI_API_KEY",
		"STRIPE_APIKEY", "GPG_AGENT_INFO",
		"DATABASE_URL",  "my_secret_thing",
		"KUBECONFIG",    "SESSION_COOKIE",
		"SENTRY_DSN",    "DBUS_SESSION_BUS_ADDRESS",
		"VAULT_ADDR",    "CREDENTIALS_FILE",
		"GITLAB_PAT",    "SSL_PRIVATE",
	};
	static const char *const plain[] = { "PATH",      "HOME",    "TERM",    "KEYBOARD",
					     "KEY",       "PASSAGE", "EDITOR",  "LANG",
					     "MAKEFLAGS", "AUTHOR",  "COOKIES", "" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(secret); i++)
		if (!env_name_is_secret(secret[i]))
			fail_msg("%s is taken for harmless", secret[i]);
	for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
		if (env_name_is_secret(plain[i]))
			fail_msg("%s is taken for a secret", plain[i]);
}

static void a_very_long_name_is_looked_at_and_not_past(void **state)
{
	char name[400];

	(void)state;
	memset(name, 'A', sizeof(name));
	memcpy(name + 50, "TOKEN", 5);
	name[399] = '\0';
	assert_true(env_name_is_secret(name));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_path_becomes_absolute_or_is_refused),
		TEST(an_empty_path_is_refused_with_and_without_optional),
		TEST(without_home_or_directory_what_needs_them_is_refused),
		TEST(a_path_may_be_4095_bytes_long_and_no_longer),
		TEST(there_is_room_for_4096_grants_and_no_more),
		TEST(a_port_is_a_whole_number),
		TEST(there_is_room_for_256_ports),
		TEST(a_variable_is_a_name_a_prefix_or_a_pair),
		TEST(a_descriptor_is_named_once_and_is_none_of_the_first_three),
		TEST(a_limit_is_a_name_and_a_value),
		TEST(the_last_word_on_a_protection_counts_and_private_tmp_is_also_made),
		TEST(groups_are_allowed_by_their_names),
		TEST(a_directory_to_start_in_has_the_forms_of_a_path),
		TEST(names_of_secrets_are_known_by_parts_ends_and_prefixes),
		TEST(a_very_long_name_is_looked_at_and_not_past),
	};

	return cmocka_run_group_tests_name("add", tests, NULL, NULL);
}
