/* SPDX-License-Identifier: MIT */
/*
 * test_probe_run.c - a probe may do what it likes: the runner ends, keeps what was reported, says
 * what became of the rest, and leaves nothing.
 */
#include "probes_run.h"

static void says_three_things(const struct probe_context *context)
{
	probe_yes(context, OBS_HOST, "one");
	probe_no(context, OBS_PLACE, "open", ENOENT, "two");
	probe_value(context, OBS_PLACE, -7, NULL);
}

static void what_a_probe_reports_is_kept_as_it_was_said(void **state)
{
	(void)state;
	run_one(says_three_things);
	assert_int_equal(set.n, 3);
	assert_int_equal(set.items[0].outcome, OBS_YES);
	assert_int_equal(set.items[0].value, OBS_NO_VALUE);
	assert_string_equal(set.items[0].text, "one");
	assert_int_equal(set.items[1].outcome, OBS_NO);
	assert_int_equal(set.items[1].errnum, ENOENT);
	assert_string_equal(set.items[1].step, "open");
	assert_int_equal(set.items[2].value, -7);
	assert_string_equal(set.items[2].text, "");
}

static void a_probe_that_hangs_is_killed_and_what_it_said_before_is_kept(void **state)
{
	int64_t began = now_ms();

	(void)state;
	run_one(hangs);
	assert_true(now_ms() - began < 10 * SHORT_MS);
	assert_int_equal(set.n, 2);
	assert_string_equal(set.items[0].text, "before");
	assert_int_equal(set.items[1].id, OBS_HOST);
	assert_int_equal(set.items[1].outcome, OBS_LATE);
	assert_true(has_gone(shared->pids[0]));
}

static void ignores_every_signal_and_hangs(const struct probe_context *context)
{
	sigset_t all;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	hangs(context);
}

static void a_probe_that_is_deaf_is_killed(void **state)
{
	(void)state;
	run_one(ignores_every_signal_and_hangs);
	assert_int_equal(observed(&set, OBS_HOST)->outcome, OBS_LATE);
	assert_true(has_gone(shared->pids[0]));
}

static void sleeps_after_it_has_closed_its_pipe(const struct probe_context *context)
{
	(void)close(context->report_fd);
	hangs(context);
}

static void a_probe_that_closes_its_pipe_and_hangs_is_killed(void **state)
{
	(void)state;
	run_one(sleeps_after_it_has_closed_its_pipe);
	assert_int_equal(observed(&set, OBS_HOST)->outcome, OBS_LATE);
	assert_true(has_gone(shared->pids[0]));
}

static void wait_for_pid(int i)
{
	while (!__atomic_load_n(&shared->pids[i], __ATOMIC_SEQ_CST))
		(void)sched_yield();
}

static _Noreturn void sleep_as(int i)
{
	__atomic_store_n(&shared->pids[i], getpid(), __ATOMIC_SEQ_CST);
	for (;;)
		(void)pause();
}

/* One in its group, one in a session of its own whose parent is gone, one that is stopped. */
static void leaves_daemons(const struct probe_context *context)
{
	if (fork() == 0)
		sleep_as(0);
	if (fork() == 0) {
		(void)setsid();
		if (fork() == 0)
			sleep_as(1);
		_exit(0);
	}
	if (fork() == 0) {
		(void)setpgid(0, 0);
		__atomic_store_n(&shared->pids[2], getpid(), __ATOMIC_SEQ_CST);
		(void)raise(SIGSTOP);
		_exit(0);
	}
	for (int i = 0; i < 3; i++)
		wait_for_pid(i);
	probe_yes(context, OBS_HOST, "left");
}

static void daemons_that_a_probe_leaves_are_killed_and_it_is_not_late_for_them(void **state)
{
	(void)state;
	run(&(struct probe){ .id = OBS_HOST, .run = leaves_daemons }, 1);
	assert_int_equal(set.n, 1);
	assert_int_equal(set.items[0].outcome, OBS_YES);
	for (int i = 0; i < 3; i++)
		assert_true(has_gone(shared->pids[i]));
}

static void says_too_much(const struct probe_context *context)
{
	for (;;)
		probe_yes(context, OBS_PLACE, "again");
}

static void a_probe_that_floods_the_pipe_is_ended_and_bounded(void **state)
{
	(void)state;
	run_one(says_too_much);
	assert_int_equal(set.n, PROBE_REPORTS_MAX + 1);
	assert_int_equal(set.items[PROBE_REPORTS_MAX].id, OBS_HOST);
	assert_int_equal(set.items[PROBE_REPORTS_MAX].outcome, OBS_BROKEN);
	assert_int_equal(set.items[PROBE_REPORTS_MAX].errnum, E2BIG);
}

static void says_nonsense(const struct probe_context *context)
{
	static const char nonsense[64] = "this is not a report, and it is longer than one's head";

	probe_yes(context, OBS_PLACE, "sense");
	(void)!write(context->report_fd, nonsense, sizeof(nonsense));
	probe_yes(context, OBS_PLACE, "sense again");
}

static void bytes_that_are_no_report_break_the_probe_alone(void **state)
{
	static const struct probe probes[] = { { .id = OBS_HOST, .run = says_nonsense },
					       { .id = OBS_PLACE, .run = says_three_things } };

	(void)state;
	run(probes, 2);
	assert_string_equal(set.items[0].text, "sense");
	assert_int_equal(set.items[1].outcome, OBS_BROKEN);
	assert_int_equal(set.items[1].errnum, EPROTO);
	assert_int_equal(set.n, 5);
}

static void kills_itself(const struct probe_context *context)
{
	(void)context;
	(void)raise(SIGSYS);
}

static void a_probe_that_a_signal_ends_says_which(void **state)
{
	(void)state;
	run_one(kills_itself);
	assert_int_equal(set.n, 1);
	assert_int_equal(set.items[0].outcome, OBS_BROKEN);
	assert_string_equal(set.items[0].step, "killed");
	assert_int_equal(set.items[0].value, SIGSYS);
}

#define PROBE_EXPECT(condition)                  \
	do {                                     \
		if (!(condition))                \
			shared->line = __LINE__; \
	} while (0)

static void leaves_files(const struct probe_context *context)
{
	struct stat st;

	PROBE_EXPECT(stat(context->tmp, &st) == 0 && S_ISDIR(st.st_mode));
	PROBE_EXPECT((st.st_mode & 07777) == 0700);
	PROBE_EXPECT(chdir(context->tmp) == 0);
	for (int i = 0; i < 50; i++) {
		PROBE_EXPECT(mkdir("d", 0700) == 0 && chdir("d") == 0);
		PROBE_EXPECT(mkfifo("fifo", 0) == 0 && symlink("/", "link") == 0);
	}
	PROBE_EXPECT(chmod(".", 0) == 0);
	probe_yes(context, OBS_HOST, context->tmp);
}

static void files_that_a_probe_leaves_are_removed(void **state)
{
	(void)state;
	run(&(struct probe){ .id = OBS_HOST, .run = leaves_files, .wants_tmp = true }, 1);
	assert_int_equal(set.items[0].outcome, OBS_YES);
	assert_int_equal(strncmp(set.items[0].text, scratch, strlen(scratch)), 0);
	scratch_is_empty();
}

static void files_of_a_probe_that_hangs_are_removed_too(void **state)
{
	static const struct probe probes[] = {
		{ .id = OBS_HOST, .run = hangs, .limit_ms = SHORT_MS, .wants_tmp = true }
	};

	(void)state;
	run(probes, 1);
	scratch_is_empty();
}

static void takes_longer_than_it_may(const struct probe_context *context)
{
	(void)usleep(100000);
	probe_yes(context, OBS_HOST, "in time");
}

static void with_a_longer_timeout_each_probe_has_as_much_more_time(void **state)
{
	static const struct probe probes[] = {
		{ .id = OBS_HOST, .run = takes_longer_than_it_may, .limit_ms = 50 }
	};
	static const struct probe_table table = { probes, 1 };
	static const struct probe_table *const tables[] = { &table };
	const struct probe_context context = { .proc_fd = -1, .tmp = "", .timeout_s = 600 };

	(void)state;
	assert_int_equal(probes_run(tables, 1, &context, 0, &set, &err), 0);
	assert_int_equal(set.n, 1);
	assert_string_equal(set.items[0].text, "in time");
}

static void says_its_tmp(const struct probe_context *context)
{
	probe_yes(context, OBS_HOST, context->tmp);
}

static void without_a_place_for_files_only_who_wants_one_is_broken(void **state)
{
	static const struct probe probes[] = {
		{ .id = OBS_PLACE, .run = says_its_tmp, .wants_tmp = true },
		{ .id = OBS_PLACE, .run = says_its_tmp },
	};

	(void)state;
	assert_int_equal(run_with_tmp(probes, 2, ""), 0);
	assert_int_equal(set.n, 2);
	assert_int_equal(set.items[0].outcome, OBS_BROKEN);
	assert_string_equal(set.items[0].step, "tmp");
	assert_int_equal(set.items[1].outcome, OBS_YES);
	assert_string_equal(set.items[1].text, "");
}

static void looks_around(const struct probe_context *context)
{
	struct sigaction action;
	struct stat st;
	sigset_t mask;
	char byte;

	for (int fd = 0; fd < 3; fd++)
		PROBE_EXPECT(fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) &&
			     st.st_rdev == makedev(1, 3));
	PROBE_EXPECT(read(0, &byte, 1) == 0);
	PROBE_EXPECT(getpgid(0) == getpid());
	PROBE_EXPECT(sigprocmask(SIG_BLOCK, NULL, &mask) == 0 && !sigismember(&mask, SIGUSR1));
	PROBE_EXPECT(sigaction(SIGUSR2, NULL, &action) == 0 && action.sa_handler == SIG_DFL);
	probe_yes(context, OBS_HOST, "");
}

static void a_probe_reads_nothing_of_the_users_and_has_plain_signals(void **state)
{
	sigset_t usr1;

	(void)state;
	(void)sigemptyset(&usr1);
	(void)sigaddset(&usr1, SIGUSR1);
	(void)sigprocmask(SIG_BLOCK, &usr1, NULL);
	(void)signal(SIGUSR2, SIG_IGN);
	run_one(looks_around);
	(void)sigprocmask(SIG_UNBLOCK, &usr1, NULL);
	(void)signal(SIGUSR2, SIG_DFL);
	assert_int_equal(set.n, 1);
	assert_int_equal(set.items[0].outcome, OBS_YES);
}

static void enters(const struct probe_context *context,
		   void (*run_probe)(const struct probe_context *context))
{
	probe_yes(context, OBS_PLACE, "entered");
	run_probe(context);
}

static void only_who_does_not_stay_enters_the_process_that_is_looked_at(void **state)
{
	static const struct probe probes[] = {
		{ .id = OBS_HOST, .run = says_its_tmp },
		{ .id = OBS_HOST, .run = says_its_tmp, .stays = true }
	};
	const struct probe_table table = { probes, 2 };
	const struct probe_table *const tables[] = { &table };
	const struct probe_context context = { .proc_fd = -1, .tmp = "", .enter = enters };

	(void)state;
	assert_int_equal(probes_run(tables, 1, &context, 0, &set, &err), 0);
	assert_int_equal(set.n, 3);
	assert_string_equal(set.items[0].text, "entered");
	assert_int_equal(set.items[1].id, OBS_HOST);
	assert_int_equal(set.items[2].id, OBS_HOST);
}

static void counts_who_runs(const struct probe_context *context)
{
	int n = __atomic_add_fetch(&shared->n_running, 1, __ATOMIC_SEQ_CST);

	if (n > shared->most_running)
		shared->most_running = n;
	(void)usleep(20000);
	(void)__atomic_sub_fetch(&shared->n_running, 1, __ATOMIC_SEQ_CST);
	probe_value(context, OBS_HOST, 1, NULL);
}

static void not_more_than_some_run_at_once_and_all_of_them_run(void **state)
{
	struct probe probes[3 * PROBES_AT_ONCE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(probes); i++)
		probes[i] = (struct probe){ .id = OBS_HOST, .run = counts_who_runs };
	run(probes, ARRAY_SIZE(probes));
	assert_int_equal(set.n, ARRAY_SIZE(probes));
	assert_in_range(shared->most_running, 2, PROBES_AT_ONCE);
}

static void is_slow(const struct probe_context *context)
{
	(void)usleep(60000);
	probe_yes(context, OBS_HOST, "slow");
}

static void is_quick(const struct probe_context *context)
{
	probe_yes(context, OBS_HOST, "quick");
}

static void reports_come_in_the_order_of_the_table(void **state)
{
	static const struct probe probes[] = { { .id = OBS_HOST, .run = is_slow },
					       { .id = OBS_HOST, .run = is_quick } };

	(void)state;
	run(probes, 2);
	assert_string_equal(set.items[0].text, "slow");
	assert_string_equal(set.items[1].text, "quick");
}

static long no_process(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	(void)call, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
	return -EAGAIN;
}

static void where_no_process_can_be_made_each_probe_is_broken(void **state)
{
	(void)state;
	sys_replace(SYS_CALL_clone, no_process);
	run_one(is_quick);
	assert_int_equal(set.n, 1);
	assert_int_equal(set.items[0].outcome, OBS_BROKEN);
	assert_string_equal(set.items[0].step, "start");
	assert_int_equal(set.items[0].errnum, EAGAIN);
	scratch_is_empty();
}

static int n_clones;

/* A limit on processes that leaves room for one. */
static long one_process(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	(void)call, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
	n_clones++;
	return __atomic_load_n(&shared->n_running, __ATOMIC_SEQ_CST) ? -EAGAIN : 0;
}

static void runs_alone(const struct probe_context *context)
{
	(void)usleep(5000);
	__atomic_store_n(&shared->n_running, 0, __ATOMIC_SEQ_CST);
	probe_yes(context, OBS_HOST, "");
}

static long takes_the_room(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	long r = one_process(call, a, b, c, d, e, f);

	if (r == 0)
		__atomic_store_n(&shared->n_running, 1, __ATOMIC_SEQ_CST);
	return r;
}

static void where_there_is_room_for_one_process_they_run_one_after_the_other(void **state)
{
	struct probe probes[4];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(probes); i++)
		probes[i] = (struct probe){ .id = OBS_HOST, .run = runs_alone, .wants_tmp = true };
	sys_replace(SYS_CALL_clone, takes_the_room);
	n_clones = 0;
	run(probes, ARRAY_SIZE(probes));
	assert_true(n_clones > 4);
	assert_int_equal(set.n, ARRAY_SIZE(probes));
	for (size_t i = 0; i < set.n; i++)
		assert_int_equal(set.items[i].outcome, OBS_YES);
	scratch_is_empty();
}

static void without_pipes_each_probe_is_broken_and_no_descriptor_is_lost(void **state)
{
	int before = dup(0), after;

	(void)state;
	sys_replace(SYS_CALL_pipe2, no_process);
	run_one(is_quick);
	assert_int_equal(set.items[0].outcome, OBS_BROKEN);
	after = dup(0);
	assert_int_equal(after, before + 1);
	(void)close(before);
	(void)close(after);
}

static void an_ignored_sigchld_does_not_take_the_answers_away(void **state)
{
	(void)state;
	(void)signal(SIGCHLD, SIG_IGN);
	run_one(kills_itself);
	(void)signal(SIGCHLD, SIG_DFL);
	assert_string_equal(set.items[0].step, "killed");
}

static void nothing_to_run_is_no_trouble(void **state)
{
	(void)state;
	run(NULL, 0);
	assert_int_equal(set.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(what_a_probe_reports_is_kept_as_it_was_said),
		TEST(a_probe_that_hangs_is_killed_and_what_it_said_before_is_kept),
		TEST(a_probe_that_is_deaf_is_killed),
		TEST(a_probe_that_closes_its_pipe_and_hangs_is_killed),
		TEST(with_a_longer_timeout_each_probe_has_as_much_more_time),
		TEST(daemons_that_a_probe_leaves_are_killed_and_it_is_not_late_for_them),
		TEST(a_probe_that_floods_the_pipe_is_ended_and_bounded),
		TEST(bytes_that_are_no_report_break_the_probe_alone),
		TEST(a_probe_that_a_signal_ends_says_which),
		TEST(files_that_a_probe_leaves_are_removed),
		TEST(files_of_a_probe_that_hangs_are_removed_too),
		TEST(without_a_place_for_files_only_who_wants_one_is_broken),
		TEST(a_probe_reads_nothing_of_the_users_and_has_plain_signals),
		TEST(only_who_does_not_stay_enters_the_process_that_is_looked_at),
		TEST(not_more_than_some_run_at_once_and_all_of_them_run),
		TEST(reports_come_in_the_order_of_the_table),
		TEST(where_no_process_can_be_made_each_probe_is_broken),
		TEST(where_there_is_room_for_one_process_they_run_one_after_the_other),
		TEST(without_pipes_each_probe_is_broken_and_no_descriptor_is_lost),
		TEST(an_ignored_sigchld_does_not_take_the_answers_away),
		TEST(nothing_to_run_is_no_trouble),
	};

	return cmocka_run_group_tests(tests, open_shared, ground_close);
}
