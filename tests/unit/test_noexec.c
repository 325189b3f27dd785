/* SPDX-License-Identifier: MIT */
/*
 * test_noexec.c - whether a file lies on a mount without execution, by the text of mountinfo.
 *
 * By the flags of an open file it is asked in tests/cli/test_exec_explained.py, on real mounts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

#include "elf/noexec.h"

static const char text[] = "20 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n"
			   "21 20 0:5 / /tmp rw,nosuid,noexec - tmpfs none rw\n"
			   "22 21 0:6 / /tmp/run rw - tmpfs none rw\n"
			   "23 20 0:7 / /with\\040space rw,noexec - tmpfs none rw\n"
			   "24 20 0:8 / /twice rw,noexec - tmpfs none rw\n"
			   "25 24 0:9 / /twice rw,noexecutable - tmpfs none rw\n";

static void the_nearest_mount_above_a_file_tells(void **state)
{
	(void)state;
	assert_false(noexec_by_text(text, "/bin/sh"));
	assert_true(noexec_by_text(text, "/tmp/prog"));
	assert_true(noexec_by_text(text, "/tmp"));
	assert_false(noexec_by_text(text, "/tmp/run/prog"));
	assert_false(noexec_by_text(text, "/tmpfile"));
	assert_true(noexec_by_text(text, "/with space/prog"));
	assert_false(noexec_by_text(text, "/with"));
}

static void of_two_mounts_on_one_point_the_upper_tells(void **state)
{
	(void)state;
	assert_false(noexec_by_text(text, "/twice/prog"));
}

static void a_text_that_is_cut_or_no_mountinfo_says_no(void **state)
{
	static const char *const texts[] = { "",
					     "\n\n",
					     "21",
					     "21 20 0:5 /",
					     "x\\04",
					     "21 20 0:5 / /tmp\n",
					     "21 20 0:5 / tmp noexec\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_false(noexec_by_text(texts[i], "/tmp/prog"));
	/* each beginning of a sound one */
	for (size_t len = 0; len < sizeof(text); len++) {
		char cut[sizeof(text)];

		for (size_t i = 0; i < len; i++)
			cut[i] = text[i];
		cut[len] = '\0';
		(void)noexec_by_text(cut, "/tmp/prog");
	}
}

static void an_open_file_is_asked_first(void **state)
{
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC), pipe_fds[2];

	(void)state;
	/* whatever this machine mounts /proc with: the same with a name and without */
	assert_true(fd >= 0);
	assert_int_equal(noexec_is_on(fd, ""), noexec_is_on(fd, "/proc/self/status"));
	close(fd);
	assert_false(noexec_is_on(-1, "/bin/sh"));
	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	(void)noexec_is_on(pipe_fds[0], "");
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_nearest_mount_above_a_file_tells),
		cmocka_unit_test(of_two_mounts_on_one_point_the_upper_tells),
		cmocka_unit_test(a_text_that_is_cut_or_no_mountinfo_says_no),
		cmocka_unit_test(an_open_file_is_asked_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
