/* SPDX-License-Identifier: MIT */
/*
 * files.c - opening, creating, removing, renaming, truncating, executing: the
 * operations that Landlock's file rights are about, and the same through
 * descriptors that were open before.
 */
#include "payload.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#define NR_OPENAT2 437 /* Linux 5.6 */
#define FLAG_RENAME_EXCHANGE 2 /* Linux 3.15 */

extern char **environ;

static int open_flags(const char *path, int flags)
{
	int fd = value(open(path, flags | O_CLOEXEC | O_NONBLOCK, 0600));

	if (fd >= 0)
		(void)close(fd);
	return fd < 0 ? fd : 0;
}

static int open_read(int argc, char **argv)
{
	(void)argc;
	return open_flags(argv[0], O_RDONLY);
}

static int open_write(int argc, char **argv)
{
	(void)argc;
	return open_flags(argv[0], O_WRONLY);
}

static int open_both(int argc, char **argv)
{
	(void)argc;
	return open_flags(argv[0], O_RDWR);
}

static int open_append(int argc, char **argv)
{
	(void)argc;
	return open_flags(argv[0], O_WRONLY | O_APPEND);
}

static int open_path(int argc, char **argv)
{
	(void)argc;
	return open_flags(argv[0], O_PATH);
}

static int open_create(int argc, char **argv)
{
	(void)argc;
	return open_flags(argv[0], O_WRONLY | O_CREAT | O_EXCL);
}

static int open_creat(int argc, char **argv)
{
	(void)argc;
	return open_flags(argv[0], O_WRONLY | O_CREAT | O_TRUNC);
}

static int open_trunc(int argc, char **argv)
{
	(void)argc;
	return open_flags(argv[0], O_RDONLY | O_TRUNC);
}

static int open_write_trunc(int argc, char **argv)
{
	(void)argc;
	return open_flags(argv[0], O_WRONLY | O_TRUNC);
}

static int open_tmpfile(int argc, char **argv)
{
	(void)argc;
	return open_flags(argv[0], O_RDWR | O_TMPFILE);
}

/* openat2(2) takes its flags from memory, where a filter cannot look. */
static int openat2_flags(const char *path, uint64_t flags)
{
	struct {
		uint64_t flags, mode, resolve;
	} how = { .flags = flags | O_CLOEXEC };
	int fd = value(syscall(NR_OPENAT2, AT_FDCWD, path, &how, sizeof(how)));

	if (fd >= 0)
		(void)close(fd);
	return fd < 0 ? fd : 0;
}

static int openat2_read(int argc, char **argv)
{
	(void)argc;
	return openat2_flags(argv[0], O_RDONLY);
}

static int openat2_trunc(int argc, char **argv)
{
	(void)argc;
	return openat2_flags(argv[0], O_RDONLY | O_TRUNC);
}

static int read_dir(int argc, char **argv)
{
	char entries[1024];
	int fd = value(open(argv[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC)), r;

	(void)argc;
	if (fd < 0)
		return fd;
	r = result(syscall(SYS_getdents64, fd, entries, sizeof(entries)));
	(void)close(fd);
	return r;
}

static int cat(int argc, char **argv)
{
	char data[4096];
	ssize_t n;
	int fd = value(open(argv[0], O_RDONLY | O_CLOEXEC));

	(void)argc;
	if (fd < 0)
		return fd;
	while ((n = read(fd, data, sizeof(data))) > 0)
		if (write(1, data, (size_t)n) != n)
			break;
	(void)close(fd);
	return n < 0 ? -errno : PAYLOAD_PRINTED;
}

static int write_text(int argc, char **argv)
{
	int fd = value(open(argv[0], O_WRONLY | O_CREAT | O_CLOEXEC, 0600)), r;

	(void)argc;
	if (fd < 0)
		return fd;
	r = result(write(fd, argv[1], strlen(argv[1])));
	(void)close(fd);
	return r;
}

static int write_bytes(int argc, char **argv)
{
	static const char block[4096];
	size_t left = payload_number(argv[1]);
	ssize_t n = 0;
	int fd = value(open(argv[0], O_WRONLY | O_CREAT | O_CLOEXEC, 0600));

	(void)argc;
	if (fd < 0)
		return fd;
	for (; left && n >= 0; left -= n > 0 ? (size_t)n : 0)
		n = write(fd, block, left < sizeof(block) ? left : sizeof(block));
	n = n < 0 ? -errno : 0;
	(void)close(fd);
	return (int)n;
}

static int do_truncate(int argc, char **argv)
{
	(void)argc;
	return result(truncate(argv[0], 1));
}

static int do_ftruncate(int argc, char **argv)
{
	int fd = value(open(argv[0], O_WRONLY | O_CLOEXEC)), r;

	(void)argc;
	if (fd < 0)
		return fd;
	r = result(ftruncate(fd, 1));
	(void)close(fd);
	return r;
}

static int do_mkdir(int argc, char **argv)
{
	(void)argc;
	return result(mkdir(argv[0], 0700));
}

static int do_rmdir(int argc, char **argv)
{
	(void)argc;
	return result(rmdir(argv[0]));
}

static int do_unlink(int argc, char **argv)
{
	(void)argc;
	return result(unlink(argv[0]));
}

static int do_symlink(int argc, char **argv)
{
	(void)argc;
	return result(symlink(argv[0], argv[1]));
}

static int do_link(int argc, char **argv)
{
	(void)argc;
	return result(linkat(AT_FDCWD, argv[0], AT_FDCWD, argv[1], 0));
}

static int do_rename(int argc, char **argv)
{
	(void)argc;
	return result(rename(argv[0], argv[1]));
}

static int do_exchange(int argc, char **argv)
{
	(void)argc;
	return result(
		syscall(SYS_renameat2, AT_FDCWD, argv[0], AT_FDCWD, argv[1], FLAG_RENAME_EXCHANGE));
}

static int do_mknod(int argc, char **argv)
{
	static const struct word kinds[] = { { "fifo", S_IFIFO },
					     { "char", S_IFCHR },
					     { "block", S_IFBLK } };
	unsigned long kind = payload_word(kinds, PAYLOAD_ENTRIES(kinds), argv[0]);

	(void)argc;
	/* 1:3 is /dev/null; 7:0 the first loop device: nothing is opened */
	return result(mknod(argv[1], (mode_t)kind | 0600,
			    kind == S_IFCHR ? makedev(1, 3) : makedev(7, 0)));
}

static int make_socket(int argc, char **argv)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd, r;

	(void)argc;
	if (strlen(argv[0]) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	memcpy(addr.sun_path, argv[0], strlen(argv[0]));
	fd = value(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
	if (fd < 0)
		return fd;
	r = result(bind(fd, (const struct sockaddr *)&addr, sizeof(addr)));
	(void)close(fd);
	return r;
}

static int ioctl_path(int argc, char **argv)
{
	uint64_t answer[32];
	int fd = value(open(argv[0], O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)), r;

	(void)argc;
	if (fd < 0)
		return fd;
	r = result(syscall(SYS_ioctl, fd, payload_number(argv[1]), answer));
	(void)close(fd);
	return r;
}

static int ioctl_fd(int argc, char **argv)
{
	uint64_t answer[32];

	(void)argc;
	return result(syscall(SYS_ioctl, payload_int(argv[0]), payload_number(argv[1]), answer));
}

/* A device that is opened and used: "2>/dev/null" and "head -c1 /dev/zero". */
static int device_write(int argc, char **argv)
{
	int fd = value(open(argv[0], O_WRONLY | O_NOCTTY | O_CLOEXEC)), r;

	(void)argc;
	if (fd < 0)
		return fd;
	r = result(write(fd, "x", 1));
	(void)close(fd);
	return r;
}

static int device_read(int argc, char **argv)
{
	char byte;
	int fd = value(open(argv[0], O_RDONLY | O_NOCTTY | O_CLOEXEC)), r;

	(void)argc;
	if (fd < 0)
		return fd;
	r = result(read(fd, &byte, 1));
	(void)close(fd);
	return r;
}

static int fd_write(int argc, char **argv)
{
	(void)argc;
	return result(write(payload_int(argv[0]), argv[1], strlen(argv[1])));
}

static int fd_read(int argc, char **argv)
{
	char byte;

	(void)argc;
	return result(read(payload_int(argv[0]), &byte, 1));
}

static int fd_create_in(int argc, char **argv)
{
	int fd = value(openat(payload_int(argv[0]), argv[1],
			      O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));

	(void)argc;
	if (fd >= 0)
		(void)close(fd);
	return fd < 0 ? fd : 0;
}

static int do_exec(int argc, char **argv)
{
	(void)argc;
	return result(execve(argv[0], argv, environ));
}

/* Copies a program into an anonymous file and executes that: EXECUTE is about inodes on disk. */
static int exec_memfd(int argc, char **argv)
{
	char block[8192];
	ssize_t n;
	int from = value(open(argv[0], O_RDONLY | O_CLOEXEC));
	int to = value(syscall(SYS_memfd_create, "payload", 1U /* MFD_CLOEXEC */));

	(void)argc;
	if (from < 0 || to < 0)
		return from < 0 ? from : to;
	while ((n = read(from, block, sizeof(block))) > 0)
		if (write(to, block, (size_t)n) != n)
			return -EIO;
	return result(syscall(SYS_execveat, to, "", argv, environ, AT_EMPTY_PATH));
}

static int mmap_exec(int argc, char **argv)
{
	int fd = value(open(argv[0], O_RDONLY | O_CLOEXEC)), r;
	void *map;

	(void)argc;
	if (fd < 0)
		return fd;
	map = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	r = map == MAP_FAILED ? -errno : 0;
	(void)close(fd);
	return r;
}

const struct op file_ops[] = {
	{ "open-read", "PATH", 1, 1, open_read },
	{ "open-write", "PATH", 1, 1, open_write },
	{ "open-both", "PATH", 1, 1, open_both },
	{ "append", "PATH", 1, 1, open_append },
	{ "open-path", "PATH", 1, 1, open_path },
	{ "create", "PATH", 1, 1, open_create },
	{ "creat", "PATH", 1, 1, open_creat },
	{ "open-trunc", "PATH", 1, 1, open_trunc },
	{ "open-write-trunc", "PATH", 1, 1, open_write_trunc },
	{ "tmpfile", "DIR", 1, 1, open_tmpfile },
	{ "openat2-read", "PATH", 1, 1, openat2_read },
	{ "openat2-trunc", "PATH", 1, 1, openat2_trunc },
	{ "read-dir", "PATH", 1, 1, read_dir },
	{ "cat", "PATH", 1, 1, cat },
	{ "write-text", "PATH TEXT", 2, 2, write_text },
	{ "write-bytes", "PATH N", 2, 2, write_bytes },
	{ "truncate", "PATH", 1, 1, do_truncate },
	{ "ftruncate", "PATH", 1, 1, do_ftruncate },
	{ "mkdir", "PATH", 1, 1, do_mkdir },
	{ "rmdir", "PATH", 1, 1, do_rmdir },
	{ "unlink", "PATH", 1, 1, do_unlink },
	{ "symlink", "TARGET PATH", 2, 2, do_symlink },
	{ "link", "OLD NEW", 2, 2, do_link },
	{ "rename", "OLD NEW", 2, 2, do_rename },
	{ "exchange", "OLD NEW", 2, 2, do_exchange },
	{ "mknod", "fifo|char|block PATH", 2, 2, do_mknod },
	{ "mksock", "PATH", 1, 1, make_socket },
	{ "ioctl-dev", "PATH REQUEST", 2, 2, ioctl_path },
	{ "ioctl-fd", "FD REQUEST", 2, 2, ioctl_fd },
	{ "device-write", "PATH", 1, 1, device_write },
	{ "device-read", "PATH", 1, 1, device_read },
	{ "fd-write", "FD TEXT", 2, 2, fd_write },
	{ "fd-read", "FD", 1, 1, fd_read },
	{ "fd-create", "DIRFD NAME", 2, 2, fd_create_in },
	{ "exec-path", "PATH ARG...", 1, PAYLOAD_NO_MAX, do_exec },
	{ "exec-memfd", "PATH ARG...", 1, PAYLOAD_NO_MAX, exec_memfd },
	{ "mmap-exec", "PATH", 1, 1, mmap_exec },
};
const size_t n_file_ops = PAYLOAD_ENTRIES(file_ops);
