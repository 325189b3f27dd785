/* SPDX-License-Identifier: MIT */
/*
 * test_survivors.c - nothing that a command has forked outlives survivors_kill, but who is spared.
 */
#include "ground.h"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "launch/survivors.h"

/* Shared with the processes that are to be killed: they say when they are there. */
static int *n_ready;

static _Noreturn void sleep_for_good(void)
{
	__atomic_add_fetch(n_ready, 1, __ATOMIC_SEQ_CST);
	for (;;)
		(void)pause();
}

/* Ways to be left behind; each ends up as `count` processes. */

static void plain_child(void)
{
	if (fork() == 0)
		sleep_for_good();
}

static void forked_twice_in_a_session_of_its_own(void)
{
	if (fork() == 0) {
		(void)setsid();
		if (fork() == 0)
			sleep_for_good();
		_exit(0);
	}
}

static void parent_of_others(void)
{
	if (fork() == 0) {
		for (int i = 0; i < 3; i++)
			if (fork() == 0)
				sleep_for_good();
		sleep_for_good();
	}
}

static void stopped_child(void)
{
	if (fork() == 0) {
		__atomic_add_fetch(n_ready, 1, __ATOMIC_SEQ_CST);
		(void)raise(SIGSTOP);
		sleep_for_good();
	}
}

static void deaf_child(void)
{
	sigset_t all;

	if (fork() == 0) {
		(void)sigfillset(&all);
		(void)sigprocmask(SIG_SETMASK, &all, NULL);
		sleep_for_good();
	}
}

/* A name that looks like the rest of its line in /proc/PID/stat. */
static void child_with_a_misleading_name(void)
{
	if (fork() == 0) {
		(void)prctl(PR_SET_NAME, "a) S 1 (b) Z 0", 0, 0, 0);
		sleep_for_good();
	}
}

static void dead_child(void)
{
	if (fork() == 0) {
		__atomic_add_fetch(n_ready, 1, __ATOMIC_SEQ_CST);
		_exit(0);
	}
}

struct row {
	void (*leave)(void);
	int n_left;
	int n_killed; /* at least; a dead one need not be killed */
};

static const struct row rows[] = {
	{ plain_child, 1, 1 },      { forked_twice_in_a_session_of_its_own, 1, 1 },
	{ parent_of_others, 4, 4 }, { stopped_child, 1, 1 },
	{ deaf_child, 1, 1 },       { child_with_a_misleading_name, 1, 1 },
	{ dead_child, 1, 0 },
};

static bool all_are_ready(const void *n)
{
	return __atomic_load_n(n_ready, __ATOMIC_SEQ_CST) >= *(const int *)n;
}

static int become_subreaper(void)
{
	return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

static int leave_and_kill(void *data)
{
	const struct row *row = data;
	unsigned killed = 999;

	EXPECT(become_subreaper() == 0);
	row->leave();
	EXPECT(comes_true(all_are_ready, &row->n_left));
	EXPECT(survivors_kill(0, "", SURVIVORS_MS, &killed, NULL) == 0);
	EXPECT((int)killed >= row->n_killed);
	EXPECT(has_no_children());
	return 0;
}

static void whatever_is_left_is_killed_and_reaped(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct row row = rows[i];

		*n_ready = 0;
		assert_int_equal(in_child(leave_and_kill, &row), 0);
	}
}

static int kill_nobody(void *data)
{
	unsigned killed = 999;

	(void)data;
	EXPECT(survivors_kill(0, "", SURVIVORS_MS, &killed, NULL) == 0);
	EXPECT(killed == 0);
	return 0;
}

static void where_nothing_is_left_nothing_is_killed(void **state)
{
	(void)state;
	assert_int_equal(in_child(kill_nobody, NULL), 0);
}

/* As the cleaner of a TMPDIR: a child whose end is no signal. */
static int kill_all_but_one(void *data)
{
	unsigned killed = 0;
	int two = 2;
	long spared;

	(void)data;
	EXPECT(become_subreaper() == 0);
	spared = syscall(SYS_clone, 0, NULL, NULL, NULL, NULL);
	if (spared == 0)
		sleep_for_good();
	EXPECT(spared > 0);
	plain_child();
	EXPECT(comes_true(all_are_ready, &two));
	EXPECT(survivors_kill((pid_t)spared, "", SURVIVORS_MS, &killed, NULL) == 0);
	EXPECT(killed >= 1);
	EXPECT(kill((pid_t)spared, 0) == 0);
	EXPECT(waitpid((pid_t)spared, NULL, __WALL | WNOHANG) == 0);
	EXPECT(kill((pid_t)spared, SIGKILL) == 0);
	EXPECT(waitpid((pid_t)spared, NULL, __WALL) == (pid_t)spared);
	return 0;
}

static void who_is_spared_lives(void **state)
{
	(void)state;
	*n_ready = 0;
	assert_int_equal(in_child(kill_all_but_one, NULL), 0);
}

static int kill_without(void *data)
{
	const enum sys_call *call = data;
	struct croft_error err = { 0 };
	unsigned killed = 999;
	int one = 1;

	EXPECT(become_subreaper() == 0);
	plain_child();
	EXPECT(comes_true(all_are_ready, &one));
	ground_replace(*call, -EACCES);
	EXPECT(survivors_kill(0, "", SURVIVORS_MS, &killed, &err) == -EACCES);
	EXPECT(err.stage == CROFT_STAGE_SUPERVISE && err.errnum == EACCES);
	EXPECT(killed == 999);
	ground_restore(NULL);
	EXPECT(survivors_kill(0, "", SURVIVORS_MS, &killed, &err) == 0);
	return 0;
}

static void without_proc_it_is_an_error(void **state)
{
	static const enum sys_call calls[] = { SYS_CALL_openat, SYS_CALL_getdents64 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		enum sys_call call = calls[i];

		*n_ready = 0;
		assert_int_equal(in_child(kill_without, &call), 0);
	}
}

static int open_group(void **state)
{
	n_ready = mmap(NULL, sizeof(*n_ready), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	return n_ready == MAP_FAILED ? -1 : ground_open(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_is_left_is_killed_and_reaped),
		cmocka_unit_test(where_nothing_is_left_nothing_is_killed),
		cmocka_unit_test(who_is_spared_lives),
		cmocka_unit_test(without_proc_it_is_an_error),
	};

	return cmocka_run_group_tests(tests, open_group, ground_close);
}
