/* SPDX-License-Identifier: MIT */
/*
 * beneath.h - files and directories reached without following a link.
 *
 * For names that an enemy may have made: a project in which yesterday's command ran.
 */
#ifndef CROFT_HOST_BENEATH_H
#define CROFT_HOST_BENEATH_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Opens `path` with `flags` (CLOEXEC, never a controlling terminal, never waiting for a FIFO's
 * other end). No component may be a symbolic link, the last one neither: -ELOOP. A relative path
 * starts at dirfd. Other errors are openat's.
 */
int beneath_open(int dirfd, const char *path, int flags);

/*
 * Reads a regular file of at most max - 1 bytes and NUL-terminates it: its length, which may
 * count NULs within; -EFBIG: longer; -EINVAL: not a regular file.
 */
ssize_t beneath_read(int dirfd, const char *path, char *data, size_t max);

#endif
