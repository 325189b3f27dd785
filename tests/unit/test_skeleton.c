/* SPDX-License-Identifier: MIT */
/*
 * test_skeleton.c - the directory of a build: what is in it, what is taken out of it, and that
 * nothing is left; with what a builder may have put where an output should be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "drv/skeleton.h"
#include "sys/calls.h"

#define HASH "0123456789abcdfghijklmnpqrsvwxyz"
#define NAME(text) HASH "-" text
#define STORE "/nix/store/"

static char ground[TMPDIR_NAME_SIZE], store[TMPDIR_NAME_SIZE + 8];
static const struct build_output outputs[] = { { "out", STORE NAME("out") },
					       { "dev", STORE NAME("dev") } };
static const char *const inputs[] = { STORE NAME("dir"), STORE NAME("file"), STORE NAME("link") };
static struct build build;

static const char *at(const char *dir, const char *name)
{
	static char path[4][2 * TMPDIR_NAME_SIZE];
	static unsigned n;
	char *here = path[n++ % 4];

	(void)snprintf(here, sizeof(path[0]), "%s/%s", dir, name);
	return here;
}

static void put(const char *path, mode_t mode)
{
	int fd = sys_openat(AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	assert_true(fd >= 0);
	(void)sys_close(fd);
	assert_int_equal(sys_fchmodat(AT_FDCWD, path, mode), 0);
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	return sys_fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) == 0 ? st.st_mode : 0;
}

static int set_up(void **state)
{
	int fd = -1;

	(void)state;
	assert_int_equal(tmpdir_choose(NULL, ground, NULL), 0);
	assert_int_equal(tmpdir_make(ground, &fd, NULL), 0);
	(void)sys_close(fd);
	(void)snprintf(store, sizeof(store), "%s/store", ground);
	assert_int_equal(sys_mkdirat(AT_FDCWD, store, 0755), 0);
	assert_int_equal(sys_mkdirat(AT_FDCWD, at(store, NAME("dir")), 0555), 0);
	put(at(store, NAME("file")), 0444);
	assert_int_equal(sys_symlinkat("/nowhere", AT_FDCWD, at(store, NAME("link"))), 0);
	build = (struct build){ .builder = "/bin/sh",
				.inputs = inputs,
				.n_inputs = ARRAY_SIZE(inputs),
				.outputs = outputs,
				.n_outputs = ARRAY_SIZE(outputs),
				.store_dir = "/nix/store",
				.real_store_dir = store,
				.tmp_dir = ground,
				.tmp_inside = "/build",
				.system = "x86_64-linux" };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return tmpdir_remove(ground);
}

static void finish(struct skeleton *skeleton)
{
	char path[TMPDIR_NAME_SIZE];

	memcpy(path, skeleton->path, sizeof(path));
	assert_int_equal(skeleton_done(skeleton, NULL), 0);
	assert_int_equal(mode_of(path), 0);
}

static void it_has_what_a_build_wants(void **state)
{
	struct skeleton skeleton = SKELETON_INIT;
	struct croft_error err = { 0 };

	(void)state;
	assert_int_equal(skeleton_make(&build, store, &skeleton, &err), 0);
	assert_int_equal(mode_of(skeleton.path), S_IFDIR | 0700);
	assert_int_equal(mode_of(at(skeleton.path, "tmp")), S_IFDIR | 01777);
	assert_true(S_ISREG(mode_of(at(skeleton.path, "root/etc/passwd"))));
	assert_true(S_ISDIR(mode_of(at(skeleton.path, "root/nix/store"))));
	assert_true(S_ISDIR(mode_of(at(skeleton.path, "root/build"))));
	assert_true(S_ISDIR(mode_of(at(skeleton.path, "store/" NAME("dir")))));
	assert_true(S_ISREG(mode_of(at(skeleton.path, "store/" NAME("file")))));
	assert_true(S_ISLNK(mode_of(at(skeleton.path, "store/" NAME("link")))));
	assert_int_equal(skeleton_add_point(&skeleton, "/srv/a/b", false, &err), 0);
	assert_int_equal(skeleton_add_point(&skeleton, "/srv/a/c", true, &err), 0);
	assert_true(S_ISREG(mode_of(at(skeleton.path, "root/srv/a/b"))));
	assert_true(S_ISDIR(mode_of(at(skeleton.path, "root/srv/a/c"))));
	finish(&skeleton);
}

static void an_input_that_is_missing_is_named(void **state)
{
	static const char *const missing[] = { STORE NAME("missing") };
	struct skeleton skeleton = SKELETON_INIT;
	struct croft_error err = { 0 };

	(void)state;
	build.inputs = missing;
	build.n_inputs = 1;
	assert_int_equal(skeleton_make(&build, store, &skeleton, &err), -ENOENT);
	assert_non_null(strstr(err.what, NAME("missing")));
	finish(&skeleton);
}

static void outputs_are_moved_without_their_bits(void **state)
{
	struct skeleton skeleton = SKELETON_INIT;
	struct croft_error err = { 0 };

	(void)state;
	assert_int_equal(skeleton_make(&build, store, &skeleton, &err), 0);
	assert_int_equal(sys_mkdirat(AT_FDCWD, at(skeleton.path, "store/" NAME("out")), 0755), 0);
	put(at(skeleton.path, "store/" NAME("out") "/su"), 06755);
	put(at(skeleton.path, "store/" NAME("more")), 0644);
	assert_int_equal(sys_fchmodat(AT_FDCWD, at(skeleton.path, "store/" NAME("out")), 02500), 0);
	assert_int_equal(sys_symlinkat("/etc", AT_FDCWD, at(skeleton.path, "store/" NAME("dev"))),
			 0);
	assert_int_equal(skeleton_take_outputs(&skeleton, &build, store, &err), 0);
	assert_int_equal(mode_of(at(store, NAME("out") "/su")), S_IFREG | 0755);
	assert_int_equal(mode_of(at(store, NAME("out"))) & 06000, 0);
	assert_true(S_ISLNK(mode_of(at(store, NAME("dev")))));
	assert_int_equal(mode_of(at(store, NAME("more"))), 0);
	finish(&skeleton);
}

static void an_output_that_is_there_is_not_written_over(void **state)
{
	struct skeleton skeleton = SKELETON_INIT;
	struct croft_error err = { 0 };

	(void)state;
	assert_int_equal(skeleton_make(&build, store, &skeleton, &err), 0);
	put(at(store, NAME("out")), 0444);
	put(at(skeleton.path, "store/" NAME("out")), 0644);
	assert_int_equal(skeleton_take_outputs(&skeleton, &build, store, &err), -EEXIST);
	assert_int_equal(mode_of(at(store, NAME("out"))), S_IFREG | 0444);
	finish(&skeleton);
}

static void what_was_not_made_is_left_to_who_wants_it(void **state)
{
	struct skeleton skeleton = SKELETON_INIT;
	struct croft_error err = { 0 };

	(void)state;
	assert_int_equal(skeleton_make(&build, store, &skeleton, &err), 0);
	assert_int_equal(skeleton_take_outputs(&skeleton, &build, store, &err), 0);
	assert_int_equal(mode_of(at(store, NAME("out"))), 0);
	finish(&skeleton);
}

static void an_output_without_end_is_refused(void **state)
{
	struct skeleton skeleton = SKELETON_INIT;
	struct croft_error err = { 0 };
	int dir;

	(void)state;
	assert_int_equal(skeleton_make(&build, store, &skeleton, &err), 0);
	assert_int_equal(sys_mkdirat(AT_FDCWD, at(skeleton.path, "store/" NAME("out")), 0755), 0);
	dir = sys_openat(AT_FDCWD, at(skeleton.path, "store/" NAME("out")), O_PATH, 0);
	for (int i = 0; i < 300; i++) {
		int next;

		assert_int_equal(sys_mkdirat(dir, "d", 0755), 0);
		next = sys_openat(dir, "d", O_PATH, 0);
		(void)sys_close(dir);
		dir = next;
	}
	(void)sys_close(dir);
	assert_int_equal(skeleton_take_outputs(&skeleton, &build, store, &err), -ELOOP);
	assert_int_equal(mode_of(at(store, NAME("out"))), 0);
	finish(&skeleton);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_has_what_a_build_wants),
		TEST(an_input_that_is_missing_is_named),
		TEST(outputs_are_moved_without_their_bits),
		TEST(an_output_that_is_there_is_not_written_over),
		TEST(what_was_not_made_is_left_to_who_wants_it),
		TEST(an_output_without_end_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
