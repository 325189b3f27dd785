/* SPDX-License-Identifier: MIT */
/*
 * fuzz_image.c - archives of images and of root file systems, read to the last content.
 *
 * The input is the archive. Sums in its headers are put right first, or nearly every change would
 * end there. Every name is then walked, and every file opened: beside memory errors it
 * looks for names that are not absolute, or lead above the root, and for contents that are
 * not as long as they say.
 */
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BLOCK 512
#define SIZE_MAX_FUZZ (1 << 18)
#define NAMES_MAX 300

struct walk {
	const struct image *image;
	const char *dir;
	unsigned *n;
};

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

static void open_file(const struct image *image, const char *path, uint64_t size)
{
	struct root_file file;
	struct stat st;

	if (root_open_file(image_root(image), NULL, path, &file) < 0)
		return;
	assert(file.size == size && file.real[0] == '/');
	assert(fstat(file.fd, &st) == 0 && (uint64_t)st.st_size == size);
	root_file_done(&file);
}

static void walk_directory(const struct image *image, const char *dir, unsigned *n);

static int take(void *context, const char *name)
{
	const struct walk *walk = context;
	struct image_stat st;
	struct root_walk way;
	char path[PATH_MAX], text[PATH_MAX];

	assert(*name && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0);
	if (snprintf(path, sizeof(path), "%s/%s", walk->dir, name) >= PATH_MAX)
		return 0;
	if (++*walk->n > NAMES_MAX)
		return -EFBIG;
	root_walk(image_root(walk->image), NULL, path, &way);
	assert(way.errnum ? way.at[0] == '/' : way.real[0] == '/' && !strstr(way.real, "/../"));
	assert(image_stat(walk->image, path, true, &st) == 0);
	if (S_ISLNK(st.mode))
		assert(image_read_link(walk->image, path, text) == 0 && text[0]);
	if (S_ISREG(st.mode) && st.size <= SIZE_MAX_FUZZ)
		open_file(walk->image, path, st.size);
	if (S_ISDIR(st.mode))
		walk_directory(walk->image, path, walk->n);
	return 0;
}

static void walk_directory(const struct image *image, const char *dir, unsigned *n)
{
	struct walk walk = { image, dir, n };
	struct root_dir opened;

	if (root_open_dir(image_root(image), *dir ? dir : "/", &opened) < 0)
		return;
	(void)root_dir_list(&opened, take, &walk);
	root_dir_done(&opened);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct image_options options = { .n_mounts = 0 };
	struct croft_error err = { 0 };
	struct image *image;
	uint8_t *copy;
	unsigned n = 0;
	char name[32];
	int fd;

	if (size > SIZE_MAX_FUZZ)
		return 0;
	copy = malloc(size + 1);
	fd = memfd_create("fuzz", MFD_CLOEXEC);
	assert(copy && fd >= 0);
	memcpy(copy, data, size);
	mend_sums(copy, size);
	assert(write(fd, copy, size) == (ssize_t)size);
	free(copy);
	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	if (image_open(name, &options, &image, &err) == 0) {
		walk_directory(image, "", &n);
		image_done(image);
	} else {
		assert(err.what[0]);
	}
	close(fd);
	return 0;
}
