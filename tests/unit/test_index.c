/* SPDX-License-Identifier: MIT */
/* test_index.c - numbers found again by a hash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "elf/index.h"

#define MANY 5000U

static struct arena arena;

static int open_arena(void **state)
{
	(void)state;
	arena_init(&arena, 4U << 20);
	return 0;
}

static int close_arena(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

/* Numbers stand for themselves; "wanted" is one of them, or any of its hash with INDEX_NONE. */
static bool is_number(const void *context, size_t value, const void *wanted)
{
	size_t number = *(const size_t *)wanted;

	(void)context;
	return number == INDEX_NONE || value == number;
}

static size_t find(const struct index *index, uint64_t hash, size_t number)
{
	return index_find(index, hash, is_number, NULL, &number);
}

static void what_was_added_is_found_and_nothing_else(void **state)
{
	struct index index = { 0 };

	(void)state;
	assert_int_equal(find(&index, 7, 7), INDEX_NONE);
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(index_add(&index, &arena, index_hash_inode(1, i), i), 0);
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(find(&index, index_hash_inode(1, i), i), i);
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(find(&index, index_hash_inode(2, i), i), INDEX_NONE);
}

/* With all in one place of the table, and that at its end, so that the run goes round. */
static void of_one_hash_the_first_is_found_also_after_growing(void **state)
{
	struct index index = { 0 };

	(void)state;
	for (size_t i = 0; i < 200; i++)
		assert_int_equal(index_add(&index, &arena, UINT64_MAX - 1, i), 0);
	assert_int_equal(find(&index, UINT64_MAX - 1, INDEX_NONE), 0);
	for (size_t i = 0; i < 200; i++)
		assert_int_equal(find(&index, UINT64_MAX - 1, i), i);
}

static void texts_have_hashes_that_differ(void **state)
{
	(void)state;
	assert_true(index_hash_text("libc.so.6") == index_hash_text("libc.so.6"));
	assert_true(index_hash_text("libc.so.6") != index_hash_text("libm.so.6"));
	assert_true(index_hash_text("") != index_hash_text("a"));
	assert_true(index_hash_inode(1, 2) != index_hash_inode(2, 1));
}

static void out_of_memory_is_said_and_loses_nothing(void **state)
{
	struct index index = { 0 };
	struct arena small;
	size_t n = 0;
	int r = 0;

	(void)state;
	arena_init(&small, 4096);
	while (r == 0 && n < MANY) {
		r = index_add(&index, &small, n, n);
		n += r == 0;
	}
	assert_int_equal(r, -ENOMEM);
	assert_true(n > 10);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(find(&index, i, i), i);
	arena_done(&small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_added_is_found_and_nothing_else),
		cmocka_unit_test(of_one_hash_the_first_is_found_also_after_growing),
		cmocka_unit_test(texts_have_hashes_that_differ),
		cmocka_unit_test(out_of_memory_is_said_and_loses_nothing),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
