/* SPDX-License-Identifier: MIT */
/*
 * walk.h - what root.c asks of walk.c: inside src/elf only. (root_walk is in root.h.)
 */
#ifndef CROFT_ELF_WALK_H
#define CROFT_ELF_WALK_H

#include <sys/stat.h>

#include "elf/root.h"

/* openat, again after EINTR. */
int walk_openat(int dirfd, const char *path, int flags);
/* The whole name inside the root: 0, -ENOENT (empty) or -ENAMETOOLONG. */
int walk_join(char ret_full[PATH_MAX], const char *workdir, const char *path);
/* Opens by walking; with O_PATH alone any file, with other flags without following further. */
int walk_open(const struct root *root, const char *full, int flags);
/* The real name; "" if the walk fails or leads to another file than `st` by now. */
void walk_find_real(const struct root *root, const char *full, const struct stat *st,
		    char ret_real[PATH_MAX]);

static inline bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

#endif
