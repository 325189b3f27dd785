/* SPDX-License-Identifier: MIT */
/*
 * mounts_fresh.c - file systems that nobody else has: private directories, proc, devpts.
 *
 * child-path: no allocation
 *
 * Each is seen to be another file system than what was there before. A proc is refused where the
 * host's own is covered in part ("too revealing", since 4.2), and the kernel says so only to who
 * reads its message (mounts_new.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "enforce/landlock.h"
#include "enforce/mounts_parts.h"
#include "sys/calls.h"
#include "sys/fd.h"
#include "sys/path.h"

int fresh_put(const struct tree *tree, const char *path, int point, const struct fresh *fresh,
	      struct croft_error *err)
{
	AUTO_FD int fd = -1, seen = -1;
	struct stat before, after;
	int r = sys_fstatat(point, "", &before, AT_EMPTY_PATH);

	if (r < 0)
		return fail(err, CROFT_STAGE_MOUNTS, -r, "look at '%s'", path);
	if (tree->has_new_api) {
		fd = new_fresh(fresh, path, err);
		r = fd < 0 ? fd : new_attach(fd, point, path, err);
	} else {
		r = old_fresh(point, fresh, path, err);
	}
	if (r < 0)
		return r;
	seen = tree_find(tree->root, path, 0, 0, err);
	if (seen < 0)
		return seen;
	r = sys_fstatat(seen, "", &after, AT_EMPTY_PATH);
	if (r == 0 && after.st_dev == before.st_dev)
		r = -ENOTSUP;
	if (r < 0)
		return fail(err, CROFT_STAGE_MOUNTS, -r, "see the fresh %s at '%s'", fresh->type,
			    path);
	fd_close(&seen);
	return tree_see(tree, path, &after, fresh->flags, err);
}

/* No rule of the host's files holds for what is fresh. */
static int add_rule(const struct tree *tree, const struct plan_mount_op *op, int fd,
		    struct croft_error *err)
{
	if (tree->ruleset < 0 || !op->access)
		return 0;
	return ruleset_add_directory(tree->ruleset, fd, op->access, op->path, err);
}

/* Not before everything has been mounted upon what was made in them. */
int tmpfs_finish(const struct tree *tree, struct croft_error *err)
{
	for (size_t i = 0; i < tree->plan->n_mount_ops; i++) {
		const struct plan_mount_op *op = &tree->plan->mount_ops[i];
		AUTO_FD int fd = -1;
		int r;

		if (op->kind != MOUNT_TMPFS || !(op->flags & MOUNT_RDONLY))
			continue;
		fd = tree_find(tree->root, op->path, 0, 0, err);
		if (fd < 0)
			return fd;
		r = tree->has_new_api ? new_set_flags(fd, MOUNT_RDONLY, 0, op->path, err)
				      : old_remount(fd, MOUNT_RDONLY, op->path, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int rule_put(const struct tree *tree, const struct plan_mount_op *op, struct croft_error *err)
{
	AUTO_FD int fd = tree_find(tree->root, op->path, op->dev, op->ino, err);

	/* a part of /proc that this kernel does not have */
	if (fd == -ENOENT)
		return 0;
	return fd < 0 ? fd : add_rule(tree, op, fd, err);
}

int tmpfs_put(struct tree *tree, const struct plan_mount_op *op, struct croft_error *err)
{
	char size[24];
	const struct fresh fresh = {
		.type = "tmpfs",
		.options = { { "mode", "0700" }, { op->size ? "size" : NULL, size } },
		.flags = (op->flags & ~(unsigned)MOUNT_RDONLY) | MOUNT_NODEV | MOUNT_NOSUID,
	};
	AUTO_FD int point = -1, fd = -1;
	int r;

	(void)snprintf(size, sizeof(size), "%llu", (unsigned long long)op->size);
	point = op->ino ? tree_find(tree->root, op->path, op->dev, op->ino, err)
			: tree_point(tree, op->path, true, err);
	if (point < 0)
		return point;
	fd = fresh_put(tree, op->path, point, &fresh, err);
	if (fd < 0)
		return fd;
	r = tree_owns(tree, fd);
	if (r < 0)
		return fail(err, CROFT_STAGE_MOUNTS, -r, "make '%s' private", op->path);
	return add_rule(tree, op, fd, err);
}

/* 1 if a process without capabilities sees the first one of this proc, 0 if not. */
static int sees_first(int proc)
{
	struct sys_caps caps, none;
	struct stat st;
	int r = sys_capget(&caps), seen;

	if (r < 0)
		return r;
	none = caps;
	none.effective[0] = none.effective[1] = 0;
	r = sys_capset(&none);
	if (r < 0)
		return r;
	seen = sys_fstatat(proc, "1", &st, AT_SYMLINK_NOFOLLOW);
	r = sys_capset(&caps);
	return r < 0 ? r : seen == 0;
}

/*
 * gVisor takes hidepid and hides nothing, not even /proc/1/environ. Then an empty directory lies
 * upon it. (Not upon the own one: that is a session's, whose commands mount procs of their own,
 * which Linux allows only where nothing of this one is covered.)
 */
static int hide_first(const struct tree *tree, const struct plan_mount_op *op, int proc,
		      struct croft_error *err)
{
	static const struct fresh nothing = {
		.type = "tmpfs",
		.options = { { "mode", "0" }, { "size", "4k" } },
		.flags = MOUNT_RDONLY | MOUNT_NOEXEC | MOUNT_NODEV | MOUNT_NOSUID,
	};
	char path[64];
	AUTO_FD int point = -1, fd = -1;
	int len, seen = sys_getpid() == 1 ? 0 : sees_first(proc);

	if (seen < 0)
		return fail(err, CROFT_STAGE_MOUNTS, -seen, "see what '%s' hides", op->path);
	if (seen == 0)
		return 0;
	len = snprintf(path, sizeof(path), "%s/1", op->path);
	point = len < (int)sizeof(path) ? path_step(proc, "1") : -ENAMETOOLONG;
	if (point < 0)
		return fail(err, CROFT_STAGE_MOUNTS, -point, "find '%s/1'", op->path);
	fd = fresh_put(tree, path, point, &nothing, err);
	return fd < 0 ? fd : 0;
}

/*
 * With hidepid nobody sees a process inside that he may not trace: the first one of the namespace
 * shares croft's memory, and has croft's command line. 4 holds for the group 0 too, which 2
 * exempts (since 5.8; 2 since 3.3).
 */
int proc_put(const struct tree *tree, const struct plan_mount_op *op, struct croft_error *err)
{
	static const char *const modes[] = { "4", "2", NULL };
	AUTO_FD int point = tree_point(tree, op->path, true, err);
	AUTO_FD int fd = point < 0 ? point : -EINVAL;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(modes) && fd == -EINVAL; i++) {
		const struct fresh fresh = {
			.type = "proc",
			.options = { { modes[i] ? "hidepid" : NULL, modes[i] } },
			.flags = op->flags | MOUNT_NOEXEC | MOUNT_NODEV | MOUNT_NOSUID,
		};

		fd = fresh_put(tree, op->path, point, &fresh, err);
	}
	r = fd < 0 ? fd : hide_first(tree, op, fd, err);
	return r < 0 ? r : add_rule(tree, op, fd, err);
}

int devpts_put(const struct tree *tree, const struct plan_mount_op *op, struct croft_error *err)
{
	const struct fresh fresh = {
		.type = "devpts",
		.options = { { "newinstance", NULL }, { "ptmxmode", "0666" }, { "mode", "0620" } },
		.flags = op->flags | MOUNT_NOEXEC | MOUNT_NOSUID,
	};
	AUTO_FD int point = tree_point(tree, op->path, true, err);
	AUTO_FD int fd = point < 0 ? point : fresh_put(tree, op->path, point, &fresh, err);

	return fd < 0 ? fd : add_rule(tree, op, fd, err);
}
