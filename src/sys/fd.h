/* SPDX-License-Identifier: MIT */
/*
 * fd.h - descriptors with an owner.
 *
 * Invalid is -1. Every descriptor is CLOEXEC from the call that makes it, and
 * nothing of ours lands on 0, 1 or 2: the command line refuses to start when one
 * of those is closed.
 */
#ifndef CROFT_SYS_FD_H
#define CROFT_SYS_FD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

void fd_close(int *fd); /* closes and sets -1; -1 is left alone */
int fd_take(int *fd); /* gives the descriptor away */
/* Writes everything, again after EINTR and short writes: 0 or -errno. */
int fd_write_all(int fd, const void *data, size_t len);
/* Reads until `len` bytes, the end, or an error: bytes read or -errno. */
ssize_t fd_read_full(int fd, void *data, size_t len);
/* What fd_read_full reads, if the end comes within max - 1 bytes (else -EFBIG); NUL-terminated. */
ssize_t fd_read_text(int fd, char *data, size_t max);
/* Reads a whole file of at most max - 1 bytes (else -EFBIG), NUL-terminates: length or -errno. */
ssize_t fd_read_file(int dirfd, const char *path, char *data, size_t max);
/* The same of a file of the kernel's, over which a FIFO may lie: without waiting for a writer. */
ssize_t fd_read_now(int dirfd, const char *path, char *data, size_t max);
/*
 * -EMFILE, -ENFILE, -ENOMEM: what is wrong with this process or machine, not with one name. It hits
 * every other lookup as well, and to go on would leave out what is there.
 */
bool fd_is_shortage(ssize_t r);
/* Closes every descriptor but these two; either may be -1. */
void fd_close_others(int a, int b);

#define AUTO_FD __attribute__((cleanup(fd_close)))

#endif
