/* SPDX-License-Identifier: MIT */
/*
 * tmpdir.h - the fresh TMPDIR of a launch: named, made, removed.
 *
 * The name is chosen before the plan (plans are pure), made by launch_prepare,
 * and removed at the end: by the cleaner for the command line, by the child object for
 * the library.
 */
#ifndef CROFT_LAUNCH_TMPDIR_H
#define CROFT_LAUNCH_TMPDIR_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

#define TMPDIR_NAME_SIZE 512 /* with the NUL: parents longer than this are refused */

/*
 * Chooses a full name in `parent` (absolute; NULL: /tmp) that nobody can guess: 96
 * random bits. Makes nothing. Stage prepare.
 */
int tmpdir_choose(const char *parent, char ret_path[TMPDIR_NAME_SIZE], struct croft_error *err);

/* Makes the directory, mode 0700; *ret_fd is O_PATH. A name that is there already is an error. */
int tmpdir_make(const char *path, int *ret_fd, struct croft_error *err);

/*
 * Removes the directory and everything in it. What is in there was written by
 * the confined command: no link is followed, and any depth or mode is coped with
 * in bounded memory. A directory that is not there is no error. Allocates nothing.
 */
int tmpdir_remove(const char *path);

#endif
