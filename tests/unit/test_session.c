/* SPDX-License-Identifier: MIT */
/*
 * test_session.c - a session is found, joined, listed and ended by its user, and keeps nothing.
 */
#include "session_of.h"

static void what_it_was_started_with_is_told(void **state)
{
	struct started started;
	struct session session;
	struct join join;

	(void)state;
	must_start(&started, 1U << HOST_NS_UTS);
	must_find(started.id, &session);
	assert_true(session.pid > 0 && session.pid != getpid());
	assert_string_equal(session.record.id, started.id);
	assert_string_equal(session.record.workdir, scratch);
	assert_int_equal(session.record.n_words, 2);
	assert_string_equal(session.record.words[1], "--isolate=network");
	assert_int_equal(session_compare(&session, &started.bare.plan, NULL), 0);
	started.bare.plan.has_new_root = true;
	assert_int_equal(session_compare(&session, &started.bare.plan, NULL), -ESTALE);
	assert_int_equal(session_open(&session, &join, NULL), 0);
	for (int i = 0; i < HOST_NS_MAX; i++)
		assert_true((join.fds[i] >= 0) == !!(session.record.namespaces & 1U << i));
	join_done(&join);
	session_done(&session);
	end(started.id);
}

static int join_and_look(void *data)
{
	const struct session *session = data;
	char name[64];
	struct stat st;
	struct join join;

	EXPECT(session_open(session, &join, NULL) == 0);
	EXPECT(join_enter(&join, NULL) == 0);
	EXPECT(stat("/proc/self/ns/user", &st) == 0);
	EXPECT(st.st_ino == session->record.inodes[HOST_NS_USER]);
	EXPECT(stat("/proc/self/ns/mnt", &st) == 0);
	EXPECT(st.st_ino == session->record.inodes[HOST_NS_MOUNT]);
	EXPECT(gethostname(name, sizeof(name)) == 0);
	EXPECT(!strcmp(name, NAMESPACES_HOSTNAME));
	return 0;
}

static void who_joins_is_in_its_namespaces(void **state)
{
	struct started started;
	struct session session;

	(void)state;
	must_start(&started, 1U << HOST_NS_UTS | 1U << HOST_NS_IPC | 1U << HOST_NS_NET);
	must_find(started.id, &session);
	assert_int_equal(in_child(join_and_look, &session), 0);
	session_done(&session);
	end(started.id);
}

static int join_alone(void *data)
{
	struct stat mine, its;
	struct join join;
	pid_t pid;
	int status;

	EXPECT(session_open(data, &join, NULL) == 0);
	EXPECT(join.wants_own_pid);
	EXPECT(join_enter(&join, NULL) == 0);
	EXPECT(stat("/proc/self/ns/mnt", &mine) == 0);
	EXPECT(fstat(join.fds[HOST_NS_MOUNT], &its) == 0);
	EXPECT(mine.st_ino != its.st_ino);
	pid = fork();
	if (pid == 0)
		_exit(getpid() != 1);
	EXPECT(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
	return 0;
}

static void with_a_pid_namespace_each_command_gets_its_own(void **state)
{
	struct started started;
	struct session session;

	(void)state;
	must_start(&started, 1U << HOST_NS_PID);
	must_find(started.id, &session);
	assert_int_equal(in_child(join_alone, &session), 0);
	assert_int_equal(in_child(join_alone, &session), 0);
	session_done(&session);
	end(started.id);
}

static void a_name_is_given_once(void **state)
{
	struct started started, again;
	struct croft_error err = { 0 };
	int before = lowest_free();

	(void)state;
	must_start(&started, 0);
	assert_int_equal(start(&again, started.id, 0, &err), -EEXIST);
	assert_non_null(strstr(err.what, "already"));
	end(started.id);
	/* and again when it is free */
	assert_int_equal(start(&again, started.id, 0, &err), 0);
	end(started.id);
	assert_int_equal(lowest_free(), before);
	assert_true(has_no_children());
}

static void names_of_another_form_are_refused(void **state)
{
	const char *const names[] = {
		"", "-x", ".x", "a b", "a/b", "\xc3\xa4", "a\n", "123456789012345678901234567890123"
	};
	struct started started;
	struct session session;
	struct croft_error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_int_equal(start(&started, names[i], 0, &err), -EINVAL);
		assert_int_equal(err.stage, CROFT_STAGE_USAGE);
		assert_int_equal(session_find(names[i], &session, &err), -EINVAL);
	}
	assert_int_equal(session_check_id("A_b-c.9", NULL), 0);
	assert_int_equal(session_check_id("12345678901234567890123456789012", NULL), 0);
}

static bool is_listed(const char *id)
{
	char(*ids)[SESSION_ID_MAX + 1];
	bool is_there = false;
	size_t n;

	assert_int_equal(session_list(&ids, &n, NULL), 0);
	for (size_t i = 0; i < n; i++)
		is_there = is_there || !strcmp(ids[i], id);
	free(ids);
	return is_there;
}

static bool is_unlisted(const void *id)
{
	return !is_listed(id);
}

static void only_sessions_are_listed(void **state)
{
	char name[100];
	struct started started;
	int fds[3];

	(void)state;
	must_start(&started, 0);
	assert_true(is_listed(started.id));
	assert_false(is_listed("unit-nobody"));
	/* names that anybody may give his sockets */
	fds[0] = bind_raw("x\n0: 0 0 0 0 0 1 @nothing", 25);
	(void)snprintf(name, sizeof(name), "croft-session-%u-../etc", (unsigned)geteuid());
	fds[1] = bind_raw(name, strlen(name));
	(void)snprintf(name, sizeof(name), "croft-session-%u-unit-other", (unsigned)geteuid() + 1);
	fds[2] = bind_raw(name, strlen(name));
	assert_true(is_listed(started.id));
	assert_false(is_listed("../etc"));
	assert_false(is_listed("unit-other"));
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		assert_true(fds[i] >= 0);
		(void)close(fds[i]);
	}
	end(started.id);
	assert_false(is_listed(started.id));
}

static void its_holder_ends_by_any_signal_that_ends(void **state)
{
	static const int signals[] = { SIGTERM, SIGKILL };

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(signals); i++) {
		struct started started;
		struct session session;

		must_start(&started, i % 2 ? 1U << HOST_NS_PID : 0);
		must_find(started.id, &session);
		assert_int_equal(kill(session.pid, signals[i / 2]), 0);
		assert_true(comes_true(has_ended, &session.pidfd));
		session_done(&session);
		assert_int_equal(session_find(started.id, &session, NULL), -ENOENT);
		assert_false(is_listed(started.id));
	}
}

static void other_signals_leave_it_alone(void **state)
{
	static const int signals[] = { SIGHUP,  SIGINT,  SIGQUIT, SIGPIPE,
				       SIGALRM, SIGUSR1, SIGTSTP, SIGCHLD };
	struct started started;
	struct session session;

	(void)state;
	must_start(&started, 0);
	must_find(started.id, &session);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		assert_int_equal(kill(session.pid, signals[i]), 0);
	session_done(&session);
	must_find(started.id, &session);
	assert_false(has_ended(&session.pidfd));
	session_done(&session);
	end(started.id);
}

/* How many descriptors a holder has; -1: one that is neither its socket nor its signalfd. */
static int count_descriptors(pid_t pid)
{
	char path[64], target[256];
	int n_fds = 0;

	for (int fd = 0; fd < 1024; fd++) {
		ssize_t n;

		(void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
		n = readlink(path, target, sizeof(target) - 1);
		if (n < 0)
			continue;
		target[n] = '\0';
		n_fds++;
		if (!strstr(target, "socket:") && !strstr(target, "signalfd"))
			return -1;
	}
	return n_fds;
}

/* The connection that asked it is closed a moment later. */
static bool has_two_descriptors(const void *pid)
{
	return count_descriptors(*(const pid_t *)pid) == 2;
}

/* Descriptors, terminal: nothing of who started it. */
static void it_keeps_nothing_of_the_caller(void **state)
{
	struct started started;
	struct session session;
	int pipe_ends[2];
	char c;

	(void)state;
	/* one that is not closed by exec, as pipelines have them */
	assert_int_equal(pipe(pipe_ends), 0);
	must_start(&started, 0);
	must_find(started.id, &session);
	assert_true(comes_true(has_two_descriptors, &session.pid));
	assert_true(getsid(session.pid) != getsid(0));
	(void)close(pipe_ends[1]);
	assert_int_equal(read(pipe_ends[0], &c, 1), 0);
	(void)close(pipe_ends[0]);
	session_done(&session);
	end(started.id);
}

static void who_does_not_read_keeps_nobody_waiting(void **state)
{
	struct started started;
	struct session session;
	struct sockaddr_un address;
	socklen_t len;
	int fds[200];

	(void)state;
	must_start(&started, 0);
	len = (socklen_t)session_address(started.id, &address);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		fds[i] = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
		assert_return_code(fds[i], errno);
		assert_return_code(connect(fds[i], (struct sockaddr *)&address, len), errno);
	}
	must_find(started.id, &session);
	session_done(&session);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		(void)close(fds[i]);
	end(started.id);
}

/* In the caller, in the maker or in the holder, which are copies and have the replacement too. */
static void a_call_that_fails_makes_no_session(void **state)
{
	static const struct {
		enum sys_call call;
		int errnum;
	} rows[] = {
		{ SYS_CALL_socket, EMFILE },        { SYS_CALL_bind, EACCES },
		{ SYS_CALL_listen, EOPNOTSUPP },    { SYS_CALL_clone, EAGAIN },
		{ SYS_CALL_pipe2, EMFILE },         { SYS_CALL_getrandom, ENOSYS },
		{ SYS_CALL_mmap, ENOMEM },          { SYS_CALL_signalfd4, ENOSYS },
		{ SYS_CALL_unshare, EPERM },        { SYS_CALL_mount, EPERM },
		{ SYS_CALL_clock_gettime, EINVAL }, { SYS_CALL_rt_sigprocmask, EINVAL },
		{ SYS_CALL_rt_sigaction, EINVAL },  { SYS_CALL_prctl, EINVAL },
	};
	int before = lowest_free();

	(void)state;
	if (!has_namespaces())
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct started started;
		struct croft_error err = { 0 };
		char name[32];
		int r;

		(void)snprintf(name, sizeof(name), "unit-fault-%zu", i);
		ground_replace(rows[i].call, -rows[i].errnum);
		r = start(&started, rows[i].call == SYS_CALL_getrandom ? NULL : name, 0, &err);
		sys_replace(rows[i].call, NULL);
		if (r == 0 || !err.what[0] || err.stage == CROFT_STAGE_EXEC)
			fail_msg("%s: %d, '%s'", sys_name(rows[i].call), r, err.what);
		assert_true(has_no_children());
		assert_int_equal(lowest_free(), before);
		/* the holder ends after it has said why */
		assert_true(comes_true(is_unlisted, name));
	}
}

/* Ending one */

static int *n_ready;

static int join_and_stay(void *data)
{
	struct join join;

	EXPECT(session_open(data, &join, NULL) == 0);
	EXPECT(join_enter(&join, NULL) == 0);
	(void)setsid();
	if (fork() == 0) {
		/* as deep as it gets: in a user namespace inside of the session's */
		(void)unshare(CLONE_NEWUSER);
		__atomic_add_fetch(n_ready, 1, __ATOMIC_SEQ_CST);
		for (;;)
			(void)pause();
	}
	if (fork() == 0) {
		__atomic_add_fetch(n_ready, 1, __ATOMIC_SEQ_CST);
		(void)raise(SIGSTOP);
		for (;;)
			(void)pause();
	}
	return 0;
}

static bool are_ready(const void *data)
{
	return __atomic_load_n(n_ready, __ATOMIC_SEQ_CST) == *(const int *)data;
}

static void what_still_runs_in_it_is_killed_and_nobody_else(void **state)
{
	struct started started, other;
	struct session session;
	unsigned killed = 0;
	const int two = 2;

	(void)state;
	n_ready = mmap(NULL, sizeof(*n_ready), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	assert_true(n_ready != MAP_FAILED);
	must_start(&started, 0);
	must_start(&other, 0);
	must_find(started.id, &session);
	assert_int_equal(in_child(join_and_stay, &session), 0);
	assert_true(comes_true(are_ready, &two));
	assert_int_equal(session_stop(&session, &killed, NULL), 0);
	assert_int_equal(killed, 2);
	session_done(&session);
	/* the other one is as it was */
	end(other.id);
	(void)munmap(n_ready, sizeof(*n_ready));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_it_was_started_with_is_told),
		cmocka_unit_test(who_joins_is_in_its_namespaces),
		cmocka_unit_test(with_a_pid_namespace_each_command_gets_its_own),
		cmocka_unit_test(a_name_is_given_once),
		cmocka_unit_test(names_of_another_form_are_refused),
		cmocka_unit_test(only_sessions_are_listed),
		cmocka_unit_test(its_holder_ends_by_any_signal_that_ends),
		cmocka_unit_test(other_signals_leave_it_alone),
		cmocka_unit_test(it_keeps_nothing_of_the_caller),
		cmocka_unit_test(who_does_not_read_keeps_nobody_waiting),
		cmocka_unit_test_teardown(a_call_that_fails_makes_no_session, ground_restore),
		cmocka_unit_test(what_still_runs_in_it_is_killed_and_nobody_else),
	};

	return cmocka_run_group_tests(tests, ground_open, ground_close);
}
