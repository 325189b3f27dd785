/* SPDX-License-Identifier: MIT */
/*
 * mounts_masks.c - what lies on a name that is denied.
 *
 * child-path: no allocation
 *
 * An empty file and an empty directory, both of mode 0000, in one small file system that is made
 * read-only before anything is taken from it. Each mask is a mount of one of the two. So whoever
 * opens it gets EACCES, for writing too, and nothing that a program believes to have saved is
 * lost in it. /dev/null would take what is written, and a link may have taken its place
 * (CVE-2025-31133).
 */
#include <errno.h>
#include <fcntl.h>

#include "enforce/mounts_parts.h"
#include "sys/calls.h"
#include "sys/fd.h"
#include "sys/path.h"

#define DIRECTORY "directory"
#define FILE_NAME "file"
#define OWN_PLACE ".croft-masks" /* in a new root, while it is made */

static const struct fresh masks_fresh = {
	.type = "tmpfs",
	.options = { { "mode", "0700" }, { "size", "16k" } },
	.flags = MOUNT_NOEXEC | MOUNT_NODEV | MOUNT_NOSUID,
};

static int fill(int dirfd)
{
	AUTO_FD int fd = -1;
	int r = sys_mkdirat(dirfd, DIRECTORY, 0);

	if (r < 0)
		return r;
	fd = sys_openat(dirfd, FILE_NAME, O_WRONLY | O_CREAT | O_EXCL, 0);
	return fd < 0 ? fd : 0;
}

static int make_new(struct tree *tree, struct croft_error *err)
{
	AUTO_FD int fd = new_fresh(&masks_fresh, "masks", err);
	int r;

	if (fd < 0)
		return fd;
	r = fill(fd);
	if (r < 0)
		return fail(err, CROFT_STAGE_MOUNTS, -r, "make what masks are of");
	r = new_set_flags(fd, MOUNT_RDONLY, 0, "masks", err);
	if (r == 0)
		r = new_stack(fd, tree->root, err);
	if (r == 0)
		tree->masks = fd_take(&fd);
	return r;
}

/*
 * Upon a directory for the moment of one mask: there is no place where it could stay, out of the
 * way of names, but in a root of our own.
 */
static int stage_old(struct tree *tree, struct croft_error *err)
{
	const char *place = tree->has_own_root ? "/" OWN_PLACE : old_place(tree->root);
	AUTO_FD int point = place ? tree_point(tree, place, true, err) : -ENOENT;
	AUTO_FD int fd = -1;
	int r = point;

	if (!place)
		return fail(err, CROFT_STAGE_MOUNTS, ENOENT, "find a directory to mount upon");
	if (r >= 0)
		r = old_fresh(point, &masks_fresh, place, err);
	if (r < 0)
		return r;
	fd = tree_find(tree->root, place, 0, 0, err);
	if (fd < 0)
		return fd;
	r = fill(fd);
	if (r < 0)
		return fail(err, CROFT_STAGE_MOUNTS, -r, "make what masks are of");
	tree->masks = fd_take(&fd);
	return 0;
}

static int unstage_old(struct tree *tree, struct croft_error *err)
{
	int r = old_unmount(tree->masks, "masks", err);

	fd_close(&tree->masks);
	return r;
}

/* What one mask is of: O_PATH. */
static int find_mask(const struct tree *tree, const char *name, const char *path,
		     struct stat *ret_st, struct croft_error *err)
{
	AUTO_FD int fd = path_step(tree->masks, name);
	int r = fd < 0 ? fd : sys_fstatat(fd, "", ret_st, AT_EMPTY_PATH);

	return r < 0 ? fail(err, CROFT_STAGE_MOUNTS, -r, "find the mask for '%s'", path)
		     : fd_take(&fd);
}

static int put_new(struct tree *tree, const char *name, int point, const char *path,
		   struct stat *ret_st, struct croft_error *err)
{
	AUTO_FD int source = -1, copy = -1;
	int r = tree->masks < 0 ? make_new(tree, err) : 0;

	if (r < 0)
		return r;
	source = find_mask(tree, name, path, ret_st, err);
	if (source < 0)
		return source;
	copy = new_copy(source, path, err);
	return copy < 0 ? copy : new_attach(copy, point, path, err);
}

static int put_old(struct tree *tree, const char *name, int point, const char *path,
		   struct stat *ret_st, struct croft_error *err)
{
	AUTO_FD int source = -1, seen = -1;
	int r = stage_old(tree, err);

	if (r < 0)
		return r;
	source = find_mask(tree, name, path, ret_st, err);
	if (source < 0)
		return source;
	r = old_bind(source, point, path, err);
	if (r == 0)
		r = unstage_old(tree, err);
	if (r < 0)
		return r;
	seen = tree_find(tree->root, path, ret_st->st_dev, ret_st->st_ino, err);
	return seen < 0 ? seen : old_remount(seen, masks_fresh.flags | MOUNT_RDONLY, path, err);
}

int mask_put(struct tree *tree, const struct plan_mount_op *op, struct croft_error *err)
{
	const char *name = op->kind == MOUNT_MASK_DIRECTORY ? DIRECTORY : FILE_NAME;
	AUTO_FD int point = tree_find(tree->root, op->path, op->dev, op->ino, err);
	AUTO_FD int seen = -1;
	struct stat st = { 0 };
	int r = point;

	if (r >= 0)
		r = tree->has_new_api ? put_new(tree, name, point, op->path, &st, err)
				      : put_old(tree, name, point, op->path, &st, err);
	if (r < 0)
		return r;
	seen = tree_see(tree, op->path, &st, masks_fresh.flags | MOUNT_RDONLY, err);
	return seen < 0 ? seen : 0;
}

int masks_finish(struct tree *tree, struct croft_error *err)
{
	int r;

	if (tree->has_new_api)
		return tree->masks < 0 ? 0 : new_unstack(&tree->masks, err);
	r = tree->has_own_root ? sys_unlinkat(tree->root, OWN_PLACE, AT_REMOVEDIR) : 0;
	return r < 0 && r != -ENOENT ? fail(err, CROFT_STAGE_MOUNTS, -r, "remove '%s'", OWN_PLACE)
				     : 0;
}
