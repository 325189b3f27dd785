/* SPDX-License-Identifier: MIT */
/*
 * test_root_hostile.c - nothing leads out of an image, and nothing comes in between the two halves
 * of opening a file: not links, not what a thread swaps while names are walked.
 */
#include "image.h"

#include <pthread.h>
#include <stdatomic.h>

#define RENAME_EXCHANGE_FLAG 2U /* RENAME_EXCHANGE */
#define SWAP_ROUNDS 3000

/* Ways out */

static void no_link_leads_out_of_an_image(void **state)
{
	static const char *const names[] = { "/out-abs",
					     "/out-up",
					     "/out-dir/secret",
					     "/usr/out",
					     "/lib/../../secret",
					     "/../secret",
					     "../../../../../../../../../secret" };

	(void)state;
	for (size_t w = 0; w < ARRAY_SIZE(ways); w++) {
		take_way(&ways[w]);
		for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
			struct root_file file;
			struct root_dir dir;
			int r = root_open_file(&image, NULL, names[i], &file);

			if (r != -ENOENT)
				fail_msg("%s, %s: %d", ways[w].name, names[i], r);
			assert_int_equal(root_open_dir(&image, names[i], &dir), -ENOENT);
		}
	}
}

static void links_of_proc_that_jump_are_not_followed_in_an_image(void **state)
{
	struct croft_error err;
	struct root proc;

	(void)state;
	assert_int_equal(root_open("/proc", &proc, &err), 0);
	for (size_t w = 0; w < ARRAY_SIZE(ways); w++) {
		struct root_file file;
		struct root_dir dir;

		take_way(&ways[w]);
		assert_int_equal(root_open_file(&proc, NULL, "/self/exe", &file), -ELOOP);
		assert_int_equal(root_open_file(&proc, NULL, "/self/root/etc/passwd", &file),
				 -ELOOP);
		assert_int_equal(root_open_dir(&proc, "/self/cwd", &dir), -ELOOP);
		/* but those that name something in /proc are */
		assert_int_equal(root_open_file(&proc, NULL, "/self/status", &file), 0);
		root_file_done(&file);
	}
	root_done(&proc);
}

struct swap {
	const char *one, *two;
	atomic_bool stop;
	atomic_uint swaps;
};

static void *swap_names(void *data)
{
	struct swap *swap = data;
	char one[GROUND_PATH], two[GROUND_PATH];

	(void)in_scratch(one, swap->one);
	(void)in_scratch(two, swap->two);
	while (!atomic_load(&swap->stop)) {
		if (renameat2(AT_FDCWD, one, AT_FDCWD, two, RENAME_EXCHANGE_FLAG) == 0)
			atomic_fetch_add(&swap->swaps, 1);
	}
	return NULL;
}

/* Opens names while another thread swaps: what opens is never the text that lies outside. */
static void open_while_swapping(struct swap *swap, const char *name)
{
	unsigned opened = 0;
	pthread_t thread;

	atomic_store(&swap->stop, false);
	atomic_store(&swap->swaps, 0);
	assert_int_equal(pthread_create(&thread, NULL, swap_names, swap), 0);
	for (int i = 0; i < SWAP_ROUNDS || !opened || !atomic_load(&swap->swaps); i++) {
		struct root_file file;
		char text[16];

		if (root_open_file(&image, NULL, name, &file) != 0)
			continue;
		opened++;
		assert_true(file.real[0] == '\0' || file.real[0] == '/');
		assert_null(strstr(file.real, "beside"));
		assert_string_equal(text_and_close(&file, text, sizeof(text)), "inside");
	}
	atomic_store(&swap->stop, true);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

static void a_directory_swapped_for_a_link_does_not_lead_out(void **state)
{
	struct swap swap = { .one = "image/d", .two = "image/d-link" };

	(void)state;
	make_dir("image/d");
	make_file("image/d/secret", "inside", 0644);
	make_link("../beside", "image/d-link");
	for (size_t w = 0; w < ARRAY_SIZE(ways); w++) {
		take_way(&ways[w]);
		open_while_swapping(&swap, "/d/secret");
	}
}

static void a_directory_moved_out_does_not_take_the_walk_with_it(void **state)
{
	struct swap swap = { .one = "image/m/sub", .two = "beside/sub" };

	(void)state;
	make_dir("image/m");
	make_dir("image/m/sub");
	make_dir("beside/sub");
	make_file("image/m/secret", "inside", 0644);
	for (size_t w = 0; w < ARRAY_SIZE(ways); w++) {
		take_way(&ways[w]);
		open_while_swapping(&swap, "/m/sub/../secret");
	}
}

/* Between the two halves of opening */

/* Does something to a name right before it is opened for reading. */
static void (*before_reading)(void);
static bool is_proc_hidden;

static long acts_before_reading(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	void (*act)(void) = before_reading;

	if (is_fd_name(b) && is_proc_hidden)
		return -ENOENT;
	if (!(c & O_PATH) && act) {
		before_reading = NULL;
		act();
	}
	return sys_real(call, a, b, c, d, e, f);
}

static void put_another_there(void)
{
	char path[GROUND_PATH], other[GROUND_PATH];

	make_file("image/other", "other", 0644);
	assert_return_code(rename(in_scratch(other, "image/other"), in_scratch(path, "image/file")),
			   errno);
}

static void put_a_fifo_there(void)
{
	char path[GROUND_PATH], other[GROUND_PATH];

	make_node("image/other", S_IFIFO);
	assert_return_code(rename(in_scratch(other, "image/other"), in_scratch(path, "image/file")),
			   errno);
}

static void remove_it(void)
{
	char path[GROUND_PATH];

	assert_return_code(unlink(in_scratch(path, "image/file")), errno);
}

static void a_file_swapped_between_the_opens_is_the_first_or_none(void **state)
{
	static void (*const acts[])(void) = { put_another_there, put_a_fifo_there, remove_it };
	char text[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(acts); i++) {
		struct root_file file;

		/* with /proc it is opened by descriptor, whatever the name leads to now */
		make_file("image/file", "first", 0644);
		sys_replace(SYS_CALL_openat, acts_before_reading);
		before_reading = acts[i];
		is_proc_hidden = false;
		assert_int_equal(open_in(&host, "/file", &file), 0);
		assert_string_equal(file.real, "");
		assert_string_equal(text_and_close(&file, text, sizeof(text)), "first");
		assert_null(before_reading);

		/* without it the name is asked again */
		(void)unlink(in_scratch((char[GROUND_PATH]){ 0 }, "image/file"));
		make_file("image/file", "first", 0644);
		before_reading = acts[i];
		is_proc_hidden = true;
		assert_int_equal(open_in(&host, "/file", &file),
				 acts[i] == remove_it ? -ENOENT : -ESTALE);
		assert_null(before_reading);
		(void)unlink(in_scratch((char[GROUND_PATH]){ 0 }, "image/file"));
	}
}

static void put_a_link_there(void)
{
	char path[GROUND_PATH];

	assert_return_code(unlink(in_scratch(path, "image/file")), errno);
	make_link("usr/lib/x", "image/file");
}

/* The name is followed here, not by the kernel: a link that took its place must not be. */
static void a_link_put_there_before_the_second_open_is_not_followed(void **state)
{
	char path[GROUND_PATH];
	struct root_file file;

	(void)state;
	make_file("image/file", "first", 0644);
	ground_replace(SYS_CALL_openat2, -ENOSYS);
	sys_replace(SYS_CALL_openat, acts_before_reading);
	before_reading = put_a_link_there;
	is_proc_hidden = true;
	assert_int_equal(root_open_file(&image, NULL, "/file", &file), -ELOOP);
	assert_null(before_reading);
	assert_return_code(unlink(in_scratch(path, "image/file")), errno);
}

static void a_name_that_looks_deleted_is_a_name(void **state)
{
	struct root_file file;

	(void)state;
	make_file("image/x (deleted)", "", 0644);
	assert_int_equal(root_open_file(&image, NULL, "/x (deleted)", &file), 0);
	assert_string_equal(file.real, "/x (deleted)");
	root_file_done(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IMAGE_TEST(no_link_leads_out_of_an_image),
		IMAGE_TEST(links_of_proc_that_jump_are_not_followed_in_an_image),
		IMAGE_TEST(a_directory_swapped_for_a_link_does_not_lead_out),
		IMAGE_TEST(a_directory_moved_out_does_not_take_the_walk_with_it),
		IMAGE_TEST(a_file_swapped_between_the_opens_is_the_first_or_none),
		IMAGE_TEST(a_link_put_there_before_the_second_open_is_not_followed),
		IMAGE_TEST(a_name_that_looks_deleted_is_a_name),
	};

	return cmocka_run_group_tests(tests, image_open, image_close);
}
