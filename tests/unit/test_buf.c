/* SPDX-License-Identifier: MIT */
/* test_buf.c - a buffer grows to its greatest size, and its errors stick. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/buf.h"

static void an_empty_buffer_is_an_empty_text(void **state)
{
	struct buf buf = BUF_INIT(10);

	(void)state;
	assert_string_equal(buf_text(&buf), "");
	buf_add(&buf, "", 0);
	buf_puts(&buf, "");
	buf_printf(&buf, "%s", "");
	assert_string_equal(buf_text(&buf), "");
	assert_int_equal(buf_error(&buf), 0);
	buf_done(&buf);
}

static void appends_follow_each_other_in_order(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT(100);

	(void)state;
	buf_puts(&buf, "one ");
	buf_putc(&buf, '2');
	buf_printf(&buf, " %s-%d", "three", 4);
	buf_add(&buf, " fivexx", 5);
	assert_string_equal(buf_text(&buf), "one 2 three-4 five");
	assert_int_equal(buf.len, 18);
}

static void nul_bytes_are_kept_and_counted(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT(100);

	(void)state;
	buf_add(&buf, "a\0b", 3);
	buf_putc(&buf, '\0');
	assert_int_equal(buf.len, 4);
	assert_memory_equal(buf.data, "a\0b\0", 5);
}

static void it_grows_far_beyond_the_first_size(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT(1000000);

	(void)state;
	for (int i = 0; i < 100000; i++)
		buf_printf(&buf, "%05d\n", i);
	assert_int_equal(buf_error(&buf), 0);
	assert_int_equal(buf.len, 600000);
	assert_memory_equal(buf.data + 6 * 54321, "54321\n", 6);
}

static void the_greatest_size_is_reached_exactly(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT(5);

	(void)state;
	buf_puts(&buf, "12345");
	assert_int_equal(buf_error(&buf), 0);
	assert_string_equal(buf_text(&buf), "12345");
	buf_putc(&buf, '6');
	assert_int_equal(buf_error(&buf), -EOVERFLOW);
	assert_string_equal(buf_text(&buf), "12345");
}

static void an_append_goes_in_whole_or_not_at_all(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT(5);

	(void)state;
	buf_puts(&buf, "abc");
	buf_printf(&buf, "%s", "def");
	assert_string_equal(buf_text(&buf), "abc");
	assert_int_equal(buf_error(&buf), -EOVERFLOW);
}

static void the_first_error_sticks_until_reset(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT(3);

	(void)state;
	buf_puts(&buf, "toolong");
	buf_puts(&buf, "a");
	assert_string_equal(buf_text(&buf), "");
	assert_int_equal(buf_error(&buf), -EOVERFLOW);
	buf_reset(&buf);
	assert_int_equal(buf_error(&buf), 0);
	buf_puts(&buf, "a");
	assert_string_equal(buf_text(&buf), "a");
	buf_reset(&buf);
	assert_string_equal(buf_text(&buf), "");
	assert_int_equal(buf.max, 3);
}

static void done_frees_and_leaves_a_usable_buffer(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf, 20);
	buf_puts(&buf, "text");
	buf_done(&buf);
	assert_null(buf.data);
	assert_int_equal(buf.len, 0);
	buf_puts(&buf, "again");
	assert_string_equal(buf_text(&buf), "again");
	buf_done(&buf);
	buf_done(&buf);
}

static void an_absurd_length_does_not_wrap_around(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT(SIZE_MAX);

	(void)state;
	buf_puts(&buf, "abc");
	buf_add(&buf, "x", SIZE_MAX - 3);
	assert_int_equal(buf_error(&buf), -EOVERFLOW);
	assert_string_equal(buf_text(&buf), "abc");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_buffer_is_an_empty_text),
		cmocka_unit_test(appends_follow_each_other_in_order),
		cmocka_unit_test(nul_bytes_are_kept_and_counted),
		cmocka_unit_test(it_grows_far_beyond_the_first_size),
		cmocka_unit_test(the_greatest_size_is_reached_exactly),
		cmocka_unit_test(an_append_goes_in_whole_or_not_at_all),
		cmocka_unit_test(the_first_error_sticks_until_reset),
		cmocka_unit_test(done_frees_and_leaves_a_usable_buffer),
		cmocka_unit_test(an_absurd_length_does_not_wrap_around),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
