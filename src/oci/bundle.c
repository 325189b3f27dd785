/* SPDX-License-Identifier: MIT */
/*
 * bundle.c - reads a file whole, and puts another in its place.
 *
 * A process file may lie in a directory that everybody writes (/tmp, sticky): the new file has a
 * name that nobody can know beforehand and must not be there, so no link is followed.
 * A symbolic link in the place of the file is refused: it would be replaced, not what it leads to.
 */
#include "oci/bundle.h"

#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "sys/calls.h"
#include "sys/fd.h"

int bundle_read(struct bundle_file *file, const char *path, size_t max, struct croft_error *err)
{
	AUTO_FD int fd =
		sys_openat(AT_FDCWD, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
	AUTO_FREE char *data = NULL;
	ssize_t n;
	int r;

	*file = (struct bundle_file){ .data = NULL };
	if (fd < 0)
		return fail(err, CROFT_STAGE_PREPARE, -fd, "open '%s'", path);
	r = sys_fstatat(fd, "", &file->st, AT_EMPTY_PATH);
	if (r < 0)
		return fail(err, CROFT_STAGE_PREPARE, -r, "look at '%s'", path);
	if (!S_ISREG(file->st.st_mode) || file->st.st_size < 0 || (size_t)file->st.st_size > max)
		return fail(err, CROFT_STAGE_PREPARE, 0, "'%s' is no file of at most %zu MiB", path,
			    max >> 20);
	/* one byte more shows whether it grows meanwhile */
	data = malloc((size_t)file->st.st_size + 2);
	if (!data)
		return fail(err, CROFT_STAGE_PREPARE, ENOMEM, "read '%s'", path);
	n = fd_read_text(fd, data, (size_t)file->st.st_size + 2);
	if (n < 0)
		return fail(err, CROFT_STAGE_PREPARE, (int)-n, "read '%s'", path);
	file->len = (size_t)n;
	file->data = take_ptr(&data);
	return 0;
}

void bundle_file_done(struct bundle_file *file)
{
	free(file->data);
	file->data = NULL;
}

/* The owner only where it is not the one that a new file has: that may take a privilege. */
static int give(const char *path, const struct stat *st)
{
	struct stat is;
	int r = sys_fstatat(AT_FDCWD, path, &is, AT_SYMLINK_NOFOLLOW);

	if (r == 0 && (is.st_uid != st->st_uid || is.st_gid != st->st_gid))
		r = (int)sys_raw(__NR_fchownat, AT_FDCWD, (long)(uintptr_t)path, (long)st->st_uid,
				 (long)st->st_gid, AT_SYMLINK_NOFOLLOW, 0);
	if (r == 0)
		r = sys_fchmodat(AT_FDCWD, path, st->st_mode & 07777);
	return r;
}

static int fill(const char *path, const struct stat *st, const char *data, size_t len)
{
	AUTO_FD int fd = sys_openat(AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
	int r;

	if (fd < 0)
		return fd;
	r = fd_write_all(fd, data, len);
	if (r == 0)
		r = give(path, st);
	if (r < 0)
		(void)sys_unlinkat(AT_FDCWD, path, 0);
	return r;
}

int bundle_write(const char *path, const struct stat *st, const char *data, size_t len,
		 struct croft_error *err)
{
	char fresh[PATH_MAX];
	uint64_t number = 0;
	ssize_t got = sys_getrandom(&number, sizeof(number));
	int n = snprintf(fresh, sizeof(fresh), "%s.croft-%016llx", path,
			 (unsigned long long)number);
	int r;

	if (n < 0 || (size_t)n >= sizeof(fresh))
		return fail(err, CROFT_STAGE_PREPARE, ENAMETOOLONG, "write '%.100s'", path);
	if (got != sizeof(number))
		return fail(err, CROFT_STAGE_PREPARE, got < 0 ? (int)-got : EIO,
			    "find a name beside '%s'", path);
	r = fill(fresh, st, data, len);
	if (r < 0)
		return fail(err, CROFT_STAGE_PREPARE, -r, "write '%s'", fresh);
	r = sys_renameat2(AT_FDCWD, fresh, AT_FDCWD, path, 0);
	if (r < 0) {
		(void)sys_unlinkat(AT_FDCWD, fresh, 0);
		return fail(err, CROFT_STAGE_PREPARE, -r, "put '%s' in the place of '%s'", fresh,
			    path);
	}
	return 0;
}
