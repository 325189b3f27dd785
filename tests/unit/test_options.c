/* SPDX-License-Identifier: MIT */
/*
 * test_options.c - which words are croft's, which are the command's, and what is said of a wrong
 * one.
 */
#include "ground.h"

#include <fcntl.h>

#include "base/cleanup.h"
#include "cli/options.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define MAX_WORDS 8
#define ALL_COMMANDS                                                                          \
	CMD_GLOBAL, CMD_RUN, CMD_PLAN, CMD_WHY, CMD_DEPS, CMD_CHECK, CMD_PROFILE,             \
		CMD_PROFILE_LIST, CMD_PROFILE_SHOW, CMD_PROFILE_NEW, CMD_PROFILE_SCHEMA,      \
		CMD_PROFILE_TRUST, CMD_PROFILE_IMPORT, CMD_PROFILE_EXPORT, CMD_SESSION,       \
		CMD_SESSION_START, CMD_SESSION_LIST, CMD_SESSION_STOP, CMD_DOCTOR, CMD_IMAGE, \
		CMD_IMAGE_CHECK, CMD_IMAGE_UNPACK, CMD_GHA_HOOK, CMD_NIX_BUILDER, CMD_NIX_DRV

struct row {
	enum option_command command;
	const char *argv[MAX_WORDS]; /* from the first option on; ends at NULL */
	int next; /* how many of them are options */
	struct {
		int id;
		const char *value;
	} want[4]; /* ends at id -1 */
};

static int parse(const struct row *row, struct option_list *list, struct croft_error *err)
{
	char *argv[MAX_WORDS + 2] = { (char *)(uintptr_t) "croft", (char *)(uintptr_t) "run" };
	int argc = 2;

	for (; row->argv[argc - 2]; argc++)
		argv[argc] = (char *)(uintptr_t)row->argv[argc - 2];
	return options_parse(row->command, argc, argv, 2, list, err);
}

#define END              \
	{                \
		-1, NULL \
	}

static void each_form_of_an_option_is_read(void **state)
{
	static const struct row rows[] = {
		{ CMD_RUN, { NULL }, 0, { END } },
		{ CMD_RUN, { "make", NULL }, 0, { END } },
		{ CMD_RUN, { "--read", "/usr", "make", NULL }, 2, { { OPT_READ, "/usr" }, END } },
		{ CMD_RUN, { "--read=/usr", "make", NULL }, 1, { { OPT_READ, "/usr" }, END } },
		{ CMD_RUN, { "--read=", NULL }, 1, { { OPT_READ, "" }, END } },
		{ CMD_RUN, { "--read", "", NULL }, 2, { { OPT_READ, "" }, END } },
		/* the first "=" ends the name, the others are the value's */
		{ CMD_RUN, { "--env=A=b=c", NULL }, 1, { { OPT_ENV, "A=b=c" }, END } },
		{ CMD_RUN, { "--env", "A=b", NULL }, 2, { { OPT_ENV, "A=b" }, END } },
		/* a value is taken as it is, whatever it looks like */
		{ CMD_RUN, { "--read", "--write", NULL }, 2, { { OPT_READ, "--write" }, END } },
		{ CMD_RUN, { "--read", "--", NULL }, 2, { { OPT_READ, "--" }, END } },
		{ CMD_RUN, { "--read", "/a,/b", NULL }, 2, { { OPT_READ, "/a,/b" }, END } },
		{ CMD_RUN,
		  { "--read", "/a", "--read=/b", "--env-all", "x", NULL },
		  4,
		  { { OPT_READ, "/a" }, { OPT_READ, "/b" }, { OPT_ENV_ALL, NULL }, END } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct option_list list;
		struct croft_error err;
		size_t n = 0;

		if (parse(&rows[i], &list, &err) < 0)
			fail_msg("row %zu: %s", i, err.what);
		assert_int_equal(list.next, rows[i].next + 2);
		for (; rows[i].want[n].id >= 0; n++) {
			assert_true(n < list.n);
			assert_int_equal(list.words[n].id, rows[i].want[n].id);
			if (rows[i].want[n].value)
				assert_string_equal(list.words[n].value, rows[i].want[n].value);
			else
				assert_null(list.words[n].value);
		}
		assert_int_equal(list.n, n);
		options_done(&list);
		assert_null(list.words);
		options_done(&list);
	}
}

static void what_follows_the_command_is_never_crofts(void **state)
{
	static const struct row rows[] = {
		{ CMD_RUN, { "make", "--read", "/usr", NULL }, 0, { END } },
		{ CMD_RUN, { "make", "--no-such-option", NULL }, 0, { END } },
		{ CMD_RUN, { "--", "--read", "/usr", NULL }, 1, { END } },
		{ CMD_RUN, { "--env-all", "--", "--", NULL }, 2, { { OPT_ENV_ALL, NULL }, END } },
		{ CMD_RUN, { "--", NULL }, 1, { END } },
		/* a dash alone is a word */
		{ CMD_RUN, { "-", "--read", NULL }, 0, { END } },
		{ CMD_RUN, { "", "--read", NULL }, 0, { END } },
		{ CMD_RUN,
		  { "--env-all", "x", "--env-all", NULL },
		  1,
		  { { OPT_ENV_ALL, 0 }, END } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct option_list list;

		assert_int_equal(parse(&rows[i], &list, NULL), 0);
		assert_int_equal(list.next, rows[i].next + 2);
		assert_int_equal(list.n, rows[i].want[0].id < 0 ? 0 : 1);
		options_done(&list);
	}
}

static void a_word_in_brackets_may_be_left_out(void **state)
{
	static const struct row rows[] = {
		{ CMD_RUN, { "--help", NULL }, 1, { { OPT_HELP, NULL }, END } },
		{ CMD_RUN, { "--help", "all", NULL }, 2, { { OPT_HELP, "all" }, END } },
		{ CMD_RUN, { "--help=all", NULL }, 1, { { OPT_HELP, "all" }, END } },
		/* any other word is the command's */
		{ CMD_RUN, { "--help", "al", NULL }, 1, { { OPT_HELP, NULL }, END } },
		{ CMD_RUN, { "--help", "alls", NULL }, 1, { { OPT_HELP, NULL }, END } },
		{ CMD_RUN, { "--help", "[all]", NULL }, 1, { { OPT_HELP, NULL }, END } },
		{ CMD_RUN, { "--help", "--env-all", NULL }, 2, { { OPT_HELP, NULL }, END } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct option_list list;

		assert_int_equal(parse(&rows[i], &list, NULL), 0);
		assert_int_equal(list.next, rows[i].next + 2);
		assert_int_equal(list.words[0].id, OPT_HELP);
		if (rows[i].want[0].value)
			assert_string_equal(list.words[0].value, rows[i].want[0].value);
		else
			assert_null(list.words[0].value);
		options_done(&list);
	}
}

static void a_wrong_word_is_named_with_what_would_be_right(void **state)
{
	static const struct {
		struct row row;
		const char *what, *hint;
	} rows[] = {
		{ { CMD_RUN, { "--raed", "/usr", NULL }, 0, { END } }, "'--raed'", "--read?" },
		{ { CMD_RUN, { "--rea=/usr", NULL }, 0, { END } }, "'--rea'", "--read?" },
		{ { CMD_RUN, { "--READ", "/usr", NULL }, 0, { END } }, "'--READ'", "" },
		{ { CMD_RUN, { "--bogus", NULL }, 0, { END } }, "'--bogus'", "croft run --help" },
		{ { CMD_RUN, { "---", NULL }, 0, { END } }, "'---'", "" },
		{ { CMD_RUN, { "--=x", NULL }, 0, { END } }, "'--'", "" },
		{ { CMD_RUN, { "-x", NULL }, 0, { END } }, "'-x'", "croft run --help" },
		{ { CMD_RUN, { "-read", NULL }, 0, { END } }, "'-read'", "" },
		{ { CMD_RUN, { "--read", NULL }, 0, { END } },
		  "needs a value: PATH",
		  "croft run --help" },
		{ { CMD_RUN, { "--env-all=1", NULL }, 0, { END } }, "takes no value", "" },
		{ { CMD_RUN, { "--env-all=", NULL }, 0, { END } }, "takes no value", "" },
		{ { CMD_RUN, { "--help=some", NULL }, 0, { END } }, "[all] or nothing", "" },
		{ { CMD_RUN, { "--chdir", "/", "--chdir=/usr", NULL }, 0, { END } },
		  "given twice",
		  "" },
		{ { CMD_RUN, { "--env-all", "--env-all", NULL }, 0, { END } }, "given twice", "" },
		/* another command's option */
		{ { CMD_PLAN, { "--dry-run", NULL }, 0, { END } }, "'--dry-run'", "" },
		{ { CMD_WHY, { "--status-fd", "3", NULL }, 0, { END } }, "'--status-fd'", "" },
		{ { CMD_GLOBAL, { "--read", "/", NULL }, 0, { END } }, "'--read'", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct option_list list = { .n = 77 };
		struct croft_error err = { 0 };

		assert_int_equal(parse(&rows[i].row, &list, &err), -EINVAL);
		assert_int_equal(list.n, 77);
		assert_int_equal(err.stage, CROFT_STAGE_USAGE);
		if (!strstr(err.what, rows[i].what) || !strstr(err.hint, rows[i].hint))
			fail_msg("row %zu: '%s' ('%s')", i, err.what, err.hint);
		assert_int_equal(parse(&rows[i].row, &list, NULL), -EINVAL);
	}
}

static void the_last_value_given_is_the_one(void **state)
{
	const struct row row = {
		CMD_RUN, { "--read", "/a", "--read", "/b", "--env-all", NULL }, 5, { END }
	};
	struct option_list list;

	(void)state;
	assert_int_equal(parse(&row, &list, NULL), 0);
	assert_string_equal(options_value(&list, OPT_READ, "none"), "/b");
	assert_string_equal(options_value(&list, OPT_WRITE, "none"), "none");
	assert_null(options_value(&list, OPT_ENV_ALL, "none"));
	assert_true(options_has(&list, OPT_ENV_ALL));
	assert_false(options_has(&list, OPT_WRITE));
	options_done(&list);
	assert_false(options_has(&list, OPT_ENV_ALL));
}

static void every_option_can_be_given_by_its_own_name(void **state)
{
	static const enum option_command commands[] = { ALL_COMMANDS };
	AUTO_FD int empty = sys_openat(AT_FDCWD, "/dev/null", O_RDONLY, 0);
	char nothing[16];

	(void)state;
	(void)snprintf(nothing, sizeof(nothing), "%d", empty);
	for (int id = 0; id < OPT_MAX; id++) {
		const char *origin = option_origin((enum option_id)id);
		/* that one is read at once: of the others any word is taken */
		const char *value = id == OPT_OPTIONS_FD ? nothing : "all";
		int n_taken = 0;

		assert_string_equal(origin + 2, option_name((enum option_id)id));
		for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
			const struct row plain = { commands[i], { origin, NULL }, 0, { END } };
			const struct row valued = {
				commands[i], { origin, value, NULL }, 0, { END }
			};
			struct option_list list;

			if (parse(&plain, &list, NULL) < 0 && parse(&valued, &list, NULL) < 0)
				continue;
			n_taken++;
			assert_int_equal(list.n, 1);
			assert_int_equal(list.words[0].id, id);
			options_done(&list);
		}
		assert_true(n_taken > 0);
	}
}

static void a_verb_is_found_behind_its_command_and_nowhere_else(void **state)
{
	enum option_command command = CMD_GLOBAL;
	struct croft_error err = { 0 };

	(void)state;
	assert_int_equal(options_verb(CMD_PROFILE, "list", &command, &err), 0);
	assert_int_equal(command, CMD_PROFILE_LIST);
	assert_int_equal(options_verb(CMD_PROFILE, "export", &command, &err), 0);
	assert_int_equal(command, CMD_PROFILE_EXPORT);
	assert_true(options_verb(CMD_PROFILE, "exprot", &command, &err) < 0);
	assert_string_equal(err.hint, "did you mean 'export'?");
	assert_true(options_verb(CMD_PROFILE, "run", &command, &err) < 0);
	assert_string_equal(err.hint, "see croft profile --help");
	assert_true(options_verb(CMD_PROFILE, "profile list", &command, &err) < 0);
	assert_true(options_verb(CMD_PROFILE, NULL, &command, &err) < 0);
	assert_string_equal(err.what, "croft profile needs one of list, show, new, schema, trust, "
				      "import, export");
	assert_true(options_verb(CMD_RUN, "list", &command, &err) < 0);
	assert_int_equal(command, CMD_PROFILE_EXPORT);
}

static void help_names_every_option_of_its_command(void **state)
{
	static const enum option_command commands[] = { ALL_COMMANDS };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		struct buf brief = BUF_INIT(1U << 20), full = BUF_INIT(1U << 20);

		options_help(&brief, commands[i], false);
		options_help(&full, commands[i], true);
		assert_int_equal(buf_error(&brief), 0);
		assert_int_equal(buf_error(&full), 0);
		assert_true(full.len > brief.len);
		assert_int_equal(strncmp(buf_text(&brief), "usage: croft ", 13), 0);
		for (int id = 0; id < OPT_MAX; id++) {
			const char *origin = option_origin((enum option_id)id);
			const struct row row = { commands[i], { origin, "all", NULL }, 0, { END } };
			struct option_list list;

			if (parse(&row, &list, NULL) < 0)
				continue;
			options_done(&list);
			assert_non_null(strstr(buf_text(&brief), origin));
			assert_non_null(strstr(buf_text(&full), origin));
		}
		buf_done(&brief);
		buf_done(&full);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_form_of_an_option_is_read),
		cmocka_unit_test(what_follows_the_command_is_never_crofts),
		cmocka_unit_test(a_word_in_brackets_may_be_left_out),
		cmocka_unit_test(a_wrong_word_is_named_with_what_would_be_right),
		cmocka_unit_test(the_last_value_given_is_the_one),
		cmocka_unit_test(every_option_can_be_given_by_its_own_name),
		cmocka_unit_test(a_verb_is_found_behind_its_command_and_nowhere_else),
		cmocka_unit_test(help_names_every_option_of_its_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
