/* SPDX-License-Identifier: MIT */
/*
 * names.c - one shared lookup for every table of names.
 *
 * The distance is that of optimal string alignment: insertions, deletions,
 * changes, and swaps of neighbours, each costing one. Three rows of the table
 * are kept, on the stack; words above WORD_MAX are no typing mistakes of ours.
 */
#include "base/names.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define WORD_MAX 64

int names_find(const struct name *table, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (table[i].name && strcmp(table[i].name, word) == 0)
			return (int)i;
	return -EINVAL;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* One row: `before` is the row above, `two_before` the one above that. */
static void fill_row(const char *a, size_t i, const char *b, size_t b_len,
		     const unsigned *two_before, const unsigned *before, unsigned *row)
{
	row[0] = (unsigned)i;
	for (size_t j = 1; j <= b_len; j++) {
		bool is_same = a[i - 1] == b[j - 1];
		bool is_swap = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];

		row[j] = least(before[j] + 1, row[j - 1] + 1);
		row[j] = least(row[j], before[j - 1] + (is_same ? 0 : 1));
		if (is_swap)
			row[j] = least(row[j], two_before[j - 2] + 1);
	}
}

unsigned names_distance(const char *a, const char *b, unsigned cap)
{
	unsigned rows[3][WORD_MAX + 1] = { { 0 } };
	size_t a_len = strnlen(a, WORD_MAX + 1), b_len = strnlen(b, WORD_MAX + 1);

	if (a_len > WORD_MAX || b_len > WORD_MAX)
		return cap + 1;
	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++)
		fill_row(a, i, b, b_len, rows[(i + 1) % 3], rows[(i + 2) % 3], rows[i % 3]);
	return least(rows[a_len % 3][b_len], cap + 1);
}

const char *names_nearest(const struct name *table, size_t n, const char *word)
{
	unsigned cap = strnlen(word, 5) <= 4 ? 1 : 2;
	unsigned best = cap + 1;
	const char *nearest = NULL;

	for (size_t i = 0; i < n; i++) {
		unsigned distance;

		if (!table[i].name)
			continue;
		distance = names_distance(table[i].name, word, cap);
		if (distance < best) {
			best = distance;
			nearest = table[i].name;
		}
	}
	return nearest;
}
