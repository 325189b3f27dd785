/* SPDX-License-Identifier: MIT */
/*
 * skeleton.h - the directory that a build lives in: the room's root, its store, its /tmp.
 */
#ifndef CROFT_DRV_SKELETON_H
#define CROFT_DRV_SKELETON_H

#include <sys/types.h>

#include "drv/build.h"
#include "launch/tmpdir.h"

struct skeleton {
	char path[TMPDIR_NAME_SIZE]; /* "" before it is made */
	int fd; /* the directory itself; -1 before */
	pid_t cleaner; /* removes it if we cannot; 0 before */
};

#define SKELETON_INIT    \
	{                \
		.fd = -1 \
	}

/* Below the directory of the skeleton. */
#define SKELETON_ROOT "root" /* what the builder has as "/" */
#define SKELETON_STORE "store" /* what it has as the store: inputs' mount points, then outputs */
#define SKELETON_TMP "tmp" /* what it has as /tmp */

/*
 * Makes it in `result_dir`, mode 0700, with a name in the form of a store path, and starts who
 * removes it whatever happens. Every input has its mount point in the store, or is a copy if it is
 * a symbolic link. Stage prepare. On failure what was made is for skeleton_done as well.
 */
int skeleton_make(const struct build *build, const char *result_dir, struct skeleton *ret_skeleton,
		  struct croft_error *err);
/* Makes an empty file or directory at an absolute path of normal form, for a mount on it. */
int skeleton_add_point(const struct skeleton *skeleton, const char *path, bool is_directory,
		       struct croft_error *err);
/*
 * Moves the outputs from the skeleton's store to result_dir, without set-user-ID and set-group-ID
 * bits. One that is not there is left to who wants it; one that is in result_dir already is an
 * error (stage supervise, as all).
 */
int skeleton_take_outputs(const struct skeleton *skeleton, const struct build *build,
			  const char *result_dir, struct croft_error *err);
/* Removes it and all that is in it. One that was not made is no error. Stage supervise. */
int skeleton_done(struct skeleton *skeleton, struct croft_error *err);

#endif
