/* SPDX-License-Identifier: MIT */
/*
 * test_doctor_child.c - what probes share: processes of their own, texts of /proc, and who began
 * with what is handed down.
 */
#include "ground.h"

#include "doctor/child.h"
#include "doctor/groups.h"
#include "doctor/since.h"

static int gives(void *arg)
{
	return *(const int *)arg;
}

static int dies(void *unused)
{
	(void)unused;
	(void)kill(getpid(), SIGKILL);
	return 0;
}

static void a_child_tells_by_its_status_or_its_signal(void **state)
{
	int status = 77;

	(void)state;
	assert_int_equal(child_result(gives, &status), 77);
	assert_int_equal(child_result(dies, NULL), CHILD_SIGNALLED + SIGKILL);
	assert_int_equal(child_end(child_start(child_pause, NULL), true),
			 CHILD_SIGNALLED + SIGKILL);
	assert_int_equal(CHILD_ERRNO(-EACCES), EACCES);
	assert_int_equal(CHILD_ERRNO(5), 0);
}

static void lines_are_found_by_their_whole_beginning(void **state)
{
	static const char text[] = "Name:\tx Seccomp: 9\nSeccomp:\t2\nSeccomp_filters:\t1";
	char value[16];

	(void)state;
	assert_true(text_line(text, "Seccomp:", value, sizeof(value)));
	assert_string_equal(value, "2");
	assert_true(text_line(text, "Seccomp_filters:", value, sizeof(value)));
	assert_string_equal(value, "1");
	assert_true(text_line(text, "Name:", value, 4));
	assert_string_equal(value, "x S");
	assert_false(text_line(text, "NoNewPrivs:", value, sizeof(value)));
	assert_string_equal(value, "");
}

static void numbers_end_where_they_end_and_do_not_wrap(void **state)
{
	uint64_t number = 0;

	(void)state;
	assert_int_equal(text_number("4096 x", 10, &number), 0);
	assert_int_equal(number, 4096);
	assert_int_equal(text_number("1f", 16, &number), 0);
	assert_int_equal(number, 31);
	assert_int_equal(text_number("18446744073709551615", 10, &number), 0);
	assert_true(number == UINT64_MAX);
	assert_int_equal(text_number("18446744073709551616", 10, &number), -EINVAL);
	assert_int_equal(text_number("max", 10, &number), -EINVAL);
	assert_int_equal(text_number("", 10, &number), -EINVAL);
	assert_int_equal(text_number("-1", 10, &number), -EINVAL);
}

static void reading_waits_for_nobody_and_takes_what_fits(void **state)
{
	char path[GROUND_PATH], text[4];
	FILE *file;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/fifo", scratch);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(text_read(AT_FDCWD, path, text, sizeof(text)), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(text_read(AT_FDCWD, path, text, sizeof(text)), -ENOENT);
	assert_string_equal(text, "");
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs("abcdef", file) >= 0 && fclose(file) == 0);
	assert_int_equal(text_read(AT_FDCWD, path, text, sizeof(text)), 3);
	assert_string_equal(text, "abc");
	assert_int_equal(unlink(path), 0);
}

static bool is_everybodys(int proc_dir, const void *unused)
{
	(void)proc_dir;
	(void)unused;
	return true;
}

/* What this process has and no other: its number. */
static bool is_ours(int proc_dir, const void *arg)
{
	char text[32];
	uint64_t number;

	return text_read(proc_dir, "stat", text, sizeof(text)) > 0 &&
	       text_number(text, 10, &number) == 0 && (pid_t)number == *(const pid_t *)arg;
}

static void who_began_is_the_last_that_has_it(void **state)
{
	char text[256], wanted[64];
	pid_t self = getpid(), nobody = 0;

	(void)state;
	since_find(self, is_ours, &self, text, sizeof(text));
	(void)snprintf(wanted, sizeof(wanted), "process %d (", self);
	assert_true(!strncmp(text, wanted, strlen(wanted)) && strstr(text, "not its parent"));
	since_find(self, is_ours, &nobody, text, sizeof(text));
	assert_string_equal(text, "");
	since_find(self, is_everybodys, NULL, text, sizeof(text));
	assert_true(strstr(text, "the first process here, 1 (") || strstr(text, "or one before"));
}

static int found_in(const char *text, const char *controller)
{
	char path[GROUND_PATH], group[GROUP_PATH_SIZE];
	int dir, r;
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/cgroup", scratch);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0 && fclose(file) == 0);
	dir = open(scratch, O_PATH | O_CLOEXEC);
	r = group_find(dir, controller, group) == 1 ? 1 : group_is_old(dir, controller) ? 2 : 0;
	(void)close(dir);
	assert_int_equal(unlink(path), 0);
	return r;
}

static void groups_that_lead_out_are_not_followed(void **state)
{
	(void)state;
	assert_int_equal(found_in("0::/../outside\n", "pids"), 0);
	assert_int_equal(found_in("1:name=systemd:/\n0::/a\n", "memory"), 0);
	assert_int_equal(found_in("8:cpu,pidsx:/\n", "pids"), 0);
	assert_true(found_in("8:cpu,pids:/../a\n", "pids") == 2);
	assert_int_equal(found_in("no colon\n8:pids\n", "pids"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_child_tells_by_its_status_or_its_signal),
		cmocka_unit_test(lines_are_found_by_their_whole_beginning),
		cmocka_unit_test(numbers_end_where_they_end_and_do_not_wrap),
		cmocka_unit_test(reading_waits_for_nobody_and_takes_what_fits),
		cmocka_unit_test(who_began_is_the_last_that_has_it),
		cmocka_unit_test(groups_that_lead_out_are_not_followed),
	};

	return cmocka_run_group_tests(tests, ground_open, ground_close);
}
