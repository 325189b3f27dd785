/* SPDX-License-Identifier: MIT */
/*
 * test_front_ai_sandbox_options.c - ai-sandbox-landlock's words: which are options, where they end,
 * what goes together, and what is said of a wrong one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/cleanup.h"
#include "cli/front_ai_sandbox_options.h"

#define MAX_WORDS 16

/* Words, ended by NULL, to options. */
static int parse(const char *const *words, struct ai_options *options, struct croft_error *err)
{
	char *argv[MAX_WORDS + 1] = { (char *)(uintptr_t) "ai-sandbox-landlock" };
	int argc = 1;

	for (; words[argc - 1]; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
	return ai_options_parse(argc, argv, 1, options, err);
}

static void both_forms_of_an_option_are_read(void **state)
{
	static const char *const forms[][4] = {
		{ "--root", "/usr", NULL },
		{ "--root=/usr", NULL },
		{ "--check", "--root", "/usr", NULL },
		{ "--root", "/usr", "--check", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct ai_options options;
		struct croft_error err;

		assert_int_equal(parse(forms[i], &options, &err), 0);
		assert_string_equal(options.value[AI_ROOT], "/usr");
		assert_true(options.has[AI_ROOT]);
		assert_int_equal(options.has[AI_CHECK], i >= 2);
		ai_options_done(&options);
	}
}

static void each_name_is_its_own_option(void **state)
{
	(void)state;
	for (int i = 0; i < AI_OPTION_MAX; i++) {
		/* with --help nothing else has to fit together */
		const char *words[] = { ai_option_names[i], i < AI_READ_ONLY ? "v" : "--help",
					"--help", NULL };
		struct ai_options options;
		struct croft_error err;

		assert_int_equal(parse(words, &options, &err), 0);
		for (int other = 0; other < AI_OPTION_MAX; other++)
			assert_int_equal(options.has[other], other == i || other == AI_HELP);
		if (i == AI_ENV || i == AI_KEEP_FD) {
			assert_int_equal(options.n, 1);
			assert_int_equal(options.words[0].option, i);
			assert_string_equal(options.words[0].value, "v");
		} else if (i < AI_READ_ONLY) {
			assert_string_equal(options.value[i], "v");
		}
		ai_options_done(&options);
	}
}

static void the_short_form_of_help_is_known(void **state)
{
	const char *words[] = { "-h", NULL };
	struct ai_options options;
	struct croft_error err;

	(void)state;
	assert_int_equal(parse(words, &options, &err), 0);
	assert_true(options.has[AI_HELP]);
	ai_options_done(&options);
}

static void nothing_behind_the_dashes_is_an_option(void **state)
{
	static const struct {
		const char *words[MAX_WORDS];
		const char *command; /* NULL: none */
	} rows[] = {
		{ { "--root", "/usr", "--", "ls", "--read-only", NULL }, "ls" },
		{ { "--root", "/usr", "--", "--read-only", NULL }, "--read-only" },
		{ { "--root", "/usr", "--", "--", "x", NULL }, "--" },
		{ { "--root", "/usr", "--", NULL }, NULL },
		{ { "--root", "/usr", NULL }, NULL },
		{ { NULL }, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ai_options options;
		struct croft_error err;
		const char *command;

		assert_int_equal(parse(rows[i].words, &options, &err), 0);
		command = rows[i].words[options.next - 1];
		assert_true(command == rows[i].command || !strcmp(command, rows[i].command));
		assert_false(options.has[AI_READ_ONLY]);
		ai_options_done(&options);
	}
}

static void lists_keep_their_order_and_may_be_repeated(void **state)
{
	const char *words[] = { "--env", "A=1", "--keep-fd=5", "--env=B", "--root=/x", NULL };
	struct ai_options options;
	struct croft_error err;

	(void)state;
	assert_int_equal(parse(words, &options, &err), 0);
	assert_int_equal(options.n, 3);
	assert_string_equal(options.words[0].value, "A=1");
	assert_int_equal(options.words[1].option, AI_KEEP_FD);
	assert_string_equal(options.words[2].value, "B");
	ai_options_done(&options);
}

static void a_wrong_word_is_named(void **state)
{
	static const struct {
		const char *words[6];
		const char *what, *hint;
	} rows[] = {
		{ { "ls", NULL }, "'ls' is no option", "behind '--'" },
		{ { "--root", "/usr", "ls", NULL }, "'ls' is no option", "behind '--'" },
		{ { "", NULL }, "'' is no option", "" },
		{ { "--rot", "/usr", NULL }, "'--rot'", "--root" },
		{ { "-root", "/usr", NULL }, "'-root'", "--root" },
		{ { "-x", NULL }, "'-x'", "--help" },
		{ { "--read-onyl=x", NULL }, "'--read-onyl=x'", "--read-only" },
		{ { "--an-option-of-great-length-that-nobody-knows", NULL }, "great", "--help" },
		{ { "--root", NULL }, "--root needs a value", "" },
		{ { "--root=", NULL }, "--root needs a value", "" },
		{ { "--root", "", NULL }, "--root needs a value", "" },
		{ { "--root", "--", "ls", NULL }, "--root needs a value", "" },
		{ { "--root", "--check", NULL }, "--root needs a value", "--root=--check" },
		{ { "--read-only=true", NULL }, "--read-only takes no value", "" },
		{ { "--check=", NULL }, "--check takes no value", "" },
		{ { "--root", "/a", "--root", "/b", NULL }, "--root is given twice", "" },
		{ { "--config", "f", NULL }, "--config needs --profile", "which" },
		{ { "--profile", "p", NULL }, "--profile needs --config", "in which file" },
		{ { "--root", "/a", "--gen-name", "n", NULL },
		  "--gen-name needs --generate-profile",
		  "" },
		{ { "--root", "/a", "--output", "n", NULL },
		  "--output needs --generate-profile",
		  "" },
		{ { "--require-landlock", "--allow-unsandboxed", NULL }, "exclude each other", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ai_options options = { .next = -7 };
		struct croft_error err = { 0 };

		if (parse(rows[i].words, &options, &err) >= 0 || !strstr(err.what, rows[i].what) ||
		    !strstr(err.hint, rows[i].hint))
			fail_msg("%s: '%s' (%s)", rows[i].words[0], err.what, err.hint);
		assert_int_equal(err.stage, CROFT_STAGE_USAGE);
		assert_int_equal(options.next, -7);
	}
}

static void a_dash_alone_and_a_value_behind_an_equals_sign_are_values(void **state)
{
	const char *words[] = { "--output", "-", "--gen-name=-x", "--generate-profile", NULL };
	struct ai_options options;
	struct croft_error err;

	(void)state;
	assert_int_equal(parse(words, &options, &err), 0);
	assert_string_equal(options.value[AI_OUTPUT], "-");
	assert_string_equal(options.value[AI_GEN_NAME], "-x");
	ai_options_done(&options);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_forms_of_an_option_are_read),
		cmocka_unit_test(each_name_is_its_own_option),
		cmocka_unit_test(the_short_form_of_help_is_known),
		cmocka_unit_test(nothing_behind_the_dashes_is_an_option),
		cmocka_unit_test(lists_keep_their_order_and_may_be_repeated),
		cmocka_unit_test(a_wrong_word_is_named),
		cmocka_unit_test(a_dash_alone_and_a_value_behind_an_equals_sign_are_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
