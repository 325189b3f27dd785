/* SPDX-License-Identifier: MIT */
/*
 * links.h - the symbolic links that names of a sandbox go through.
 */
#ifndef CROFT_LAUNCH_LINKS_H
#define CROFT_LAUNCH_LINKS_H

#include "base/arena.h"
#include "base/err.h"
#include "plan/plan.h"

#define LINKS_MAX_FOUND 4096 /* as grants: each is made again at the start */

struct links {
	struct arena arena;
	struct path_link *list; /* once links_finish was called: in path_order, each once */
	size_t n, capacity;
};

void links_init(struct links *links);
void links_done(struct links *links);

/* Those that are entries of "/". What cannot be listed has none. -ENOMEM, -EMFILE, -ENFILE. */
int links_add_root(struct links *links, struct croft_error *err);
/*
 * Those on the way of `path`, as far as it exists; a path that cannot be resolved has none that
 * help. *ret_real, unless NULL: where it leads, in the arena; NULL if nowhere. -ENOMEM, -EFBIG.
 */
int links_add(struct links *links, const char *path, const char **ret_real,
	      struct croft_error *err);
void links_finish(struct links *links);

#endif
