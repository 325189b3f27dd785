/* SPDX-License-Identifier: MIT */
/*
 * test_root.c - files below a directory that stands for "/" are opened as a process inside would
 * open them: never what is no regular file, never with a wait.
 *
 * What must hold is asked in each way of image.h: with the kernel's help and without.
 */
#include "image.h"

#include <sys/statfs.h>
#include <sys/statvfs.h>

static void a_file_opens_with_what_stat_says_of_it(void **state)
{
	struct root_file file;
	char path[GROUND_PATH], text[16];
	struct stat st;

	(void)state;
	assert_return_code(stat(in_scratch(path, "image/usr/lib/x"), &st), errno);
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		take_way(&ways[i]);
		assert_int_equal(root_open_file(&image, NULL, "/usr/lib/x", &file), 0);
		assert_int_equal(file.mode, st.st_mode);
		assert_int_equal(file.uid, st.st_uid);
		assert_int_equal(file.gid, st.st_gid);
		assert_int_equal(file.dev, st.st_dev);
		assert_int_equal(file.ino, st.st_ino);
		assert_int_equal(file.size, 6);
		assert_int_equal(fcntl(file.fd, F_GETFD), FD_CLOEXEC);
		assert_string_equal(text_and_close(&file, text, sizeof(text)), "inside");
		assert_int_equal(file.fd, -1);
	}
}

static void names_in_an_image_are_followed_as_inside(void **state)
{
	static const char *const cases[][3] = {
		/* workdir, name, real name */
		{ NULL, "/usr/lib/x", "/usr/lib/x" },
		{ NULL, "usr/lib/x", "/usr/lib/x" },
		{ NULL, "//usr/./lib//x", "/usr/lib/x" },
		{ NULL, "/lib/x", "/usr/lib/x" },
		{ NULL, "/abs", "/usr/lib/x" },
		{ NULL, "/chain", "/usr/lib/x" },
		{ NULL, "/dots", "/usr/lib/x" },
		{ NULL, "/lib/../lib/x", "/usr/lib/x" },
		{ NULL, "/lib/deep/../deep/y", "/usr/lib/deep/y" },
		{ NULL, "/../../usr/lib/x", "/usr/lib/x" },
		{ NULL, "/empty", "/empty" },
		{ "/usr", "lib/x", "/usr/lib/x" },
		{ "/lib/deep", "../x", "/usr/lib/x" },
		{ "/usr/lib/deep/", "y", "/usr/lib/deep/y" },
		{ "/usr", "/empty", "/empty" },
	};

	(void)state;
	for (size_t w = 0; w < ARRAY_SIZE(ways); w++) {
		take_way(&ways[w]);
		for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
			struct root_file file;
			int r = root_open_file(&image, cases[i][0], cases[i][1], &file);

			if (r != 0)
				fail_msg("%s, %s: %d", ways[w].name, cases[i][1], r);
			assert_string_equal(file.real, cases[i][2]);
			root_file_done(&file);
		}
	}
}

static void real_names_in_the_real_root_are_realpaths(void **state)
{
	static const char *const names[] = { "/usr/lib/x",  "/lib/x",         "/chain/../empty",
					     "/lib/deep/y", "/out-up",        "/out-abs",
					     "/usr/out",    "/out-dir/secret" };

	(void)state;
	for (size_t w = 0; w < ARRAY_SIZE(ways); w++) {
		take_way(&ways[w]);
		for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
			char path[GROUND_PATH], *real;
			struct root_file file;
			int r = open_in(&host, names[i], &file);

			(void)snprintf(path, sizeof(path), "%s/image%s", scratch, names[i]);
			real = realpath(path, NULL);
			if (!real) { /* "chain" is a file: realpath and we agree */
				assert_int_equal(r, -errno);
				continue;
			}
			assert_int_equal(r, 0);
			assert_string_equal(file.real, real);
			root_file_done(&file);
			free(real);
		}
	}
}

/* Errors */

static void what_cannot_be_opened_says_why_in_every_way(void **state)
{
	static char component[300], path[5000];
	const struct {
		const char *name;
		int inside, outside; /* in the image; the same name from the real root */
	} cases[] = {
		{ "/none", ENOENT, ENOENT },     { "/none/x", ENOENT, ENOENT },
		{ "/dangling", ENOENT, ENOENT }, { "/empty/x", ENOTDIR, ENOTDIR },
		{ "/empty/", ENOTDIR, ENOTDIR }, { "/empty/.", ENOTDIR, ENOTDIR },
		{ "/abs/..", ENOTDIR, ENOENT },  { "/loop", ELOOP, ELOOP },
		{ "/loop/x", ELOOP, ELOOP },     { "/usr/lib", EISDIR, EISDIR },
		{ "/lib/", EISDIR, EISDIR },     { "/fifo", EINVAL, EINVAL },
		{ "/socket", EINVAL, EINVAL },   { component, ENAMETOOLONG, ENAMETOOLONG },
	};

	(void)state;
	memset(component, 'x', sizeof(component) - 1);
	component[0] = '/';
	memset(path, '/', sizeof(path) - 1);
	for (size_t w = 0; w < ARRAY_SIZE(ways); w++) {
		struct root_file file = { .fd = -7 };

		take_way(&ways[w]);
		for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
			int inside = open_in(&image, cases[i].name, &file);
			int outside = open_in(&host, cases[i].name, &file);

			if (inside != -cases[i].inside || outside != -cases[i].outside)
				fail_msg("%s, %s: %d and %d", ways[w].name, cases[i].name, inside,
					 outside);
		}
		assert_int_equal(root_open_file(&image, NULL, "", &file), -ENOENT);
		assert_int_equal(root_open_file(&image, "/usr", "", &file), -ENOENT);
		assert_int_equal(root_open_file(&image, NULL, path, &file), -ENAMETOOLONG);
		assert_int_equal(root_open_file(&host, path, "x", &file), -ENAMETOOLONG);
		assert_int_equal(file.fd, -7);
	}
}

/* Remembers whether anything was opened for reading. */
static int n_opened;

static long counts_opens(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	n_opened += !(c & O_PATH);
	return sys_real(call, a, b, c, d, e, f);
}

static long counts_opens2(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	n_opened += !(((const struct abi_open_how *)(uintptr_t)c)->flags & O_PATH);
	return sys_real(call, a, b, c, d, e, f);
}

static void fifos_and_devices_are_refused_without_being_opened(void **state)
{
	struct root_file file;

	(void)state;
	sys_replace(SYS_CALL_openat, counts_opens);
	sys_replace(SYS_CALL_openat2, counts_opens2);
	n_opened = 0;
	assert_int_equal(open_in(&image, "/fifo", &file), -EINVAL);
	assert_int_equal(open_in(&host, "/fifo", &file), -EINVAL);
	assert_int_equal(open_in(&image, "/socket", &file), -EINVAL);
	assert_int_equal(root_open_file(&host, NULL, "/dev/null", &file), -EINVAL);
	assert_int_equal(root_open_file(&host, NULL, "/dev/tty", &file), -EINVAL);
	assert_int_equal(open_in(&host, "/usr", &file), -EISDIR);
	assert_int_equal(n_opened, 0);
	assert_int_equal(open_in(&image, "/empty", &file), 0);
	root_file_done(&file);
	assert_int_equal(n_opened, 1);
}

/* In a child: uid 0 would be let in everywhere. */
static void drop_capabilities(void)
{
	const struct sys_caps none = { 0 };

	(void)sys_capset(&none);
}

static int opens_without_capabilities(void *data)
{
	char path[GROUND_PATH];
	struct root_file file;

	(void)data;
	EXPECT(chmod(in_scratch(path, "image/empty"), 0) == 0);
	EXPECT(chmod(in_scratch(path, "image/usr/lib/deep"), 0) == 0);
	drop_capabilities();
	for (size_t w = 0; w < ARRAY_SIZE(ways); w++) {
		struct root_dir dir;

		take_way(&ways[w]);
		EXPECT(open_in(&image, "/empty", &file) == -EACCES);
		EXPECT(open_in(&host, "/empty", &file) == -EACCES);
		EXPECT(open_in(&image, "/lib/deep/y", &file) == -EACCES);
		EXPECT(open_in(&host, "/lib/deep/y", &file) == -EACCES);
		EXPECT(open_in(&image, "/lib/deep/../x", &file) == -EACCES);
		EXPECT(open_in(&image, "/lib/deep/./y", &file) == -EACCES);
		EXPECT(root_open_dir(&image, "/lib/deep", &dir) == -EACCES);
		EXPECT(open_in(&image, "/lib/x", &file) == 0);
		root_file_done(&file);
	}
	(void)ground_restore(NULL);
	EXPECT(chmod(in_scratch(path, "image/empty"), 0600) == 0);
	EXPECT(chmod(in_scratch(path, "image/usr/lib/deep"), 0755) == 0);
	return 0;
}

static void what_may_not_be_read_or_searched_is_eacces(void **state)
{
	(void)state;
	assert_int_equal(in_child(opens_without_capabilities, NULL), 0);
}

static void a_failure_in_the_middle_is_given_on(void **state)
{
	static const struct {
		enum sys_call call;
		int answer, expected;
	} cases[] = {
		{ SYS_CALL_openat, -EMFILE, -EMFILE },
		{ SYS_CALL_openat2, -EMFILE, -EMFILE },
		{ SYS_CALL_newfstatat, -EIO, -EIO },
		/* the name and the mount's flags are not worth a failure */
		{ SYS_CALL_fstatfs, -EPERM, 0 },
		{ SYS_CALL_readlinkat, -EACCES, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct root_file file;

		(void)ground_restore(NULL);
		ground_replace(cases[i].call, cases[i].answer);
		assert_int_equal(root_open_file(&image, NULL, "/empty", &file), cases[i].expected);
		if (cases[i].expected != 0)
			continue;
		assert_false(file.is_noexec && cases[i].call == SYS_CALL_fstatfs);
		assert_string_equal(file.real, "/empty");
		root_file_done(&file);
	}
}

static int n_again;

static long answers_again(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	if (n_again-- > 0)
		return n_again % 2 ? -EAGAIN : -EINTR;
	return sys_real(call, a, b, c, d, e, f);
}

static void an_open_that_is_interrupted_or_raced_is_done_again(void **state)
{
	static const int times[] = { 1, 5, 1000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		struct root_file file;

		n_again = times[i];
		sys_replace(SYS_CALL_openat2, answers_again);
		assert_int_equal(root_open_file(&image, NULL, "/lib/x", &file), 0);
		assert_string_equal(file.real, "/usr/lib/x");
		root_file_done(&file);
	}
}

/* Mounts */

static struct statfs flags_given;

static long gives_flags(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	(void)call, (void)a, (void)c, (void)d, (void)e, (void)f;
	memcpy((void *)(uintptr_t)b, &flags_given, sizeof(flags_given));
	return 0;
}

static bool is_noexec(const char *path)
{
	struct root_file file;

	assert_int_equal(root_open_file(&host, NULL, path, &file), 0);
	root_file_done(&file);
	return file.is_noexec;
}

static void a_mount_without_exec_is_told(void **state)
{
	static const char *const files[] = { "/proc/self/status", "/sys/kernel/uevent_seqnum",
					     "/etc/passwd" };
	char path[GROUND_PATH];
	struct statvfs vfs;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (statvfs(files[i], &vfs) == 0)
			assert_int_equal(is_noexec(files[i]), (vfs.f_flag & ST_NOEXEC) != 0);
	(void)in_scratch(path, "secret");
	sys_replace(SYS_CALL_fstatfs, gives_flags);
	flags_given.f_flags = 0x20 | ST_NOEXEC | ST_NOSUID;
	assert_true(is_noexec(path));
	flags_given.f_flags = 0x20 | ST_NOSUID;
	assert_false(is_noexec(path));
	/* kernels before 2.6.36 fill nothing in */
	flags_given.f_flags = ST_NOEXEC;
	assert_false(is_noexec(path));
}

/* Whole files, directories, roots */

static void a_whole_file_is_read_up_to_its_limit(void **state)
{
	static char big[40001];
	char *data = NULL, link[GROUND_PATH];
	ssize_t n;

	(void)state;
	assert_int_equal(root_read_file(&image, "/lib/x", 100, &data), 6);
	assert_string_equal(data, "inside");
	free(data);
	assert_int_equal(root_read_file(&image, "/lib/x", 7, &data), 6);
	free(data);
	data = big;
	assert_int_equal(root_read_file(&image, "/lib/x", 6, &data), -EFBIG);
	assert_int_equal(root_read_file(&image, "/lib/x", 0, &data), -EFBIG);
	assert_int_equal(root_read_file(&image, "/none", 100, &data), -ENOENT);
	assert_ptr_equal(data, big);
	assert_int_equal(root_read_file(&image, "/empty", 1, &data), 0);
	assert_string_equal(data, "");
	free(data);
	memset(big, 'x', sizeof(big) - 1);
	make_file("image/big", big, 0644);
	assert_int_equal(root_read_file(&image, "/big", 1 << 20, &data), sizeof(big) - 1);
	assert_string_equal(data, big);
	free(data);
	/* files of /proc say that they are empty */
	n = root_read_file(&host, "/proc/self/mountinfo", 1 << 20, &data);
	assert_true(n > 0 && strlen(data) == (size_t)n);
	free(data);
	assert_int_equal(root_read_file(&host, "/proc/self/mountinfo", 20, &data), -EFBIG);
	(void)in_scratch(link, "image/big");
	ground_replace(SYS_CALL_read, -EIO);
	assert_int_equal(root_read_file(&host, link, 1 << 20, &data), -EIO);
}

static int count_listed(void *context, const char *name)
{
	int *n = context;

	assert_string_not_equal(name, ".");
	assert_string_not_equal(name, "..");
	++*n;
	return 0;
}

static int refuse_name(void *context, const char *name)
{
	(void)context;
	(void)name;
	return -EFBIG;
}

static void a_directory_opens_for_listing(void **state)
{
	(void)state;
	for (size_t w = 0; w < ARRAY_SIZE(ways); w++) {
		struct root_dir dir = { .fd = -7 };
		int n = 0;

		take_way(&ways[w]);
		assert_int_equal(root_open_dir(&image, "/lib/x", &dir), -ENOTDIR);
		assert_int_equal(root_open_dir(&image, "/fifo", &dir), -ENOTDIR);
		assert_int_equal(root_open_dir(&image, "/loop", &dir), -ELOOP);
		assert_int_equal(root_open_dir(&image, "", &dir), -ENOENT);
		assert_int_equal(dir.fd, -7);
		assert_int_equal(root_open_dir(&image, "/lib/deep", &dir), 0);
		assert_int_equal(root_dir_list(&dir, refuse_name, NULL), -EFBIG);
		root_dir_done(&dir);
		assert_int_equal(root_open_dir(&image, "/lib/deep", &dir), 0);
		assert_int_equal(root_dir_list(&dir, count_listed, &n), 0);
		assert_true(n > 0);
		assert_true(root_dir_has(&dir, "y"));
		assert_false(root_dir_has(&dir, "none"));
		root_dir_done(&dir);
		assert_int_equal(root_open_dir(&image, "/", &dir), 0);
		root_dir_done(&dir);
	}
}

static void a_root_is_a_directory(void **state)
{
	char path[GROUND_PATH];
	struct croft_error err;
	struct root root = { .fd = -7 };

	(void)state;
	assert_int_equal(root_open("//", &root, &err), 0);
	assert_int_equal(root.fd, -1);
	assert_int_equal(root_open(in_scratch(path, "none"), &root, &err), -ENOENT);
	assert_int_equal(err.stage, CROFT_STAGE_PREPARE);
	assert_non_null(strstr(err.what, path));
	assert_int_equal(root_open(in_scratch(path, "secret"), &root, &err), -ENOTDIR);
	assert_int_equal(root_open(in_scratch(path, "image/fifo"), &root, &err), -ENOTDIR);
	assert_int_equal(root_open("", &root, &err), -ENOENT);
	assert_int_equal(root.fd, -1);
	assert_int_equal(root_open(in_scratch(path, "image"), &root, &err), 0);
	assert_true(root.fd >= 0);
	assert_string_equal(root.path, path);
	root_done(&root);
	assert_int_equal(root.fd, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IMAGE_TEST(a_file_opens_with_what_stat_says_of_it),
		IMAGE_TEST(names_in_an_image_are_followed_as_inside),
		IMAGE_TEST(real_names_in_the_real_root_are_realpaths),
		IMAGE_TEST(what_cannot_be_opened_says_why_in_every_way),
		IMAGE_TEST(fifos_and_devices_are_refused_without_being_opened),
		IMAGE_TEST(what_may_not_be_read_or_searched_is_eacces),
		IMAGE_TEST(a_failure_in_the_middle_is_given_on),
		IMAGE_TEST(an_open_that_is_interrupted_or_raced_is_done_again),
		IMAGE_TEST(a_mount_without_exec_is_told),
		IMAGE_TEST(a_whole_file_is_read_up_to_its_limit),
		IMAGE_TEST(a_directory_opens_for_listing),
		IMAGE_TEST(a_root_is_a_directory),
	};

	return cmocka_run_group_tests(tests, image_open, image_close);
}
