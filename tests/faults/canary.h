/* SPDX-License-Identifier: MIT */
/*
 * canary.h - the command of the fault tests: it says in which state it finds itself.
 *
 * The test program executes itself under this name. It tries what must be refused, looks at what
 * it was given, and writes one struct to its standard output. So a command that ran although a
 * stage had failed is seen by what it says, and one that ran unconfined by what it could do.
 */
#ifndef CROFT_TESTS_FAULTS_CANARY_H
#define CROFT_TESTS_FAULTS_CANARY_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "sys/calls.h"

#define CANARY_ALIVE 0x5eed1e57U
#define CANARY_KEPT_FD 40
#define CANARY_FILE_SIZE 1000000
#define CANARY_OPEN_FILES 60

/* What is refused has an errno here; 0 means that it was possible. */
struct canary {
	uint32_t alive;
	int read_outside, create_outside, chdir_matches;
	int inet_socket, netlink_socket, type_into_terminal, new_user_namespace;
	int no_new_privs, seccomp_mode, has_capabilities;
	int n_extra_fds, has_kept_fd;
	int blocked_signals, caught_signals;
	int file_size_is_limited, open_files_are_limited;
	int has_secret, wrote_in_tmpdir;
	int is_second, has_own_hostname, changes_init;
};

static inline int canary_errno(long result)
{
	return result < 0 ? errno : 0;
}

static inline int canary_open(const char *dir, const char *name, int flags)
{
	char path[600];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, flags | O_CLOEXEC, 0600);
	if (fd >= 0)
		(void)close(fd);
	return canary_errno(fd);
}

/* A tree that is not easy to remove: nested, and a directory without permissions. */
static inline int canary_fill_tmpdir(void)
{
	const char *tmpdir = getenv("TMPDIR");
	char path[600];

	if (!tmpdir || canary_open(tmpdir, "file", O_WRONLY | O_CREAT) != 0)
		return 0;
	(void)snprintf(path, sizeof(path), "%s/a", tmpdir);
	if (mkdir(path, 0700) < 0)
		return 0;
	(void)snprintf(path, sizeof(path), "%s/a/b", tmpdir);
	if (mkdir(path, 0700) < 0 || canary_open(path, "file", O_WRONLY | O_CREAT) != 0)
		return 0;
	return chmod(path, 0) == 0;
}

static inline void canary_look_around(struct canary *c, const char *outside, const char *workdir)
{
	char cwd[512];
	struct sys_caps caps;

	c->read_outside = canary_open(outside, "secret", O_RDONLY);
	c->create_outside = canary_open(outside, "created", O_WRONLY | O_CREAT);
	c->inet_socket = canary_errno(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	c->netlink_socket = canary_errno(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 15));
	c->type_into_terminal = canary_errno(ioctl(0, ABI_TIOCSTI, ""));
	c->new_user_namespace = canary_errno(syscall(SYS_unshare, 0x10000000L));
	c->no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	c->seccomp_mode = prctl(PR_GET_SECCOMP, 0, 0, 0, 0);
	c->has_capabilities = sys_capget(&caps) != 0 || caps.permitted[0] || caps.permitted[1] ||
			      caps.effective[0] || caps.inheritable[0];
	c->chdir_matches = workdir && getcwd(cwd, sizeof(cwd)) && !strcmp(cwd, workdir);
}

static inline void canary_look_inside(struct canary *c)
{
	struct sigaction action;
	struct rlimit limit;
	struct utsname name;
	sigset_t blocked;

	for (int fd = 3; fd < 256; fd++) {
		bool is_open = fcntl(fd, F_GETFD) >= 0;

		if (fd == CANARY_KEPT_FD)
			c->has_kept_fd = is_open;
		else
			c->n_extra_fds += is_open;
	}
	(void)sigprocmask(SIG_SETMASK, NULL, &blocked);
	for (int sig = 1; sig < 65; sig++)
		c->blocked_signals += sigismember(&blocked, sig) == 1;
	/* the one that the launcher has caught: sanitizers catch some of their own here */
	(void)sigaction(SIGUSR1, NULL, &action);
	c->caught_signals = action.sa_handler != SIG_DFL;
	(void)getrlimit(RLIMIT_FSIZE, &limit);
	c->file_size_is_limited = limit.rlim_max <= CANARY_FILE_SIZE;
	(void)getrlimit(RLIMIT_NOFILE, &limit);
	c->open_files_are_limited = limit.rlim_max <= CANARY_OPEN_FILES;
	c->has_secret = getenv("CANARY_SECRET") != NULL;
	c->is_second = getpid() == 2;
	c->has_own_hostname = uname(&name) == 0 && !strcmp(name.nodename, "croft");
	c->changes_init = canary_open("/proc/1", "mem", O_RDWR);
}

/* argv: --canary OUTSIDE WORKDIR [sleep | straggle]. Does not return. */
static inline _Noreturn void canary_main(int argc, char **argv)
{
	struct canary canary = { .alive = CANARY_ALIVE };

	/* before anything of the C library's is used: it may open files of its own */
	canary_look_inside(&canary);
	canary_look_around(&canary, argv[2], argv[3]);
	canary.wrote_in_tmpdir = canary_fill_tmpdir();
	if (write(1, &canary, sizeof(canary)) != (ssize_t)sizeof(canary))
		_exit(2);
	if (argc > 4 && !strcmp(argv[4], "straggle") && fork() == 0) {
		/* left behind: whoever supervises has to find it */
		(void)close(1);
		(void)sleep(20);
		_exit(0);
	}
	if (argc > 4 && !strcmp(argv[4], "sleep"))
		(void)sleep(20);
	_exit(7);
}

#endif
