/* SPDX-License-Identifier: MIT */
/*
 * test_path_index.c - searching many paths gives what asking each of them gives.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "plan/path_index.h"
#include "plan/pattern.h"

#define N_PATHS 30

static uint64_t state_of_random = 5;

static unsigned random_below(unsigned n)
{
	state_of_random = state_of_random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned)(state_of_random >> 33) % n;
}

static const char *random_path(struct arena *arena)
{
	static const char *const parts[] = { "a", "a-b", "b", "ab", "a b" };
	const char *path = "";

	for (unsigned n = random_below(5); n > 0; n--)
		path = arena_printf(arena, "%s/%s", path, parts[random_below(5)]);
	return *path ? path : "/";
}

static void the_paths_above_are_found_nearest_first(void **state)
{
	(void)state;
	for (unsigned trial = 0; trial < 500; trial++) {
		const char *paths[N_PATHS], *asked;
		struct path_index index;
		size_t n_above = 0, n_found = 0;
		struct arena arena;
		const char *below;

		arena_init(&arena, 1 << 20);
		for (size_t i = 0; i < N_PATHS; i++)
			paths[i] = random_below(8) ? random_path(&arena) : NULL;
		assert_int_equal(path_index_make(&arena, paths, N_PATHS, &index), 0);
		below = asked = random_path(&arena);
		for (size_t i = 0; i < N_PATHS; i++)
			n_above += paths[i] && path_is_under(paths[i], asked);
		for (size_t at = path_index_above(&index, asked); at;
		     at = index.items[at - 1].above, n_found++) {
			assert_ptr_equal(paths[index.items[at - 1].id], index.items[at - 1].path);
			assert_true(path_is_under(index.items[at - 1].path, below));
			below = index.items[at - 1].path;
		}
		assert_int_equal(n_found, n_above);
		for (size_t i = 0; i < index.n; i++)
			assert_int_equal(path_order(index.items[i].path, asked) <= 0,
					 i < path_index_search(&index, asked));
		arena_done(&arena);
	}
}

static void an_index_of_nothing_has_nothing_above(void **state)
{
	const char *none[] = { NULL };
	struct path_index index;
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 12);
	assert_int_equal(path_index_make(&arena, none, 1, &index), 0);
	assert_int_equal(index.n, 0);
	assert_int_equal(path_index_above(&index, "/a"), 0);
	assert_int_equal(path_index_search(&index, "/a"), 0);
	arena_done(&arena);
}

static void of_equal_paths_the_first_stands_first(void **state)
{
	const char *paths[] = { "/b", "/a", "/b" };
	struct path_index index;
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 12);
	assert_int_equal(path_index_make(&arena, paths, 3, &index), 0);
	assert_int_equal(index.items[0].id, 1);
	assert_int_equal(index.items[1].id, 0);
	assert_int_equal(index.items[2].id, 2);
	assert_int_equal(path_index_above(&index, "/b/c"), 3);
	assert_int_equal(index.items[2].above, 2);
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_paths_above_are_found_nearest_first),
		cmocka_unit_test(an_index_of_nothing_has_nothing_above),
		cmocka_unit_test(of_equal_paths_the_first_stands_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
