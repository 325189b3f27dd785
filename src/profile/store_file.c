/* SPDX-License-Identifier: MIT */
/*
 * store_file.c - reads a file that decides a policy, if it may decide one.
 *
 * Who can change the file can change what the sandbox holds back. So it has to belong to the caller
 * or to root, and nobody else may write it (POSIX ACLs included: their greatest grant shows in the
 * bits of the group). What is judged is what was opened, not the name.
 *
 * Nobody else may put another file in its place either. A file of somebody else is found by its
 * owner; but a second file of the caller's, with a looser policy, could be renamed or linked there.
 * So the directory is judged by the same rule, and where the name is a symbolic link (people keep
 * their settings in one tree and link to them) each directory in which the way goes on. What lies
 * further up is not looked at: who can write there replaces directories, which then are theirs.
 *
 * The open does not block: a FIFO would wait for a writer for ever.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "profile/store.h"
#include "profile/yaml.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define MAX_LINKS 40 /* as many as the kernel follows: path_resolution(7) */

/* 0 if the caller or root, and nobody else, may change it. */
static int judge(const char *kind, const char *path, const struct stat *st, struct croft_error *err)
{
	bool is_sticky = S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX);
	uid_t user = sys_geteuid();
	int r;

	if (st->st_uid != user && st->st_uid != 0) {
		r = fail(err, CROFT_STAGE_PROFILE, EPERM,
			 "read the %s '%s', which belongs to user %u", kind, path, st->st_uid);
		fail_hint(err, "it decides what is allowed: it has to be yours or root's");
		return r;
	}
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) && !is_sticky) {
		r = fail(err, CROFT_STAGE_PROFILE, EPERM, "read the %s '%s', which %s may write",
			 kind, path, st->st_mode & S_IWOTH ? "others" : "its group");
		fail_hint(err, "it decides what is allowed: chmod go-w '%.150s'", path);
		return r;
	}
	return 0;
}

/* The directory that holds the last name of `path`. */
static int judge_directory(const char *path, struct croft_error *err)
{
	const char *slash = strrchr(path, '/');
	size_t len = !slash ? 0 : slash == path ? 1 : (size_t)(slash - path);
	char directory[PATH_MAX] = ".";
	struct stat st;
	int r;

	if (len >= sizeof(directory))
		return fail(err, CROFT_STAGE_PROFILE, ENAMETOOLONG, "read the profile '%.40s...'",
			    path);
	if (len) {
		memcpy(directory, path, len);
		directory[len] = '\0';
	}
	r = sys_fstatat(AT_FDCWD, directory, &st, 0);
	if (r < 0)
		return fail(err, CROFT_STAGE_PROFILE, -r, "look at the directory '%s'", directory);
	return judge("directory", directory, &st, err);
}

/* Where the symbolic link `path` leads, in its place: 1; 0 if it is none. */
static int follow(char path[PATH_MAX], struct croft_error *err)
{
	char target[PATH_MAX];
	char *slash = strrchr(path, '/');
	ssize_t n = sys_readlinkat(AT_FDCWD, path, target, sizeof(target));
	size_t kept;

	if (n == -EINVAL)
		return 0;
	if (n < 0)
		return fail(err, CROFT_STAGE_PROFILE, (int)-n, "read the link '%s'", path);
	kept = target[0] == '/' || !slash ? 0 : (size_t)(slash - path) + 1;
	if (kept + (size_t)n >= PATH_MAX)
		return fail(err, CROFT_STAGE_PROFILE, ENAMETOOLONG, "read the link '%.40s...'",
			    path);
	memcpy(path + kept, target, (size_t)n);
	path[kept + (size_t)n] = '\0';
	return 1;
}

static int judge_way(const char *path, struct croft_error *err)
{
	size_t len = strlen(path);
	char at[PATH_MAX];
	int r = 1;

	if (len >= sizeof(at))
		return fail(err, CROFT_STAGE_PROFILE, ENAMETOOLONG, "read the profile '%.40s...'",
			    path);
	memcpy(at, path, len + 1);
	for (int i = 0; i <= MAX_LINKS && r > 0; i++) {
		r = judge_directory(at, err);
		if (r == 0)
			r = follow(at, err);
	}
	/* the open has followed them all, so the links were changed meanwhile */
	return r > 0 ? fail(err, CROFT_STAGE_PROFILE, ELOOP, "read the profile '%s'", path) : r;
}

static int judge_file(const char *path, const struct stat *st, struct croft_error *err)
{
	int r;

	if (S_ISDIR(st->st_mode))
		return fail(err, CROFT_STAGE_PROFILE, EISDIR, "read the profile '%s'", path);
	if (!S_ISREG(st->st_mode))
		return fail(err, CROFT_STAGE_PROFILE, 0, "the profile '%s' is %s, not a file", path,
			    S_ISFIFO(st->st_mode) ? "a FIFO" : "a device");
	r = judge("profile", path, st, err);
	if (r < 0)
		return r;
	return judge_way(path, err);
}

static int too_big(const char *path, struct croft_error *err)
{
	int r = fail(err, CROFT_STAGE_PROFILE, EFBIG, "read the profile '%s'", path);

	fail_hint(err, "a profile has at most %u KiB", YAML_MAX_BYTES / 1024);
	return r;
}

static int open_profile(const char *path, struct croft_error *err)
{
	int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);

	/* what open(2) gives for a socket, and for a device without a driver */
	if (fd == -ENXIO || fd == -ENODEV)
		return fail(err, CROFT_STAGE_PROFILE, 0, "the profile '%s' is not a file", path);
	if (fd < 0)
		return fail(err, CROFT_STAGE_PROFILE, -fd, "read the profile '%s'", path);
	return fd;
}

int store_read(const char *path, struct store_text *ret_text, struct croft_error *err)
{
	AUTO_FD int fd = open_profile(path, err);
	AUTO_FREE char *data = NULL;
	size_t size;
	struct stat st;
	ssize_t n;
	int r;

	if (fd < 0)
		return fd;
	r = sys_fstatat(fd, "", &st, AT_EMPTY_PATH);
	if (r < 0)
		return fail(err, CROFT_STAGE_PROFILE, -r, "look at the profile '%s'", path);
	r = judge_file(path, &st, err);
	if (r < 0)
		return r;
	if (st.st_size > YAML_MAX_BYTES)
		return too_big(path, err);
	/* one more, to see that it did not grow meanwhile: a part of a policy is another policy */
	size = (size_t)st.st_size + 1;
	data = malloc(size);
	if (!data)
		return fail(err, CROFT_STAGE_PROFILE, ENOMEM, "read the profile '%s'", path);
	n = fd_read_full(fd, data, size);
	if (n < 0)
		return fail(err, CROFT_STAGE_PROFILE, (int)-n, "read the profile '%s'", path);
	if (n != st.st_size)
		return fail(err, CROFT_STAGE_PROFILE, EBUSY,
			    "read the profile '%s', which is being written", path);
	*ret_text =
		(struct store_text){ .len = (size_t)n, .device = st.st_dev, .inode = st.st_ino };
	ret_text->data = take_ptr(&data);
	return 0;
}

void store_text_done(struct store_text *text)
{
	free(text->data);
	*text = (struct store_text){ 0 };
}
