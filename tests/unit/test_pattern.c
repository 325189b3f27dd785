/* SPDX-License-Identifier: MIT */
/*
 * test_pattern.c - the order of paths, and what a pattern fits, covers and meets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "plan/pattern.h"

static int compare(const void *a, const void *b)
{
	return path_order(*(const char *const *)a, *(const char *const *)b);
}

static void what_is_under_a_directory_follows_it_at_once(void **state)
{
	const char *paths[] = { "/b",     "/a-b",   "/a/c", "/a",   "/",    "/a.b",
				"/a/c/d", "/a/c-d", "/ab",  "/a b", "/a/B", "/a/c/d/e" };
	const size_t n = ARRAY_SIZE(paths);

	(void)state;
	qsort(paths, n, sizeof(*paths), compare);
	assert_string_equal(paths[0], "/");
	for (size_t i = 0; i < n; i++) {
		bool has_ended = false;

		assert_int_equal(path_order(paths[i], paths[i]), 0);
		for (size_t j = i + 1; j < n; j++) {
			assert_true(path_order(paths[i], paths[j]) < 0);
			assert_true(path_order(paths[j], paths[i]) > 0);
			assert_false(path_is_under(paths[j], paths[i]));
			/* once a path is outside, all that follow are */
			if (path_is_under(paths[i], paths[j]))
				assert_false(has_ended);
			else
				has_ended = true;
		}
	}
}

static void a_path_is_under_itself_and_what_holds_it_and_nothing_that_looks_alike(void **state)
{
	(void)state;
	assert_true(path_is_under("/", "/"));
	assert_true(path_is_under("/", "/a"));
	assert_true(path_is_under("/a", "/a"));
	assert_true(path_is_under("/a", "/a/b/c"));
	assert_false(path_is_under("/a", "/ab"));
	assert_false(path_is_under("/a", "/"));
	assert_false(path_is_under("/a/b", "/a"));
}

static void a_pattern_has_a_fixed_part_before_its_first_star(void **state)
{
	static const struct {
		const char *pattern;
		size_t len;
	} rows[] = {
		{ "/", 0 },       { "/a", 2 },       { "/a/", 2 },        { "/a/b//", 4 },
		{ "/*", 0 },      { "/a*", 0 },      { "/srv/*.log", 4 }, { "/srv/**/x", 4 },
		{ "/srv//*", 4 }, { "/a/b*c/d", 2 }, { "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (pattern_fixed(rows[i].pattern) != rows[i].len)
			fail_msg("'%s': %zu", rows[i].pattern, pattern_fixed(rows[i].pattern));
}

static void a_star_stands_for_any_bytes_but_a_dot_at_the_start(void **state)
{
	static const struct {
		const char *pattern, *name;
		bool fits;
	} rows[] = {
		{ "a", "a", true },
		{ "a", "ab", false },
		{ "ab", "a", false },
		{ "*", "a", true },
		{ "*", ".a", false },
		{ ".*", ".a", true },
		{ "python3*", "python3", true },
		{ "python3*", "python3.11", true },
		{ "python3*", "python2", false },
		{ "*.so", ".so", false },
		{ "*.so", "a.so", true },
		{ "*.so", "a.so.so", true },
		{ "*.so", "a.so.1", false },
		{ "libnss_*.so.2", "libnss_files.so.2", true },
		{ "libnss_*.so.2", "libnss_files.so", false },
		{ "*-linux-gnu*", "x86_64-linux-gnu", true },
		{ "*-linux-gnu*", "arm-linux-gnueabihf", true },
		{ "*-linux-gnu*", "linux-gnu", false },
		{ "**", "x", true },
		{ "a*b*c", "abbbc", true },
		{ "a*b*c", "acb", false },
		{ "", "a", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (pattern_fits(rows[i].pattern, strlen(rows[i].pattern), rows[i].name,
				 strlen(rows[i].name), false) != rows[i].fits)
			fail_msg("'%s' and '%s'", rows[i].pattern, rows[i].name);
	/* only the bytes that are told count, of both */
	assert_true(pattern_fits("py*/x", 3, "python/y", 6, false));
	assert_false(pattern_fits("py*/x", 5, "python", 6, false));
	/* what is denied is denied with its dot */
	assert_true(pattern_fits("*", 1, ".env", 4, true));
}

static void a_long_name_and_many_stars_take_no_time(void **state)
{
	char name[4096], pattern[512];

	(void)state;
	memset(name, 'a', sizeof(name));
	for (size_t i = 0; i < sizeof(pattern); i++)
		pattern[i] = i % 2 ? 'a' : '*';
	pattern[sizeof(pattern) - 1] = 'b';
	assert_false(pattern_fits(pattern, sizeof(pattern), name, sizeof(name), true));
}

static void a_pattern_covers_what_it_names_and_what_is_in_it(void **state)
{
	static const struct {
		const char *pattern, *path;
		bool covers;
	} rows[] = {
		{ "/srv/.env", "/srv/.env", true },
		{ "/srv/.env", "/srv/.env/x", true },
		{ "/srv/.env", "/srv", false },
		{ "/srv/.env", "/srv/.env2", false },
		{ "/", "/etc", true },
		{ "/srv/*", "/srv/.git", true },
		{ "/srv/*/x", "/srv/a/x/y", true },
		{ "/srv/*/x", "/srv/x", false },
		{ "/srv/**/*.pem", "/srv/a.pem", true },
		{ "/srv/**/*.pem", "/srv/a/b/c.pem", true },
		{ "/srv/**/*.pem", "/srv/a/b/c.pem/d", true },
		{ "/srv/**/*.pem", "/srv/a/b", false },
		{ "/srv/**/*.pem", "/etc/c.pem", false },
		{ "/srv/**/a/b", "/srv/a/a/b", true },
		{ "/srv/**/a/b", "/srv/a/a", false },
		{ "/srv/**/a/**/b", "/srv/x/a/y/z/b", true },
		{ "/srv/**/a/**/b", "/srv/x/b/y", false },
		{ "/srv/**", "/srv/x/y", true },
		{ "/**/id_*", "/home/ada/.ssh/id_rsa", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (pattern_covers(rows[i].pattern, rows[i].path) != rows[i].covers)
			fail_msg("'%s' and '%s'", rows[i].pattern, rows[i].path);
}

static void a_pattern_meets_what_could_be_in_its_way_and_nothing_beside(void **state)
{
	static const struct {
		const char *pattern, *path;
		bool meets_directory, meets_file;
	} rows[] = {
		{ "/srv/a", "/", true, false },
		{ "/srv/a", "/srv", true, false },
		{ "/srv/a", "/srv/a", true, true },
		{ "/srv/a", "/srv/a/b", true, true },
		{ "/srv/a", "/srv/b", false, false },
		{ "/srv/a", "/srv/ab", false, false },
		{ "/srv/*.pem", "/srv", true, false },
		{ "/srv/*.pem", "/srv/x.pem", true, true },
		{ "/srv/*.pem", "/srv/x.pem/y", true, true },
		{ "/srv/*.pem", "/srv/project", false, false },
		{ "/srv/**/*.pem", "/srv/project", true, false },
		{ "/srv/**/*.pem", "/srv/project/x.pem", true, true },
		{ "/srv/**/*.pem", "/srv/project/x", true, false },
		{ "/srv/**/*.pem", "/etc", false, false },
		{ "/srv/**", "/srv/x", true, true },
		{ "/srv/**/x/y", "/srv/x", true, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (pattern_meets(rows[i].pattern, rows[i].path, true) != rows[i].meets_directory ||
		    pattern_meets(rows[i].pattern, rows[i].path, false) != rows[i].meets_file)
			fail_msg("'%s' and '%s'", rows[i].pattern, rows[i].path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_under_a_directory_follows_it_at_once),
		cmocka_unit_test(
			a_path_is_under_itself_and_what_holds_it_and_nothing_that_looks_alike),
		cmocka_unit_test(a_pattern_has_a_fixed_part_before_its_first_star),
		cmocka_unit_test(a_star_stands_for_any_bytes_but_a_dot_at_the_start),
		cmocka_unit_test(a_long_name_and_many_stars_take_no_time),
		cmocka_unit_test(a_pattern_covers_what_it_names_and_what_is_in_it),
		cmocka_unit_test(a_pattern_meets_what_could_be_in_its_way_and_nothing_beside),
	};

	return cmocka_run_group_tests_name("pattern", tests, NULL, NULL);
}
