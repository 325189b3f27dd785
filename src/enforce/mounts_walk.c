/* SPDX-License-Identifier: MIT */
/*
 * mounts_walk.c - names in the tree that is made: found again, made, and seen.
 *
 * child-path: no allocation
 *
 * What the plan saw was looked up in another mount namespace, and a descriptor from there cannot
 * be mounted (EINVAL). So each name is walked again here, without following links, and compared
 * by device and inode: whoever swaps it in between makes the start fail.
 *
 * Places to mount upon are made only in file systems that we have made ourselves, known by their
 * device numbers: nothing of the host's is ever created.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "enforce/mounts_parts.h"
#include "sys/calls.h"
#include "sys/fd.h"
#include "sys/path.h"

#define FLAGS_VALID 0x20 /* ST_VALID in f_flags: the kernel has filled them (since 2.6.36) */

int tree_find(int root, const char *path, uint64_t dev, uint64_t ino, struct croft_error *err)
{
	AUTO_FD int fd = path_walk(root, path);
	struct stat st;
	int r;

	if (fd < 0)
		return fail(err, CROFT_STAGE_MOUNTS, -fd, "find '%s' again", path);
	if (dev == 0 && ino == 0)
		return fd_take(&fd);
	r = sys_fstatat(fd, "", &st, AT_EMPTY_PATH);
	if (r < 0)
		return fail(err, CROFT_STAGE_MOUNTS, -r, "look at '%s' again", path);
	if (st.st_dev != dev || st.st_ino != ino)
		return fail(err, CROFT_STAGE_MOUNTS, ESTALE, "'%s' changed while croft started",
			    path);
	return fd_take(&fd);
}

bool tree_is_own(const struct tree *tree, const struct stat *st)
{
	for (size_t i = 0; i < tree->n_own; i++)
		if (tree->own[i] == st->st_dev)
			return true;
	return false;
}

/* 0, or -ENOENT where nothing may be made. */
static int check_own(const struct tree *tree, int fd)
{
	struct stat st;
	int r = sys_fstatat(fd, "", &st, AT_EMPTY_PATH);

	return r == 0 && !tree_is_own(tree, &st) ? -ENOENT : r;
}

int tree_owns(struct tree *tree, int fd)
{
	struct stat st;
	int r = sys_fstatat(fd, "", &st, AT_EMPTY_PATH);

	if (r < 0)
		return r;
	if (tree->n_own < TREE_OWN_MAX)
		tree->own[tree->n_own++] = st.st_dev;
	return 0;
}

/* The mode is set once more: the caller's umask is not ours to change. */
static int make_name(int dirfd, const char *name, bool is_directory)
{
	AUTO_FD int fd = -1;
	int r;

	if (is_directory) {
		r = sys_mkdirat(dirfd, name, 0755);
		return r < 0 ? r : sys_fchmodat(dirfd, name, 0755);
	}
	fd = sys_openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0444);
	return fd < 0 ? fd : 0;
}

/* Walks to the last component, which is left in `name`, and makes directories that are missing. */
static int make_above(const struct tree *tree, const char *path, char name[PATH_NAME_SIZE])
{
	char next[PATH_NAME_SIZE];
	AUTO_FD int at = path_step(tree->root, ".");
	int len = path_component(&path, name), fd;

	if (len <= 0)
		return len < 0 ? len : -EEXIST;
	while (at >= 0 && (len = path_component(&path, next)) > 0) {
		fd = path_step(at, name);
		if (fd == -ENOENT) {
			int r = check_own(tree, at);

			r = r < 0 ? r : make_name(at, name, true);
			fd = r < 0 ? r : path_step(at, name);
		}
		fd_close(&at);
		at = fd;
		(void)memcpy(name, next, sizeof(next));
	}
	return len < 0 ? len : fd_take(&at);
}

/* The directory that holds the last component, at one go where nothing is missing. */
static int find_above(const struct tree *tree, const char *path, char name[PATH_NAME_SIZE])
{
	const char *last = strrchr(path, '/');
	size_t len = last ? (size_t)(last - path) : 0;
	char above[PATH_MAX];
	int fd;

	if (!last || len >= sizeof(above) || !last[1] || strlen(last + 1) >= PATH_NAME_SIZE)
		return make_above(tree, path, name);
	memcpy(above, path, len);
	above[len] = '\0';
	fd = path_walk(tree->root, above);
	if (fd == -ENOENT)
		return make_above(tree, path, name);
	memcpy(name, last + 1, strlen(last + 1) + 1);
	return fd;
}

int tree_point(const struct tree *tree, const char *path, bool is_directory,
	       struct croft_error *err)
{
	char name[PATH_NAME_SIZE];
	AUTO_FD int above = -1;
	int fd = path_walk(tree->root, path), r;

	if (fd == -ENOENT) {
		above = find_above(tree, path, name);
		r = above < 0 ? above : check_own(tree, above);
		if (r == 0)
			r = make_name(above, name, is_directory);
		fd = r < 0 ? r : path_step(above, name);
	}
	return fd < 0 ? fail(err, CROFT_STAGE_MOUNTS, -fd, "find a place for '%s'", path) : fd;
}

int tree_link(const struct tree *tree, const char *path, const char *text, struct croft_error *err)
{
	char name[PATH_NAME_SIZE];
	AUTO_FD int above = find_above(tree, path, name);
	int r = above < 0 ? above : check_own(tree, above);

	if (r == 0)
		r = sys_symlinkat(text, above, name);
	return r < 0 ? fail(err, CROFT_STAGE_MOUNTS, -r, "make the symbolic link '%s'", path) : 0;
}

static unsigned long statfs_flags(unsigned flags)
{
	return (flags & MOUNT_RDONLY ? ST_RDONLY : 0) | (flags & MOUNT_NOEXEC ? ST_NOEXEC : 0) |
	       (flags & MOUNT_NODEV ? ST_NODEV : 0) | (flags & MOUNT_NOSUID ? ST_NOSUID : 0);
}

/*
 * The flags are those of the mount. A file system that answers nothing (its server is gone, or is
 * another user's) cannot be asked; then only what the mount call said is known.
 */
static int see_flags(int fd, const struct stat *st, unsigned flags)
{
	const unsigned long want = statfs_flags(flags);
	struct statfs fs;

	if (sys_fstatfs(fd, &fs) == 0 && ((unsigned long)fs.f_flags & FLAGS_VALID) &&
	    ((unsigned long)fs.f_flags & want) != want)
		return -ENOTSUP;
	/* EROFS, or EACCES by its modes */
	if ((flags & MOUNT_RDONLY) && S_ISDIR(st->st_mode) && sys_faccessat(fd, ".", W_OK) == 0)
		return -ENOTSUP;
	return 0;
}

int tree_see(const struct tree *tree, const char *path, const struct stat *want, unsigned flags,
	     struct croft_error *err)
{
	AUTO_FD int fd = tree_find(tree->root, path, want->st_dev, want->st_ino, err);
	int r;

	if (fd < 0)
		return fd;
	r = see_flags(fd, want, flags);
	if (r < 0)
		return fail(err, CROFT_STAGE_MOUNTS, -r,
			    "the kernel mounted '%s', but not as it was told", path);
	return fd_take(&fd);
}
