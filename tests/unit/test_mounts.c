/* SPDX-License-Identifier: MIT */
/*
 * test_mounts.c - what a list of operations makes: every case in place, with a new root, and with a
 * new root by the older calls.
 */
#include "mounts_ground.h"
#include "mounts_run.h"

static int what_is_granted_for_writing_is_written(void *data)
{
	static struct ops ops;

	EXPECT(enter_namespaces(0));
	ops_init(&ops, *(enum way *)data);
	(void)add(&ops, MOUNT_BIND, "work", 0);
	(void)add(&ops, MOUNT_BIND, "beside", MOUNT_RDONLY);
	EXPECT(apply(&ops) == 0 && drop_capabilities());
	EXPECT(has_text("work/own", "own") && has_text("beside/own", "own"));
	EXPECT(can_write("work/own") == 0 && can_create("work/sub/made") == 0);
	EXPECT(can_remove("work/sub/made") == 0);
	EXPECT(can_write("beside/own") == EROFS && can_create("beside/made") == EROFS);
	EXPECT(can_remove("beside/own") == EROFS);
	if (ops.way == IN_PLACE) {
		EXPECT(can_read("tools/run") == 0 && can_create("tools/made") == EROFS);
		EXPECT(can_create("made") == EROFS && can_create("/croft-made") == EROFS);
	} else {
		EXPECT(can_read("tools/run") == ENOENT && can_create("made") == EROFS);
		EXPECT(can_read("/etc/passwd") == ENOENT && can_create("/croft-made") == EROFS);
	}
	return 0;
}

static int a_mask_hides_and_cannot_be_moved(void *data)
{
	static struct ops ops;

	EXPECT(enter_namespaces(0));
	ops_init(&ops, *(enum way *)data);
	(void)add(&ops, MOUNT_BIND, "work", 0);
	(void)add(&ops, MOUNT_BIND, "work/sub", 0);
	(void)add(&ops, MOUNT_MASK_FILE, "work/sub/deep", 0);
	(void)add(&ops, MOUNT_MASK_FILE, "work/secret", 0);
	(void)add(&ops, MOUNT_MASK_DIRECTORY, "work/hidden", 0);
	EXPECT(apply(&ops) == 0 && drop_capabilities());
	EXPECT(can_read("work/secret") == EACCES);
	EXPECT(can_write("work/secret") == EACCES || can_write("work/secret") == EROFS);
	EXPECT(can_read("work/hidden") == EACCES && can_read("work/hidden/inside") == EACCES);
	EXPECT(can_create("work/hidden/made") == EACCES);
	EXPECT(can_read("work/sub/deep") == EACCES);
	EXPECT(can_remove("work/secret") == EBUSY && can_rename("work/secret", "work/x") == EBUSY);
	EXPECT(can_rename("work/own", "work/secret") == EBUSY);
	EXPECT(can_rename("work/hidden", "work/x") == EBUSY && can_remove("work/hidden") == EBUSY);
	EXPECT(can_rename("work/sub", "work/x") == EBUSY);
	EXPECT(can_rename("work/own", "work/other") == 0);
	EXPECT(can_rename("work/other", "work/own") == 0);
	EXPECT(can_read("work/hooks/one") == 0);
	return 0;
}

static int a_mask_cannot_be_made_readable(void *data)
{
	static struct ops ops;
	char path[GROUND_PATH];

	EXPECT(enter_namespaces(0));
	ops_init(&ops, *(enum way *)data);
	(void)add(&ops, MOUNT_BIND, "work", 0);
	(void)add(&ops, MOUNT_MASK_FILE, "work/secret", 0);
	(void)add(&ops, MOUNT_MASK_DIRECTORY, "work/hidden", 0);
	EXPECT(apply(&ops) == 0 && drop_capabilities());
	EXPECT(chmod(in_scratch(path, "work/secret"), 0600) < 0 && errno == EROFS);
	EXPECT(chmod(in_scratch(path, "work/hidden"), 0700) < 0 && errno == EROFS);
	EXPECT(chmod(in_scratch(path, "work/own"), 0600) == 0);
	EXPECT(truncate(in_scratch(path, "work/secret"), 0) < 0);
	return 0;
}

static int what_may_not_be_written_inside_is_not(void *data)
{
	static struct ops ops;

	EXPECT(enter_namespaces(0));
	ops_init(&ops, *(enum way *)data);
	(void)add(&ops, MOUNT_BIND, "work", 0);
	(void)add(&ops, MOUNT_BIND, "work/hooks", MOUNT_RDONLY);
	EXPECT(apply(&ops) == 0 && drop_capabilities());
	EXPECT(can_read("work/hooks/one") == 0 && can_write("work/hooks/one") == EROFS);
	EXPECT(can_create("work/hooks/two") == EROFS);
	EXPECT(can_rename("work/hooks", "work/x") == EBUSY);
	EXPECT(can_create("work/two") == 0 && can_remove("work/two") == 0);
	return 0;
}

/* Entries are bound back into a directory in which nothing new may be made. */
static int a_closed_directory_keeps_its_entries(void *data)
{
	static struct ops ops;

	EXPECT(enter_namespaces(0));
	ops_init(&ops, *(enum way *)data);
	(void)add(&ops, MOUNT_BIND, "work", MOUNT_RDONLY);
	(void)add(&ops, MOUNT_BIND, "work/own", 0);
	(void)add(&ops, MOUNT_BIND, "work/sub", 0);
	EXPECT(apply(&ops) == 0 && drop_capabilities());
	EXPECT(can_create("work/made") == EROFS && can_write("work/own") == 0);
	EXPECT(can_create("work/sub/made") == 0 && can_remove("work/sub/made") == 0);
	EXPECT(can_write("work/secret") == EROFS);
	EXPECT(can_remove("work/own") == EBUSY || can_remove("work/own") == EROFS);
	return 0;
}

static int a_private_directory_is_empty_and_bounded(void *data)
{
	char block[4096] = { 0 }, path[GROUND_PATH];
	static struct ops ops;
	int fd, n = 0;

	EXPECT(enter_namespaces(0));
	ops_init(&ops, *(enum way *)data);
	(void)add(&ops, MOUNT_BIND, "work", 0);
	add(&ops, MOUNT_TMPFS, "work/hidden", 0)->size = 65536;
	EXPECT(apply(&ops) == 0 && drop_capabilities());
	EXPECT(can_read("work/hidden/inside") == ENOENT && can_create("work/hidden/x") == 0);
	fd = open(in_scratch(path, "work/hidden/x"), O_WRONLY | O_CLOEXEC);
	while (n < 1000 && write(fd, block, sizeof(block)) == (ssize_t)sizeof(block))
		n++;
	(void)close(fd);
	EXPECT(n == 16 && errno == ENOSPC);
	EXPECT((flags_at("work/hidden") & (ST_NOSUID | ST_NODEV)) == (ST_NOSUID | ST_NODEV));
	return 0;
}

static int a_grant_inside_a_private_directory_is_the_hosts(void *data)
{
	static struct ops ops;

	EXPECT(enter_namespaces(0));
	ops_init(&ops, *(enum way *)data);
	(void)add(&ops, MOUNT_TMPFS, "work", 0);
	(void)add(&ops, MOUNT_DIRECTORY, "work/new", 0);
	(void)add(&ops, MOUNT_BIND, "work/sub", 0);
	(void)add(&ops, MOUNT_BIND, "work/own", MOUNT_RDONLY);
	EXPECT(apply(&ops) == 0 && drop_capabilities());
	EXPECT(can_read("work/secret") == ENOENT && can_create("work/new/x") == 0);
	EXPECT(has_text("work/sub/deep", "deep") && can_write("work/sub/deep") == 0);
	EXPECT(has_text("work/own", "own") && can_write("work/own") == EROFS);
	return 0;
}

static int a_private_directory_can_be_read_only(void *data)
{
	static struct ops ops;

	EXPECT(enter_namespaces(0));
	ops_init(&ops, *(enum way *)data);
	(void)add(&ops, MOUNT_TMPFS, "work", MOUNT_RDONLY);
	(void)add(&ops, MOUNT_BIND, "work/sub", 0);
	EXPECT(apply(&ops) == 0 && drop_capabilities());
	EXPECT(can_create("work/x") == EROFS && can_write("work/sub/deep") == 0);
	return 0;
}

/* What is missing in a directory of the host's is not made there. */
static int nothing_is_made_on_the_host(void *data)
{
	static struct ops ops;
	int n_work = count_names("work");

	EXPECT(enter_namespaces(0));
	ops_init(&ops, *(enum way *)data);
	(void)add(&ops, MOUNT_BIND, "work", 0);
	(void)add(&ops, MOUNT_TMPFS, "work/missing/deeper", 0);
	EXPECT(apply(&ops) == -ENOENT && ops.err.stage == CROFT_STAGE_MOUNTS);
	EXPECT(strstr(ops.err.what, "work/missing/deeper"));
	EXPECT(count_names("work") == n_work);
	return 0;
}

static int what_was_swapped_is_refused(void *data)
{
	static struct ops ops;

	EXPECT(enter_namespaces(0));
	ops_init(&ops, *(enum way *)data);
	add(&ops, MOUNT_BIND, "work", 0)->ino++;
	EXPECT(apply(&ops) == -ESTALE && ops.err.stage == CROFT_STAGE_MOUNTS);
	EXPECT(strstr(ops.err.what, "changed while croft started"));
	return 0;
}

static int a_link_in_the_way_is_refused(void *data)
{
	static struct ops ops;
	char target[GROUND_PATH], link[GROUND_PATH];

	EXPECT(enter_namespaces(0));
	ops_init(&ops, *(enum way *)data);
	EXPECT(mount("x", in_scratch(target, "tools"), "tmpfs", 0, "") == 0);
	EXPECT(symlink(in_scratch(target, "work"), in_scratch(link, "tools/link")) == 0);
	(void)add(&ops, MOUNT_BIND, "tools/link/sub", 0);
	EXPECT(apply(&ops) == -ELOOP);
	return 0;
}

static int what_vanished_is_refused(void *data)
{
	static struct ops ops;

	EXPECT(enter_namespaces(0));
	ops_init(&ops, *(enum way *)data);
	(void)add(&ops, MOUNT_BIND, "work/never", 0);
	EXPECT(apply(&ops) == -ENOENT && strstr(ops.err.what, "work/never"));
	return 0;
}

static int the_host_is_out_of_reach(void *data)
{
	_Alignas(uint64_t) char entries[4096];
	static struct ops ops;
	unsigned n_fds = count_fds();
	struct stat st, up;
	char cwd[64];
	int fd, n = 0;
	ssize_t len;

	EXPECT(enter_namespaces(0));
	ops_init(&ops, *(enum way *)data);
	(void)add(&ops, MOUNT_BIND, "work", 0);
	(void)add(&ops, MOUNT_MASK_FILE, "work/secret", 0);
	EXPECT(apply(&ops) == 0);
	EXPECT(getcwd(cwd, sizeof(cwd)) && !strcmp(cwd, "/"));
	EXPECT(count_fds() == n_fds);
	EXPECT(drop_capabilities());
	EXPECT(stat("/", &st) == 0 && stat("/..", &up) == 0);
	EXPECT(st.st_dev == up.st_dev && st.st_ino == up.st_ino);
	EXPECT(stat(".", &up) == 0 && st.st_dev == up.st_dev && st.st_ino == up.st_ino);
	if (ops.way == IN_PLACE)
		return 0;
	fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	while ((len = sys_getdents64(fd, entries, sizeof(entries))) > 0)
		for (ssize_t at = 0; at < len; n++)
			at += ((const struct sys_dirent *)(const void *)(entries + at))->length;
	(void)close(fd);
	EXPECT(n == 3); /* ".", "..", and the first directory above the scratch directory */
	return 0;
}

static int nothing_else_stays_mounted(void *data)
{
	static struct ops ops;
	enum way way = *(enum way *)data;
	int n;

	EXPECT(enter_namespaces(0));
	n = count_mounts();
	ops_init(&ops, way);
	(void)add(&ops, MOUNT_BIND, "/proc", MOUNT_RDONLY);
	(void)add(&ops, MOUNT_BIND, "work", 0);
	(void)add(&ops, MOUNT_MASK_FILE, "work/secret", 0);
	(void)add(&ops, MOUNT_MASK_DIRECTORY, "work/hidden", 0);
	(void)add(&ops, MOUNT_TMPFS, "work/sub", 0);
	EXPECT(apply(&ops) == 0);
	if (way == IN_PLACE)
		EXPECT(count_mounts() >= n + 5 && count_mounts() <= n + 5 + 4);
	else
		EXPECT(count_mounts() >= 6 && count_mounts() <= 6 + 4);
	return 0;
}

static int links_and_directories_are_made_in_a_new_root(void *data)
{
	static struct ops ops;
	char text[64];
	struct stat st;
	ssize_t n;

	if (*(enum way *)data == IN_PLACE)
		return 0;
	EXPECT(enter_namespaces(0));
	ops_init(&ops, *(enum way *)data);
	(void)umask(077);
	(void)add(&ops, MOUNT_DIRECTORY, "/srv/made", 0);
	add(&ops, MOUNT_LINK, "/bin", 0)->source = "usr/bin";
	add(&ops, MOUNT_LINK, "/srv/link", 0)->source = "made/there";
	(void)add(&ops, MOUNT_BIND, "work", 0);
	EXPECT(apply(&ops) == 0 && drop_capabilities());
	n = readlink("/bin", text, sizeof(text));
	EXPECT(n == 7 && !memcmp(text, "usr/bin", 7));
	EXPECT(stat("/srv/made", &st) == 0 && S_ISDIR(st.st_mode) && (st.st_mode & 0777) == 0755);
	EXPECT(lstat("/srv/link", &st) == 0 && S_ISLNK(st.st_mode));
	EXPECT(unlink("/bin") < 0 && errno == EROFS);
	EXPECT(rmdir("/srv/made") < 0 && errno == EROFS);
	return 0;
}

static int flags_hold(void *data)
{
	static struct ops ops;
	const unsigned long all = ST_RDONLY | ST_NOEXEC | ST_NODEV | ST_NOSUID;
	char path[GROUND_PATH], *argv[] = { path, NULL };

	EXPECT(enter_namespaces(0));
	ops_init(&ops, *(enum way *)data);
	(void)add(&ops, MOUNT_BIND, "work", MOUNT_NOEXEC);
	(void)add(&ops, MOUNT_BIND, "beside", MOUNT_NOSUID | MOUNT_NODEV);
	(void)add(&ops, MOUNT_BIND, "tools",
		  MOUNT_RDONLY | MOUNT_NOEXEC | MOUNT_NODEV | MOUNT_NOSUID);
	EXPECT(apply(&ops) == 0 && drop_capabilities());
	EXPECT((flags_at("work") & (ST_NOEXEC | ST_RDONLY)) == ST_NOEXEC);
	EXPECT((flags_at("beside") & (all ^ ST_NOEXEC)) == (ST_NODEV | ST_NOSUID));
	EXPECT((flags_at("tools") & all) == all);
	(void)execv(in_scratch(path, "tools/run"), argv);
	EXPECT(errno == EACCES);
	return 0;
}

static int a_file_a_device_and_a_socket_can_be_bound(void *data)
{
	static struct ops ops;
	char path[GROUND_PATH];
	struct stat st;

	EXPECT(enter_namespaces(0));
	EXPECT(mount("x", in_scratch(path, "tools"), "tmpfs", 0, "") == 0);
	EXPECT(mkfifo(in_scratch(path, "tools/fifo"), 0600) == 0);
	EXPECT(mknod(in_scratch(path, "tools/socket"), S_IFSOCK | 0600, 0) == 0);
	ops_init(&ops, *(enum way *)data);
	(void)add(&ops, MOUNT_BIND, "/dev/null", 0);
	(void)add(&ops, MOUNT_BIND, "work/own", MOUNT_RDONLY);
	(void)add(&ops, MOUNT_BIND, "tools/fifo", 0);
	(void)add(&ops, MOUNT_BIND, "tools/socket", MOUNT_RDONLY);
	EXPECT(apply(&ops) == 0 && drop_capabilities());
	EXPECT(can_write("/dev/null") == 0 && has_text("work/own", "own"));
	EXPECT(can_write("work/own") == EROFS);
	EXPECT(stat(in_scratch(path, "tools/fifo"), &st) == 0 && S_ISFIFO(st.st_mode));
	EXPECT(can_open("tools/fifo", O_RDWR) == 0);
	EXPECT(stat(in_scratch(path, "tools/socket"), &st) == 0 && S_ISSOCK(st.st_mode));
	return 0;
}

static int something_else_is_bound_elsewhere(void *data)
{
	static struct ops ops;
	char source[GROUND_PATH];
	struct plan_mount_op *op;

	EXPECT(enter_namespaces(0));
	ops_init(&ops, *(enum way *)data);
	(void)add(&ops, MOUNT_BIND, "work", MOUNT_RDONLY);
	op = add(&ops, MOUNT_BIND, "work/sub", 0);
	op->dev = op->ino = 0;
	op->source = in_scratch(source, "beside");
	op = add(&ops, MOUNT_BIND, "work/own", 0);
	op->dev = op->ino = 0;
	op->source = "/dev/null";
	EXPECT(apply(&ops) == 0 && drop_capabilities());
	EXPECT(has_text("work/sub/own", "own") && can_create("work/sub/made") == 0);
	EXPECT(can_remove("work/sub/made") == 0 && has_text("work/own", ""));
	return 0;
}

static int names_may_be_anything(void *data)
{
	static const char *const names[] = { "work/a b", "work/a\nb",     "work/a\\040b",
					     "work/\t",  "work/\xff\xfe", "work/(deleted)",
					     "work/..." };
	static struct ops ops;
	char path[GROUND_PATH], made[64];

	EXPECT(enter_namespaces(0));
	EXPECT(mount("x", in_scratch(path, "work"), "tmpfs", 0, "") == 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		EXPECT(mkdir(in_scratch(path, names[i]), 0755) == 0);
		/* something that comes along, and has to be found */
		EXPECT(mount("x", path, "tmpfs", 0, "") == 0);
		(void)snprintf(made, sizeof(made), "%s/sub", names[i]);
		EXPECT(mkdir(in_scratch(path, made), 0755) == 0);
	}
	ops_init(&ops, *(enum way *)data);
	(void)add(&ops, MOUNT_BIND, "work", MOUNT_RDONLY);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		(void)snprintf(made, sizeof(made), "%s/sub", names[i]);
		(void)add(&ops, MOUNT_BIND, made, 0);
	}
	EXPECT(apply(&ops) == 0 && drop_capabilities());
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		(void)snprintf(made, sizeof(made), "%s/made", names[i]);
		EXPECT(can_create(made) == EROFS);
		(void)snprintf(made, sizeof(made), "%s/sub/made", names[i]);
		EXPECT(can_create(made) == 0);
	}
	return 0;
}

#define CASES(X)                                           \
	X(what_is_granted_for_writing_is_written)          \
	X(a_mask_hides_and_cannot_be_moved)                \
	X(a_mask_cannot_be_made_readable)                  \
	X(what_may_not_be_written_inside_is_not)           \
	X(a_closed_directory_keeps_its_entries)            \
	X(a_private_directory_is_empty_and_bounded)        \
	X(a_grant_inside_a_private_directory_is_the_hosts) \
	X(a_private_directory_can_be_read_only)            \
	X(nothing_is_made_on_the_host)                     \
	X(what_was_swapped_is_refused)                     \
	X(a_link_in_the_way_is_refused)                    \
	X(what_vanished_is_refused)                        \
	X(the_host_is_out_of_reach)                        \
	X(nothing_else_stays_mounted)                      \
	X(links_and_directories_are_made_in_a_new_root)    \
	X(flags_hold)                                      \
	X(a_file_a_device_and_a_socket_can_be_bound)       \
	X(something_else_is_bound_elsewhere)               \
	X(names_may_be_anything)

RUN_CASES
