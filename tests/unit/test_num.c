/* SPDX-License-Identifier: MIT */
/* test_num.c - numbers, sizes and times: the whole text or nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"

#define UNTOUCHED 12345678u

struct value_case {
	const char *text;
	int result;
	uint64_t value;
};

static void numbers_are_decimal_and_within_their_range(void **state)
{
	static const struct value_case cases[] = {
		{ "1", 0, 1 },
		{ "65535", 0, 65535 },
		{ "007", 0, 7 },
		{ "0", -ERANGE, 0 },
		{ "65536", -ERANGE, 0 },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "99999999999999999999999999", -ERANGE, 0 },
		{ "99999999999999999999999999x", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "+1", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 },
		{ "1 ", -EINVAL, 0 },
		{ "1\n", -EINVAL, 0 },
		{ "0x10", -EINVAL, 0 },
		{ "1.0", -EINVAL, 0 },
		{ "1e3", -EINVAL, 0 },
		{ "\xd9\xa1", -EINVAL, 0 }, /* an Arabic digit */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t value = UNTOUCHED;

		assert_int_equal(num_parse(cases[i].text, 1, 65535, &value), cases[i].result);
		assert_int_equal(value, cases[i].result ? UNTOUCHED : cases[i].value);
	}
}

static void the_greatest_number_is_read(void **state)
{
	uint64_t value;

	(void)state;
	assert_int_equal(num_parse("18446744073709551615", 0, UINT64_MAX, &value), 0);
	assert_true(value == UINT64_MAX);
	assert_int_equal(num_parse("0", 0, UINT64_MAX, &value), 0);
	assert_int_equal(value, 0);
}

static void sizes_take_units_of_1024_and_of_1000(void **state)
{
	static const struct value_case cases[] = {
		{ "0", 0, 0 },
		{ "4096", 0, 4096 },
		{ "1K", 0, 1024 },
		{ "1KiB", 0, 1024 },
		{ "1kB", 0, 1000 },
		{ "2M", 0, 2097152 },
		{ "2MiB", 0, 2097152 },
		{ "2MB", 0, 2000000 },
		{ "4G", 0, 4294967296 },
		{ "4GiB", 0, 4294967296 },
		{ "4GB", 0, 4000000000 },
		{ "1T", 0, 1099511627776 },
		{ "1TiB", 0, 1099511627776 },
		{ "1TB", 0, 1000000000000 },
		{ "16777215T", 0, 16777215ULL << 40 },
		{ "16777216T", -ERANGE, 0 },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "18446744073709551616Q", -EINVAL, 0 },
		{ "1k", -EINVAL, 0 },
		{ "1KB", -EINVAL, 0 },
		{ "1Ki", -EINVAL, 0 },
		{ "1 K", -EINVAL, 0 },
		{ "K", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
		{ "1.5G", -EINVAL, 0 },
		{ "-1G", -EINVAL, 0 },
		{ "1GiBs", -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t value = UNTOUCHED;

		assert_int_equal(size_parse(cases[i].text, &value), cases[i].result);
		assert_true(value == (cases[i].result ? UNTOUCHED : cases[i].value));
	}
}

static void times_are_seconds_unless_a_unit_is_given(void **state)
{
	static const struct value_case cases[] = {
		{ "5", 0, 5000 },
		{ "5s", 0, 5000 },
		{ "250ms", 0, 250 },
		{ "30m", 0, 1800000 },
		{ "2h", 0, 7200000 },
		{ "1d", 0, 86400000 },
		{ "0", 0, 0 },
		{ "365d", 0, 31536000000 },
		{ "366d", -ERANGE, 0 },
		{ "31536000001ms", -ERANGE, 0 },
		{ "18446744073709551615d", -ERANGE, 0 },
		{ "1M", -EINVAL, 0 },
		{ "1min", -EINVAL, 0 },
		{ "1h30m", -EINVAL, 0 },
		{ "s", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
		{ "-1s", -EINVAL, 0 },
		{ "1 s", -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t value = UNTOUCHED;

		assert_int_equal(time_parse(cases[i].text, &value), cases[i].result);
		assert_true(value == (cases[i].result ? UNTOUCHED : cases[i].value));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_decimal_and_within_their_range),
		cmocka_unit_test(the_greatest_number_is_read),
		cmocka_unit_test(sizes_take_units_of_1024_and_of_1000),
		cmocka_unit_test(times_are_seconds_unless_a_unit_is_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
