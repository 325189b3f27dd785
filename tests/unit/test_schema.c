/* SPDX-License-Identifier: MIT */
/*
 * test_schema.c - the table of keys is whole, and a key is found among its neighbours only.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/cleanup.h"
#include "profile/schema.h"

static void every_row_is_filled(void **state)
{
	(void)state;
	for (size_t i = 0; i < KEY_MAX; i++) {
		const struct schema_key *key = &schema_keys[i];
		bool has_words = key->type == SCHEMA_WORD || key->type == SCHEMA_WORDS;

		assert_non_null(key->path);
		assert_true(key->type < SCHEMA_TYPE_MAX);
		assert_true((key->words != NULL) == has_words);
		assert_true((key->n_words > 0) == has_words);
		for (size_t k = 0; k < key->n_words; k++)
			assert_non_null(key->words[k].name);
		assert_true(key->since && *key->since);
		assert_true(key->help && *key->help);
	}
}

static void no_two_rows_have_one_path(void **state)
{
	(void)state;
	for (size_t i = 0; i < KEY_MAX; i++)
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(schema_keys[i].path, schema_keys[k].path);
}

static void every_row_is_found_in_its_mapping_and_in_no_other(void **state)
{
	(void)state;
	for (size_t i = 0; i < KEY_MAX; i++) {
		const char *path = schema_keys[i].path, *dot = strrchr(path, '.');
		const char *nearest = NULL;
		char parent[64] = "";

		if (i == KEY_VERSION || i == KEY_PROFILES)
			continue;
		if (dot)
			memcpy(parent, path, (size_t)(dot - path));
		assert_int_equal(schema_find(parent, dot ? dot + 1 : path, &nearest), i);
		if (dot)
			assert_int_equal(schema_find("", path, &nearest), -ENOENT);
		assert_int_equal(schema_find("no", path, &nearest), -ENOENT);
	}
}

static void what_stands_at_the_top_of_a_file_is_no_key_of_a_profile(void **state)
{
	const char *nearest = NULL;

	(void)state;
	assert_int_equal(schema_find("", "version", &nearest), -ENOENT);
	assert_int_equal(schema_find("", "profiles", &nearest), -ENOENT);
	assert_string_equal(schema_keys[KEY_VERSION].path, "version");
	assert_string_equal(schema_keys[KEY_PROFILES].path, "profiles");
}

static void an_unknown_key_gets_the_nearest_of_its_mapping(void **state)
{
	static const struct {
		const char *parent, *name, *nearest;
	} cases[] = {
		{ "files", "raed", "read" }, { "files", "executes", "execute" },
		{ "", "file", "files" },     { "", "enviroment", "environment" },
		{ "limits", "mem", NULL },   { "", "raed", NULL },
		{ "files", "conect", NULL }, { "file", "read", NULL },
		{ "files.read", "x", NULL }, { "network", "conect", "connect" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *nearest = "untouched";

		assert_int_equal(schema_find(cases[i].parent, cases[i].name, &nearest), -ENOENT);
		if (cases[i].nearest)
			assert_string_equal(nearest, cases[i].nearest);
		else
			assert_null(nearest);
	}
}

static void each_type_has_words_for_messages(void **state)
{
	(void)state;
	for (int i = 0; i < SCHEMA_TYPE_MAX; i++)
		assert_true(*schema_type_text((enum schema_type)i));
	assert_string_equal(schema_type_text(SCHEMA_PATHS), "a list of paths");
	assert_string_equal(schema_type_text(SCHEMA_BOOL), "true or false");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_filled),
		cmocka_unit_test(no_two_rows_have_one_path),
		cmocka_unit_test(every_row_is_found_in_its_mapping_and_in_no_other),
		cmocka_unit_test(what_stands_at_the_top_of_a_file_is_no_key_of_a_profile),
		cmocka_unit_test(an_unknown_key_gets_the_nearest_of_its_mapping),
		cmocka_unit_test(each_type_has_words_for_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
