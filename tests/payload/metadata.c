/* SPDX-License-Identifier: MIT */
/*
 * metadata.c - what Landlock has no right for: looking at names, changing modes,
 * owners, times and attributes, watching; and objects that are named outside of
 * the granted trees (POSIX shared memory and queues).
 */
#include "payload.h"

#include <fcntl.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#define PATH_BYTES 4096

static int do_stat(int argc, char **argv)
{
	struct stat st;

	(void)argc;
	return result(stat(argv[0], &st));
}

static int do_access(int argc, char **argv)
{
	(void)argc;
	return result(access(argv[0], R_OK));
}

static int do_readlink(int argc, char **argv)
{
	char target[PATH_BYTES];

	(void)argc;
	return result(readlink(argv[0], target, sizeof(target)));
}

static int do_chdir(int argc, char **argv)
{
	(void)argc;
	return result(chdir(argv[0]));
}

static int do_statfs(int argc, char **argv)
{
	struct statfs st;

	(void)argc;
	return result(statfs(argv[0], &st));
}

static int do_chmod(int argc, char **argv)
{
	(void)argc;
	return result(chmod(argv[0], (mode_t)payload_number(argv[1])));
}

static int do_chown(int argc, char **argv)
{
	(void)argc;
	return result(chown(argv[0], geteuid(), getegid()));
}

static int do_utime(int argc, char **argv)
{
	(void)argc;
	return result(utimensat(AT_FDCWD, argv[0], NULL, 0));
}

static int do_setxattr(int argc, char **argv)
{
	(void)argc;
	return result(setxattr(argv[0], "user.payload", "x", 1, 0));
}

static int do_listxattr(int argc, char **argv)
{
	char names[PATH_BYTES];

	(void)argc;
	return result(listxattr(argv[0], names, sizeof(names)));
}

static int do_inotify(int argc, char **argv)
{
	int fd = value(inotify_init1(IN_CLOEXEC)), r;

	(void)argc;
	if (fd < 0)
		return fd;
	r = result(inotify_add_watch(fd, argv[0], IN_MODIFY | IN_OPEN));
	(void)close(fd);
	return r;
}

static int name_to_handle(int argc, char **argv)
{
	struct {
		unsigned handle_bytes;
		int handle_type;
		unsigned char handle[128];
	} handle = { .handle_bytes = sizeof(handle.handle) };
	int mount_id;

	(void)argc;
	return result(syscall(SYS_name_to_handle_at, AT_FDCWD, argv[0], &handle, &mount_id, 0));
}

/* What shm_open(3) does, without libc's checks on the name. */
static int shm_create(int argc, char **argv)
{
	char path[PATH_BYTES] = "/dev/shm/";
	int fd;

	(void)argc;
	strncat(path, argv[0], sizeof(path) - strlen(path) - 1);
	fd = value(open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
	if (fd < 0)
		return fd;
	(void)close(fd);
	return result(unlink(path));
}

static int queue_keep(int argc, char **argv)
{
	int fd = value(syscall(SYS_mq_open, argv[0], O_RDWR | O_CREAT | O_EXCL, 0600, NULL));

	(void)argc;
	if (fd >= 0)
		(void)close(fd);
	return fd < 0 ? fd : 0;
}

static int queue_create(int argc, char **argv)
{
	int r = queue_keep(argc, argv);

	return r < 0 ? r : result(syscall(SYS_mq_unlink, argv[0]));
}

static int queue_remove(int argc, char **argv)
{
	(void)argc;
	return result(syscall(SYS_mq_unlink, argv[0]));
}

const struct op metadata_ops[] = {
	{ "stat", "PATH", 1, 1, do_stat },
	{ "access", "PATH", 1, 1, do_access },
	{ "readlink", "PATH", 1, 1, do_readlink },
	{ "chdir", "PATH", 1, 1, do_chdir },
	{ "statfs", "PATH", 1, 1, do_statfs },
	{ "chmod", "PATH MODE", 2, 2, do_chmod },
	{ "chown", "PATH", 1, 1, do_chown },
	{ "utime", "PATH", 1, 1, do_utime },
	{ "setxattr", "PATH", 1, 1, do_setxattr },
	{ "listxattr", "PATH", 1, 1, do_listxattr },
	{ "inotify", "PATH", 1, 1, do_inotify },
	{ "name-to-handle", "PATH", 1, 1, name_to_handle },
	{ "shm-open", "NAME", 1, 1, shm_create },
	{ "mq-open", "NAME", 1, 1, queue_create },
	{ "mq-keep", "NAME", 1, 1, queue_keep },
	{ "mq-unlink", "NAME", 1, 1, queue_remove },
};
const size_t n_metadata_ops = PAYLOAD_ENTRIES(metadata_ops);
