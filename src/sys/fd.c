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
#include <sys/resource.h>

#include "sys/calls.h"

#define MAX_CLOSE 65536 /* numbers above it are not tried one by one */

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

ssize_t fd_read_text(int fd, char *data, size_t max)
{
	ssize_t n = fd_read_full(fd, data, max);

	if (n < 0)
		return n;
	if ((size_t)n == max)
		return -EFBIG;
	data[n] = '\0';
	return n;
}

static ssize_t read_file(int dirfd, const char *path, int flags, char *data, size_t max)
{
	AUTO_FD int fd = -1;

	if (max == 0)
		return -EINVAL;
	fd = sys_openat(dirfd, path, O_RDONLY | O_NOCTTY | flags, 0);
	return fd < 0 ? fd : fd_read_text(fd, data, max);
}

ssize_t fd_read_file(int dirfd, const char *path, char *data, size_t max)
{
	return read_file(dirfd, path, 0, data, max);
}

ssize_t fd_read_now(int dirfd, const char *path, char *data, size_t max)
{
	return read_file(dirfd, path, O_NONBLOCK, data, max);
}

bool fd_is_shortage(ssize_t r)
{
	return r == -EMFILE || r == -ENFILE || r == -ENOMEM;
}

void fd_close_others(int a, int b)
{
	const int low = a < b ? a : b, high = a < b ? b : a;
	struct rlimit limit = { 0 };

	if ((low <= 0 || sys_close_range(0, (unsigned)low - 1, 0) == 0) &&
	    (low + 1 >= high || sys_close_range((unsigned)(low + 1), (unsigned)high - 1, 0) == 0) &&
	    sys_close_range((unsigned)(high + 1), ~0U, 0) == 0)
		return;
	/* before 5.9 one by one */
	if (sys_prlimit(RLIMIT_NOFILE, NULL, &limit) < 0 || limit.rlim_cur > MAX_CLOSE)
		limit.rlim_cur = MAX_CLOSE;
	for (int fd = 0; fd < (int)limit.rlim_cur; fd++)
		if (fd != a && fd != b)
			(void)sys_close(fd);
}
