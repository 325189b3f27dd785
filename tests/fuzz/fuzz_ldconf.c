/* SPDX-License-Identifier: MIT */
/*
 * fuzz_ldconf.c - the reader of ld.so.conf and of what it includes.
 *
 * The input is the text of the first file; a line "--- NAME" begins that of another, one of those
 * below. They are real files in a directory of their own, as includes are looked for in
 * directories. Beside memory errors and endless reading, it looks for a directory that no
 * loader could use, or that stands there twice.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "elf/ldcache.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = { "conf", "conf.d/a.conf", "conf.d/b.conf", "conf.d/-]x",
				     "other" };
#define N_NAMES (sizeof(names) / sizeof(names[0]))

static char place[512];
static struct root root;
static int fds[N_NAMES];

static void remove_place(void)
{
	int dir = open(place, O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 0; i < N_NAMES; i++)
		(void)unlinkat(dir, names[i], 0);
	(void)unlinkat(dir, "conf.d", AT_REMOVEDIR);
	(void)rmdir(place);
}

static bool make_place(void)
{
	const char *parent = getenv("TMPDIR");
	struct croft_error err;

	if (root.path)
		return true;
	(void)snprintf(place, sizeof(place), "%s/croft-fuzz-XXXXXX", parent ? parent : "/tmp");
	if (!mkdtemp(place) || root_open(place, &root, &err) != 0 ||
	    mkdirat(root.fd, "conf.d", 0700) != 0)
		return false;
	for (size_t i = 0; i < N_NAMES; i++) {
		fds[i] = openat(root.fd, names[i], O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		if (fds[i] < 0)
			return false;
	}
	return atexit(remove_place) == 0;
}

/* The file that the line "--- NAME" begins; N_NAMES if it is no such line. */
static size_t find_name(const char *line, size_t len)
{
	for (size_t i = 0; i < N_NAMES; i++)
		if (len == strlen(names[i]) + 4 && memcmp(line, "--- ", 4) == 0 &&
		    memcmp(line + 4, names[i], len - 4) == 0)
			return i;
	return N_NAMES;
}

static void write_files(const char *text, size_t size)
{
	size_t to = 0;

	for (size_t i = 0; i < N_NAMES; i++) {
		assert(ftruncate(fds[i], 0) == 0);
		assert(lseek(fds[i], 0, SEEK_SET) == 0);
	}
	while (size > 0) {
		const char *end = memchr(text, '\n', size);
		size_t len = end ? (size_t)(end - text) : size;
		size_t name = find_name(text, len);

		if (name < N_NAMES)
			to = name;
		else
			assert(write(fds[to], text, len + !!end) == (ssize_t)(len + !!end));
		text += len + !!end;
		size -= len + !!end;
	}
}

static void check_dirs(const char **dirs, size_t n)
{
	assert(n <= LDCONF_MAX_DIRS);
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(dirs[i]);

		assert(dirs[i][0] == '/' && !strpbrk(dirs[i], "\n#="));
		assert(len == 1 || dirs[i][len - 1] != '/');
		for (size_t k = 0; k < i; k++)
			assert(strcmp(dirs[k], dirs[i]) != 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char **dirs = NULL;
	struct arena arena;
	size_t n = 0;
	int r;

	if (!make_place())
		abort();
	write_files((const char *)data, size);
	arena_init(&arena, 1U << 20);
	r = ldconf_read(&root, "/conf", &arena, &dirs, &n);
	assert(r == 0 || r == -ELOOP || r == -EFBIG || r == -ENOMEM);
	if (r == 0)
		check_dirs(dirs, n);
	arena_done(&arena);
	return 0;
}
