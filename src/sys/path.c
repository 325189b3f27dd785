/* SPDX-License-Identifier: MIT */
/*
 * path.c - names that are walked without following any link.
 *
 * child-path: no allocation
 *
 * openat2 does it in one call, and counts a link that appears at any moment of it. Its answers
 * ENOSYS, EPERM and EINVAL are those of older kernels and of filters that do not know it, EAGAIN
 * that of a walk which somebody's renames disturb: then each component is opened by itself. That
 * is as safe, as each step starts at a descriptor and opens one name that is no link; it only
 * sees several moments where the other sees one.
 */
#include "sys/path.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "sys/calls.h"
#include "sys/fd.h"

#define TRIES_MAX 16 /* openat2 says EAGAIN while something anywhere is renamed */

int path_component(const char **path, char name[PATH_NAME_SIZE])
{
	size_t len;

	do {
		*path += strspn(*path, "/");
		len = strcspn(*path, "/");
		if (len >= PATH_NAME_SIZE)
			return -ENAMETOOLONG;
		memcpy(name, *path, len);
		name[len] = '\0';
		*path += len;
	} while (!strcmp(name, "."));
	return strcmp(name, "..") ? (int)len : -EINVAL;
}

/*
 * 0 or -ELOOP. The root of a file system whose server is gone, or is another user's, has no
 * attributes to show, but it is no link: readlinkat says EINVAL then (ENOENT before 2.6.39).
 */
static int check_no_link(int fd)
{
	struct stat st;
	char text[1];
	int r = sys_fstatat(fd, "", &st, AT_EMPTY_PATH);

	if (r == 0)
		return S_ISLNK(st.st_mode) ? -ELOOP : 0;
	if (r != -ENOTCONN && r != -EACCES && r != -EIO && r != -ESTALE)
		return r;
	r = (int)sys_readlinkat(fd, "", text, sizeof(text));
	return r == -EINVAL || r == -ENOENT ? 0 : -ELOOP;
}

int path_step(int dirfd, const char *name)
{
	AUTO_FD int fd = -1;
	int r;

	do
		fd = sys_openat(dirfd, name, O_PATH | O_NOFOLLOW, 0);
	while (fd == -EINTR);
	if (fd < 0)
		return fd;
	r = check_no_link(fd);
	return r < 0 ? r : fd_take(&fd);
}

/* The last component. By O_PATH a link would be found itself. */
static int open_last(int dirfd, const char *name, int flags)
{
	if (flags & O_PATH)
		return path_step(dirfd, *name ? name : ".");
	return sys_openat(dirfd, *name ? name : ".", flags | O_NOFOLLOW, 0);
}

static int open_by_steps(int dirfd, const char *path, int flags)
{
	char name[PATH_NAME_SIZE], next[PATH_NAME_SIZE];
	AUTO_FD int at = path_step(*path == '/' ? AT_FDCWD : dirfd, *path == '/' ? "/" : ".");
	int len = at < 0 ? at : path_component(&path, name);

	while (len > 0) {
		int fd;

		len = path_component(&path, next);
		if (len <= 0)
			break;
		fd = path_step(at, name);
		fd_close(&at);
		if (fd < 0)
			return fd;
		at = fd;
		memcpy(name, next, sizeof(name));
	}
	return len < 0 ? len : open_last(at, name, flags);
}

int path_open(int dirfd, const char *path, int flags)
{
	int fd = -EAGAIN;

	for (int i = 0; i < TRIES_MAX && (fd == -EAGAIN || fd == -EINTR); i++)
		/* no O_NOFOLLOW: with O_PATH it would give a link itself (openat2(2)) */
		fd = sys_openat2(dirfd, path, flags, ABI_RESOLVE_NO_SYMLINKS);
	if (fd == -ENOSYS || fd == -EPERM || fd == -EINVAL || fd == -EAGAIN || fd == -EINTR)
		return open_by_steps(dirfd, path, flags);
	return fd;
}

int path_walk(int root, const char *path)
{
	const char *rest = path, *below = path + strspn(path, "/");
	char name[PATH_NAME_SIZE];
	int len;

	while ((len = path_component(&rest, name)) > 0)
		continue;
	return len < 0 ? len : path_open(root, *below ? below : ".", O_PATH);
}

bool path_is_under(const char *outer, const char *inner)
{
	size_t len = strlen(outer);

	if (len == 1)
		return true;
	return !strncmp(outer, inner, len) && (inner[len] == '/' || !inner[len]);
}

bool path_child(char ret[PATH_MAX], const char *dir, const char *name)
{
	size_t len = strcmp(dir, "/") ? strlen(dir) : 0, name_len = strlen(name);

	if (len + 1 + name_len >= PATH_MAX)
		return false;
	memcpy(ret, dir, len);
	ret[len] = '/';
	memcpy(ret + len + 1, name, name_len + 1);
	return true;
}
