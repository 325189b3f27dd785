/* SPDX-License-Identifier: MIT */
/*
 * test_refuser.c - who refused a user namespace is told apart by further asking; hosts that this
 * one is not are played by replaced calls, which the child that asks inherits.
 */
#include "ground.h"

#include <asm/unistd.h>
#include <sched.h>
#include <sys/prctl.h>

#include "host/probe.h"

static const char *mountinfo, *clone_sysctl, *max_sysctl; /* NULL: not there */
static long invalid_answer; /* to unshare with a flag that no kernel takes */
static long seccomp_mode;

static int text_file(const char *text)
{
	int ends[2];

	if (!text)
		return -ENOENT;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], text, strlen(text)), strlen(text));
	(void)close(ends[1]);
	return ends[0];
}

static long open_played(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	const char *path = (const char *)(uintptr_t)b;

	if (!strcmp(path, "/proc/self/mountinfo"))
		return text_file(mountinfo);
	if (!strcmp(path, "/proc/sys/kernel/unprivileged_userns_clone"))
		return text_file(clone_sysctl);
	if (!strcmp(path, "/proc/sys/user/max_user_namespaces"))
		return text_file(max_sysctl);
	return sys_real(call, a, b, c, d, e, f);
}

static long raw_played(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	const long *args = (const long *)(uintptr_t)b;

	if (a != __NR_unshare || !(args[0] & CLONE_NEWUSER))
		return sys_real(call, a, b, c, d, e, f);
	if (invalid_answer > 0)
		(void)raise((int)invalid_answer);
	return invalid_answer;
}

static long prctl_played(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	return a == PR_GET_SECCOMP ? seccomp_mode : sys_real(call, a, b, c, d, e, f);
}

static int play(void **state)
{
	(void)state;
	mountinfo = "1 0 0:1 / / rw - ext4 /dev/sda1 rw\n2 1 0:2 / /proc rw - proc proc rw\n";
	clone_sysctl = NULL;
	max_sysctl = "1000\n";
	invalid_answer = -EINVAL;
	seccomp_mode = 0;
	sys_replace(SYS_CALL_openat, open_played);
	sys_replace(SYS_CALL_raw, raw_played);
	sys_replace(SYS_CALL_prctl, prctl_played);
	return 0;
}

static void an_answer_to_the_invalid_flag_that_is_not_the_kernels_is_a_filters(void **state)
{
	static const long answers[] = { -EPERM, -ENOSYS, -EACCES, SIGSYS };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		invalid_answer = answers[i];
		seccomp_mode = 2;
		assert_int_equal(host_find_refuser(EPERM), NS_REFUSER_FILTER);
		assert_int_equal(host_find_refuser(ENOSYS), NS_REFUSER_FILTER);
		/* and where no filter is in force it is some odd kernel's */
		seccomp_mode = 0;
		assert_int_equal(host_find_refuser(EPERM), NS_REFUSER_UNKNOWN);
	}
}

static void a_filter_that_lets_the_invalid_flag_through_is_not_blamed(void **state)
{
	(void)state;
	seccomp_mode = 2;
	assert_int_equal(host_find_refuser(EPERM), NS_REFUSER_UNKNOWN);
	invalid_answer = 0; /* gVisor takes it */
	assert_int_equal(host_find_refuser(EPERM), NS_REFUSER_UNKNOWN);
}

static void a_root_that_is_no_mount_is_a_chroot(void **state)
{
	(void)state;
	mountinfo = "2 1 0:2 / /proc rw - proc proc rw\n";
	assert_int_equal(host_find_refuser(EPERM), NS_REFUSER_CHROOT);
	assert_int_equal(host_find_refuser(EACCES), NS_REFUSER_UNKNOWN);
	/* nothing can be said where nothing can be read */
	mountinfo = NULL;
	assert_int_equal(host_find_refuser(EPERM), NS_REFUSER_UNKNOWN);
}

static void a_sysctl_of_zero_is_blamed_only_for_its_own_errno(void **state)
{
	(void)state;
	clone_sysctl = "0\n";
	assert_int_equal(host_find_refuser(EPERM), NS_REFUSER_SYSCTL);
	assert_int_equal(host_find_refuser(ENOSYS), NS_REFUSER_UNKNOWN);
	clone_sysctl = "1\n";
	assert_int_equal(host_find_refuser(EPERM), NS_REFUSER_UNKNOWN);
	max_sysctl = "0\n";
	assert_int_equal(host_find_refuser(EPERM), NS_REFUSER_UNKNOWN);
	assert_int_equal(host_find_refuser(ENOSPC), NS_REFUSER_LIMIT);
	assert_int_equal(host_find_refuser(EUSERS), NS_REFUSER_LIMIT);
	max_sysctl = "10\n";
	assert_int_equal(host_find_refuser(ENOSPC), NS_REFUSER_NESTING);
}

static void what_an_errno_tells_by_itself_is_not_asked_about(void **state)
{
	static const int errnums[] = { EACCES, EINVAL, EAGAIN, ENOMEM, ENOTSUP };

	(void)state;
	invalid_answer = -EPERM;
	seccomp_mode = 2;
	for (size_t i = 0; i < ARRAY_SIZE(errnums); i++)
		assert_int_equal(host_find_refuser(errnums[i]), NS_REFUSER_UNKNOWN);
}

static void this_kernel_answers_the_invalid_flag_itself_or_a_filter_does(void **state)
{
	enum host_refuser found;

	(void)ground_restore(state);
	found = host_find_refuser(EPERM);
	assert_true(found == NS_REFUSER_UNKNOWN || found == NS_REFUSER_SYSCTL ||
		    prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 2 || found == NS_REFUSER_CHROOT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, play, ground_restore)
		TEST(an_answer_to_the_invalid_flag_that_is_not_the_kernels_is_a_filters),
		TEST(a_filter_that_lets_the_invalid_flag_through_is_not_blamed),
		TEST(a_root_that_is_no_mount_is_a_chroot),
		TEST(a_sysctl_of_zero_is_blamed_only_for_its_own_errno),
		TEST(what_an_errno_tells_by_itself_is_not_asked_about),
		TEST(this_kernel_answers_the_invalid_flag_itself_or_a_filter_does),
	};

	return cmocka_run_group_tests(tests, ground_open, ground_close);
}
