/* SPDX-License-Identifier: MIT */
/*
 * mounts_join.c - a tree that is there already: what each command that joins it adds.
 *
 * child-path: no allocation
 *
 * That is a proc of its own pid namespace upon the session's, and the rules of what the tree has
 * fresh: no rule of the host's files holds for that. Other commands of the session are running, and
 * the host goes on too: no link is followed, and a private directory has to be on a tmpfs still.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include "enforce/join.h"
#include "enforce/mounts_parts.h"
#include "sys/calls.h"
#include "sys/fd.h"

static int check_private(const struct tree *tree, const char *path, struct croft_error *err)
{
	AUTO_FD int fd = tree_find(tree->root, path, 0, 0, err);
	struct statfs fs;
	int r = fd < 0 ? 0 : sys_fstatfs(fd, &fs);

	if (fd < 0)
		return fd;
	if (r == 0 && fs.f_type != TMPFS_MAGIC)
		r = -ESTALE;
	return r < 0 ? fail(err, CROFT_STAGE_MOUNTS, -r,
			    "see that '%s' is the session's own directory", path)
		     : 0;
}

static int put(const struct tree *tree, const struct join *join, const struct plan_mount_op *op,
	       struct croft_error *err)
{
	struct plan_mount_op rule = *op;
	int r = 0;

	switch (op->kind) {
	case MOUNT_PROC:
		return join->wants_own_pid ? proc_put(tree, op, err) : rule_put(tree, op, err);
	case MOUNT_TMPFS:
		r = check_private(tree, op->path, err);
		break;
	case MOUNT_RULE:
	case MOUNT_DEVPTS:
		break;
	default:
		return 0;
	}
	/* what was there on the host is what the tree has covered */
	rule.dev = rule.ino = 0;
	return r < 0 ? r : rule_put(tree, &rule, err);
}

int join_mounts(const struct join *join, const struct plan *plan, int ruleset,
		struct croft_error *err)
{
	AUTO_FD int root = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);
	const struct tree tree = { .plan = plan,
				   .ruleset = ruleset,
				   .has_new_api = mounts_has_new_api(),
				   .host = root,
				   .root = root,
				   .pristine = -1,
				   .masks = -1 };
	int r;

	if (root < 0)
		return fail(err, CROFT_STAGE_MOUNTS, -root, "open '/' of the session");
	r = tree.has_new_api ? 0 : old_enter(&tree, err);
	for (size_t i = 0; i < plan->n_mount_ops && r == 0; i++)
		r = put(&tree, join, &plan->mount_ops[i], err);
	return r;
}
