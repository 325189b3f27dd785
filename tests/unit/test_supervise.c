/* SPDX-License-Identifier: MIT */
/*
 * test_supervise.c - a waiting parent: how the command ended, its time, its signals, and what it
 * leaves. Each in a process of its own, since supervise takes over the signals of its caller.
 */
#include "ground.h"

#include "launch/cleaner.h"
#include "launch/launch.h"
#include "launch/supervise.h"

/* What is run, and what is expected of it. */
struct row {
	const char *const argv[4];
	uint64_t time_ms, grace_ms;
	int status; /* as wait(2) gives it */
	bool timed_out;
	unsigned n_killed; /* at least; none if 0 */
	int64_t least_ms, most_ms;
};

#define EXITED(code) ((code) << 8)
#define SH(script)                            \
	{                                     \
		"/bin/sh", "-c", script, NULL \
	}
#define SOON 20000

static int n_timers; /* that run */

static long counts_timers(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	long r = sys_real(call, a, b, c, d, e, f);

	if (r == 0)
		n_timers += call == SYS_CALL_timer_create ? 1 : -1;
	return r;
}

static int supervise_row(void *data)
{
	const struct row *row = data;
	struct outcome outcome;
	struct launch launch;
	struct bare bare;

	bare_init(&bare, row->argv);
	bare.profile.time_ms = row->time_ms;
	bare.profile.grace_ms = row->grace_ms;
	launch_init(&launch);
	launch.plan = &bare.plan;
	sys_replace(SYS_CALL_timer_create, counts_timers);
	sys_replace(SYS_CALL_timer_delete, counts_timers);
	EXPECT(supervise(&launch, &outcome, NULL) == 0);
	EXPECT(n_timers == 0);
	EXPECT(outcome.has_started);
	EXPECT(outcome.status == row->status);
	EXPECT(outcome.timed_out == row->timed_out);
	EXPECT(row->n_killed ? outcome.n_killed >= row->n_killed : !outcome.n_killed);
	EXPECT(outcome.wall_ms >= row->least_ms && outcome.wall_ms <= row->most_ms);
	EXPECT(outcome.usage.ru_maxrss > 0);
	EXPECT(has_no_children());
	return 0;
}

static void check(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct row row = rows[i];
		int line = in_child(supervise_row, &row);

		if (line)
			fail_msg("row %zu (%s): line %d", i, rows[i].argv[2], line);
	}
}

static void the_end_of_the_command_is_told(void **state)
{
	static const struct row rows[] = {
		{ SH("exit 0"), 0, 0, EXITED(0), false, 0, 0, SOON },
		{ SH("exit 77"), 0, 0, EXITED(77), false, 0, 0, SOON },
		{ SH("kill -KILL $$"), 0, 0, SIGKILL, false, 0, 0, SOON },
		{ SH("kill -TERM $$"), 0, 0, SIGTERM, false, 0, 0, SOON },
		{ SH("sleep 0.2; exit 3"), 60000, 100, EXITED(3), false, 0, 150, SOON },
	};

	(void)state;
	check(rows, ARRAY_SIZE(rows));
}

static void a_time_limit_asks_first_and_kills_after_the_grace(void **state)
{
	static const struct row rows[] = {
		{ SH("exec sleep 60"), 100, 5000, SIGTERM, true, 0, 100, SOON },
		/* a busy machine has a second to set the trap */
		{ SH("trap 'exit 5' TERM; while :; do sleep 0.02; done"), 1000, 5000, EXITED(5),
		  true, 0, 1000, SOON },
		{ SH("trap '' TERM; exec sleep 60"), 1000, 200, SIGKILL, true, 0, 1200, SOON },
		/* stopped in the middle: it is woken to hear of it */
		{ SH("kill -STOP $$; exit 1"), 100, 300, SIGTERM, true, 0, 100, SOON },
	};

	(void)state;
	check(rows, ARRAY_SIZE(rows));
}

static void what_the_command_leaves_is_killed_and_counted(void **state)
{
	static const struct row rows[] = {
		{ SH("sleep 60 & exit 4"), 0, 0, EXITED(4), false, 1, 0, SOON },
		{ SH("setsid sleep 60 & (setsid sleep 60 &) ; exit 4"), 0, 0, EXITED(4), false, 2,
		  0, SOON },
		/* what has ended by itself is not counted */
		{ SH("(sleep 0.01 &) ; sleep 1"), 0, 0, EXITED(0), false, 0, 0, SOON },
	};

	(void)state;
	check(rows, ARRAY_SIZE(rows));
}

static int supervise_deaf(void *data)
{
	EXPECT(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
	return supervise_row(data);
}

static void a_caller_that_ignores_sigchld_learns_the_end_all_the_same(void **state)
{
	struct row row = { SH("exit 6"), 0, 0, EXITED(6), false, 0, 0, SOON };

	(void)state;
	(void)alarm(20);
	assert_int_equal(in_child(supervise_deaf, &row), 0);
	(void)alarm(0);
}

static bool is_there(const void *path)
{
	return exists(path);
}

static void signals_are_passed_on(void **state)
{
	static const int signals[] = { SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2 };
	char ready[GROUND_PATH], script[2 * GROUND_PATH];

	(void)state;
	in_scratch(ready, "ready");
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		struct row row = { SH(script), 20000, 100, EXITED(40), false, 0, 0, SOON };
		int status;
		pid_t pid;

		(void)snprintf(script, sizeof(script),
			       "trap 'exit 40' %d; : >'%s'; while :; do sleep 0.02; done",
			       signals[i], ready);
		pid = fork();
		if (pid == 0)
			_exit(supervise_row(&row) != 0);
		assert_return_code(pid, errno);
		assert_true(comes_true(is_there, ready));
		assert_return_code(kill(pid, signals[i]), errno);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		assert_return_code(unlink(ready), errno);
	}
}

static int supervise_failing(void *data)
{
	static const char *const argv[] = { "/no/such/program", NULL };
	struct croft_error err = { 0 };
	struct outcome outcome;
	struct launch launch;
	struct bare bare;

	(void)data;
	memset(&outcome, 0x5a, sizeof(outcome));
	bare_init(&bare, argv);
	launch_init(&launch);
	launch.plan = &bare.plan;
	EXPECT(supervise(&launch, &outcome, &err) < 0);
	EXPECT(err.stage == CROFT_STAGE_EXEC);
	EXPECT(!outcome.has_started && !outcome.timed_out && !outcome.n_killed);
	EXPECT(has_no_children());
	return 0;
}

static void a_command_that_does_not_start_is_said_not_to_have_started(void **state)
{
	(void)state;
	assert_int_equal(in_child(supervise_failing, NULL), 0);
}

static int supervise_without(void *data)
{
	static const char *const argv[] = { "/bin/sleep", "60", NULL };
	const enum sys_call *call = data;
	struct croft_error err = { 0 };
	struct outcome outcome;
	struct launch launch;
	struct bare bare;

	bare_init(&bare, argv);
	bare.profile.time_ms = 60000;
	launch_init(&launch);
	launch.plan = &bare.plan;
	ground_replace(*call, -EMFILE);
	EXPECT(supervise(&launch, &outcome, &err) == -EMFILE);
	EXPECT(err.stage == CROFT_STAGE_SUPERVISE);
	ground_restore(NULL);
	EXPECT(has_no_children());
	return 0;
}

/* Whatever fails while it runs: the command does not go on unsupervised. */
static void a_failure_of_the_supervision_ends_the_command(void **state)
{
	static const enum sys_call calls[] = { SYS_CALL_signalfd4, SYS_CALL_ppoll,
					       SYS_CALL_timer_create, SYS_CALL_rt_sigprocmask };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		enum sys_call call = calls[i];

		if (in_child(supervise_without, &call))
			fail_msg("%s", sys_name(call));
	}
}

/* The limit on open files that croft has raised for itself is not the command's. */
static int supervise_with_nofile(void *data)
{
	struct outcome outcome;
	struct launch *launch = data;

	EXPECT(supervise(launch, &outcome, NULL) == 0);
	EXPECT(outcome.status == 0);
	return 0;
}

static void the_command_gets_the_callers_limit_on_open_files_back(void **state)
{
	static const char *const argv[] = SH("test \"$(ulimit -Sn)\" = 55");
	struct launch launch;
	struct bare bare;

	(void)state;
	bare_init(&bare, argv);
	launch_init(&launch);
	launch.plan = &bare.plan;
	launch.restores_nofile = true;
	launch.nofile.rlim_cur = 55;
	launch.nofile.rlim_max = 60;
	assert_int_equal(in_child(supervise_with_nofile, &launch), 0);
}

static int supervise_with_tmpdir(void *data)
{
	static const char *const argv[] = SH("exit 0");
	char path[GROUND_PATH];
	struct outcome outcome;
	struct launch launch;
	struct bare bare;
	int fd = -1;

	(void)data;
	bare_init(&bare, argv);
	launch_init(&launch);
	launch.plan = &bare.plan;
	bare.plan.tmpdir = in_scratch(path, "tmpdir");
	EXPECT(cleaner_start(path, NULL, &launch.cleaner, NULL) == 0);
	EXPECT(tmpdir_make(path, &fd, NULL) == 0);
	EXPECT(supervise(&launch, &outcome, NULL) == 0);
	/* neither killed as a survivor nor left */
	EXPECT(outcome.n_killed == 0);
	EXPECT(!exists(path));
	EXPECT(has_no_children());
	return 0;
}

static void the_tmpdir_and_its_cleaner_are_gone_at_the_end(void **state)
{
	(void)state;
	assert_int_equal(in_child(supervise_with_tmpdir, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_end_of_the_command_is_told),
		cmocka_unit_test(a_time_limit_asks_first_and_kills_after_the_grace),
		cmocka_unit_test(what_the_command_leaves_is_killed_and_counted),
		cmocka_unit_test(a_caller_that_ignores_sigchld_learns_the_end_all_the_same),
		cmocka_unit_test(signals_are_passed_on),
		cmocka_unit_test(a_command_that_does_not_start_is_said_not_to_have_started),
		cmocka_unit_test(a_failure_of_the_supervision_ends_the_command),
		cmocka_unit_test(the_command_gets_the_callers_limit_on_open_files_back),
		cmocka_unit_test(the_tmpdir_and_its_cleaner_are_gone_at_the_end),
	};

	return cmocka_run_group_tests(tests, ground_open, ground_close);
}
