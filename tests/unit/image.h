/* SPDX-License-Identifier: MIT */
/*
 * image.h - a small image below the scratch directory, and the ways to follow a name in it.
 *
 * The tree (scratch/image is the image, what lies beside it is outside):
 *
 *   secret  beside/secret  image/usr/lib/x  image/usr/lib/deep/y  image/lib -> usr/lib
 *   image/abs -> /usr/lib/x  image/chain -> lib/link  image/usr/lib/link -> ../../abs
 *   image/dangling -> /usr/none/x  image/loop -> loop  image/dots -> ../../../../usr/lib/x
 *   image/fifo  image/socket  image/empty
 *   and ways out: image/out-abs -> <scratch>/secret, image/out-up -> ../secret,
 *   image/out-dir -> ../beside, image/usr/out -> ../../beside/../secret
 *
 * A way takes something from the kernel: openat2 (by ENOSYS or a filter's EPERM), /proc, or both.
 */
#ifndef CROFT_TESTS_UNIT_IMAGE_H
#define CROFT_TESTS_UNIT_IMAGE_H

#include "ground.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "elf/root.h"
#include "sys/fd.h"

struct way {
	const char *name;
	int openat2; /* what openat2 answers; 0: the kernel's own answer */
	bool has_no_proc;
};

static const struct way ways[] = {
	{ "all", 0, false },
	{ "no openat2", -ENOSYS, false },
	{ "openat2 filtered", -EPERM, false },
	{ "no /proc", 0, true },
	{ "neither", -ENOSYS, true },
};

static bool is_fd_name(long path)
{
	static const char names[] = "/proc/self/fd/";

	return strncmp((const char *)(uintptr_t)path, names, sizeof(names) - 1) == 0;
}

static inline long image_hides_proc(enum sys_call call, long a, long b, long c, long d, long e,
				    long f)
{
	return is_fd_name(b) ? -ENOENT : sys_real(call, a, b, c, d, e, f);
}

static inline void take_way(const struct way *way)
{
	(void)ground_restore(NULL);
	if (way->openat2)
		ground_replace(SYS_CALL_openat2, way->openat2);
	if (way->has_no_proc) {
		sys_replace(SYS_CALL_openat, image_hides_proc);
		sys_replace(SYS_CALL_readlinkat, image_hides_proc);
	}
}

static struct root image, host;
static int image_free; /* the lowest free descriptor before each test */

static inline void make_link(const char *target, const char *name)
{
	char path[GROUND_PATH];

	assert_return_code(symlink(target, in_scratch(path, name)), errno);
}

static inline void make_node(const char *name, mode_t type)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char path[GROUND_PATH];
	int fd;

	(void)in_scratch(path, name);
	if (S_ISFIFO(type)) {
		assert_return_code(mkfifo(path, 0644), errno);
		return;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(strlen(path) < sizeof(address.sun_path));
	memcpy(address.sun_path, path, strlen(path) + 1);
	assert_return_code(bind(fd, (const void *)&address, sizeof(address)), errno);
	(void)close(fd);
}

static inline void fill_image(void)
{
	static const char *const dirs[] = { "beside", "image", "image/usr", "image/usr/lib",
					    "image/usr/lib/deep" };
	static const char *const links[][2] = {
		{ "usr/lib", "image/lib" },
		{ "/usr/lib/x", "image/abs" },
		{ "lib/link", "image/chain" },
		{ "../../abs", "image/usr/lib/link" },
		{ "/usr/none/x", "image/dangling" },
		{ "loop", "image/loop" },
		{ "../../../../usr/lib/x", "image/dots" },
		{ "../secret", "image/out-up" },
		{ "../beside", "image/out-dir" },
		{ "../../beside/../secret", "image/usr/out" },
	};
	char path[GROUND_PATH];

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		make_dir(dirs[i]);
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		make_link(links[i][0], links[i][1]);
	make_link(in_scratch(path, "secret"), "image/out-abs");
	make_file("secret", "secret", 0644);
	make_file("beside/secret", "secret", 0644);
	make_file("image/usr/lib/x", "inside", 0640);
	make_file("image/usr/lib/deep/y", "inside", 0755);
	make_file("image/empty", "", 0600);
	make_node("image/fifo", S_IFIFO);
	make_node("image/socket", S_IFSOCK);
}

static inline int image_open(void **state)
{
	static char path[GROUND_PATH];
	struct croft_error err;

	if (ground_open(state) != 0)
		return -1;
	fill_image();
	if (root_open("/", &host, &err) != 0)
		return -1;
	return root_open(in_scratch(path, "image"), &image, &err);
}

static inline int image_close(void **state)
{
	root_done(&image);
	root_done(&host);
	return ground_close(state);
}

/* Around each test: the real calls again, and no descriptor was left open. */
static inline int image_before(void **state)
{
	(void)state;
	image_free = lowest_free();
	return image_free < 0;
}

static inline int image_after(void **state)
{
	int now;

	(void)ground_restore(state);
	now = lowest_free();
	if (now != image_free)
		print_error("the lowest free descriptor was %d, now it is %d\n", image_free, now);
	return now != image_free;
}

#define IMAGE_TEST(test) cmocka_unit_test_setup_teardown(test, image_before, image_after)

/* Opens in both roots: the image's name, and the same below the scratch directory. */
static inline int open_in(const struct root *root, const char *name, struct root_file *file)
{
	char path[GROUND_PATH];

	if (root->fd >= 0)
		return root_open_file(root, NULL, name, file);
	(void)snprintf(path, sizeof(path), "%s/image%s", scratch, name);
	return root_open_file(root, NULL, path, file);
}

/* The text of an opened file; closes it. */
static inline const char *text_and_close(struct root_file *file, char *text, size_t size)
{
	ssize_t n = fd_read_full(file->fd, text, size - 1);

	text[n > 0 ? n : 0] = '\0';
	root_file_done(file);
	return text;
}

#endif
