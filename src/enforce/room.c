/* SPDX-License-Identifier: MIT */
/*
 * room.c - a tree of files that is another one's root: made, filled, entered.
 *
 * The steps, in the order that makes each safe:
 *
 *   names         what the caller wrote is looked up in the caller's tree, links followed, and
 *                 remembered by device and inode
 *   namespaces    user (where needed), mount, uts: no mount reaches the host. A chroot is left
 *   base          the root: read-only as it is, or with an overlay upon it. Hung upon "/" where no
 *                 name leads, entered, and made the root (mounts_root.c)
 *   places        /dev, /proc, /sys, /tmp: made by us, of nothing that the root has
 *   mounts        each source is found again in the tree before, without following links; each
 *                 place is followed inside the room, where no link leads out
 *   end           the tree before is detached; the base is read-only where nothing is kept
 *
 * Nobody is trusted but the caller: the root may be a stranger's image. Its links are followed as a
 * process inside would follow them, after the change of root, and what is mounted is held by a
 * descriptor and not by a name. What has to be made to mount upon is made in the overlay's upper
 * directory, or where there is none in memory: never in the root.
 *
 * The overlay's directories are named to the kernel by descriptors, /proc/self/fd/N: its options
 * have no way to say a comma, nor one to say "this directory and no other".
 *
 * The proc that is seen here is the host's, as nobody is in a new pid namespace yet: who starts the
 * command in one mounts a fresh one over it.
 */
#include "enforce/room.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "elf/root.h"
#include "enforce/mounts_parts.h"
#include "enforce/namespaces.h"
#include "enforce/room_parts.h"
#include "host/paths.h"
#include "sys/calls.h"
#include "sys/fd.h"
#include "sys/path.h"

#define LOOKS_MAX 64 /* directories that one place to mount upon may lack */

/* path_resolve, and what is there. */
static int find(const char *what, const char *text, struct found *ret_found,
		struct croft_error *err)
{
	AUTO_FREE char *real = malloc(PATH_MAX);
	struct stat st = { 0 };
	int r = real ? path_resolve(text, real, PATH_MAX) : -ENOMEM;

	if (r == 0)
		r = sys_fstatat(AT_FDCWD, real, &st, 0);
	if (r < 0)
		return fail(err, CROFT_STAGE_USAGE, -r, "%s '%s'", what, text);
	ret_found->real = strdup(real);
	if (!ret_found->real)
		return fail(err, CROFT_STAGE_USAGE, ENOMEM, "%s '%s'", what, text);
	ret_found->dev = st.st_dev;
	ret_found->ino = st.st_ino;
	ret_found->is_directory = S_ISDIR(st.st_mode);
	return 0;
}

static int find_directory(const char *what, const char *text, struct found *ret_found,
			  struct croft_error *err)
{
	int r = find(what, text, ret_found, err);

	if (r == 0 && !ret_found->is_directory)
		r = fail(err, CROFT_STAGE_USAGE, ENOTDIR, "%s '%s'", what, text);
	return r;
}

/* UPPER/upper and UPPER/work. The former becomes the root: it looks as that one does. */
static int make_upper(struct making *making, struct croft_error *err)
{
	static const char *const names[] = { "upper", "work" };
	const char *upper = making->room->upper;
	AUTO_FD int dir = sys_openat(AT_FDCWD, upper, O_PATH | O_DIRECTORY, 0);
	int r = dir < 0 ? dir : 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(names); i++) {
		r = sys_mkdirat(dir, names[i], 0755);
		if (r == -EEXIST)
			r = 0;
	}
	return r < 0 ? fail(err, CROFT_STAGE_USAGE, -r, "make --upper '%s' ready", upper) : 0;
}

/* The kernel has another word for each version of this mistake. */
static int check_apart(const struct making *making, struct croft_error *err)
{
	if (!path_is_under(making->root.real, making->upper.real) &&
	    !path_is_under(making->upper.real, making->root.real))
		return 0;
	return fail(err, CROFT_STAGE_USAGE, 0, "--upper '%s' and --root '%s' lie in each other",
		    making->room->upper, making->room->root);
}

static int find_names(struct making *making, struct croft_error *err)
{
	const struct room *room = making->room;
	int r = find_directory("--root", room->root, &making->root, err);

	if (r == 0 && room->upper) {
		r = find_directory("--upper", room->upper, &making->upper, err);
		if (r == 0)
			r = check_apart(making, err);
		if (r == 0)
			r = make_upper(making, err);
	}
	if (r < 0 || room->n_mounts == 0)
		return r;
	making->sources = calloc(room->n_mounts, sizeof(*making->sources));
	if (!making->sources)
		return fail(err, CROFT_STAGE_USAGE, ENOMEM, "look up the mounts");
	for (size_t i = 0; i < room->n_mounts && r == 0; i++)
		r = find("--mount", room->mounts[i].host, &making->sources[i], err);
	return r;
}

/*
 * Privileged, no user namespace is made: files then have the owners that they have. A filter may
 * refuse to a privileged process what it allows in a user namespace; that is told by trying.
 */
static int enter_namespaces(struct making *making, struct croft_error *err)
{
	const struct room *room = making->room;
	unsigned kinds = 1U << HOST_NS_MOUNT | 1U << HOST_NS_UTS;
	unsigned uid = sys_geteuid(), gid = sys_getegid();
	struct namespaces ns;
	struct sys_caps caps;
	int r = sys_capget(&caps);

	if (r < 0 || room->has_ids || !(caps.effective[0] & 1U << CAP_SYS_ADMIN)) {
		making->has_user = true;
		kinds |= 1U << HOST_NS_USER;
	}
	r = namespaces_prepare_kinds(kinds, &ns, err);
	if (r < 0)
		return r;
	ns.hostname = "localhost";
	ns.may_keep_hostname = true;
	(void)snprintf(ns.uid_map, sizeof(ns.uid_map), "%u %u 1\n", room->uid, uid);
	(void)snprintf(ns.gid_map, sizeof(ns.gid_map), "%u %u 1\n", room->gid, gid);
	r = namespaces_enter(&ns, err);
	/* opened in here: what a descriptor from before leads to could not be mounted */
	making->names = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);
	if (r == -EINVAL && making->names >= 0 && root_leave_chroot() == 0) {
		*err = (struct croft_error){ 0 };
		r = namespaces_settle(&ns, err);
	}
	if (r < 0 && !*err->hint)
		fail_hint(err, "--root needs a mount namespace; croft doctor tells who refuses it");
	if (r == 0 && making->names < 0)
		r = fail(err, CROFT_STAGE_MOUNTS, -making->names, "open '/'");
	return r;
}

/* Is there something to mount upon, in the root or in what an earlier mount brings? */
static bool has_place(const struct making *making, size_t i)
{
	const struct room_mount *mounts = making->room->mounts, *mount = &mounts[i];
	const char *path = mount->path;
	const struct found *from = &making->root;
	struct root root = { .fd = -1 };
	struct root_walk walk;

	for (size_t j = i; j > 0; j--) {
		if (!path_is_under(mounts[j - 1].path, mount->path))
			continue;
		from = &making->sources[j - 1];
		path = mount->path + strlen(mounts[j - 1].path);
		break;
	}
	root.fd = path_walk(making->names, from->real);
	root.path = from->real;
	if (root.fd < 0)
		return false;
	root_walk(&root, "/", *path ? path : "/", &walk);
	root_done(&root);
	return walk.errnum == 0;
}

/* Nothing can be made in a root that is mounted read-only as it is. */
static bool lacks_places(const struct making *making)
{
	static const char *const own[] = { "/dev", "/proc" };
	struct root root = { .path = making->root.real };
	struct root_walk walk;
	bool lacks = false;

	root.fd = path_walk(making->names, making->root.real);
	if (root.fd < 0)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
		root_walk(&root, "/", own[i], &walk);
		lacks |= walk.errnum != 0;
	}
	root_done(&root);
	for (size_t i = 0; i < making->room->n_mounts && !lacks; i++)
		lacks = !has_place(making, i);
	return lacks;
}

/* What is to hang upon "/" until it is entered, by either set of calls. */
static int hang(struct making *making, const struct fresh *fresh, int source,
		struct croft_error *err)
{
	struct tree *tree = &making->tree;
	const char *place = tree->has_new_api ? NULL : old_place(tree->host);
	AUTO_FD int point = -1, fd = -1;
	int r;

	if (tree->has_new_api) {
		fd = fresh ? new_fresh(fresh, "/", err) : new_copy(source, "/", err);
		r = fd < 0 ? fd : new_stack(fd, tree->host, err);
		return r < 0 ? r : fd_take(&fd);
	}
	if (!place)
		return fail(err, CROFT_STAGE_MOUNTS, ENOENT, "find a directory to mount upon");
	point = tree_find(tree->host, place, 0, 0, err);
	r = point < 0 ? point : old_enter(tree, err);
	if (r == 0)
		r = fresh ? old_fresh(point, fresh, "/", err)
			  : old_bind_alone(source, point, "/", err);
	return r < 0 ? r : tree_find(tree->host, place, 0, 0, err);
}

static int name_fd(char name[FD_PATH_SIZE], int fd)
{
	(void)snprintf(name, FD_PATH_SIZE, "/proc/self/fd/%d", fd);
	return fd;
}

static void hint_overlay(const struct making *making, struct croft_error *err)
{
	if (*err->hint)
		return;
	if (making->room->upper)
		fail_hint(err, "an overlay needs Linux 5.11 in a user namespace, and --upper on a "
			       "file system of this machine's own: no overlay, no NFS");
	else
		fail_hint(err, "the root lacks a directory to mount upon: make /dev, /proc and "
			       "those of --mount in it");
}

/* Needs: `upper`, with the two directories in it, in this mount namespace. */
static int make_overlay(struct making *making, int lower, int upper, struct croft_error *err)
{
	char names[3][FD_PATH_SIZE];
	AUTO_FD int up = path_step(upper, "upper"), work = path_step(upper, "work");
	struct fresh fresh = {
		.type = "overlay",
		.options = { { "lowerdir", names[0] },
			     { "upperdir", names[1] },
			     { "workdir", names[2] },
			     { making->has_user ? "userxattr" : NULL, NULL } },
		.flags = MOUNT_NODEV | MOUNT_NOSUID,
	};
	int fd;

	if (up < 0 || work < 0)
		return fail(err, CROFT_STAGE_MOUNTS, up < 0 ? -up : -work,
			    "open the directories of the overlay");
	(void)name_fd(names[0], lower);
	(void)name_fd(names[1], up);
	(void)name_fd(names[2], work);
	fd = hang(making, &fresh, -1, err);
	if (fd == -EINVAL && making->has_user) {
		/* before 5.11, and in gVisor; without it some changes cannot be kept */
		fresh.options[3][0] = NULL;
		*err = (struct croft_error){ 0 };
		fd = hang(making, &fresh, -1, err);
	}
	if (fd < 0)
		hint_overlay(making, err);
	return fd;
}

/* In memory, for places to mount upon: as large as directories need. */
static int overlay_in_memory(struct making *making, int lower, struct croft_error *err)
{
	static const struct fresh memory = {
		.type = "tmpfs",
		.options = { { "mode", "0755" }, { "size", "16m" } },
		.flags = MOUNT_NODEV | MOUNT_NOSUID,
	};
	int r;

	making->memory = hang(making, &memory, -1, err);
	if (making->memory < 0)
		return making->memory;
	r = sys_mkdirat(making->memory, "upper", 0755);
	if (r == 0)
		r = sys_mkdirat(making->memory, "work", 0755);
	if (r < 0)
		return fail(err, CROFT_STAGE_MOUNTS, -r, "make the overlay's directories");
	return make_overlay(making, lower, making->memory, err);
}

/*
 * The root as it is, never to be written, with all that is mounted beneath: nodev, as the user 0 of
 * the machine may open what a stranger's image says is a disk. By the older calls what is mounted
 * beneath stays away: its flags could not be set in one call.
 */
static int hang_root(struct making *making, int lower, struct croft_error *err)
{
	const unsigned flags = MOUNT_RDONLY | MOUNT_NODEV | MOUNT_NOSUID;
	AUTO_FD int fd = hang(making, NULL, lower, err);
	int r = fd < 0 ? fd : 0;

	if (r == 0)
		r = making->tree.has_new_api ? new_set_flags(fd, flags, ABI_AT_RECURSIVE, "/", err)
					     : old_remount(fd, flags, "/", err);
	/* seen by its effect: gVisor takes a remount by another descriptor and does nothing */
	if (r == 0 && sys_faccessat(fd, ".", W_OK) == 0) {
		r = fail(err, CROFT_STAGE_MOUNTS, ENOTSUP, "make the room's root read-only");
		fail_hint(err, "let --upper take what is written");
	}
	return r < 0 ? r : fd_take(&fd);
}

static int make_base(struct making *making, struct croft_error *err)
{
	const struct found *root = &making->root, *upper = &making->upper;
	AUTO_FD int lower = tree_find(making->names, root->real, root->dev, root->ino, err);
	AUTO_FD int up = -1;

	if (lower < 0)
		return lower;
	if (making->room->upper) {
		up = tree_find(making->names, upper->real, upper->dev, upper->ino, err);
		return up < 0 ? up : make_overlay(making, lower, up, err);
	}
	if (lacks_places(making))
		return overlay_in_memory(making, lower, err);
	return hang_root(making, lower, err);
}

static int enter_base(struct making *making, struct croft_error *err)
{
	struct tree *tree = &making->tree;
	AUTO_FD int base = make_base(making, err);
	int r = base < 0 ? base : sys_fchdir(base);

	if (base < 0)
		return base;
	if (r < 0)
		return fail(err, CROFT_STAGE_MOUNTS, -r, "enter the room");
	r = root_pivot(tree, err);
	/* the overlay holds it itself; here it lies over the host's tree, or a part of it */
	if (r == 0 && making->memory >= 0)
		r = tree->has_new_api ? new_unstack(&making->memory, err)
				      : old_unmount(making->memory, "/", err);
	fd_close(&making->memory);
	return r;
}

/* The missing part of a place, one directory or file. */
static int make_part(const struct tree *tree, const char *at, bool is_directory)
{
	const char *slash = strrchr(at, '/');
	AUTO_FREE char *above = slash ? strndup(at, slash == at ? 1 : (size_t)(slash - at)) : NULL;
	AUTO_FD int dir = above ? path_walk(tree->root, above) : -ENOMEM;
	AUTO_FD int fd = -1;

	if (dir < 0)
		return dir;
	if (is_directory)
		return sys_mkdirat(dir, slash + 1, 0755);
	fd = sys_openat(dir, slash + 1, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0644);
	return fd < 0 ? fd : 0;
}

/* Follows `path`, and makes what is missing as directories; the last part as it is wanted. */
static int follow(const struct making *making, const char *path, bool is_directory,
		  struct root_walk *walk)
{
	const struct root root = { .fd = making->tree.root, .path = "/" };

	for (int i = 0; i < LOOKS_MAX; i++) {
		const char *slash = strrchr(path, '/');
		AUTO_FREE char *above = NULL;
		int r;

		root_walk(&root, "/", path, walk);
		if (walk->errnum != ENOENT)
			return -walk->errnum;
		above = slash > path ? strndup(path, (size_t)(slash - path)) : NULL;
		if (above) {
			struct root_walk up;

			r = follow(making, above, true, &up);
			if (r < 0)
				return r;
			root_walk(&root, "/", path, walk);
			if (walk->errnum != ENOENT)
				return -walk->errnum;
		}
		r = make_part(&making->tree, walk->at, is_directory);
		if (r < 0 && r != -EEXIST)
			return r;
	}
	return -ELOOP;
}

int room_place(const struct making *making, const char *path, bool is_directory,
	       char ret_real[PATH_MAX], struct croft_error *err)
{
	AUTO_FREE struct root_walk *walk = malloc(sizeof(*walk));
	int r = walk ? follow(making, path, is_directory, walk) : -ENOMEM;

	if (r == 0 && S_ISDIR(walk->mode) != is_directory) {
		r = fail(err, CROFT_STAGE_MOUNTS, is_directory ? ENOTDIR : EISDIR,
			 "mount upon '%s' in the room", path);
		fail_hint(err, "what is to be mounted is a %s",
			  is_directory ? "directory" : "file");
		return r;
	}
	if (r == 0 && (room_owns(path) || room_owns(walk->real)) && strcmp(path, walk->real) != 0) {
		r = fail(err, CROFT_STAGE_MOUNTS, ELOOP,
			 "mount upon '%s', in the room a link to '%s'", path, walk->real);
		fail_hint(err, "/proc, /sys and /dev are croft's to fill: take the link away");
		return r;
	}
	if (r < 0) {
		(void)fail(err, CROFT_STAGE_MOUNTS, -r, "find the place '%s' in the room", path);
		if (r == -EOVERFLOW || r == -EACCES || r == -EPERM)
			fail_hint(err, "it is to be made in a directory of another user's: let the "
				       "root be yours, or make the place in it");
		return r;
	}
	memcpy(ret_real, walk->real, strlen(walk->real) + 1);
	r = path_walk(making->tree.root, ret_real);
	return r < 0 ? fail(err, CROFT_STAGE_MOUNTS, -r, "open the place '%s' in the room", path)
		     : r;
}

int room_bind(const struct making *making, const struct found *source, const char *path,
	      unsigned flags, struct croft_error *err)
{
	const struct tree *tree = &making->tree;
	AUTO_FREE char *real = malloc(PATH_MAX);
	AUTO_FD int from = tree_find(making->names, source->real, source->dev, source->ino, err);
	AUTO_FD int point = -1, copy = -1, seen = -1;
	struct stat st;
	int r = from < 0 ? from : sys_fstatat(from, "", &st, AT_EMPTY_PATH);

	if (!real)
		return fail(err, CROFT_STAGE_MOUNTS, ENOMEM, "mount upon '%s'", path);
	if (from < 0)
		return from;
	if (r < 0)
		return fail(err, CROFT_STAGE_MOUNTS, -r, "look at '%s'", source->real);
	point = room_place(making, path, S_ISDIR(st.st_mode), real, err);
	if (point < 0)
		return point;
	if (tree->has_new_api) {
		copy = new_copy(from, path, err);
		r = copy < 0 ? copy : new_set_flags(copy, flags, ABI_AT_RECURSIVE, path, err);
		if (r == 0)
			r = new_attach(copy, point, path, err);
	} else {
		/* flags of what is mounted beneath could not be set in one call */
		r = flags & MOUNT_RDONLY ? old_bind_alone(from, point, path, err)
					 : old_bind(from, point, path, err);
		copy = r < 0 ? r : tree_find(tree->root, real, st.st_dev, st.st_ino, err);
		if (r == 0)
			r = copy < 0 ? copy : old_remount(copy, flags, path, err);
	}
	if (r < 0)
		return r;
	seen = tree_see(tree, real, &st, flags, err);
	return seen < 0 ? seen : 0;
}

static int put_mounts(const struct making *making, struct croft_error *err)
{
	const struct room *room = making->room;
	int r = 0;

	for (size_t i = 0; i < room->n_mounts && r == 0; i++)
		r = room_bind(making, &making->sources[i], room->mounts[i].path,
			      room->mounts[i].is_read_only ? MOUNT_RDONLY : 0, err);
	return r;
}

/* What was made in memory to mount upon is nobody's to fill. */
static int close_base(const struct making *making, struct croft_error *err)
{
	const struct tree *tree = &making->tree;

	if (making->room->upper)
		return 0;
	if (tree->has_new_api)
		return new_set_flags(tree->root, MOUNT_RDONLY, 0, "/", err);
	return old_remount(tree->root, MOUNT_RDONLY, "/", err);
}

/* A directory is the way to all that is around it, and no room takes a descriptor's tree away. */
static int check_descriptors(struct croft_error *err)
{
	static const char *const names[] = { "input", "output", "error" };
	struct stat st;

	for (int fd = 0; fd < (int)ARRAY_SIZE(names); fd++) {
		if (sys_fstatat(fd, "", &st, AT_EMPTY_PATH) < 0 || !S_ISDIR(st.st_mode))
			continue;
		(void)fail(err, CROFT_STAGE_USAGE, EISDIR, "the standard %s leads out of the room",
			   names[fd]);
		fail_hint(err, "give a file, a pipe or /dev/null");
		return -EISDIR;
	}
	return 0;
}

static int make(struct making *making, struct croft_error *err)
{
	struct tree *tree = &making->tree;
	int r = check_descriptors(err);

	if (r == 0)
		r = find_names(making, err);
	if (r == 0)
		r = enter_namespaces(making, err);
	if (r < 0)
		return r;
	tree->host = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);
	tree->root = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);
	if (tree->host < 0 || tree->root < 0)
		return fail(err, CROFT_STAGE_MOUNTS, tree->host < 0 ? -tree->host : -tree->root,
			    "open '/'");
	tree->has_new_api = mounts_has_new_api();
	r = enter_base(making, err);
	if (r == 0)
		r = room_put_own(making, err);
	if (r == 0)
		r = put_mounts(making, err);
	if (r == 0)
		r = close_base(making, err);
	if (r == 0)
		r = root_let_go(tree, err);
	return r;
}

int room_enter(const struct room *room, struct croft_error *err)
{
	struct making making = {
		.room = room,
		.memory = -1,
		.names = -1,
		.tree = { .ruleset = -1, .host = -1, .root = -1, .pristine = -1, .masks = -1 },
	};
	int r = make(&making, err);

	fd_close(&making.memory);
	fd_close(&making.names);
	fd_close(&making.tree.host);
	fd_close(&making.tree.root);
	for (size_t i = 0; making.sources && i < room->n_mounts; i++)
		free(making.sources[i].real);
	free(making.sources);
	free(making.root.real);
	free(making.upper.real);
	return r;
}
