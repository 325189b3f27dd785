/* SPDX-License-Identifier: MIT */
/*
 * wrap.h - texts in columns.
 */
#ifndef CROFT_DOCTOR_WRAP_H
#define CROFT_DOCTOR_WRAP_H

#include <stdbool.h>

#include "base/buf.h"

struct wrap {
	struct buf *buf; /* not owned */
	unsigned columns; /* of a line */
	unsigned indent; /* of every line but the first */
	unsigned at; /* column where the next word would stand */
	bool has_word; /* in this line */
};

/* Of a line that begins: blanks up to `at` are the caller's to have written. */
void wrap_begin(struct wrap *wrap, struct buf *buf, unsigned columns, unsigned indent, unsigned at);
/*
 * Appends the words of a text, escaped (base/text.h), with one blank before each that is not the
 * first of its line. A word that is longer than a line stands whole on its own: it is something to
 * type.
 */
void wrap_add(struct wrap *wrap, const char *text);
/* Ends the line. */
void wrap_end(struct wrap *wrap);

/* Columns that a text takes on a terminal: characters, as far as one can tell without tables. */
unsigned wrap_width(const char *text);

#endif
