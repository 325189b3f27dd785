/* SPDX-License-Identifier: MIT */
/* test_arena.c - an arena hands out zeroed, aligned memory up to its size, and no more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

static bool is_zero(const unsigned char *p, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (p[i])
			return false;
	return true;
}

static void memory_is_zeroed_aligned_and_apart(void **state)
{
	static const size_t sizes[] = { 1, 7, 16, 0, 100, 3000, 5, 70000, 24, 1, 65536 };
	unsigned char *got[sizeof(sizes) / sizeof(sizes[0])];
	const size_t n = sizeof(sizes) / sizeof(sizes[0]);
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	for (size_t i = 0; i < n; i++) {
		got[i] = arena_alloc(&arena, sizes[i]);
		assert_non_null(got[i]);
		assert_int_equal((uintptr_t)got[i] % _Alignof(max_align_t), 0);
		assert_true(is_zero(got[i], sizes[i]));
		memset(got[i], (int)i + 1, sizes[i]);
	}
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < sizes[i]; j++)
			assert_int_equal(got[i][j], i + 1);
	arena_done(&arena);
	assert_null(arena.blocks);
	assert_int_equal(arena.used, 0);
}

static void two_allocations_of_nothing_differ(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	assert_ptr_not_equal(arena_alloc(&arena, 0), arena_alloc(&arena, 0));
	arena_done(&arena);
}

static void the_greatest_size_is_handed_out_and_no_byte_more(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 160);
	assert_non_null(arena_alloc(&arena, 96));
	assert_null(arena_alloc(&arena, 65));
	assert_non_null(arena_alloc(&arena, 64));
	assert_null(arena_alloc(&arena, 1));
	assert_null(arena_alloc(&arena, 0));
	arena_done(&arena);
}

static void products_that_overflow_are_refused(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, SIZE_MAX);
	assert_null(arena_calloc(&arena, SIZE_MAX / 8, 16));
	assert_null(arena_calloc(&arena, SIZE_MAX, SIZE_MAX));
	assert_null(arena_alloc(&arena, SIZE_MAX));
	assert_null(arena_alloc(&arena, SIZE_MAX - 4));
	assert_non_null(arena_calloc(&arena, 3, 5));
	arena_done(&arena);
}

static void texts_are_copied(void **state)
{
	char text[] = "first";
	struct arena arena;
	char *a, *b, *c, *d;

	(void)state;
	arena_init(&arena, 4096);
	a = arena_strdup(&arena, text);
	b = arena_strndup(&arena, text, 3);
	c = arena_strndup(&arena, text, 100);
	d = arena_printf(&arena, "%s/%d", text, 42);
	text[0] = 'X';
	assert_string_equal(a, "first");
	assert_string_equal(b, "fir");
	assert_string_equal(c, "first");
	assert_string_equal(d, "first/42");
	arena_done(&arena);
}

static void a_text_that_does_not_fit_is_null(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 16);
	assert_null(arena_strdup(&arena, "sixteen letters!"));
	assert_null(arena_printf(&arena, "%s!", "sixteen letters"));
	assert_non_null(arena_strdup(&arena, "fifteen letters"));
	arena_done(&arena);
}

static void a_growing_array_keeps_its_elements(void **state)
{
	struct arena arena;
	size_t capacity = 0;
	int *numbers = NULL;

	(void)state;
	arena_init(&arena, 1 << 20);
	for (int i = 0; i < 5000; i++) {
		numbers = arena_grow(&arena, numbers, (size_t)i, &capacity, sizeof(*numbers));
		assert_non_null(numbers);
		assert_true(capacity > (size_t)i);
		assert_int_equal(numbers[i], 0);
		numbers[i] = i;
	}
	for (int i = 0; i < 5000; i++)
		assert_int_equal(numbers[i], i);
	arena_done(&arena);
}

static void an_array_that_cannot_grow_keeps_its_capacity(void **state)
{
	struct arena arena;
	size_t capacity = 0, first;
	int *numbers;

	(void)state;
	arena_init(&arena, 200);
	numbers = arena_grow(&arena, NULL, 0, &capacity, sizeof(*numbers));
	assert_non_null(numbers);
	first = capacity;
	assert_in_range(first, 1, 50);
	assert_null(arena_grow(&arena, numbers, first, &capacity, sizeof(*numbers)));
	assert_int_equal(capacity, first);
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zeroed_aligned_and_apart),
		cmocka_unit_test(two_allocations_of_nothing_differ),
		cmocka_unit_test(the_greatest_size_is_handed_out_and_no_byte_more),
		cmocka_unit_test(products_that_overflow_are_refused),
		cmocka_unit_test(texts_are_copied),
		cmocka_unit_test(a_text_that_does_not_fit_is_null),
		cmocka_unit_test(a_growing_array_keeps_its_elements),
		cmocka_unit_test(an_array_that_cannot_grow_keeps_its_capacity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
