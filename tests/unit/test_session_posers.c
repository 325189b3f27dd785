/* SPDX-License-Identifier: MIT */
/*
 * test_session_posers.c - who poses as a session is not joined, nor one that has ended.
 */
#include "session_of.h"

enum pose {
	POSE_SILENT,
	POSE_GARBAGE,
	POSE_LONG,
	POSE_OTHER_NAME,
	POSE_CONFINED,
	POSE_UNNAMED,
	POSE_OTHER_NS,
	POSE_ENDED,
};

struct poser {
	enum pose pose;
	const struct session *genuine; /* what a poser copies */
	pid_t pid;
	char id[SESSION_ID_MAX + 1];
};

static _Noreturn void pause_for_good(void)
{
	for (;;)
		(void)pause();
}

static _Noreturn void pose(const struct poser *poser, int ready)
{
	AUTO_BUF struct buf buf = BUF_INIT((size_t)4 * SESSION_MAX_RECORD);
	struct session_record record = { 0 };
	struct sockaddr_un address;
	socklen_t len = (socklen_t)session_address(poser->id, &address);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	/* our own namespaces are those that a command in a sandbox without any has */
	record.workdir = "/";
	memcpy(record.id, poser->id, sizeof(record.id));
	if (poser->pose == POSE_OTHER_NAME)
		record.id[0]++;
	if (poser->pose == POSE_OTHER_NS)
		memcpy(record.inodes, poser->genuine->record.inodes, sizeof(record.inodes));
	if (poser->pose == POSE_OTHER_NS)
		record.namespaces = poser->genuine->record.namespaces;
	session_record_write(&buf, &record, no_words);
	if (poser->pose == POSE_GARBAGE)
		memset(buf.data, 'x', 20);
	while (poser->pose == POSE_LONG && buf.len <= SESSION_MAX_RECORD)
		buf_putc(&buf, 'x');
	if (poser->pose == POSE_CONFINED && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		_exit(1);
	if (poser->pose != POSE_UNNAMED && prctl(PR_SET_NAME, SESSION_COMM, 0, 0, 0) < 0)
		_exit(1);
	if (bind(fd, (struct sockaddr *)&address, len) < 0 || listen(fd, 8) < 0)
		_exit(1);
	/* who listened ends, and a child goes on with the socket */
	if (poser->pose == POSE_ENDED && fork() != 0)
		pause_for_good();
	if (write(ready, "x", 1) != 1)
		_exit(1);
	for (;;) {
		int one = accept(fd, NULL, NULL);

		if (poser->pose == POSE_SILENT)
			continue;
		(void)send(one, buf_text(&buf), buf.len, MSG_NOSIGNAL);
		(void)close(one);
	}
}

static void start_poser(struct poser *poser)
{
	int ends[2];
	char c;

	(void)snprintf(poser->id, sizeof(poser->id), "unit-%d", getpid());
	assert_int_equal(pipe(ends), 0);
	poser->pid = fork();
	if (poser->pid == 0)
		pose(poser, ends[1]);
	(void)close(ends[1]);
	assert_int_equal(read(ends[0], &c, 1), 1);
	(void)close(ends[0]);
}

static void end_poser(struct poser *poser)
{
	assert_int_equal(kill(poser->pid, SIGKILL), 0);
	assert_int_equal(waitpid(poser->pid, NULL, 0), poser->pid);
}

static void what_is_no_session_is_not_found(void **state)
{
	static const struct {
		enum pose pose;
		int wanted;
	} rows[] = { { POSE_SILENT, -ETIMEDOUT },
		     { POSE_GARBAGE, -EPROTO },
		     { POSE_LONG, -EPROTO },
		     { POSE_OTHER_NAME, -EPROTO } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct poser poser = { .pose = rows[i].pose };
		struct session session;
		struct croft_error err = { 0 };
		int before = lowest_free();

		start_poser(&poser);
		assert_int_equal(session_find(poser.id, &session, &err), rows[i].wanted);
		assert_int_equal(err.stage, CROFT_STAGE_SESSION);
		end_poser(&poser);
		assert_int_equal(lowest_free(), before);
	}
}

static void a_confined_process_is_no_holder_nor_is_one_of_another_name(void **state)
{
	struct poser confined = { .pose = POSE_CONFINED }, unnamed = { .pose = POSE_UNNAMED };
	struct croft_error err = { 0 };
	struct session session;
	struct join join;

	(void)state;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 0)
		skip();
	start_poser(&confined);
	must_find(confined.id, &session);
	assert_int_equal(session_open(&session, &join, &err), -EPERM);
	assert_non_null(strstr(err.what, "confined itself"));
	session_done(&session);
	end_poser(&confined);
	start_poser(&unnamed);
	must_find(unnamed.id, &session);
	assert_int_equal(session_open(&session, &join, &err), -ESRCH);
	assert_non_null(strstr(err.what, "is another"));
	session_done(&session);
	end_poser(&unnamed);
}

/* The tree can be said to be any; what would be joined is compared too. */
static void a_record_of_fewer_namespaces_than_the_plan_has_is_refused(void **state)
{
	struct started started;
	struct session session;

	(void)state;
	must_start(&started, 0);
	must_find(started.id, &session);
	assert_int_equal(session_compare(&session, &started.bare.plan, NULL), 0);
	session.record.namespaces = 0;
	assert_int_equal(session_compare(&session, &started.bare.plan, NULL), -ESTALE);
	session_done(&session);
	end(started.id);
}

/* The number may be somebody else's by then. */
static void whoever_goes_on_with_a_holders_socket_is_no_holder(void **state)
{
	struct poser poser = { .pose = POSE_ENDED };
	struct croft_error err = { 0 };
	struct session session;
	struct join join;
	pid_t child = 0;
	char path[64], text[32];
	int fd;

	(void)state;
	start_poser(&poser);
	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", poser.pid, poser.pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_return_code(fd, errno);
	memset(text, 0, sizeof(text));
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	(void)close(fd);
	child = (pid_t)strtol(text, NULL, 10);
	end_poser(&poser);
	if (session_find(poser.id, &session, &err) == 0) {
		assert_true(session_open(&session, &join, &err) < 0);
		session_done(&session);
	}
	assert_int_equal(err.stage, CROFT_STAGE_SESSION);
	assert_int_equal(kill(child, SIGKILL), 0);
}

static void namespaces_of_others_are_not_joined_in_a_holders_name(void **state)
{
	struct started started;
	struct session genuine, session;
	struct poser poser = { .pose = POSE_OTHER_NS, .genuine = &genuine };
	struct croft_error err = { 0 };
	struct join join;

	(void)state;
	must_start(&started, 0);
	must_find(started.id, &genuine);
	start_poser(&poser);
	must_find(poser.id, &session);
	assert_int_equal(session_open(&session, &join, &err), -ESTALE);
	session_done(&session);
	end_poser(&poser);

	/* the number of a holder that has ended, with another process behind it */
	must_find(started.id, &session);
	(void)close(session.proc);
	session.proc = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(session_open(&session, &join, &err), -ESTALE);
	session_done(&session);
	session_done(&genuine);
	end(started.id);
}

static void a_holder_that_ended_is_not_joined(void **state)
{
	struct started started;
	struct session session;
	struct croft_error err = { 0 };
	struct join join;

	(void)state;
	must_start(&started, 0);
	must_find(started.id, &session);
	assert_int_equal(kill(session.pid, SIGKILL), 0);
	assert_true(comes_true(has_ended, &session.pidfd));
	assert_true(session_open(&session, &join, &err) < 0);
	session_done(&session);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_session_is_not_found),
		cmocka_unit_test(a_confined_process_is_no_holder_nor_is_one_of_another_name),
		cmocka_unit_test(a_record_of_fewer_namespaces_than_the_plan_has_is_refused),
		cmocka_unit_test(whoever_goes_on_with_a_holders_socket_is_no_holder),
		cmocka_unit_test(namespaces_of_others_are_not_joined_in_a_holders_name),
		cmocka_unit_test(a_holder_that_ended_is_not_joined),
	};

	return cmocka_run_group_tests(tests, ground_open, ground_close);
}
