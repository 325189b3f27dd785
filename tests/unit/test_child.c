/* SPDX-License-Identifier: MIT */
/*
 * test_child.c - the ordered stages, and the child that goes through them: it executes the command
 * as promised, or the stage that failed is told and no process is left.
 */
#include "ground.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include "enforce/bpf.h"
#include "launch/launch.h"
#include "launch/survivors.h"
#include "plan/syscalls.h"

static char status_file[GROUND_PATH];

/* The command shows what it was started with: its own /proc/self/status, as a file. */
static const char *const argv_status[] = { "/bin/cp", "-f", "/proc/self/status", status_file,
					   NULL };
static const char *const argv_sleep[] = { "/bin/sleep", "60", NULL };

static uint64_t shown(const char *key)
{
	static char text[8192];
	const char *at = strstr(text_of("status", text, sizeof(text)), key);

	assert_non_null(at);
	return strtoull(at + strlen(key), NULL, 16);
}

#define BIT(sig) (1ULL << ((sig)-1))

static void handle(int sig)
{
	(void)sig;
}

static int start_and_wait(struct launch *launch)
{
	int status, pidfd = -1;
	pid_t pid;

	EXPECT(launch_start(launch, &pid, &pidfd, NULL) == 0);
	EXPECT(waitpid(pid, &status, 0) == pid && status == 0);
	if (pidfd >= 0)
		(void)close(pidfd);
	return 0;
}

/* HUP ignored, USR1 caught, USR2 blocked: as the caller had it, but for what is caught. */
static int start_with_signals(void *data)
{
	struct sigaction caught = { .sa_handler = handle }, after;
	struct launch *launch = data;
	sigset_t mask, mask_after;

	EXPECT(signal(SIGHUP, SIG_IGN) != SIG_ERR);
	EXPECT(sigaction(SIGUSR1, &caught, NULL) == 0);
	EXPECT(sigemptyset(&mask) == 0 && sigaddset(&mask, SIGUSR2) == 0);
	EXPECT(sigprocmask(SIG_SETMASK, &mask, NULL) == 0);
	EXPECT(start_and_wait(launch) == 0);
	EXPECT(sigprocmask(SIG_SETMASK, NULL, &mask_after) == 0);
	EXPECT(sigismember(&mask_after, SIGUSR2) == 1 && sigismember(&mask_after, SIGTERM) == 0);
	EXPECT(sigaction(SIGUSR1, NULL, &after) == 0 && after.sa_handler == handle);
	return 0;
}

static void the_command_starts_with_the_callers_signals_but_for_the_caught(void **state)
{
	struct bare bare;
	struct launch launch;

	(void)state;
	bare_init(&bare, argv_status);
	launch_init(&launch);
	launch.plan = &bare.plan;
	assert_int_equal(in_child(start_with_signals, &launch), 0);
	assert_true(shown("SigBlk:") == BIT(SIGUSR2));
	assert_true(shown("SigIgn:") & BIT(SIGHUP));
	assert_int_equal(shown("SigCgt:") & BIT(SIGUSR1), 0);
}

static void who_waits_says_which_mask_and_whether_sigchld_is_ignored(void **state)
{
	struct bare bare;
	struct launch launch;

	(void)state;
	bare_init(&bare, argv_status);
	for (int ignores = 0; ignores < 2; ignores++) {
		launch_init(&launch);
		launch.plan = &bare.plan;
		launch.restores_signals = true;
		launch.signal_mask = BIT(SIGTERM) | BIT(40);
		launch.ignores_sigchld = ignores;
		assert_int_equal(in_child(start_with_signals, &launch), 0);
		assert_true(shown("SigBlk:") == (BIT(SIGTERM) | BIT(40)));
		assert_int_equal(!!(shown("SigIgn:") & BIT(SIGCHLD)), ignores);
	}
}

/* Everything that a stage of its own does, so that each can fail. */
static void full(struct bare *bare, struct launch *launch)
{
	static const int keep[] = { 0 };
	static struct plan_rule none;
	int ruleset;
	const struct abi_landlock_ruleset_attr attr = { .handled_access_fs =
								ABI_LANDLOCK_FS_READ_DIR };

	bare_init(bare, argv_sleep);
	bare->profile.has_limit[LIMIT_FILE_SIZE] = bare->profile.has_limit[LIMIT_OPEN_FILES] = true;
	bare->profile.limits[LIMIT_FILE_SIZE] = 1000000;
	bare->profile.limits[LIMIT_OPEN_FILES] = 100;
	bare->profile.require[PROTECT_PRIVILEGES] = REQUIRE_REQUIRE;
	bare->profile.require[PROTECT_DESCRIPTORS] = REQUIRE_REQUIRE;
	bare->profile.keep_fds = (int *)(uintptr_t)keep;
	bare->profile.n_keep_fds = 1;
	bare->plan.rules = &none;
	bare->plan.workdir = scratch;
	bare->plan.can_verify = true;
	launch_init(launch);
	launch->plan = &bare->plan;
	ruleset = sys_landlock_create_ruleset(&attr, sizeof(attr), 0);
	assert_return_code(ruleset, -ruleset);
	launch->ruleset = ruleset;
	launch->filter[0] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0x7fff0000U);
	launch->n_filter = 1;
}

/* The n-th use of one call fails. */
static struct {
	int uses, when;
	long answer;
} failing;

static long fails_once(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	if (++failing.uses == failing.when)
		return failing.answer;
	return sys_real(call, a, b, c, d, e, f);
}

static void the_stage_that_fails_is_told_and_nothing_is_left(void **state)
{
	static const struct {
		enum sys_call call;
		int when;
		long answer;
		int want;
		enum croft_stage stage;
		const char *what;
	} rows[] = {
		{ SYS_CALL_mmap, 1, -ENOMEM, -ENOMEM, CROFT_STAGE_START, "stack" },
		{ SYS_CALL_rt_sigprocmask, 1, -EPERM, -EPERM, CROFT_STAGE_START, "signals" },
		{ SYS_CALL_pipe2, 1, -EMFILE, -EMFILE, CROFT_STAGE_START, "pipe" },
		{ SYS_CALL_clone, 1, -EAGAIN, -EAGAIN, CROFT_STAGE_START, "child" },
		{ SYS_CALL_rt_sigaction, 1, -EFAULT, -EFAULT, CROFT_STAGE_START, "signal" },
		{ SYS_CALL_prlimit64, 1, -EPERM, -EPERM, CROFT_STAGE_LIMITS, "file-size" },
		{ SYS_CALL_prlimit64, 2, -EPERM, -EPERM, CROFT_STAGE_LIMITS, "file-size" },
		{ SYS_CALL_prlimit64, 3, -EPERM, -EPERM, CROFT_STAGE_LIMITS, "open-files" },
		{ SYS_CALL_chdir, 1, -ESTALE, -ESTALE, CROFT_STAGE_WORKDIR, "change to" },
		{ SYS_CALL_getcwd, 1, -ENOENT, -ENOENT, CROFT_STAGE_WORKDIR, "again" },
		{ SYS_CALL_close_range, 1, -EBADF, -EBADF, CROFT_STAGE_DESCRIPTORS, "mark" },
		{ SYS_CALL_fcntl, 1, -EBADF, -EBADF, CROFT_STAGE_DESCRIPTORS, "descriptor 0" },
		{ SYS_CALL_prctl, 1, -EINVAL, -EINVAL, CROFT_STAGE_PRIVILEGES, "no_new_privs" },
		{ SYS_CALL_landlock_restrict_self, 1, -E2BIG, -E2BIG, CROFT_STAGE_LANDLOCK,
		  "restrict" },
		{ SYS_CALL_landlock_restrict_self, 1, 0, -EOPNOTSUPP, CROFT_STAGE_LANDLOCK,
		  "does not enforce" },
		{ SYS_CALL_seccomp, 1, -EACCES, -EACCES, CROFT_STAGE_SECCOMP, "filter" },
		{ SYS_CALL_seccomp, 1, 0, -EOPNOTSUPP, CROFT_STAGE_SECCOMP, "not in force" },
		{ SYS_CALL_rt_sigprocmask, 2, -EPERM, -EPERM, CROFT_STAGE_START, "mask" },
		{ SYS_CALL_execve, 1, -ENOEXEC, -ENOEXEC, CROFT_STAGE_EXEC, "/bin/sleep" },
		{ SYS_CALL_execve, 1, -ENOENT, -EOPNOTSUPP, CROFT_STAGE_EXEC, "no such file" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct croft_error err = { 0 };
		struct launch launch;
		struct bare bare;
		int r, pidfd = -1, before;
		pid_t pid = -7;

		full(&bare, &launch);
		before = lowest_free();
		failing.uses = 0;
		failing.when = rows[i].when;
		failing.answer = rows[i].answer;
		sys_replace(rows[i].call, fails_once);
		r = launch_start(&launch, &pid, &pidfd, &err);
		ground_restore(NULL);
		if (r != rows[i].want || err.stage != (int)rows[i].stage ||
		    !strstr(err.what, rows[i].what))
			fail_msg("row %zu: %d, stage %s, '%s'", i, r, croft_stage_name(err.stage),
				 err.what);
		assert_int_equal(pid, -7);
		assert_int_equal(pidfd, -1);
		assert_int_equal(lowest_free(), before);
		assert_true(has_no_children());
		launch_done(&launch);
	}
}

static void a_whole_launch_that_does_not_fail_runs(void **state)
{
	struct launch launch;
	struct bare bare;
	int pidfd = -1, status;
	struct rlimit limit;
	pid_t pid;

	(void)state;
	full(&bare, &launch);
	assert_int_equal(launch_start(&launch, &pid, &pidfd, NULL), 0);
	assert_return_code(prlimit(pid, RLIMIT_FSIZE, NULL, &limit), errno);
	assert_int_equal(limit.rlim_max, 1000000);
	assert_return_code(prlimit(pid, RLIMIT_NOFILE, NULL, &limit), errno);
	assert_int_equal(limit.rlim_cur, 100);
	assert_true(pidfd >= 0);
	assert_int_equal(fcntl(pidfd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(sys_pidfd_send_signal(pidfd, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	(void)close(pidfd);
	launch_done(&launch);
	/* the caller has kept its own */
	assert_return_code(getrlimit(RLIMIT_FSIZE, &limit), errno);
	assert_true(limit.rlim_max != 1000000);
	assert_int_equal(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
}

static void the_older_clone_gives_no_pidfd(void **state)
{
	static const long answers[] = { -EINVAL, -ENOSYS };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		struct launch launch;
		struct bare bare;
		int pidfd = -7, status;
		pid_t pid;

		bare_init(&bare, argv_sleep);
		launch_init(&launch);
		launch.plan = &bare.plan;
		failing.uses = 0;
		failing.when = 1;
		failing.answer = answers[i];
		sys_replace(SYS_CALL_clone, fails_once);
		assert_int_equal(launch_start(&launch, &pid, &pidfd, NULL), 0);
		ground_restore(NULL);
		assert_int_equal(pidfd, -1);
		assert_return_code(kill(pid, SIGKILL), errno);
		assert_int_equal(waitpid(pid, &status, 0), pid);
	}
}

/* The report is lost: what may be running must not go on. */
static void a_command_whose_start_cannot_be_confirmed_is_killed(void **state)
{
	struct croft_error err = { 0 };
	struct launch launch;
	struct bare bare;
	int pidfd = -1;
	pid_t pid;

	(void)state;
	bare_init(&bare, argv_sleep);
	launch_init(&launch);
	launch.plan = &bare.plan;
	ground_replace(SYS_CALL_read, -EIO);
	assert_int_equal(launch_start(&launch, &pid, &pidfd, &err), -EIO);
	assert_int_equal(err.stage, CROFT_STAGE_START);
	assert_true(has_no_children());
}

/* Started by a process that is killed: the command follows it, if it is tied to it. */
static int start_and_die(void *data)
{
	struct launch *launch = data;
	int pidfd = -1;
	pid_t pid;

	launch->parent = getpid();
	EXPECT(launch_start(launch, &pid, &pidfd, NULL) == 0);
	(void)kill(getpid(), SIGKILL);
	return 0;
}

static bool has_ended(const void *data)
{
	(void)data;
	return waitpid(-1, NULL, WNOHANG) > 0;
}

static void a_command_that_is_tied_to_its_parent_dies_with_it(void **state)
{
	struct launch launch;
	struct bare bare;
	unsigned killed;

	(void)state;
	assert_return_code(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), errno);
	bare_init(&bare, argv_sleep);
	launch_init(&launch);
	launch.plan = &bare.plan;
	launch.dies_with_parent = true;
	assert_int_equal(in_child(start_and_die, &launch), -SIGKILL);
	assert_true(comes_true(has_ended, NULL));
	/* and lives on otherwise */
	launch.dies_with_parent = false;
	assert_int_equal(in_child(start_and_die, &launch), -SIGKILL);
	(void)usleep(100000);
	assert_false(has_ended(NULL));
	assert_int_equal(survivors_kill(0, "", SURVIVORS_MS, &killed, NULL), 0);
	assert_true(killed >= 1);
	(void)prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
}

static void a_parent_that_is_gone_already_stops_the_start(void **state)
{
	struct croft_error err = { 0 };
	struct launch launch;
	struct bare bare;
	int pidfd = -1;
	pid_t pid;

	(void)state;
	bare_init(&bare, argv_sleep);
	launch_init(&launch);
	launch.plan = &bare.plan;
	launch.dies_with_parent = true;
	launch.parent = getpid() + 1;
	assert_int_equal(launch_start(&launch, &pid, &pidfd, &err), -ESRCH);
	assert_int_equal(err.stage, CROFT_STAGE_START);
	assert_true(has_no_children());
}

static int run_in_place(void *data)
{
	struct launch *launch = data;
	struct croft_error err = { 0 };

	EXPECT(child_run(launch, &err) == 0);
	return 0;
}

/* In place exec replaces the process: it ends as the command does. */
static void in_place_the_process_becomes_the_command(void **state)
{
	static const char *const argv_exit[] = { "/bin/sh", "-c", "exit 9", NULL };
	struct launch launch;
	struct bare bare;

	(void)state;
	bare_init(&bare, argv_exit);
	launch_init(&launch);
	launch.plan = &bare.plan;
	assert_int_equal(in_child(run_in_place, &launch), -1000 - 9);
}

static int confine_here(void *data)
{
	struct launch *launch = data;
	struct rlimit limit;
	char before[PATH_MAX], after[PATH_MAX];

	EXPECT(getcwd(before, sizeof(before)));
	EXPECT(child_confine(launch, NULL) == 0);
	EXPECT(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	EXPECT(prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 2);
	EXPECT(open("/", O_RDONLY | O_DIRECTORY) == -1 && errno == EACCES);
	EXPECT(getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur == 100);
	EXPECT(getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_max == 1000000);
	/* descriptors, signals and the directory are the caller's */
	EXPECT(fcntl(launch->ruleset, F_GETFD) == FD_CLOEXEC);
	EXPECT(getcwd(after, sizeof(after)) && !strcmp(before, after));
	return 0;
}

static void confining_takes_four_stages_and_no_other(void **state)
{
	struct launch launch;
	struct bare bare;

	(void)state;
	full(&bare, &launch);
	assert_int_equal(in_child(confine_here, &launch), 0);
	launch_done(&launch);
}

static int open_group(void **state)
{
	if (ground_open(state) < 0)
		return -1;
	in_scratch(status_file, "status");
	return 0;
}

#define T(test) cmocka_unit_test_teardown(test, ground_restore)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_command_starts_with_the_callers_signals_but_for_the_caught),
		T(who_waits_says_which_mask_and_whether_sigchld_is_ignored),
		T(the_stage_that_fails_is_told_and_nothing_is_left),
		T(a_whole_launch_that_does_not_fail_runs),
		T(the_older_clone_gives_no_pidfd),
		T(a_command_whose_start_cannot_be_confirmed_is_killed),
		T(a_command_that_is_tied_to_its_parent_dies_with_it),
		T(a_parent_that_is_gone_already_stops_the_start),
		T(in_place_the_process_becomes_the_command),
		T(confining_takes_four_stages_and_no_other),
	};

	return cmocka_run_group_tests(tests, open_group, ground_close);
}
