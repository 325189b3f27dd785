/* SPDX-License-Identifier: MIT */
/*
 * beneath.c - files and directories reached without following a link.
 *
 * The walk is sys/path.c's. What is read is opened without waiting (a FIFO would hold croft up for
 * ever) and looked at by its descriptor before a byte of it is read: a device is never read.
 */
#include "host/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "sys/calls.h"
#include "sys/fd.h"
#include "sys/path.h"

int beneath_open(int dirfd, const char *path, int flags)
{
	return path_open(dirfd, path, flags & O_PATH ? flags : flags | O_NOCTTY | O_NONBLOCK);
}

ssize_t beneath_read(int dirfd, const char *path, char *data, size_t max)
{
	AUTO_FD int fd = beneath_open(dirfd, path, O_RDONLY);
	struct stat st;
	int r;

	if (fd < 0)
		return fd;
	r = sys_fstatat(fd, "", &st, AT_EMPTY_PATH);
	if (r < 0)
		return r;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	return fd_read_text(fd, data, max);
}
