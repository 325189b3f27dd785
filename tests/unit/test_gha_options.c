/* SPDX-License-Identifier: MIT */
/*
 * test_gha_options.c - docker's words to croft's, the rest to warnings.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/cleanup.h"
#include "gha/options.h"

static struct arena arena;
static struct croft_error err;
static struct job_options options;

static int before(void **state)
{
	(void)state;
	arena_init(&arena, 4U << 20);
	options = (struct job_options){ 0 };
	return 0;
}

static int after(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

static void limits_and_the_profile_are_words(void **state)
{
	static const struct {
		const char *text, *limit, *profile;
		size_t n_warnings;
	} cases[] = {
		{ NULL, NULL, "job", 0 },
		{ "--cpus 1.5", NULL, "job", 1 },
		{ "--cpus=.5", NULL, "job", 1 },
		{ "--cpus 0", NULL, "job", 0 },
		{ "-m 512m", NULL, "job", 1 },
		{ "--memory=2G", NULL, "job", 1 },
		{ "--memory 4096b", NULL, "job", 1 },
		{ "--pids-limit=100", NULL, "job", 1 },
		{ "--pids-limit -1", NULL, "job", 0 },
		{ "--ulimit nofile=10:20", "open-files=10", "job", 0 },
		{ "--network none", NULL, "build", 0 },
		{ "--net=host", NULL, "job", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t n = cases[i].limit ? 4 : 2;

		assert_int_equal(options_read(cases[i].text, &arena, &options, &err), 0);
		assert_int_equal(options.n_words, n);
		assert_int_equal(options.n_warnings, cases[i].n_warnings);
		if (cases[i].limit)
			assert_string_equal(options.words[1], cases[i].limit);
		assert_string_equal(options.words[n - 2], "--profile");
		assert_string_equal(options.words[n - 1], cases[i].profile);
	}
}

static void variables_volumes_and_the_directory_are_taken(void **state)
{
	(void)state;
	assert_int_equal(options_read("-e 'A=b c' --env=B= -v /a:/b:ro -v vol:/c -v /d -w /e",
				      &arena, &options, &err),
			 0);
	assert_int_equal(options.n_env, 2);
	assert_string_equal(options.env[0].value, "b c");
	assert_string_equal(options.env[1].value, "");
	assert_int_equal(options.n_mounts, 3);
	assert_string_equal(options.mounts[0].source, "/a");
	assert_true(options.mounts[0].is_read_only && !options.mounts[1].is_read_only);
	assert_string_equal(options.mounts[1].source, "vol");
	assert_null(options.mounts[2].source);
	assert_string_equal(options.mounts[2].target, "/d");
	assert_string_equal(options.workdir, "/e");
}

static void the_rest_is_one_warning_each(void **state)
{
	(void)state;
	assert_int_equal(options_read("--privileged --name 'x y' --gpus=all -e A stray", &arena,
				      &options, &err),
			 0);
	assert_int_equal(options.n_warnings, 5);
	assert_int_equal(options.n_env, 0);
}

static void what_makes_no_sense_is_an_error(void **state)
{
	static const char *const texts[] = {
		"--cpus",         "--cpus x",          "--cpus 1.", "--cpus -1", "-m x", "-m ''",
		"--pids-limit x", "--ulimit nofile=x", "-v a:b",    "-v :/b",    "-w x", "'",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_true(options_read(texts[i], &arena, &options, &err) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(limits_and_the_profile_are_words, before, after),
		cmocka_unit_test_setup_teardown(variables_volumes_and_the_directory_are_taken,
						before, after),
		cmocka_unit_test_setup_teardown(the_rest_is_one_warning_each, before, after),
		cmocka_unit_test_setup_teardown(what_makes_no_sense_is_an_error, before, after),
	};

	return cmocka_run_group_tests_name("gha_options", tests, NULL, NULL);
}
