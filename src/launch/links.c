/* SPDX-License-Identifier: MIT */
/*
 * links.c - the symbolic links that names of a sandbox go through.
 *
 * In a new root there is only what is put there. A grant is bound at the place that it leads to,
 * so the name that the user wrote, "/bin/sh" or "~/.local/bin/claude", would not be found where a
 * link is on the way. The links are made again, as they are: where one leads to what is not
 * granted it leads nowhere.
 *
 * The entries of "/" are links on most hosts (bin, lib, lib64, sbin), and programs name them
 * without being asked: an ELF file its loader, a script its interpreter.
 */
#include "launch/links.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "host/paths.h"
#include "plan/pattern.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define LINKS_BYTES (16U << 20)
#define DIRENT_BYTES 8192

void links_init(struct links *links)
{
	*links = (struct links){ 0 };
	arena_init(&links->arena, LINKS_BYTES);
}

void links_done(struct links *links)
{
	arena_done(&links->arena);
	*links = (struct links){ 0 };
}

/* Two grants share most of their way: the link that came last is the one that comes again. */
static struct path_link *find(const struct links *links, const char *path)
{
	for (size_t i = links->n; i > 0; i--)
		if (!strcmp(links->list[i - 1].path, path))
			return &links->list[i - 1];
	return NULL;
}

static int add(struct links *links, const char *path, const char *text, bool is_on_way)
{
	struct path_link *grown = find(links, path);

	if (grown) {
		grown->is_on_way |= is_on_way;
		return 0;
	}
	if (links->n >= LINKS_MAX_FOUND)
		return -EFBIG;
	grown = arena_grow(&links->arena, links->list, links->n, &links->capacity, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	links->list = grown;
	grown += links->n++;
	grown->path = arena_strdup(&links->arena, path);
	grown->target = arena_strdup(&links->arena, text);
	grown->is_on_way = is_on_way;
	return grown->path && grown->target ? 0 : -ENOMEM;
}

static int add_on_way(void *context, const char *path, const char *text)
{
	return add(context, path, text, true);
}

static int add_entry(struct links *links, const char *name)
{
	char path[NAME_MAX + 2] = "/", text[PATH_MAX];
	ssize_t n;

	memcpy(path + 1, name, strlen(name) + 1);
	n = sys_readlinkat(AT_FDCWD, path, text, sizeof(text) - 1);
	if (n < 0)
		return 0; /* no link, or gone */
	text[n] = '\0';
	return add(links, path, text, false);
}

static int add_entries(struct links *links, int fd)
{
	_Alignas(struct sys_dirent) char block[DIRENT_BYTES];
	ssize_t n;

	while ((n = sys_getdents64(fd, block, sizeof(block))) > 0)
		for (ssize_t at = 0; at < n;) {
			const struct sys_dirent *entry = (const void *)(block + at);
			int r = 0;

			at += entry->length;
			if (entry->type == DT_LNK || entry->type == DT_UNKNOWN)
				r = add_entry(links, entry->name);
			if (r < 0)
				return r;
		}
	return 0;
}

int links_add_root(struct links *links, struct croft_error *err)
{
	AUTO_FD int fd = sys_openat(AT_FDCWD, "/", O_RDONLY | O_DIRECTORY, 0);
	int r = fd;

	if (fd >= 0)
		r = add_entries(links, fd);
	else if (!fd_is_shortage(fd))
		r = 0;
	return r < 0 ? fail(err, CROFT_STAGE_PREPARE, -r, "look for links in '/'") : 0;
}

int links_add(struct links *links, const char *path, const char **ret_real, struct croft_error *err)
{
	char real[PATH_MAX];
	int r = path_resolve_links(path, real, sizeof(real), add_on_way, links);

	if (r == -ENOMEM || r == -EFBIG)
		return fail(err, CROFT_STAGE_PREPARE, -r, "look for links on the way to '%s'",
			    path);
	if (!ret_real)
		return 0;
	*ret_real = r == 0 ? arena_strdup(&links->arena, real) : NULL;
	return r == 0 && !*ret_real ? fail(err, CROFT_STAGE_PREPARE, ENOMEM, "keep a name") : 0;
}

static int compare(const void *a, const void *b)
{
	return path_order(((const struct path_link *)a)->path, ((const struct path_link *)b)->path);
}

void links_finish(struct links *links)
{
	if (links->n)
		qsort(links->list, links->n, sizeof(*links->list), compare);
}
