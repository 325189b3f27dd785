/* SPDX-License-Identifier: MIT */
/*
 * test_image_report.c - findings about an image: their words, once each, as text and as JSON; and
 * the packages of the families.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/cleanup.h"
#include "image/family.h"
#include "image/report.h"

static const struct report_spot here = { "pod.yaml", 3, 7 };
static const struct report_words words = { .subject = "the-subject",
					   .detail = "the-detail",
					   .other = "the-other" };

static void every_kind_has_words_of_its_own_in_one_line(void **state)
{
	struct report report;

	(void)state;
	report_init(&report);
	for (int kind = 0; kind < REPORT_MAX_KIND; kind++) {
		report_add(&report, (enum report_kind)kind, &here, &words);
		assert_int_equal(report.n, (size_t)kind + 1);
		assert_true(*report_kind_name((enum report_kind)kind));
		assert_null(strpbrk(report.items[kind].what, "\n%"));
		assert_null(strpbrk(report.items[kind].mend, "\n%"));
		for (int other = 0; other < kind; other++) {
			assert_string_not_equal(report.items[other].what, report.items[kind].what);
			assert_string_not_equal(report_kind_name((enum report_kind)other),
						report_kind_name((enum report_kind)kind));
		}
	}
	report_done(&report);
}

static void the_same_is_said_once_and_what_is_beyond_the_bound_is_counted(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT(1U << 20);
	struct report report;

	(void)state;
	report_init(&report);
	report_add(&report, REPORT_NOT_FOUND, &here, &words);
	report_add(&report, REPORT_NOT_FOUND, &here, &words);
	assert_int_equal(report.n, 1);
	for (unsigned line = 10; report.n_left_out < 2; line++) {
		const struct report_spot spot = { "pod.yaml", line, 1 };

		report_add(&report, REPORT_NOT_FOUND, &spot, &words);
	}
	assert_int_equal(report.n, REPORT_MAX);
	report_print(&buf, &report, "image");
	assert_non_null(strstr(buf_text(&buf), "croft: and 2 more\n"));
	report_done(&report);
}

static void a_line_bears_the_place_and_nothing_that_a_terminal_obeys(void **state)
{
	static const struct report_spot image = { NULL, 0, 0 };
	AUTO_BUF struct buf buf = BUF_INIT(4096);
	struct report report;
	struct json json;

	(void)state;
	report_init(&report);
	report_add(&report, REPORT_CANNOT_START, &here,
		   &(struct report_words){ .what = "a\n\033[2J", .mend = "do it" });
	report_add(&report, REPORT_CANNOT_START, &image, &(struct report_words){ .what = "b" });
	report_print(&buf, &report, "im\nage");
	assert_string_equal(buf_text(&buf), "croft: pod.yaml:3:7: a\\n\\e[2J (do it)\n"
					    "croft: im\\nage: b\n");
	buf_reset(&buf);
	json_init(&json, &buf);
	json_array_begin(&json);
	report_print_json(&json, &report);
	json_array_end(&json);
	assert_non_null(strstr(buf_text(&buf),
			       "{\"kind\":\"cannot-start\",\"subject\":\"\",\"file\":\"pod.yaml\","
			       "\"line\":3,\"column\":7,\"what\":\"a\\n\\u001b[2J\""));
	assert_non_null(strstr(buf_text(&buf), "\"file\":null,\"line\":null,\"column\":null"));
	report_done(&report);
}

static void each_family_mends_in_its_own_words(void **state)
{
	static const char *const names[] = { "tar", "frobnicate", "libstdc++.so.6",
					     "libfrob.so.1" };

	(void)state;
	for (int family = 0; family < FAMILY_MAX; family++) {
		const struct family_guess guess = { .family = (enum family)family };

		for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
			AUTO_BUF struct buf buf = BUF_INIT(4096);

			if (i < 2)
				family_mend_command(&buf, &guess, names[i]);
			else
				family_mend_library(&buf, &guess, names[i]);
			assert_int_equal(buf_error(&buf), 0);
			assert_true(buf.len > 0);
			assert_null(strchr(buf_text(&buf), '%'));
			/* a name in no table is searched for, and no package is made up */
			if (i % 2)
				assert_null(strstr(buf_text(&buf), "install -y"));
		}
	}
	assert_string_equal(family_command_package(FAMILY_NIX, "tar"), "gnutar");
	assert_string_equal(family_command_package(FAMILY_FEDORA, "g++"), "gcc-c++");
	assert_null(family_command_package(FAMILY_DEBIAN, "frobnicate"));
	assert_null(family_command_package(FAMILY_DISTROLESS, "tar"));
	assert_string_equal(family_library_package(FAMILY_ALPINE, "/lib64/ld-linux-x86-64.so.2"),
			    "gcompat");
	assert_null(family_library_package(FAMILY_ALPINE, "libtinfo.so.6"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_has_words_of_its_own_in_one_line),
		cmocka_unit_test(the_same_is_said_once_and_what_is_beyond_the_bound_is_counted),
		cmocka_unit_test(a_line_bears_the_place_and_nothing_that_a_terminal_obeys),
		cmocka_unit_test(each_family_mends_in_its_own_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
