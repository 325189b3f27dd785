/* SPDX-License-Identifier: MIT */
/*
 * settle.c - an output loses what a store does not keep: modes, times, extended attributes.
 *
 * Only what the archive has stays: names, texts, links, and whether a file may be executed. So two
 * builds that differ in nothing else are the same. The tree lies in a directory of ours that nobody
 * else reaches, and whoever made it is dead; still each step is one name, of no link.
 */
#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "drv/nar.h"
#include "drv/result.h"
#include "sys/calls.h"
#include "sys/fd.h"
#include "sys/path.h"

#define DENTS_SIZE ((size_t)32 * 1024)
#define ATTRS_SIZE ((size_t)64 * 1024) /* XATTR_LIST_MAX */
#define MODE_FILE 0444
#define MODE_PROGRAM 0555

static int refuse(struct croft_error *err, const char *name, const char *what)
{
	return fail(err, CROFT_STAGE_SUPERVISE, 0, "the output's '%s' %s", name, what);
}

/* Of what can have any: user namespaces let a builder set those of "user." alone. */
static int drop_attributes(int fd)
{
	AUTO_FREE char *names = malloc(ATTRS_SIZE);
	long len;

	if (!names)
		return -ENOMEM;
	len = sys_raw(__NR_flistxattr, fd, (long)(uintptr_t)names, (long)ATTRS_SIZE, 0, 0, 0);
	if (len == -EOPNOTSUPP || len == -ENOSYS)
		return 0;
	for (long at = 0; at < len; at += (long)strlen(names + at) + 1) {
		long r;

		/* a label that the host's policy gives to each file is not the builder's */
		if (!strncmp(names + at, "security.", strlen("security.")))
			continue;
		r = sys_raw(__NR_fremovexattr, fd, (long)(uintptr_t)(names + at), 0, 0, 0, 0);
		if (r < 0 && r != -ENODATA)
			return (int)r;
	}
	return len < 0 ? (int)len : 0;
}

static int set_time(int dir, const char *name)
{
	/* the kernel's own struct, of 64 bits each: access, modification */
	static const int64_t times[4] = { 1, 0, 1, 0 };

	return (int)sys_raw(__NR_utimensat, dir, (long)(uintptr_t)name, (long)(uintptr_t)times,
			    AT_SYMLINK_NOFOLLOW, 0, 0);
}

static int settle(int dir, const char *name, unsigned depth, struct croft_error *err);

static int settle_entries(int fd, unsigned depth, struct croft_error *err)
{
	AUTO_FREE char *data = malloc(DENTS_SIZE);
	ssize_t len = data ? 1 : -ENOMEM;

	if (data && depth == 0)
		len = -ELOOP;
	while (len > 0 && (len = sys_getdents64(fd, data, DENTS_SIZE)) > 0) {
		for (ssize_t at = 0; at < len;) {
			const struct sys_dirent *entry = (const void *)(data + at);
			int r = 0;

			at += entry->length;
			if (strcmp(entry->name, ".") != 0 && strcmp(entry->name, "..") != 0)
				r = settle(fd, entry->name, depth - 1, err);
			if (r < 0)
				return r;
		}
	}
	return len < 0 ? fail(err, CROFT_STAGE_SUPERVISE, (int)-len, "read an output's directory")
		       : 0;
}

static int check_kind(const struct stat *st, const char *name, struct croft_error *err)
{
	if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode) && !S_ISLNK(st->st_mode))
		return refuse(err, name, "is no file, directory or link: a store has nothing else");
	if (st->st_uid != sys_geteuid())
		return refuse(err, name, "belongs to somebody else");
	return 0;
}

/* A file or a directory. */
static int settle_inode(int dir, const char *name, const struct stat *st, unsigned depth,
			struct croft_error *err)
{
	const bool is_directory = S_ISDIR(st->st_mode);
	AUTO_FD int fd = -1;
	int r = sys_fchmodat(dir, name, is_directory ? 0700 : 0600);

	if (r == 0)
		fd = r = path_open(dir, name, O_RDONLY | (is_directory ? O_DIRECTORY : 0));
	if (r >= 0)
		r = drop_attributes(fd);
	if (r < 0)
		return fail(err, CROFT_STAGE_SUPERVISE, -r, "settle the output's '%s'", name);
	r = is_directory ? settle_entries(fd, depth, err) : 0;
	if (r < 0)
		return r;
	r = sys_fchmodat(dir, name,
			 is_directory || (st->st_mode & S_IXUSR) ? MODE_PROGRAM : MODE_FILE);
	return r < 0 ? fail(err, CROFT_STAGE_SUPERVISE, -r, "settle the output's '%s'", name) : 0;
}

static int settle(int dir, const char *name, unsigned depth, struct croft_error *err)
{
	struct stat st;
	int r = sys_fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW);

	if (r < 0)
		return fail(err, CROFT_STAGE_SUPERVISE, -r, "settle the output's '%s'", name);
	r = check_kind(&st, name, err);
	if (r == 0 && !S_ISLNK(st.st_mode))
		r = settle_inode(dir, name, &st, depth, err);
	if (r < 0)
		return r;
	r = set_time(dir, name);
	return r < 0 ? fail(err, CROFT_STAGE_SUPERVISE, -r, "settle the output's '%s'", name) : 0;
}

int result_settle(int dir, const char *name, struct croft_error *err)
{
	struct stat st;
	int r = sys_fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW);

	if (r == 0 && !S_ISLNK(st.st_mode) && (st.st_mode & (S_IWGRP | S_IWOTH)))
		return refuse(err, name, "may be written by its group or by others");
	return settle(dir, name, NAR_MAX_DEPTH, err);
}
