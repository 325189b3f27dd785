/* SPDX-License-Identifier: MIT */
/*
 * pty_behaviour.c - what a program may expect of pseudo terminals on Linux, each expectation a
 * word on the command line; prints "WORD ok" or "WORD failed: why" for each, N tries each.
 *
 *     pty_behaviour TRIES WORD...      "all": every one
 *
 * test_ptyfix.py runs it with and without the shim, here and in gVisor. It is linked dynamically,
 * since the shim comes by LD_PRELOAD.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define HANG_SECONDS 5

static __thread char why[160];

static bool no(const char *what)
{
	(void)snprintf(why, sizeof(why), "%s: %s", what, strerror(errno));
	return false;
}

static int new_master(char name[64])
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0 ||
	    ptsname_r(master, name, 64) != 0)
		_exit(9);
	return master;
}

/* A child that opens the slave after a while, writes a line (or nothing), and stays a while. */
static pid_t writer(const char *name, unsigned before_us, const char *line, unsigned after_us)
{
	pid_t pid = fork();

	if (pid == 0) {
		int slave;

		usleep(before_us);
		slave = open(name, O_RDWR | O_NOCTTY);
		if (slave < 0 || write(slave, line, strlen(line)) != (ssize_t)strlen(line))
			_exit(8);
		usleep(after_us);
		_exit(0);
	}
	return pid;
}

static bool ended_well(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && status == 0;
}

/* EIO, after what is left was read: the other end is closed. */
static bool hangs_up(int master)
{
	char data[64];
	ssize_t r;

	do
		r = read(master, data, sizeof(data));
	while (r > 0);
	return r == 0 || errno == EIO || no("no hang-up");
}

static bool race(unsigned before_us)
{
	char name[64], byte;
	int master = new_master(name);
	pid_t pid = writer(name, before_us, "line\n", 0);
	ssize_t r = read(master, &byte, 1);
	bool ok = r == 1 && byte == 'l';

	ok = (ok || no("read")) && hangs_up(master) && ended_well(pid);
	close(master);
	return ok;
}

/* Without a word of the end, which some kernels never show. */
static bool first_byte(void)
{
	char name[64], byte;
	int master = new_master(name);
	pid_t pid = writer(name, 2000, "line\n", 0);
	bool ok = read(master, &byte, 1) == 1 || no("read");

	ok = ended_well(pid) && ok;
	close(master);
	return ok;
}

static bool race_0(void)
{
	return race(0);
}

static bool race_200(void)
{
	return race(200);
}

static bool race_2000(void)
{
	return race(2000);
}

static bool by_poll(void)
{
	char name[64], byte;
	int master = new_master(name);
	pid_t pid = writer(name, 2000, "line\n", 0);
	struct pollfd one = { .fd = master, .events = POLLIN };
	bool ok = (poll(&one, 1, 3000) == 1 && one.revents & POLLIN) || no("poll");

	ok = ok && (read(master, &byte, 1) == 1 || no("read")) && hangs_up(master) &&
	     ended_well(pid);
	close(master);
	return ok;
}

static bool by_select(void)
{
	char name[64], byte;
	int master = new_master(name);
	pid_t pid = writer(name, 2000, "line\n", 0);
	struct timeval limit = { .tv_sec = 3 };
	fd_set in;
	bool ok;

	FD_ZERO(&in);
	FD_SET(master, &in);
	ok = (select(master + 1, &in, NULL, NULL, &limit) == 1 && FD_ISSET(master, &in)) ||
	     no("select");
	ok = ok && (read(master, &byte, 1) == 1 || no("read")) && hangs_up(master) &&
	     ended_well(pid);
	close(master);
	return ok;
}

static bool epoll_for(uint32_t events)
{
	char name[64], byte;
	int master = new_master(name), epoll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event = { .events = events };
	pid_t pid = writer(name, 60000, "line\n", 0);
	bool ok = epoll_ctl(epoll, EPOLL_CTL_ADD, master, &event) == 0 || no("epoll_ctl");

	ok = ok && ((epoll_wait(epoll, &event, 1, 3000) == 1 && event.events & EPOLLIN) ||
		    no("epoll_wait"));
	ok = ok && (read(master, &byte, 1) == 1 || no("read")) && hangs_up(master) &&
	     ended_well(pid);
	close(epoll);
	close(master);
	return ok;
}

static bool by_epoll(void)
{
	return epoll_for(EPOLLIN);
}

static bool by_edge(void)
{
	return epoll_for(EPOLLIN | EPOLLET);
}

/* Nothing is written: the end is all that comes, to who reads and to who polls. */
static bool silent(unsigned stay_us, bool polls)
{
	char name[64];
	int master = new_master(name);
	pid_t pid = writer(name, 1000, "", stay_us);
	struct pollfd one = { .fd = master, .events = POLLIN };
	bool ok = true;

	if (polls)
		ok = (poll(&one, 1, 3000) == 1 && one.revents & POLLHUP) || no("no POLLHUP");
	ok = ok && hangs_up(master) && ended_well(pid);
	close(master);
	return ok;
}

static bool silent_short(void)
{
	return silent(0, false);
}

static bool silent_long(void)
{
	return silent(70000, false);
}

static bool silent_polled(void)
{
	return silent(70000, true);
}

static int count_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

static bool no_leak(void)
{
	int before = count_descriptors(), pipe_ends[2], status;
	char name[64];
	int master = new_master(name);
	pid_t pid;

	if (pipe(pipe_ends) < 0)
		return no("pipe");
	pid = fork();
	if (pid == 0) /* the master and two ends of the pipe, nothing else; then none but those */
		_exit(count_descriptors() != before + 3);
	if (waitpid(pid, &status, 0) != pid || status != 0)
		return no("a forked child has more");
	pid = fork();
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c",
		      "for f in /proc/self/fd/*; do case $(readlink $f) in "
		      "/dev/pts/*) exit 1;; esac; done",
		      (char *)NULL);
		_exit(7);
	}
	if (waitpid(pid, &status, 0) != pid || status != 0)
		return no("an executed program has it");
	close(pipe_ends[0]);
	close(pipe_ends[1]);
	close(master);
	return count_descriptors() == before || no("something is left open");
}

static bool by_openpty(void)
{
	struct termios settings, seen;
	int master, slave;
	char byte;
	pid_t pid;
	bool ok;

	memset(&settings, 0, sizeof(settings));
	cfmakeraw(&settings);
	settings.c_cflag |= CREAD | CS8;
	if (openpty(&master, &slave, NULL, &settings, NULL) < 0)
		return no("openpty");
	ok = (tcgetattr(slave, &seen) == 0 && !(seen.c_lflag & ICANON)) || no("settings");
	pid = fork();
	if (pid == 0)
		_exit(write(slave, "x", 1) != 1);
	close(slave);
	ok = ok && (read(master, &byte, 1) == 1 || no("read")) && hangs_up(master);
	ok = ended_well(pid) && ok;
	close(master);
	return ok;
}

static bool by_forkpty(void)
{
	int master;
	pid_t pid = forkpty(&master, NULL, NULL, NULL);
	char byte;
	bool ok;

	if (pid < 0)
		return no("forkpty");
	if (pid == 0)
		_exit(write(1, "x", 1) != 1);
	ok = (read(master, &byte, 1) == 1 || no("read")) && hangs_up(master);
	ok = ended_well(pid) && ok;
	close(master);
	return ok;
}

/* The master by its name, as programs do that know Linux. */
static bool by_name(void)
{
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	char name[64], byte;
	pid_t pid;
	bool ok;

	if (master < 0 || unlockpt(master) < 0 || ptsname_r(master, name, sizeof(name)) != 0)
		return no("/dev/ptmx");
	pid = writer(name, 2000, "x", 0);
	ok = (read(master, &byte, 1) == 1 || no("read")) && hangs_up(master);
	ok = ended_well(pid) && ok;
	close(master);
	return ok;
}

static bool settings(void)
{
	struct termios old = { 0 }, raw, seen;
	int master, slave;
	bool ok;

	if (openpty(&master, &slave, NULL, NULL, NULL) < 0)
		return no("openpty");
	ok = (isatty(slave) || no("isatty")) && (tcgetattr(slave, &old) == 0 || no("tcgetattr"));
	raw = old;
	cfmakeraw(&raw);
	ok = ok && (tcsetattr(slave, TCSANOW, &raw) == 0 || no("tcsetattr")) &&
	     tcgetattr(slave, &seen) == 0 && (!(seen.c_lflag & ICANON) || no("not set"));
	ok = ok && (old.c_lflag & ICANON || no("read wrongly")) && old.c_cc[VINTR] == 3;
	close(slave);
	close(master);
	return ok;
}

static bool no_terminal(void)
{
	struct termios seen;
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	bool ok = !isatty(fd) && errno == ENOTTY && tcgetattr(fd, &seen) < 0 && errno == ENOTTY &&
		  tcsetattr(fd, TCSANOW, &seen) < 0 && errno == ENOTTY;

	close(fd);
	return ok || no("/dev/null is a terminal");
}

/* The master under another number; the first one is closed. */
static bool duplicate(void)
{
	char name[64], byte;
	int first = new_master(name), master = fcntl(first, F_DUPFD_CLOEXEC, 50);
	pid_t pid;
	bool ok;

	close(first);
	pid = writer(name, 2000, "x", 0);
	ok = (read(master, &byte, 1) == 1 || no("read")) && hangs_up(master);
	ok = ended_well(pid) && ok;
	close(master);
	return ok;
}

/* Who does not wait is told so, and gets the line when it has come. */
static bool no_wait(void)
{
	char name[64], byte;
	int master = new_master(name);
	pid_t pid = writer(name, 30000, "x", 0);
	struct pollfd one = { .fd = master, .events = POLLIN };
	bool ok;

	(void)fcntl(master, F_SETFL, O_RDWR | O_NONBLOCK);
	ok = (read(master, &byte, 1) < 0 && errno == EAGAIN) || no("read at once");
	ok = ok && (poll(&one, 1, 3000) == 1 || no("poll")) &&
	     (read(master, &byte, 1) == 1 || no("read"));
	ok = ended_well(pid) && ok;
	close(master);
	return ok;
}

/* By system calls that no library sees, as who starts a program closes what it does not know. */
static bool closed_behind(void)
{
	char name[64], byte;
	int master = new_master(name);
	pid_t pid = writer(name, 60000, "x", 0);
	bool ok;

	for (long fd = master + 1; fd < 200; fd++)
		(void)syscall(SYS_close, fd);
	ok = (read(master, &byte, 1) == 1 || no("read")) && hangs_up(master);
	ok = ended_well(pid) && ok;
	close(master);
	return ok;
}

/* A child that has its parent's memory closes what it does not want. */
static bool shared_memory(void)
{
	char name[64], byte;
	int master = new_master(name);
	pid_t pid = vfork();
	bool ok;

	if (pid == 0) {
		(void)close(master);
		_exit(0);
	}
	ok = ended_well(pid);
	pid = writer(name, 2000, "x", 0);
	ok = ok && (read(master, &byte, 1) == 1 || no("read")) && hangs_up(master);
	ok = ended_well(pid) && ok;
	close(master);
	return ok;
}

static void *line_reader(void *arg)
{
	char byte;

	return read(*(int *)arg, &byte, 1) == 1 ? arg : NULL;
}

/* One thread reads, and another waits for something else all the time. */
static bool two_threads(void)
{
	char name[64];
	int master = new_master(name), ends[2];
	pid_t pid = writer(name, 150000, "x", 0);
	struct pollfd one = { .events = POLLIN };
	pthread_t thread;
	void *got = NULL;
	bool ok;

	if (pipe(ends) < 0 || pthread_create(&thread, NULL, line_reader, &master) != 0)
		return no("a pipe and a thread");
	one.fd = ends[0];
	for (int i = 0; i < 200 && poll(&one, 1, 1) == 0; i++)
		;
	pthread_join(thread, &got);
	ok = (got || no("the reader")) && hangs_up(master);
	ok = ended_well(pid) && ok;
	close(ends[0]);
	close(ends[1]);
	close(master);
	return ok;
}

static void *racer(void *arg)
{
	for (int i = 0; i < 5; i++) {
		if (!race(1000))
			*(bool *)arg = false;
	}
	return NULL;
}

static bool threads(void)
{
	pthread_t threads[4];
	bool ok[4] = { true, true, true, true };

	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, racer, &ok[i]);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	return (ok[0] && ok[1] && ok[2] && ok[3]) || no("a thread's race");
}

static void on_alarm(int sig)
{
	(void)sig;
}

/* A handler without SA_RESTART interrupts a read for which nothing comes. */
static bool interrupted(void)
{
	struct sigaction act = { .sa_handler = on_alarm }, old;
	char name[64], byte;
	int master = new_master(name);
	pid_t pid = writer(name, 400000, "", 0);
	bool ok;

	sigaction(SIGALRM, &act, &old);
	ualarm(100000, 0);
	ok = (read(master, &byte, 1) < 0 && errno == EINTR) || no("read");
	sigaction(SIGALRM, &old, NULL);
	alarm(HANG_SECONDS);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(master);
	return ok;
}

/* Handlers that let a read go on run all the while, and the line comes. */
static bool alarms(void)
{
	const struct itimerval often = { { 0, 1500 }, { 0, 1500 } }, never = { 0 };
	struct sigaction act = { .sa_handler = on_alarm, .sa_flags = SA_RESTART }, old;
	char name[64], byte;
	int master = new_master(name);
	pid_t pid = writer(name, 60000, "x", 0);
	bool ok;

	sigaction(SIGALRM, &act, &old);
	(void)setitimer(ITIMER_REAL, &often, NULL);
	ok = read(master, &byte, 1) == 1 || no("read");
	(void)setitimer(ITIMER_REAL, &never, NULL);
	sigaction(SIGALRM, &old, NULL);
	alarm(HANG_SECONDS);
	ok = ok && hangs_up(master);
	ok = ended_well(pid) && ok;
	close(master);
	return ok;
}

/* The number of a closed master, taken by a file: what is read of that is the file's. */
static bool number_again(void)
{
	char name[64], byte = 0;
	int master = new_master(name), pipe_ends[2];
	bool ok;

	close(master);
	if (pipe(pipe_ends) < 0)
		return no("pipe");
	ok = (pipe_ends[0] == master || pipe_ends[1] == master) || no("another number");
	ok = ok && write(pipe_ends[1], "x", 1) == 1 && read(pipe_ends[0], &byte, 1) == 1 &&
	     byte == 'x';
	close(pipe_ends[0]);
	close(pipe_ends[1]);
	return ok || no("pipe");
}

static const struct {
	const char *word;
	bool (*holds)(void);
} behaviours[] = {
	{ "first-byte", first_byte },
	{ "race-0", race_0 },
	{ "race-200", race_200 },
	{ "race-2000", race_2000 },
	{ "poll", by_poll },
	{ "select", by_select },
	{ "epoll", by_epoll },
	{ "epoll-edge", by_edge },
	{ "silent-short", silent_short },
	{ "silent-long", silent_long },
	{ "silent-polled", silent_polled },
	{ "no-leak", no_leak },
	{ "openpty", by_openpty },
	{ "forkpty", by_forkpty },
	{ "ptmx", by_name },
	{ "settings", settings },
	{ "no-terminal", no_terminal },
	{ "duplicate", duplicate },
	{ "no-wait", no_wait },
	{ "closed-behind", closed_behind },
	{ "shared-memory", shared_memory },
	{ "two-threads", two_threads },
	{ "threads", threads },
	{ "interrupted", interrupted },
	{ "alarms", alarms },
	{ "number-again", number_again },
};

int main(int argc, char **argv)
{
	int tries = argc > 2 ? atoi(argv[1]) : 0, n_failed = 0;

	(void)setvbuf(stdout, NULL, _IONBF, 0); /* a hang ends in SIGALRM: what was, is known */
	for (size_t i = 0; i < sizeof(behaviours) / sizeof(behaviours[0]); i++) {
		int good = 0;
		bool is_wanted = false;

		for (int k = 2; k < argc; k++) {
			if (!strcmp(argv[k], "all") || !strcmp(argv[k], behaviours[i].word))
				is_wanted = true;
		}
		if (!is_wanted)
			continue;
		why[0] = '\0';
		for (int try = 0; try < tries; try++) {
			alarm(HANG_SECONDS);
			good += behaviours[i].holds();
			alarm(0);
		}
		if (good == tries)
			printf("%s ok\n", behaviours[i].word);
		else
			printf("%s failed: %d of %d, %s\n", behaviours[i].word, good, tries, why);
		n_failed += good != tries;
	}
	return tries > 0 ? n_failed : 2;
}
