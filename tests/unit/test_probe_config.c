/* SPDX-License-Identifier: MIT */
/*
 * test_probe_config.c - sysctl.d(5) as systemd reads it, beside a directory that stands for
 * /proc/sys; and files that somebody made to hold the doctor up.
 */
#include "planted_files.h"

#include "doctor/probe_config.h"

static struct files files;

static int setup(void **state)
{
	(void)state;
	files_new(&files);
	files_put(&files, "sys/kernel/here", "1\n");
	files_put(&files, "sys/kernel/range", "1024\t65000\n");
	files_put(&files, "sys/net/ipv4/conf/eth0.1/rp_filter", "2\n");
	files_put(&files, "sys/net/ipv4/conf/lo/rp_filter", "2\n");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	files_end(&files);
	return 0;
}

static void look(void)
{
	struct probe_context context = files_context(&files);
	int sys = openat(files.root, "sys", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	config_look(&context, files.root, sys);
	(void)close(sys);
	files_take(&files);
}

static void a_key_without_a_file_is_told_with_its_line(void **state)
{
	(void)state;
	files_put(&files, "etc/sysctl.d/10-a.conf", "# words\n\n;words\n  kernel.gone = 1\n");
	look();
	files_said(&files, OBS_SYSCTL_LINE, "kernel.gone", "no-key", "/etc/sysctl.d/10-a.conf:4");
	assert_int_equal(observed(&files.set, OBS_SYSCTL_FILES)->value, 1);
}

static void a_key_that_is_in_force_is_not_told(void **state)
{
	(void)state;
	files_put(
		&files, "etc/sysctl.d/a.conf",
		"kernel.here=1\nkernel/here = 0x1\nkernel.here=01\nkernel.range = 1024   65000\n");
	look();
	assert_int_equal(files_count(&files, OBS_SYSCTL_LINE), 0);
	assert_int_equal(files_count(&files, OBS_SYSCTL_FAULT), 0);
	assert_int_equal(observed(&files.set, OBS_SYSCTL_FILES)->value, 4);
}

static void another_value_in_force_is_told(void **state)
{
	(void)state;
	files_put(&files, "etc/sysctl.d/a.conf", "kernel.here=0\n");
	look();
	files_said(&files, OBS_SYSCTL_LINE, "kernel.here", "differs",
		   "/etc/sysctl.d/a.conf:1 sets 0, in force is 1");
}

static void of_one_name_the_first_directory_counts(void **state)
{
	(void)state;
	files_put(&files, "usr/lib/sysctl.d/a.conf", "kernel.of_the_package=1\n");
	files_put(&files, "run/sysctl.d/a.conf", "kernel.of_run=1\n");
	files_put(&files, "etc/sysctl.d/a.conf", "kernel.of_etc=1\n");
	files_put(&files, "usr/local/lib/sysctl.d/b.conf", "kernel.of_local=1\n");
	look();
	assert_int_equal(files_count(&files, OBS_SYSCTL_LINE), 2);
	files_said(&files, OBS_SYSCTL_LINE, "kernel.of_etc", "no-key", "/etc/sysctl.d/a.conf:1");
	files_said(&files, OBS_SYSCTL_LINE, "kernel.of_local", "no-key",
		   "/usr/local/lib/sysctl.d/b.conf:1");
}

static void a_link_to_null_hides_the_others_of_its_name(void **state)
{
	(void)state;
	files_put(&files, "usr/lib/sysctl.d/a.conf", "kernel.gone=1\n");
	files_link(&files, "/dev/null", "etc/sysctl.d/a.conf");
	look();
	assert_int_equal(files_count(&files, OBS_SYSCTL_LINE), 0);
	assert_int_equal(files_count(&files, OBS_SYSCTL_FAULT), 0);
}

/* By the names of the files, whatever their directories; sysctl.conf comes last. */
static void the_later_line_counts(void **state)
{
	(void)state;
	files_put(&files, "usr/lib/sysctl.d/90-late.conf", "kernel.here=1\n");
	files_put(&files, "etc/sysctl.d/10-early.conf", "kernel.here=5\n");
	look();
	assert_int_equal(files_count(&files, OBS_SYSCTL_LINE), 1);
	files_said(&files, OBS_SYSCTL_LINE, "kernel.here", "overridden",
		   "/etc/sysctl.d/10-early.conf:1 sets 5, /usr/lib/sysctl.d/90-late.conf:1 sets 1");
	files_put(&files, "etc/sysctl.conf", "kernel.here=7\n");
	look();
	files_said(&files, OBS_SYSCTL_LINE, "kernel.here", "differs",
		   "/etc/sysctl.conf:1 sets 7, in force is 1");
}

static void sysctl_conf_is_read_once_where_a_link_has_it(void **state)
{
	(void)state;
	files_put(&files, "etc/sysctl.conf", "kernel.gone=1\n");
	files_link(&files, "../sysctl.conf", "etc/sysctl.d/99-sysctl.conf");
	look();
	assert_int_equal(files_count(&files, OBS_SYSCTL_LINE), 1);
	files_said(&files, OBS_SYSCTL_LINE, "kernel.gone", "no-key",
		   "/etc/sysctl.d/99-sysctl.conf:1");
}

static void what_may_fail_is_told_as_that(void **state)
{
	(void)state;
	files_put(&files, "etc/sysctl.d/a.conf", "-kernel.gone=1\n-kernel.not_for_this\n");
	look();
	assert_int_equal(files_count(&files, OBS_SYSCTL_LINE), 1);
	files_said(&files, OBS_SYSCTL_LINE, "kernel.gone", "no-key-optional", "a.conf:1");
}

static void patterns_are_looked_up(void **state)
{
	(void)state;
	files_put(&files, "etc/sysctl.d/a.conf",
		  "net.ipv4.conf.*.rp_filter=2\nnet.ipv4.conf.*.gone=1\nnet.*.conf.l?.rp_filter=2\n"
		  "*.*.*.*.*.*.*=1\n");
	look();
	assert_int_equal(files_count(&files, OBS_SYSCTL_LINE), 2);
	files_said(&files, OBS_SYSCTL_LINE, "net.ipv4.conf.*.gone", "no-key", "a.conf:2");
	files_said(&files, OBS_SYSCTL_LINE, "*.*.*.*.*.*.*", "no-key", "a.conf:4");
}

/* sysctl.d(5): the first of "." and "/" separates, the other is a part of a name. */
static void a_name_with_a_dot_is_written_with_a_slash(void **state)
{
	(void)state;
	files_put(&files, "etc/sysctl.d/a.conf",
		  "net.ipv4.conf.eth0/1.rp_filter=2\nnet/ipv4/conf/eth0.1/rp_filter = 2\n");
	look();
	assert_int_equal(files_count(&files, OBS_SYSCTL_LINE), 0);
}

static void a_line_that_is_none_and_a_key_that_climbs_are_faults(void **state)
{
	(void)state;
	files_put(&files, "etc/passwd", "secret\n");
	files_put(&files, "etc/sysctl.d/a.conf",
		  "kernel.here\n/../etc/passwd=1\nkernel/../../etc/passwd=1\n=1\nkernel..here=1\n");
	look();
	assert_int_equal(files_count(&files, OBS_SYSCTL_LINE), 0);
	assert_int_equal(files_count(&files, OBS_SYSCTL_FAULT), 5);
	files_said(&files, OBS_SYSCTL_FAULT, "/etc/sysctl.d/a.conf:1", "syntax", "");
	files_said(&files, OBS_SYSCTL_FAULT, "/etc/sysctl.d/a.conf:3", "syntax", "");
}

static void what_is_no_file_is_not_waited_for(void **state)
{
	char name[512];

	(void)state;
	files_name(&files, "etc/sysctl.d/fifo.conf", name);
	assert_int_equal(mkfifo(name, 0644), 0);
	files_link(&files, "loop.conf", "etc/sysctl.d/loop.conf");
	files_put(&files, "etc/sysctl.d/folder.conf/inner", "");
	files_put(&files, "etc/sysctl.d/good.conf", "kernel.gone=1\n");
	look();
	files_said(&files, OBS_SYSCTL_FAULT, "/etc/sysctl.d/fifo.conf", "unread", "");
	files_said(&files, OBS_SYSCTL_FAULT, "/etc/sysctl.d/loop.conf", "unread", "");
	files_said(&files, OBS_SYSCTL_FAULT, "/etc/sysctl.d/folder.conf", "unread", "");
	files_said(&files, OBS_SYSCTL_LINE, "kernel.gone", "no-key", "good.conf:1");
}

/* One line in a directory of `n` files, and what is beyond the limits is told as left out. */
static void what_is_too_much_is_left_and_told(void **state)
{
	char name[512];
	int fd;

	(void)state;
	for (int i = 0; i < CONFIG_FILES_MAX + 50; i++) {
		(void)snprintf(name, sizeof(name), "etc/sysctl.d/%04d.conf", i);
		files_put(&files, name, "");
	}
	files_put(&files, "etc/sysctl.conf", "");
	files_name(&files, "etc/sysctl.d/0000.conf", name);
	for (int i = 0; i < CONFIG_FILES_MAX + 50; i++) {
		(void)snprintf(strrchr(name, '/') + 1, 16, "%04d.conf", i);
		fd = open(name, O_WRONLY | O_CLOEXEC);
		assert_true(fd >= 0);
		assert_int_equal(ftruncate(fd, (off_t)1 << 40), 0); /* a hole: a TiB of nothing */
		(void)close(fd);
	}
	look();
	assert_true(files_count(&files, OBS_SYSCTL_FAULT) <= CONFIG_REPORTS_MAX + 1);
	files_said(&files, OBS_SYSCTL_FAULT, "", "limit", "not all of it was looked at");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(a_key_without_a_file_is_told_with_its_line),
		TEST(a_key_that_is_in_force_is_not_told),
		TEST(another_value_in_force_is_told),
		TEST(of_one_name_the_first_directory_counts),
		TEST(a_link_to_null_hides_the_others_of_its_name),
		TEST(the_later_line_counts),
		TEST(sysctl_conf_is_read_once_where_a_link_has_it),
		TEST(what_may_fail_is_told_as_that),
		TEST(patterns_are_looked_up),
		TEST(a_name_with_a_dot_is_written_with_a_slash),
		TEST(a_line_that_is_none_and_a_key_that_climbs_are_faults),
		TEST(what_is_no_file_is_not_waited_for),
		TEST(what_is_too_much_is_left_and_told),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
