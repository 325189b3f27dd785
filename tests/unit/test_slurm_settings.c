/* SPDX-License-Identifier: MIT */
/*
 * test_slurm_settings.c - plugstack.conf's words and the user's, together.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "slurm/settings.h"

#define MANY 4

/* Words of plugstack.conf, the user's (NULL: none), and the profile of both ("!": an error). */
static const struct {
	const char *words[MANY], *choice, *profile;
} rows[] = {
	{ { NULL }, NULL, NULL },
	{ { NULL }, "default", "default" },
	{ { NULL }, "off", NULL },
	{ { NULL }, "", "!" },
	{ { NULL }, "team.yaml", "/home/ada/team.yaml" },
	{ { NULL }, "./team.yml", "/home/ada/./team.yml" },
	{ { NULL }, "/srv/team.yaml:build", "/srv/team.yaml:build" },
	{ { "default=system" }, NULL, "system" },
	{ { "default=system" }, "off", NULL },
	{ { "default=system" }, "agent", "agent" },
	{ { "default=off" }, NULL, NULL },
	{ { "default=system", "enforce" }, NULL, "system" },
	{ { "enforce", "default=system" }, "system", "system" },
	{ { "default=system", "enforce" }, "off", "!" },
	{ { "default=system", "enforce" }, "agent", "!" },
	{ { "default=system", "enforce" }, "./system", "!" },
	{ { "default=/srv/a.yaml", "enforce" }, "/srv/a.yaml", "/srv/a.yaml" },
	{ { "default=/srv/a.yaml", "enforce" }, "/srv/b.yaml", "!" },
	{ { "enforce" }, NULL, "!" },
	{ { "default=off", "enforce" }, NULL, "!" },
	{ { "default=" }, NULL, "!" },
	{ { "default=a.yaml" }, NULL, "!" },
	{ { "default=./a" }, NULL, "!" },
	{ { "croft=croft" }, NULL, "!" },
	{ { "croft=/srv/croft" }, NULL, NULL },
	{ { "Enforce", "default=system" }, NULL, "!" },
	{ { "enforced", "default=system" }, NULL, "!" },
};

static void words_give_a_profile(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool is_error = rows[i].profile && !strcmp(rows[i].profile, "!");
		struct croft_error err = { 0 };
		struct settings settings;
		int argc = 0, r;

		while (argc < MANY && rows[i].words[argc])
			argc++;
		r = settings_parse(&settings, "/usr/bin/croft", argc,
				   (char *const *)(uintptr_t)rows[i].words, &err);
		if (r == 0 && rows[i].choice)
			r = settings_choose(&settings, rows[i].choice, "/home/ada", &err);
		if ((r < 0) != is_error)
			fail_msg("row %zu: %d", i, r);
		if (r < 0) {
			assert_string_not_equal(err.what, "");
			continue;
		}
		if (!rows[i].profile)
			assert_null(settings_profile(&settings));
		else
			assert_string_equal(settings_profile(&settings), rows[i].profile);
	}
}

static void the_launcher_is_plugstack_s_or_the_one_that_was_built_in(void **state)
{
	char word[] = "croft=/srv/croft", *words[] = { word, NULL };
	struct settings settings;

	(void)state;
	assert_int_equal(settings_parse(&settings, "/usr/bin/croft", 1, words, NULL), 0);
	assert_string_equal(settings.croft, "/srv/croft");
	assert_int_equal(settings_parse(&settings, "/usr/bin/croft", 0, words, NULL), 0);
	assert_string_equal(settings.croft, "/usr/bin/croft");
}

static void a_node_has_no_directory_for_a_relative_file(void **state)
{
	struct settings settings;

	(void)state;
	assert_int_equal(settings_parse(&settings, "/usr/bin/croft", 0, NULL, NULL), 0);
	assert_int_equal(settings_choose(&settings, "a.yaml", NULL, NULL), -EINVAL);
	assert_null(settings_profile(&settings));
}

static void a_name_that_does_not_fit_is_an_error(void **state)
{
	char word[PATH_MAX + 2];
	struct settings settings;

	(void)state;
	memset(word, 'a', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	assert_int_equal(settings_parse(&settings, "/usr/bin/croft", 0, NULL, NULL), 0);
	assert_int_equal(settings_choose(&settings, word, "/home/ada", NULL), -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_give_a_profile),
		cmocka_unit_test(the_launcher_is_plugstack_s_or_the_one_that_was_built_in),
		cmocka_unit_test(a_node_has_no_directory_for_a_relative_file),
		cmocka_unit_test(a_name_that_does_not_fit_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
