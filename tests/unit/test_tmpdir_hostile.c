/* SPDX-License-Identifier: MIT */
/*
 * test_tmpdir_hostile.c - the TMPDIR is made and removed under conditions that somebody else
 * chose: a mask, a lack of descriptors, calls that fail, names that are swapped meanwhile.
 */
#include "ground.h"

#include <sys/resource.h>

static void it_is_made_for_its_owner_only_under_any_umask(void **state)
{
	static const mode_t masks[] = { 0, 022, 077, 0277, 0777 };
	char path[GROUND_PATH];

	(void)state;
	in_scratch(path, "made");
	for (size_t i = 0; i < ARRAY_SIZE(masks); i++) {
		mode_t old = umask(masks[i]);
		int fd = -1, r = tmpdir_make(path, &fd, NULL);
		struct stat st;

		(void)umask(old);
		assert_int_equal(r, 0);
		assert_return_code(fstat(fd, &st), errno);
		assert_int_equal(st.st_mode & 0777, 0700);
		assert_true(fcntl(fd, F_GETFL) & O_PATH);
		assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
		(void)close(fd);
		assert_int_equal(tmpdir_remove(path), 0);
	}
}

static void a_directory_that_cannot_be_opened_is_not_left(void **state)
{
	static const enum sys_call calls[] = { SYS_CALL_openat, SYS_CALL_newfstatat };
	char path[GROUND_PATH];
	struct croft_error err;
	int before = lowest_free();

	(void)state;
	in_scratch(path, "half");
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		int fd = -7;

		ground_replace(calls[i], -EMFILE);
		assert_int_equal(tmpdir_make(path, &fd, &err), -EMFILE);
		ground_restore(NULL);
		assert_int_equal(err.stage, CROFT_STAGE_PREPARE);
		assert_int_equal(fd, -7);
		assert_false(exists(path));
	}
	assert_int_equal(lowest_free(), before);
}

static void without_random_bytes_there_is_no_name(void **state)
{
	static const struct {
		long answer;
		int want;
	} rows[] = { { -EINTR, -EINTR }, { -ENOSYS, -ENOSYS }, { 0, -EIO }, { 11, -EIO } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char path[TMPDIR_NAME_SIZE] = "unchanged";

		ground_replace(SYS_CALL_getrandom, rows[i].answer);
		assert_int_equal(tmpdir_choose(NULL, path, NULL), rows[i].want);
		assert_string_equal(path, "unchanged");
	}
}

/* Room for five more: what a deep tree takes does not grow with it. */
static int remove_with_few_descriptors(void *path)
{
	struct rlimit limit = { .rlim_cur = (rlim_t)lowest_free() + 5 };

	limit.rlim_max = limit.rlim_cur;
	EXPECT(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	EXPECT(tmpdir_remove(path) == 0);
	return 0;
}

static void depth_takes_no_descriptors(void **state)
{
	char path[GROUND_PATH];

	(void)state;
	make_dir("deep");
	assert_return_code(chdir(in_scratch(path, "deep")), errno);
	for (int i = 0; i < 2500; i++) {
		assert_return_code(mkdir("deeper", 0700), errno);
		assert_return_code(close(creat("beside", 0600)), errno);
		assert_return_code(chdir("deeper"), errno);
	}
	assert_return_code(chdir("/"), errno);
	assert_int_equal(in_child(remove_with_few_descriptors, path), 0);
	assert_false(exists(path));
}

/* Before the n-th use of a call "victim" is moved away and a link to the canary takes its name. */
static struct {
	int uses, when, dir;
} swap;

static long swaps(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	if (++swap.uses == swap.when) {
		(void)renameat(swap.dir, "victim", swap.dir, "moved");
		/* the name may be gone by now: then there is nothing to swap */
		if (symlinkat("../canary", swap.dir, "victim") < 0)
			swap.when = 0;
	}
	return sys_real(call, a, b, c, d, e, f);
}

/* How often the call was used; the swap came before the n-th time. */
static int remove_with_a_swap(enum sys_call call, int when)
{
	char path[GROUND_PATH];
	int r;

	make_dir("swapped");
	make_dir("swapped/victim");
	make_dir("swapped/victim/in");
	make_file("swapped/victim/in/file", "", 0600);
	assert_return_code(chmod(in_scratch(path, "swapped/victim/in"), 0), errno);
	assert_return_code(chmod(in_scratch(path, "swapped/victim"), 0), errno);
	swap.dir = open(in_scratch(path, "swapped"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	swap.uses = 0;
	swap.when = when;
	sys_replace(call, swaps);
	r = tmpdir_remove(path);
	sys_replace(call, NULL);
	(void)close(swap.dir);
	assert_int_equal(r, 0);
	assert_false(exists(path));
	return swap.uses;
}

/* As in a Landlock domain in which no directory may be moved to another. */
static void where_directories_cannot_be_moved_they_are_emptied_where_they_are(void **state)
{
	char path[GROUND_PATH], inner[GROUND_PATH + 64];

	(void)state;
	in_scratch(path, "still");
	ground_replace(SYS_CALL_renameat2, -EXDEV);
	assert_return_code(mkdir(path, 0700), errno);
	for (int i = 0; i < 3; i++) {
		(void)snprintf(inner, sizeof(inner), "%s/%d", path, i);
		for (int depth = 0; depth < 8; depth++) {
			size_t len = strlen(inner);

			assert_return_code(mkdir(inner, 0700), errno);
			(void)snprintf(inner + len, sizeof(inner) - len, "/f");
			assert_return_code(mknod(inner, S_IFIFO | 0600, 0), errno);
			(void)snprintf(inner + len, sizeof(inner) - len, "/d");
		}
	}
	assert_int_equal(tmpdir_remove(path), 0);
	assert_false(exists(path));
}

static void a_directory_swapped_for_a_link_is_not_entered(void **state)
{
	static const enum sys_call calls[] = { SYS_CALL_openat, SYS_CALL_fchmodat,
					       SYS_CALL_unlinkat, SYS_CALL_renameat2,
					       SYS_CALL_getdents64 };
	char path[GROUND_PATH], text[64];
	struct stat st;

	(void)state;
	make_dir("canary");
	make_file("canary/file", "alive", 0640);
	assert_return_code(chmod(in_scratch(path, "canary"), 0750), errno);
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		int when = 1;

		while (when <= remove_with_a_swap(calls[i], when))
			when++;
		assert_true(when > 1);
	}
	assert_string_equal(text_of("canary/file", text, sizeof(text)), "alive");
	assert_return_code(stat(in_scratch(path, "canary/file"), &st), errno);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_return_code(stat(in_scratch(path, "canary"), &st), errno);
	assert_int_equal(st.st_mode & 0777, 0750);
	assert_int_equal(tmpdir_remove(path), 0);
}

/* Who else removes here, after our first look whether the directory is empty. */
static long is_too_late(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	long r = sys_real(call, a, b, c, d, e, f);

	if (c & AT_REMOVEDIR && r == -ENOTEMPTY)
		(void)unlinkat(swap.dir, "of-another", AT_REMOVEDIR);
	return r;
}

static void what_another_has_removed_meanwhile_is_no_error(void **state)
{
	char path[GROUND_PATH];

	(void)state;
	make_dir("shared");
	make_dir("shared/of-another");
	swap.dir = open(in_scratch(path, "shared"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	sys_replace(SYS_CALL_unlinkat, is_too_late);
	assert_int_equal(tmpdir_remove(path), 0);
	ground_restore(NULL);
	(void)close(swap.dir);
	assert_false(exists(path));
}

static long refuses_files(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	return c & AT_REMOVEDIR ? sys_real(call, a, b, c, d, e, f) : -EPERM;
}

static void what_cannot_be_removed_is_an_error_and_no_endless_loop(void **state)
{
	char path[GROUND_PATH];

	(void)state;
	make_dir("stuck");
	make_file("stuck/file", "", 0600);
	sys_replace(SYS_CALL_unlinkat, refuses_files);
	assert_int_equal(tmpdir_remove(in_scratch(path, "stuck")), -ENOTEMPTY);
	ground_restore(NULL);
	assert_int_equal(tmpdir_remove(path), 0);
}

static void a_failing_call_is_an_error(void **state)
{
	static const enum sys_call calls[] = { SYS_CALL_openat, SYS_CALL_getdents64,
					       SYS_CALL_unlinkat };
	char path[GROUND_PATH];
	int before = lowest_free();

	(void)state;
	make_dir("failing");
	make_file("failing/file", "", 0600);
	in_scratch(path, "failing");
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		ground_replace(calls[i], -EIO);
		assert_int_equal(tmpdir_remove(path), -EIO);
		ground_restore(NULL);
		assert_int_equal(lowest_free(), before);
	}
	assert_int_equal(tmpdir_remove(path), 0);
}

#define T(test) cmocka_unit_test_teardown(test, ground_restore)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(it_is_made_for_its_owner_only_under_any_umask),
		T(a_directory_that_cannot_be_opened_is_not_left),
		T(without_random_bytes_there_is_no_name),
		T(depth_takes_no_descriptors),
		T(where_directories_cannot_be_moved_they_are_emptied_where_they_are),
		T(a_directory_swapped_for_a_link_is_not_entered),
		T(what_another_has_removed_meanwhile_is_no_error),
		T(what_cannot_be_removed_is_an_error_and_no_endless_loop),
		T(a_failing_call_is_an_error),
	};

	return cmocka_run_group_tests(tests, ground_open, ground_close);
}
