/* SPDX-License-Identifier: MIT */
/*
 * mounts.h - what is mounted, as this process sees it.
 */
#ifndef CROFT_HOST_MOUNTS_H
#define CROFT_HOST_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/* One line of /proc/self/mountinfo: proc(5). All texts unescaped, in the arena. */
struct mount {
	const char *point; /* absolute */
	const char *root; /* which directory of the file system */
	const char *type, *source, *options; /* options: the file system's own */
	uint64_t id;
};

/*
 * Every mount, in the kernel's order. -ENOENT and the like without /proc, -EFBIG beyond some
 * 20,000, -ENOMEM. Blocks no longer than the kernel takes to list them.
 */
int mounts_read(struct arena *arena, struct mount **ret_mounts, size_t *ret_n);

/* The kernel's own (proc, sysfs, cgroup and so on): they are where everybody expects them. */
bool mount_is_kernels(const struct mount *mount);

/* The number of the mount that a name leads to now; 0: unknown. */
uint64_t mount_at(const char *path);

/* "/dev/sda1 (ext4), of its '/home'": what, and which directory of it. NULL: no memory. */
const char *mount_describe(struct arena *arena, const struct mount *mount);

#endif
