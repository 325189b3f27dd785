/* SPDX-License-Identifier: MIT */
/*
 * text.c - names that somebody else chose, on their way to a terminal.
 *
 * Text is taken apart into UTF-8 characters. Each is passed through or written
 * as an escape; a byte that begins no valid character is escaped alone, and the
 * next byte is looked at afresh, so that a broken sequence cannot swallow what
 * follows it.
 */
#include "base/text.h"

#include <string.h>

static bool is_continuation(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

/* RFC 3629, section 4: the second byte of each first byte has its own range. */
size_t text_utf8_len(const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;
	unsigned char low = 0x80, high = 0xbf;
	size_t n;

	if (!len)
		return 0;
	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		n = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		n = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		n = 4;
	else
		return 0;
	if (s[0] == 0xe0)
		low = 0xa0; /* no overlong form */
	else if (s[0] == 0xed)
		high = 0x9f; /* no surrogate */
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f; /* nothing above U+10FFFF */
	if (len < n || s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if (!is_continuation(s[i]))
			return 0;
	return n;
}

bool text_is_utf8(const char *text, size_t len)
{
	while (len) {
		size_t n = text_utf8_len(text, len);

		if (!n)
			return false;
		text += n;
		len -= n;
	}
	return true;
}

/* Characters that would change the terminal or the order of what is read. */
static bool is_unsafe(const char *text, size_t n)
{
	const unsigned char *s = (const unsigned char *)text;

	if (n == 1)
		return s[0] < 0x20 || s[0] == 0x7f;
	if (n == 2)
		return s[0] == 0xc2 && s[1] < 0xa0; /* C1 */
	if (n == 3 && s[0] == 0xe2 && s[1] == 0x80)
		return s[2] >= 0xa8 && s[2] <= 0xae; /* U+2028 to U+202E */
	if (n == 3 && s[0] == 0xe2 && s[1] == 0x81)
		return s[2] >= 0xa6 && s[2] <= 0xa9; /* U+2066 to U+2069 */
	return false;
}

static void put_escaped(struct buf *buf, unsigned char c)
{
	if (c == '\n')
		buf_puts(buf, "\\n");
	else if (c == '\t')
		buf_puts(buf, "\\t");
	else if (c == 0x1b)
		buf_puts(buf, "\\e");
	else
		buf_printf(buf, "\\x%02x", c);
}

/* Appends the next character, escaped if need be; returns its length in `text`. */
static size_t put_character(struct buf *buf, const char *text, size_t len)
{
	size_t n = text_utf8_len(text, len);

	if (n && !is_unsafe(text, n)) {
		buf_add(buf, text, n);
		return n;
	}
	if (!n)
		n = 1;
	for (size_t i = 0; i < n; i++)
		put_escaped(buf, (unsigned char)text[i]);
	return n;
}

void text_escape(struct buf *buf, const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len;)
		i += put_character(buf, text + i, len - i);
}

void text_quote(struct buf *buf, const char *text)
{
	size_t len = strlen(text);

	buf_putc(buf, '\'');
	for (size_t i = 0; i < len;) {
		if (text[i] == '\'') {
			buf_puts(buf, "'\\''");
			i++;
		} else {
			i += put_character(buf, text + i, len - i);
		}
	}
	buf_putc(buf, '\'');
}

void text_word(struct buf *buf, const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789_./:@%+,=-";

	if (!*text || text[strspn(text, plain)])
		text_quote(buf, text);
	else
		buf_puts(buf, text);
}
