/* SPDX-License-Identifier: MIT */
/*
 * mounts_old.c - mounts by names: mount(2), for kernels before 5.12, gVisor, and filters that
 * refuse the newer calls.
 *
 * child-path: no allocation
 *
 * A name is never walked twice: what was opened is named by its descriptor, as "N" in the working
 * directory, which is /proc/self/fd of the host: the new root need not have a proc.
 *
 * A bind takes no flags. They are set by a second call, for one mount only, which must repeat
 * those that the mount has: some may be locked by the user namespace that it came from, and
 * clearing one is EPERM. statfs tells them. What else came with a recursive bind is found in one
 * reading of mountinfo when everything is mounted; nobody runs in the tree before that.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#include "base/cleanup.h"
#include "enforce/mounts_parts.h"
#include "sys/calls.h"
#include "sys/fd.h"
#include "sys/path.h"

#define FD_NAME_SIZE 12
#define OPTIONS_SIZE 128

static const char *name_of(int fd, char name[FD_NAME_SIZE])
{
	(void)snprintf(name, FD_NAME_SIZE, "%d", fd);
	return name;
}

int old_enter(const struct tree *tree, struct croft_error *err)
{
	AUTO_FD int fds = sys_openat(tree->host, "proc/self/fd", O_PATH | O_DIRECTORY, 0);
	int r = fds < 0 ? fds : sys_fchdir(fds);

	return r < 0 ? fail(err, CROFT_STAGE_MOUNTS, -r, "open /proc/self/fd") : 0;
}

const char *old_place(int root)
{
	static const char *const names[] = { "/tmp", "/var", "/usr", "/etc", "/dev", "/home" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		AUTO_FD int fd = path_walk(root, names[i]);
		struct stat st;

		if (fd >= 0 && sys_fstatat(fd, "", &st, AT_EMPTY_PATH) == 0 && S_ISDIR(st.st_mode))
			return names[i];
	}
	return NULL;
}

static unsigned long mount_flags(unsigned flags)
{
	return (flags & MOUNT_RDONLY ? MS_RDONLY : 0) | (flags & MOUNT_NOEXEC ? MS_NOEXEC : 0) |
	       (flags & MOUNT_NODEV ? MS_NODEV : 0) | (flags & MOUNT_NOSUID ? MS_NOSUID : 0);
}

/* The access times are left out: a remount that names none keeps them (since 3.17). */
static unsigned long flags_of(const struct statfs *fs)
{
	const unsigned long f = (unsigned long)fs->f_flags;

	return (f & ST_RDONLY ? MS_RDONLY : 0) | (f & ST_NOEXEC ? MS_NOEXEC : 0) |
	       (f & ST_NODEV ? MS_NODEV : 0) | (f & ST_NOSUID ? MS_NOSUID : 0);
}

/*
 * A file system that answers nothing (its server is gone, or is another user's) cannot say what
 * the mount has; with all of them nothing is cleared.
 */
int old_remount(int fd, unsigned flags, const char *path, struct croft_error *err)
{
	const unsigned long every = MS_RDONLY | MS_NOEXEC | MS_NODEV | MS_NOSUID;
	const unsigned long want = mount_flags(flags);
	char name[FD_NAME_SIZE];
	struct statfs fs;
	unsigned long has;
	int r;

	if (want == 0)
		return 0;
	has = sys_fstatfs(fd, &fs) == 0 ? flags_of(&fs) : every & ~want;
	if ((has & want) == want)
		return 0;
	r = sys_mount(NULL, name_of(fd, name), NULL, MS_REMOUNT | MS_BIND | has | want, NULL);
	return r < 0 ? fail(err, CROFT_STAGE_MOUNTS, -r, "set the mount flags of '%s'", path) : 0;
}

static int bind_to(int source, int point, unsigned long flags, const char *path,
		   struct croft_error *err)
{
	char from[FD_NAME_SIZE], to[FD_NAME_SIZE];
	int r = sys_mount(name_of(source, from), name_of(point, to), NULL, MS_BIND | flags, NULL);

	return r < 0 ? fail(err, CROFT_STAGE_MOUNTS, -r, "mount upon '%s'", path) : 0;
}

int old_bind(int source, int point, const char *path, struct croft_error *err)
{
	return bind_to(source, point, MS_REC, path, err);
}

int old_bind_alone(int source, int point, const char *path, struct croft_error *err)
{
	return bind_to(source, point, 0, path, err);
}

/* "mode=0700,newinstance"; ours are short. */
static size_t add_text(char text[OPTIONS_SIZE], size_t len, const char *more)
{
	while (*more && len + 1 < OPTIONS_SIZE)
		text[len++] = *more++;
	text[len] = '\0';
	return len;
}

static void join_options(const struct fresh *fresh, char text[OPTIONS_SIZE])
{
	size_t len = add_text(text, 0, "");

	for (size_t i = 0; i < ARRAY_SIZE(fresh->options) && fresh->options[i][0]; i++) {
		len = add_text(text, len, i ? "," : "");
		len = add_text(text, len, fresh->options[i][0]);
		if (fresh->options[i][1]) {
			len = add_text(text, len, "=");
			len = add_text(text, len, fresh->options[i][1]);
		}
	}
}

int old_fresh(int point, const struct fresh *fresh, const char *path, struct croft_error *err)
{
	char name[FD_NAME_SIZE], options[OPTIONS_SIZE];
	int r;

	join_options(fresh, options);
	r = sys_mount(fresh->type, name_of(point, name), fresh->type, mount_flags(fresh->flags),
		      options);
	return r < 0 ? fail(err, CROFT_STAGE_MOUNTS, -r, "make a fresh %s for '%s'", fresh->type,
			    path)
		     : 0;
}

int old_unmount(int fd, const char *path, struct croft_error *err)
{
	char name[FD_NAME_SIZE];
	int r = sys_umount(name_of(fd, name), MNT_DETACH);

	return r < 0 ? fail(err, CROFT_STAGE_MOUNTS, -r, "unmount '%s'", path) : 0;
}
