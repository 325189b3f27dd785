/* SPDX-License-Identifier: MIT */
/* test_pty.c - pseudo terminals on kernels that answer otherwise; a relay that never blocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "in_child.h"
#include "launch/pty.h"
#include "sys/calls.h"

static int restore(void **state)
{
	(void)state;
	for (int i = 0; i < SYS_CALL_MAX; i++)
		sys_replace((enum sys_call)i, NULL);
	return 0;
}

static long answer;

static long gives_answer(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	(void)call, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
	return answer;
}

static unsigned long refused[4];
static int refused_with;

static long refuses_requests(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		if (refused[i] && refused[i] == (unsigned long)b)
			return -refused_with;
	return sys_real(call, a, b, c, d, e, f);
}

static void refuse(unsigned long request, int errnum)
{
	memset(refused, 0, sizeof(refused));
	refused[0] = request;
	refused_with = errnum;
	sys_replace(SYS_CALL_ioctl, refuses_requests);
}

/* In a child without any terminal, its output a file that is read back. */
static void without_terminals(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; fd < 3; fd++)
		(void)dup2(null, fd);
}

/* What is written at one end is read at the other. */
static bool is_pair(int master, int slave)
{
	char text[8] = "";
	struct pollfd poll_slave = { .fd = slave, .events = POLLIN };

	if (write(master, "word\n", 5) != 5 || poll(&poll_slave, 1, 2000) != 1)
		return false;
	return read(slave, text, sizeof(text)) == 5 && !memcmp(text, "word\n", 5);
}

static void opens(const void *arg, struct said *said)
{
	const unsigned long *request = arg;
	struct pty pty;

	without_terminals();
	pty_init(&pty);
	if (*request)
		refuse(*request, ENOTTY);
	said->result = pty_open(&pty, false, &said->err);
	said->answers[0] = said->result == 0 && is_pair(pty.master, pty.slave);
	said->answers[1] = pty.is_replaced[0];
	said->answers[2] = pty.is_replaced[1] && pty.is_replaced[2];
	said->answers[3] = fcntl(pty.slave, F_GETFD) == FD_CLOEXEC;
	said->answers[4] = fcntl(pty.master, F_GETFD) == FD_CLOEXEC;
	pty_end(&pty);
	said->answers[5] = pty.master == -1 && pty.slave == -1 && pty.out == -1;
}

static void the_other_end_is_opened_through_the_master_and_else_by_name(void **state)
{
	static const unsigned long requests[] = { 0, TIOCGPTPEER };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		struct said said = in_child(opens, &requests[i]);

		assert_int_equal(said.result, 0);
		assert_true(said.answers[0]);
		assert_false(said.answers[1]);
		assert_true(said.answers[2]);
		assert_true(said.answers[3]);
		assert_true(said.answers[4]);
		assert_true(said.answers[5]);
	}
}

/* A name that leads to the terminal of another instance. */
static int another = -1;

static long opens_another(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	const char *path = (const char *)(uintptr_t)b;

	if (!strncmp(path, "/dev/pts/", 9) && strcmp(path, "/dev/pts/ptmx") != 0)
		return fcntl(another, F_DUPFD_CLOEXEC, 3);
	return sys_real(call, a, b, c, d, e, f);
}

static void opens_by_a_wrong_name(const void *arg, struct said *said)
{
	struct pty pty, other;

	(void)arg;
	without_terminals();
	pty_init(&other);
	said->result = pty_open(&other, false, &said->err);
	if (said->result < 0)
		return;
	another = other.slave;
	pty_init(&pty);
	refuse(TIOCGPTPEER, ENOTTY);
	sys_replace(SYS_CALL_openat, opens_another);
	said->result = pty_open(&pty, false, &said->err);
	said->answers[0] = pty.slave;
	pty_end(&pty);
	pty_end(&other);
}

static void a_name_that_leads_to_another_terminal_is_refused(void **state)
{
	struct said said = in_child(opens_by_a_wrong_name, NULL);

	(void)state;
	assert_int_equal(said.result, -ENXIO);
	assert_int_equal(said.err.stage, CROFT_STAGE_PREPARE);
	assert_int_equal(said.answers[0], -1);
}

static void what_cannot_be_opened_is_told_and_nothing_stays_open(void **state)
{
	static const struct {
		enum sys_call call;
		unsigned long request;
		int errnum;
	} cases[] = {
		{ SYS_CALL_openat, 0, EMFILE },
		{ SYS_CALL_openat, 0, ENOENT },
		{ SYS_CALL_ioctl, TIOCSPTLCK, EPERM },
	};
	int before = dup(0);

	(void)state;
	(void)close(before);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct croft_error err = { 0 };
		struct pty pty;
		int after;

		pty_init(&pty);
		if (cases[i].request)
			refuse(cases[i].request, cases[i].errnum);
		else
			sys_replace(cases[i].call, gives_answer);
		answer = -cases[i].errnum;
		assert_int_equal(pty_open(&pty, false, &err), -cases[i].errnum);
		assert_int_equal(err.stage, CROFT_STAGE_PREPARE);
		(void)restore(NULL);
		pty_end(&pty);
		after = dup(0);
		assert_int_equal(after, before);
		(void)close(after);
	}
}

/* A relay between two pairs: the user's terminal is `user`, the command's end is pty.slave. */
struct world {
	struct pty pty;
	int user; /* the master of the user's terminal: what a person types and sees */
};

static int make_world(struct world *world, struct croft_error *err)
{
	struct pty outer;
	int r;

	without_terminals();
	pty_init(&outer);
	r = pty_open(&outer, false, err);
	if (r < 0)
		return r;
	for (int fd = 0; fd < 3; fd++)
		(void)dup2(outer.slave, fd);
	world->user = outer.master;
	pty_init(&world->pty);
	return pty_open(&world->pty, false, err);
}

/* As supervise.c does it, for at most so many rounds. */
static void relay(struct pty *pty, int rounds)
{
	while (rounds-- > 0) {
		struct pollfd polls[PTY_MAX_POLL];
		unsigned n = pty_poll(pty, polls);

		if (poll(polls, n, 50) > 0)
			pty_relay(pty, polls, n);
	}
}

static bool says(int fd, const char *text)
{
	char found[64] = "";
	struct pollfd waiting = { .fd = fd, .events = POLLIN };
	size_t len = strlen(text);

	return poll(&waiting, 1, 2000) == 1 && read(fd, found, sizeof(found) - 1) == (ssize_t)len &&
	       !memcmp(found, text, len);
}

static int is_raw(int terminal)
{
	struct termios settings;

	return sys_ioctl(terminal, TCGETS, &settings) == 0 && !(settings.c_lflag & ICANON);
}

static void relays(const void *arg, struct said *said)
{
	struct world world;

	(void)arg;
	said->result = make_world(&world, &said->err);
	if (said->result < 0)
		return;
	pty_begin(&world.pty);
	said->answers[0] = is_raw(0) && !is_raw(world.pty.slave);
	said->answers[1] = write(world.pty.slave, "seen", 4) == 4;
	relay(&world.pty, 4);
	said->answers[2] = says(world.user, "seen");
	said->answers[3] = write(world.user, "typed\r", 6) == 6;
	relay(&world.pty, 4);
	said->answers[4] = says(world.pty.slave, "typed\n");
	said->answers[5] = says(world.user, "typed\r\n"); /* the echo */
	pty_pause(&world.pty);
	said->answers[6] = !is_raw(0);
	pty_begin(&world.pty);
	said->answers[7] = is_raw(0);
	said->answers[8] = write(world.pty.slave, "last", 4) == 4;
	pty_end(&world.pty);
	said->answers[9] = says(world.user, "last") && !is_raw(0);
}

static void bytes_go_both_ways_and_the_settings_come_back(void **state)
{
	struct said said = in_child(relays, NULL);

	(void)state;
	assert_int_equal(said.result, 0);
	for (int i = 0; i < 10; i++)
		if (!said.answers[i])
			fail_msg("step %d", i);
}

static long fails_with_eio(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	if ((int)a == another)
		return -EIO;
	return sys_real(call, a, b, c, d, e, f);
}

static void reads_errors(const void *arg, struct said *said)
{
	struct world world;

	(void)arg;
	said->result = make_world(&world, &said->err);
	if (said->result < 0)
		return;
	pty_begin(&world.pty);
	another = world.pty.master;
	sys_replace(SYS_CALL_read, fails_with_eio);
	(void)!write(world.pty.slave, "kept", 4);
	relay(&world.pty, 3);
	said->answers[0] = world.pty.master >= 0;
	sys_replace(SYS_CALL_read, NULL);
	relay(&world.pty, 3);
	said->answers[1] = says(world.user, "kept");
	pty_end(&world.pty);
}

static void an_error_of_the_master_is_no_end(void **state)
{
	struct said said = in_child(reads_errors, NULL);

	(void)state;
	assert_int_equal(said.result, 0);
	assert_true(said.answers[0]);
	assert_true(said.answers[1]);
}

/* gVisor: what was asked for comes back with more of it. */
static void asks_in_gvisor(const void *arg, struct said *said)
{
	struct world world;
	struct pollfd polls[PTY_MAX_POLL];
	unsigned n;

	(void)arg;
	said->result = make_world(&world, &said->err);
	if (said->result < 0)
		return;
	pty_begin(&world.pty);
	(void)!write(world.user, "x\r", 2);
	n = pty_poll(&world.pty, polls);
	(void)poll(polls, n, 500);
	for (unsigned i = 0; i < n; i++)
		polls[i].events |= POLLERR | POLLHUP;
	pty_relay(&world.pty, polls, n);
	relay(&world.pty, 2);
	said->answers[0] = says(world.pty.slave, "x\n");
	pty_end(&world.pty);
}

static void what_poll_adds_to_the_question_does_not_hide_the_answer(void **state)
{
	struct said said = in_child(asks_in_gvisor, NULL);

	(void)state;
	assert_int_equal(said.result, 0);
	assert_true(said.answers[0]);
}

static void fills_up(const void *arg, struct said *said)
{
	struct world world;
	char block[4096];
	int flags;

	(void)arg;
	said->result = make_world(&world, &said->err);
	if (said->result < 0)
		return;
	pty_begin(&world.pty);
	memset(block, 'x', sizeof(block));
	flags = fcntl(world.pty.slave, F_GETFL);
	(void)fcntl(world.pty.slave, F_SETFL, flags | O_NONBLOCK);
	/* nobody reads the user's terminal: the relay must come back each time (else: the alarm) */
	for (int i = 0; i < 300; i++) {
		(void)!write(world.pty.slave, block, sizeof(block));
		relay(&world.pty, 1);
	}
	said->answers[0] = world.pty.to_user.begin < world.pty.to_user.end;
	/* and the user goes away: nothing is kept for him */
	(void)close(world.user);
	relay(&world.pty, 3);
	said->answers[1] = world.pty.master == -1;
	said->answers[2] = (int)pty_poll(&world.pty, NULL);
	pty_end(&world.pty);
}

static void a_terminal_that_nobody_reads_blocks_nothing_and_a_lost_one_hangs_up(void **state)
{
	struct said said = in_child(fills_up, NULL);

	(void)state;
	assert_int_equal(said.result, 0);
	assert_true(said.answers[0]);
	assert_true(said.answers[1]);
	assert_int_equal(said.answers[2], 0);
}

static void attaches(const void *arg, struct said *said)
{
	struct pty pty;

	(void)arg;
	without_terminals();
	pty_init(&pty);
	said->answers[0] = pty_attach(&pty, &said->err) == 0 && getsid(0) != getpid();
	said->result = pty_open(&pty, false, &said->err);
	if (said->result < 0)
		return;
	said->result = pty_attach(&pty, &said->err);
	said->answers[1] = getsid(0) == getpid();
	said->answers[2] = !isatty(0) && isatty(1) && isatty(2);
	said->answers[3] =
		open("/dev/tty", O_RDWR | O_CLOEXEC) >= 0 || access("/dev/tty", F_OK) < 0;
	/* a second time there is a session already */
	said->answers[4] = pty_attach(&pty, &said->err) == -EPERM;
}

static void the_command_gets_a_session_and_the_terminal_as_its_descriptors(void **state)
{
	struct said said = in_child(attaches, NULL);

	(void)state;
	assert_int_equal(said.result, 0);
	for (int i = 0; i < 5; i++)
		if (!said.answers[i])
			fail_msg("step %d", i);
	assert_int_equal(said.err.stage, CROFT_STAGE_START);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_other_end_is_opened_through_the_master_and_else_by_name),
		cmocka_unit_test(a_name_that_leads_to_another_terminal_is_refused),
		cmocka_unit_test_teardown(what_cannot_be_opened_is_told_and_nothing_stays_open,
					  restore),
		cmocka_unit_test(bytes_go_both_ways_and_the_settings_come_back),
		cmocka_unit_test(an_error_of_the_master_is_no_end),
		cmocka_unit_test(what_poll_adds_to_the_question_does_not_hide_the_answer),
		cmocka_unit_test(
			a_terminal_that_nobody_reads_blocks_nothing_and_a_lost_one_hangs_up),
		cmocka_unit_test(the_command_gets_a_session_and_the_terminal_as_its_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
