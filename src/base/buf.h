/* SPDX-License-Identifier: MIT */
/*
 * buf.h - a growing text buffer whose greatest size is fixed at birth.
 *
 * Errors stick: after the first failed append every later one does nothing, and
 * buf_error() tells. So a printer appends without looking and checks once.
 * The content is always NUL-terminated.
 */
#ifndef CROFT_BASE_BUF_H
#define CROFT_BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>

struct buf {
	char *data; /* owned; NULL until the first byte */
	size_t len; /* bytes in use, without the NUL */
	size_t capacity; /* bytes allocated */
	size_t max; /* never more than this many bytes, without the NUL */
	int error; /* 0, -ENOMEM or -EOVERFLOW; sticks */
};

#define BUF_INIT(max_size)        \
	{                         \
		.max = (max_size) \
	}

void buf_init(struct buf *buf, size_t max_size);
void buf_done(struct buf *buf); /* frees the data; the struct is as after buf_init */
void buf_reset(struct buf *buf); /* empties it, clears the error, keeps the memory */
void buf_add(struct buf *buf, const char *data, size_t len);
void buf_puts(struct buf *buf, const char *text);
void buf_putc(struct buf *buf, char c);
void buf_printf(struct buf *buf, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *buf, const char *fmt, va_list args)
	__attribute__((format(printf, 2, 0)));
int buf_error(const struct buf *buf); /* 0 or the first error, negative errno */
const char *buf_text(const struct buf *buf); /* never NULL: "" when empty */

static inline void buf_cleanup(struct buf *buf)
{
	buf_done(buf);
}

#define AUTO_BUF __attribute__((cleanup(buf_cleanup)))

#endif
