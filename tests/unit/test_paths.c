/* SPDX-License-Identifier: MIT */
/*
 * test_paths.c - paths are opened once and what they are is told; names are
 * resolved as far as they exist.
 *
 * The tests work in a directory of their own, whose tree is:
 *
 *   dir/file  dir/sub/  fifo  link -> dir  chain -> link/file  dangling -> dir/none/x
 *   loop -> loop  up -> ../<own name>/dir  absolute -> <own path>/dir/sub
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/paths.h"
#include "sys/calls.h"
#include "sys/fd.h"

static char root[PATH_MAX]; /* real path of the directory */
static int cwd_before = -1;

static void link_to(const char *target, const char *name)
{
	assert_int_equal(symlink(target, name), 0);
}

static int make_tree(void **state)
{
	char name[] = "/tmp/croft-test-paths-XXXXXX", text[PATH_MAX + 32];
	int fd;

	(void)state;
	cwd_before = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cwd_before < 0 || !mkdtemp(name) || chdir(name) != 0 || !getcwd(root, sizeof(root)))
		return -1;
	if (mkdir("dir", 0755) != 0 || mkdir("dir/sub", 0755) != 0 || mkfifo("fifo", 0600) != 0)
		return -1;
	fd = open("dir/file", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	(void)close(fd);
	link_to("dir", "link");
	link_to("link/file", "chain");
	link_to("dir/none/x", "dangling");
	link_to("loop", "loop");
	(void)snprintf(text, sizeof(text), "../%s/dir", strrchr(root, '/') + 1);
	link_to(text, "up");
	(void)snprintf(text, sizeof(text), "%s/dir/sub", root);
	link_to(text, "absolute");
	return 0;
}

static int remove_tree(void **state)
{
	static const char *const names[] = {
		"absolute", "up",       "loop",    "dangling", "chain",
		"link",     "dir/file", "dir/sub", "dir",      "fifo",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (remove(names[i]) != 0)
			return -1;
	if (fchdir(cwd_before) != 0)
		return -1;
	(void)close(cwd_before);
	return rmdir(root);
}

static int restore(void **state)
{
	(void)state;
	for (int i = 0; i < SYS_CALL_MAX; i++)
		sys_replace((enum sys_call)i, NULL);
	return 0;
}

static int lowest_free(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	(void)close(fd);
	return fd;
}

/* root + "/" + name, in one of a few buffers. */
static const char *under_root(const char *name)
{
	static char texts[4][PATH_MAX + 2 + NAME_MAX];
	static unsigned next;
	char *text = texts[next++ % 4];

	(void)snprintf(text, sizeof(texts[0]), "%s%s%s", root, *name ? "/" : "", name);
	return text;
}

/* Opening */

static void each_path_is_told_by_type_and_identity(void **state)
{
	static const struct {
		const char *name;
		mode_t type;
		const char *same_as;
	} cases[] = {
		{ "dir", S_IFDIR, "dir" },
		{ "dir/file", S_IFREG, "dir/file" },
		{ "fifo", S_IFIFO, "fifo" },
		{ "link", S_IFDIR, "dir" },
		{ "chain", S_IFREG, "dir/file" },
		{ "absolute", S_IFDIR, "dir/sub" },
		{ "/dev/null", S_IFCHR, "/dev/null" },
	};
	int before = lowest_free();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct path_fact fact;
		struct stat st;

		assert_int_equal(paths_open(&cases[i].name, 1, &fact), 0);
		assert_int_equal(fact.errnum, 0);
		assert_true(fact.fd >= 0);
		assert_int_equal(fact.type, cases[i].type);
		assert_int_equal(stat(cases[i].same_as, &st), 0);
		assert_int_equal(fact.ino, st.st_ino);
		assert_int_equal(fact.dev, st.st_dev);
		assert_int_equal(fcntl(fact.fd, F_GETFD), FD_CLOEXEC);
		assert_true((fcntl(fact.fd, F_GETFL) & O_PATH) != 0);
		paths_close(&fact, 1);
		assert_int_equal(fact.fd, -1);
		assert_null(fact.real);
	}
	assert_int_equal(lowest_free(), before);
}

static void the_real_name_is_told_where_it_differs(void **state)
{
	const char *const paths[] = { under_root("dir"), under_root("chain"), "dir", "/dev/null" };
	struct path_fact facts[ARRAY_SIZE(paths)];

	(void)state;
	assert_int_equal(paths_open(paths, ARRAY_SIZE(paths), facts), 0);
	assert_null(facts[0].real);
	assert_string_equal(facts[1].real, under_root("dir/file"));
	assert_string_equal(facts[2].real, under_root("dir"));
	assert_null(facts[3].real);
	paths_close(facts, ARRAY_SIZE(paths));
}

static long fails_with_enoent(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	(void)call, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
	return -ENOENT;
}

static void without_proc_the_real_name_is_unknown(void **state)
{
	const char *const path = "chain";
	struct path_fact fact;

	(void)state;
	sys_replace(SYS_CALL_readlinkat, fails_with_enoent);
	assert_int_equal(paths_open(&path, 1, &fact), 0);
	assert_int_equal(fact.type, S_IFREG);
	assert_null(fact.real);
	paths_close(&fact, 1);
}

static void a_path_that_cannot_be_opened_is_a_fact(void **state)
{
	static char long_name[5000];
	const char *const paths[] = {
		"none", "dir/file/x", "loop", "", "dangling", long_name, "dir"
	};
	static const int errnums[] = { ENOENT, ENOTDIR, ELOOP, ENOENT, ENOENT, ENAMETOOLONG, 0 };
	struct path_fact facts[ARRAY_SIZE(paths)];

	(void)state;
	memset(long_name, 'x', sizeof(long_name) - 1);
	assert_int_equal(paths_open(paths, ARRAY_SIZE(paths), facts), 0);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		assert_int_equal(facts[i].errnum, errnums[i]);
		assert_int_equal(facts[i].fd < 0, errnums[i] != 0);
	}
	paths_close(facts, ARRAY_SIZE(paths));
}

static int openat_answer;
static unsigned opens_until_answer;

static long later_opens_fail(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	if (opens_until_answer == 0)
		return openat_answer;
	opens_until_answer--;
	return sys_real(call, a, b, c, d, e, f);
}

static void a_refused_open_is_a_fact_and_an_exhausted_process_an_error(void **state)
{
	static const struct {
		int errnum;
		int result;
	} cases[] = {
		{ EACCES, 0 },       { EPERM, 0 },        { EIO, 0 },          { ESTALE, 0 },
		{ EMFILE, -EMFILE }, { ENFILE, -ENFILE }, { ENOMEM, -ENOMEM },
	};
	const char *const paths[] = { "dir", "dir/file", "fifo" };
	int before = lowest_free();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct path_fact facts[3];

		opens_until_answer = 2;
		openat_answer = -cases[i].errnum;
		sys_replace(SYS_CALL_openat, later_opens_fail);
		assert_int_equal(paths_open(paths, 3, facts), cases[i].result);
		sys_replace(SYS_CALL_openat, NULL);
		if (cases[i].result == 0) {
			assert_true(facts[1].fd >= 0);
			assert_int_equal(facts[2].errnum, cases[i].errnum);
			paths_close(facts, 3);
		}
		for (int j = 0; j < 3; j++) {
			assert_int_equal(facts[j].fd, -1);
			assert_null(facts[j].real);
		}
		assert_int_equal(lowest_free(), before);
	}
}

static unsigned interruptions;

static long is_interrupted_twice(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	return interruptions++ < 2 ? -EINTR : sys_real(call, a, b, c, d, e, f);
}

static void an_interrupted_open_is_done_again(void **state)
{
	const char *const path = "dir";
	struct path_fact fact;

	(void)state;
	sys_replace(SYS_CALL_openat, is_interrupted_twice);
	assert_int_equal(paths_open(&path, 1, &fact), 0);
	assert_true(fact.fd >= 0);
	assert_int_equal(interruptions, 3);
	paths_close(&fact, 1);
}

static void a_path_whose_type_is_unknown_is_not_kept_open(void **state)
{
	const char *const path = "dir";
	int before = lowest_free();
	struct path_fact fact;

	(void)state;
	sys_replace(SYS_CALL_newfstatat, fails_with_enoent);
	assert_int_equal(paths_open(&path, 1, &fact), 0);
	assert_int_equal(fact.errnum, ENOENT);
	assert_int_equal(fact.fd, -1);
	assert_int_equal(lowest_free(), before);
}

static long fails_with_enomem(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	(void)call, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
	return -ENOMEM;
}

static void a_lack_of_memory_is_no_fact_about_a_path(void **state)
{
	const char *const path = "dir";
	int before = lowest_free();
	struct path_fact fact;

	(void)state;
	sys_replace(SYS_CALL_newfstatat, fails_with_enomem);
	assert_int_equal(paths_open(&path, 1, &fact), -ENOMEM);
	assert_int_equal(fact.fd, -1);
	assert_int_equal(lowest_free(), before);
}

static void opening_nothing_is_valid(void **state)
{
	(void)state;
	assert_int_equal(paths_open(NULL, 0, NULL), 0);
	paths_close(NULL, 0);
}

/* Resolving */

static void assert_resolves(const char *path, const char *expected)
{
	char got[PATH_MAX];
	int r = path_resolve(path, got, sizeof(got));

	if (r != 0)
		fail_msg("'%s': %d", path, r);
	if (strcmp(got, expected) != 0)
		fail_msg("'%s' gave '%s', not '%s'", path, got, expected);
}

static void existing_names_resolve_as_realpath_does(void **state)
{
	static const char *const paths[] = {
		"dir",      "dir/",        "./dir",
		"dir/.",    "dir/..",      "dir//file",
		"link",     "link/file",   "chain",
		"link/..",  "link/sub/..", "up",
		"up/file",  "absolute",    "absolute/..",
		".",        "..",          "../..",
		"/",        "//",          "/..",
		"/../..",   "/dev/null",   "/proc/self",
		"/usr/lib", "fifo",        "/../../../../../../../../dev/../dev/null",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		char expected[PATH_MAX];

		assert_non_null(realpath(paths[i], expected));
		assert_resolves(paths[i], expected);
	}
}

static void the_rest_of_a_name_that_ends_early_is_kept(void **state)
{
	static const struct {
		const char *path, *expected;
	} cases[] = {
		{ "none", "none" },
		{ "none/a/b", "none/a/b" },
		{ "link/none/x", "dir/none/x" },
		{ "dangling", "dir/none/x" },
		{ "dangling/y", "dir/none/x/y" },
		{ "chain/below-a-file", "dir/file/below-a-file" },
		{ "none/./a//b/", "none/a/b" },
		{ "none/../link/file", "dir/file" },
		{ "none/a/../../dir", "dir" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_resolves(cases[i].path, under_root(cases[i].expected));
		assert_resolves(under_root(cases[i].path), under_root(cases[i].expected));
	}
	assert_resolves("/nowhere/at/../all", "/nowhere/all");
}

static void loops_and_odd_names_are_errors(void **state)
{
	static char component[300], path[5000];
	char got[PATH_MAX] = "untouched";

	(void)state;
	memset(component, 'x', sizeof(component) - 1);
	memset(path, '/', sizeof(path) - 1);
	assert_int_equal(path_resolve("", got, sizeof(got)), -ENOENT);
	assert_int_equal(path_resolve("loop", got, sizeof(got)), -ELOOP);
	assert_int_equal(path_resolve("loop/x", got, sizeof(got)), -ELOOP);
	assert_int_equal(path_resolve(component, got, sizeof(got)), -ENAMETOOLONG);
	assert_int_equal(path_resolve(path, got, sizeof(got)), -ENAMETOOLONG);
	assert_int_equal(path_resolve("/dev/null", got, 9), -ENAMETOOLONG);
	assert_string_equal(got, "untouched");
	assert_int_equal(path_resolve("/dev/null", got, 10), 0);
	assert_string_equal(got, "/dev/null");
}

static void a_name_of_255_bytes_and_a_path_of_4095_resolve(void **state)
{
	char name[NAME_MAX + 1], path[PATH_MAX];

	(void)state;
	memset(name, 'x', NAME_MAX);
	name[NAME_MAX] = '\0';
	assert_resolves(name, under_root(name));
	for (size_t i = 0; i + 1 < sizeof(path); i++)
		path[i] = i % 100 ? 'x' : '/';
	path[PATH_MAX - 1] = '\0';
	assert_resolves(path, path);
}

static long fails_with_eacces(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	(void)call, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
	return -EACCES;
}

static void a_directory_that_may_not_be_searched_is_an_error(void **state)
{
	char got[PATH_MAX];

	(void)state;
	sys_replace(SYS_CALL_readlinkat, fails_with_eacces);
	assert_int_equal(path_resolve("dir/x", got, sizeof(got)), -EACCES);
}

/* Denials of an agent's profile are some sixty names, most of which are not there. */
static void a_missing_name_without_a_link_before_it_takes_no_second_look(void **state)
{
	char got[PATH_MAX], path[PATH_MAX];

	(void)state;
	memcpy(path, under_root("dir/none/x"), strlen(under_root("dir/none/x")) + 1);
	sys_replace(SYS_CALL_readlinkat, fails_with_eacces);
	assert_int_equal(path_resolve(path, got, sizeof(got)), 0);
	assert_string_equal(got, path);
	assert_int_equal(path_resolve(under_root("dir/file/x"), got, sizeof(got)), 0);
	/* a link to what is not there is no missing name: it is followed */
	assert_int_equal(path_resolve(under_root("dangling"), got, sizeof(got)), -EACCES);
	assert_int_equal(path_resolve(under_root("link/none"), got, sizeof(got)), -EACCES);
}

static void a_working_directory_that_is_gone_is_an_error_for_relative_names(void **state)
{
	char got[PATH_MAX];

	(void)state;
	sys_replace(SYS_CALL_getcwd, fails_with_enoent);
	assert_int_equal(path_resolve("dir", got, sizeof(got)), -ENOENT);
	assert_int_equal(path_resolve("/dev/null", got, sizeof(got)), 0);
}

static long is_unreachable(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	(void)call, (void)b, (void)c, (void)d, (void)e, (void)f;
	memcpy((char *)(uintptr_t)a, "(unreachable)/x", 16);
	return 16;
}

static void a_working_directory_outside_of_the_root_is_an_error(void **state)
{
	char got[PATH_MAX];

	(void)state;
	sys_replace(SYS_CALL_getcwd, is_unreachable);
	assert_int_equal(path_resolve("dir", got, sizeof(got)), -ENOENT);
}

static void names_relative_to_the_root_directory_have_one_slash(void **state)
{
	AUTO_FD int before = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_int_equal(chdir("/"), 0);
	assert_resolves("dev/null", "/dev/null");
	assert_resolves(".", "/");
	assert_int_equal(fchdir(before), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_path_is_told_by_type_and_identity),
		cmocka_unit_test(the_real_name_is_told_where_it_differs),
		cmocka_unit_test_teardown(without_proc_the_real_name_is_unknown, restore),
		cmocka_unit_test(a_path_that_cannot_be_opened_is_a_fact),
		cmocka_unit_test_teardown(
			a_refused_open_is_a_fact_and_an_exhausted_process_an_error, restore),
		cmocka_unit_test_teardown(an_interrupted_open_is_done_again, restore),
		cmocka_unit_test_teardown(a_path_whose_type_is_unknown_is_not_kept_open, restore),
		cmocka_unit_test_teardown(a_lack_of_memory_is_no_fact_about_a_path, restore),
		cmocka_unit_test(opening_nothing_is_valid),
		cmocka_unit_test(existing_names_resolve_as_realpath_does),
		cmocka_unit_test(the_rest_of_a_name_that_ends_early_is_kept),
		cmocka_unit_test(loops_and_odd_names_are_errors),
		cmocka_unit_test(a_name_of_255_bytes_and_a_path_of_4095_resolve),
		cmocka_unit_test_teardown(
			a_missing_name_without_a_link_before_it_takes_no_second_look, restore),
		cmocka_unit_test_teardown(a_directory_that_may_not_be_searched_is_an_error,
					  restore),
		cmocka_unit_test_teardown(
			a_working_directory_that_is_gone_is_an_error_for_relative_names, restore),
		cmocka_unit_test_teardown(a_working_directory_outside_of_the_root_is_an_error,
					  restore),
		cmocka_unit_test(names_relative_to_the_root_directory_have_one_slash),
	};

	return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
