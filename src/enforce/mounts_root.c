/* SPDX-License-Identifier: MIT */
/*
 * mounts_root.c - a root of its own: entered first, filled, and left alone with the command.
 *
 * child-path: no allocation
 *
 * The new root is an empty file system or, where "/" itself is granted, a copy of the host's tree
 * with the flags of that grant. It is entered before anything else is put into it; pivot_root(".",
 * ".") leaves the host's tree stacked upon the new root, where descriptors reach it and names do
 * not. So nothing that is mounted later can stand in the way of a source. At the end the host's
 * tree is detached with everything in it, and a root that was empty is made read-only.
 *
 * An initramfs cannot be moved: it hangs nowhere (pivot_root(2)). There the new root stays stacked
 * upon it, as the root of most machines does after start-up, and is entered by chroot. What lies
 * beneath can only be laid bare by unmounting, and the mount is locked in any namespace that the
 * command makes (mount_namespaces(7)); who keeps his capabilities here could, so then it is a
 * failure. In a chroot there is no mount namespace to begin with: "/" cannot be made private.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>

#include "enforce/mounts_parts.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define DEPTH_MAX 64 /* directories above a chroot */

static const struct fresh root_fresh = {
	.type = "tmpfs",
	.options = { { "mode", "0755" }, { "size", "1m" } }, /* directories and links need none */
	.flags = MOUNT_NODEV | MOUNT_NOSUID,
};

const struct plan_mount_op *root_copied(const struct plan *plan)
{
	const struct plan_mount_op *first = plan->mount_ops;

	if (!plan->has_new_root || plan->n_mount_ops == 0 || first->kind != MOUNT_BIND ||
	    strcmp(first->path, "/") != 0 || first->source)
		return NULL;
	return first;
}

/* Attached upon the host's root; the new root is the working directory then. */
static int enter_new(const struct tree *tree, const struct plan_mount_op *whole,
		     struct croft_error *err)
{
	AUTO_FD int fd = whole ? new_copy(tree->host, "/", err) : new_fresh(&root_fresh, "/", err);
	int r = fd < 0 ? fd : 0;

	if (r == 0 && whole)
		r = new_set_flags(fd, whole->flags, ABI_AT_RECURSIVE, "/", err);
	if (r == 0)
		r = new_stack(fd, tree->host, err);
	if (r < 0)
		return r;
	r = sys_fchdir(fd);
	return r < 0 ? fail(err, CROFT_STAGE_MOUNTS, -r, "enter the new root") : 0;
}

/*
 * Upon any directory: it is laid bare again when the new root moves away.
 */
static int enter_old(const struct tree *tree, const struct plan_mount_op *whole,
		     struct croft_error *err)
{
	const char *place = old_place(tree->host);
	AUTO_FD int point = place ? tree_find(tree->host, place, 0, 0, err) : -ENOENT;
	AUTO_FD int fd = -1;
	int r;

	if (!place)
		return fail(err, CROFT_STAGE_MOUNTS, ENOENT, "find a directory to mount upon");
	r = point < 0 ? point : old_enter(tree, err);
	if (r == 0)
		r = whole ? old_bind(tree->host, point, "/", err)
			  : old_fresh(point, &root_fresh, "/", err);
	if (r < 0)
		return r;
	fd = tree_find(tree->host, place, 0, 0, err);
	r = fd < 0 ? fd : 0;
	if (r == 0 && whole)
		r = old_remount(fd, whole->flags, "/", err);
	if (r < 0)
		return r;
	r = sys_fchdir(fd);
	return r < 0 ? fail(err, CROFT_STAGE_MOUNTS, -r, "enter the new root") : 0;
}

/* Needs: the new root as working directory. */
static int pivot(struct tree *tree, struct croft_error *err)
{
	const struct profile *profile = tree->plan ? tree->plan->profile : NULL;
	int r = sys_pivot_root(".", ".");

	if (r == -EINVAL && profile && profile->require[PROTECT_PRIVILEGES] != REQUIRE_OFF) {
		tree->is_stacked = true;
		/* by the older calls it stands upon some directory as yet */
		r = tree->has_new_api ? 0 : sys_mount(".", "/", NULL, MS_MOVE, NULL);
		if (r == 0)
			r = sys_chroot(".");
	}
	if (r == 0)
		return 0;
	(void)fail(err, CROFT_STAGE_MOUNTS, -r, "change the root");
	if (r == -EINVAL)
		fail_hint(err, "the root directory here cannot be replaced (an initramfs), and "
			       "with capabilities what lies beneath could be laid bare");
	return r;
}

/* "/" is the new root now, and what was "/" is still what it was. */
static int see_pivot(const struct tree *tree, const struct stat *root, const struct stat *host)
{
	struct stat now, held;
	int r = sys_fstatat(tree->root, "", &now, AT_EMPTY_PATH);

	if (r >= 0)
		r = sys_fstatat(tree->host, "", &held, AT_EMPTY_PATH);
	if (r < 0)
		return r;
	if (now.st_dev != root->st_dev || now.st_ino != root->st_ino ||
	    held.st_dev != host->st_dev || held.st_ino != host->st_ino)
		return -ENOTSUP;
	return tree->has_own_root && now.st_dev == held.st_dev ? -ENOTSUP : 0;
}

int root_make(struct tree *tree, struct croft_error *err)
{
	const struct plan_mount_op *whole = root_copied(tree->plan);
	int r;

	tree->has_own_root = !whole;
	r = tree->has_new_api ? enter_new(tree, whole, err) : enter_old(tree, whole, err);
	return r < 0 ? r : root_pivot(tree, err);
}

int root_pivot(struct tree *tree, struct croft_error *err)
{
	struct stat host, root;
	int r = sys_fstatat(tree->host, "", &host, AT_EMPTY_PATH);

	if (r >= 0)
		r = sys_fstatat(AT_FDCWD, ".", &root, 0);
	if (r < 0)
		return fail(err, CROFT_STAGE_MOUNTS, -r, "look at the new root");
	r = pivot(tree, err);
	if (r < 0)
		return r;
	fd_close(&tree->root);
	tree->root = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);
	if (tree->root < 0)
		return fail(err, CROFT_STAGE_MOUNTS, -tree->root, "open the new root");
	r = see_pivot(tree, &root, &host);
	if (r == 0 && tree->has_own_root)
		r = tree_owns(tree, tree->root);
	if (r < 0)
		return fail(err, CROFT_STAGE_MOUNTS, -r, "see the new root");
	/* the working directory is the new root: names of descriptors are in the host's proc */
	return tree->has_new_api ? 0 : old_enter(tree, err);
}

/* Nobody can name the host's tree any more: what stands upon "/" is "/". */
int root_let_go(struct tree *tree, struct croft_error *err)
{
	struct stat root, up;
	int r = tree->is_stacked ? 0 : sys_fchdir(tree->host);

	if (r == 0 && !tree->is_stacked)
		r = sys_umount(".", MNT_DETACH);
	if (r == 0)
		r = sys_chdir("/");
	if (r == 0)
		r = sys_fstatat(tree->root, "", &root, AT_EMPTY_PATH);
	if (r == 0)
		r = sys_fstatat(AT_FDCWD, "/..", &up, 0);
	if (r == 0 && (up.st_dev != root.st_dev || up.st_ino != root.st_ino))
		r = -ENOTSUP;
	if (r < 0)
		return fail(err, CROFT_STAGE_MOUNTS, -r, "let go of the host's files");
	fd_close(&tree->host);
	return 0;
}

/* The older call names it: "/" is nothing else any more. */
static int close_root(const struct tree *tree, unsigned flags, struct croft_error *err)
{
	int r;

	if (tree->has_new_api)
		return new_set_flags(tree->root, flags, 0, "/", err);
	r = sys_mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV,
		      NULL);
	return r < 0 ? fail(err, CROFT_STAGE_MOUNTS, -r, "make the new root read-only") : 0;
}

int root_finish(struct tree *tree, struct croft_error *err)
{
	const unsigned own_flags = root_fresh.flags | MOUNT_RDONLY;
	const struct plan_mount_op *whole = root_copied(tree->plan);
	AUTO_FD int seen = -1;
	struct stat st;
	int r = root_let_go(tree, err);

	if (r == 0 && !whole)
		r = close_root(tree, own_flags, err);
	if (r < 0)
		return r;
	r = sys_fstatat(tree->root, "", &st, AT_EMPTY_PATH);
	if (r < 0)
		return fail(err, CROFT_STAGE_MOUNTS, -r, "look at the new root");
	seen = tree_see(tree, "/", &st, whole ? whole->flags : own_flags, err);
	return seen < 0 ? seen : 0;
}

int root_leave_chroot(void)
{
	struct stat here, above;
	const char *below;
	int r = sys_chdir("/");

	if (r < 0)
		return r;
	below = old_place(AT_FDCWD);
	r = below ? sys_chroot(below) : -ENOENT;
	for (int i = 0; i < DEPTH_MAX && r == 0; i++) {
		r = sys_fstatat(AT_FDCWD, ".", &here, 0);
		if (r == 0)
			r = sys_fstatat(AT_FDCWD, "..", &above, 0);
		if (r == 0 && here.st_dev == above.st_dev && here.st_ino == above.st_ino)
			return sys_chroot(".");
		if (r == 0)
			r = sys_chdir("..");
	}
	return r < 0 ? r : -ELOOP;
}
