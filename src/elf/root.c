/* SPDX-License-Identifier: MIT */
/*
 * root.c - files below a directory that stands for "/".
 *
 * Opening has two halves. A name is led to an O_PATH descriptor, which opens nothing: no FIFO
 * waits, no driver is woken. What it is, is asked of that descriptor, and only a regular
 * file is opened for reading, through the same descriptor's name in /proc/self/fd, so that
 * nobody can put something else under the name in between. Without /proc the name is opened once
 * more, without blocking, and must give the same file.
 *
 * Who follows the name:
 *
 *   the real root    the kernel
 *   an image         the kernel, told to stay inside (openat2 with RESOLVE_IN_ROOT, since 5.6)
 *   an image, where a filter or an old kernel has no openat2: walk.c
 *   a source         the source; here only its contract is kept
 */
#include "elf/root.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "elf/noexec.h"
#include "elf/walk.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define TRIES_MAX 16 /* openat2 says EAGAIN while something anywhere is renamed */
#define FIRST_READ 4096 /* for files that do not tell their size, as in /proc */

/*
 * EPERM and EINVAL come from filters that know openat2 not well, ENOSYS from those and from
 * kernels before 5.6. EAGAIN, for ever while somebody renames without end, is a reason to walk.
 */
static int open_name(const struct root *root, const char *full, int flags)
{
	int fd = -EAGAIN;

	if (root->fd < 0)
		return walk_openat(AT_FDCWD, full, flags);
	for (int i = 0; i < TRIES_MAX && (fd == -EAGAIN || fd == -EINTR); i++)
		fd = sys_openat2(root->fd, full, flags,
				 ABI_RESOLVE_IN_ROOT | ABI_RESOLVE_NO_MAGICLINKS);
	if (fd == -ENOSYS || fd == -EPERM || fd == -EINVAL || fd == -EAGAIN || fd == -EINTR)
		return walk_open(root, full, flags);
	return fd;
}

/* Opens for reading what `st` is of: -ESTALE if it was another file that came. */
static int open_checked(int fd, struct stat *st)
{
	AUTO_FD int opened = fd;
	struct stat now;
	int r = fd < 0 ? fd : sys_fstatat(fd, "", &now, AT_EMPTY_PATH);

	if (r < 0)
		return r;
	if (!is_same_file(&now, st))
		return -ESTALE;
	*st = now;
	return fd_take(&opened);
}

/* *ret_has_proc: the descriptor's name in /proc leads to it. */
static int open_handle(const struct root *root, int handle, const char *full, struct stat *st,
		       bool *ret_has_proc)
{
	/* O_NONBLOCK: a lease or a FIFO that took the name's place must not make us wait */
	const int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
	char link[32];
	int fd;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", handle);
	fd = open_checked(walk_openat(AT_FDCWD, link, flags), st);
	*ret_has_proc = fd >= 0;
	if (fd != -ENOENT && fd != -ENOTDIR && fd != -ESTALE)
		return fd;
	return open_checked(open_name(root, full, flags), st);
}

/* The name of a descriptor, as the kernel knows it; its length, 0 if unknown. */
static size_t read_fd_name(int fd, char name[PATH_MAX])
{
	char link[32];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = sys_readlinkat(AT_FDCWD, link, name, PATH_MAX);
	if (n <= 0 || n >= PATH_MAX || name[0] != '/')
		return 0; /* too long, "pipe:[1]", or "(unreachable)/x" (since 2.6.36) */
	name[n] = '\0';
	return (size_t)n;
}

/* Takes the image's own path off the front. */
static bool strip_root(const struct root *root, char name[PATH_MAX])
{
	char prefix[PATH_MAX];
	size_t len;

	if (root->fd < 0)
		return true;
	len = read_fd_name(root->fd, prefix);
	if (len == 0)
		return false;
	if (len == 1)
		return true;
	if (strncmp(name, prefix, len) != 0 || name[len] != '/')
		return false;
	memmove(name, name + len, strlen(name + len) + 1);
	return true;
}

/*
 * The kernel knows the name of what is open, whatever links led there: one call, where the walk
 * takes many. A name that ends as deleted ones do may be one.
 */
static void find_real(const struct root *root, int fd, bool has_proc, const char *full,
		      const struct stat *st, char real[PATH_MAX])
{
	static const char deleted[] =
		" (deleted)"; /* what the kernel adds to a name that is gone */
	size_t n = has_proc ? read_fd_name(fd, real) : 0;
	bool is_doubtful = n >= sizeof(deleted) && !strcmp(real + n - sizeof(deleted) + 1, deleted);

	if (n == 0 || is_doubtful || !strip_root(root, real))
		walk_find_real(root, full, st, real);
}

int root_open_file(const struct root *root, const char *workdir, const char *path,
		   struct root_file *ret_file)
{
	AUTO_FD int handle = -1;
	char full[PATH_MAX];
	struct stat st;
	bool has_proc;
	int fd, r = walk_join(full, workdir, path);

	if (r < 0)
		return r;
	if (root->source)
		return root->source->open_file(root->source, full, ret_file);
	handle = open_name(root, full, O_PATH);
	if (handle < 0)
		return handle;
	r = sys_fstatat(handle, "", &st, AT_EMPTY_PATH);
	if (r < 0)
		return r;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	fd = open_handle(root, handle, full, &st, &has_proc);
	if (fd < 0)
		return fd;
	ret_file->fd = fd;
	ret_file->mode = st.st_mode;
	ret_file->uid = st.st_uid;
	ret_file->gid = st.st_gid;
	ret_file->dev = st.st_dev;
	ret_file->ino = st.st_ino;
	ret_file->size = (uint64_t)st.st_size;
	find_real(root, fd, has_proc, full, &st, ret_file->real);
	ret_file->is_noexec = noexec_is_on(fd, root->fd < 0 ? ret_file->real : "");
	return 0;
}

void root_file_done(struct root_file *file)
{
	fd_close(&file->fd);
}

int root_open_dir(const struct root *root, const char *path, struct root_dir *ret_dir)
{
	char full[PATH_MAX];
	int fd = -1, r = walk_join(full, NULL, path);

	if (r == 0 && root->source)
		r = root->source->open_dir(root->source, full);
	if (r < 0)
		return r;
	/* with O_DIRECTORY nothing else is opened, so nothing can block */
	if (!root->source)
		fd = open_name(root, full, O_RDONLY | O_DIRECTORY);
	if (!root->source && fd < 0)
		return fd;
	ret_dir->fd = fd;
	ret_dir->source = root->source;
	ret_dir->path = path;
	return 0;
}

void root_dir_done(struct root_dir *dir)
{
	fd_close(&dir->fd);
}

static bool is_dots(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

int root_dir_list(const struct root_dir *dir, root_take_fn take, void *context)
{
	_Alignas(uint64_t) char entries[4096];
	ssize_t n;
	int r = 0;

	if (dir->source)
		return dir->source->list(dir->source, dir->path, take, context);
	while ((n = sys_getdents64(dir->fd, entries, sizeof(entries))) > 0)
		for (ssize_t at = 0; at < n;) {
			const struct sys_dirent *entry = (const void *)(entries + at);

			at += entry->length;
			r = is_dots(entry->name) ? 0 : take(context, entry->name);
			if (r != 0)
				return r;
		}
	return n < 0 ? (int)n : 0;
}

bool root_dir_has(const struct root_dir *dir, const char *name)
{
	struct stat st;

	if (dir->source)
		return dir->source->has(dir->source, dir->path, name);
	return sys_fstatat(dir->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

ssize_t root_read_file(const struct root *root, const char *path, size_t max, char **ret_data)
{
	struct root_file file;
	AUTO_FREE char *data = NULL;
	AUTO_FD int fd = -1;
	size_t size, len = 0;
	int r = root_open_file(root, NULL, path, &file);

	if (r < 0)
		return r;
	fd = file.fd;
	if (max == 0 || file.size >= max)
		return -EFBIG;
	/* one byte for the NUL, one to see that the file ends where it said */
	size = file.size ? (size_t)file.size + 2 : FIRST_READ;
	for (;;) {
		char *more;
		ssize_t n;

		size = size < max ? size : max;
		more = realloc(data, size);
		if (!more)
			return -ENOMEM;
		data = more;
		n = fd_read_full(fd, data + len, size - len);
		if (n < 0)
			return n;
		len += (size_t)n;
		if (len < size)
			break;
		if (size == max)
			return -EFBIG;
		size *= 2;
	}
	data[len] = '\0';
	*ret_data = take_ptr(&data);
	return (ssize_t)len;
}

/* The root */

int root_open(const char *path, struct root *ret_root, struct croft_error *err)
{
	int fd = -1;

	if (path[0] != '/' || path[strspn(path, "/")] != '\0') {
		fd = walk_openat(AT_FDCWD, path, O_PATH | O_DIRECTORY);
		if (fd < 0)
			return fail(err, CROFT_STAGE_PREPARE, -fd, "open the root directory '%s'",
				    path);
	}
	ret_root->fd = fd;
	ret_root->path = path;
	ret_root->source = NULL;
	return 0;
}

void root_done(struct root *root)
{
	fd_close(&root->fd);
}
