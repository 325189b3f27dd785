/* SPDX-License-Identifier: MIT */
/*
 * mounts_ground.h - a tree to make mounts of, processes with namespaces of their own, and lists of
 * operations made by hand.
 *
 * Each case is run in every way there is (ways): in place, and with a root of its own by the newer
 * and by the older calls. A case is a function for in_child: it enters its namespaces, applies its
 * list, gives its capabilities up as a launch does, and looks.
 */
#ifndef CROFT_TESTS_UNIT_MOUNTS_GROUND_H
#define CROFT_TESTS_UNIT_MOUNTS_GROUND_H

#include <sched.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#include "enforce/mounts.h"
#include "ground.h"

#define OPS_MAX 400

enum way { IN_PLACE, NEW_ROOT, NEW_ROOT_OLD_CALLS, WAY_MAX };

static const char *const way_names[WAY_MAX] = {
	[IN_PLACE] = "in place",
	[NEW_ROOT] = "a new root",
	[NEW_ROOT_OLD_CALLS] = "a new root by the older calls",
};

struct ops {
	enum way way;
	struct bare bare;
	struct croft_error err;
	size_t n;
	struct plan_mount_op list[OPS_MAX];
	char paths[OPS_MAX][GROUND_PATH];
};

static long gives_enosys(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	(void)call, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
	return -ENOSYS;
}

static inline bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool is_good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		(void)close(fd);
	return is_good;
}

/* A user and a mount namespace (and those of `more`) with the same ids, everything private. */
static inline bool enter_namespaces(int more)
{
	unsigned uid = geteuid(), gid = getegid();
	char map[40];

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | more) < 0)
		return false;
	(void)write_text("/proc/self/setgroups", "deny");
	(void)snprintf(map, sizeof(map), "%u %u 1\n", uid, uid);
	/* user 0 without capabilities may not map itself (since 5.12), and has all inside */
	(void)write_text("/proc/self/uid_map", map);
	(void)snprintf(map, sizeof(map), "%u %u 1\n", gid, gid);
	(void)write_text("/proc/self/gid_map", map);
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

/* As the command will be: nothing left. */
static inline bool drop_capabilities(void)
{
	static const struct sys_caps none;

	return sys_capset(&none) == 0;
}

static inline void ops_init(struct ops *ops, enum way way)
{
	static const enum sys_call newer[] = { SYS_CALL_open_tree,     SYS_CALL_move_mount,
					       SYS_CALL_mount_setattr, SYS_CALL_fsopen,
					       SYS_CALL_fsmount,       SYS_CALL_fsconfig,
					       SYS_CALL_openat2 };

	memset(ops, 0, sizeof(*ops));
	bare_init(&ops->bare, NULL);
	ops->way = way;
	ops->bare.plan.has_new_root = way != IN_PLACE;
	ops->bare.plan.mount_ops = ops->list;
	if (way == IN_PLACE)
		ops->list[ops->n++] =
			(struct plan_mount_op){ .kind = MOUNT_READ_ONLY_ALL, .path = "/" };
	for (size_t i = 0; way == NEW_ROOT_OLD_CALLS && i < ARRAY_SIZE(newer); i++)
		sys_replace(newer[i], gives_enosys);
}

/* What is at an absolute path, or in the scratch directory; compared with what is there now. */
static inline struct plan_mount_op *add(struct ops *ops, enum mount_kind kind, const char *name,
					unsigned flags)
{
	struct plan_mount_op *op = &ops->list[ops->n];
	char *path = ops->paths[ops->n++];
	struct stat st;

	if (name[0] == '/')
		(void)snprintf(path, GROUND_PATH, "%s", name);
	else
		(void)in_scratch(path, name);
	*op = (struct plan_mount_op){ .kind = kind, .path = path, .flags = flags };
	if ((kind == MOUNT_BIND || kind == MOUNT_MASK_FILE || kind == MOUNT_MASK_DIRECTORY) &&
	    lstat(path, &st) == 0) {
		op->dev = st.st_dev;
		op->ino = st.st_ino;
	}
	return op;
}

static inline int apply(struct ops *ops)
{
	ops->bare.plan.n_mount_ops = ops->n;
	return mounts_apply(&ops->bare.plan, -1, &ops->err);
}

/* Looking: 0 or the errno. */

static inline int can_open(const char *name, int flags)
{
	char path[GROUND_PATH];
	int fd = open(name[0] == '/' ? name : in_scratch(path, name), flags | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno;
	(void)close(fd);
	return 0;
}

static inline int can_read(const char *name)
{
	return can_open(name, O_RDONLY);
}

static inline int can_write(const char *name)
{
	return can_open(name, O_WRONLY);
}

static inline int can_create(const char *name)
{
	return can_open(name, O_WRONLY | O_CREAT | O_EXCL);
}

static inline int can_rename(const char *from, const char *to)
{
	char a[GROUND_PATH], b[GROUND_PATH];

	return rename(in_scratch(a, from), in_scratch(b, to)) == 0 ? 0 : errno;
}

static inline int can_remove(const char *name)
{
	char path[GROUND_PATH];

	(void)in_scratch(path, name);
	return unlink(path) == 0 || (errno == EISDIR && rmdir(path) == 0) ? 0 : errno;
}

static inline bool has_text(const char *name, const char *want)
{
	char text[64];

	return !strcmp(text_of(name, text, sizeof(text)), want);
}

/* The mount's flags, as the kernel tells them. */
static inline unsigned long flags_at(const char *name)
{
	char path[GROUND_PATH];
	struct statvfs fs;

	return statvfs(name[0] == '/' ? name : in_scratch(path, name), &fs) ? ~0UL : fs.f_flag;
}

/* Lines of this process's mountinfo. */
static inline int count_mounts(void)
{
	char buf[4096];
	int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC), count = 0;
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		for (ssize_t i = 0; i < n; i++)
			count += buf[i] == '\n';
	(void)close(fd);
	return count;
}

static inline unsigned count_fds(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

#endif
