/* SPDX-License-Identifier: MIT */
/*
 * test_gha_pod.c - a template and the hook's mounts become one list, without any file.
 *
 * What is refused and warned of, and each message, is in tests/gha/test_pod.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "gha/pod.h"
#include "gha/pod_parts.h"

static struct arena arena;
static struct croft_error err;
static struct pod_merged merged;

static int before(void **state)
{
	(void)state;
	arena_init(&arena, 4U << 20);
	merged = (struct pod_merged){ .n_mounts = 0 };
	return 0;
}

static int after(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

static int merge(const char *text, const struct pod_mount *mounts, size_t n)
{
	const struct pod_input input = { .source = "pod.yaml",
					 .data = text,
					 .len = text ? strlen(text) : 0,
					 .mounts = mounts,
					 .n_mounts = n };

	return pod_merge(&input, &arena, &merged, &err);
}

static void paths_are_plain_or_none(void **state)
{
	static const char *const cases[][2] = {
		{ "/", "/" },	     { "//", "/" },	  { "/a", "/a" },    { "/a/", "/a" },
		{ "//a///b", "/a/b" }, { "/a/./b", NULL },  { "/..", NULL },   { "/a/../b", NULL },
		{ "a", NULL },	     { "", NULL },	  { "/...", "/..." }, { "/.a", "/.a" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *got = pod_plain_path(&arena, cases[i][0]);

		if (!got != !cases[i][1] || (got && strcmp(got, cases[i][1]) != 0))
			fail_msg("'%s' is '%s'", cases[i][0], got ? got : "(null)");
	}
}

static void without_a_template_the_hooks_own_are_held_against_each_other(void **state)
{
	const struct pod_mount same[] = {
		{ .path = "/x/", .host = "/srv/a", .from = "one" },
		{ .path = "/x", .host = "/srv/a/", .from = "two" },
		{ .path = "/y", .fresh = "anon", .from = "two" },
	};
	const struct pod_mount other[] = {
		{ .path = "/x", .host = "/srv/a", .from = "one" },
		{ .path = "/x", .host = "/srv/a", .is_read_only = true, .from = "two" },
	};

	(void)state;
	assert_int_equal(merge(NULL, same, 3), 0);
	assert_int_equal(merged.n_mounts, 2);
	assert_string_equal(merged.mounts[0].path, "/x");
	assert_true(merge(NULL, other, 2) < 0);
	assert_non_null(strstr(err.what, "one") && strstr(err.what, "two"));
}

static void an_empty_directory_is_one_for_all_its_mounts(void **state)
{
	static const char text[] = "spec:\n"
				   "  volumes: [{name: a, emptyDir: {}}]\n"
				   "  containers:\n"
				   "  - name: $job\n"
				   "    volumeMounts:\n"
				   "    - {name: a, mountPath: /x}\n"
				   "    - {name: a, mountPath: /y, readOnly: true}\n";

	(void)state;
	assert_int_equal(merge(text, NULL, 0), 0);
	assert_int_equal(merged.n_mounts, 2);
	assert_string_equal(merged.mounts[0].fresh, "a");
	assert_string_equal(merged.mounts[1].fresh, "a");
	assert_true(!merged.mounts[0].is_read_only && merged.mounts[1].is_read_only);
}

static void too_many_are_an_error(void **state)
{
	char *text = arena_alloc(&arena, 1U << 18);
	size_t len = 0;

	(void)state;
	len += (size_t)sprintf(text, "spec:\n  volumes: [{name: a, emptyDir: {}}]\n"
				     "  containers:\n  - name: $job\n    volumeMounts:\n");
	for (int i = 0; i < POD_MAX_MOUNTS; i++)
		len += (size_t)sprintf(text + len, "    - {name: a, mountPath: /x%d}\n", i);
	assert_int_equal(merge(text, NULL, 0), 0);
	assert_int_equal(merged.n_mounts, POD_MAX_MOUNTS);
	(void)sprintf(text + len, "    - {name: a, mountPath: /more}\n");
	assert_true(merge(text, NULL, 0) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(paths_are_plain_or_none, before, after),
		cmocka_unit_test_setup_teardown(
			without_a_template_the_hooks_own_are_held_against_each_other, before,
			after),
		cmocka_unit_test_setup_teardown(an_empty_directory_is_one_for_all_its_mounts,
						before, after),
		cmocka_unit_test_setup_teardown(too_many_are_an_error, before, after),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
