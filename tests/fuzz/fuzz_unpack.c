/* SPDX-License-Identifier: MIT */
/*
 * fuzz_unpack.c - archives of images and of root file systems, onto a disk.
 *
 * The input is the archive; sums in its headers are put right first. It is unpacked into a cache in
 * a scratch directory, in which a file and a directory beside the cache must stay as they
 * are: whatever an archive says, nothing is written outside of its root, and what could not be
 * unpacked leaves nothing behind.
 */
#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/unpack.h"
#include "launch/tmpdir.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BLOCK 512
#define SIZE_MAX_FUZZ (1 << 16)

static char scratch[256];

static void tell(const char *text)
{
	assert(text[0]);
}

static void mend_sums(uint8_t *data, size_t size)
{
	for (size_t at = 0; at + BLOCK <= size; at += BLOCK) {
		unsigned sum = 8 * ' ';
		char text[8];

		if (memcmp(data + at + 257, "ustar", 5) != 0)
			continue;
		for (size_t i = 0; i < BLOCK; i++)
			sum += i < 148 || i >= 156 ? data[at + i] : 0;
		(void)snprintf(text, sizeof(text), "%06o", sum & 0777777);
		memcpy(data + at + 148, text, 7);
		data[at + 155] = ' ';
	}
}

static void remove_scratch(void)
{
	(void)tmpdir_remove(scratch);
}

/* A directory with a file in it, and beside it the place for the cache. */
static void make_scratch(void)
{
	char path[300];
	int fd;

	if (scratch[0])
		return;
	(void)snprintf(scratch, sizeof(scratch), "%s/fuzz-unpack-XXXXXX",
		       getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	assert(mkdtemp(scratch));
	(void)snprintf(path, sizeof(path), "%s/canary", scratch);
	assert(mkdir(path, 0700) == 0);
	(void)snprintf(path, sizeof(path), "%s/canary/file", scratch);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert(fd >= 0 && write(fd, "x", 1) == 1);
	close(fd);
	assert(atexit(remove_scratch) == 0);
}

static unsigned count(const char *name)
{
	struct dirent *entry;
	char path[300];
	unsigned n = 0;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "%s%s", scratch, name);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)) != NULL)
		n += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..") &&
		     strncmp(entry->d_name, ".lock-", 6) != 0;
	if (dir)
		closedir(dir);
	return n;
}

static void check_outside(bool is_unpacked)
{
	struct stat st;
	char path[300];

	(void)snprintf(path, sizeof(path), "%s/canary/file", scratch);
	assert(stat(path, &st) == 0 && st.st_size == 1 && st.st_nlink == 1);
	assert((st.st_mode & 07777) == 0600 && st.st_mtime > 0);
	assert(count("/canary") == 1 && count("") <= 2);
	assert(count("/cache") <= (is_unpacked ? 1 : 0));
	(void)snprintf(path, sizeof(path), "%s/canary", scratch);
	assert(stat(path, &st) == 0 && (st.st_mode & 07777) == 0700);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[32], cache[300];
	struct unpack_options options = { .cache = cache };
	struct unpacked unpacked = { .root = NULL };
	struct croft_error err = { 0 };
	struct arena arena;
	struct stat st;
	uint8_t *copy;
	int fd, r;

	if (size > SIZE_MAX_FUZZ)
		return 0;
	make_scratch();
	copy = malloc(size + 1);
	fd = memfd_create("fuzz", MFD_CLOEXEC);
	assert(copy && fd >= 0);
	memcpy(copy, data, size);
	mend_sums(copy, size);
	assert(write(fd, copy, size) == (ssize_t)size);
	free(copy);
	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	(void)snprintf(cache, sizeof(cache), "%s/cache", scratch);
	arena_init(&arena, 16U << 20);
	r = image_unpack(name, &options, &arena, &unpacked, tell, &err);
	if (r == 0)
		assert(unpacked.digest && lstat(unpacked.root, &st) == 0 && S_ISDIR(st.st_mode));
	else
		assert(err.what[0]);
	check_outside(r == 0);
	arena_done(&arena);
	close(fd);
	(void)tmpdir_remove(cache);
	return 0;
}
