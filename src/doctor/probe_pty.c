/* SPDX-License-Identifier: MIT */
/*
 * probe_pty.c - pseudo terminals and pipes, as programs use them.
 *
 * What is told apart here is often taken for one thing, "reading a line: Input/output error":
 *
 *   - a read of a master before anybody has opened the slave. Linux waits. gVisor since May 2023
 *     answers EIO at once, and since 2024 poll says HUP as well;
 *   - a read after the last slave was closed. Linux gives what is left, then EIO and HUP. gVisor of
 *     2022 waits for ever;
 *   - TCGETS2, which C libraries ask since glibc 2.42, and TIOCGPTPEER: ENOTTY in gVisor before
 *     2026;
 *   - a pipe made with O_CLOEXEC whose writer executes something: data and then the end,
 *     everywhere so far; it is asked because it was blamed.
 *
 * The race between parent and child is run as programs run it (the parent reads at once, the
 * child opens the slave after a while), with and without a slave that the parent holds open, which
 * is what the shim does: so that the mend is seen to work before it is named.
 */
#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "doctor/child.h"
#include "doctor/tiny_elf.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define N_TRIES 3 /* of each race; ten milliseconds each where forking is slow */
#define CHILD_WAIT_US 2000
#define HANGUP_MS 150 /* for a hang-up that must come at once */
#define SETTINGS_2_GET 0x802c542aUL /* TCGETS2: termbits.h would bring names of the C library's */
#define SETTINGS_MAX 64
#define NOTHING_TO_EXECUTE 120

struct terminal {
	int master;
	char name[32];
};

/* False, and told, where there is none. */
static bool make_terminal(const struct probe_context *context, struct terminal *ret)
{
	int unlocked = 0, r;
	unsigned number = 0;

	ret->master = sys_openat(AT_FDCWD, "/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK, 0);
	if (ret->master < 0) {
		probe_no(context, OBS_PTY_NEW, "ptmx", -ret->master, NULL);
		return false;
	}
	(void)sys_ioctl(ret->master, TIOCSPTLCK, &unlocked);
	r = sys_ioctl(ret->master, TIOCGPTN, &number);
	if (r < 0) {
		probe_no(context, OBS_PTY_NEW, "number", -r, NULL);
		fd_close(&ret->master);
		return false;
	}
	(void)snprintf(ret->name, sizeof(ret->name), "/dev/pts/%u", number);
	return true;
}

static int open_slave(const struct terminal *terminal)
{
	int fd = sys_openat(AT_FDCWD, terminal->name, O_RDWR | O_NOCTTY, 0);

	/* without /dev/pts, or with another's there: through the master, since 4.13 */
	return fd >= 0 ? fd
		       : (int)sys_raw(SYS_ioctl, terminal->master, TIOCGPTPEER,
				      O_RDWR | O_NOCTTY | O_CLOEXEC, 0, 0, 0);
}

static short events_of(int fd, int wait_ms)
{
	struct pollfd one = { .fd = fd, .events = POLLIN };

	return sys_ppoll(&one, 1, wait_ms) == 1 ? one.revents : 0;
}

static void ask_early_read(const struct probe_context *context, const struct terminal *terminal)
{
	const char *text = events_of(terminal->master, 0) & POLLHUP ? "poll: HUP" : "poll: no HUP";
	char byte;
	ssize_t n = sys_read(terminal->master, &byte, 1);

	if (n == -EAGAIN)
		probe_yes(context, OBS_PTY_EARLY_READ, text);
	else
		probe_no(context, OBS_PTY_EARLY_READ, "read", n < 0 ? (int)-n : 0, text);
}

/* With the slave held here: what the shim makes of it, without the race. */
static void ask_held_read(const struct probe_context *context, const struct terminal *terminal)
{
	char byte;
	ssize_t n = sys_read(terminal->master, &byte, 1);

	report_of(context, OBS_PTY_RACE, "slave held", n == -EAGAIN ? OBS_YES : OBS_NO, "read",
		  n < 0 ? (int)-n : 0, OBS_NO_VALUE, NULL);
}

static void ask_calls(const struct probe_context *context, const struct terminal *terminal,
		      int slave)
{
	static const struct {
		const char *word;
		unsigned long request;
	} calls[] = { { "TCGETS", TCGETS }, { "TCGETS2", SETTINGS_2_GET } };
	unsigned char settings[SETTINGS_MAX];
	int fd;

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		int r = sys_ioctl(slave, calls[i].request, settings);

		report_of(context, OBS_PTY_CALL, calls[i].word, r < 0 ? OBS_NO : OBS_YES, "ioctl",
			  r < 0 ? -r : 0, OBS_NO_VALUE, NULL);
	}
	fd = (int)sys_raw(SYS_ioctl, terminal->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC,
			  0, 0, 0);
	report_of(context, OBS_PTY_CALL, "TIOCGPTPEER", fd < 0 ? OBS_NO : OBS_YES, "ioctl",
		  fd < 0 ? -fd : 0, OBS_NO_VALUE, NULL);
	fd_close(&fd);
}

/* Something is written and the slave closed: it is read, and then the end is seen. */
static void ask_hangup(const struct probe_context *context, const struct terminal *terminal,
		       int *slave)
{
	char data[8] = "";
	ssize_t n = sys_write(*slave, "ab", 2);
	short events;

	fd_close(slave);
	if (n == 2)
		n = events_of(terminal->master, HANGUP_MS) & POLLIN
			    ? sys_read(terminal->master, data, sizeof(data))
			    : 0;
	if (n != 2) {
		probe_no(context, OBS_PTY_HANGUP, "data", n < 0 ? (int)-n : 0, NULL);
		return;
	}
	events = events_of(terminal->master, HANGUP_MS);
	n = sys_read(terminal->master, data, sizeof(data));
	if (n == -EAGAIN)
		probe_no(context, OBS_PTY_HANGUP, "read", 0, "the end never comes");
	else if (n != -EIO && n != 0)
		probe_no(context, OBS_PTY_HANGUP, "read", n < 0 ? (int)-n : 0, NULL);
	else if (!(events & POLLHUP))
		probe_no(context, OBS_PTY_HANGUP, "poll", 0, "no HUP");
	else
		probe_yes(context, OBS_PTY_HANGUP, NULL);
}

static void ask_pty(const struct probe_context *context)
{
	struct terminal terminal;
	AUTO_FD int slave = -1;

	if (!make_terminal(context, &terminal))
		return;
	ask_early_read(context, &terminal);
	slave = open_slave(&terminal);
	if (slave < 0) {
		probe_no(context, OBS_PTY_NEW, "slave", -slave, terminal.name);
	} else {
		probe_yes(context, OBS_PTY_NEW, terminal.name);
		ask_held_read(context, &terminal);
		ask_calls(context, &terminal, slave);
		ask_hangup(context, &terminal, &slave);
	}
	fd_close(&terminal.master);
}

/* Opens the slave late and writes a line. */
static int write_line(void *arg)
{
	const struct timespec wait = { .tv_nsec = CHILD_WAIT_US * 1000L };
	int slave;

	(void)sys_raw(SYS_nanosleep, (long)&wait, 0, 0, 0, 0, 0);
	slave = open_slave(arg);
	return slave < 0 || sys_write(slave, "x\n", 2) != 2;
}

/* 1: the reader got the line, 0: it did not; -errno: nothing could be tried. */
static int run_race(const struct probe_context *context, bool is_held)
{
	struct terminal terminal;
	int pid, r, held = -1;
	char byte = 0;
	ssize_t n;

	if (!make_terminal(context, &terminal))
		return -ENODEV;
	r = sys_fcntl(terminal.master, F_SETFL, O_RDWR); /* it shall wait */
	if (is_held)
		held = open_slave(&terminal);
	pid = r < 0 ? r : child_start(write_line, &terminal);
	if (pid < 0) {
		fd_close(&held);
		fd_close(&terminal.master);
		return pid;
	}
	n = sys_read(terminal.master, &byte, 1);
	(void)child_end(pid, n != 1);
	fd_close(&held);
	fd_close(&terminal.master);
	return n == 1 && byte == 'x';
}

/* The mend first: where time is short, it is what has to be known. */
static void ask_race(const struct probe_context *context)
{
	static const struct {
		const char *subject;
		bool is_held;
	} races[] = { { "2000 us, slave held", true }, { "2000 us", false } };

	for (size_t i = 0; i < ARRAY_SIZE(races); i++) {
		int n_good = 0, r = 0;

		for (int try = 0; try < N_TRIES && r >= 0; try++) {
			r = run_race(context, races[i].is_held);
			n_good += r == 1;
		}
		if (r < 0)
			return;
		report_of(context, OBS_PTY_RACE, races[i].subject,
			  n_good == N_TRIES ? OBS_YES : OBS_NO, "read", 0, n_good, "of 3 tries");
	}
}

/* A program that ends at once, from memory, or from the directory where nothing of memory runs. */
static int execute_something(const char *tmp)
{
	char word[] = "tiny";
	char *const argv[] = { word, NULL }, *const envp[] = { NULL };
	unsigned char program[TINY_ELF_MAX];
	size_t len = tiny_elf_build(&tiny_elfs[TINY_ELF_NATIVE], program);
	int fd = (int)sys_raw(SYS_memfd_create, (long)"croft", 0, 0, 0, 0, 0);
	char path[PATH_MAX];

	if (fd >= 0 && fd_write_all(fd, program, len) == 0)
		(void)sys_raw(SYS_execveat, fd, (long)"", (long)argv, (long)envp, AT_EMPTY_PATH, 0);
	(void)snprintf(path, sizeof(path), "%s/tiny", tmp);
	fd = sys_openat(AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL, 0700);
	if (fd >= 0 && fd_write_all(fd, program, len) == 0) {
		fd_close(&fd);
		(void)sys_execve(path, argv, envp);
	}
	(void)sys_execve("/bin/true", argv, envp);
	return NOTHING_TO_EXECUTE;
}

struct writer {
	int fd;
	const char *tmp;
};

static int write_and_execute(void *arg)
{
	const struct writer *writer = arg;

	if (sys_write(writer->fd, "x", 1) != 1)
		return 1;
	return execute_something(writer->tmp);
}

static void ask_pipe(const struct probe_context *context)
{
	struct writer writer = { .tmp = context->tmp };
	int ends[2], pid, status, r = sys_pipe(ends);
	ssize_t n[3];
	char byte;

	if (r < 0) {
		probe_no(context, OBS_PIPE_EXEC, "pipe", -r, NULL);
		return;
	}
	writer.fd = ends[1];
	pid = child_start(write_and_execute, &writer);
	(void)sys_close(ends[1]);
	n[0] = sys_read(ends[0], &byte, 1);
	n[1] = sys_read(ends[0], &byte, 1);
	status = pid < 0 ? pid : child_end(pid, false);
	n[2] = sys_read(ends[0], &byte, 1);
	(void)sys_close(ends[0]);
	if (status < 0 || status == NOTHING_TO_EXECUTE) {
		report_of(context, OBS_PIPE_EXEC, NULL, OBS_NOT_ASKED, "execute", 0, OBS_NO_VALUE,
			  "nothing could be executed here");
		return;
	}
	for (int i = 0; i < 3; i++) {
		if (n[i] != (i == 0)) {
			report_of(context, OBS_PIPE_EXEC, NULL, OBS_NO, "read",
				  n[i] < 0 ? (int)-n[i] : 0, i + 1,
				  "the read that gave something else");
			return;
		}
	}
	probe_yes(context, OBS_PIPE_EXEC, "data, 0, 0");
}

/* PTYFIX_PLACE, seen from the folder of this program; each "../" of it takes a name off that. */
static void installed(const char *folder, char *ret_path, size_t size)
{
	const char *place = PTYFIX_PLACE;
	size_t len = place[0] == '/' ? 0 : strlen(folder);

	for (; strncmp(place, "../", 3) == 0; place += 3) {
		while (len > 0 && folder[--len] != '/')
			;
	}
	(void)snprintf(ret_path, size, "%.*s%s%s", (int)len, folder, place[0] == '/' ? "" : "/",
		       place);
}

/*
 * The shim that goes with this program: installed, or as it was built; in the tree of the process
 * that is looked at. Only by a name that LD_PRELOAD and a shell take as it is.
 */
static void ask_shim(const struct probe_context *context)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   "/._+,@%=-";
	char here[PATH_MAX], paths[2][PATH_MAX + 256];
	ssize_t n = sys_readlinkat(AT_FDCWD, "/proc/self/exe", here, sizeof(here) - 1);
	struct stat st;

	here[n < 0 ? 0 : n] = '\0';
	if (n <= 0 || !strrchr(here, '/'))
		return;
	*strrchr(here, '/') = '\0';
	installed(here, paths[0], sizeof(paths[0]));
	(void)snprintf(paths[1], sizeof(paths[1]), "%s/src/ptyfix.so", here);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		if (sys_fstatat(AT_FDCWD, paths[i], &st, 0) == 0 && S_ISREG(st.st_mode) &&
		    paths[i][strspn(paths[i], safe)] == '\0') {
			probe_yes(context, OBS_PTY_SHIM, paths[i]);
			return;
		}
	}
}

static const struct probe probes[] = {
	{ .id = OBS_PTY_NEW, .run = ask_pty },
	{ .id = OBS_PTY_RACE, .run = ask_race },
	{ .id = OBS_PIPE_EXEC, .run = ask_pipe, .wants_tmp = true },
	{ .id = OBS_PTY_SHIM, .run = ask_shim },
};

const struct probe_table probes_pty = { probes, ARRAY_SIZE(probes) };
