/* SPDX-License-Identifier: MIT */
/*
 * path_index.c - paths in order, for questions that would otherwise ask every one of them.
 *
 * Whatever is above a path is above the one before it in the order as well, or is that one: so one
 * search finds the place, and from there the links upwards tell the rest. Agents' profiles bring
 * a hundred denials and are started often; a profile may hold a thousand, and 4096 grants.
 */
#include "plan/path_index.h"

#include <errno.h>
#include <stdlib.h>

#include "plan/pattern.h"

static int compare(const void *a, const void *b)
{
	const struct indexed_path *x = a, *y = b;
	int order = path_order(x->path, y->path);

	if (order)
		return order;
	return x->id < y->id ? -1 : 1;
}

int path_index_make(struct arena *arena, const char *const *paths, size_t n,
		    struct path_index *ret_index)
{
	struct path_index index = { .items = arena_calloc(arena, n + 1, sizeof(*index.items)) };

	if (!index.items)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		if (paths[i])
			index.items[index.n++] = (struct indexed_path){ .path = paths[i], .id = i };
	if (index.n)
		qsort(index.items, index.n, sizeof(*index.items), compare);
	for (size_t i = 1; i < index.n; i++) {
		size_t above = i;

		while (above && !path_is_under(index.items[above - 1].path, index.items[i].path))
			above = index.items[above - 1].above;
		index.items[i].above = above;
	}
	*ret_index = index;
	return 0;
}

size_t path_index_search(const struct path_index *index, const char *path)
{
	size_t low = 0, high = index->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (path_order(index->items[middle].path, path) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t path_index_above(const struct path_index *index, const char *path)
{
	size_t at = path_index_search(index, path);

	while (at && !path_is_under(index->items[at - 1].path, path))
		at = index->items[at - 1].above;
	return at;
}
