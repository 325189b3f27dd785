/* SPDX-License-Identifier: MIT */
/*
 * project.c - the project around a directory.
 *
 * Upwards from the working directory, one question a level: is there a ".git"? Only where one is
 * found is more asked, so that a start outside of any project costs one call for each level.
 *
 * Whom it trusts: the caller and root. Who can make a directory above the caller's (in /tmp
 * everybody can) could else put a ".git" there and say what the caller's project is, and with it
 * what "${project}" grants. git itself learned that late (CVE-2022-24765). So each directory from
 * the working directory up to the find must be the caller's or root's, and ".git" and what makes
 * it one as well. A ".git" that is a symbolic link is passed over, and no file is opened but a
 * regular one.
 *
 * Never a project: "/", the home directory and what holds it. Some people keep their home in git;
 * what they start below it is not meant to reach all of it.
 *
 * What is inside a project can add a ".git" further down and so make the project smaller; it
 * cannot make it larger.
 */
#include "profile/project.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include "sys/calls.h"
#include "sys/fd.h"

#define GIT "/.git"
#define HEAD "/HEAD"
#define GIT_FILE_START "gitdir:" /* gitrepository-layout(5): of work trees and submodules */

/* True if `dir` is `path` or holds it. */
static bool holds(const char *dir, const char *path)
{
	size_t len = strlen(dir);

	return !strncmp(dir, path, len) && (path[len] == '/' || !path[len]);
}

static bool is_ours(const struct stat *st)
{
	return st->st_uid == 0 || st->st_uid == sys_geteuid();
}

/* A regular file that begins as git's does. */
static bool is_git_file(const char *path)
{
	char start[sizeof(GIT_FILE_START) - 1];
	struct stat st;
	/* a FIFO that takes the file's place in between must not hold us up */
	AUTO_FD int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);

	return fd >= 0 && sys_fstatat(fd, "", &st, AT_EMPTY_PATH) == 0 && S_ISREG(st.st_mode) &&
	       is_ours(&st) && fd_read_full(fd, start, sizeof(start)) == (ssize_t)sizeof(start) &&
	       !memcmp(start, GIT_FILE_START, sizeof(start));
}

/* What is the length of the directory above, 0 for that below "/". */
static size_t parent_len(const char *path, size_t len)
{
	while (len > 0 && path[len - 1] != '/')
		len--;
	return len > 0 ? len - 1 : 0;
}

/* Each directory from `workdir` up to the one whose length is `top` is the caller's or root's. */
static bool are_all_ours(const char *workdir, size_t top)
{
	char path[PATH_MAX];

	for (size_t len = strlen(workdir); len >= top; len = parent_len(workdir, len)) {
		struct stat st;

		memcpy(path, workdir, len);
		path[len] = '\0';
		if (sys_fstatat(AT_FDCWD, path, &st, 0) < 0 || !is_ours(&st))
			return false;
	}
	return true;
}

/*
 * True if `path`, whose first `len` bytes are the directory, gets a ".git" that is one. What
 * takes its place between these calls is the project's doing, and the answer is no more than
 * "here".
 */
static bool has_git(char *path, size_t len)
{
	struct stat st, head;
	bool has = false;

	memcpy(path + len, GIT, sizeof(GIT));
	if (sys_fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && is_ours(&st)) {
		has = S_ISREG(st.st_mode) && is_git_file(path);
		memcpy(path + len, GIT HEAD, sizeof(GIT HEAD));
		/* HEAD was a symbolic link once, and may be one still */
		if (S_ISDIR(st.st_mode) &&
		    sys_fstatat(AT_FDCWD, path, &head, AT_SYMLINK_NOFOLLOW) == 0)
			has = is_ours(&head) && (S_ISREG(head.st_mode) || S_ISLNK(head.st_mode));
	}
	path[len] = '\0';
	return has;
}

int project_find(const char *workdir, const char *home, char *ret, size_t size)
{
	size_t len = strlen(workdir);
	char path[PATH_MAX];

	if (workdir[0] != '/' || len + sizeof(GIT HEAD) > sizeof(path))
		return 0;
	memcpy(path, workdir, len + 1);
	for (int depth = 0; depth < PROJECT_MAX_DEPTH && len > 0; depth++) {
		if (home && holds(path, home))
			return 0;
		if (has_git(path, len)) {
			if (len >= size || !are_all_ours(workdir, len))
				return 0;
			memcpy(ret, path, len + 1);
			return 1;
		}
		len = parent_len(path, len);
		path[len] = '\0';
	}
	return 0;
}
