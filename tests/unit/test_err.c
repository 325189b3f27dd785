/* SPDX-License-Identifier: MIT */
/* test_err.c - failures are described once, cut to size, and named without locale. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"

static void fail_fills_the_error_and_returns_the_negative_errno(void **state)
{
	struct croft_error err = { .hint = "old" };

	(void)state;
	assert_int_equal((fail)(&err, CROFT_STAGE_LANDLOCK, ENOENT, "open '%s'", "/x"), -ENOENT);
	assert_int_equal(err.stage, CROFT_STAGE_LANDLOCK);
	assert_int_equal(err.errnum, ENOENT);
	assert_string_equal(err.what, "open '/x'");
	assert_string_equal(err.hint, "");
}

static void fail_without_an_errno_returns_einval_and_keeps_zero(void **state)
{
	struct croft_error err;

	(void)state;
	assert_int_equal((fail)(&err, CROFT_STAGE_USAGE, 0, "no command"), -EINVAL);
	assert_int_equal(err.errnum, 0);
}

static void a_null_error_is_allowed(void **state)
{
	(void)state;
	assert_int_equal((fail)(NULL, CROFT_STAGE_EXEC, EACCES, "%d", 1), -EACCES);
	fail_hint(NULL, "%d", 1);
}

static void long_texts_are_cut_and_terminated(void **state)
{
	struct croft_error err;
	char text[1000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal((fail)(&err, CROFT_STAGE_PLAN, EPERM, "%s", text), -EPERM);
	assert_int_equal(strlen(err.what), CROFT_WHAT_SIZE - 1);
	fail_hint(&err, "%s", text);
	assert_int_equal(strlen(err.hint), CROFT_HINT_SIZE - 1);
	assert_int_equal(err.errnum, EPERM);
}

static void every_stage_has_its_own_name(void **state)
{
	(void)state;
	for (int i = 0; i < CROFT_STAGE_MAX; i++) {
		assert_string_not_equal(stage_name((enum croft_stage)i), "unknown");
		for (int j = 0; j < i; j++)
			assert_string_not_equal(stage_name((enum croft_stage)i),
						stage_name((enum croft_stage)j));
	}
	assert_string_equal(stage_name(CROFT_STAGE_LANDLOCK), "landlock");
	assert_string_equal(stage_name(CROFT_STAGE_MAX), "unknown");
	assert_string_equal(stage_name((enum croft_stage) - 1), "unknown");
}

static void errnos_have_name_and_text(void **state)
{
	static const struct {
		int errnum;
		const char *name;
		const char *text;
	} cases[] = {
		{ ENOENT, "ENOENT", "No such file or directory" },
		{ EACCES, "EACCES", "Permission denied" },
		{ EOPNOTSUPP, "EOPNOTSUPP", "Operation not supported" },
		{ ENOSYS, "ENOSYS", "Function not implemented" },
		{ EAGAIN, "EAGAIN", "Resource temporarily unavailable" },
		{ EBADFD, "EBADFD", "File descriptor in bad state" },
		{ 0, NULL, "unknown error" },
		{ -ENOENT, NULL, "unknown error" },
		{ 4095, NULL, "unknown error" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *name = errno_name(cases[i].errnum);

		assert_int_equal(name == NULL, cases[i].name == NULL);
		if (name)
			assert_string_equal(name, cases[i].name);
		assert_string_equal(errno_text(cases[i].errnum), cases[i].text);
	}
}

#ifdef __GLIBC__
static void names_and_texts_are_those_of_the_c_library(void **state)
{
	(void)state;
	for (int e = 1; e < 140; e++) {
		if (!errno_name(e))
			continue;
		assert_string_equal(errno_name(e), strerrorname_np(e));
		assert_string_equal(errno_text(e), strerrordesc_np(e));
	}
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fail_fills_the_error_and_returns_the_negative_errno),
		cmocka_unit_test(fail_without_an_errno_returns_einval_and_keeps_zero),
		cmocka_unit_test(a_null_error_is_allowed),
		cmocka_unit_test(long_texts_are_cut_and_terminated),
		cmocka_unit_test(every_stage_has_its_own_name),
		cmocka_unit_test(errnos_have_name_and_text),
#ifdef __GLIBC__
		cmocka_unit_test(names_and_texts_are_those_of_the_c_library),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
