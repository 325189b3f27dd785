/* SPDX-License-Identifier: MIT */
/*
 * fd.c - descriptors with an owner.
 *
 * close() is never tried again: Linux has given the number back even when it
 * answers EINTR, and a second try could close somebody else's descriptor.
 */
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>

#include "sys/calls.h"

void fd_close(int *fd)
{
	if (*fd >= 0)
		(void)sys_close(*fd);
	*fd = -1;
}

int fd_take(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

int fd_write_all(int fd, const void *data, size_t len)
{
	const unsigned char *p = data;

	while (len) {
		ssize_t n = sys_write(fd, p, len);

		if (n == -EINTR)
			continue;
		if (n < 0)
			return (int)n;
		if (n == 0)
			return -EIO;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

ssize_t fd_read_full(int fd, void *data, size_t len)
{
	unsigned char *p = data;
	size_t done = 0;

	while (done < len) {
		ssize_t n = sys_read(fd, p + done, len - done);

		if (n == -EINTR)
			continue;
		if (n < 0)
			return n;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

ssize_t fd_read_file(int dirfd, const char *path, char *data, size_t max)
{
	AUTO_FD int fd = -1;
	ssize_t n;

	if (max == 0)
		return -EINVAL;
	fd = sys_openat(dirfd, path, O_RDONLY | O_NOCTTY, 0);
	if (fd < 0)
		return fd;
	n = fd_read_full(fd, data, max);
	if (n < 0)
		return n;
	if ((size_t)n == max)
		return -EFBIG;
	data[n] = '\0';
	return n;
}
