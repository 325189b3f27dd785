/* SPDX-License-Identifier: MIT */
/*
 * read.c - a file that somebody else has named, whole: a derivation, or what Nix says of a build.
 */
#include "drv/read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "sys/calls.h"
#include "sys/fd.h"

ssize_t read_whole(const char *path, size_t max, char **ret_data, struct croft_error *err)
{
	AUTO_FD int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	AUTO_FREE char *data = NULL;
	struct stat st;
	ssize_t len;
	int r = fd < 0 ? fd : sys_fstatat(fd, "", &st, AT_EMPTY_PATH);

	if (r < 0)
		return fail(err, CROFT_STAGE_USAGE, -r, "read '%s'", path);
	if (!S_ISREG(st.st_mode))
		return fail(err, CROFT_STAGE_USAGE, 0, "'%s' is no file", path);
	if ((uint64_t)st.st_size >= max)
		return fail(err, CROFT_STAGE_USAGE, EFBIG, "read '%s'", path);
	data = malloc((size_t)st.st_size + 2);
	if (!data)
		return fail(err, CROFT_STAGE_USAGE, ENOMEM, "read '%s'", path);
	len = fd_read_text(fd, data, (size_t)st.st_size + 2);
	if (len < 0)
		return fail(err, CROFT_STAGE_USAGE, (int)-len, "read '%s'", path);
	*ret_data = data;
	data = NULL;
	return len;
}
