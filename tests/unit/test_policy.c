/* SPDX-License-Identifier: MIT */
/*
 * test_policy.c - from what a profile says of system calls to what the filter refuses, and what is
 * said of it. What each policy means is test_syscalls.c's; sockets are test_net.c's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "make_plan.h"

/* A plan with a mode and calls refused by name; NULL ends them. */
static void make_with(struct making *m, enum syscall_mode mode, const char *const *refused)
{
	struct plan_input input = { .host = &m->host, .facts = m->facts };

	assert_int_equal(profile_new("empty", NULL, NULL, &m->profile, &m->err), 0);
	for (size_t i = 0; m->wishes[i][0]; i++)
		assert_int_equal(profile_set(m->profile, m->wishes[i][0], m->wishes[i][1], "--x",
					     &m->err),
				 0);
	m->profile->syscall_mode = mode;
	for (; refused && *refused; refused++)
		assert_int_equal(profile_refuse_call(m->profile, *refused, &m->err), 0);
	input.profile = m->profile;
	m->result = plan_build(&input, &m->plan, &m->err);
}

static void expect_why(struct plan *plan, const char *call, bool is_allowed, const char *reason,
		       const char *grant)
{
	struct why_answer answer;

	assert_int_equal(plan_why(plan, WHY_SYSCALL, call, &answer, NULL), 0);
	assert_string_equal(answer.reason, reason);
	assert_string_equal(answer.grant, grant);
	assert_int_equal(answer.is_allowed, is_allowed);
}

static void strict_refuses_what_few_programs_need_and_says_so(void **state)
{
	struct making m = { .host = make_host(7) }, standard = { .host = make_host(7) };

	(void)state;
	make_with(&m, SYSCALLS_STRICT, NULL);
	assert_true(m.plan->syscalls.is_strict && m.plan->syscalls.refuses_ptrace);
	expect_why(m.plan, "vmsplice", false, "the filter answers EACCES: the profile says strict",
		   "");
	expect_why(m.plan, "listmount", false, "the filter answers ENOSYS: the profile says strict",
		   "");
	expect_why(m.plan, "ptrace", false, "the filter answers EACCES: the profile says strict",
		   "");
	expect_why(m.plan, "mount", false, "the filter answers EACCES", "--allow mount");
	expect_why(m.plan, "splice", true, "nothing in this plan refuses it", "");
	assert_string_equal(m.plan->rows[PROTECT_PTRACE].missing,
			    "its own processes cannot be traced either");
	make_done(&m);
	make_with(&standard, SYSCALLS_STANDARD, NULL);
	expect_why(standard.plan, "vmsplice", true, "nothing in this plan refuses it", "");
	expect_why(standard.plan, "ptrace", true, "nothing in this plan refuses it", "");
	assert_string_equal(standard.plan->rows[PROTECT_PTRACE].missing, "");
	make_done(&standard);
}

static void strict_goes_with_the_protection(void **state)
{
	struct making m = { .host = make_host(7), .wishes = { { "off", "syscalls" } } };

	(void)state;
	make_with(&m, SYSCALLS_STRICT, NULL);
	assert_false(m.plan->syscalls.is_strict || m.plan->syscalls.refuses_ptrace);
	make_done(&m);
}

static void a_call_refused_by_name_is_told_and_stays_refused_with_the_rest_off(void **state)
{
	static const char *const calls[] = { "chmod", "clone3", NULL };
	struct making m = { .host = make_host(11),
			    .wishes = { { "off", "syscalls" },
					{ "off", "terminal" },
					{ "off", "ipc" },
					{ "off", "tcp" },
					{ "off", "udp" },
					{ "off", "other-net" },
					{ "off", "unix-path" } } };

	(void)state;
	make_with(&m, SYSCALLS_STANDARD, calls);
	assert_false(m.plan->syscalls.is_off);
	expect_why(m.plan, "chmod", false,
		   "the filter answers EACCES: the profile refuses it by name", "");
	expect_why(m.plan, "clone3", false,
		   "the filter answers ENOSYS: the profile refuses it by name", "");
	expect_why(m.plan, "mount", true, "nothing in this plan refuses it", "");
	/* a ring would do it where no filter looks */
	expect_why(m.plan, "io_uring_setup", false, "the filter answers ENOSYS",
		   "--allow io-uring");
	make_done(&m);
	make_with(&m, SYSCALLS_STANDARD, NULL);
	assert_true(m.plan->syscalls.is_off);
	make_done(&m);
}

static void with_io_uring_a_refusal_by_name_is_a_promise_in_part(void **state)
{
	static const char *const calls[] = { "unlinkat", NULL };
	struct making m = { .host = make_host(11), .wishes = { { "allow", "io-uring" } } };

	(void)state;
	make_with(&m, SYSCALLS_STANDARD, calls);
	assert_int_equal(m.plan->rows[PROTECT_SYSCALLS].state, STATE_PARTIAL);
	make_done(&m);
	make_with(&m, SYSCALLS_STANDARD, NULL);
	assert_int_equal(m.plan->rows[PROTECT_SYSCALLS].state, STATE_ENFORCED);
	make_done(&m);
}

static void without_filters_nothing_is_refused_and_the_row_says_so(void **state)
{
	static const char *const calls[] = { "chmod", NULL };
	struct making m = { .host = make_host(7) };

	(void)state;
	m.host.seccomp.errnum = EINVAL;
	make_with(&m, SYSCALLS_STRICT, calls);
	assert_true(m.plan->syscalls.is_off);
	assert_int_equal(m.plan->rows[PROTECT_SYSCALLS].state, STATE_ABSENT);
	expect_why(m.plan, "chmod", true, "nothing in this plan refuses it", "");
	make_done(&m);
}

static void a_name_that_cannot_be_refused_is_an_error_that_says_why(void **state)
{
	static const struct {
		const char *call, *what, *hint;
	} rows[] = {
		{ "execve", "the system call 'execve' is to be refused",
		  "croft itself needs it to start the command" },
		{ "chnod", "there is no system call 'chnod' to be refused",
		  "did you mean 'chmod'?" },
		{ "frobnicate", "there is no system call 'frobnicate' to be refused",
		  "calls that are newer than croft knows are refused anyway" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *const calls[] = { rows[i].call, NULL };
		struct making m = { .host = make_host(7) };

		make_with(&m, SYSCALLS_STANDARD, calls);
		assert_int_equal(m.result, -EINVAL);
		assert_int_equal(m.err.stage, CROFT_STAGE_PLAN);
		assert_string_equal(m.err.what, rows[i].what);
		assert_string_equal(m.err.hint, rows[i].hint);
		make_done(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strict_refuses_what_few_programs_need_and_says_so),
		cmocka_unit_test(strict_goes_with_the_protection),
		cmocka_unit_test(
			a_call_refused_by_name_is_told_and_stays_refused_with_the_rest_off),
		cmocka_unit_test(with_io_uring_a_refusal_by_name_is_a_promise_in_part),
		cmocka_unit_test(without_filters_nothing_is_refused_and_the_row_says_so),
		cmocka_unit_test(a_name_that_cannot_be_refused_is_an_error_that_says_why),
	};

	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
