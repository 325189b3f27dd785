/* SPDX-License-Identifier: MIT */
/*
 * test_span.c - where the value of a key stands, and which keys are taken for two things.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "oci/span.h"

static const struct {
	const char *text;
	const char *value; /* of "args"; NULL: the answer is r */
	int r;
} rows[] = {
	{ "{\"args\":1}", "1", 0 },
	{ " {\t\"a\" : [1,{\"args\":2}] , \"args\"\n:\r\"x,}\\\"\" }", "\"x,}\\\"\"", 0 },
	{ "{\"x\":\"{\",\"args\":[\"]\",[{}],\"\\\\\"],\"y\":{}}", "[\"]\",[{}],\"\\\\\"]", 0 },
	{ "{\"args\":18446744073709551615}", "18446744073709551615", 0 },
	{ "{\"args\":null ,\"b\":true}", "null", 0 },
	{ "{}", NULL, -ENOENT },
	{ "{\"arg\":1,\"argss\":{\"args\":2}}", NULL, -ENOENT },
	{ "[\"args\"]", NULL, -ENOTDIR },
	{ "\"args\"", NULL, -ENOTDIR },
	/* Go's reader takes each of these for "args" */
	{ "{\"args\":1,\"Args\":2}", NULL, -EINVAL },
	{ "{\"ARGS\":2}", NULL, -EINVAL },
	{ "{\"args\":1,\"args\":2}", NULL, -EINVAL },
	{ "{\"\\u0061rgs\":1}", NULL, -EINVAL },
	{ "{\"arg\xc5\xbf\":1,\"args\":2}", NULL, -EINVAL },
	/* no JSON: nothing is read beyond its end */
	{ "{\"args\"", NULL, -EINVAL },
	{ "{\"args\":}", NULL, -EINVAL },
	{ "{\"args\" 1}", NULL, -EINVAL },
	{ "{args:1}", NULL, -EINVAL },
	{ "{\"a\":1 \"args\":2}", NULL, -EINVAL },
};

static void the_value_of_a_key_is_found_as_it_stands(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *text = rows[i].text;
		struct span whole, value = { 0, 0 };
		int r = span_whole(text, strlen(text), &whole);

		if (r == 0)
			r = span_member(text, whole, "args", &value);
		if (r != rows[i].r)
			print_error("%s: %d\n", text, r);
		assert_int_equal(r, rows[i].r);
		if (!rows[i].value)
			continue;
		assert_int_equal(value.end - value.start, strlen(rows[i].value));
		assert_memory_equal(text + value.start, rows[i].value, value.end - value.start);
	}
}

static void a_text_that_is_cut_anywhere_gives_an_answer(void **state)
{
	static const char text[] = "{\"a\":[\"\\\"]\",{\"b\":{}}],\"args\":[\"x\"],\"c\":\"\\\\\"}";

	(void)state;
	for (size_t len = 0; len < sizeof(text); len++) {
		AUTO_FREE char *copy = malloc(len + 1);
		struct span whole, value;

		assert_non_null(copy);
		memcpy(copy, text, len);
		if (span_whole(copy, len, &whole) == 0)
			(void)span_member(copy, whole, "args", &value);
		assert_true(len == sizeof(text) - 1 || len == sizeof(text) ||
			    span_whole(copy, len, &whole) == -EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_value_of_a_key_is_found_as_it_stands),
		cmocka_unit_test(a_text_that_is_cut_anywhere_gives_an_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
