/* SPDX-License-Identifier: MIT */
/*
 * test_walk.c - a name that cannot be opened is walked, and the walk says which part of it failed,
 * behind which link; a walk comes to an end whatever the names are.
 */
#include "image.h"

#include "elf/walk.h"

#define DEEP 200

struct walk_case {
	const char *workdir, *name;
	int errnum;
	const char *at, *link, *real;
	mode_t type;
};

static const struct walk_case image_cases[] = {
	/* what is there */
	{ NULL, "/", 0, "", "", "/", S_IFDIR },
	{ NULL, "/..", 0, "", "", "/", S_IFDIR },
	{ NULL, "/usr/lib/x", 0, "", "", "/usr/lib/x", S_IFREG },
	{ NULL, "/lib/x", 0, "", "/lib", "/usr/lib/x", S_IFREG },
	{ NULL, "/lib/", 0, "", "/lib", "/usr/lib", S_IFDIR },
	{ NULL, "/chain", 0, "", "/abs", "/usr/lib/x", S_IFREG },
	{ NULL, "/dots", 0, "", "/dots", "/usr/lib/x", S_IFREG },
	{ NULL, "/fifo", 0, "", "", "/fifo", S_IFIFO },
	{ NULL, "/socket", 0, "", "", "/socket", S_IFSOCK },
	{ "/usr", "lib/x", 0, "", "", "/usr/lib/x", S_IFREG },
	{ "/lib/deep", "../x", 0, "", "/lib", "/usr/lib/x", S_IFREG },
	{ "/usr", "/empty", 0, "", "", "/empty", S_IFREG },
	/* what is missing, at once or behind a link */
	{ NULL, "/none", ENOENT, "/none", "", "", 0 },
	{ NULL, "/none/x/y", ENOENT, "/none", "", "", 0 },
	{ NULL, "/usr/lib/none", ENOENT, "/usr/lib/none", "", "", 0 },
	{ NULL, "/lib/none", ENOENT, "/usr/lib/none", "/lib", "", 0 },
	{ NULL, "/dangling", ENOENT, "/usr/none", "/dangling", "", 0 },
	{ NULL, "/out-up", ENOENT, "/secret", "/out-up", "", 0 },
	{ NULL, "/out-dir/secret", ENOENT, "/beside", "/out-dir", "", 0 },
	{ NULL, "/usr/out", ENOENT, "/beside", "/usr/out", "", 0 },
	{ "/none", "x", ENOENT, "/none", "", "", 0 },
	{ NULL, "", ENOENT, "", "", "", 0 },
	/* files that stand where a directory should */
	{ NULL, "/empty/x", ENOTDIR, "/empty", "", "", 0 },
	{ NULL, "/empty/", ENOTDIR, "/empty", "", "", 0 },
	{ NULL, "/abs/../y", ENOTDIR, "/usr/lib/x", "/abs", "", 0 },
	{ NULL, "/fifo/x", ENOTDIR, "/fifo", "", "", 0 },
	/* circles */
	{ NULL, "/loop", ELOOP, "/loop", "/loop", "", 0 },
	{ NULL, "/loop/x", ELOOP, "/loop", "/loop", "", 0 },
};

static void check_walk(const struct root *root, const struct walk_case *c)
{
	struct root_walk walk;

	memset(&walk, 'x', sizeof(walk));
	root_walk(root, c->workdir, c->name, &walk);
	if (walk.errnum != c->errnum || (walk.mode & S_IFMT) != c->type ||
	    strcmp(walk.at, c->at) != 0 || strcmp(walk.link, c->link) != 0 ||
	    strcmp(walk.real, c->real) != 0)
		fail_msg("'%s': %d, mode %o, at '%s', link '%s', real '%s'", c->name, walk.errnum,
			 walk.mode, walk.at, walk.link, walk.real);
}

static void a_walk_in_an_image_tells_the_part_and_the_link(void **state)
{
	(void)state;
	for (size_t w = 0; w < ARRAY_SIZE(ways); w++) {
		take_way(&ways[w]);
		for (size_t i = 0; i < ARRAY_SIZE(image_cases); i++)
			check_walk(&image, &image_cases[i]);
	}
}

/* The directory's name, and `name` in it; a few buffers in turn. */
static const char *real_name(const char *name)
{
	static char texts[8][GROUND_PATH];
	static unsigned next;

	return in_scratch(texts[next++ % 8], name);
}

static void a_walk_in_the_real_root_tells_it_too(void **state)
{
	const struct walk_case cases[] = {
		{ NULL, "/", 0, "", "", "/", S_IFDIR },
		{ NULL, "/dev/null", 0, "", "", "/dev/null", S_IFCHR },
		{ scratch, "image/lib/x", 0, "", real_name("image/lib"),
		  real_name("image/usr/lib/x"), S_IFREG },
		{ NULL, "/nowhere/at/all", ENOENT, "/nowhere", "", "", 0 },
		{ scratch, "image/out-up", 0, "", real_name("image/out-up"), real_name("secret"),
		  S_IFREG },
		{ scratch, "image/dangling", ENOENT, "/usr/none", real_name("image/dangling"), "",
		  0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_walk(&host, &cases[i]);
}

static void the_kernel_jumps_where_a_link_of_proc_does(void **state)
{
	char path[GROUND_PATH], link[64], *real = realpath("/proc/self/exe", NULL);
	int fd = open(in_scratch(path, "secret"), O_RDONLY | O_CLOEXEC), ends[2];
	struct root_walk walk;

	(void)state;
	root_walk(&host, NULL, "/proc/self/exe", &walk);
	assert_int_equal(walk.errnum, 0);
	assert_string_equal(walk.real, real);
	free(real);
	root_walk(&host, NULL, "/proc/self/root/etc/../dev/null", &walk);
	assert_int_equal(walk.errnum, 0);
	assert_string_equal(walk.real, "/dev/null");
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	root_walk(&host, NULL, link, &walk);
	assert_string_equal(walk.real, path);
	(void)close(fd);
	assert_return_code(pipe2(ends, O_CLOEXEC), errno);
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", ends[0]);
	root_walk(&host, NULL, link, &walk);
	assert_int_equal(walk.errnum, 0);
	assert_true(S_ISFIFO(walk.mode));
	(void)close(ends[0]);
	(void)close(ends[1]);
}

static int walks_without_capabilities(void *data)
{
	const struct sys_caps none = { 0 };
	struct root_walk walk;
	char path[GROUND_PATH];

	(void)data;
	EXPECT(chmod(in_scratch(path, "image/usr/lib/deep"), 0) == 0);
	(void)sys_capset(&none);
	root_walk(&image, NULL, "/lib/deep/y", &walk);
	EXPECT(walk.errnum == EACCES && strcmp(walk.at, "/usr/lib/deep") == 0);
	EXPECT(strcmp(walk.link, "/lib") == 0 && walk.mode == 0);
	root_walk(&image, "/lib/deep", "../x", &walk);
	EXPECT(walk.errnum == EACCES && strcmp(walk.at, "/usr/lib/deep") == 0);
	root_walk(&host, scratch, "image/lib/deep/y", &walk);
	EXPECT(walk.errnum == EACCES);
	EXPECT(strcmp(walk.at, in_scratch(path, "image/usr/lib/deep")) == 0);
	/* it is there itself, and what is beside it may be walked */
	root_walk(&image, NULL, "/lib/deep", &walk);
	EXPECT(walk.errnum == 0 && S_ISDIR(walk.mode));
	root_walk(&image, NULL, "/lib/x", &walk);
	EXPECT(walk.errnum == 0);
	EXPECT(chmod(in_scratch(path, "image/usr/lib/deep"), 0755) == 0);
	return 0;
}

static void a_directory_that_may_not_be_searched_is_named(void **state)
{
	(void)state;
	assert_int_equal(in_child(walks_without_capabilities, NULL), 0);
}

static void a_failing_call_is_the_walks_error(void **state)
{
	static const enum sys_call calls[] = { SYS_CALL_openat, SYS_CALL_newfstatat,
					       SYS_CALL_readlinkat };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		struct root_walk walk;

		(void)ground_restore(NULL);
		ground_replace(calls[i], -EIO);
		root_walk(&image, NULL, "/lib/x", &walk);
		assert_int_equal(walk.errnum, EIO);
		assert_string_equal(walk.real, "");
		assert_int_equal(walk.mode, 0);
	}
}

/* Bounds */

static void forty_links_are_followed_and_no_more(void **state)
{
	char name[32], target[32];

	(void)state;
	make_dir("image/links");
	make_file("image/links/0", "inside", 0644);
	for (int i = 1; i <= 41; i++) {
		(void)snprintf(target, sizeof(target), "%d", i - 1);
		(void)snprintf(name, sizeof(name), "image/links/%d", i);
		make_link(target, name);
	}
	for (size_t w = 0; w < ARRAY_SIZE(ways); w++) {
		struct root_file file;
		struct root_walk walk;

		take_way(&ways[w]);
		assert_int_equal(root_open_file(&image, NULL, "/links/40", &file), 0);
		root_file_done(&file);
		root_walk(&image, NULL, "/links/40", &walk);
		assert_int_equal(walk.errnum, 0);
		assert_int_equal(root_open_file(&image, NULL, "/links/41", &file), -ELOOP);
		root_walk(&image, NULL, "/links/41", &walk);
		assert_int_equal(walk.errnum, ELOOP);
	}
}

static void names_at_the_limits_of_length_are_walked(void **state)
{
	static char text[PATH_MAX + 100];
	struct root_walk walk;

	(void)state;
	/* 255 bytes are a name */
	memset(text, 'n', NAME_MAX + 1);
	text[0] = '/';
	root_walk(&image, NULL, text, &walk);
	assert_int_equal(walk.errnum, ENOENT);
	assert_string_equal(walk.at, text);
	text[NAME_MAX + 1] = 'n';
	root_walk(&image, NULL, text, &walk);
	assert_int_equal(walk.errnum, ENAMETOOLONG);
	assert_string_equal(walk.at, "/");
	/* 4095 are a path, and what a link makes longer is none */
	for (size_t i = 0; i + 1 < sizeof(text); i++)
		text[i] = i % 2 ? '.' : '/';
	text[PATH_MAX - 1] = '\0';
	root_walk(&image, NULL, text, &walk);
	assert_int_equal(walk.errnum, 0);
	text[PATH_MAX - 1] = '.';
	text[PATH_MAX] = '\0';
	root_walk(&image, NULL, text, &walk);
	assert_int_equal(walk.errnum, ENAMETOOLONG);
	for (size_t i = 0; i + 1 < PATH_MAX; i++)
		text[i] = i % 2 ? '.' : '/';
	memcpy(text, "/dots/", 6);
	text[PATH_MAX - 1] = '\0';
	root_walk(&image, NULL, text, &walk);
	assert_int_equal(walk.errnum, ENAMETOOLONG);
	assert_string_equal(walk.at, "/dots");
}

static void a_name_that_goes_up_and_down_for_ever_ends(void **state)
{
	static char name[PATH_MAX];
	char path[GROUND_PATH];
	struct root_walk walk;
	size_t len = 0;
	int fd = open(in_scratch(path, "image"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	for (int i = 0; i < DEEP; i++) {
		int next;

		assert_return_code(mkdirat(fd, "d", 0755), errno);
		next = openat(fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		(void)close(fd);
		fd = next;
		memcpy(name + len, "/d", 2);
		len += 2;
	}
	(void)close(fd);
	/* a few times are fine, hundreds are nobody's name */
	memcpy(name + len, "/../d/../d", 11);
	root_walk(&image, NULL, name, &walk);
	assert_int_equal(walk.errnum, 0);
	assert_int_equal(strlen(walk.real), len);
	for (; len + 6 < sizeof(name); len += 5)
		memcpy(name + len, "/../d", 6);
	root_walk(&image, NULL, name, &walk);
	assert_int_equal(walk.errnum, ELOOP);
}

static void the_real_name_of_another_file_is_not_told(void **state)
{
	char path[GROUND_PATH], real[PATH_MAX] = "untouched";
	struct stat st;

	(void)state;
	assert_return_code(stat(in_scratch(path, "image/usr/lib/x"), &st), errno);
	walk_find_real(&image, "/abs", &st, real);
	assert_string_equal(real, "/usr/lib/x");
	walk_find_real(&image, "/empty", &st, real);
	assert_string_equal(real, "");
	walk_find_real(&image, "/none", &st, real);
	assert_string_equal(real, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IMAGE_TEST(a_walk_in_an_image_tells_the_part_and_the_link),
		IMAGE_TEST(a_walk_in_the_real_root_tells_it_too),
		IMAGE_TEST(the_kernel_jumps_where_a_link_of_proc_does),
		IMAGE_TEST(a_directory_that_may_not_be_searched_is_named),
		IMAGE_TEST(a_failing_call_is_the_walks_error),
		IMAGE_TEST(forty_links_are_followed_and_no_more),
		IMAGE_TEST(names_at_the_limits_of_length_are_walked),
		IMAGE_TEST(a_name_that_goes_up_and_down_for_ever_ends),
		IMAGE_TEST(the_real_name_of_another_file_is_not_told),
	};

	return cmocka_run_group_tests(tests, image_open, image_close);
}
