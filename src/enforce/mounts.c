/* SPDX-License-Identifier: MIT */
/*
 * mounts.c - the operations of a plan, one after another.
 *
 * child-path: no allocation
 *
 * Two shapes. In place, the host's tree stays: it is made read-only in one call, and what may be
 * written, or is masked, or private, is mounted upon it. With a root of its own (mounts_root.c)
 * the tree is made from nothing.
 *
 * In both, what is bound is the host's, as it was before the first step: a grant below a private
 * directory still finds its source, and what may be written is not the read-only thing that its
 * place has become. A new root has the host's tree beside it. In place each source is copied,
 * detached, before anything is done: a descriptor for each, so only for some; beyond that one copy
 * is made of the whole tree, stacked upon "/" where no name leads, and taken away at the end.
 * Clearing the read-only flag afterwards would be cheaper in descriptors, and wrong: a mount that
 * the host has read-only would lose that too wherever the kernel does not lock it.
 *
 * In place needs the newer calls (mounts_new.c); a new root can do with the older (mounts_old.c).
 */
#include "enforce/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "enforce/mounts_parts.h"
#include "sys/calls.h"
#include "sys/fd.h"

static void tree_done(struct tree *tree)
{
	fd_close(&tree->host);
	fd_close(&tree->root);
	fd_close(&tree->pristine);
	fd_close(&tree->masks);
	while (tree->n_copies > 0)
		fd_close(&tree->copies[--tree->n_copies]);
}

static int open_source(const struct tree *tree, const struct plan_mount_op *op,
		       struct croft_error *err)
{
	return tree_find(tree->host, op->source ? op->source : op->path, op->dev, op->ino, err);
}

/* The source of a bind with its flags, hanging nowhere yet. */
static int copy_source(const struct tree *tree, const struct plan_mount_op *op,
		       struct croft_error *err)
{
	AUTO_FD int source = open_source(tree, op, err);
	AUTO_FD int copy = source < 0 ? source : new_copy(source, op->path, err);
	int r = copy < 0 ? copy : new_set_flags(copy, op->flags, ABI_AT_RECURSIVE, op->path, err);

	return r < 0 ? r : fd_take(&copy);
}

static size_t count_binds(const struct plan *plan)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->n_mount_ops; i++)
		n += plan->mount_ops[i].kind == MOUNT_BIND;
	return n;
}

static int copy_sources(struct tree *tree, struct croft_error *err)
{
	for (size_t i = 0; i < tree->plan->n_mount_ops; i++) {
		const struct plan_mount_op *op = &tree->plan->mount_ops[i];
		int fd = op->kind == MOUNT_BIND ? copy_source(tree, op, err) : 0;

		if (fd < 0)
			return fd;
		if (op->kind == MOUNT_BIND)
			tree->copies[tree->n_copies++] = fd;
	}
	return 0;
}

/* One copy of everything; what it is for may be too many for descriptors, or for their limit. */
static int copy_everything(struct tree *tree, struct croft_error *err)
{
	while (tree->n_copies > 0)
		fd_close(&tree->copies[--tree->n_copies]);
	tree->pristine = new_copy(tree->root, "/", err);
	return tree->pristine < 0 ? tree->pristine : 0;
}

/* The older calls can put something fresh into the host's tree, and masks; no more. */
static int prepare_old_in_place(struct tree *tree, struct croft_error *err)
{
	for (size_t i = 0; i < tree->plan->n_mount_ops; i++) {
		enum mount_kind kind = tree->plan->mount_ops[i].kind;

		if (kind != MOUNT_BIND && kind != MOUNT_READ_ONLY_ALL)
			continue;
		(void)fail(err, CROFT_STAGE_MOUNTS, ENOSYS, "change the host's tree in place");
		fail_hint(err, "it needs mount_setattr and open_tree of Linux 5.12");
		return -ENOSYS;
	}
	return tree->plan->n_mount_ops > 0 ? old_enter(tree, err) : 0;
}

static int prepare_in_place(struct tree *tree, struct croft_error *err)
{
	int r = -EMFILE;

	if (!tree->has_new_api)
		return prepare_old_in_place(tree, err);
	if (count_binds(tree->plan) <= TREE_COPIES_MAX)
		r = copy_sources(tree, err);
	return r == -EMFILE ? copy_everything(tree, err) : r;
}

/* Copies can be taken of what is attached only. */
static int attach_everything(struct tree *tree, struct croft_error *err)
{
	int r;

	if (tree->pristine < 0 || tree->has_attached)
		return 0;
	r = new_stack(tree->pristine, tree->root, err);
	if (r < 0)
		return r;
	tree->has_attached = true;
	fd_close(&tree->host);
	tree->host = sys_fcntl(tree->pristine, F_DUPFD_CLOEXEC, 3);
	return tree->host < 0 ? fail(err, CROFT_STAGE_MOUNTS, -tree->host, "open the copied tree")
			      : 0;
}

/*
 * Where a bind goes. Upon itself, it has to be the same thing still, or a place of our own: a
 * name that leads elsewhere for a moment would be covered in its place.
 */
static int bind_point(const struct tree *tree, const struct plan_mount_op *op,
		      const struct stat *source, struct croft_error *err)
{
	AUTO_FD int point = tree_point(tree, op->path, S_ISDIR(source->st_mode), err);
	struct stat st;
	int r = point < 0 ? 0 : sys_fstatat(point, "", &st, AT_EMPTY_PATH);

	if (point < 0)
		return point;
	if (r == 0 && !op->source && !tree_is_own(tree, &st) &&
	    (st.st_dev != source->st_dev || st.st_ino != source->st_ino))
		r = -ESTALE;
	return r < 0 ? fail(err, CROFT_STAGE_MOUNTS, -r, "'%s' changed while croft started",
			    op->path)
		     : fd_take(&point);
}

/* The mount that is put there: *ret_st is of its root. */
static int bind_new(struct tree *tree, const struct plan_mount_op *op, struct stat *ret_st,
		    struct croft_error *err)
{
	AUTO_FD int copy = -1, point = -1;
	int r = attach_everything(tree, err);

	if (r < 0)
		return r;
	if (tree->next_copy < tree->n_copies)
		copy = fd_take(&tree->copies[tree->next_copy++]);
	else
		copy = copy_source(tree, op, err);
	if (copy < 0)
		return copy;
	r = sys_fstatat(copy, "", ret_st, AT_EMPTY_PATH);
	if (r < 0)
		return fail(err, CROFT_STAGE_MOUNTS, -r, "look at '%s'", op->path);
	point = bind_point(tree, op, ret_st, err);
	return point < 0 ? point : new_attach(copy, point, op->path, err);
}

static int bind_old(struct tree *tree, const struct plan_mount_op *op, struct stat *ret_st,
		    struct croft_error *err)
{
	AUTO_FD int source = open_source(tree, op, err);
	AUTO_FD int point = -1, seen = -1;
	int r = source < 0 ? source : sys_fstatat(source, "", ret_st, AT_EMPTY_PATH);

	if (source < 0)
		return source;
	if (r < 0)
		return fail(err, CROFT_STAGE_MOUNTS, -r, "look at '%s'", op->path);
	point = bind_point(tree, op, ret_st, err);
	r = point < 0 ? point : old_bind(source, point, op->path, err);
	if (r < 0)
		return r;
	seen = tree_find(tree->root, op->path, ret_st->st_dev, ret_st->st_ino, err);
	return seen < 0 ? seen : old_remount(seen, op->flags, op->path, err);
}

static int put_bind(struct tree *tree, const struct plan_mount_op *op, struct croft_error *err)
{
	AUTO_FD int seen = -1;
	struct stat st;
	int r = tree->has_new_api ? bind_new(tree, op, &st, err) : bind_old(tree, op, &st, err);

	if (r < 0)
		return r;
	seen = tree_see(tree, op->path, &st, op->flags, err);
	return seen < 0 ? seen : 0;
}

static int put_read_only_all(struct tree *tree, struct croft_error *err)
{
	AUTO_FD int seen = -1;
	struct stat st;
	int r = new_set_flags(tree->root, MOUNT_RDONLY, ABI_AT_RECURSIVE, "/", err);

	if (r < 0)
		return r;
	r = sys_fstatat(tree->root, "", &st, AT_EMPTY_PATH);
	if (r < 0)
		return fail(err, CROFT_STAGE_MOUNTS, -r, "look at '/'");
	seen = tree_see(tree, "/", &st, MOUNT_RDONLY, err);
	return seen < 0 ? seen : attach_everything(tree, err);
}

static int make_directory(const struct tree *tree, const struct plan_mount_op *op,
			  struct croft_error *err)
{
	AUTO_FD int fd = tree_point(tree, op->path, true, err);

	return fd < 0 ? fd : 0;
}

static int put(struct tree *tree, const struct plan_mount_op *op, struct croft_error *err)
{
	switch (op->kind) {
	case MOUNT_BIND:
		/* a process does not see what is mounted upon its own root */
		if (!strcmp(op->path, "/"))
			return fail(err, CROFT_STAGE_MOUNTS, EINVAL,
				    "mount upon '/', but first of all in a new root");
		return put_bind(tree, op, err);
	case MOUNT_READ_ONLY_ALL:
		/* copies made before would be made read-only with the rest */
		if (tree->plan->has_new_root || tree->has_attached || tree->next_copy > 0)
			return fail(err, CROFT_STAGE_MOUNTS, EINVAL,
				    "make everything read-only, but first of all");
		return put_read_only_all(tree, err);
	case MOUNT_TMPFS:
		return tmpfs_put(tree, op, err);
	case MOUNT_MASK_DIRECTORY:
	case MOUNT_MASK_FILE:
		return mask_put(tree, op, err);
	case MOUNT_PROC:
		return proc_put(tree, op, err);
	case MOUNT_DEVPTS:
		return devpts_put(tree, op, err);
	case MOUNT_RULE:
		return rule_put(tree, op, err);
	case MOUNT_DIRECTORY:
		return make_directory(tree, op, err);
	case MOUNT_LINK:
		return tree_link(tree, op->path, op->source, err);
	case MOUNT_KIND_MAX:
		break;
	}
	return fail(err, CROFT_STAGE_MOUNTS, EINVAL, "an operation of an unknown kind");
}

static int finish(struct tree *tree, struct croft_error *err)
{
	const bool came_along = !tree->has_new_api && count_binds(tree->plan) > 0;
	int r = came_along ? old_set_submounts(tree, err) : 0;

	if (r == 0)
		r = tmpfs_finish(tree, err);
	if (r == 0)
		r = masks_finish(tree, err);
	if (r == 0 && tree->has_attached)
		r = new_unstack(&tree->pristine, err);
	if (r == 0 && tree->plan->has_new_root)
		r = root_finish(tree, err);
	if (r < 0)
		return r;
	r = sys_chdir("/");
	return r < 0 ? fail(err, CROFT_STAGE_MOUNTS, -r, "go to the root directory") : 0;
}

static int make_tree(struct tree *tree, struct croft_error *err)
{
	int r = 0;

	tree->host = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);
	if (tree->host < 0)
		return fail(err, CROFT_STAGE_MOUNTS, -tree->host, "open '/'");
	tree->root = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);
	if (tree->root < 0)
		return fail(err, CROFT_STAGE_MOUNTS, -tree->root, "open '/'");
	tree->has_new_api = mounts_has_new_api();
	r = tree->plan->has_new_root ? root_make(tree, err) : prepare_in_place(tree, err);
	for (size_t i = root_copied(tree->plan) ? 1 : 0; i < tree->plan->n_mount_ops && r == 0; i++)
		r = put(tree, &tree->plan->mount_ops[i], err);
	return r < 0 ? r : finish(tree, err);
}

int mounts_apply(const struct plan *plan, int ruleset, struct croft_error *err)
{
	struct tree tree = { .plan = plan,
			     .ruleset = ruleset,
			     .host = -1,
			     .root = -1,
			     .pristine = -1,
			     .masks = -1 };
	int r = make_tree(&tree, err);

	tree_done(&tree);
	return r;
}
