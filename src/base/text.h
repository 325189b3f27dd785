/* SPDX-License-Identifier: MIT */
/*
 * text.h - names that somebody else chose, on their way to a terminal.
 *
 * Control characters, DEL, invalid UTF-8 and the C1 range are written as \n, \t,
 * \e or \xNN, so that no message can move the cursor or forge a second line. So
 * are the marks that change the direction of writing or end a line (U+2028,
 * U+2029, U+202A to U+202E, U+2066 to U+2069; CVE-2021-42574).
 */
#ifndef CROFT_BASE_TEXT_H
#define CROFT_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Appends the text, escaped; valid UTF-8 passes through. */
void text_escape(struct buf *buf, const char *text);
/*
 * Appends the text between single quotes, escaped, so that it can be pasted into a
 * shell when it holds no control characters.
 */
void text_quote(struct buf *buf, const char *text);
/* The same, without quotes where a shell needs none: "--read /usr/lib". */
void text_word(struct buf *buf, const char *text);
/* Bytes of the valid UTF-8 character that the text starts with, 0 if it starts with none. */
size_t text_utf8_len(const char *text, size_t len);
/* True if the bytes are valid UTF-8 (no surrogates, no overlong forms). */
bool text_is_utf8(const char *text, size_t len);

#endif
