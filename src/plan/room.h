/* SPDX-License-Identifier: MIT */
/*
 * room.h - another tree of files to be the command's "/": what --root, --upper and --mount say.
 *
 * A room is made and entered before the flow begins (enforce/room.h); profile, plan and launch then
 * go on in it as on a host. So what stands here is small: words that were checked, and nothing that
 * depends on the machine.
 */
#ifndef CROFT_PLAN_ROOM_H
#define CROFT_PLAN_ROOM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#define ROOM_MAX_MOUNTS 16384 /* the closure of a build has thousands of store paths */
#define ROOM_MAX_BYTES (32U << 20)

/* HOST:PATH[:ro|:rw]. HOST of this machine lies at PATH, over what the room has there. */
struct room_mount {
	const char *host; /* as it was written */
	const char *path; /* absolute, no "..", not a place that croft fills itself */
	bool is_read_only;
};

struct room {
	struct arena arena;
	const char *root; /* as it was written */
	const char *upper; /* what is written to the root goes there; NULL: it is read-only */
	struct room_mount *mounts; /* in their order: later ones lie over earlier ones */
	size_t n_mounts, capacity;
	/* the caller is seen inside as these ids; else as 0 where a user namespace is made */
	bool has_ids;
	unsigned uid, gid;
	/* with a network: the host's resolver and hosts file, where it has none of its own */
	bool wants_names;
};

void room_init(struct room *room);
void room_done(struct room *room);

/*
 * Adds what --mount says. PATH begins at the last ":/", so HOST may have colons; a final ":ro" or
 * ":rw" is no part of it. Stage usage: a form that is none, a relative PATH, one with "..", "/",
 * /proc, /sys, what is below these, or /dev itself; more than ROOM_MAX_MOUNTS.
 */
int room_add_mount(struct room *room, const char *text, struct croft_error *err);
/* Is it "/", or a place that croft fills itself? Nothing else lies there. */
bool room_owns(const char *path);
/* "UID:GID", both below 2^32 - 1. */
int room_set_ids(struct room *room, const char *text, struct croft_error *err);
/*
 * What only the whole can tell: two mounts of different things at one path are an error that names
 * both. Of two that are the same the later one goes.
 */
int room_check(struct room *room, struct croft_error *err);
/* Its lines in a printed plan. */
void room_print(struct buf *buf, const struct room *room);

#endif
