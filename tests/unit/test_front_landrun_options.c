/* SPDX-License-Identifier: MIT */
/*
 * test_front_landrun_options.c - landrun's words: which are options, where they end, and what is
 * said of a wrong one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/cleanup.h"
#include "cli/front_landrun_options.h"

#define MAX_WORDS 16

/* Words, ended by NULL, to options; the number of words before the first that is none. */
static int parse(const char *const *words, struct landrun_options *options, struct croft_error *err)
{
	char *argv[MAX_WORDS + 1] = { (char *)(uintptr_t) "landrun" };
	int argc = 1;

	for (; words[argc - 1]; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
	return landrun_options_parse(argc, argv, 1, options, err);
}

static void each_form_of_an_option_is_read(void **state)
{
	static const char *const forms[][4] = {
		{ "--rox", "/usr", NULL },
		{ "-rox", "/usr", NULL },
		{ "--rox=/usr", NULL },
		{ "-rox=/usr", NULL },
		{ "--ldd", "--rox", "/usr", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct landrun_options options;
		struct croft_error err;

		assert_int_equal(parse(forms[i], &options, &err), 0);
		assert_int_equal(options.n, 1);
		assert_int_equal(options.words[0].option, LANDRUN_ROX);
		assert_string_equal(options.words[0].value, "/usr");
		assert_null(forms[i][options.next - 1]);
		landrun_options_done(&options);
	}
}

static void each_name_is_its_own_option(void **state)
{
	(void)state;
	for (int i = 0; i < LANDRUN_OPTION_MAX; i++) {
		const char *words[] = { landrun_origins[i], i < LANDRUN_BEST_EFFORT ? "1" : NULL,
					NULL };
		struct landrun_options options;
		struct croft_error err;

		assert_int_equal(parse(words, &options, &err), 0);
		for (int other = 0; other < LANDRUN_OPTION_MAX; other++)
			assert_int_equal(options.has[other], other == i);
		landrun_options_done(&options);
	}
}

static void a_switch_takes_the_values_that_go_takes(void **state)
{
	static const struct {
		const char *word;
		bool is_on;
	} rows[] = {
		{ "--ldd", true },      { "-ldd", true },         { "--ldd=", true },
		{ "--ldd=true", true }, { "-ldd=T", true },       { "--ldd=1", true },
		{ "--ldd=0", false },   { "--ldd=False", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		/* the last one said counts */
		const char *words[] = { rows[i].is_on ? "--ldd=f" : "--ldd", rows[i].word, NULL };
		struct landrun_options options;
		struct croft_error err;

		assert_int_equal(parse(words, &options, &err), 0);
		assert_int_equal(options.has[LANDRUN_LDD], rows[i].is_on);
		landrun_options_done(&options);
	}
}

static void options_end_at_the_first_word_that_is_none(void **state)
{
	static const struct {
		const char *words[MAX_WORDS];
		const char *command; /* NULL: none */
	} rows[] = {
		{ { "--rox", "/usr", "ls", "--rw", "/root", NULL }, "ls" },
		{ { "--rox", "/usr", "--", "ls", "--", "--rw", NULL }, "ls" },
		{ { "--rox", "/usr", "--", "--ldd", NULL }, "--ldd" },
		{ { "--env", "--", "-", "--ldd", NULL }, "-" },
		{ { "", "--ldd", NULL }, "" },
		{ { "--best-effort", NULL }, NULL },
		{ { "--best-effort", "--", NULL }, NULL },
		{ { NULL }, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct landrun_options options;
		struct croft_error err;
		const char *command;

		assert_int_equal(parse(rows[i].words, &options, &err), 0);
		command = rows[i].words[options.next - 1];
		assert_true(command == rows[i].command || !strcmp(command, rows[i].command));
		assert_false(options.has[LANDRUN_LDD] || options.has[LANDRUN_RW]);
		landrun_options_done(&options);
	}
}

static void a_wrong_word_is_named(void **state)
{
	static const struct {
		const char *words[4];
		const char *what, *hint;
	} rows[] = {
		{ { "--roy", "/usr", NULL }, "'--roy'", "--ro" },
		{ { "-x", NULL }, "'-x'", "" },
		{ { "--", NULL }, NULL, NULL },
		{ { "---ro", "/usr", NULL }, "'---ro'", "" },
		{ { "--unrestricted-netwrk", NULL }, "netwrk", "--unrestricted-network" },
		{ { "--an-option-of-great-length-that-nobody-knows", NULL }, "great", "--help" },
		{ { "--ro", NULL }, "--ro needs a value", "" },
		{ { "-env", NULL }, "--env needs a value", "" },
		{ { "--ldd=maybe", NULL }, "'maybe'", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct landrun_options options = { .next = -7 };
		struct croft_error err = { 0 };
		int r = parse(rows[i].words, &options, &err);

		if (!rows[i].what) {
			assert_int_equal(r, 0);
			landrun_options_done(&options);
			continue;
		}
		assert_true(r < 0);
		assert_int_equal(err.stage, CROFT_STAGE_USAGE);
		assert_non_null(strstr(err.what, rows[i].what));
		assert_non_null(strstr(err.hint, rows[i].hint));
		assert_int_equal(options.next, -7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_form_of_an_option_is_read),
		cmocka_unit_test(each_name_is_its_own_option),
		cmocka_unit_test(a_switch_takes_the_values_that_go_takes),
		cmocka_unit_test(options_end_at_the_first_word_that_is_none),
		cmocka_unit_test(a_wrong_word_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
