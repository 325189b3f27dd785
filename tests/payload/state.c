/* SPDX-License-Identifier: MIT */
/*
 * state.c - what a program finds when it starts: descriptors, environment,
 * working directory, ids, privileges, limits. Asked of the kernel by call: there
 * may be no /proc.
 */
#include "payload.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_FD 65536
#define LAST_CAPABILITY 63
#define PATH_BYTES 4096

extern char **environ;

static int print_fds(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	for (int fd = 0; fd < MAX_FD; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			dprintf(1, "%d\n", fd);
	return PAYLOAD_PRINTED;
}

static int print_env(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	for (char **e = environ; *e; e++)
		dprintf(1, "%s\n", *e);
	return PAYLOAD_PRINTED;
}

static int print_args(int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		dprintf(1, "%s\n", argv[i]);
	return PAYLOAD_PRINTED;
}

static int print_cwd(int argc, char **argv)
{
	char path[PATH_BYTES];

	(void)argc;
	(void)argv;
	if (!getcwd(path, sizeof(path)))
		return -errno;
	dprintf(1, "%s\n", path);
	return PAYLOAD_PRINTED;
}

static int print_ids(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	dprintf(1, "pid %d\nppid %d\npgid %d\nsid %d\n", (int)getpid(), (int)getppid(),
		(int)getpgid(0), (int)getsid(0));
	dprintf(1, "uid %u\neuid %u\ngid %u\negid %u\n", getuid(), geteuid(), getgid(), getegid());
	return PAYLOAD_PRINTED;
}

/* The capabilities of one kind as a 64-bit mask. */
static uint64_t caps_of(const uint32_t data[6], int kind)
{
	return data[kind] | (uint64_t)data[kind + 3] << 32;
}

static int print_status(int argc, char **argv)
{
	uint32_t header[2] = { 0x20080522, 0 }; /* _LINUX_CAPABILITY_VERSION_3 */
	uint32_t data[6] = { 0 }; /* effective, permitted, inheritable; twice */
	unsigned long bounding = 0, ambient = 0;

	(void)argc;
	(void)argv;
	if (syscall(SYS_capget, header, data) < 0)
		return -errno;
	for (unsigned long cap = 0; cap <= LAST_CAPABILITY; cap++) {
		if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1)
			bounding |= 1UL << cap;
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) == 1)
			ambient |= 1UL << cap;
	}
	dprintf(1, "no-new-privs %d\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	dprintf(1, "seccomp %d\n", prctl(PR_GET_SECCOMP, 0, 0, 0, 0));
	dprintf(1, "effective %llx\npermitted %llx\ninheritable %llx\n",
		(unsigned long long)caps_of(data, 0), (unsigned long long)caps_of(data, 1),
		(unsigned long long)caps_of(data, 2));
	dprintf(1, "bounding %lx\nambient %lx\n", bounding, ambient);
	dprintf(1, "dumpable %d\n", prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
	return PAYLOAD_PRINTED;
}

static int print_limits(int argc, char **argv)
{
	static const struct word kinds[] = {
		{ "memory", RLIMIT_AS },         { "processes", RLIMIT_NPROC },
		{ "open-files", RLIMIT_NOFILE }, { "file-size", RLIMIT_FSIZE },
		{ "cpu", RLIMIT_CPU },           { "core", RLIMIT_CORE },
	};
	uint64_t limit[2];

	(void)argc;
	(void)argv;
	for (size_t i = 0; i < PAYLOAD_ENTRIES(kinds); i++) {
		if (syscall(SYS_prlimit64, 0, kinds[i].value, NULL, limit) < 0)
			return -errno;
		dprintf(1, "%s %llu %llu\n", kinds[i].name, (unsigned long long)limit[0],
			(unsigned long long)limit[1]);
	}
	return PAYLOAD_PRINTED;
}

static int print_signals(int argc, char **argv)
{
	struct sigaction action;
	sigset_t blocked;

	(void)argc;
	(void)argv;
	if (sigprocmask(SIG_SETMASK, NULL, &blocked) < 0)
		return -errno;
	for (int sig = 1; sig < 32; sig++) {
		if (sigismember(&blocked, sig) == 1)
			dprintf(1, "blocked %d\n", sig);
		if (sigaction(sig, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
			dprintf(1, "ignored %d\n", sig);
	}
	return PAYLOAD_PRINTED;
}

static int print_umask(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	dprintf(1, "%o\n", umask(0));
	return PAYLOAD_PRINTED;
}

const struct op state_ops[] = {
	{ "fds", "", 0, 0, print_fds },
	{ "env", "", 0, 0, print_env },
	{ "args", "ARG...", 0, PAYLOAD_NO_MAX, print_args },
	{ "cwd", "", 0, 0, print_cwd },
	{ "ids", "", 0, 0, print_ids },
	{ "status", "", 0, 0, print_status },
	{ "rlimits", "", 0, 0, print_limits },
	{ "signals", "", 0, 0, print_signals },
	{ "umask", "", 0, 0, print_umask },
};
const size_t n_state_ops = PAYLOAD_ENTRIES(state_ops);
