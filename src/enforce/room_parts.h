/* SPDX-License-Identifier: MIT */
/*
 * room_parts.h - what room.c and room_own.c share.
 */
#ifndef CROFT_ENFORCE_ROOM_PARTS_H
#define CROFT_ENFORCE_ROOM_PARTS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "enforce/mounts_parts.h"
#include "plan/room.h"

#define FD_PATH_SIZE 32 /* "/proc/self/fd/2147483647" */

/* Something of the tree before, as it was when the caller named it. */
struct found {
	char *real; /* owned; no link in it */
	uint64_t dev, ino; /* 0, 0: not compared */
	bool is_directory;
};

struct making {
	const struct room *room;
	struct found root, upper, *sources; /* sources: one for each mount */
	bool has_user; /* a user namespace was made */
	int memory; /* the directory of an overlay that is not kept; -1 */
	/*
	 * O_PATH: "/" as the caller has it, in the new mount namespace: what he named is looked up
	 * in it. tree.host is another directory where the caller is in a chroot.
	 */
	int names;
	struct tree tree;
};

/*
 * The place to mount upon, followed inside the room; what is missing of it is made. *ret_real:
 * where it leads. An O_PATH descriptor, or described.
 */
int room_place(const struct making *making, const char *path, bool is_directory,
	       char ret_real[PATH_MAX], struct croft_error *err);
/* `source` with all beneath it at `path`, seen by its effect. MOUNT_RDONLY holds for all of it. */
int room_bind(const struct making *making, const struct found *source, const char *path,
	      unsigned flags, struct croft_error *err);

/* room_own.c: /dev, /proc, /sys, /tmp, names of hosts */
int room_put_own(const struct making *making, struct croft_error *err);

#endif
