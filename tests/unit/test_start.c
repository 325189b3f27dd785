/* SPDX-License-Identifier: MIT */
/* test_start.c - a launch with a pid namespace: whose child is who, and that nothing is left. */
#include "started.h"

#include <pthread.h>
#include <sys/prctl.h>

static char file[GROUND_PATH];

static const char *const argv_sleep[] = { "/bin/sleep", "60", NULL };

static int run_second(void *data)
{
	struct fixture *f = data;
	unsigned killed;
	int status;

	EXPECT(start(f) == 0);
	EXPECT(finish(f, &status, &killed) == 0);
	EXPECT(status == EXITED(2) && killed == 0);
	return 0;
}

static void the_command_is_the_second_process_of_its_namespace(void **state)
{
	static const char *const argv[] = { "/bin/sh", "-c", "exit $$", NULL };
	struct fixture f;

	(void)state;
	prepare(&f, argv);
	assert_int_equal(in_child(run_second, &f), 0);
}

static int compare_namespaces(void *data)
{
	static const char *const changed[] = { "user", "mnt", "pid", "ipc", "uts" };
	struct fixture *f = data;
	char theirs[64], ours[64], path[64];
	int status;

	EXPECT(start(f) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(changed) + 1; i++) {
		const char *name = i < ARRAY_SIZE(changed) ? changed[i] : "net";

		memset(theirs, 0, sizeof(theirs));
		memset(ours, 0, sizeof(ours));
		(void)snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)f->pid, name);
		EXPECT(readlink(path, theirs, sizeof(theirs) - 1) > 0);
		(void)snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
		EXPECT(readlink(path, ours, sizeof(ours) - 1) > 0);
		EXPECT(!strcmp(theirs, ours) == (i == ARRAY_SIZE(changed)));
		/* and those of init are the command's */
		(void)snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)f->launch.init.pid, name);
		EXPECT(readlink(path, ours, sizeof(ours) - 1) > 0);
		EXPECT(!strcmp(theirs, ours));
	}
	EXPECT(kill(f->pid, SIGTERM) == 0);
	EXPECT(finish(f, &status, NULL) == 0);
	EXPECT(status == SIGTERM);
	return 0;
}

static void the_wanted_namespaces_are_new_and_the_others_are_the_callers(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f, argv_sleep);
	assert_int_equal(in_child(compare_namespaces, &f), 0);
}

static volatile int n_sigchld;
static void count_sigchld(int sig)
{
	(void)sig;
	n_sigchld++;
}

static int count_children(void *data)
{
	struct sigaction action = { .sa_handler = count_sigchld };
	struct fixture *f = data;
	int status;

	EXPECT(sigaction(SIGCHLD, &action, NULL) == 0);
	EXPECT(start(f) == 0);
	/* who waits for any child gets the command, and then there is none */
	while (waitpid(-1, &status, 0) != f->pid)
		EXPECT(errno == EINTR);
	EXPECT(status == EXITED(0) && n_sigchld == 1);
	EXPECT(waitpid(-1, &status, WNOHANG) == -1 && errno == ECHILD);
	EXPECT(init_end(&f->launch.init, NULL, NULL) == 0);
	EXPECT(n_sigchld == 1);
	EXPECT(has_no_children());
	return 0;
}

static void a_caller_sees_one_child_and_one_sigchld(void **state)
{
	static const char *const argv[] = { "/bin/true", NULL };
	struct fixture f;

	(void)state;
	prepare(&f, argv);
	assert_int_equal(in_child(count_children, &f), 0);
}

static int look_at_init(void *data)
{
	struct fixture *f = data;
	char path[64], target[64];
	unsigned n_fds = 0;
	pid_t init;
	int status;

	EXPECT(start(f) == 0);
	init = f->launch.init.pid;
	/* it needs a moment to let go of everything */
	for (int i = 0; i < 1000 && n_fds != 1; i++) {
		n_fds = 0;
		for (int fd = 0; fd < 64; fd++) {
			(void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)init, fd);
			n_fds += readlink(path, target, sizeof(target)) > 0;
		}
		(void)usleep(1000);
	}
	EXPECT(n_fds == 1);
	/* what it could catch is blocked; all capabilities, the command none */
	EXPECT(mask_of(init, "\nSigBlk") == ~((1ULL << (SIGKILL - 1)) | (1ULL << (SIGSTOP - 1))));
	EXPECT(mask_of(init, "\nCapPrm") && mask_of(init, "\nCapPrm") == mask_of(init, "\nCapEff"));
	EXPECT(mask_of(f->pid, "\nCapPrm") == 0);
	(void)snprintf(path, sizeof(path), "/proc/%d/comm", (int)init);
	EXPECT(!strncmp(status_of(init, "Name"), "\tcroft-init\n", 12));
	EXPECT(getsid(init) != getsid(0) && getsid(f->pid) == getsid(0));
	EXPECT(getpgid(f->pid) == getpgid(0));
	EXPECT(kill(f->pid, SIGKILL) == 0);
	EXPECT(finish(f, &status, NULL) == 0);
	return 0;
}

static void init_holds_its_pipe_its_capabilities_and_nothing_else(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f, argv_sleep);
	f.bare.profile.require[PROTECT_PRIVILEGES] = REQUIRE_REQUIRE;
	assert_int_equal(in_child(look_at_init, &f), 0);
}

static int look_at_capabilities(void *data)
{
	struct fixture *f = data;
	uint64_t ptrace = 1ULL << 19, had;
	int status;

	EXPECT(start(f) == 0);
	had = mask_of(f->launch.init.pid, "\nCapPrm");
	EXPECT(had & ptrace);
	EXPECT(!(mask_of(f->pid, "\nCapBnd") & ptrace));
	EXPECT(!((mask_of(f->pid, "\nCapPrm") | mask_of(f->pid, "\nCapInh")) & ptrace));
	EXPECT(kill(f->pid, SIGKILL) == 0);
	EXPECT(finish(f, &status, NULL) == 0);
	return 0;
}

static void a_command_that_keeps_its_privileges_may_not_trace_init(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f, argv_sleep);
	assert_int_equal(in_child(look_at_capabilities, &f), 0);
}

static int leave_some(void *data)
{
	struct fixture *f = data;
	unsigned killed;
	int status;

	EXPECT(start(f) == 0);
	EXPECT(finish(f, &status, &killed) == 0);
	EXPECT(status == EXITED(5) && killed == 3);
	return 0;
}

static void what_the_command_leaves_is_killed_and_counted(void **state)
{
	static const char *const argv[] = {
		"/bin/sh", "-c",
		"sleep 61 & setsid sleep 62 & (setsid sleep 63 &); gone=$( (sh -c 'echo $$' &) );"
		"while kill -0 \"$gone\" 2>/dev/null; do sleep 0.01; done; exit 5",
		NULL
	};
	struct fixture f;

	(void)state;
	prepare(&f, argv);
	assert_int_equal(in_child(leave_some, &f), 0);
}

/* On a busy machine the first process may begin when others have ended already. */
static long begin_late(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	(void)usleep(300000);
	return sys_real(call, a, b, c, d, e, f);
}

static int leave_none(void *data)
{
	struct fixture *f = data;
	unsigned killed;
	int status;

	sys_replace(SYS_CALL_setsid, begin_late);
	EXPECT(start(f) == 0);
	EXPECT(finish(f, &status, &killed) == 0);
	EXPECT(status == EXITED(5) && killed == 0);
	return 0;
}

static void who_ended_before_init_had_begun_is_not_counted(void **state)
{
	static const char *const argv[] = { "/bin/sh", "-c", "(true &); sleep 0.1; exit 5", NULL };
	struct fixture f;

	(void)state;
	prepare(&f, argv);
	assert_int_equal(in_child(leave_none, &f), 0);
}

/* The numbers, outside, of who has this number for its init: all in the namespace of a process. */
static int kill_launcher(void *data)
{
	struct fixture *f = data;
	int ends[2], status;
	pid_t launcher, pids[2] = { 0, 0 };

	EXPECT(pipe(ends) == 0);
	launcher = fork();
	if (launcher == 0) {
		if (start(f) != 0)
			_exit(1);
		pids[0] = f->pid;
		pids[1] = f->launch.init.pid;
		(void)!write(ends[1], pids, sizeof(pids));
		(void)pause();
	}
	EXPECT(read(ends[0], pids, sizeof(pids)) == (ssize_t)sizeof(pids));
	EXPECT(is_there(pids[0]) && is_there(pids[1]));
	EXPECT(kill(launcher, SIGKILL) == 0);
	EXPECT(waitpid(launcher, &status, 0) == launcher && status == SIGKILL);
	EXPECT(comes_true(has_ended, &pids[0]) && comes_true(has_ended, &pids[1]));
	return 0;
}

static void the_end_of_the_launcher_is_the_end_of_everything(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f, argv_sleep);
	assert_int_equal(in_child(kill_launcher, &f), 0);
}

static int kill_init(void *data)
{
	struct fixture *f = data;
	unsigned killed;
	int status;

	EXPECT(start(f) == 0);
	EXPECT(kill(f->launch.init.pid, SIGKILL) == 0);
	EXPECT(finish(f, &status, &killed) == 0);
	EXPECT(status == SIGKILL);
	return 0;
}

static void the_end_of_init_is_the_end_of_the_command(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f, argv_sleep);
	assert_int_equal(in_child(kill_init, &f), 0);
}

static int end_stopped(void *data)
{
	struct fixture *f = data;
	int status;

	EXPECT(start(f) == 0);
	EXPECT(kill(f->launch.init.pid, SIGSTOP) == 0 && kill(f->pid, SIGKILL) == 0);
	(void)alarm(2);
	EXPECT(finish(f, &status, NULL) == 0);
	return 0;
}

static void an_init_that_was_stopped_ends_all_the_same(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f, argv_sleep);
	assert_int_equal(in_child(end_stopped, &f), 0);
}

static void *start_in_thread(void *data)
{
	return (void *)(intptr_t)start(data);
}

static int outlive_thread(void *data)
{
	struct fixture *f = data;
	pthread_t thread;
	void *result;
	int status;

	EXPECT(pthread_create(&thread, NULL, start_in_thread, f) == 0);
	EXPECT(pthread_join(thread, &result) == 0 && !result);
	(void)usleep(50000);
	EXPECT(is_there(f->pid) && is_there(f->launch.init.pid));
	EXPECT(kill(f->pid, SIGTERM) == 0);
	EXPECT(finish(f, &status, NULL) == 0);
	EXPECT(status == SIGTERM);
	return 0;
}

static void the_command_of_a_library_outlives_the_thread_that_started_it(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f, argv_sleep);
	assert_int_equal(in_child(outlive_thread, &f), 0);
}

static int start_two(void *data)
{
	struct fixture *f = data;
	struct fixture second = *f;
	int status;

	EXPECT(start(f) == 0 && start(&second) == 0);
	/* the end of the first is not held up by a copy of its pipe in the second */
	EXPECT(kill(f->pid, SIGKILL) == 0);
	EXPECT(waitpid(f->pid, &status, 0) == f->pid);
	EXPECT(init_end(&f->launch.init, NULL, NULL) == 0);
	EXPECT(is_there(second.pid));
	EXPECT(kill(second.pid, SIGKILL) == 0);
	EXPECT(finish(&second, &status, NULL) == 0);
	return 0;
}

static void two_launches_end_apart(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f, argv_sleep);
	assert_int_equal(in_child(start_two, &f), 0);
}

static int fail_undumpable(void *data)
{
	struct croft_error err = { 0 };
	struct fixture *f = data;

	/* user 0 owns what belongs to root */
	EXPECT(geteuid() != 0 || setresuid(65534, 65534, 65534) == 0);
	EXPECT(namespaces_prepare(&f->bare.plan, &f->launch.namespaces, NULL) == 0);
	EXPECT(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0);
	EXPECT(launch_start(&f->launch, &f->pid, &f->pidfd, &err) == -EACCES);
	EXPECT(err.stage == CROFT_STAGE_NAMESPACES && strstr(err.hint, "PR_SET_DUMPABLE"));
	EXPECT(has_no_children());
	/* the twin: the same with what is missing */
	EXPECT(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0);
	EXPECT(run_second(f) == 0);
	return 0;
}

static void who_is_not_dumpable_is_told_so(void **state)
{
	static const char *const argv[] = { "/bin/sh", "-c", "exit $$", NULL };
	struct fixture f;

	(void)state;
	prepare(&f, argv);
	assert_int_equal(in_child(fail_undumpable, &f), 0);
}

static int run_in_place(void *data)
{
	struct croft_error err = { 0 };
	struct fixture *f = data;

	EXPECT(child_run(&f->launch, &err) == -EOPNOTSUPP);
	EXPECT(err.stage == CROFT_STAGE_NAMESPACES);
	return 0;
}

/* Nobody has made the namespace that is wanted: the command must not run outside of it. */
static void who_is_not_the_second_process_does_not_become_the_command(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f, argv_sleep);
	assert_int_equal(in_child(run_in_place, &f), 0);
}

static int become_command(void *data)
{
	struct fixture *f = data;

	EXPECT(child_run(&f->launch, NULL) == 0);
	return 0;
}

static void without_a_pid_namespace_the_process_itself_goes_inside(void **state)
{
	static const char *const argv[] = { "/bin/sh", "-c",
					    "exec readlink /proc/self/ns/mnt >\"$0\"", file, NULL };
	char text[64], ours[64] = "";
	struct fixture f;

	(void)state;
	prepare(&f, argv);
	f.bare.plan.namespaces &= ~BIT(PID);
	assert_int_equal(namespaces_prepare(&f.bare.plan, &f.launch.namespaces, NULL), 0);
	assert_int_equal(in_child(become_command, &f), -1000);
	assert_true(readlink("/proc/self/ns/mnt", ours, sizeof(ours) - 1) > 0);
	assert_true(!strncmp(text_of("file", text, sizeof(text)), "mnt:[", 5));
	assert_true(strncmp(text, ours, strlen(ours)) != 0);
}

/* Which use of a call fails. */
static enum sys_call failing;
static int n_left, answer;

static long fail_nth(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	if (call == failing && n_left-- == 0)
		return answer;
	return sys_real(call, a, b, c, d, e, f);
}

static int start_failing(void *data)
{
	struct croft_error err = { 0 };
	struct fixture *f = data;
	int free_fd = lowest_free();

	sys_replace(failing, fail_nth);
	EXPECT(launch_start(&f->launch, &f->pid, &f->pidfd, &err) < 0);
	(void)ground_restore(NULL);
	EXPECT(err.stage == CROFT_STAGE_NAMESPACES || err.stage == CROFT_STAGE_START);
	EXPECT(has_no_children());
	EXPECT(lowest_free() == free_fd);
	EXPECT(!f->launch.init.stack && f->launch.init.life == -1);
	return 0;
}

static void whoever_cannot_be_made_nothing_is_left(void **state)
{
	static const struct {
		enum sys_call call;
		int n, answer;
	} rows[] = {
		{ SYS_CALL_clone, 0, -EAGAIN },      { SYS_CALL_clone, 1, -EAGAIN },
		{ SYS_CALL_clone, 2, -EAGAIN },      { SYS_CALL_unshare, 0, -EPERM },
		{ SYS_CALL_mount, 0, -EPERM },       { SYS_CALL_sethostname, 0, -EPERM },
		{ SYS_CALL_readlinkat, 1, -ENOENT }, { SYS_CALL_pipe2, 0, -EMFILE },
		{ SYS_CALL_pipe2, 1, -EMFILE },      { SYS_CALL_mmap, 0, -ENOMEM },
		{ SYS_CALL_mmap, 2, -ENOMEM },       { SYS_CALL_mmap, 4, -ENOMEM },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fixture f;
		int line;

		prepare(&f, argv_sleep);
		failing = rows[i].call;
		n_left = rows[i].n;
		answer = rows[i].answer;
		line = in_child(start_failing, &f);
		if (line)
			fail_msg("use %d of %s: line %d", rows[i].n, sys_name(failing), line);
	}
}

/* As if unshare had done nothing: the numbers are some of the host's. */
static long some_number(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	long pid = sys_real(call, a, b, c, d, e, f);

	return pid == 2 ? 4711 : pid;
}

static int start_unseen(void *data)
{
	struct croft_error err = { 0 };
	struct fixture *f = data;

	sys_replace(SYS_CALL_getpid, some_number);
	EXPECT(launch_start(&f->launch, &f->pid, &f->pidfd, &err) == -EOPNOTSUPP);
	EXPECT(err.stage == CROFT_STAGE_NAMESPACES && strstr(err.what, "no pid namespace"));
	EXPECT(has_no_children());
	return 0;
}

static void a_pid_namespace_that_is_not_there_stops_the_start(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f, argv_sleep);
	assert_int_equal(in_child(start_unseen, &f), 0);
}

static int open_group(void **state)
{
	if (ground_open(state) < 0)
		return -1;
	in_scratch(file, "file");
	return 0;
}

#define T(test) cmocka_unit_test_teardown(test, ground_restore)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_command_is_the_second_process_of_its_namespace),
		T(the_wanted_namespaces_are_new_and_the_others_are_the_callers),
		T(a_caller_sees_one_child_and_one_sigchld),
		T(init_holds_its_pipe_its_capabilities_and_nothing_else),
		T(a_command_that_keeps_its_privileges_may_not_trace_init),
		T(what_the_command_leaves_is_killed_and_counted),
		T(who_ended_before_init_had_begun_is_not_counted),
		T(the_end_of_the_launcher_is_the_end_of_everything),
		T(the_end_of_init_is_the_end_of_the_command),
		T(an_init_that_was_stopped_ends_all_the_same),
		T(the_command_of_a_library_outlives_the_thread_that_started_it),
		T(two_launches_end_apart),
		T(who_is_not_dumpable_is_told_so),
		T(who_is_not_the_second_process_does_not_become_the_command),
		T(without_a_pid_namespace_the_process_itself_goes_inside),
		T(whoever_cannot_be_made_nothing_is_left),
		T(a_pid_namespace_that_is_not_there_stops_the_start),
	};

	return cmocka_run_group_tests(tests, open_group, ground_close);
}
