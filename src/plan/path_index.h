/* SPDX-License-Identifier: MIT */
/*
 * path_index.h - many paths, and which of them lie above a given one.
 */
#ifndef CROFT_PLAN_PATH_INDEX_H
#define CROFT_PLAN_PATH_INDEX_H

#include <stddef.h>

#include "base/arena.h"

struct indexed_path {
	const char *path;
	size_t id; /* which of the caller's it is */
	size_t above; /* position + 1 of the nearest path above, or the same again; 0: none */
};

/* Paths in path_order, each with the nearest one above it. Memory is the arena's. */
struct path_index {
	struct indexed_path *items;
	size_t n;
};

/*
 * Makes an index of n paths; ids count them from 0, and paths that are NULL are left out. Of
 * equal paths the one with the smaller id comes first. -ENOMEM.
 */
int path_index_make(struct arena *arena, const char *const *paths, size_t n,
		    struct path_index *ret_index);
/* How many stand before `path` in the order, or are the same. */
size_t path_index_search(const struct path_index *index, const char *path);
/*
 * Position + 1 of the nearest that is `path` or above it, 0 for none; items[that - 1].above is the
 * next one.
 */
size_t path_index_above(const struct path_index *index, const char *path);

#endif
