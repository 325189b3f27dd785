/* SPDX-License-Identifier: MIT */
/*
 * names.h - one shared lookup for every table of names.
 *
 * Whole words only: "read" is not found by "rea". A table is an array in the
 * order of its enum; a static_assert on its length stands beside each.
 */
#ifndef CROFT_BASE_NAMES_H
#define CROFT_BASE_NAMES_H

#include <stddef.h>

struct name {
	const char *name;
	const char *help; /* one line; may be NULL */
};

/* Index of `word` in the table, or -EINVAL. NULL names are skipped. */
int names_find(const struct name *table, size_t n, const char *word);
/* The nearest name within an edit distance of 2 (1 for words up to 4 letters), or NULL. */
const char *names_nearest(const struct name *table, size_t n, const char *word);
/*
 * Edit distance (insert, delete, change, swap of neighbours), capped at `cap` + 1.
 * Words above 64 bytes give cap + 1.
 */
unsigned names_distance(const char *a, const char *b, unsigned cap);

#endif
