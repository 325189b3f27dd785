/* SPDX-License-Identifier: MIT */
/*
 * name_walk.c - the names in a tree, those near its root first, as many as may be looked at.
 *
 * Breadth first, since a bound has to end somewhere: what lies near the root of a project is what
 * its user works with, and what is deep is mostly what tools have unpacked.
 *
 * The tree may be an enemy's. Each directory is opened by its whole name without following a link,
 * so that a directory that is swapped for one while the walk is under way ends there. Names, depth
 * and memory are bounded; what a bound has cut off is told.
 */
#include "host/name_walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "host/beneath.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define DIRENT_BYTES 32768

struct waiting {
	struct waiting *next;
	unsigned depth;
	char path[]; /* "" for the root of all */
};

struct queue {
	struct waiting *first, **end;
};

static int put(struct name_walk *walk, struct queue *queue, const char *dir, const char *name,
	       unsigned depth)
{
	size_t dir_len = strlen(dir), name_len = strlen(name);
	struct waiting *waiting;

	if (depth > NAME_WALK_MAX_DEPTH) {
		walk->is_cut = true;
		return 0;
	}
	waiting = arena_alloc(walk->arena, sizeof(*waiting) + dir_len + name_len + 2);
	if (!waiting)
		return -ENOMEM;
	memcpy(waiting->path, dir, dir_len);
	if (name_len) {
		waiting->path[dir_len] = '/';
		memcpy(waiting->path + dir_len + 1, name, name_len + 1);
	}
	waiting->depth = depth;
	*queue->end = waiting;
	queue->end = &waiting->next;
	return 0;
}

/* Some file systems do not tell what an entry is. */
static unsigned char find_type(int fd, const struct sys_dirent *entry)
{
	struct stat st;

	if (entry->type != DT_UNKNOWN)
		return entry->type;
	if (sys_fstatat(fd, entry->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return DT_REG; /* gone, or not to be looked at: nothing to walk into */
	return (unsigned char)IFTODT(st.st_mode);
}

static int take_block(struct name_walk *walk, struct queue *queue, const struct waiting *dir,
		      int fd, const char *block, size_t size)
{
	for (size_t at = 0; at < size;) {
		const struct sys_dirent *entry = (const void *)(block + at);
		unsigned char type;
		int r;

		at += entry->length;
		if (!strcmp(entry->name, ".") || !strcmp(entry->name, ".."))
			continue;
		if (walk->n_names >= NAME_WALK_MAX_NAMES) {
			walk->is_cut = true;
			return 0;
		}
		walk->n_names++;
		type = find_type(fd, entry);
		r = walk->found(walk->context, dir->path, entry->name, type);
		if (r > 0 && type == DT_DIR)
			r = put(walk, queue, dir->path, entry->name, dir->depth + 1);
		if (r < 0)
			return r;
	}
	return 0;
}

static int list(struct name_walk *walk, struct queue *queue, const struct waiting *dir)
{
	_Alignas(struct sys_dirent) char block[DIRENT_BYTES];
	AUTO_FD int fd =
		beneath_open(AT_FDCWD, *dir->path ? dir->path : "/", O_RDONLY | O_DIRECTORY);
	ssize_t n;
	int r = 0;

	if (fd_is_shortage(fd))
		return fd;
	/* taken away meanwhile, or something else now: there is nothing to be told of it */
	if (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP)
		return 0;
	if (fd < 0) {
		walk->is_cut = true;
		return 0;
	}
	do {
		n = sys_getdents64(fd, block, sizeof(block));
		if (n > 0)
			r = take_block(walk, queue, dir, fd, block, (size_t)n);
	} while (r == 0 && n > 0 && walk->n_names < NAME_WALK_MAX_NAMES);
	if (n < 0 || (n > 0 && r == 0))
		walk->is_cut = true;
	return r == 0 && walk->left ? walk->left(walk->context, dir->path) : r;
}

int name_walk(struct name_walk *walk)
{
	struct queue queue = { .end = &queue.first };
	int r = put(walk, &queue, strcmp(walk->root, "/") ? walk->root : "", "", 0);

	for (const struct waiting *dir = queue.first; r == 0 && dir; dir = dir->next) {
		if (walk->n_names >= NAME_WALK_MAX_NAMES) {
			walk->is_cut = true;
			break;
		}
		r = list(walk, &queue, dir);
	}
	return r;
}
