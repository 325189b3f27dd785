/* SPDX-License-Identifier: MIT */
/*
 * test_acts.c - what is acted out in children is true, and leaves nothing. Kernels
 * that refuse, or lie, are played by replaced calls: the children inherit them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/probe.h"
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

static void a_kernel_with_landlock_enforces_it(void **state)
{
	struct host host;

	(void)state;
	assert_int_equal(host_probe(&host, NULL), 0);
	if (host.landlock.errnum) {
		print_message("no Landlock here\n");
		skip();
	}
	assert_int_equal(host_probe_enforcement(&host, NULL), 0);
	assert_int_equal(host.landlock.enforces, HOST_YES);
}

static void a_kernel_that_only_says_so_does_not_enforce(void **state)
{
	struct host host = { .landlock.abi = 3 };

	(void)state;
	answer = 0;
	sys_replace(SYS_CALL_landlock_create_ruleset, gives_answer);
	sys_replace(SYS_CALL_landlock_restrict_self, gives_answer);
	assert_int_equal(host_probe_enforcement(&host, NULL), 0);
	assert_int_equal(host.landlock.enforces, HOST_NO);
}

static void a_refused_restriction_does_not_enforce(void **state)
{
	static const enum sys_call calls[] = {
		SYS_CALL_prctl,
		SYS_CALL_landlock_create_ruleset,
		SYS_CALL_landlock_restrict_self,
	};

	(void)state;
	answer = -EPERM;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		struct host host = { .landlock.abi = 3 };

		sys_replace(calls[i], gives_answer);
		assert_int_equal(host_probe_enforcement(&host, NULL), 0);
		assert_int_equal(host.landlock.enforces, HOST_NO);
		sys_replace(calls[i], NULL);
	}
}

static void where_nothing_can_be_opened_enforcement_stays_unknown(void **state)
{
	struct host host = { .landlock.abi = 3, .landlock.enforces = HOST_YES };

	(void)state;
	answer = -EACCES;
	sys_replace(SYS_CALL_openat, gives_answer);
	assert_int_equal(host_probe_enforcement(&host, NULL), 0);
	assert_int_equal(host.landlock.enforces, HOST_UNKNOWN);
}

static void a_lack_of_descriptors_is_a_failure_and_no_answer(void **state)
{
	struct host host = { .landlock.abi = 3 };
	struct croft_error err;

	(void)state;
	answer = -EMFILE;
	sys_replace(SYS_CALL_landlock_create_ruleset, gives_answer);
	assert_int_equal(host_probe_enforcement(&host, &err), -EMFILE);
	assert_int_equal(err.stage, CROFT_STAGE_HOST);
	assert_int_equal(host.landlock.enforces, HOST_UNKNOWN);
	assert_no_children();
}

static unsigned waits;

static long is_interrupted_twice(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	return waits++ < 2 ? -EINTR : sys_real(call, a, b, c, d, e, f);
}

static void an_interrupted_wait_goes_on(void **state)
{
	struct host host = { .landlock.abi = 3 };

	(void)state;
	answer = -EPERM;
	sys_replace(SYS_CALL_landlock_create_ruleset, gives_answer);
	sys_replace(SYS_CALL_wait4, is_interrupted_twice);
	assert_int_equal(host_probe_enforcement(&host, NULL), 0);
	assert_int_equal(waits, 3);
	assert_int_equal(host.landlock.enforces, HOST_NO);
	assert_int_equal(sys_real(SYS_CALL_wait4, -1, 0, __WALL | WNOHANG, 0, 0, 0), -ECHILD);
}

static long dies_of_the_signal(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	const struct sys_sigaction by_default = { .handler = SIG_DFL };
	const uint64_t none = 0;

	(void)call, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
	(void)sys_sigaction(answer, &by_default, NULL);
	(void)sys_sigprocmask(SIG_SETMASK, &none, NULL);
	(void)sys_kill(sys_getpid(), answer);
	return 0;
}

static void a_filter_that_kills_is_a_refusal_and_another_death_a_failure(void **state)
{
	struct host host = { .landlock.abi = 3 };
	struct croft_error err;

	(void)state;
	sys_replace(SYS_CALL_landlock_create_ruleset, dies_of_the_signal);
	answer = SIGSYS;
	assert_int_equal(host_probe_enforcement(&host, NULL), 0);
	assert_int_equal(host.landlock.enforces, HOST_NO);
	answer = SIGKILL;
	host.landlock.enforces = HOST_UNKNOWN;
	assert_int_equal(host_probe_enforcement(&host, &err), -ECHILD);
	assert_int_equal(host.landlock.enforces, HOST_UNKNOWN);
	assert_non_null(strstr(err.what, "signal 9"));
	assert_no_children();
}

static void a_child_that_cannot_be_made_is_a_failure(void **state)
{
	struct host host = { .landlock.abi = 3 };
	struct croft_error err;
	const uint64_t before = UINT64_C(1) << (SIGUSR1 - 1);
	uint64_t after;

	(void)state;
	assert_int_equal(sys_sigprocmask(SIG_SETMASK, &before, NULL), 0);
	answer = -EAGAIN;
	sys_replace(SYS_CALL_clone, gives_answer);
	assert_int_equal(host_probe_enforcement(&host, &err), -EAGAIN);
	assert_int_equal(err.stage, CROFT_STAGE_HOST);
	assert_int_equal(err.errnum, EAGAIN);
	assert_int_equal(host_probe_namespaces(&host, 0, &err), -EAGAIN);
	assert_int_equal(host.ns[HOST_NS_USER].works, HOST_UNKNOWN);
	assert_int_equal(sys_sigprocmask(SIG_BLOCK, NULL, &after), 0);
	assert_true(before == after);
}

static unsigned masks;

static long fails_the_second_time(enum sys_call call, long a, long b, long c, long d, long e,
				  long f)
{
	return ++masks == 2 ? -EFAULT : sys_real(call, a, b, c, d, e, f);
}

static void signals_that_stay_blocked_are_a_failure(void **state)
{
	struct host host = { .landlock.abi = 3 };
	struct croft_error err;
	uint64_t before;

	(void)state;
	assert_int_equal(sys_sigprocmask(SIG_BLOCK, NULL, &before), 0);
	sys_replace(SYS_CALL_rt_sigprocmask, fails_the_second_time);
	assert_int_equal(host_probe_enforcement(&host, &err), -EFAULT);
	assert_non_null(strstr(err.what, "unblock"));
	assert_int_equal(host.landlock.enforces, HOST_UNKNOWN);
	sys_replace(SYS_CALL_rt_sigprocmask, NULL);
	assert_int_equal(sys_sigprocmask(SIG_SETMASK, &before, NULL), 0);
	assert_no_children();
}

static volatile sig_atomic_t signals_seen;

static void count_signal(int sig)
{
	(void)sig;
	signals_seen = signals_seen + 1;
}

static void the_full_probe_leaves_the_caller_as_it_was(void **state)
{
	int before = lowest_free();
	int nnp_before = sys_prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	const uint64_t mask_before = UINT64_C(1) << (SIGUSR1 - 1);
	uint64_t mask_after;
	struct sigaction count = { .sa_handler = count_signal }, old;
	struct host quick, host;
	struct croft_error err;

	(void)state;
	assert_int_equal(sigaction(SIGCHLD, &count, &old), 0);
	assert_int_equal(sys_sigprocmask(SIG_SETMASK, &mask_before, NULL), 0);
	assert_int_equal(host_probe_fully(&host, &err), 0);
	assert_int_equal(sys_sigprocmask(SIG_BLOCK, NULL, &mask_after), 0);
	assert_int_equal(sigaction(SIGCHLD, &old, NULL), 0);
	assert_true(mask_before == mask_after);
	assert_int_equal(signals_seen, 0);
	assert_int_equal(lowest_free(), before);
	assert_no_children();
	assert_int_equal(geteuid(), host.uid);
	assert_int_equal(sys_prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), nnp_before);
	assert_int_not_equal(host.landlock.enforces, HOST_UNKNOWN);
	assert_int_not_equal(host.ns[HOST_NS_USER].works, HOST_UNKNOWN);
	assert_int_equal(host.ns[HOST_NS_USER].works == HOST_YES,
			 host.ns[HOST_NS_USER].errnum == 0);
	assert_int_not_equal(host.cgroup.is_delegated, HOST_UNKNOWN);
	assert_int_equal(access("/proc/self/cgroup", R_OK) == 0, host.cgroup.version > 0);
	assert_int_equal(host_probe(&quick, &err), 0);
	assert_int_equal(quick.landlock.abi, host.landlock.abi);
}

static void an_ignored_sigchld_does_not_hide_the_answer(void **state)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, old;
	struct host host;

	(void)state;
	assert_int_equal(sigaction(SIGCHLD, &ignore, &old), 0);
	assert_int_equal(host_probe_fully(&host, NULL), 0);
	assert_int_equal(sigaction(SIGCHLD, &old, NULL), 0);
	assert_no_children();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kernel_with_landlock_enforces_it),
		cmocka_unit_test_teardown(a_kernel_that_only_says_so_does_not_enforce, restore),
		cmocka_unit_test_teardown(a_refused_restriction_does_not_enforce, restore),
		cmocka_unit_test_teardown(where_nothing_can_be_opened_enforcement_stays_unknown,
					  restore),
		cmocka_unit_test_teardown(a_lack_of_descriptors_is_a_failure_and_no_answer,
					  restore),
		cmocka_unit_test_teardown(an_interrupted_wait_goes_on, restore),
		cmocka_unit_test_teardown(
			a_filter_that_kills_is_a_refusal_and_another_death_a_failure, restore),
		cmocka_unit_test_teardown(a_child_that_cannot_be_made_is_a_failure, restore),
		cmocka_unit_test_teardown(signals_that_stay_blocked_are_a_failure, restore),
		cmocka_unit_test(the_full_probe_leaves_the_caller_as_it_was),
		cmocka_unit_test(an_ignored_sigchld_does_not_hide_the_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
