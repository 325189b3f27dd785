/* SPDX-License-Identifier: MIT */
/*
 * test_path.c - names that are walked without following any link, with openat2 and without.
 */
#include "ground.h"

#include "sys/path.h"

static int make_names(void **state)
{
	char path[GROUND_PATH];

	if (ground_open(state) < 0)
		return -1;
	make_dir("real");
	make_dir("real/inner");
	make_file("real/inner/file", "text", 0600);
	make_dir("closed");
	assert_return_code(symlink("real", in_scratch(path, "link")), errno);
	assert_return_code(symlink("nowhere", in_scratch(path, "dangling")), errno);
	assert_return_code(symlink("inner/file", in_scratch(path, "real/last")), errno);
	return 0;
}

/* 0, or what went wrong; that the right file was opened is checked by its inode. */
static int walk(const char *path, const char *want)
{
	int root = open(scratch, O_PATH | O_CLOEXEC), fd;
	char name[GROUND_PATH];
	struct stat a, b;

	assert_return_code(root, errno);
	fd = path_walk(root, path);
	(void)close(root);
	if (fd < 0)
		return fd;
	assert_int_equal(fcntl(fd, F_GETFL) & O_PATH, O_PATH);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_return_code(fstat(fd, &a), errno);
	assert_return_code(stat(in_scratch(name, want), &b), errno);
	assert_true(a.st_dev == b.st_dev && a.st_ino == b.st_ino);
	(void)close(fd);
	return 0;
}

static void check_names(void)
{
	static const struct {
		const char *path, *leads_to;
		int result;
	} cases[] = {
		{ "/", ".", 0 },
		{ "///", ".", 0 },
		{ "/real", "real", 0 },
		{ "/real/inner/file", "real/inner/file", 0 },
		{ "//real///inner/./file", "real/inner/file", 0 },
		{ "/real/", "real", 0 },
		{ "/link", NULL, -ELOOP },
		{ "/link/inner", NULL, -ELOOP },
		{ "/dangling", NULL, -ELOOP },
		{ "/real/last", NULL, -ELOOP },
		{ "/real/..", NULL, -EINVAL },
		{ "/../real", NULL, -EINVAL },
		{ "/real/nothing", NULL, -ENOENT },
		{ "/nothing/inner", NULL, -ENOENT },
		{ "/real/inner/file/more", NULL, -ENOTDIR },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (walk(cases[i].path, cases[i].leads_to) != cases[i].result)
			fail_msg("%s: %d", cases[i].path, walk(cases[i].path, cases[i].leads_to));
}

static void no_link_is_followed(void **state)
{
	(void)state;
	check_names();
}

static void no_link_is_followed_without_openat2(void **state)
{
	static const int errnums[] = { ENOSYS, EPERM, EINVAL, EAGAIN, EINTR };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errnums); i++) {
		ground_replace(SYS_CALL_openat2, -errnums[i]);
		check_names();
	}
}

static void a_name_that_is_too_long_is_refused(void **state)
{
	char path[PATH_NAME_SIZE + 8] = "/";

	(void)state;
	memset(path + 1, 'x', PATH_NAME_SIZE);
	assert_int_equal(walk(path, NULL), -ENAMETOOLONG);
	path[PATH_NAME_SIZE] = '\0';
	assert_int_equal(walk(path, NULL), -ENOENT);
}

static void other_errors_are_told(void **state)
{
	(void)state;
	ground_replace(SYS_CALL_openat2, -EMFILE);
	assert_int_equal(walk("/real", "real"), -EMFILE);
	ground_replace(SYS_CALL_openat2, -EACCES);
	assert_int_equal(walk("/real", "real"), -EACCES);
}

static void components_come_one_by_one(void **state)
{
	const char *path = "//usr/./lib//x/";
	char name[PATH_NAME_SIZE];

	(void)state;
	assert_int_equal(path_component(&path, name), 3);
	assert_string_equal(name, "usr");
	assert_int_equal(path_component(&path, name), 3);
	assert_string_equal(name, "lib");
	assert_int_equal(path_component(&path, name), 1);
	assert_string_equal(name, "x");
	assert_int_equal(path_component(&path, name), 0);
	assert_int_equal(path_component(&path, name), 0);
	path = "..";
	assert_int_equal(path_component(&path, name), -EINVAL);
	path = "...";
	assert_int_equal(path_component(&path, name), 3);
}

static void a_step_takes_one_name(void **state)
{
	int root = open(scratch, O_PATH | O_CLOEXEC), fd;

	(void)state;
	assert_return_code(root, errno);
	assert_int_equal(path_step(root, "link"), -ELOOP);
	assert_int_equal(path_step(root, "nothing"), -ENOENT);
	fd = path_step(root, "real");
	assert_return_code(fd, errno);
	(void)close(fd);
	ground_replace(SYS_CALL_newfstatat, -ENOMEM);
	assert_int_equal(path_step(root, "real"), -ENOMEM);
	/* what cannot be looked at may be stepped into all the same, if it is no link */
	ground_replace(SYS_CALL_newfstatat, -ENOTCONN);
	assert_int_equal(path_step(root, "link"), -ELOOP);
	fd = path_step(root, "real");
	assert_return_code(fd, errno);
	(void)close(fd);
	(void)close(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_link_is_followed),
		cmocka_unit_test_teardown(no_link_is_followed_without_openat2, ground_restore),
		cmocka_unit_test(a_name_that_is_too_long_is_refused),
		cmocka_unit_test_teardown(other_errors_are_told, ground_restore),
		cmocka_unit_test(components_come_one_by_one),
		cmocka_unit_test_teardown(a_step_takes_one_name, ground_restore),
	};

	return cmocka_run_group_tests(tests, make_names, ground_close);
}
