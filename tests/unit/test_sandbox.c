/* SPDX-License-Identifier: MIT */
/* test_sandbox.c - from a profile to a plan on this machine, and nothing left where that fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sys/resource.h>

#include "base/cleanup.h"
#include "in_child.h"
#include "launch/sandbox.h"

static const char *const argv[] = { "true", NULL };

static struct profile *make_profile(const char *builtin)
{
	struct profile *profile;

	assert_int_equal(profile_new(builtin, NULL, "/", &profile, NULL), 0);
	return profile;
}

static unsigned count_fds(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void this_machine_is_asked_and_each_path_is_held_open(void **state)
{
	struct profile *profile = make_profile("system");
	struct sandbox sandbox;
	struct croft_error err;
	unsigned before = count_fds();

	(void)state;
	assert_int_equal(sandbox_plan(profile, NULL, argv, NULL, &sandbox, &err), 0);
	assert_int_equal(sandbox.n_facts, profile->n_grants);
	assert_true(sandbox.plan->host.kernel_release[0] != '\0');
	assert_int_equal(sandbox.plan->host.uid, geteuid());
	assert_true(sandbox.plan->n_rules > 5);
	for (size_t i = 0; i < sandbox.plan->n_rules; i++)
		assert_true(fcntl(sandbox.facts[sandbox.plan->rules[i].fact].fd, F_GETFL) & O_PATH);
	sandbox_done(&sandbox);
	assert_int_equal(count_fds(), before);
	profile_free(profile);
}

static void another_host_can_be_given(void **state)
{
	struct profile *profile = make_profile("system");
	const struct host host = { .kernel_release = "7.3.0", .landlock = { .abi = 11 } };
	struct sandbox sandbox;

	(void)state;
	assert_int_equal(sandbox_plan(profile, &host, argv, NULL, &sandbox, NULL), 0);
	assert_int_equal(sandbox.plan->abi, 11);
	assert_string_equal(sandbox.plan->host.kernel_release, "7.3.0");
	sandbox_done(&sandbox);
	profile_free(profile);
}

static const struct {
	const char *environment[3];
	const char *parent; /* NULL: an error */
} tmpdirs[] = {
	{ { NULL }, "/tmp/croft-" },
	{ { "TMPDIR=/var/tmp", NULL }, "/var/tmp/croft-" },
	{ { "TMPDIR=/var/tmp/", NULL }, "/var/tmp/croft-" },
	/* a relative one would be somewhere else for each who reads it */
	{ { "TMPDIR=tmp", NULL }, "/tmp/croft-" },
	{ { "TMPDIR=", NULL }, "/tmp/croft-" },
	{ { "XTMPDIR=/var/tmp", NULL }, "/tmp/croft-" },
};

static void the_tmpdir_is_named_in_the_callers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(tmpdirs); i++) {
		struct profile *profile = make_profile("system");
		struct sandbox sandbox;

		assert_int_equal(sandbox_plan(profile, NULL, argv, tmpdirs[i].environment, &sandbox,
					      NULL),
				 0);
		assert_int_equal(strncmp(sandbox.plan->tmpdir, tmpdirs[i].parent,
					 strlen(tmpdirs[i].parent)),
				 0);
		assert_false(is_there(sandbox.plan->tmpdir));
		sandbox_done(&sandbox);
		profile_free(profile);
	}
}

static void a_tmpdir_that_is_too_long_is_an_error_and_nothing_stays_open(void **state)
{
	struct profile *profile = make_profile("system");
	char variable[700];
	const char *const environment[] = { variable, NULL };
	unsigned before = count_fds();
	struct croft_error err = { 0 };
	struct sandbox sandbox;

	(void)state;
	memset(variable, 'x', sizeof(variable));
	memcpy(variable, "TMPDIR=/", 8);
	variable[699] = '\0';
	assert_int_equal(sandbox_plan(profile, NULL, argv, environment, &sandbox, &err), -EINVAL);
	assert_int_equal(err.stage, CROFT_STAGE_PREPARE);
	assert_int_equal(count_fds(), before);
	profile_free(profile);
}

static void a_descriptor_to_keep_must_be_open_before_anything_is_opened_here(void **state)
{
	struct profile *profile = make_profile("system");
	struct croft_error err = { 0 };
	struct sandbox sandbox;
	int next = dup(0);
	char number[16];

	(void)state;
	/* the number that our own first descriptor would get */
	assert_int_equal(close(next), 0);
	(void)snprintf(number, sizeof(number), "%d", next);
	assert_int_equal(profile_add_fd(profile, number, &err), 0);
	assert_int_equal(sandbox_plan(profile, NULL, argv, NULL, &sandbox, &err), -EBADF);
	assert_int_equal(err.stage, CROFT_STAGE_PROFILE);
	assert_non_null(strstr(err.what, number));
	profile_free(profile);
}

static void a_missing_grant_is_an_error_and_nothing_stays_open(void **state)
{
	struct profile *profile = make_profile("system");
	unsigned before = count_fds();
	struct croft_error err = { 0 };
	struct sandbox sandbox;

	(void)state;
	assert_int_equal(profile_add_path(profile, GRANT_READ, "/nowhere/x", "--read", &err), 0);
	assert_int_equal(sandbox_plan(profile, NULL, argv, NULL, &sandbox, &err), -ENOENT);
	assert_int_equal(err.stage, CROFT_STAGE_PLAN);
	assert_int_equal(count_fds(), before);
	profile_free(profile);
}

static void plan_with_few_descriptors(const void *arg, struct said *said)
{
	const struct rlimit few = { .rlim_cur = 12, .rlim_max = 12 };
	struct profile *profile;
	struct sandbox sandbox;
	unsigned before;

	(void)arg;
	if (profile_new("system", NULL, "/", &profile, NULL) < 0 ||
	    setrlimit(RLIMIT_NOFILE, &few) < 0)
		abort();
	before = count_fds();
	said->result = sandbox_plan(profile, NULL, argv, NULL, &sandbox, &said->err);
	said->answers[0] = (int)(count_fds() - before);
	profile_free(profile);
}

static void too_few_descriptors_are_an_error_that_says_what_to_raise(void **state)
{
	struct said said = in_child(plan_with_few_descriptors, NULL);

	(void)state;
	assert_int_equal(said.result, -EMFILE);
	assert_int_equal(said.err.stage, CROFT_STAGE_PREPARE);
	assert_non_null(strstr(said.err.hint, "ulimit -n"));
	assert_int_equal(said.answers[0], 0);
}

static void the_command_is_found_apart_from_the_plan(void **state)
{
	static const char *const environment[] = { "PATH=/usr/bin:/bin", NULL };
	static const char *const none[] = { "no-such-command", NULL };
	struct profile *profile = make_profile("system");
	struct croft_error err = { 0 };
	struct sandbox sandbox;

	(void)state;
	assert_int_equal(sandbox_plan(profile, NULL, argv, environment, &sandbox, &err), 0);
	assert_null(sandbox.plan->command.path);
	assert_int_equal(sandbox_find_command(&sandbox, &err), 0);
	assert_non_null(strstr(sandbox.plan->command.path, "bin/true"));
	sandbox_done(&sandbox);
	/* the plan can be printed all the same */
	assert_int_equal(sandbox_plan(profile, NULL, none, environment, &sandbox, &err), 0);
	assert_int_equal(sandbox_find_command(&sandbox, &err), -ENOENT);
	assert_int_equal(err.stage, CROFT_STAGE_EXEC);
	sandbox_done(&sandbox);
	profile_free(profile);
}

static void an_empty_sandbox_can_be_freed(void **state)
{
	struct sandbox sandbox = { 0 };

	(void)state;
	sandbox_done(&sandbox);
	sandbox_done(&sandbox);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(this_machine_is_asked_and_each_path_is_held_open),
		cmocka_unit_test(another_host_can_be_given),
		cmocka_unit_test(the_tmpdir_is_named_in_the_callers),
		cmocka_unit_test(a_tmpdir_that_is_too_long_is_an_error_and_nothing_stays_open),
		cmocka_unit_test(a_descriptor_to_keep_must_be_open_before_anything_is_opened_here),
		cmocka_unit_test(a_missing_grant_is_an_error_and_nothing_stays_open),
		cmocka_unit_test(too_few_descriptors_are_an_error_that_says_what_to_raise),
		cmocka_unit_test(the_command_is_found_apart_from_the_plan),
		cmocka_unit_test(an_empty_sandbox_can_be_freed),
	};

	return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}
