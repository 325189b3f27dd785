/* SPDX-License-Identifier: MIT */
/*
 * test_host.c - the probe keeps the kernel's answers apart. Kernels that answer
 * otherwise are played by replaced calls.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/host.h"
#include "sys/calls.h"

static int answer;

static long gives_answer(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	(void)call, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
	return answer;
}

static int restore(void **state)
{
	(void)state;
	for (int i = 0; i < SYS_CALL_MAX; i++)
		sys_replace((enum sys_call)i, NULL);
	return 0;
}

/* The lowest free descriptor: the same before and after means that none was left open. */
static int lowest_free(void)
{
	int fd = sys_openat(AT_FDCWD, "/dev/null", 0, 0);

	assert_true(fd >= 0);
	(void)sys_close(fd);
	return fd;
}

static void assert_no_children(void)
{
	assert_int_equal(sys_wait4(-1, NULL, __WALL | WNOHANG, NULL), -ECHILD);
}

static void the_probe_tells_what_this_kernel_answers(void **state)
{
	int abi = sys_landlock_create_ruleset(NULL, 0, ABI_LANDLOCK_CREATE_RULESET_VERSION);
	int before = lowest_free();
	struct croft_error err;
	struct host host;

	(void)state;
	assert_int_equal(host_probe(&host, &err), 0);
	assert_int_equal(host.arch, ARCH_NATIVE);
	assert_true(strlen(host.kernel_release) > 0);
	assert_int_equal(host.uid, geteuid());
	assert_int_equal(host.landlock.abi, abi > 0 ? abi : 0);
	assert_int_equal(host.landlock.errnum, abi > 0 ? 0 : -abi);
	assert_int_equal(host.landlock.enforces, HOST_UNKNOWN);
	assert_int_equal(host.ns[HOST_NS_USER].works, HOST_UNKNOWN);
	assert_int_equal(host.cgroup.is_delegated, HOST_UNKNOWN);
	assert_int_equal(lowest_free(), before);
	assert_no_children();
}

static void each_landlock_errno_is_kept_apart(void **state)
{
	static const int errnums[] = { ENOSYS, EOPNOTSUPP, EPERM, EINVAL };
	struct host host;

	(void)state;
	sys_replace(SYS_CALL_landlock_create_ruleset, gives_answer);
	for (size_t i = 0; i < ARRAY_SIZE(errnums); i++) {
		answer = -errnums[i];
		assert_int_equal(host_probe(&host, NULL), 0);
		assert_int_equal(host.landlock.errnum, errnums[i]);
		assert_int_equal(host.landlock.abi, 0);
		assert_false(host.landlock.has_errata);
		assert_int_equal(host_probe_enforcement(&host, NULL), 0);
		assert_int_equal(host.landlock.enforces, HOST_NO);
	}
	answer = 0;
	assert_int_equal(host_probe(&host, NULL), 0);
	assert_int_equal(host.landlock.errnum, EINVAL);
}

static int errata_answer;

/* A kernel of ABI 4 with or without the errata question (since 6.15). */
static long landlock_of_abi_4(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	if (a == 0 && c == (long)ABI_LANDLOCK_CREATE_RULESET_VERSION)
		return 4;
	if (a == 0 && c == (long)ABI_LANDLOCK_CREATE_RULESET_ERRATA)
		return errata_answer;
	return sys_real(call, a, b, c, d, e, f);
}

static void an_unknown_errata_question_is_not_an_empty_answer(void **state)
{
	struct host host;

	(void)state;
	sys_replace(SYS_CALL_landlock_create_ruleset, landlock_of_abi_4);
	errata_answer = -EINVAL;
	assert_int_equal(host_probe(&host, NULL), 0);
	assert_int_equal(host.landlock.abi, 4);
	assert_false(host.landlock.has_errata);
	errata_answer = 0;
	assert_int_equal(host_probe(&host, NULL), 0);
	assert_true(host.landlock.has_errata);
	assert_int_equal(host.landlock.errata, 0);
	errata_answer = 7;
	assert_int_equal(host_probe(&host, NULL), 0);
	assert_int_equal(host.landlock.errata, 7);
}

static long kill_process_is_unknown(enum sys_call call, long a, long b, long c, long d, long e,
				    long f)
{
	const uint32_t *action = (const uint32_t *)(uintptr_t)c;

	(void)call, (void)b, (void)d, (void)e, (void)f;
	assert_int_equal(a, SECCOMP_GET_ACTION_AVAIL);
	return *action == SECCOMP_RET_KILL_PROCESS ? -EOPNOTSUPP : 0;
}

static void seccomp_is_asked_for_each_action(void **state)
{
	struct host host;

	(void)state;
	assert_int_equal(host_probe(&host, NULL), 0);
	assert_int_equal(host.seccomp.has_kill_process, host.seccomp.errnum == 0);
	sys_replace(SYS_CALL_seccomp, kill_process_is_unknown);
	assert_int_equal(host_probe(&host, NULL), 0);
	assert_int_equal(host.seccomp.errnum, 0);
	assert_false(host.seccomp.has_kill_process);
	sys_replace(SYS_CALL_seccomp, gives_answer);
	answer = -ENOSYS;
	assert_int_equal(host_probe(&host, NULL), 0);
	assert_int_equal(host.seccomp.errnum, ENOSYS);
	assert_false(host.seccomp.has_kill_process);
}

static int filter_answer;

/* gVisor, and Linux before 4.14: the question is unknown, filters are taken. */
static long actions_cannot_be_asked(enum sys_call call, long a, long b, long c, long d, long e,
				    long f)
{
	(void)call, (void)b, (void)d, (void)e, (void)f;
	if (a == SECCOMP_GET_ACTION_AVAIL)
		return -EINVAL;
	assert_int_equal(a, SECCOMP_SET_MODE_FILTER);
	assert_int_equal(c, 0);
	return filter_answer;
}

static void where_actions_cannot_be_asked_filters_are_asked_the_older_way(void **state)
{
	struct host host;

	(void)state;
	assert_int_equal(sys_seccomp(SECCOMP_SET_MODE_FILTER, 0, NULL), -EFAULT);
	sys_replace(SYS_CALL_seccomp, actions_cannot_be_asked);
	filter_answer = -EFAULT;
	assert_int_equal(host_probe(&host, NULL), 0);
	assert_int_equal(host.seccomp.errnum, 0);
	assert_false(host.seccomp.has_kill_process);
	filter_answer = -EINVAL;
	assert_int_equal(host_probe(&host, NULL), 0);
	assert_int_equal(host.seccomp.errnum, EINVAL);
}

static void missing_calls_are_facts_and_not_failures(void **state)
{
	static const enum sys_call calls[] = {
		SYS_CALL_close_range,
		SYS_CALL_pidfd_open,
		SYS_CALL_capget,
		SYS_CALL_seccomp,
		SYS_CALL_landlock_create_ruleset,
	};
	struct host host;

	(void)state;
	answer = -ENOSYS;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		sys_replace(calls[i], gives_answer);
	assert_int_equal(host_probe(&host, NULL), 0);
	assert_false(host.has_close_range);
	assert_false(host.has_pidfd);
	assert_false(host.has_capabilities);
	(void)restore(NULL);
	assert_int_equal(host_probe(&host, NULL), 0);
	assert_int_equal(host.has_pidfd, sys_pidfd_open(-1, 0) == -EINVAL);
}

static long has_an_odd_release(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	struct utsname *name = (struct utsname *)(uintptr_t)a;

	(void)call, (void)b, (void)c, (void)d, (void)e, (void)f;
	memset(name, 'x', sizeof(*name));
	memcpy(name->release, "6.1\n\x1b[2J \xff~", 11);
	return 0;
}

static void an_odd_kernel_release_is_made_plain(void **state)
{
	struct host host;

	(void)state;
	sys_replace(SYS_CALL_uname, has_an_odd_release);
	assert_int_equal(host_probe(&host, NULL), 0);
	assert_int_equal(strlen(host.kernel_release), sizeof(host.kernel_release) - 1);
	assert_memory_equal(host.kernel_release, "6.1??[2J??~xx", 13);
}

static uint32_t permitted[2];

static long gives_permitted(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	struct __user_cap_data_struct *data = (struct __user_cap_data_struct *)(uintptr_t)b;

	(void)call, (void)a, (void)c, (void)d, (void)e, (void)f;
	for (int i = 0; i < 2; i++)
		data[i] = (struct __user_cap_data_struct){ .permitted = permitted[i] };
	return 0;
}

static void any_permitted_capability_counts(void **state)
{
	struct host host;

	(void)state;
	sys_replace(SYS_CALL_capget, gives_permitted);
	assert_int_equal(host_probe(&host, NULL), 0);
	assert_false(host.has_capabilities);
	for (int i = 0; i < 2; i++) {
		permitted[i] = 0x80000000;
		assert_int_equal(host_probe(&host, NULL), 0);
		assert_true(host.has_capabilities);
		permitted[i] = 0;
	}
}

static void a_kernel_without_a_name_fails_the_probe_and_sets_nothing(void **state)
{
	struct host host = { .uid = 77 };
	struct croft_error err;

	(void)state;
	answer = -EFAULT;
	sys_replace(SYS_CALL_uname, gives_answer);
	assert_int_equal(host_probe(&host, &err), -EFAULT);
	assert_int_equal(err.stage, CROFT_STAGE_HOST);
	assert_int_equal(err.errnum, EFAULT);
	assert_int_equal(host.uid, 77);
	assert_int_equal(host_probe_fully(&host, &err), -EFAULT);
	assert_int_equal(host.uid, 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_probe_tells_what_this_kernel_answers),
		cmocka_unit_test_teardown(each_landlock_errno_is_kept_apart, restore),
		cmocka_unit_test_teardown(an_unknown_errata_question_is_not_an_empty_answer,
					  restore),
		cmocka_unit_test_teardown(seccomp_is_asked_for_each_action, restore),
		cmocka_unit_test_teardown(
			where_actions_cannot_be_asked_filters_are_asked_the_older_way, restore),
		cmocka_unit_test_teardown(missing_calls_are_facts_and_not_failures, restore),
		cmocka_unit_test_teardown(an_odd_kernel_release_is_made_plain, restore),
		cmocka_unit_test_teardown(any_permitted_capability_counts, restore),
		cmocka_unit_test_teardown(a_kernel_without_a_name_fails_the_probe_and_sets_nothing,
					  restore),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
