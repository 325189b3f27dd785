/* SPDX-License-Identifier: MIT */
/*
 * test_gha_quote.c - command lines to words, as a shell would split them and no further.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/cleanup.h"
#include "gha/quote.h"

static struct arena arena;
static struct croft_error err;

static int before(void **state)
{
	(void)state;
	arena_init(&arena, 4U << 20);
	return 0;
}

static int after(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

static void words_are_split(void **state)
{
	static const struct {
		const char *text, *words[5];
	} cases[] = {
		{ "", { NULL } },
		{ " \t\n ", { NULL } },
		{ "a  b", { "a", "b" } },
		{ "'a  b' \"c d\"", { "a  b", "c d" } },
		{ "a'b'\"c\"d", { "abcd" } },
		{ "'' \"\"", { "", "" } },
		{ "a\\ b \\'", { "a b", "'" } },
		{ "\"\\\"\\\\\\a\"", { "\"\\\\a" } },
		{ "'\\'", { "\\" } },
		{ "$HOME * ~ `id` $(id)", { "$HOME", "*", "~", "`id`", "$(id)" } },
		{ "a\\", { "a\\" } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char **words;
		size_t n, want = 0;

		while (want < 5 && cases[i].words[want])
			want++;
		assert_int_equal(quote_split(&arena, "x", cases[i].text, &words, &n, &err), 0);
		assert_int_equal(n, want);
		for (size_t k = 0; k < n; k++)
			assert_string_equal(words[k], cases[i].words[k]);
		assert_null(words[n]);
	}
}

static void an_open_quote_is_an_error(void **state)
{
	static const char *const texts[] = { "'", "\"", "a 'b", "\"a\\\"" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		char **words;
		size_t n;

		assert_true(quote_split(&arena, "x", texts[i], &words, &n, &err) < 0);
		assert_string_equal(err.what, "x: a quote is not closed");
	}
}

static void pieces_are_joined_with_one_blank(void **state)
{
	static const char *const pieces[] = { "\"a", "", "b\"", "c" };
	char **words;
	size_t n;

	(void)state;
	assert_int_equal(quote_rejoin(&arena, "x", pieces, 4, &words, &n, &err), 0);
	assert_int_equal(n, 2);
	assert_string_equal(words[0], "a  b");
	assert_string_equal(words[1], "c");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(words_are_split, before, after),
		cmocka_unit_test_setup_teardown(an_open_quote_is_an_error, before, after),
		cmocka_unit_test_setup_teardown(pieces_are_joined_with_one_blank, before, after),
	};

	return cmocka_run_group_tests_name("gha_quote", tests, NULL, NULL);
}
