/* SPDX-License-Identifier: MIT */
/*
 * process.c - reaching other processes, and being several: the same operation in a
 * child, a thread, after an exec; programs that will not end; limits.
 */
#include "payload.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define NR_PIDFD_SEND_SIGNAL 424 /* Linux 5.1 */
#define NR_PIDFD_OPEN 434 /* Linux 5.3 */
#define NR_PIDFD_GETFD 438 /* Linux 5.6 */
#define MAX_CHILDREN 4096

extern char **environ;

static int do_kill(int argc, char **argv)
{
	return result(kill((pid_t)payload_int(argv[0]), argc > 1 ? payload_int(argv[1]) : 0));
}

static int kill_parent(int argc, char **argv)
{
	return result(kill(getppid(), argc > 0 ? payload_int(argv[0]) : 0));
}

static int do_tgkill(int argc, char **argv)
{
	int pid = payload_int(argv[0]);

	return result(syscall(SYS_tgkill, pid, pid, argc > 1 ? payload_int(argv[1]) : 0));
}

static int do_sigqueue(int argc, char **argv)
{
	union sigval none = { .sival_int = 0 };

	(void)argc;
	return result(sigqueue((pid_t)payload_int(argv[0]), 0, none));
}

static int open_pidfd(const char *pid)
{
	return value(syscall(NR_PIDFD_OPEN, payload_int(pid), 0));
}

static int pidfd_open_op(int argc, char **argv)
{
	int fd = open_pidfd(argv[0]);

	(void)argc;
	if (fd >= 0)
		(void)close(fd);
	return fd < 0 ? fd : 0;
}

static int pidfd_signal(int argc, char **argv)
{
	int fd = open_pidfd(argv[0]), r;

	(void)argc;
	if (fd < 0)
		return fd;
	r = result(syscall(NR_PIDFD_SEND_SIGNAL, fd, 0, NULL, 0));
	(void)close(fd);
	return r;
}

static int pidfd_getfd_op(int argc, char **argv)
{
	int fd = open_pidfd(argv[0]), r;

	(void)argc;
	if (fd < 0)
		return fd;
	r = result(syscall(NR_PIDFD_GETFD, fd, 0, 0));
	(void)close(fd);
	return r;
}

static int do_ptrace(int argc, char **argv)
{
	pid_t pid = (pid_t)payload_int(argv[0]);
	int r = result(ptrace(PTRACE_SEIZE, pid, NULL, NULL));

	(void)argc;
	if (r == 0)
		(void)ptrace(PTRACE_DETACH, pid, NULL, NULL);
	return r;
}

static int vm_read(int argc, char **argv)
{
	char byte;
	struct iovec local = { .iov_base = &byte, .iov_len = 1 };
	/* any address: who may not look gets EPERM before the address is used */
	struct iovec remote = { .iov_base = &environ, .iov_len = 1 };
	int r = result(process_vm_readv((pid_t)payload_int(argv[0]), &local, 1, &remote, 1, 0));

	(void)argc;
	return r == -EFAULT ? 0 : r;
}

static int set_affinity(int argc, char **argv)
{
	cpu_set_t cpus;
	pid_t pid = (pid_t)payload_int(argv[0]);
	int r = result(sched_getaffinity(pid, sizeof(cpus), &cpus));

	(void)argc;
	return r < 0 ? r : result(sched_setaffinity(pid, sizeof(cpus), &cpus));
}

static int set_priority(int argc, char **argv)
{
	(void)argc;
	return result(setpriority(PRIO_PROCESS, (id_t)payload_int(argv[0]), 19));
}

static int prlimit_read(int argc, char **argv)
{
	struct rlimit limit;

	(void)argc;
	return result(syscall(SYS_prlimit64, payload_int(argv[0]), RLIMIT_NOFILE, NULL, &limit));
}

static int prlimit_write(int argc, char **argv)
{
	uint64_t limit[2];
	int pid = payload_int(argv[0]);
	int r = result(syscall(SYS_prlimit64, pid, RLIMIT_CORE, NULL, limit));

	(void)argc;
	return r < 0 ? r : result(syscall(SYS_prlimit64, pid, RLIMIT_CORE, limit, NULL));
}

/* A child that waits is signalled, traced or read: the allowed twin of reaching outside. */
static int with_child(int argc, char **argv)
{
	char pid_text[16];
	char *args[] = { argv[0], pid_text, NULL };
	pid_t pid = fork();
	int status;

	(void)argc;
	if (pid < 0)
		return -errno;
	if (pid == 0)
		for (;;)
			(void)pause();
	(void)snprintf(pid_text, sizeof(pid_text), "%d", (int)pid);
	(void)payload_run(2, args);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, &status, 0);
	return PAYLOAD_PRINTED;
}

/* Ends as a child ended. */
static noreturn void end_as(int status)
{
	if (WIFSIGNALED(status)) {
		(void)signal(WTERMSIG(status), SIG_DFL);
		(void)raise(WTERMSIG(status));
	}
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 2);
}

static int in_child(int argc, char **argv)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0)
		_exit(payload_run(argc, argv));
	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	end_as(status);
}

struct thread_work {
	int argc;
	char **argv;
	int status;
};

static void *run_thread(void *arg)
{
	struct thread_work *work = arg;

	work->status = payload_run(work->argc, work->argv);
	return NULL;
}

static int in_thread(int argc, char **argv)
{
	struct thread_work work = { .argc = argc, .argv = argv, .status = 2 };
	pthread_t thread;
	int r = pthread_create(&thread, NULL, run_thread, &work);

	if (r)
		return -r;
	(void)pthread_join(thread, NULL);
	_exit(work.status);
}

/* argv[-1] is the name of this operation: its place is taken by the program's. */
static int after_exec(int argc, char **argv)
{
	char *args[PAYLOAD_NO_MAX + 2] = { argv[-1] };

	if (argc > PAYLOAD_NO_MAX)
		return -E2BIG;
	memcpy(args + 1, argv, (size_t)argc * sizeof(*argv));
	args[0] = strdup(payload_program);
	return args[0] ? result(execve(payload_program, args, environ)) : -ENOMEM;
}

static int do_sleep(int argc, char **argv)
{
	(void)argc;
	dprintf(1, "ready\n");
	(void)sleep((unsigned)payload_int(argv[0]));
	return 0;
}

static int do_spin(int argc, char **argv)
{
	volatile unsigned turns = 1;

	(void)argc;
	(void)argv;
	while (turns)
		turns |= 1;
	return 0;
}

static int ignore_term(int argc, char **argv)
{
	(void)signal(SIGTERM, SIG_IGN);
	return do_sleep(argc, argv);
}

/* Prints the name of a signal's number when it arrives, and ends with status 7. */
static void tell_signal(int sig)
{
	char text[] = "signal 00\n";

	text[7] = (char)('0' + sig / 10);
	text[8] = (char)('0' + sig % 10);
	if (write(1, text, sizeof(text) - 1) < 0)
		_exit(8);
	_exit(7);
}

static int wait_signal(int argc, char **argv)
{
	(void)argc;
	(void)signal(payload_int(argv[0]), tell_signal);
	dprintf(1, "ready\n");
	while (pause() < 0)
		continue;
	return 0;
}

/* Leaves a process behind that nobody waits for, in its own session; prints its number. */
static int spawn_daemon(int argc, char **argv)
{
	unsigned seconds = (unsigned)payload_int(argv[0]);
	int status;
	pid_t pid = fork();

	(void)argc;
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		(void)setsid();
		pid = fork();
		if (pid > 0)
			dprintf(1, "%d\n", (int)pid);
		if (pid != 0)
			_exit(pid < 0);
		(void)close(0);
		(void)close(1);
		(void)close(2);
		(void)sleep(seconds);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? PAYLOAD_PRINTED : -ECHILD;
}

static int signal_self(int argc, char **argv)
{
	(void)argc;
	(void)signal(payload_int(argv[0]), SIG_DFL);
	(void)raise(payload_int(argv[0]));
	return 0;
}

static int do_exit(int argc, char **argv)
{
	(void)argc;
	_exit(payload_int(argv[0]));
}

static int allocate(int argc, char **argv)
{
	size_t size = payload_number(argv[0]);
	char *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)argc;
	if (base == MAP_FAILED)
		return -errno;
	for (size_t i = 0; i < size; i += 4096)
		base[i] = 1;
	return result(munmap(base, size));
}

/* Prints how many children could be had, up to n. All are gone at the end. */
static int fork_many(int argc, char **argv)
{
	static pid_t pids[MAX_CHILDREN];
	int wanted = payload_int(argv[0]), n = 0, status;

	(void)argc;
	for (; n < wanted && n < MAX_CHILDREN; n++) {
		pids[n] = fork();
		if (pids[n] < 0)
			break;
		if (pids[n] == 0)
			for (;;)
				(void)pause();
	}
	for (int i = 0; i < n; i++) {
		(void)kill(pids[i], SIGKILL);
		(void)waitpid(pids[i], &status, 0);
	}
	dprintf(1, "%d\n", n);
	return PAYLOAD_PRINTED;
}

/* Prints how many descriptors could be had beside the standard ones, up to n. */
static int open_many(int argc, char **argv)
{
	int wanted = payload_int(argv[0]), n = 0;

	(void)argc;
	while (n < wanted && dup(1) >= 0)
		n++;
	dprintf(1, "%d\n", n);
	return PAYLOAD_PRINTED;
}

const struct op process_ops[] = {
	{ "kill", "PID [SIGNAL]", 1, 2, do_kill },
	{ "kill-parent", "[SIGNAL]", 0, 1, kill_parent },
	{ "tgkill", "PID [SIGNAL]", 1, 2, do_tgkill },
	{ "sigqueue", "PID", 1, 1, do_sigqueue },
	{ "pidfd-open", "PID", 1, 1, pidfd_open_op },
	{ "pidfd-signal", "PID", 1, 1, pidfd_signal },
	{ "pidfd-getfd", "PID", 1, 1, pidfd_getfd_op },
	{ "ptrace", "PID", 1, 1, do_ptrace },
	{ "vm-read", "PID", 1, 1, vm_read },
	{ "set-affinity", "PID", 1, 1, set_affinity },
	{ "set-priority", "PID", 1, 1, set_priority },
	{ "prlimit-read", "PID", 1, 1, prlimit_read },
	{ "prlimit-write", "PID", 1, 1, prlimit_write },
	{ "with-child", "OPERATION", 1, 1, with_child },
	{ "fork", "OPERATION ARG...", 1, PAYLOAD_NO_MAX, in_child },
	{ "thread", "OPERATION ARG...", 1, PAYLOAD_NO_MAX, in_thread },
	{ "exec", "OPERATION ARG...", 1, PAYLOAD_NO_MAX, after_exec },
	{ "sleep", "SECONDS", 1, 1, do_sleep },
	{ "spin", "", 0, 0, do_spin },
	{ "ignore-term", "SECONDS", 1, 1, ignore_term },
	{ "wait-signal", "SIGNAL", 1, 1, wait_signal },
	{ "spawn-daemon", "SECONDS", 1, 1, spawn_daemon },
	{ "signal-self", "SIGNAL", 1, 1, signal_self },
	{ "exit", "STATUS", 1, 1, do_exit },
	{ "allocate", "BYTES", 1, 1, allocate },
	{ "fork-many", "N", 1, 1, fork_many },
	{ "open-many", "N", 1, 1, open_many },
};
const size_t n_process_ops = PAYLOAD_ENTRIES(process_ops);
