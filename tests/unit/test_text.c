/* SPDX-License-Identifier: MIT */
/* test_text.c - nothing that somebody else named can move the cursor. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

struct text_case {
	const char *text;
	const char *expected;
};

static void control_characters_are_escaped_and_text_passes(void **state)
{
	static const struct text_case cases[] = {
		{ "", "" },
		{ "/usr/bin", "/usr/bin" },
		{ "a\nb\tc", "a\\nb\\tc" },
		{ "\x1b[2J", "\\e[2J" },
		{ "a\rb\x07\x08", "a\\x0db\\x07\\x08" },
		{ "\x7f", "\\x7f" },
		{ "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f" },
		{ "\xe2\x82\xac \xf0\x9f\x98\x80", "\xe2\x82\xac \xf0\x9f\x98\x80" },
		{ "\xc2\x9b"
		  "31m",
		  "\\xc2\\x9b31m" }, /* C1: CSI */
		{ "\xc2\xa0", "\xc2\xa0" }, /* the first after C1 */
		{ "a\xff"
		  "b",
		  "a\\xffb" },
		{ "\xc3", "\\xc3" }, /* cut off */
		{ "\xc3(", "\\xc3(" },
		{ "\xe2\x82(", "\\xe2\\x82(" },
		{ "\xc0\xaf", "\\xc0\\xaf" }, /* overlong */
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" }, /* surrogate */
		{ "\xe2\x80\xae"
		  "gpj",
		  "\\xe2\\x80\\xaegpj" }, /* U+202E */
		{ "\xe2\x80\xa8", "\\xe2\\x80\\xa8" }, /* U+2028 */
		{ "\xe2\x81\xa6", "\\xe2\\x81\\xa6" }, /* U+2066 */
		{ "\xe2\x81\xa9", "\\xe2\\x81\\xa9" }, /* U+2069 */
		{ "\xe2\x80\xa7\xe2\x80\xaf", "\xe2\x80\xa7\xe2\x80\xaf" },
		{ "\xe2\x81\xa5\xe2\x81\xaa", "\xe2\x81\xa5\xe2\x81\xaa" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_BUF struct buf buf = BUF_INIT(1000);

		text_escape(&buf, cases[i].text);
		assert_string_equal(buf_text(&buf), cases[i].expected);
	}
}

static void quoted_text_can_be_pasted_into_a_shell(void **state)
{
	static const struct text_case cases[] = {
		{ "", "''" },
		{ "/a b", "'/a b'" },
		{ "it's", "'it'\\''s'" },
		{ "''", "''\\'''\\'''" },
		{ "$HOME`x`\"", "'$HOME`x`\"'" },
		{ "a\nb", "'a\\nb'" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_BUF struct buf buf = BUF_INIT(1000);

		text_quote(&buf, cases[i].text);
		assert_string_equal(buf_text(&buf), cases[i].expected);
	}
}

static size_t encode(uint32_t c, char out[4])
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

static void every_code_point_but_surrogates_is_valid_utf8(void **state)
{
	(void)state;
	for (uint32_t c = 0; c < 0x120000; c++) {
		char text[4];
		size_t n = encode(c, text);
		bool is_valid = c <= 0x10ffff && !(c >= 0xd800 && c <= 0xdfff);

		if (text_utf8_len(text, n) != (is_valid ? n : 0))
			fail_msg("U+%04X", c);
		if (n > 1 && text_utf8_len(text, n - 1) != 0)
			fail_msg("U+%04X cut off", c);
	}
}

static void overlong_and_stray_bytes_are_not_utf8(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		bool is_valid;
	} cases[] = {
		{ "", 0, true },
		{ "plain", 5, true },
		{ "a\0b", 3, true },
		{ "\xc0\x80", 2, false },
		{ "\xc1\xbf", 2, false },
		{ "\xe0\x9f\xbf", 3, false },
		{ "\xe0\xa0\x80", 3, true },
		{ "\xf0\x8f\xbf\xbf", 4, false },
		{ "\xf0\x90\x80\x80", 4, true },
		{ "\xf4\x90\x80\x80", 4, false },
		{ "\xf5\x80\x80\x80", 4, false },
		{ "\x80", 1, false },
		{ "\xfe", 1, false },
		{ "ok\xc3", 3, false },
		{ "\xe2\x82\x41", 3, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(text_is_utf8(cases[i].text, cases[i].len), cases[i].is_valid);
}

static void escaped_text_never_holds_a_control_byte(void **state)
{
	(void)state;
	for (unsigned a = 1; a < 256; a++) {
		for (unsigned b = 1; b < 256; b++) {
			const char text[3] = { (char)a, (char)b, '\0' };
			AUTO_BUF struct buf buf = BUF_INIT(100);

			text_escape(&buf, text);
			assert_true(text_is_utf8(buf_text(&buf), buf.len));
			for (size_t i = 0; i < buf.len; i++)
				assert_true((unsigned char)buf.data[i] >= 0x20 &&
					    buf.data[i] != 0x7f);
		}
	}
}

static void a_word_has_quotes_where_a_shell_needs_them(void **state)
{
	static const char *const rows[][2] = {
		{ "/usr/lib/x-1.2_3", "/usr/lib/x-1.2_3" },
		{ "", "''" },
		{ "/a b", "'/a b'" },
		{ "/it's", "'/it'\\''s'" },
		{ "$HOME", "'$HOME'" },
		{ "a\nb", "'a\\nb'" },
		{ "*", "'*'" },
		{ "~/x", "'~/x'" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO_BUF struct buf buf = BUF_INIT(100);

		text_word(&buf, rows[i][0]);
		assert_string_equal(buf_text(&buf), rows[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(control_characters_are_escaped_and_text_passes),
		cmocka_unit_test(quoted_text_can_be_pasted_into_a_shell),
		cmocka_unit_test(every_code_point_but_surrogates_is_valid_utf8),
		cmocka_unit_test(overlong_and_stray_bytes_are_not_utf8),
		cmocka_unit_test(escaped_text_never_holds_a_control_byte),
		cmocka_unit_test(a_word_has_quotes_where_a_shell_needs_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
