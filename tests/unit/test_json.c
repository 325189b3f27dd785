/* SPDX-License-Identifier: MIT */
/* test_json.c - what is written is JSON, whatever the strings hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/json.h"

static void values_are_separated_by_commas_where_due(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT(1000);
	struct json json;

	(void)state;
	json_init(&json, &buf);
	json_object_begin(&json);
	json_key(&json, "a");
	json_uint(&json, UINT64_MAX);
	json_key(&json, "b");
	json_array_begin(&json);
	json_int(&json, INT64_MIN);
	json_bool(&json, true);
	json_bool(&json, false);
	json_null(&json);
	json_object_begin(&json);
	json_object_end(&json);
	json_array_begin(&json);
	json_array_end(&json);
	json_string(&json, NULL);
	json_array_end(&json);
	json_key(&json, "c");
	json_object_begin(&json);
	json_key(&json, "d");
	json_string(&json, "e");
	json_object_end(&json);
	json_object_end(&json);
	assert_string_equal(buf_text(&buf),
			    "{\"a\":18446744073709551615,\"b\":[-9223372036854775808,true,false,"
			    "null,{},[],null],\"c\":{\"d\":\"e\"}}");
}

static void a_single_value_is_a_document(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT(1000);
	struct json json;

	(void)state;
	json_init(&json, &buf);
	json_string(&json, "x");
	assert_string_equal(buf_text(&buf), "\"x\"");
}

static void strings_are_escaped_and_repaired(void **state)
{
	static const struct {
		const char *value;
		const char *expected;
	} cases[] = {
		{ "", "\"\"" },
		{ "/a b", "\"/a b\"" },
		{ "\"\\", "\"\\\"\\\\\"" },
		{ "\n\r\t\x01\x1b\x1f", "\"\\n\\r\\t\\u0001\\u001b\\u001f\"" },
		{ "\x7f", "\"\\u007f\"" },
		{ "\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0", "\"\\u0080\\u009b\\u009f\xc2\xa0\"" },
		{ "\xc3\xbc\xf0\x9f\x98\x80", "\"\xc3\xbc\xf0\x9f\x98\x80\"" },
		{ "a\xff\xfe"
		  "b",
		  "\"a\xef\xbf\xbd\xef\xbf\xbd"
		  "b\"" },
		{ "\xe2\x82\"", "\"\xef\xbf\xbd\xef\xbf\xbd\\\"\"" },
		{ "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_BUF struct buf buf = BUF_INIT(1000);
		struct json json;

		json_init(&json, &buf);
		json_string(&json, cases[i].value);
		assert_string_equal(buf_text(&buf), cases[i].expected);
	}
}

static void keys_are_escaped_too(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT(1000);
	struct json json;

	(void)state;
	json_init(&json, &buf);
	json_object_begin(&json);
	json_key(&json, "a\"\n");
	json_null(&json);
	json_object_end(&json);
	assert_string_equal(buf_text(&buf), "{\"a\\\"\\n\":null}");
}

static void nest(struct json *json, unsigned depth)
{
	for (unsigned i = 0; i < depth; i++)
		json_array_begin(json);
	for (unsigned i = 0; i < depth; i++)
		json_array_end(json);
}

static void the_greatest_depth_is_15_levels(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT(1000);
	struct json json;

	(void)state;
	json_init(&json, &buf);
	nest(&json, JSON_MAX_DEPTH - 1);
	assert_string_equal(buf_text(&buf), "[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]");
}

static void misuse_too_deep(struct json *json)
{
	nest(json, JSON_MAX_DEPTH);
}

static void misuse_key_in_array(struct json *json)
{
	json_array_begin(json);
	json_key(json, "k");
}

static void misuse_value_without_key(struct json *json)
{
	json_object_begin(json);
	json_null(json);
}

static void misuse_two_keys(struct json *json)
{
	json_object_begin(json);
	json_key(json, "a");
	json_key(json, "b");
}

static void misuse_key_without_value(struct json *json)
{
	json_object_begin(json);
	json_key(json, "a");
	json_object_end(json);
}

static void misuse_wrong_end(struct json *json)
{
	json_array_begin(json);
	json_object_end(json);
}

static void misuse_end_of_nothing(struct json *json)
{
	json_array_end(json);
}

static void misuse_second_document(struct json *json)
{
	json_null(json);
	json_null(json);
}

static void no_misuse(struct json *json)
{
	json_null(json);
}

/* The signal that ended a child which wrote JSON this way, or 0. */
static int signal_of(void (*write_json)(struct json *))
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		AUTO_BUF struct buf buf = BUF_INIT(1000);
		struct json json;

		(void)close(2);
		(void)signal(SIGABRT, SIG_DFL);
		json_init(&json, &buf);
		write_json(&json);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void misuse_is_a_bug_and_aborts(void **state)
{
	static void (*const misuses[])(struct json *) = {
		misuse_too_deep,       misuse_key_in_array,      misuse_value_without_key,
		misuse_two_keys,       misuse_key_without_value, misuse_wrong_end,
		misuse_end_of_nothing, misuse_second_document,
	};

	(void)state;
	assert_int_equal(signal_of(no_misuse), 0);
	for (size_t i = 0; i < ARRAY_SIZE(misuses); i++)
		assert_int_equal(signal_of(misuses[i]), SIGABRT);
}

static void a_full_buffer_is_told_by_the_buffer(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT(4);
	struct json json;

	(void)state;
	json_init(&json, &buf);
	json_string(&json, "too long for it");
	assert_true(buf_error(&buf) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_separated_by_commas_where_due),
		cmocka_unit_test(a_single_value_is_a_document),
		cmocka_unit_test(strings_are_escaped_and_repaired),
		cmocka_unit_test(keys_are_escaped_too),
		cmocka_unit_test(the_greatest_depth_is_15_levels),
		cmocka_unit_test(misuse_is_a_bug_and_aborts),
		cmocka_unit_test(a_full_buffer_is_told_by_the_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
