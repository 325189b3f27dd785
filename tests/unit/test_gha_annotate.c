/* SPDX-License-Identifier: MIT */
/*
 * test_gha_annotate.c - no text breaks out of its line, nor begins a command in it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/cleanup.h"
#include "gha/annotate.h"

static void texts_stay_in_their_line(void **state)
{
	static const char *const cases[][2] = {
		{ "plain", "::error title=croft::plain\n" },
		{ "a\n::error::b", "::error title=croft::a\\n::error::b\n" },
		{ "a\r\n", "::error title=croft::a\\x0d\\n\n" },
		{ "50%0A", "::error title=croft::50%250A\n" },
		{ "##[error]x", "::error title=croft::# #[error]x\n" },
		{ "###[error]x", "::error title=croft::## #[error]x\n" },
		{ "\x1b[2J\u2028", "::error title=croft::\\e[2J\\xe2\\x80\\xa8\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_BUF struct buf buf = BUF_INIT(4096);

		annotate_line(&buf, ANNOTATE_ERROR, cases[i][0]);
		assert_string_equal(buf_text(&buf), cases[i][1]);
	}
}

static void a_long_text_is_cut_and_is_still_a_line(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT(65536);
	static char text[20000];

	(void)state;
	memset(text, '%', sizeof(text) - 1);
	annotate_line(&buf, ANNOTATE_WARNING, text);
	assert_true(buf.len < 17000);
	assert_int_equal(buf_text(&buf)[buf.len - 1], '\n');
	assert_ptr_equal(strchr(buf_text(&buf), '\n'), buf_text(&buf) + buf.len - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_stay_in_their_line),
		cmocka_unit_test(a_long_text_is_cut_and_is_still_a_line),
	};

	return cmocka_run_group_tests_name("gha_annotate", tests, NULL, NULL);
}
