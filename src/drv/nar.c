/* SPDX-License-Identifier: MIT */
/*
 * nar.c - writes a NAR.
 *
 * Every item is a length of eight bytes, little end first, the bytes, and zeros up to a multiple of
 * eight. A tree is
 *
 *	"nix-archive-1" NODE
 *	NODE: "(" "type" "regular" ["executable" ""] "contents" BYTES ")"
 *	      "(" "type" "symlink" "target" TEXT ")"
 *	      "(" "type" "directory" {"entry" "(" "name" NAME "node" NODE ")"}... ")"
 *
 * (the doctoral thesis of Eelco Dolstra, figure 5.2; libstore/archive.cc). A builder made the tree:
 * each step is one name below a descriptor, of no link; the depth is bounded, and so are the names
 * of one directory.
 */
#include "drv/nar.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "sys/calls.h"
#include "sys/fd.h"
#include "sys/path.h"

#define CHUNK ((size_t)64 * 1024)
#define NAMES_MAX_BYTES ((size_t)256 << 20) /* of one directory */

struct writer {
	nar_take take;
	void *context;
	struct croft_error *err;
	char *chunk; /* CHUNK bytes */
};

static const char zeros[8];

static int refuse(const struct writer *writer, int r, const char *name)
{
	return fail(writer->err, CROFT_STAGE_SUPERVISE, -r, "make the archive of '%s'", name);
}

static void put_length(const struct writer *writer, uint64_t len)
{
	unsigned char bytes[8];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(len >> 8 * i);
	writer->take(writer->context, bytes, sizeof(bytes));
}

static void put_padding(const struct writer *writer, uint64_t len)
{
	if (len % sizeof(zeros))
		writer->take(writer->context, zeros, sizeof(zeros) - len % sizeof(zeros));
}

static void put_bytes(const struct writer *writer, const char *data, size_t len)
{
	put_length(writer, len);
	writer->take(writer->context, data, len);
	put_padding(writer, len);
}

static void put(const struct writer *writer, const char *text)
{
	put_bytes(writer, text, strlen(text));
}

static int put_node(const struct writer *writer, int dir, const char *name, unsigned depth);

static int put_file(const struct writer *writer, int dir, const char *name)
{
	AUTO_FD int fd = path_open(dir, name, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	uint64_t left;
	int r = fd < 0 ? fd : sys_fstatat(fd, "", &st, AT_EMPTY_PATH);

	if (r < 0 || !S_ISREG(st.st_mode))
		return refuse(writer, r < 0 ? r : -EINVAL, name);
	put(writer, "regular");
	if (st.st_mode & S_IXUSR) {
		put(writer, "executable");
		put(writer, "");
	}
	put(writer, "contents");
	put_length(writer, (uint64_t)st.st_size);
	for (left = (uint64_t)st.st_size; left > 0;) {
		ssize_t n = fd_read_full(fd, writer->chunk, left < CHUNK ? (size_t)left : CHUNK);

		if (n <= 0)
			return refuse(writer, n < 0 ? (int)n : -EIO, name);
		writer->take(writer->context, writer->chunk, (size_t)n);
		left -= (uint64_t)n;
	}
	put_padding(writer, (uint64_t)st.st_size);
	return 0;
}

static int put_link(const struct writer *writer, int dir, const char *name)
{
	char text[PATH_MAX];
	ssize_t len = sys_readlinkat(dir, name, text, sizeof(text));

	if (len < 0 || len == (ssize_t)sizeof(text))
		return refuse(writer, len < 0 ? (int)len : -ENAMETOOLONG, name);
	put(writer, "symlink");
	put(writer, "target");
	put_bytes(writer, text, (size_t)len);
	return 0;
}

static int compare(const void *a, const void *b)
{
	const char *const *left = a, *const *right = b;

	return strcmp(*left, *right);
}

/* The names in a directory, one behind the other, each with its NUL. */
static int read_names(int fd, char *data, struct buf *names, size_t *ret_n)
{
	ssize_t len;

	while ((len = sys_getdents64(fd, data, CHUNK)) > 0) {
		for (ssize_t at = 0; at < len;) {
			const struct sys_dirent *entry = (const void *)(data + at);

			at += entry->length;
			if (!strcmp(entry->name, ".") || !strcmp(entry->name, ".."))
				continue;
			buf_add(names, entry->name, strlen(entry->name) + 1);
			(*ret_n)++;
		}
	}
	return len < 0 ? (int)len : buf_error(names);
}

static int put_directory(const struct writer *writer, int dir, const char *name, unsigned depth)
{
	AUTO_FD int fd = path_open(dir, name, O_RDONLY | O_DIRECTORY);
	AUTO_BUF struct buf names = BUF_INIT(NAMES_MAX_BYTES);
	AUTO_FREE const char **sorted = NULL;
	const char *at;
	size_t n = 0;
	int r = fd < 0 ? fd : read_names(fd, writer->chunk, &names, &n);

	if (r == 0 && depth == 0)
		r = -ELOOP;
	if (r < 0)
		return refuse(writer, r, name);
	sorted = calloc(n ? n : 1, sizeof(*sorted));
	if (!sorted)
		return refuse(writer, -ENOMEM, name);
	at = buf_text(&names);
	for (size_t i = 0; i < n; i++, at += strlen(at) + 1)
		sorted[i] = at;
	qsort(sorted, n, sizeof(*sorted), compare);
	put(writer, "directory");
	for (size_t i = 0; i < n && r == 0; i++) {
		put(writer, "entry");
		put(writer, "(");
		put(writer, "name");
		put(writer, sorted[i]);
		put(writer, "node");
		r = put_node(writer, fd, sorted[i], depth - 1);
		put(writer, ")");
	}
	return r;
}

static int put_node(const struct writer *writer, int dir, const char *name, unsigned depth)
{
	struct stat st;
	int r = sys_fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW);

	if (r < 0)
		return refuse(writer, r, name);
	put(writer, "(");
	put(writer, "type");
	if (S_ISREG(st.st_mode))
		r = put_file(writer, dir, name);
	else if (S_ISLNK(st.st_mode))
		r = put_link(writer, dir, name);
	else if (S_ISDIR(st.st_mode))
		r = put_directory(writer, dir, name, depth);
	else
		r = fail(writer->err, CROFT_STAGE_SUPERVISE, 0,
			 "'%s' is no file, directory or link: a store has nothing else", name);
	put(writer, ")");
	return r;
}

int nar_write(int dir, const char *name, nar_take take, void *context, struct croft_error *err)
{
	AUTO_FREE char *chunk = malloc(CHUNK);
	const struct writer writer = {
		.take = take, .context = context, .err = err, .chunk = chunk
	};

	if (!chunk)
		return refuse(&writer, -ENOMEM, name);
	put(&writer, "nix-archive-1");
	return put_node(&writer, dir, name, NAR_MAX_DEPTH);
}
