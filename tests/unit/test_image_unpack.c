/* SPDX-License-Identifier: MIT */
/*
 * test_image_unpack.c - unpacking, with each system call on the way failing once.
 *
 * What lies there when all goes well is in tests/gha/test_images.py. Here the disk is full at one
 * call after another: a line, no descriptor more than before, and nothing in the cache but whole
 * images.
 */
#include "ground.h"

#include <dirent.h>

#include "image/unpack.h"

#define BLOCK 512
#define CALLS_MAX 400

static const enum sys_call calls[] = { SYS_CALL_openat,     SYS_CALL_openat2,   SYS_CALL_mkdirat,
				       SYS_CALL_newfstatat, SYS_CALL_write,     SYS_CALL_fchmodat,
				       SYS_CALL_symlinkat,  SYS_CALL_renameat2, SYS_CALL_raw,
				       SYS_CALL_readlinkat };
static int countdown;
static unsigned n_told;

static long fail_once(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	return --countdown == 0 ? -ENOSPC : sys_real(call, a, b, c, d, e, f);
}

static void tell(const char *text)
{
	n_told += text[0] != '\0';
}

/* One header, and the data in a block of its own. */
static void put_entry(int fd, const char *name, char type, const char *link, const char *data)
{
	char block[BLOCK] = "", sum_text[8];
	unsigned sum = 0;

	(void)snprintf(block, 100, "%s", name);
	(void)snprintf(block + 100, 8, "%07o", 0755U);
	(void)snprintf(block + 108, 8, "%07o", 0U);
	(void)snprintf(block + 116, 8, "%07o", 0U);
	(void)snprintf(block + 124, 12, "%011o", (unsigned)strlen(data));
	(void)snprintf(block + 136, 12, "%011o", 0U);
	block[156] = type;
	(void)snprintf(block + 157, 100, "%s", link);
	memcpy(block + 257, "ustar\00000", 8);
	memset(block + 148, ' ', 8);
	for (size_t i = 0; i < BLOCK; i++)
		sum += (unsigned char)block[i];
	(void)snprintf(sum_text, sizeof(sum_text), "%06o", sum & 0777777U);
	memcpy(block + 148, sum_text, 7);
	assert_int_equal(write(fd, block, BLOCK), BLOCK);
	if (!*data)
		return;
	memset(block, 0, BLOCK);
	memcpy(block, data, strlen(data));
	assert_int_equal(write(fd, block, BLOCK), BLOCK);
}

/* An archive of a root file system with one of each kind. */
static void make_archive(const char *path)
{
	char end[2 * BLOCK] = "";
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_return_code(fd, errno);
	put_entry(fd, "d/", '5', "", "");
	put_entry(fd, "d/file", '0', "", "content");
	put_entry(fd, "hard", '1', "d/file", "");
	put_entry(fd, "soft", '2', "/d/file", "");
	put_entry(fd, "fifo", '6', "", "");
	assert_int_equal(write(fd, end, sizeof(end)), sizeof(end));
	(void)close(fd);
}

static int unpack(struct croft_error *err)
{
	char image[GROUND_PATH], cache[GROUND_PATH];
	struct unpack_options options = { .cache = in_scratch(cache, "cache") };
	struct unpacked unpacked;
	struct arena arena;
	int r;

	*err = (struct croft_error){ 0 };
	arena_init(&arena, 4U << 20);
	r = image_unpack(in_scratch(image, "root.tar"), &options, &arena, &unpacked, tell, err);
	arena_done(&arena);
	return r;
}

/* Names in the cache but locks; *ret_new: those that are not whole. */
static unsigned count_images(unsigned *ret_new)
{
	char path[GROUND_PATH];
	DIR *dir = opendir(in_scratch(path, "cache"));
	struct dirent *entry;
	unsigned n = 0;

	*ret_new = 0;
	while (dir && (entry = readdir(dir)) != NULL) {
		n += entry->d_name[0] != '.';
		*ret_new += !strncmp(entry->d_name, ".new-", 5);
	}
	if (dir)
		(void)closedir(dir);
	return n;
}

static void a_call_that_fails_leaves_a_line_and_nothing_else(void **state)
{
	char path[GROUND_PATH];
	unsigned n_failed = 0, n_new;
	int before;

	(void)state;
	make_archive(in_scratch(path, "root.tar"));
	before = lowest_free();
	for (int nth = 1; nth < CALLS_MAX; nth++) {
		struct croft_error err;
		int r;

		(void)tmpdir_remove(in_scratch(path, "cache"));
		countdown = nth;
		for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
			sys_replace(calls[i], fail_once);
		r = unpack(&err);
		for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
			sys_replace(calls[i], NULL);
		assert_int_equal(lowest_free(), before);
		if (r < 0)
			assert_true(err.what[0] && !strchr(err.what, '\n'));
		assert_true(count_images(&n_new) == (r < 0 ? 0 : 1));
		/* the one call that removes it may be the one that fails */
		if (n_new)
			assert_int_equal(r, 0);
		n_failed += r < 0;
		if (countdown > 0)
			break; /* there were not as many */
		assert_int_not_equal(nth, CALLS_MAX - 1);
	}
	assert_true(n_failed > 20);
}

static void what_nobody_works_on_is_swept(void **state)
{
	char path[GROUND_PATH];
	struct croft_error err;
	unsigned n_new;

	(void)state;
	make_archive(in_scratch(path, "root.tar"));
	(void)tmpdir_remove(in_scratch(path, "cache"));
	assert_int_equal(mkdir(in_scratch(path, "cache"), 0700), 0);
	make_dir("cache/.new-0123abcd");
	make_dir("cache/.new-0123abcd/root");
	make_dir("cache/.new-not ours");
	n_told = 0;
	assert_int_equal(unpack(&err), 0);
	assert_int_equal(n_told, 1); /* the FIFO */
	assert_int_equal(count_images(&n_new), 1);
	assert_int_equal(n_new, 1);
	assert_true(exists(in_scratch(path, "cache/.new-not ours")));
}

static void an_image_without_its_mark_is_made_again(void **state)
{
	char path[GROUND_PATH], image[GROUND_PATH];
	struct unpack_options options = { .cache = in_scratch(path, "cache") };
	struct unpacked unpacked;
	struct croft_error err = { 0 };
	struct arena arena;
	char mark[PATH_MAX], file[PATH_MAX];

	(void)state;
	make_archive(in_scratch(image, "root.tar"));
	(void)tmpdir_remove(path);
	arena_init(&arena, 4U << 20);
	assert_int_equal(image_unpack(image, &options, &arena, &unpacked, tell, &err), 0);
	(void)snprintf(mark, sizeof(mark), "%s/../complete", unpacked.root);
	(void)snprintf(file, sizeof(file), "%s/d/file", unpacked.root);
	assert_int_equal(unlink(file), 0);
	/* by convention nobody does that, and nobody looks */
	assert_int_equal(image_unpack(image, &options, &arena, &unpacked, tell, &err), 0);
	assert_false(exists(file));
	assert_int_equal(unlink(mark), 0);
	assert_int_equal(image_unpack(image, &options, &arena, &unpacked, tell, &err), 0);
	assert_true(exists(file) && exists(mark));
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_that_fails_leaves_a_line_and_nothing_else),
		cmocka_unit_test(what_nobody_works_on_is_swept),
		cmocka_unit_test(an_image_without_its_mark_is_made_again),
	};

	return cmocka_run_group_tests(tests, ground_open, ground_close);
}
