/* SPDX-License-Identifier: MIT */
/* test_names.c - whole words are found, and mistyped ones are guessed at with restraint. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/names.h"

static const struct name table[] = {
	{ "read", "x" }, { "execute", NULL }, { NULL, NULL }, { "write", NULL }, { "tcp", NULL },
};

static void whole_words_are_found_and_nothing_else(void **state)
{
	static const struct {
		const char *word;
		int index;
	} cases[] = {
		{ "read", 0 },        { "execute", 1 }, { "write", 3 },      { "rea", -EINVAL },
		{ "reads", -EINVAL }, { "", -EINVAL },  { "READ", -EINVAL }, { " read", -EINVAL },
		{ "tcp", 4 },         { "t", -EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(names_find(table, ARRAY_SIZE(table), cases[i].word),
				 cases[i].index);
	assert_int_equal(names_find(table, 0, "read"), -EINVAL);
}

static void the_nearest_name_is_within_two_changes_or_one_for_short_words(void **state)
{
	static const struct {
		const char *word;
		const char *nearest;
	} cases[] = {
		{ "raed", "read" },
		{ "rea", "read" },
		{ "reda", "read" },
		{ "read", "read" },
		{ "rxxd", NULL },
		{ "excute", "execute" },
		{ "exekut", "execute" },
		{ "exkut", NULL },
		{ "wirte", "write" },
		{ "wrte", "write" },
		{ "tpc", "tcp" },
		{ "udp", NULL },
		{ "", NULL },
		{ "tc", "tcp" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *nearest = names_nearest(table, ARRAY_SIZE(table), cases[i].word);

		if (cases[i].nearest) {
			assert_non_null(nearest);
			assert_string_equal(nearest, cases[i].nearest);
		} else {
			assert_null(nearest);
		}
	}
}

static void the_distance_counts_inserts_deletes_changes_and_swaps(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned distance;
	} cases[] = {
		{ "", "", 0 },         { "abc", "abc", 0 },      { "abc", "", 3 },
		{ "abc", "abd", 1 },   { "abc", "ac", 1 },       { "abc", "abxc", 1 },
		{ "abcd", "acbd", 1 }, { "abcd", "badc", 2 },    { "kitten", "sitting", 3 },
		{ "ca", "abc", 3 },    { "abcdefgh", "xyz", 6 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(names_distance(cases[i].a, cases[i].b, 5), cases[i].distance);
		assert_int_equal(names_distance(cases[i].b, cases[i].a, 5), cases[i].distance);
	}
}

static void words_above_64_bytes_are_too_far(void **state)
{
	char at_limit[65], above[66];

	(void)state;
	memset(at_limit, 'a', 64);
	at_limit[64] = '\0';
	memset(above, 'a', 65);
	above[65] = '\0';
	assert_int_equal(names_distance(at_limit, at_limit, 3), 0);
	assert_int_equal(names_distance(above, above, 3), 4);
	assert_int_equal(names_distance("a", above, 3), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_words_are_found_and_nothing_else),
		cmocka_unit_test(the_nearest_name_is_within_two_changes_or_one_for_short_words),
		cmocka_unit_test(the_distance_counts_inserts_deletes_changes_and_swaps),
		cmocka_unit_test(words_above_64_bytes_are_too_far),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
