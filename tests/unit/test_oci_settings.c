/* SPDX-License-Identifier: MIT */
/*
 * test_oci_settings.c - croft-oci's settings, and what a container may choose under them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/cleanup.h"
#include "oci/settings.h"

static int parse(struct settings *settings, const char *text, struct croft_error *err)
{
	return settings_parse(settings, "x.conf", text, strlen(text), err);
}

static void every_key_is_read(void **state)
{
	struct croft_error err = { 0 };
	struct settings s;

	(void)state;
	assert_int_equal(parse(&s,
			       "# head\n\n\t runtime=/usr/bin/crun \ncroft = /a b\n"
			       "profile = /etc/x.yaml\nchoose =  a\toff /b.yaml\n",
			       &err),
			 0);
	assert_string_equal(s.runtime, "/usr/bin/crun");
	assert_string_equal(s.croft, "/a b");
	assert_string_equal(s.profile, "/etc/x.yaml");
	assert_string_equal(s.choices, " a off /b.yaml ");
	assert_int_equal(parse(&s, "", &err), 0);
	assert_string_equal(s.runtime, "");
}

static void what_is_wrong_is_told_with_its_line(void **state)
{
	static const struct {
		const char *text, *what;
	} rows[] = {
		{ "\nx = 1", "x.conf:2: there is no key 'x'" },
		{ "runtime", "x.conf:1: 'key = value' was expected" },
		{ "runtime =", "x.conf:1: nothing behind 'runtime'" },
		{ "runtime = runc", "x.conf:1: an absolute path" },
		{ "croft = /a\ncroft = /b", "x.conf:2: given twice" },
		{ "profile = ../x", "x.conf:1: neither a profile's name" },
		{ "profile = off", "x.conf:1: no profile of all containers" },
		{ "choose = a b/c", "x.conf:1: neither a profile's name" },
		{ "choose = \t", "x.conf:1: nothing behind" },
		{ "profile = a\x7f", "x.conf:1: too long, or not of printable" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct croft_error err = { 0 };
		struct settings s;

		assert_true(parse(&s, rows[i].text, &err) < 0);
		if (strncmp(err.what, rows[i].what, strlen(rows[i].what)) != 0)
			print_error("%s\n", err.what);
		assert_memory_equal(err.what, rows[i].what, strlen(rows[i].what));
	}
}

static void a_line_or_a_list_has_an_end(void **state)
{
	struct croft_error err = { 0 };
	char text[3 * PATH_MAX];
	struct settings s;

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, "choose = /", 10);
	assert_true(settings_parse(&s, "x", text, PATH_MAX - 1, &err) == 0);
	assert_true(settings_parse(&s, "x", text, PATH_MAX, &err) < 0);
	assert_true(settings_parse(&s, "x", text, sizeof(text), &err) < 0);
}

static void a_container_chooses_among_what_is_listed(void **state)
{
	static const struct {
		const char *text, *wish, *profile; /* NULL: refused */
	} rows[] = {
		{ "", NULL, "container" },
		{ "", "system", "system" },
		{ "", "container", "container" },
		{ "", "off", NULL },
		{ "", "no-such", NULL },
		{ "", "/etc/x.yaml", NULL },
		{ "profile = mine", NULL, "mine" },
		{ "profile = mine", "mine", "mine" },
		{ "profile = mine", "container", NULL },
		{ "choose = off", "off", "off" },
		{ "choose = off", "system", NULL },
		{ "choose = a ab", "a", "a" },
		{ "choose = ab", "a", NULL },
		{ "choose = a b", "a b", NULL },
		{ "choose = a b", "", NULL },
		{ "choose = /x.yaml", "/x.yaml", "/x.yaml" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct croft_error err = { 0 };
		const char *profile = NULL;
		struct settings s;
		int r;

		assert_int_equal(parse(&s, rows[i].text, &err), 0);
		r = settings_profile(&s, rows[i].wish, &profile, &err);
		assert_int_equal(r == 0, rows[i].profile != NULL);
		if (r == 0)
			assert_string_equal(profile, rows[i].profile);
		else
			assert_true(*err.what && *err.hint);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_is_read),
		cmocka_unit_test(what_is_wrong_is_told_with_its_line),
		cmocka_unit_test(a_line_or_a_list_has_an_end),
		cmocka_unit_test(a_container_chooses_among_what_is_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
