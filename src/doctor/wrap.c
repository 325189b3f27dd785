/* SPDX-License-Identifier: MIT */
/*
 * wrap.c - breaks texts at blanks, so that they stay under the column that they belong to.
 */
#include "doctor/wrap.h"

#include <string.h>

#include "base/text.h"

#define TEXT_MAX_BYTES 32768U /* the longest text of a verdict, each byte escaped */

static unsigned width_of(const char *text, size_t len)
{
	unsigned n = 0;

	/* bytes of UTF-8 but the first of each character are 10xxxxxx */
	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)text[i] & 0xc0) != 0x80;
	return n;
}

unsigned wrap_width(const char *text)
{
	return width_of(text, strlen(text));
}

void wrap_begin(struct wrap *wrap, struct buf *buf, unsigned columns, unsigned indent, unsigned at)
{
	*wrap = (struct wrap){ .buf = buf, .columns = columns, .indent = indent, .at = at };
}

static void add_word(struct wrap *wrap, const char *word, size_t len)
{
	unsigned width = width_of(word, len);

	if (wrap->has_word && wrap->at + 1 + width > wrap->columns) {
		buf_printf(wrap->buf, "\n%*s", (int)wrap->indent, "");
		wrap->at = wrap->indent;
	} else if (wrap->has_word) {
		buf_putc(wrap->buf, ' ');
		wrap->at++;
	}
	buf_add(wrap->buf, word, len);
	wrap->at += width;
	wrap->has_word = true;
}

void wrap_add(struct wrap *wrap, const char *text)
{
	AUTO_BUF struct buf escaped = BUF_INIT(TEXT_MAX_BYTES);
	size_t len;

	text_escape(&escaped, text);
	/* whoever prints looks at one buffer for errors */
	if (buf_error(&escaped) < 0 && buf_error(wrap->buf) == 0)
		wrap->buf->error = buf_error(&escaped);
	for (const char *at = buf_text(&escaped); *(at += strspn(at, " ")); at += len) {
		len = strcspn(at, " ");
		add_word(wrap, at, len);
	}
}

void wrap_end(struct wrap *wrap)
{
	buf_putc(wrap->buf, '\n');
	wrap->at = 0;
	wrap->has_word = false;
}
