/* SPDX-License-Identifier: MIT */
/* test_search_path.c - lists of directories, and the tokens in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "elf/search_path.h"

static struct arena arena;

static int open_arena(void **state)
{
	(void)state;
	arena_init(&arena, 1U << 20);
	return 0;
}

static int close_arena(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

static const struct path_tokens all = { .origin = "/o", .lib = "lib64", .platform = "x86_64" };

static void tokens_are_replaced_in_both_spellings(void **state)
{
	static const struct {
		const char *text, *expanded;
	} rows[] = {
		{ "", "" },
		{ "/plain", "/plain" },
		{ "$ORIGIN", "/o" },
		{ "${ORIGIN}", "/o" },
		{ "$ORIGIN/../$LIB/${PLATFORM}", "/o/../lib64/x86_64" },
		{ "$ORIGIN$LIB", "/olib64" },
		{ "a$LIB-b", "alib64-b" },
		{ "$LIB.so", "lib64.so" },
		/* no tokens */
		{ "$", "$" },
		{ "$$LIB", "$lib64" },
		{ "$ORIGINAL", "$ORIGINAL" },
		{ "$ORIGIN_", "$ORIGIN_" },
		{ "$LIB9", "$LIB9" },
		{ "${LIB", "${LIB" },
		{ "${LIBS}", "${LIBS}" },
		{ "{LIB}", "{LIB}" },
		{ "$lib", "$lib" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_string_equal(path_expand(&arena, rows[i].text, &all), rows[i].expanded);
}

static void an_unknown_token_makes_the_whole_text_useless(void **state)
{
	const struct path_tokens some = { .origin = "/o" };

	(void)state;
	assert_string_equal(path_expand(&arena, "/a/$LIB", &some), "");
	assert_string_equal(path_expand(&arena, "$ORIGIN/${PLATFORM}/b", &some), "");
	assert_string_equal(path_expand(&arena, "$ORIGIN/b", &some), "/o/b");
}

static void a_text_that_grows_beyond_a_path_is_useless(void **state)
{
	char text[8 * 600 + 1], origin[64];
	const struct path_tokens tokens = { .origin = origin };

	(void)state;
	for (size_t i = 0; i < 600; i++)
		memcpy(text + 8 * i, "$ORIGIN/", 9);
	memcpy(origin, "/o", 3);
	assert_int_equal(strlen(path_expand(&arena, text, &tokens)), 3 * 600);
	memset(origin, 'x', sizeof(origin) - 1);
	origin[sizeof(origin) - 1] = '\0';
	assert_string_equal(path_expand(&arena, text, &tokens), "");
}

static void a_token_is_seen_by_its_whole_name(void **state)
{
	(void)state;
	assert_true(path_has_token("a/$LIB", "LIB"));
	assert_true(path_has_token("$LIBS:${LIB}", "LIB"));
	assert_false(path_has_token("$LIBS", "LIB"));
	assert_false(path_has_token("LIB", "LIB"));
	assert_false(path_has_token("$ORIGIN", "LIB"));
}

static void out_of_memory_is_said(void **state)
{
	struct arena full;

	(void)state;
	arena_init(&full, 0);
	assert_null(path_expand(&full, "$LIB", &all));
	assert_string_equal(path_expand(&full, "no token", &all), "no token");
	arena_done(&full);
}

static void every_element_of_a_list_is_given_empty_ones_too(void **state)
{
	static const char *const wanted[] = { "", "a", "", "b c", "" };
	const char *list = ":a::b c;";
	size_t len, n = 0;

	(void)state;
	while (list) {
		const char *element = path_next(&list, ":;", &len);

		assert_true(n < ARRAY_SIZE(wanted));
		assert_int_equal(len, strlen(wanted[n]));
		assert_memory_equal(element, wanted[n], len);
		n++;
	}
	assert_int_equal(n, ARRAY_SIZE(wanted));
}

static void paths_are_joined_from_the_working_directory_on(void **state)
{
	static const struct {
		const char *workdir, *dir, *name, *joined;
	} rows[] = {
		{ "/w", "/d", "n", "/d/n" },        { "/w", "/", "n", "/n" },
		{ "/w", "d", "n", "/w/d/n" },       { "/", "d", "n", "/d/n" },
		{ "/w", "", "n", "/w/n" },          { "/w", "/d", "", "/d" },
		{ "/w", "d", "", "/w/d" },          { "/w", "", "", "/w/" },
		{ "/w", "../d", "n", "/w/../d/n" },
	};
	char path[PATH_MAX], longer[PATH_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(path_join(path, rows[i].workdir, rows[i].dir, rows[i].name), 0);
		assert_string_equal(path, rows[i].joined);
	}
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(path_join(path, "/", longer, ""), -ENAMETOOLONG);
	longer[0] = '/';
	assert_int_equal(path_join(path, "/", longer, ""), 0);
	assert_int_equal(path_join(path, "/", longer, "n"), -ENAMETOOLONG);
}

static void a_path_has_a_directory_and_a_last_part(void **state)
{
	(void)state;
	assert_string_equal(path_dir(&arena, "/a/b"), "/a");
	assert_string_equal(path_dir(&arena, "/a"), "/");
	assert_string_equal(path_dir(&arena, "/a/"), "/a");
	assert_string_equal(path_base("/a/b"), "b");
	assert_string_equal(path_base("b"), "b");
	assert_string_equal(path_base("/a/"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokens_are_replaced_in_both_spellings),
		cmocka_unit_test(an_unknown_token_makes_the_whole_text_useless),
		cmocka_unit_test(a_text_that_grows_beyond_a_path_is_useless),
		cmocka_unit_test(a_token_is_seen_by_its_whole_name),
		cmocka_unit_test(out_of_memory_is_said),
		cmocka_unit_test(every_element_of_a_list_is_given_empty_ones_too),
		cmocka_unit_test(paths_are_joined_from_the_working_directory_on),
		cmocka_unit_test(a_path_has_a_directory_and_a_last_part),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
