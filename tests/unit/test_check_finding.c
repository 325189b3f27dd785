/* SPDX-License-Identifier: MIT */
/*
 * test_check_finding.c - the table of what croft check can say, the list of it, and how it is
 * printed.
 */
#include "check_of.h"

#include "check/parts.h"
#include "json_check.h"

static const struct spot here = { .file = "a.yaml", .line = 3 };

static int fresh(void **state)
{
	(void)state;
	findings_done(&found);
	findings_init(&found);
	return 0;
}

static void each_kind_has_a_word_a_text_and_a_weight(void **state)
{
	(void)state;
	for (int i = 0; i < FINDING_MAX; i++) {
		const struct kind *row = &finding_kinds[i];

		assert_non_null(row->name);
		assert_non_null(row->mend);
		assert_in_range(row->severity, 0, SEVERITY_MAX - 1);
		/* what is meant so in a built-in weighs no more than elsewhere */
		assert_true(row->builtin >= row->severity);
		for (const char *text = row->what; *text; text++)
			if (*text == '%')
				assert_non_null(strchr("pdo", text[1]));
		for (const char *text = row->mend; *text; text++)
			if (*text == '%')
				assert_non_null(strchr("pdow", text[1]));
		for (int k = 0; k < i; k++)
			if (k != FINDING_MOUNT || i != FINDING_MORE_MOUNTS)
				assert_string_not_equal(row->name, finding_kinds[k].name);
	}
}

static void the_same_is_said_once_of_one_place(void **state)
{
	const struct spot there = { .file = "a.yaml", .line = 4 };
	const struct words words = { .path = "/srv/x" }, other = { .path = "/srv/y" };

	(void)state;
	findings_add(&found, FINDING_MISSING, &here, "one", &words);
	findings_add(&found, FINDING_MISSING, &here, "two", &words);
	assert_int_equal(found.n, 1);
	assert_string_equal(found.items[0].profile, "one");
	findings_add(&found, FINDING_MISSING, &there, "two", &words);
	findings_add(&found, FINDING_MISSING, &here, "two", &other);
	assert_int_equal(found.n, 3);
	assert_int_equal(found.counts[SEVERITY_ERROR], 3);
}

static void a_built_in_profile_is_told_of_less(void **state)
{
	const struct spot builtin = { .file = "profile x", .line = 3, .is_builtin = true };
	const struct words words = { .path = "/srv/x" };

	(void)state;
	findings_add(&found, FINDING_SYMLINK, &builtin, "p", &words);
	assert_int_equal(found.n, 0);
	findings_add(&found, FINDING_WRITE_EXECUTE, &builtin, "p", &words);
	findings_add(&found, FINDING_WRITE_EXECUTE, &here, "p", &words);
	assert_int_equal(found.items[0].severity, SEVERITY_NOTE);
	assert_int_equal(found.items[1].severity, SEVERITY_WARNING);
	/* who asks about it is told more */
	found.is_own = true;
	findings_add(&found, FINDING_SYMLINK, &builtin, "p", &words);
	assert_int_equal(found.n, 3);
}

static void findings_stand_in_the_order_of_lines_the_file_itself_first(void **state)
{
	const struct spot spots[] = {
		{ .file = "b.yaml", .line = 1 },    { .file = "a.yaml", .line = 9 },
		{ .file = "profile x", .line = 2 }, { .file = "a.yaml", .line = 2 },
		{ .file = "a.yaml", .line = 2 },
	};
	static const char *const order[] = { "3", "4", "1", "0", "2" };
	char name[2] = "0";

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(spots); i++, name[0]++)
		findings_add(&found, FINDING_MISSING, &spots[i], "p",
			     &(struct words){ .path = name });
	findings_sort(&found, "a.yaml");
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		assert_non_null(strstr(found.items[i].what, order[i]));
}

static void more_than_anybody_reads_is_counted(void **state)
{
	char name[16];

	(void)state;
	for (int i = 0; i < FINDINGS_MAX + 7; i++) {
		(void)snprintf(name, sizeof(name), "/%d", i);
		findings_add(&found, FINDING_MISSING, &here, "p", &(struct words){ .path = name });
	}
	assert_int_equal(found.n, FINDINGS_MAX);
	assert_int_equal(found.n_left_out, 7);
	assert_int_equal(found.counts[SEVERITY_ERROR], FINDINGS_MAX + 7);
}

static void an_origin_is_a_file_and_a_line(void **state)
{
	static const struct {
		const char *origin, *file;
		unsigned line;
		bool is_builtin;
	} rows[] = {
		{ "./a.yaml:17", "./a.yaml", 17, false },
		{ "/srv/a:b.yaml:17", "/srv/a:b.yaml", 17, false },
		{ "profile default:5", "profile default", 5, true },
		{ "./profile x.yaml:5", "./profile x.yaml", 5, false },
		{ "--read", "--read", 0, false },
		{ "x:0", "x:0", 0, false },
		{ "x:99999999999", "x:99999999999", 0, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct spot spot = spot_of_origin(&found.arena, rows[i].origin);

		assert_string_equal(spot.file, rows[i].file);
		assert_int_equal(spot.line, rows[i].line);
		assert_int_equal(spot.is_builtin, rows[i].is_builtin);
	}
}

static const char *printed(bool names_profiles)
{
	static char text[2048];
	AUTO_BUF struct buf buf = BUF_INIT(sizeof(text) - 1);

	findings_print(&buf, &found, names_profiles);
	(void)snprintf(text, sizeof(text), "%s", buf_text(&buf));
	return text;
}

static void a_line_is_as_compilers_print_it(void **state)
{
	const struct spot exact = { .file = "a.yaml", .line = 3, .column = 11 },
			  none = { .file = "a.yaml" };

	(void)state;
	findings_add(&found, FINDING_MISSING, &exact, "p", &(struct words){ .path = "/srv/x" });
	assert_string_equal(printed(false),
			    "a.yaml:3:11: error: '/srv/x' does not exist (create it, or write "
			    "'optional:' before it if it may be missing)\n");
	fresh(NULL);
	findings_add(&found, FINDING_FILE, &none, "p",
		     &(struct words){ .detail = "wrong", .mend = "" });
	assert_string_equal(printed(true), "a.yaml: error: profile p: wrong\n");
	fresh(NULL);
	findings_add(&found, FINDING_FILE, &here, NULL,
		     &(struct words){ .detail = "wrong", .mend = "right it" });
	assert_string_equal(printed(true), "a.yaml:3: error: wrong (right it)\n");
}

/* A file's name must not forge a line or move the cursor. */
static void names_are_escaped_on_their_way_out(void **state)
{
	const struct spot odd = { .file = "a\n.yaml", .line = 3 };
	AUTO_BUF struct buf buf = BUF_INIT(4096);
	struct json json;

	(void)state;
	findings_add(&found, FINDING_OTHERS_WRITE, &odd, "p",
		     &(struct words){ .path = "/srv/x\n\033[2Jb:1: error: '%p' %s" });
	assert_string_equal(printed(true),
			    "a\\n.yaml:3: note: profile p: '/srv/x\\n\\e[2Jb:1: error: '%p' %s' is "
			    "granted for executing, and every user of this machine may write to it "
			    "(grant what is needed of it, or take the right away: chmod o-w "
			    "'/srv/x\\n\\e[2Jb:1: error: '\\''%p'\\'' %s')\n");
	json_init(&json, &buf);
	json_array_begin(&json);
	findings_print_json(&json, &found);
	json_array_end(&json);
	assert_null(strchr(buf_text(&buf), '\n'));
	assert_null(strchr(buf_text(&buf), '\033'));
	buf_putc(&buf, '\n');
	assert_true(json_is_valid(buf_text(&buf)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_has_a_word_a_text_and_a_weight),
		cmocka_unit_test_setup(the_same_is_said_once_of_one_place, fresh),
		cmocka_unit_test_setup(a_built_in_profile_is_told_of_less, fresh),
		cmocka_unit_test_setup(findings_stand_in_the_order_of_lines_the_file_itself_first,
				       fresh),
		cmocka_unit_test_setup(more_than_anybody_reads_is_counted, fresh),
		cmocka_unit_test_setup(an_origin_is_a_file_and_a_line, fresh),
		cmocka_unit_test_setup(a_line_is_as_compilers_print_it, fresh),
		cmocka_unit_test_setup(names_are_escaped_on_their_way_out, fresh),
	};
	int failed = cmocka_run_group_tests_name("check_finding", tests, NULL, NULL);

	findings_done(&found);
	return failed;
}
