/* SPDX-License-Identifier: MIT */
/*
 * test_observe.c - a set of observations: what is added is found, bounded and escaped; what is
 * saved is read back as it was; and what nobody has saved is refused with its place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "doctor/observe.h"

static struct observations set, again;

static int setup(void **state)
{
	(void)state;
	observations_init(&set);
	observations_init(&again);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	observations_done(&set);
	observations_done(&again);
	return 0;
}

static void add(enum obs id, const char *subject, const char *text)
{
	assert_int_equal(observations_add(&set, &(struct observation){ .id = id,
								       .outcome = OBS_YES,
								       .value = OBS_NO_VALUE,
								       .subject = subject,
								       .text = text }),
			 0);
}

static void every_kind_has_a_word_of_its_own(void **state)
{
	(void)state;
	for (int i = 0; i < OBS_N; i++)
		assert_int_equal(names_find(obs_names, OBS_N, obs_names[i].name), i);
	for (int i = 0; i < OBS_OUTCOME_MAX; i++)
		assert_non_null(obs_outcome_names[i].name);
}

static void what_was_not_recorded_was_not_asked(void **state)
{
	const struct observation *found = observed(&set, OBS_PLACE);

	(void)state;
	assert_int_equal(found->outcome, OBS_NOT_ASKED);
	assert_int_equal(found->value, OBS_NO_VALUE);
	assert_string_equal(found->text, "");
	assert_null(observed_next(&set, OBS_PLACE, NULL));
	assert_false(was_seen(&set, OBS_PLACE));
}

static void records_are_found_by_kind_in_their_order_and_by_subject(void **state)
{
	const struct observation *first, *second;

	(void)state;
	add(OBS_HOST, NULL, "6.1");
	add(OBS_PLACE, "docker", "one");
	add(OBS_PLACE, "vm", "two");
	first = observed(&set, OBS_PLACE);
	assert_string_equal(first->subject, "docker");
	second = observed_next(&set, OBS_PLACE, first);
	assert_string_equal(second->text, "two");
	assert_null(observed_next(&set, OBS_PLACE, second));
	assert_ptr_equal(observed_of(&set, OBS_PLACE, "vm"), second);
	assert_int_equal(observed_of(&set, OBS_PLACE, "lxc")->outcome, OBS_NOT_ASKED);
	assert_true(was_seen(&set, OBS_PLACE));
}

static void texts_are_escaped_and_cut_between_characters(void **state)
{
	char longer[OBS_TEXT_MAX + 100];
	const char *text;

	(void)state;
	add(OBS_PLACE, "a\x1b[2Jb\nc", "\xff and \xef\xbb\xbf");
	assert_string_equal(observed(&set, OBS_PLACE)->subject, "a\\e[2Jb\\nc");
	assert_string_equal(observed(&set, OBS_PLACE)->text, "\\xff and \\xef\\xbb\\xbf");
	/* two bytes each, and the limit falls into the middle of one */
	longer[0] = 'x';
	for (size_t i = 1; i + 1 < sizeof(longer); i += 2)
		memcpy(longer + i, "\xc3\xa9", 2);
	longer[sizeof(longer) - 1] = '\0';
	add(OBS_HOST, NULL, longer);
	text = observed(&set, OBS_HOST)->text;
	assert_int_equal(strlen(text), OBS_TEXT_MAX - 1);
	assert_memory_equal(text + OBS_TEXT_MAX - 3, "\xc3\xa9", 3);
}

static void a_set_takes_no_more_than_can_be_read_back(void **state)
{
	static char text[OBS_TEXT_MAX + 1];
	int r = 0;

	(void)state;
	memset(text, '"', OBS_TEXT_MAX);
	while (r == 0)
		r = observations_add(&set, &(struct observation){ .outcome = OBS_NO,
								  .errnum = 4095,
								  .value = OBS_NO_VALUE + 1,
								  .subject = text,
								  .step = text,
								  .text = text });
	assert_int_equal(r, -E2BIG);
	/* short ones still fit, up to their number */
	for (r = 0; r == 0;)
		r = observations_add(&set, &(struct observation){ .outcome = OBS_NO,
								  .errnum = 4095,
								  .value = OBS_NO_VALUE + 1,
								  .subject = "s",
								  .step = "p",
								  .text = "t" });
	assert_int_equal(r, -E2BIG);
	{
		AUTO_BUF struct buf buf = BUF_INIT(OBS_FILE_MAX);
		struct croft_error err = { 0 };

		observations_print(&buf, &set);
		assert_int_equal(buf_error(&buf), 0);
		if (observations_parse("f", buf_text(&buf), buf.len, &again, &err) < 0)
			fail_msg("%s", err.what);
		assert_int_equal(again.n, set.n);
	}
}

static void assert_same(const struct observation *a, const struct observation *b)
{
	assert_int_equal(a->id, b->id);
	assert_int_equal(a->outcome, b->outcome);
	assert_int_equal(a->errnum, b->errnum);
	assert_int_equal(a->value, b->value);
	assert_string_equal(a->subject, b->subject);
	assert_string_equal(a->step, b->step);
	assert_string_equal(a->text, b->text);
}

static void save_and_load(void)
{
	AUTO_BUF struct buf first = BUF_INIT(OBS_FILE_MAX), second = BUF_INIT(OBS_FILE_MAX);
	struct croft_error err = { 0 };

	observations_print(&first, &set);
	assert_int_equal(buf_error(&first), 0);
	if (observations_parse("f", buf_text(&first), first.len, &again, &err) < 0)
		fail_msg("%s", err.what);
	assert_int_equal(again.n, set.n);
	for (size_t i = 0; i < set.n; i++)
		assert_same(&again.items[i], &set.items[i]);
	observations_print(&second, &again);
	assert_string_equal(buf_text(&first), buf_text(&second));
}

/* Each character of one to three bytes, and each single byte that is none. */
static void every_character_and_every_byte_is_read_back_as_it_was_kept(void **state)
{
	(void)state;
	for (unsigned base = 1; base < 0x10000; base += 128) {
		char text[1024];
		size_t len = 0;

		for (unsigned c = base; c < base + 128 && c < 0x10000; c++) {
			if (c < 0x100) /* as a byte, valid or not */
				text[len++] = (char)c;
			if (c >= 0x80 && c < 0x800) {
				text[len++] = (char)(0xc0 | c >> 6);
				text[len++] = (char)(0x80 | (c & 0x3f));
			} else if (c >= 0x800) {
				text[len++] = (char)(0xe0 | c >> 12);
				text[len++] = (char)(0x80 | (c >> 6 & 0x3f));
				text[len++] = (char)(0x80 | (c & 0x3f));
			}
		}
		text[len] = '\0';
		if (set.n < 500)
			add(OBS_PLACE, NULL, text);
	}
	assert_int_equal(set.n, 500);
	save_and_load();
}

static void words_that_yaml_takes_for_something_else_stay_texts(void **state)
{
	static const char *const words[] = { "yes",  "null",  "-1",   "0x10",  "~",
					     "# no", "*a",    "&a b", "!x",    "a: b",
					     "- a",  "[1]",   "{}",   "'\"'",  "a\\b",
					     "...",  "%YAML", "<<",   "  sp ", "\\u0041" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		add(OBS_PLACE, words[i], words[i]);
	save_and_load();
}

static void numbers_are_read_back_up_to_their_limits(void **state)
{
	static const int64_t values[] = { 0, -1, INT64_MAX, INT64_MIN + 1, OBS_NO_VALUE };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		assert_int_equal(observations_add(&set,
						  &(struct observation){ .outcome = OBS_LATE,
									 .errnum = (int)i,
									 .value = values[i] }),
				 0);
	save_and_load();
}

static void the_host_is_saved_with_the_rest(void **state)
{
	struct croft_error err = { 0 };

	(void)state;
	assert_int_equal(host_probe(&set.host, &err), 0);
	set.has_host = true;
	add(OBS_HOST, NULL, "x");
	save_and_load();
	assert_true(again.has_host);
	assert_int_equal(again.host.uid, set.host.uid);
	assert_int_equal(again.host.landlock.abi, set.host.landlock.abi);
	assert_string_equal(again.host.kernel_release, set.host.kernel_release);
}

static void what_was_not_asked_is_left_out_unless_it_says_why(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT(OBS_FILE_MAX);

	(void)state;
	(void)observations_add(&set, &(struct observation){ .id = OBS_PLACE });
	(void)observations_add(&set, &(struct observation){ .id = OBS_HOST, .text = "no proc" });
	observations_print(&buf, &set);
	assert_null(strstr(buf_text(&buf), "\"place\""));
	assert_non_null(strstr(buf_text(&buf), "\"not-asked\""));
}

#define RECORDS(text) "{\"version\":1,\"observations\":[" text "]}"

static void anything_else_is_refused_with_its_place(void **state)
{
	static const struct {
		const char *data, *what;
	} cases[] = {
		{ "", "nothing in it" },
		{ "[]", "f:1:1: an object was expected" },
		{ "{\"version\":1}", "'version' and 'observations' are needed" },
		{ "{\"observations\":[]}", "'version' and 'observations' are needed" },
		{ "{\"version\":2,\"observations\":[]}", "f:1:12: version: this croft reads" },
		{ "{\"version\":\"1\",\"observations\":[]}", "a number was expected" },
		{ "{\"version\":1,\"version\":1,\"observations\":[]}", "f:1:14" },
		{ "{\"version\":1,\"observations\":{}}", "a list was expected" },
		{ "{\"version\":1,\"observations\":[],\"more\":1}", "more: there is no such key" },
		{ "{\"version\":1,\"host\":[],\"observations\":[]}",
		  "host: an object was expected" },
		{ "{\"version\":1,\"host\":{\"arch\":\"vax\"},\"observations\":[]}",
		  "'arch' cannot be 'vax'" },
		{ "{\"version\":1,\"host\":{\"arch\":[]},\"observations\":[]}",
		  "arch: a text in quotes was expected" },
		{ "{\"version\":1,\"host\":{\"arch\":\"x86_64\\nuid: 1\"},\"observations\":[]}",
		  "a line of text was expected" },
		{ "{\"version\":1,\"host\":{\"a:b\":\"x\"},\"observations\":[]}",
		  "a line of text was expected" },
		{ RECORDS("1"), "an object was expected" },
		{ RECORDS("{}"), "'kind' and 'outcome' are needed" },
		{ RECORDS("{\"kind\":\"place\"}"), "'kind' and 'outcome' are needed" },
		{ RECORDS("{\"kind\":\"plac\",\"outcome\":\"yes\"}"), "there is no such word" },
		{ RECORDS("{\"kind\":place,\"outcome\":\"yes\"}"),
		  "a text in quotes was expected" },
		{ RECORDS("{\"kind\":\"place\",\"outcome\":\"maybe\"}"), "there is no such word" },
		{ RECORDS("{\"kind\":\"place\",\"outcome\":\"no\",\"errno\":0}"),
		  "out of its range" },
		{ RECORDS("{\"kind\":\"place\",\"outcome\":\"no\",\"errno\":4096}"),
		  "out of its range" },
		{ RECORDS("{\"kind\":\"place\",\"outcome\":\"no\",\"errno\":\"1\"}"),
		  "a number was expected" },
		{ RECORDS("{\"kind\":\"place\",\"outcome\":\"no\",\"value\":9223372036854775808}"),
		  "out of its range" },
		{ RECORDS("{\"kind\":\"place\",\"outcome\":\"no\",\"value\":--1}"),
		  "out of its range" },
		{ RECORDS("{\"kind\":\"place\",\"outcome\":\"no\",\"value\":1e3}"),
		  "out of its range" },
		{ RECORDS("{\"kind\":\"place\",\"outcome\":\"no\",\"text\":1}"),
		  "a text in quotes was expected" },
		{ RECORDS("{\"kind\":\"place\",\"outcome\":\"no\",\"text\":\"a\",\"text\":\"b\"}"),
		  "f:1:" },
		{ RECORDS("{\"kind\":\"place\",\"outcome\":\"no\",\"who\":\"a\"}"),
		  "who: there is no such key" },
		{ "&a {\"version\":1,\"observations\":[]}", "f:1:1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct croft_error err = { 0 };

		observations_done(&again);
		observations_init(&again);
		if (observations_parse("f", cases[i].data, strlen(cases[i].data), &again, &err) !=
		    -EINVAL)
			fail_msg("was not refused: %s", cases[i].data);
		if (!strstr(err.what, cases[i].what) || strncmp(err.what, "f:1:", 4) != 0)
			fail_msg("%s gives: %s", cases[i].data, err.what);
	}
}

static void more_records_than_a_set_holds_are_refused(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT(OBS_FILE_MAX);
	struct croft_error err = { 0 };

	(void)state;
	buf_puts(&buf, "{\"version\":1,\"observations\":[");
	for (int i = 0; i < OBS_MAX + 1; i++)
		buf_printf(&buf, "%s{\"kind\":\"place\",\"outcome\":\"yes\"}", i ? "," : "");
	buf_puts(&buf, "]}");
	assert_int_equal(observations_parse("f", buf_text(&buf), buf.len, &again, &err), -EINVAL);
	assert_non_null(strstr(err.what, "more observations"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(every_kind_has_a_word_of_its_own),
		TEST(what_was_not_recorded_was_not_asked),
		TEST(records_are_found_by_kind_in_their_order_and_by_subject),
		TEST(texts_are_escaped_and_cut_between_characters),
		TEST(a_set_takes_no_more_than_can_be_read_back),
		TEST(every_character_and_every_byte_is_read_back_as_it_was_kept),
		TEST(words_that_yaml_takes_for_something_else_stay_texts),
		TEST(numbers_are_read_back_up_to_their_limits),
		TEST(the_host_is_saved_with_the_rest),
		TEST(what_was_not_asked_is_left_out_unless_it_says_why),
		TEST(anything_else_is_refused_with_its_place),
		TEST(more_records_than_a_set_holds_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
