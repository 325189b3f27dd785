/* SPDX-License-Identifier: MIT */
/*
 * ldconf.c - the directories of ld.so.conf, for a root that has no cache yet.
 *
 * Loaders never read this file: ldconfig makes the cache from it. Where somebody has unpacked an
 * image without running ldconfig, it tells where libraries would be found after. It is
 * read as ldconfig reads it: a directory a line, "#" to the end of the line is a comment, "include"
 * with patterns, "hwcap" lines are of old. "dir=libc5" says of which kind the libraries are, which
 * nobody asks any more.
 *
 * A pattern is expanded in its last component only (elsewhere nobody writes any), sorted by bytes;
 * ldconfig sorts by the locale. The image's author is an enemy: files, directories,
 * depth and size are bounded, and a file that includes itself is found by its identity.
 */
#include "elf/ldcache.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define BLANK " \t"
#define SPACE " \t\n\v\f\r"

struct reader {
	const struct root *root;
	struct arena *arena;
	const char **dirs;
	size_t n_dirs, capacity;
	size_t n_files;
	size_t depth;
	struct {
		uint64_t dev, ino;
	} open[LDCONF_MAX_DEPTH]; /* the files that are being read, outermost first */
};

struct names {
	const char **names;
	size_t n, capacity;
};

static int read_conf(struct reader *reader, const char *path);

/* `line` may be changed: it is cut. */
static int add_dir(struct reader *reader, char *line)
{
	const char **dirs;
	size_t len = strcspn(line, "=");

	while (len > 0 && strchr(SPACE, line[len - 1]))
		len--;
	while (len > 1 && line[len - 1] == '/')
		len--;
	line[len] = '\0';
	if (line[0] != '/')
		return 0; /* a loader would look from its working directory: no place to name */
	for (size_t i = 0; i < reader->n_dirs; i++)
		if (strcmp(reader->dirs[i], line) == 0)
			return 0;
	if (reader->n_dirs == LDCONF_MAX_DIRS)
		return -EFBIG;
	dirs = arena_grow(reader->arena, reader->dirs, reader->n_dirs, &reader->capacity,
			  sizeof(*dirs));
	if (!dirs)
		return -ENOMEM;
	reader->dirs = dirs;
	dirs[reader->n_dirs] = arena_strdup(reader->arena, line);
	if (!dirs[reader->n_dirs])
		return -ENOMEM;
	reader->n_dirs++;
	return 0;
}

static int add_name(struct reader *reader, struct names *names, const char *name)
{
	const char **more;

	if (names->n == LDCONF_MAX_FILES)
		return -EFBIG;
	more = arena_grow(reader->arena, names->names, names->n, &names->capacity, sizeof(*more));
	if (!more)
		return -ENOMEM;
	names->names = more;
	more[names->n] = arena_strdup(reader->arena, name);
	if (!more[names->n])
		return -ENOMEM;
	names->n++;
	return 0;
}

struct matching {
	struct reader *reader;
	const char *pattern;
	struct names *names;
};

static int take_matching(void *context, const char *name)
{
	const struct matching *matching = context;

	/* a leading dot must be written, as with glob(3) */
	if (fnmatch(matching->pattern, name, FNM_PERIOD) != 0)
		return 0;
	return add_name(matching->reader, matching->names, name);
}

/* The names in a directory that match. A directory that cannot be read has none. */
static int list_matching(struct reader *reader, const char *dir, const char *pattern,
			 struct names *names)
{
	struct matching matching = { reader, pattern, names };
	struct root_dir opened;
	int r = root_open_dir(reader->root, dir, &opened);

	if (r < 0)
		return fd_is_shortage(r) ? r : 0;
	r = root_dir_list(&opened, take_matching, &matching);
	root_dir_done(&opened);
	return r == -ENOMEM || r == -EFBIG ? r : 0;
}

static int compare_names(const void *a, const void *b)
{
	const char *const *left = a, *const *right = b;

	return strcmp(*left, *right);
}

/* One pattern, the directory of the file that names it put before it. */
static int include(struct reader *reader, const char *file, const char *pattern)
{
	const char *slash = strrchr(file, '/');
	size_t dir_len = pattern[0] == '/' || !slash ? 0 : (size_t)(slash - file) + 1;
	const char *full = arena_printf(reader->arena, "%.*s%s", (int)dir_len, file, pattern);
	const char *dir, *last;
	struct names names = { 0 };
	int r;

	if (!full)
		return -ENOMEM;
	last = strrchr(full, '/');
	if (!last)
		return 0; /* the contract's paths are absolute */
	last++;
	if (!strpbrk(last, "*?[\\"))
		return read_conf(reader, full);
	dir = arena_strndup(reader->arena, full, (size_t)(last - full));
	if (!dir)
		return -ENOMEM;
	r = list_matching(reader, dir, last, &names);
	if (names.n > 1)
		qsort(names.names, names.n, sizeof(*names.names), compare_names);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		const char *path = arena_printf(reader->arena, "%s%s", dir, names.names[i]);

		r = path ? read_conf(reader, path) : -ENOMEM;
	}
	return r;
}

/* "include" takes several patterns. One that matches nothing is no error. */
static int include_all(struct reader *reader, const char *file, char *patterns)
{
	int r = 0;

	while (r == 0 && *patterns) {
		char *pattern = patterns + strspn(patterns, BLANK);
		size_t len = strcspn(pattern, BLANK);

		patterns = pattern + len + (pattern[len] != '\0');
		pattern[len] = '\0';
		if (len)
			r = include(reader, file, pattern);
	}
	return r;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static int read_line(struct reader *reader, const char *file, char *line)
{
	line[strcspn(line, "#")] = '\0';
	line += strspn(line, SPACE);
	if (!*line)
		return 0;
	if (strncmp(line, "include", 7) == 0 && is_blank(line[7]))
		return include_all(reader, file, line + 8);
	if (strncasecmp(line, "hwcap", 5) == 0 && is_blank(line[5]))
		return 0;
	return add_dir(reader, line);
}

/*
 * The whole text, malloc'd: 1 if the file cannot be read, which ldconfig warns of and goes on.
 * Apart for the size of struct root_file.
 */
__attribute__((noinline)) static int load_conf(struct reader *reader, const char *path,
					       char **ret_text, size_t *ret_len)
{
	AUTO_FREE char *text = NULL;
	AUTO_FD int fd = -1;
	struct root_file file;
	ssize_t n;
	int r = root_open_file(reader->root, NULL, path, &file);

	if (r < 0)
		return fd_is_shortage(r) ? r : 1;
	fd = file.fd;
	/* by identity: a file has many names. Twice, one after the other, is no circle */
	for (size_t i = 0; i < reader->depth; i++)
		if (reader->open[i].dev == file.dev && reader->open[i].ino == file.ino)
			return -ELOOP;
	if (reader->depth == LDCONF_MAX_DEPTH || reader->n_files == LDCONF_MAX_FILES ||
	    file.size > LDCONF_MAX_BYTES)
		return -EFBIG;
	text = malloc((size_t)file.size + 1);
	if (!text)
		return -ENOMEM;
	n = fd_read_full(fd, text, (size_t)file.size);
	if (n < 0)
		return fd_is_shortage(n) ? (int)n : 1;
	text[n] = '\0';
	reader->open[reader->depth].dev = file.dev;
	reader->open[reader->depth].ino = file.ino;
	reader->n_files++;
	*ret_text = take_ptr(&text);
	*ret_len = (size_t)n;
	return 0;
}

static int read_conf(struct reader *reader, const char *path)
{
	AUTO_FREE char *text = NULL;
	size_t len = 0;
	int r = load_conf(reader, path, &text, &len);

	if (r != 0)
		return r < 0 ? r : 0;
	reader->depth++;
	for (size_t at = 0; r == 0 && at < len;) {
		char *line = text + at, *end = memchr(line, '\n', len - at);

		at += end ? (size_t)(end - line) + 1 : len - at;
		if (end)
			*end = '\0';
		r = read_line(reader, path, line);
	}
	reader->depth--;
	return r;
}

int ldconf_read(const struct root *root, const char *path, struct arena *arena,
		const char ***ret_dirs, size_t *ret_n)
{
	struct reader reader = { .root = root, .arena = arena };
	int r = read_conf(&reader, path);

	if (r < 0)
		return r;
	*ret_dirs = reader.dirs;
	*ret_n = reader.n_dirs;
	return 0;
}
