/* SPDX-License-Identifier: MIT */
/*
 * test_spec.c - what Nix writes for an external builder, and what nobody may.
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
#include "drv/spec.h"

#define STORE "/nix/store/"
#define HASH "0123456789abcdfghijklmnpqrsvwxyz"
#define PART(key, value) "\"" key "\":" value

/* The members of a whole one, in the order of the table below. */
static const char *const whole[] = {
	PART("version", "1"),
	PART("builder", "\"/bin/sh\""),
	PART("system", "\"x86_64-linux\""),
	PART("args", "[\"-c\",\"two\\nlines\"]"),
	PART("env", "{\"out\":\"x\",\"A B\":\"\"}"),
	PART("storeDir", "\"/nix/store\""),
	PART("realStoreDir", "\"/srv/nix/store\""),
	PART("inputPaths", "[\"" STORE HASH "-input\"]"),
	PART("outputs", "{\"out\":\"" STORE HASH "-one\",\"dev\":\"" STORE HASH "-one-dev\"}"),
	PART("topTmpDir", "\"/srv/builds/nix-1\""),
	PART("tmpDir", "\"/srv/builds/nix-1/build\""),
	PART("tmpDirInSandbox", "\"/build\""),
};

/* With the member at `index` as `text`, or left out if that is NULL. */
static char *make(size_t index, const char *text)
{
	static char data[8192];
	size_t len = (size_t)snprintf(data, sizeof(data), "{");

	for (size_t i = 0; i < ARRAY_SIZE(whole); i++) {
		const char *part = i == index ? text : whole[i];

		if (part)
			len += (size_t)snprintf(data + len, sizeof(data) - len, "%s%s",
						len > 1 ? "," : "", part);
	}
	(void)snprintf(data + len, sizeof(data) - len, "}");
	return data;
}

static int parse(const char *data, struct spec *ret_spec, struct croft_error *err)
{
	static struct arena arena;

	arena_done(&arena);
	arena_init(&arena, 1 << 20);
	return spec_parse(&arena, "build.json", data, strlen(data), ret_spec, err);
}

static void a_whole_one_is_read(void **state)
{
	struct spec spec;

	(void)state;
	assert_int_equal(parse(make(99, NULL), &spec, NULL), 0);
	assert_string_equal(spec.build.builder, "/bin/sh");
	assert_int_equal(spec.build.n_args, 2);
	assert_string_equal(spec.build.args[1], "two\nlines");
	assert_int_equal(spec.build.n_env, 2);
	assert_int_equal(spec.build.n_inputs, 1);
	assert_int_equal(spec.build.n_outputs, 2);
	assert_string_equal(spec.build.real_store_dir, "/srv/nix/store");
	assert_string_equal(spec.build.tmp_inside, "/build");
	assert_false(spec.is_marked || spec.has_hash || spec.build.is_fixed_output);
}

static void marks_of_fixed_outputs_are_seen(void **state)
{
	struct spec spec;

	(void)state;
	assert_int_equal(parse(make(4, PART("env", "{\"NIX_OUTPUT_CHECKED\":\"1\"}")), &spec, NULL),
			 0);
	assert_true(spec.is_marked && !spec.has_hash);
	assert_int_equal(parse(make(4, PART("env", "{\"NIX_OUTPUT_CHECKED\":\"0\",\"outputHash\":"
						   "\"\"}")),
			       &spec, NULL),
			 0);
	assert_false(spec.is_marked || spec.has_hash);
	assert_int_equal(parse(make(4, PART("env", "{\"outputHash\":\"x\"}")), &spec, NULL), 0);
	assert_true(spec.has_hash);
}

static void each_member_is_wanted(void **state)
{
	struct croft_error err;
	struct spec spec;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(whole); i++) {
		assert_int_equal(parse(make(i, NULL), &spec, &err), -EINVAL);
		assert_int_equal(err.stage, CROFT_STAGE_USAGE);
		assert_non_null(strstr(err.what, "build.json: "));
	}
}

static void what_is_unknown_is_passed_over(void **state)
{
	struct spec spec;

	(void)state;
	assert_int_equal(parse(make(0, PART("version", "1") "," PART("new", "{}")), &spec, NULL),
			 0);
}

static void other_forms_are_refused(void **state)
{
	static const struct {
		size_t index;
		const char *text;
	} cases[] = {
		{ 0, PART("version", "2") },
		{ 0, PART("version", "\"1\"") },
		{ 1, PART("builder", "\"bin/sh\"") },
		{ 1, PART("builder", "\"builtin:fetchurl\"") },
		{ 1, PART("builder", "\"\"") },
		{ 1, PART("builder", "\"/bin/sh\\u0000\"") },
		{ 2, PART("system", "1") },
		{ 3, PART("args", "\"-c\"") },
		{ 3, PART("args", "[1]") },
		{ 3, PART("args", "{}") },
		{ 4, PART("env", "[]") },
		{ 4, PART("env", "{\"a\":1}") },
		{ 4, PART("env", "{\"\":\"x\"}") },
		{ 4, PART("env", "{\"a=b\":\"x\"}") },
		{ 4, PART("env", "{\"a\":\"1\",\"a\":\"2\"}") },
		{ 5, PART("storeDir", "\"nix/store\"") },
		{ 5, PART("storeDir", "\"/\"") },
		{ 5, PART("storeDir", "\"/nix/store/\"") },
		{ 5, PART("storeDir", "\"/nix/../store\"") },
		{ 5, PART("storeDir", "\"/nix/./store\"") },
		{ 5, PART("storeDir", "\"/nix//store\"") },
		{ 5, PART("storeDir", "\"/gnu/store\"") },
		{ 6, PART("realStoreDir", "\"\"") },
		{ 7, PART("inputPaths", "[\"/etc/passwd\"]") },
		{ 7, PART("inputPaths", "[\"" STORE "\"]") },
		{ 7, PART("inputPaths", "[\"" STORE HASH "-a/b\"]") },
		{ 7, PART("inputPaths", "[\"" STORE HASH "-a:b\"]") },
		{ 7, PART("inputPaths", "[\"" STORE HASH "-\"]") },
		{ 7, PART("inputPaths", "[\"" STORE "../" HASH "-a\"]") },
		{ 7, PART("inputPaths", "[\"" STORE "e123456789abcdfghijklmnpqrsvwxyz-a\"]") },
		{ 7, PART("inputPaths", "[\"" STORE HASH "-one\"]") },
		{ 8, PART("outputs", "{}") },
		{ 8, PART("outputs", "[]") },
		{ 8, PART("outputs", "{\"out\":\"/srv/x\"}") },
		{ 8, PART("outputs", "{\"out\":\"" STORE HASH "-a\",\"b\":\"" STORE HASH "-a\"}") },
		{ 10, PART("tmpDir", "\"/srv/builds/nix-2/build\"") },
		{ 10, PART("tmpDir", "\"/srv/builds/nix-1/../nix-2\"") },
		{ 11, PART("tmpDirInSandbox", "\"/nix/store/x\"") },
		{ 11, PART("tmpDirInSandbox", "\"/nix\"") },
	};
	struct croft_error err;
	struct spec spec;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (parse(make(cases[i].index, cases[i].text), &spec, &err) != -EINVAL)
			fail_msg("taken: %s", cases[i].text);
}

static void what_is_no_object_is_refused(void **state)
{
	static const char *const texts[] = { "", "[]", "1", "{", "{} x", "\xff", "null" };
	struct croft_error err;
	struct spec spec;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(parse(texts[i], &spec, &err), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_one_is_read),
		cmocka_unit_test(marks_of_fixed_outputs_are_seen),
		cmocka_unit_test(each_member_is_wanted),
		cmocka_unit_test(what_is_unknown_is_passed_over),
		cmocka_unit_test(other_forms_are_refused),
		cmocka_unit_test(what_is_no_object_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
