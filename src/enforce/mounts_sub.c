/* SPDX-License-Identifier: MIT */
/*
 * mounts_sub.c - the flags of what came along with recursive binds, where there is no
 * mount_setattr.
 *
 * child-path: no allocation
 *
 * mountinfo is read once, after the last bind, through a window of fixed size: a line is at most
 * two paths and some words. For each mount below the new root the operation with the longest
 * path above it says the flags. A line is only a hint where to look: the flags are asked of, and
 * set on, what the name leads to. A mount that another one hides is not reached by its name, nor
 * by anybody inside.
 *
 * See proc(5): "36 35 98:0 /root /mount/point rw,noatime ...", blanks and the like as \040.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "enforce/mounts_parts.h"
#include "sys/calls.h"
#include "sys/fd.h"
#include "sys/path.h"

#define WINDOW_SIZE 10240 /* PATH_MAX twice, and 2 KiB of options */

static const struct plan_mount_op *op_above(const struct plan *plan, const char *path)
{
	const struct plan_mount_op *found = NULL;

	for (size_t i = 0; i < plan->n_mount_ops; i++) {
		const struct plan_mount_op *op = &plan->mount_ops[i];

		if (op->kind == MOUNT_DIRECTORY || op->kind == MOUNT_LINK ||
		    !path_is_under(op->path, path))
			continue;
		if (!found || strlen(op->path) >= strlen(found->path))
			found = op;
	}
	return found;
}

/* Whose flags what is mounted there has to have; NULL: nobody's, or it has them. */
static const struct plan_mount_op *op_of(const struct tree *tree, const char *point)
{
	const struct plan_mount_op *op = op_above(tree->plan, point);

	/* the bind itself has them, and what is fresh had them from the beginning */
	return op && op->kind == MOUNT_BIND && strcmp(op->path, point) != 0 ? op : NULL;
}

/*
 * While the host's tree is stacked upon the new root, paths of both are in the list. A path of the
 * other tree is looked up in this one as well, where what it leads to has the flags already.
 */
static int set_one(const struct tree *tree, const char *point, struct croft_error *err)
{
	const struct plan_mount_op *op = op_of(tree, point);
	AUTO_FD int fd = op ? path_walk(tree->root, point) : -ENOENT;

	if (fd == -ENOENT || fd == -ENOTDIR)
		return 0;
	if (fd < 0)
		return fail(err, CROFT_STAGE_MOUNTS, -fd, "find '%s', which came with '%s'", point,
			    op->path);
	return old_remount(fd, op->flags, point, err);
}

/* "\040" and the like, in place. */
static void unescape(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (text[0] == '\\' && text[1] >= '0' && text[1] <= '3' && text[2] >= '0' &&
		    text[2] <= '7' && text[3] >= '0' && text[3] <= '7') {
			*to++ = (char)((text[1] - '0') * 64 + (text[2] - '0') * 8 +
				       (text[3] - '0'));
			text += 3;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

/* The fifth word of a line, or NULL. */
static char *point_of(char *line)
{
	for (int i = 0; i < 4; i++) {
		line = strchr(line, ' ');
		if (!line)
			return NULL;
		line++;
	}
	line[strcspn(line, " ")] = '\0';
	unescape(line);
	return *line == '/' ? line : NULL;
}

/* Does every whole line in the window: how many bytes those were. */
static int do_lines(const struct tree *tree, char *window, size_t len, size_t *ret_done,
		    struct croft_error *err)
{
	size_t done = 0;
	char *end;
	int r = 0;

	while (r == 0 && (end = memchr(window + done, '\n', len - done))) {
		char *point;

		*end = '\0';
		point = point_of(window + done);
		r = point ? set_one(tree, point, err)
			  : fail(err, CROFT_STAGE_MOUNTS, EIO, "read mountinfo");
		done = (size_t)(end + 1 - window);
	}
	*ret_done = done;
	return r;
}

int old_set_submounts(const struct tree *tree, struct croft_error *err)
{
	char window[WINDOW_SIZE];
	AUTO_FD int fd = sys_openat(tree->host, "proc/self/mountinfo", O_RDONLY, 0);
	size_t len = 0, done;
	int r = 0;

	if (fd < 0)
		return fail(err, CROFT_STAGE_MOUNTS, -fd, "open mountinfo");
	while (r == 0) {
		ssize_t n = sys_read(fd, window + len, sizeof(window) - len);

		if (n == -EINTR)
			continue;
		if (n == 0 && len == 0)
			return 0;
		if (n <= 0)
			return fail(err, CROFT_STAGE_MOUNTS, n < 0 ? (int)-n : EIO,
				    "read mountinfo");
		len += (size_t)n;
		r = do_lines(tree, window, len, &done, err);
		memmove(window, window + done, len - done);
		len -= done;
		if (r == 0 && len == sizeof(window))
			r = fail(err, CROFT_STAGE_MOUNTS, EOVERFLOW, "read mountinfo");
	}
	return r;
}
