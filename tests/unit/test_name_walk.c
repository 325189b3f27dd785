/* SPDX-License-Identifier: MIT */
/*
 * test_name_walk.c - names in a tree, near ones first, as many as may be looked at; and files that
 * are opened without following a link.
 */
#include "ground.h"

#include <dirent.h>

#include "host/beneath.h"
#include "host/name_walk.h"

static char told[4096];
static int answer; /* of `found`, for directories */

static int found(void *context, const char *dir, const char *name, unsigned char type)
{
	size_t len = strlen(told);

	(void)context;
	(void)snprintf(told + len, sizeof(told) - len, "%s%s/%s%s", len ? " " : "",
		       strlen(dir) > strlen(scratch) ? dir + strlen(scratch) + 1 : "", name,
		       type == DT_DIR   ? "/"
		       : type == DT_LNK ? "@"
					: "");
	return answer;
}

static struct name_walk walked;

static int walk(const char *name)
{
	static char root[GROUND_PATH];
	struct arena arena;
	int r;

	arena_init(&arena, NAME_WALK_MAX_BYTES);
	told[0] = '\0';
	walked = (struct name_walk){ .root = in_scratch(root, name),
				     .arena = &arena,
				     .found = found };
	r = name_walk(&walked);
	arena_done(&arena);
	return r;
}

static int make_tree(void **state)
{
	char path[GROUND_PATH];

	if (ground_open(state) < 0)
		return -1;
	answer = 1;
	make_dir("t");
	make_dir("t/a");
	make_dir("t/a/b");
	make_file("t/a/b/deep", "", 0644);
	make_file("t/a/f", "", 0644);
	return symlink("a", in_scratch(path, "t/link"));
}

static int close_tree(void **state)
{
	(void)ground_restore(state);
	return ground_close(state);
}

static void what_is_near_the_root_comes_first_and_no_link_is_followed(void **state)
{
	const char *deep, *f;

	(void)state;
	assert_int_equal(walk("t"), 0);
	assert_false(walked.is_cut);
	assert_int_equal(walked.n_names, 5);
	assert_non_null(strstr(told, "t/link@"));
	assert_null(strstr(told, "link/"));
	deep = strstr(told, "t/a/b/deep");
	f = strstr(told, "t/a/f");
	assert_non_null(deep);
	assert_true(f && f < deep);
	answer = 0;
	assert_int_equal(walk("t"), 0);
	assert_null(strstr(told, "t/a/f"));
	answer = -EINVAL;
	assert_int_equal(walk("t"), -EINVAL);
}

static void a_root_that_is_a_link_or_is_not_there_has_no_names(void **state)
{
	(void)state;
	assert_int_equal(walk("t/link"), 0);
	assert_string_equal(told, "");
	assert_int_equal(walk("t/none"), 0);
	assert_string_equal(told, "");
	assert_false(walked.is_cut);
}

/* A directory without an end, each of its names a directory of the same kind. */
static long is_endless(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	const unsigned n = 64;
	char *block = (char *)b; // NOLINT(performance-no-int-to-ptr)
	size_t at = 0;

	(void)call, (void)a, (void)c, (void)d, (void)e, (void)f;
	for (unsigned i = 0; i < n; i++) {
		struct sys_dirent *entry = (void *)(block + at);

		memset(entry, 0, 24);
		entry->length = 24;
		entry->type = DT_DIR;
		entry->name[0] = 'b';
		at += 24;
	}
	return (long)at;
}

static int goes_on(void *context, const char *dir, const char *name, unsigned char type)
{
	(void)context, (void)dir, (void)name, (void)type;
	return 1;
}

static void a_tree_without_an_end_ends_and_that_is_told(void **state)
{
	char root[GROUND_PATH];
	struct arena arena;
	struct name_walk endless = { .root = in_scratch(root, "t/a"),
				     .arena = &arena,
				     .found = goes_on };

	(void)state;
	arena_init(&arena, NAME_WALK_MAX_BYTES);
	sys_replace(SYS_CALL_getdents64, is_endless);
	assert_int_equal(name_walk(&endless), 0);
	assert_true(endless.is_cut);
	assert_int_equal(endless.n_names, NAME_WALK_MAX_NAMES);
	/* a second walk has nothing left of the same bound */
	assert_int_equal(name_walk(&endless), 0);
	assert_int_equal(endless.n_names, NAME_WALK_MAX_NAMES);
	arena_done(&arena);
}

static void what_cannot_be_listed_is_told_and_a_lack_of_descriptors_is_an_error(void **state)
{
	(void)state;
	ground_replace(SYS_CALL_openat2, -EACCES);
	assert_int_equal(walk("t"), 0);
	assert_true(walked.is_cut);
	ground_replace(SYS_CALL_openat2, -EMFILE);
	assert_int_equal(walk("t"), -EMFILE);
	sys_replace(SYS_CALL_openat2, NULL);
	ground_replace(SYS_CALL_getdents64, -EIO);
	assert_int_equal(walk("t"), 0);
	assert_true(walked.is_cut);
}

static int open_in(const char *name, int flags)
{
	char path[GROUND_PATH];
	int fd = beneath_open(AT_FDCWD, in_scratch(path, name), flags);

	if (fd >= 0)
		(void)close(fd);
	return fd < 0 ? fd : 0;
}

static void links_are_refused_wherever_they_stand(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(open_in("t/a/f", O_RDONLY), 0);
		assert_int_equal(open_in("t//a/./f", O_PATH), 0);
		assert_int_equal(open_in("t/link", O_PATH), -ELOOP);
		assert_int_equal(open_in("t/link", O_RDONLY), -ELOOP);
		assert_int_equal(open_in("t/link/f", O_RDONLY), -ELOOP);
		assert_int_equal(open_in("t/none", O_RDONLY), -ENOENT);
		assert_int_equal(open_in("t/a/f/x", O_PATH), -ENOTDIR);
		assert_int_equal(beneath_open(AT_FDCWD, "/", O_PATH) >= 0, true);
		/* the same without openat2 */
		ground_replace(SYS_CALL_openat2, -ENOSYS);
	}
}

static void only_regular_files_of_a_size_are_read(void **state)
{
	char path[GROUND_PATH], data[8];

	(void)state;
	make_file("t/seven", "1234567", 0644);
	make_file("t/eight", "12345678", 0644);
	assert_int_equal(beneath_read(AT_FDCWD, in_scratch(path, "t/seven"), data, sizeof(data)),
			 7);
	assert_string_equal(data, "1234567");
	assert_int_equal(beneath_read(AT_FDCWD, in_scratch(path, "t/eight"), data, sizeof(data)),
			 -EFBIG);
	assert_int_equal(beneath_read(AT_FDCWD, in_scratch(path, "t/a"), data, sizeof(data)),
			 -EINVAL);
	assert_return_code(mkfifo(in_scratch(path, "t/fifo"), 0600), errno);
	assert_int_equal(beneath_read(AT_FDCWD, path, data, sizeof(data)), -EINVAL);
	assert_int_equal(beneath_read(AT_FDCWD, "/dev/zero", data, sizeof(data)), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, make_tree, close_tree)
		CASE(what_is_near_the_root_comes_first_and_no_link_is_followed),
		CASE(a_root_that_is_a_link_or_is_not_there_has_no_names),
		CASE(a_tree_without_an_end_ends_and_that_is_told),
		CASE(what_cannot_be_listed_is_told_and_a_lack_of_descriptors_is_an_error),
		CASE(links_are_refused_wherever_they_stand),
		CASE(only_regular_files_of_a_size_are_read),
#undef CASE
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
