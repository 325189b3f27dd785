/* SPDX-License-Identifier: MIT */
/*
 * mounts_parts.h - what the files that make the tree share: inside src/enforce/mounts*.c only.
 */
#ifndef CROFT_ENFORCE_MOUNTS_PARTS_H
#define CROFT_ENFORCE_MOUNTS_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/err.h"
#include "plan/plan.h"

/*
 * Copies that are held by descriptors at once; with more, one copy of everything is made. 64:
 * more than profiles have, few beside the 1024 descriptors that most processes may open.
 */
#define TREE_COPIES_MAX 64
#define TREE_OWN_MAX 32 /* fresh directories in which places to mount upon may be made */

/* The tree while it is made. Lives on a stack; tree_done lets go of every descriptor. */
struct tree {
	const struct plan *plan;
	int ruleset;
	bool has_new_api;
	int host; /* O_PATH: "/" as the host has it: sources are looked up in it */
	int root; /* O_PATH: "/" of the tree to be: places to mount upon are looked up in it */
	bool has_own_root; /* a new root of nothing, not a copy of the host's */
	bool is_stacked; /* the host's tree lies beneath the new root and cannot be detached */
	int pristine; /* in place: a copy of everything from before the first step; -1 */
	bool has_attached; /* and it is stacked upon "/", so that copies may be taken of it */
	int copies[TREE_COPIES_MAX]; /* in place: of the sources, from before the first step */
	size_t n_copies, next_copy;
	int masks; /* the directory with what masks are copies of; -1: not made yet */
	dev_t own[TREE_OWN_MAX]; /* of the fresh directories */
	size_t n_own;
};

/* A file system of its own, empty or the kernel's. */
struct fresh {
	const char *type;
	const char *options[4][2]; /* name and value; value NULL: a flag; name NULL: the end */
	unsigned flags; /* MOUNT_RDONLY, ... */
};

/* mounts_walk.c: names in the tree */

/* path_walk, and the same file as dev and ino say, or -ESTALE; 0, 0: any. Describes. */
int tree_find(int root, const char *path, uint64_t dev, uint64_t ino, struct croft_error *err);
/*
 * The place to mount upon; where it is missing in a directory of our own it is made, with what
 * is missing above it. A name that is missing on the host stays missing: -ENOENT. Describes.
 */
int tree_point(const struct tree *tree, const char *path, bool is_directory,
	       struct croft_error *err);
/* Makes a symbolic link in a directory of our own. Describes. */
int tree_link(const struct tree *tree, const char *path, const char *text, struct croft_error *err);
/* Fresh: places may be made in it from now on. Beyond TREE_OWN_MAX they may not. */
int tree_owns(struct tree *tree, int fd);
bool tree_is_own(const struct tree *tree, const struct stat *st);
/*
 * Looks the path up anew: there must be the file of `want`, on a mount with `flags`, and where
 * that is read-only nothing may be written. Returns what was opened. Describes.
 */
int tree_see(const struct tree *tree, const char *path, const struct stat *want, unsigned flags,
	     struct croft_error *err);

/* mounts_new.c: by descriptors, since 5.12. Those that return int describe. */

bool mounts_has_new_api(void);
/* A copy of a tree that hangs nowhere yet: its descriptor. */
int new_copy(int source, const char *path, struct croft_error *err);
int new_set_flags(int fd, unsigned flags, unsigned at_flags, const char *path,
		  struct croft_error *err);
int new_attach(int fd, int point, const char *path, struct croft_error *err);
/* Not attached yet. */
int new_fresh(const struct fresh *fresh, const char *path, struct croft_error *err);
/* Attached upon everything at `root`, where no name leads: copies may be taken of it. */
int new_stack(int fd, int root, struct croft_error *err);
/* Takes away what new_stack attached, all that is mounted in it included. */
int new_unstack(int *fd, struct croft_error *err);

/*
 * mounts_old.c: by names in /proc/self/fd of the host, which old_enter makes the working directory.
 * It has to stay that while these are used.
 */

int old_enter(const struct tree *tree, struct croft_error *err);
/* Some directory below `root`, by its path, to mount upon for a while; NULL: none of the usual. */
const char *old_place(int root);

/* As it is, submounts and all. */
int old_bind(int source, int point, const char *path, struct croft_error *err);
/* Without what is mounted beneath. */
int old_bind_alone(int source, int point, const char *path, struct croft_error *err);
int old_fresh(int point, const struct fresh *fresh, const char *path, struct croft_error *err);
/* Sets flags of one mount, beside those it has. */
int old_remount(int fd, unsigned flags, const char *path, struct croft_error *err);
int old_unmount(int fd, const char *path, struct croft_error *err);

/* mounts_sub.c: what has come with the binds gets their flags, by one reading of mountinfo */
int old_set_submounts(const struct tree *tree, struct croft_error *err);

/* mounts_root.c: a root of its own */

/* The operation that grants "/" itself: then the root is a copy of the host's. NULL: none does. */
const struct plan_mount_op *root_copied(const struct plan *plan);
int root_make(struct tree *tree, struct croft_error *err);
/*
 * Changes the root to the working directory, which is a mount of its own. What was the root stays
 * stacked upon it, reached by tree->host, until root_let_go. Without a plan the caller goes on with
 * his capabilities: then an initramfs is a failure.
 */
int root_pivot(struct tree *tree, struct croft_error *err);
int root_let_go(struct tree *tree, struct croft_error *err);
/*
 * In a chroot "/" is no mount, so none could be kept from reaching the host by it. Who may make a
 * mount namespace without a user namespace is no prisoner of a chroot either (chroot(2)): enters
 * the root of his own one, by a working directory above the root directory. 0, or -errno.
 */
int root_leave_chroot(void);
/* Lets go of the host's tree, and makes the root read-only. */
int root_finish(struct tree *tree, struct croft_error *err);

/* mounts_fresh.c */

/*
 * Mounts it upon `point`, which `path` leads to, and opens its root: what is there now is another
 * file system than before, and has the flags.
 */
int fresh_put(const struct tree *tree, const char *path, int point, const struct fresh *fresh,
	      struct croft_error *err);

int tmpfs_put(struct tree *tree, const struct plan_mount_op *op, struct croft_error *err);
/* Makes those read-only that shall be. */
int tmpfs_finish(const struct tree *tree, struct croft_error *err);
int proc_put(const struct tree *tree, const struct plan_mount_op *op, struct croft_error *err);
/* The Landlock rule alone. */
int rule_put(const struct tree *tree, const struct plan_mount_op *op, struct croft_error *err);
int devpts_put(const struct tree *tree, const struct plan_mount_op *op, struct croft_error *err);

/* mounts_masks.c */

int mask_put(struct tree *tree, const struct plan_mount_op *op, struct croft_error *err);
int masks_finish(struct tree *tree, struct croft_error *err);

#endif
