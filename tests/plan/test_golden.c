/* SPDX-License-Identifier: MIT */
/*
 * test_golden.c - profile, recorded host and recorded paths give exactly the plan that stands in
 * the case file.
 *
 *   plan-test_golden             compares every file of tests/plan/cases (form: cases.h)
 *   plan-test_golden --update    writes what comes out into the files, to be read before it is
 *                                believed: a golden file is a claim, not a recording
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>

#include "case_plan.h"
#include "profile/schema.h"

#define MAX_CASES 256
#define MAX_SHOWN 4 /* lines that differ; the first is mostly enough */

static struct CMUnitTest tests[MAX_CASES];

static size_t line_length(const char *text)
{
	return strcspn(text, "\n");
}

static const char *next_line(const char *text)
{
	text += line_length(text);
	return *text ? text + 1 : text;
}

/* Tells the first lines that differ, one pair after the other. */
static void show_difference(const char *expected, const char *got)
{
	unsigned shown = 0;

	for (unsigned number = 1; (*expected || *got) && shown < MAX_SHOWN; number++) {
		size_t n = line_length(expected), m = line_length(got);

		if (n != m || strncmp(expected, got, n) != 0) {
			print_error("line %u of the plan:\n  expected: %.*s\n  got:      %.*s\n",
				    number, (int)n, expected, (int)m, got);
			shown++;
		}
		expected = next_line(expected);
		got = next_line(got);
	}
}

static void matches(void **state)
{
	const char *name = *state;
	struct plan_case *c = case_load(name);
	AUTO_BUF struct buf got = BUF_INIT(CASE_MAX_BYTES);
	bool is_same;

	case_print(c, &got);
	assert_int_equal(buf_error(&got), 0);
	is_same = !strcmp(c->expected, buf_text(&got));
	if (!is_same)
		show_difference(c->expected, buf_text(&got));
	case_free(c);
	if (!is_same)
		fail_msg("%s does not give the plan that stands in it", name);
}

/* A key that is documented and planned from nowhere would be a promise without a proof. */
static void each_key_of_a_profile_has_a_case_on_three_hosts(void **state)
{
	(void)state;
	for (size_t i = 0; i < KEY_MAX; i++) {
		char name[128];
		struct plan_case *c;

		if (schema_keys[i].type == SCHEMA_MAP &&
		    strcmp(schema_keys[i].path, "syscalls") != 0)
			continue;
		(void)snprintf(name, sizeof(name), "cases/key-%s.case", schema_keys[i].path);
		c = case_load(name);
		if (c->n_hosts < 3 || !c->file.len)
			fail_msg("%s: no profile file, or not three hosts", name);
		case_free(c);
	}
}

/* Appends a plan without what tells of the host: its line, and the name of the section. */
static void add_without_host(struct buf *buf, const char *text, size_t len)
{
	for (const char *end = text + len; text < end; text = next_line(text))
		if (strncmp(text, "Host: ", 6) != 0 && strncmp(text, "=== ", 4) != 0)
			buf_add(buf, text, line_length(text) + 1);
}

static void a_pinned_profile_gives_the_same_plan_on_every_newer_kernel(void **state)
{
	struct plan_case *c = case_load("cases/key-abi.case");
	AUTO_BUF struct buf all = BUF_INIT(CASE_MAX_BYTES), first = BUF_INIT(CASE_MAX_BYTES);
	size_t n = 0;

	(void)state;
	case_print(c, &all);
	for (const char *section = buf_text(&all); section;) {
		const char *next = strstr(section + 1, "\n=== ");
		AUTO_BUF struct buf plan = BUF_INIT(CASE_MAX_BYTES);

		add_without_host(&plan, section, next ? (size_t)(next - section) : strlen(section));
		if (n++ == 0)
			add_without_host(&first, section, (size_t)(next - section));
		assert_string_equal(buf_text(&plan), buf_text(&first));
		assert_non_null(
			strstr(buf_text(&plan), "Landlock: ABI 6, where the profile pins it"));
		section = next ? next + 1 : NULL;
	}
	assert_int_equal(n, 3);
	case_free(c);
}

static void update(const char *name)
{
	struct plan_case *c = case_load(name);
	char *text = case_read_file(name);
	char *rule = strstr(text, "\n" CASE_RULE);
	AUTO_BUF struct buf out = BUF_INIT(CASE_MAX_BYTES);
	char path[1024];
	FILE *file;

	buf_add(&out, text, rule ? (size_t)(rule + 1 - text) : strlen(text));
	buf_puts(&out, CASE_RULE);
	case_print(c, &out);
	if (rule && !strcmp(buf_text(&out), text)) {
		case_free(c);
		free(text);
		return;
	}
	case_path(path, sizeof(path), name);
	file = fopen(path, "wb");
	case_require(file && fwrite(buf_text(&out), 1, out.len, file) == out.len &&
			     fclose(file) == 0,
		     "%s: cannot be written", path);
	(void)printf("updated %s\n", path);
	case_free(c);
	free(text);
}

static int is_case(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && !strcmp(dot, ".case");
}

/* The name that the test is told by: the file's, and its sentence. */
static char *name_of(const char *file)
{
	struct plan_case *c = case_load(file);
	char *name = malloc(1024);

	case_require(name, "no memory");
	(void)snprintf(name, 1024, "%s: %s", file + strlen("cases/"), c->sentence);
	case_free(c);
	return name;
}

int main(int argc, char **argv)
{
	bool is_update = argc == 2 && !strcmp(argv[1], "--update");
	struct dirent **entries = NULL;
	char path[1024];
	int n, failed = 0;

	case_path(path, sizeof(path), "cases");
	n = scandir(path, &entries, is_case, alphasort);
	case_require(n > 0 && n <= MAX_CASES, "%s: no cases, or more than %d", path, MAX_CASES);
	for (int i = 0; i < n; i++) {
		char *file = malloc(300);

		case_require(file, "no memory");
		(void)snprintf(file, 300, "cases/%s", entries[i]->d_name);
		free(entries[i]);
		tests[i] = (struct CMUnitTest){ .test_func = matches, .initial_state = file };
		if (is_update)
			update(file);
		else
			tests[i].name = name_of(file);
	}
	free(entries);
	if (!is_update) {
		const struct CMUnitTest more[] = {
			cmocka_unit_test(each_key_of_a_profile_has_a_case_on_three_hosts),
			cmocka_unit_test(
				a_pinned_profile_gives_the_same_plan_on_every_newer_kernel),
		};

		failed = _cmocka_run_group_tests("golden", tests, (size_t)n, NULL, NULL);
		failed += cmocka_run_group_tests_name("all cases", more, NULL, NULL);
	}
	for (int i = 0; i < n; i++) {
		free((char *)(uintptr_t)tests[i].name);
		free(tests[i].initial_state);
	}
	return failed;
}
