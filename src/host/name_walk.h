/* SPDX-License-Identifier: MIT */
/*
 * name_walk.h - the names in a tree, those near its root first, as many as may be looked at.
 */
#ifndef CROFT_HOST_NAME_WALK_H
#define CROFT_HOST_NAME_WALK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

/* Limits of one walk, some microsecond a name: 0.1 s where a project is larger than most. */
#define NAME_WALK_MAX_NAMES 65536
#define NAME_WALK_MAX_DEPTH 40
#define NAME_WALK_MAX_BYTES (32U << 20) /* of an arena for the names of directories */

struct name_walk {
	const char *root; /* absolute, no link in it */
	struct arena *arena; /* for names of directories while they wait */
	/*
	 * One entry of a directory (`dir` without a slash at its end, "" for "/"); `type` is DT_*,
	 * never DT_UNKNOWN. 1: if it is a directory, it is walked too; 0: it is not; -errno ends
	 * the walk.
	 */
	int (*found)(void *context, const char *dir, const char *name, unsigned char type);
	/* All entries of a directory have been told; may be NULL. 0 or -errno. */
	int (*left)(void *context, const char *dir);
	void *context;
	size_t n_names; /* looked at so far; counts on from walk to walk */
	bool is_cut; /* not everything was seen: a limit, or a directory that cannot be listed */
};

/* No link is followed. 0, what `found` or `left` answered, or -ENOMEM, -EMFILE, -ENFILE. */
int name_walk(struct name_walk *walk);

#endif
