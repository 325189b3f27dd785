/* SPDX-License-Identifier: MIT */
/*
 * test_yaml_bytes.c - bytes that would hide something are refused before YAML is looked for in
 * them, and a place is named as an editor names it.
 */
#include "yaml_case.h"

#include "profile/yaml_parts.h"

static void bytes_that_an_editor_hides_are_refused(void **state)
{
	static const struct refusal cases[] = {
		{ "a: b\x01", "x.yaml:1:5: a control character was found" },
		{ "a\n\x1b[0m", "x.yaml:2:1: a control character was found" },
		{ "a: \x7f", "x.yaml:1:4: a control character was found" },
		{ "a: \xc2\x85", "x.yaml:1:4: a control character was found" },
		{ "a: b\rc: d\n", "x.yaml:1:5: a carriage return without a newline was found" },
		{ "a: b\r", "x.yaml:1:5: a carriage return without a newline was found" },
		{ "a: \xff", "x.yaml:1:4: a byte that is not UTF-8 was found" },
		{ "a: \xc3", "x.yaml:1:4: a byte that is not UTF-8 was found" },
		{ "a: \xc0\x80", "x.yaml:1:4: a byte that is not UTF-8 was found" },
		{ "a: \xed\xa0\x80", "x.yaml:1:4: a byte that is not UTF-8 was found" },
		{ "a: \xf4\x90\x80\x80", "x.yaml:1:4: a byte that is not UTF-8 was found" },
		{ "a: \xe2\x80\xa8",
		  "x.yaml:1:4: a mark that changes lines or the direction of writing was found" },
		{ "a: \xe2\x80\xae",
		  "x.yaml:1:4: a mark that changes lines or the direction of writing was found" },
		{ "a: \xe2\x81\xa9",
		  "x.yaml:1:4: a mark that changes lines or the direction of writing was found" },
		{ "a: \x1f", "x.yaml:1:4: a control character was found" },
		{ "a: \xc2\x9f", "x.yaml:1:4: a control character was found" },
		{ "a: \xe2\x81\xa6",
		  "x.yaml:1:4: a mark that changes lines or the direction of writing was found" },
		{ "a: \xef\xbb\xbf", "x.yaml:1:4: a byte order mark inside of the text was found" },
		{ "\xef\xbb\xbf\xef\xbb\xbf"
		  "a: b",
		  "x.yaml:1:1: a byte order mark inside of the text was found" },
		{ "a: \xef\xbf\xbf", "x.yaml:1:4: a number that is no character was found" },
		{ "a: \xef\xbf\xbe", "x.yaml:1:4: a number that is no character was found" },
	};

	(void)state;
	assert_all_refused(cases, ARRAY_SIZE(cases));
	assert_refused("a: b\0c", 6, -EINVAL, "x.yaml:1:5: a NUL byte was found");
	assert_refused("\0", 1, -EINVAL, "x.yaml:1:1: a NUL byte was found");
	assert_refused("\x7f"
		       "ELF\x02\x01\x01\0\0\0",
		       10, -EINVAL, "x.yaml:1:1: a control character was found");
	/* their neighbours are characters like any other */
	assert_reads("a: \xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa\xc2\xa0\xef\xbf\xbd~",
		     "{a: \xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa\xc2\xa0\xef\xbf\xbd~}");
}

static void utf16_is_refused_by_name(void **state)
{
	static const char what[] = "x.yaml:1:1: UTF-8 was expected, UTF-16 was found";

	(void)state;
	assert_refused("\xff\xfe"
		       "a\0:\0 \0b\0",
		       10, -EINVAL, what);
	assert_refused("\xfe\xff\0a\0:\0 \0b", 10, -EINVAL, what);
	assert_refused("a\0:\0 \0b\0", 8, -EINVAL, what);
	assert_refused("\0a\0:\0 \0b", 8, -EINVAL, what);
	assert_refused("\xff\xfe", 2, -EINVAL, what);
}

static void the_bytes_of_a_file_are_bounded(void **state)
{
	size_t len = YAML_MAX_BYTES + 1;
	char *text = malloc(len);

	(void)state;
	assert_non_null(text);
	memset(text, '#', len);
	memcpy(text, "a: b\n", 5);
	assert_refused(text, len, -EOVERFLOW, "x.yaml:1:1: more than 1048576 bytes");
	assert_int_equal(read_bytes(text, len - 1), 0);
	free(text);
}

static void of_a_long_source_the_end_is_shown(void **state)
{
	char source[512];
	char expected[640];

	(void)state;
	memset(source, 'd', sizeof(source));
	memcpy(source + sizeof(source) - 10, "end.yaml", 9);
	source[sizeof(source) - 2] = '\0';
	assert_int_equal(yaml_fail(source, 3, 4, 0, &err, "what is wrong with '%s'", "it"),
			 -EINVAL);
	(void)snprintf(expected, sizeof(expected), "...%s:3:4: what is wrong with 'it'",
		       source + strlen(source) - 120);
	assert_string_equal(err.what, expected);
	/* just as long as is shown */
	source[120] = '\0';
	assert_int_equal(yaml_fail(source, 3, 4, 0, &err, "y"), -EINVAL);
	(void)snprintf(expected, sizeof(expected), "%s:3:4: y", source);
	assert_string_equal(err.what, expected);
	assert_int_equal(yaml_fail("x", 3, 4, EOVERFLOW, &err, "y"), -EOVERFLOW);
	assert_string_equal(err.what, "x:3:4: y");
	assert_int_equal(yaml_fail("x", 3, 4, 0, NULL, "y"), -EINVAL);
}

static void assert_line(const char *text, unsigned line, const char *expected)
{
	size_t len = 0;
	const char *found = yaml_find_line(text, strlen(text), line, &len);

	assert_true((found != NULL) == (expected != NULL));
	if (!expected)
		return;
	assert_int_equal(len, strlen(expected));
	assert_memory_equal(found, expected, len);
}

static void a_line_is_found_by_its_number(void **state)
{
	(void)state;
	assert_line("a\nb\n\n c", 1, "a");
	assert_line("a\nb\n\n c", 2, "b");
	assert_line("a\nb\n\n c", 3, "");
	assert_line("a\nb\n\n c", 4, " c");
	assert_line("a\nb\n\n c", 5, NULL);
	assert_line("a\n", 2, "");
	assert_line("", 1, "");
	assert_line("", 2, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_that_an_editor_hides_are_refused),
		cmocka_unit_test(utf16_is_refused_by_name),
		cmocka_unit_test(the_bytes_of_a_file_are_bounded),
		cmocka_unit_test(of_a_long_source_the_end_is_shown),
		cmocka_unit_test(a_line_is_found_by_its_number),
	};

	return cmocka_run_group_tests(tests, before, after);
}
