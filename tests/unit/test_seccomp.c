/* SPDX-License-Identifier: MIT */
/*
 * test_seccomp.c - installing a filter, and finding out when it is not in force. What filters
 * answer is the matter of tests/sim.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "enforce/bpf.h"
#include "enforce/seccomp.h"
#include "in_child.h"
#include "sys/calls.h"

static void install(const void *arg, struct said *said)
{
	struct syscall_policy policy = { .arch = ARCH_NATIVE,
					 .filters_sockets = true,
					 .refuses_other_net = true };
	struct sock_filter filter[BPF_MAX_FILTER];
	int n = filter_build(&policy, filter, &said->err);

	(void)arg;
	if (n < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		abort();
	said->result = seccomp_apply(filter, (size_t)n, &said->err);
	said->answers[0] = socket(AF_INET, SOCK_STREAM, 0) < 0 ? errno : 0;
	said->answers[1] = prctl(PR_GET_SECCOMP, 0, 0, 0, 0);
	said->answers[2] = getppid() > 0;
}

static void an_installed_filter_refuses_what_the_policy_refuses(void **state)
{
	struct said said = in_child(install, NULL);

	(void)state;
	assert_int_equal(said.result, 0);
	assert_int_equal(said.answers[0], EACCES);
	assert_int_equal(said.answers[1], SECCOMP_MODE_FILTER);
	assert_int_equal(said.answers[2], 1);
}

static void install_nothing(const void *arg, struct said *said)
{
	(void)arg;
	said->result = seccomp_apply(NULL, 0, &said->err);
	said->answers[0] = prctl(PR_GET_SECCOMP, 0, 0, 0, 0);
}

static void a_plan_without_a_filter_installs_none(void **state)
{
	int before = prctl(PR_GET_SECCOMP, 0, 0, 0, 0);
	struct said said = in_child(install_nothing, NULL);

	(void)state;
	assert_int_equal(said.result, 0);
	assert_int_equal(said.answers[0], before);
}

static void install_nonsense(const void *arg, struct said *said)
{
	const struct sock_filter endless[] = { { .code = BPF_JMP | BPF_JA, .k = 5 } };

	(void)arg;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		abort();
	said->result = seccomp_apply(endless, 1, &said->err);
}

static void a_program_that_the_kernel_refuses_is_an_error(void **state)
{
	struct said said = in_child(install_nonsense, NULL);

	(void)state;
	assert_int_equal(said.result, -EINVAL);
	assert_int_equal(said.err.stage, CROFT_STAGE_SECCOMP);
}

static long pretend(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	(void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
	/* prctl: no filter is in force */
	return call == SYS_CALL_seccomp ? 0 : SECCOMP_MODE_DISABLED;
}

static void install_in_a_hollow_kernel(const void *arg, struct said *said)
{
	const struct sock_filter allow[] = { { .code = BPF_RET | BPF_K, .k = SECCOMP_RET_ALLOW } };

	(void)arg;
	sys_replace(SYS_CALL_seccomp, pretend);
	sys_replace(SYS_CALL_prctl, pretend);
	said->result = seccomp_apply(allow, 1, &said->err);
}

static void a_kernel_that_takes_a_filter_and_does_nothing_is_found_out(void **state)
{
	struct said said = in_child(install_in_a_hollow_kernel, NULL);

	(void)state;
	assert_int_equal(said.result, -EOPNOTSUPP);
	assert_int_equal(said.err.stage, CROFT_STAGE_SECCOMP);
	assert_non_null(strstr(said.err.what, "not in force"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_installed_filter_refuses_what_the_policy_refuses),
		cmocka_unit_test(a_plan_without_a_filter_installs_none),
		cmocka_unit_test(a_program_that_the_kernel_refuses_is_an_error),
		cmocka_unit_test(a_kernel_that_takes_a_filter_and_does_nothing_is_found_out),
	};

	return cmocka_run_group_tests_name("seccomp", tests, NULL, NULL);
}
