/* SPDX-License-Identifier: MIT */
/*
 * buf.c - a growing text buffer whose greatest size is fixed at birth.
 *
 * An append either goes in whole or not at all: a message is never cut in the
 * middle without its error being set. Memory doubles, so a text of n bytes costs
 * at most 2n allocated and O(n) copied.
 */
#include "base/buf.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 128U

void buf_init(struct buf *buf, size_t max_size)
{
	*buf = (struct buf)BUF_INIT(max_size);
}

void buf_done(struct buf *buf)
{
	free(buf->data);
	*buf = (struct buf)BUF_INIT(buf->max);
}

void buf_reset(struct buf *buf)
{
	buf->len = 0;
	buf->error = 0;
	if (buf->data)
		buf->data[0] = '\0';
}

/* Makes room for `len` more bytes and the NUL. */
static bool reserve(struct buf *buf, size_t len)
{
	size_t need, size;
	char *data;

	if (buf->error)
		return false;
	if (len > buf->max - buf->len || buf->len + len == SIZE_MAX) {
		buf->error = -EOVERFLOW;
		return false;
	}
	need = buf->len + len + 1;
	if (need <= buf->capacity)
		return true;
	size = buf->capacity > SIZE_MAX / 2 ? need : buf->capacity * 2;
	if (size < FIRST_SIZE)
		size = FIRST_SIZE;
	if (size < need)
		size = need;
	data = realloc(buf->data, size);
	if (!data) {
		buf->error = -ENOMEM;
		return false;
	}
	buf->data = data;
	buf->capacity = size;
	return true;
}

void buf_add(struct buf *buf, const char *data, size_t len)
{
	if (!len || !reserve(buf, len))
		return;
	memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void buf_puts(struct buf *buf, const char *text)
{
	buf_add(buf, text, strlen(text));
}

void buf_putc(struct buf *buf, char c)
{
	buf_add(buf, &c, 1);
}

void buf_printf(struct buf *buf, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	buf_vprintf(buf, fmt, args);
	va_end(args);
}

void buf_vprintf(struct buf *buf, const char *fmt, va_list args)
{
	va_list again;
	int n;

	if (buf->error)
		return;
	va_copy(again, args);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0) {
		buf->error = -EOVERFLOW;
		return;
	}
	if (!n || !reserve(buf, (size_t)n))
		return;
	(void)vsnprintf(buf->data + buf->len, (size_t)n + 1, fmt, args);
	buf->len += (size_t)n;
}

int buf_error(const struct buf *buf)
{
	return buf->error;
}

const char *buf_text(const struct buf *buf)
{
	return buf->data ? buf->data : "";
}
