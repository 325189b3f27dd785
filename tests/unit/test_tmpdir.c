/* SPDX-License-Identifier: MIT */
/*
 * test_tmpdir.c - a TMPDIR is named so that nobody guesses it, made for its owner, and removed
 * whatever is in it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>

#include "in_child.h"
#include "launch/tmpdir.h"

static char scratch[300];

static int setup(void **state)
{
	(void)state;
	make_scratch(scratch, sizeof(scratch));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return tmpdir_remove(scratch);
}

static void a_name_is_24_random_digits_in_the_parent(void **state)
{
	char first[TMPDIR_NAME_SIZE], second[TMPDIR_NAME_SIZE];
	struct croft_error err;

	(void)state;
	assert_int_equal(tmpdir_choose("/var/tmp//", first, &err), 0);
	assert_int_equal(tmpdir_choose("/var/tmp", second, &err), 0);
	assert_int_equal(strncmp(first, "/var/tmp/croft-", 15), 0);
	assert_int_equal(strlen(first), 15 + 24);
	assert_int_equal(strspn(first + 15, "0123456789abcdef"), 24);
	assert_string_not_equal(first, second);
	assert_false(is_there(first));
	assert_int_equal(tmpdir_choose(NULL, first, &err), 0);
	assert_int_equal(strncmp(first, "/tmp/croft-", 11), 0);
}

static void a_parent_that_is_relative_or_too_long_is_refused(void **state)
{
	char path[TMPDIR_NAME_SIZE], parent[600];
	struct croft_error err = { 0 };

	(void)state;
	assert_int_equal(tmpdir_choose("tmp", path, &err), -EINVAL);
	assert_int_equal(err.stage, CROFT_STAGE_PREPARE);
	memset(parent, 'a', sizeof(parent));
	parent[0] = '/';
	parent[511 - 31] = '\0'; /* "/croft-" and 24 digits just fit */
	assert_int_equal(tmpdir_choose(parent, path, &err), 0);
	assert_int_equal(strlen(path), 511);
	parent[511 - 31] = 'a';
	parent[512 - 31] = '\0';
	assert_int_equal(tmpdir_choose(parent, path, &err), -EINVAL);
}

static void name_in_scratch(char path[TMPDIR_NAME_SIZE])
{
	assert_int_equal(tmpdir_choose(scratch, path, NULL), 0);
}

static void it_is_made_for_its_owner_alone_and_never_taken_over(void **state)
{
	char path[TMPDIR_NAME_SIZE];
	struct croft_error err = { 0 };
	struct stat st;
	int fd = -1, again = -1;

	(void)state;
	name_in_scratch(path);
	assert_int_equal(tmpdir_make(path, &fd, &err), 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(st.st_uid, geteuid());
	assert_int_equal(fcntl(fd, F_GETFL) & O_PATH, O_PATH);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(tmpdir_make(path, &again, &err), -EEXIST);
	assert_int_equal(err.stage, CROFT_STAGE_PREPARE);
	assert_int_equal(again, -1);
	assert_int_equal(close(fd), 0);
	assert_int_equal(tmpdir_remove(path), 0);
	assert_false(is_there(path));
}

static void a_parent_that_is_not_there_is_an_error_with_a_way_out(void **state)
{
	struct croft_error err = { 0 };
	int fd = -1;

	(void)state;
	assert_int_equal(tmpdir_make("/nowhere/croft-x", &fd, &err), -ENOENT);
	assert_non_null(strstr(err.what, "/nowhere/croft-x"));
	assert_non_null(strstr(err.hint, "--off private-tmp"));
}

static void what_is_not_there_is_removed_already(void **state)
{
	char path[TMPDIR_NAME_SIZE];

	(void)state;
	name_in_scratch(path);
	assert_int_equal(tmpdir_remove(path), 0);
}

static void change_to(const char *path)
{
	assert_int_equal(chdir(path), 0);
}

/* Deeper than PATH_MAX, and than any recursion would like. */
static void a_very_deep_tree_is_removed(void **state)
{
	char path[TMPDIR_NAME_SIZE];
	int fd;

	(void)state;
	name_in_scratch(path);
	assert_int_equal(tmpdir_make(path, &fd, NULL), 0);
	assert_int_equal(close(fd), 0);
	change_to(path);
	for (int depth = 0; depth < 3000; depth++) {
		assert_int_equal(mkdir("directory", 0700), 0);
		change_to("directory");
		if (depth % 500 == 0)
			assert_true(close(open("file", O_CREAT | O_WRONLY | O_CLOEXEC, 0600)) == 0);
	}
	change_to("/");
	assert_int_equal(tmpdir_remove(path), 0);
	assert_false(is_there(path));
}

static void a_wide_tree_without_permissions_is_removed(void **state)
{
	char path[TMPDIR_NAME_SIZE], name[64];
	int fd;

	(void)state;
	name_in_scratch(path);
	assert_int_equal(tmpdir_make(path, &fd, NULL), 0);
	assert_int_equal(close(fd), 0);
	change_to(path);
	for (int i = 0; i < 60; i++) {
		(void)snprintf(name, sizeof(name), "d%d", i);
		assert_int_equal(mkdir(name, 0700), 0);
		(void)snprintf(name, sizeof(name), "d%d/inner", i);
		assert_int_equal(mkdir(name, 0700), 0);
		(void)snprintf(name, sizeof(name), "d%d/inner/f", i);
		assert_true(close(open(name, O_CREAT | O_WRONLY | O_CLOEXEC, 0400)) == 0);
		(void)snprintf(name, sizeof(name), "d%d/inner", i);
		assert_int_equal(chmod(name, 0), 0);
		(void)snprintf(name, sizeof(name), "d%d", i);
		assert_int_equal(chmod(name, i % 2 ? 0 : 0500), 0);
	}
	change_to("/");
	assert_int_equal(chmod(path, 0), 0);
	assert_int_equal(tmpdir_remove(path), 0);
	assert_false(is_there(path));
}

/* The names that removal itself uses, already taken. */
static void names_that_it_would_use_itself_are_no_obstacle(void **state)
{
	char path[TMPDIR_NAME_SIZE], name[64];
	int fd;

	(void)state;
	name_in_scratch(path);
	assert_int_equal(tmpdir_make(path, &fd, NULL), 0);
	assert_int_equal(close(fd), 0);
	change_to(path);
	for (int i = 0; i < 4; i++) {
		(void)snprintf(name, sizeof(name), ".croft-%02x000000", i);
		assert_int_equal(mkdir(name, 0700), 0);
		(void)snprintf(name, sizeof(name), ".croft-%02x000000/x", i);
		assert_int_equal(mkdir(name, 0700), 0);
		(void)snprintf(name, sizeof(name), ".croft-%02x000000/x/y", i);
		assert_int_equal(mkdir(name, 0700), 0);
	}
	change_to("/");
	assert_int_equal(tmpdir_remove(path), 0);
	assert_false(is_there(path));
}

static void links_are_removed_and_what_they_lead_to_stays_as_it_was(void **state)
{
	char path[TMPDIR_NAME_SIZE], outside[400];
	struct stat before, after;
	int fd;

	(void)state;
	(void)snprintf(outside, sizeof(outside), "%s/outside", scratch);
	assert_int_equal(mkdir(outside, 0500), 0);
	assert_int_equal(stat(outside, &before), 0);
	name_in_scratch(path);
	assert_int_equal(tmpdir_make(path, &fd, NULL), 0);
	assert_int_equal(symlinkat(outside, fd, "link") | mkdirat(fd, "d", 0700), 0);
	assert_int_equal(symlinkat(outside, fd, "d/link") | symlinkat("/", fd, "d/root"), 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(tmpdir_remove(path), 0);
	assert_false(is_there(path));
	assert_int_equal(stat(outside, &after), 0);
	assert_int_equal(before.st_mode, after.st_mode);
	assert_int_equal(rmdir(outside), 0);
}

static void a_link_in_its_place_is_not_followed(void **state)
{
	char path[TMPDIR_NAME_SIZE], outside[400], inside[500];

	(void)state;
	(void)snprintf(outside, sizeof(outside), "%s/outside", scratch);
	(void)snprintf(inside, sizeof(inside), "%s/kept", outside);
	assert_int_equal(mkdir(outside, 0700) | mkdir(inside, 0700), 0);
	name_in_scratch(path);
	assert_int_equal(symlink(outside, path), 0);
	assert_true(tmpdir_remove(path) < 0);
	assert_true(is_there(inside));
	assert_int_equal(unlink(path) | rmdir(inside) | rmdir(outside), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_24_random_digits_in_the_parent),
		cmocka_unit_test(a_parent_that_is_relative_or_too_long_is_refused),
		cmocka_unit_test(it_is_made_for_its_owner_alone_and_never_taken_over),
		cmocka_unit_test(a_parent_that_is_not_there_is_an_error_with_a_way_out),
		cmocka_unit_test(what_is_not_there_is_removed_already),
		cmocka_unit_test(a_very_deep_tree_is_removed),
		cmocka_unit_test(a_wide_tree_without_permissions_is_removed),
		cmocka_unit_test(names_that_it_would_use_itself_are_no_obstacle),
		cmocka_unit_test(links_are_removed_and_what_they_lead_to_stays_as_it_was),
		cmocka_unit_test(a_link_in_its_place_is_not_followed),
	};

	return cmocka_run_group_tests_name("tmpdir", tests, setup, teardown);
}
