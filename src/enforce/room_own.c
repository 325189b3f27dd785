/* SPDX-License-Identifier: MIT */
/*
 * room_own.c - what a room has that is neither its root's nor mounted by the caller's word.
 *
 *   /dev    an empty file system with the devices without data, terminals and shared memory
 *   /proc   the host's, as no pid namespace is there yet
 *   /sys    where the root has the directory: read-only
 *   /tmp    where the root cannot be written: an empty one
 *   names   with a network: /etc/resolv.conf and /etc/hosts of the host, where the root has none
 *           of its own, or one without content (as images are made)
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "elf/root.h"
#include "enforce/room_parts.h"
#include "host/paths.h"
#include "sys/calls.h"
#include "sys/fd.h"
#include "sys/path.h"

static const struct fresh dev_fresh = {
	.type = "tmpfs",
	.options = { { "mode", "0755" }, { "size", "64k" } },
	.flags = MOUNT_NOEXEC | MOUNT_NOSUID,
};
static const struct fresh pts_fresh = {
	.type = "devpts",
	.options = { { "newinstance", NULL }, { "ptmxmode", "0666" }, { "mode", "0620" } },
	.flags = MOUNT_NOEXEC | MOUNT_NOSUID,
};
static const struct fresh shared_fresh = {
	.type = "tmpfs",
	.options = { { "mode", "1777" } },
	.flags = MOUNT_NODEV | MOUNT_NOSUID,
};
static const struct fresh sys_fresh = {
	.type = "sysfs",
	.flags = MOUNT_RDONLY | MOUNT_NOEXEC | MOUNT_NODEV | MOUNT_NOSUID,
};

static int put(const struct making *making, const char *path, const struct fresh *fresh,
	       struct croft_error *err)
{
	AUTO_FREE char *real = malloc(PATH_MAX);
	AUTO_FD int point = -1, fd = -1;

	if (!real)
		return fail(err, CROFT_STAGE_MOUNTS, ENOMEM, "mount upon '%s'", path);
	point = room_place(making, path, true, real, err);
	if (point < 0)
		return point;
	fd = fresh_put(&making->tree, real, point, fresh, err);
	return fd < 0 ? fd : 0;
}

/* The host's, by the name that it has there; 0 without a word where the host has none. */
static int put_host(const struct making *making, const char *name, const char *path, unsigned flags,
		    struct croft_error *err)
{
	struct found found = { .real = strdup(name) };
	AUTO_FD int fd = path_walk(making->names, name);
	int r = 0;

	if (!found.real)
		return fail(err, CROFT_STAGE_MOUNTS, ENOMEM, "mount upon '%s'", path);
	if (fd >= 0)
		r = room_bind(making, &found, path, flags, err);
	free(found.real);
	return r;
}

static int put_devices(const struct making *making, struct croft_error *err)
{
	static const char *const names[] = { "/dev/null",   "/dev/zero",    "/dev/full",
					     "/dev/random", "/dev/urandom", "/dev/tty" };
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names) && r == 0; i++)
		r = put_host(making, names[i], names[i], 0, err);
	return r;
}

static int put_links(const struct making *making, struct croft_error *err)
{
	static const char *const links[][2] = {
		{ "fd", "/proc/self/fd" },       { "stdin", "/proc/self/fd/0" },
		{ "stdout", "/proc/self/fd/1" }, { "stderr", "/proc/self/fd/2" },
		{ "ptmx", "pts/ptmx" },
	};
	AUTO_FREE char *real = malloc(PATH_MAX);
	AUTO_FD int dev = real ? room_place(making, "/dev", true, real, err) : -ENOMEM;
	int r = dev < 0 ? dev : 0;

	for (size_t i = 0; i < ARRAY_SIZE(links) && r == 0; i++)
		r = sys_symlinkat(links[i][1], dev, links[i][0]);
	return r < 0 ? fail(err, CROFT_STAGE_MOUNTS, -r, "make the links in /dev") : 0;
}

static int put_dev(const struct making *making, struct croft_error *err)
{
	struct croft_error no_pts = { 0 };
	int r = put(making, "/dev", &dev_fresh, err);

	if (r == 0)
		r = put_devices(making, err);
	if (r == 0)
		r = put_links(making, err);
	if (r == 0)
		r = put(making, "/dev/shm", &shared_fresh, err);
	/* refused in some containers: then the terminals are theirs */
	if (r == 0 && put(making, "/dev/pts", &pts_fresh, &no_pts) < 0)
		r = put_host(making, "/dev/pts", "/dev/pts", 0, err);
	return r;
}

static bool has(const struct making *making, const char *path, mode_t type)
{
	const struct root root = { .fd = making->tree.root, .path = "/" };
	AUTO_FREE struct root_walk *walk = malloc(sizeof(*walk));

	if (!walk)
		return false;
	root_walk(&root, "/", path, walk);
	return walk->errnum == 0 && (walk->mode & S_IFMT) == type;
}

/* Of the own network, where there is the privilege; else what the host has. */
static int put_sys(const struct making *making, struct croft_error *err)
{
	struct croft_error refused = { 0 };

	if (!has(making, "/sys", S_IFDIR))
		return 0;
	if (!making->has_user && put(making, "/sys", &sys_fresh, &refused) == 0)
		return 0;
	return put_host(making, "/sys", "/sys", MOUNT_RDONLY, err);
}

/* Nobody would look up names in an empty file, and images have one where a builder lay upon it. */
static bool has_content(const struct making *making, const char *path)
{
	const struct root root = { .fd = making->tree.root, .path = "/" };
	struct root_file file;
	bool is_full;

	if (root_open_file(&root, "/", path, &file) < 0)
		return false;
	is_full = file.size > 0;
	root_file_done(&file);
	return is_full;
}

/* The host's own may be a link, into /run say. */
static int put_names(const struct making *making, struct croft_error *err)
{
	static const char *const names[] = { "/etc/resolv.conf", "/etc/hosts" };
	const struct root host = { .fd = making->names, .path = "/" };
	AUTO_FREE struct root_walk *walk = malloc(sizeof(*walk));
	struct croft_error refused = { 0 };
	int r = 0;

	if (!walk)
		return fail(err, CROFT_STAGE_MOUNTS, ENOMEM, "look for the names of hosts");
	for (size_t i = 0; i < ARRAY_SIZE(names) && r == 0; i++) {
		if (!has(making, "/etc", S_IFDIR) || has_content(making, names[i]))
			continue;
		/* nothing is made in a root that is not to be written */
		if (!making->room->upper && !has(making, names[i], S_IFREG))
			continue;
		root_walk(&host, "/", names[i], walk);
		if (walk->errnum != 0 || !S_ISREG(walk->mode))
			continue;
		r = put_host(making, walk->real, names[i], MOUNT_RDONLY, &refused);
		/* in an /etc of another user's nothing can be made: the room goes without */
		if (r == -EOVERFLOW || r == -EACCES || r == -EPERM)
			r = 0;
		else if (r < 0)
			*err = refused;
	}
	return r;
}

int room_put_own(const struct making *making, struct croft_error *err)
{
	int r = put_host(making, "/proc", "/proc", 0, err);

	if (r == 0)
		r = put_dev(making, err);
	if (r == 0)
		r = put_sys(making, err);
	if (r == 0 && !making->room->upper && has(making, "/tmp", S_IFDIR))
		r = put(making, "/tmp", &shared_fresh, err);
	if (r == 0 && making->room->wants_names)
		r = put_names(making, err);
	return r;
}
