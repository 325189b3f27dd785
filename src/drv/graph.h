/* SPDX-License-Identifier: MIT */
/*
 * graph.h - which paths of a store need which: the closure of a build's inputs.
 */
#ifndef CROFT_DRV_GRAPH_H
#define CROFT_DRV_GRAPH_H

#include "drv/drv_parse.h"

#define GRAPH_MAX_PATHS ((size_t)1 << 17) /* a whole system has some thousand */

struct sqlite3;

struct graph {
	struct sqlite3 *db; /* NULL: there is a list only */
};

struct path_list {
	const char *const *paths;
	size_t n;
};

/*
 * What a derivation names itself: its sources, and the outputs that it takes of its inputs, each of
 * which is read for that from `real_store`. Stage usage.
 */
int graph_direct(struct arena *arena, const struct drv *drv, const char *real_store,
		 struct path_list *ret_direct, struct croft_error *err);

/* Opens Nix's database, to be read only. Stage prepare; graph_done is due in any case. */
int graph_open(const char *path, struct graph *ret_graph, struct croft_error *err);
void graph_done(struct graph *graph);
/*
 * All that `paths` need, themselves included, sorted. One that the database does not have as valid
 * is -ENOENT, and described.
 */
int graph_closure(const struct graph *graph, struct arena *arena, const char *store_dir,
		  const struct path_list *paths, struct path_list *ret_closure,
		  struct croft_error *err);
/* The same from a file of paths, one a line, that has to have all of `paths`. */
int graph_load_list(struct arena *arena, const char *file, const char *store_dir,
		    const struct path_list *paths, struct path_list *ret_closure,
		    struct croft_error *err);
/* Whether a sorted list has it. */
bool path_list_has(const struct path_list *list, const char *path);

#endif
