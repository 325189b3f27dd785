/* SPDX-License-Identifier: MIT */
/* test_fd.c - descriptors have one owner, and short reads and writes are finished. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/calls.h"
#include "sys/fd.h"

static unsigned calls_seen;

/* Every second call is interrupted, the others move one byte. */
static long one_byte_with_interruptions(enum sys_call call, long a, long b, long c, long d, long e,
					long f)
{
	if (calls_seen++ % 2 == 0)
		return -EINTR;
	return sys_real(call, a, b, c > 1 ? 1 : c, d, e, f);
}

static long always_eio(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	(void)call, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
	return -EIO;
}

static long writes_nothing(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	(void)call, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
	return 0;
}

static int restore(void **state)
{
	(void)state;
	for (int i = 0; i < SYS_CALL_MAX; i++)
		sys_replace((enum sys_call)i, NULL);
	calls_seen = 0;
	return 0;
}

static int is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void closing_sets_minus_one_and_leaves_minus_one_alone(void **state)
{
	int fd = sys_openat(AT_FDCWD, "/dev/null", O_RDONLY, 0);
	int number = fd;

	(void)state;
	assert_true(is_open(number));
	fd_close(&fd);
	assert_int_equal(fd, -1);
	assert_false(is_open(number));
	fd_close(&fd);
	assert_int_equal(fd, -1);
}

static void a_scope_closes_what_was_not_taken(void **state)
{
	int kept, closed;

	(void)state;
	{
		AUTO_FD int a = sys_openat(AT_FDCWD, "/dev/null", O_RDONLY, 0);
		AUTO_FD int b = sys_openat(AT_FDCWD, "/dev/null", O_RDONLY, 0);

		closed = a;
		kept = fd_take(&b);
		assert_int_equal(b, -1);
	}
	assert_false(is_open(closed));
	assert_true(is_open(kept));
	(void)close(kept);
}

static void short_and_interrupted_writes_are_finished(void **state)
{
	char got[16] = "";
	int fds[2];

	(void)state;
	assert_int_equal(sys_pipe(fds), 0);
	sys_replace(SYS_CALL_write, one_byte_with_interruptions);
	assert_int_equal(fd_write_all(fds[1], "hello", 5), 0);
	assert_int_equal(calls_seen, 10);
	assert_int_equal(read(fds[0], got, sizeof(got)), 5);
	assert_string_equal(got, "hello");
	fd_close(&fds[0]);
	fd_close(&fds[1]);
}

static void a_failing_write_is_told_and_a_stuck_one_ends(void **state)
{
	(void)state;
	sys_replace(SYS_CALL_write, always_eio);
	assert_int_equal(fd_write_all(1, "x", 1), -EIO);
	sys_replace(SYS_CALL_write, writes_nothing);
	assert_int_equal(fd_write_all(1, "x", 1), -EIO);
	assert_int_equal(fd_write_all(1, "", 0), 0);
}

static void reading_stops_at_the_length_or_the_end(void **state)
{
	char got[16];
	int fds[2];

	(void)state;
	assert_int_equal(sys_pipe(fds), 0);
	assert_int_equal(write(fds[1], "abcdefgh", 8), 8);
	fd_close(&fds[1]);
	sys_replace(SYS_CALL_read, one_byte_with_interruptions);
	assert_int_equal(fd_read_full(fds[0], got, 5), 5);
	assert_memory_equal(got, "abcde", 5);
	assert_int_equal(fd_read_full(fds[0], got, sizeof(got)), 3);
	assert_memory_equal(got, "fgh", 3);
	assert_int_equal(fd_read_full(fds[0], got, sizeof(got)), 0);
	sys_replace(SYS_CALL_read, always_eio);
	assert_int_equal(fd_read_full(fds[0], got, sizeof(got)), -EIO);
	fd_close(&fds[0]);
}

static void small_files_are_read_whole_and_terminated(void **state)
{
	char name[] = "/tmp/croft-test-fd-XXXXXX", data[9];
	int fd = mkstemp(name);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "12345678", 8), 8);
	memset(data, 'x', sizeof(data));
	assert_int_equal(fd_read_file(AT_FDCWD, name, data, sizeof(data)), 8);
	assert_string_equal(data, "12345678");
	assert_int_equal(fd_read_file(AT_FDCWD, name, data, 8), -EFBIG);
	assert_int_equal(fd_read_file(AT_FDCWD, name, data, 0), -EINVAL);
	assert_int_equal(unlink(name), 0);
	assert_int_equal(fd_read_file(AT_FDCWD, name, data, sizeof(data)), -ENOENT);
	assert_int_equal(fd_read_file(AT_FDCWD, "/", data, sizeof(data)), -EISDIR);
	(void)close(fd);
}

static void a_failed_read_closes_the_file(void **state)
{
	char data[8];
	int before = sys_openat(AT_FDCWD, "/dev/null", O_RDONLY, 0), after;

	(void)state;
	(void)sys_close(before);
	sys_replace(SYS_CALL_read, always_eio);
	assert_int_equal(fd_read_file(AT_FDCWD, "/dev/null", data, sizeof(data)), -EIO);
	after = sys_openat(AT_FDCWD, "/dev/null", O_RDONLY, 0);
	assert_int_equal(after, before);
	(void)sys_close(after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(closing_sets_minus_one_and_leaves_minus_one_alone),
		cmocka_unit_test(a_scope_closes_what_was_not_taken),
		cmocka_unit_test_teardown(short_and_interrupted_writes_are_finished, restore),
		cmocka_unit_test_teardown(a_failing_write_is_told_and_a_stuck_one_ends, restore),
		cmocka_unit_test_teardown(reading_stops_at_the_length_or_the_end, restore),
		cmocka_unit_test(small_files_are_read_whole_and_terminated),
		cmocka_unit_test_teardown(a_failed_read_closes_the_file, restore),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
