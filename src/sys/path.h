/* SPDX-License-Identifier: MIT */
/*
 * path.h - names that are walked without following any link; and what can be said of them as text.
 *
 * Walks are for names that were resolved before: whoever puts a symbolic link into one of them
 * meanwhile gets an error, not another file.
 */
#ifndef CROFT_SYS_PATH_H
#define CROFT_SYS_PATH_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#define PATH_NAME_SIZE (NAME_MAX + 1) /* one component with its NUL */

/*
 * Opens `path` with `flags`: -ELOOP at any symbolic link, the last component too. Crosses mounts. A
 * relative path starts at dirfd. openat2 where it is (since 5.6), else component by component,
 * and then -EINVAL at "..". Allocates nothing.
 */
int path_open(int dirfd, const char *path, int flags);

/*
 * Opens (O_PATH) what an absolute path leads to below the directory `root`, which
 * stands for "/": as path_open, and always -EINVAL at "..".
 */
int path_walk(int root, const char *path);

/*
 * Takes the next component off *path into `name`: its length, 0 at the end, -ENAMETOOLONG, or
 * -EINVAL at "..". Repeated slashes and "." are skipped.
 */
int path_component(const char **path, char name[PATH_NAME_SIZE]);

/* One step of a walk: `name` in `dirfd`, -ELOOP if it is a symbolic link. */
int path_step(int dirfd, const char *name);

/* True if `inner` is `outer` or under it. Both absolute, without a final slash but "/" itself. */
bool path_is_under(const char *outer, const char *inner);
/* "dir/name"; the root is "/" or "". False: it does not fit, and no call would take it. */
bool path_child(char ret[PATH_MAX], const char *dir, const char *name);

#endif
