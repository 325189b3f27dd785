/* SPDX-License-Identifier: MIT */
/*
 * test_git_config.c - git's settings and pointers as text: what git finds in them, and what an
 * enemy writes.
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
#include "host/git_config.h"

static char found[16384];

static int note(void *context, const struct git_config_item *item)
{
	size_t len = strlen(found);

	(void)context;
	(void)snprintf(found + len, sizeof(found) - len, "%s%s%s%s.%s=%s", len ? "|" : "",
		       item->section, *item->subsection ? ":" : "", item->subsection, item->key,
		       item->value);
	return 0;
}

static const char *read_all(const char *text, size_t len)
{
	found[0] = '\0';
	assert_int_equal(git_config_read(text, len, note, NULL), 0);
	return found;
}

static void settings_are_read_as_git_reads_them(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "", "" },
		{ "[core]\n\thooksPath = hooks\n", "core.hookspath=hooks" },
		{ "[CORE] HooksPath=a b  # c\n", "core.hookspath=a b" },
		{ "[core]\nhookspath=a;b\n", "core.hookspath=a" },
		{ "[a \"B c\"]\nk=1\nl = 2\n", "a:B c.k=1|a:B c.l=2" },
		{ "[a.B]\nk=1\n", "a:b.k=1" },
		{ "[a \"x\\\"y\\\\z\"]k=v\n", "a:x\"y\\z.k=v" },
		{ "[a]\nk = \" v # \"x # c\n", "a.k= v # x" },
		{ "[a]\nk = one \\\n  two\n", "a.k=one   two" },
		{ "[a]\r\nk = v\r\nl=w\r\n", "a.k=v|a.l=w" },
		{ "[a]\nk = a\\tb\\\\c\\\"d\\n\n", "a.k=a\tb\\c\"d\n" },
		{ "[a]\nk\nl =\n", "a.k=|a.l=" },
		{ "\xef\xbb\xbf[a]\nk=v", "a.k=v" },
		{ "# x\n; y\n[a]\n  k = v", "a.k=v" },
		/* two sections: the second has no subsection */
		{ "[a \"b\"]\nk=1\n[a]\nk=2\n", "a:b.k=1|a.k=2" },
		{ "[includeIf \"gitdir:~/x/\"]\n path = ~/y\n", "includeif:gitdir:~/x/.path=~/y" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(read_all(cases[i].text, strlen(cases[i].text)), cases[i].want);
}

static void what_git_would_refuse_hides_nothing_behind_it(void **state)
{
	static const char *const odd[] = {
		"[core\nx = y\n", "[core \"x\n", "]\n",  "=\n",  "!!\n",
		"[]\n",           "[a \"\\",     "\\\n", "\"\n",
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		(void)snprintf(text, sizeof(text), "%s\n[core]\nhooksPath = h\n", odd[i]);
		assert_non_null(strstr(read_all(text, strlen(text)), "core.hookspath=h"));
	}
}

static void a_value_or_name_that_is_too_long_is_none_and_the_next_is_read(void **state)
{
	static char text[3 * GIT_CONFIG_VALUE_MAX];
	size_t len = 0;

	(void)state;
	memcpy(text, "[a]\nk = ", 8);
	memset(text + 8, 'x', GIT_CONFIG_VALUE_MAX);
	len = 8 + GIT_CONFIG_VALUE_MAX;
	memcpy(text + len, "\nl = v\n", 7);
	assert_string_equal(read_all(text, len + 7), "a.k=|a.l=v");
	/* one byte less fits */
	memmove(text + len - 1, "\nl = v\n", 7);
	assert_non_null(strstr(read_all(text, len + 6), "xxx|a.l=v"));
	memset(text, 'k', GIT_CONFIG_NAME_MAX + 1);
	memcpy(text + GIT_CONFIG_NAME_MAX + 1, "=v\nl=w", 6);
	assert_string_equal(read_all(text, GIT_CONFIG_NAME_MAX + 7), ".=v|.l=w");
}

static int stop(void *context, const struct git_config_item *item)
{
	(void)item;
	return --*(int *)context == 0 ? -EBADMSG : 0;
}

static void the_caller_can_end_it(void **state)
{
	static const char text[] = "[a]\nk=1\nl=2\nm=3\n";
	int left = 2;

	(void)state;
	assert_int_equal(git_config_read(text, strlen(text), stop, &left), -EBADMSG);
	assert_int_equal(left, 0);
}

static void a_pointer_is_the_path_without_the_line_ends(void **state)
{
	static const struct {
		const char *text, *prefix, *want; /* want NULL: none */
	} cases[] = {
		{ "gitdir: ../x\n", "gitdir: ", "../x" },
		{ "gitdir: /srv/a b\r\n\n", "gitdir: ", "/srv/a b" },
		{ "gitdir:x\n", "gitdir: ", NULL },
		{ "gitdir: \n", "gitdir: ", NULL },
		{ "gitdir", "gitdir: ", NULL },
		{ "", "gitdir: ", NULL },
		{ "", "", NULL },
		{ "../..\n", "", "../.." },
		{ " x \n", "", " x " },
	};
	size_t len;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *path = git_pointer_read(cases[i].text, strlen(cases[i].text),
						    cases[i].prefix, &len);

		if (!cases[i].want) {
			assert_null(path);
			continue;
		}
		assert_int_equal(len, strlen(cases[i].want));
		assert_memory_equal(path, cases[i].want, len);
	}
	/* a NUL ends it, as it does for git */
	assert_non_null(git_pointer_read("gitdir: a\0b", 11, "gitdir: ", &len));
	assert_int_equal(len, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings_are_read_as_git_reads_them),
		cmocka_unit_test(what_git_would_refuse_hides_nothing_behind_it),
		cmocka_unit_test(a_value_or_name_that_is_too_long_is_none_and_the_next_is_read),
		cmocka_unit_test(the_caller_can_end_it),
		cmocka_unit_test(a_pointer_is_the_path_without_the_line_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
