/* SPDX-License-Identifier: MIT */
/*
 * spawn.c - a child that becomes a program of croft's own folder.
 *
 * The child has a copy of our memory, so it may allocate on its way to exec. A failure comes back
 * through a pipe that exec closes, as croft's own starts do it. PR_SET_PDEATHSIG makes it end with
 * us, by SIGKILL too: the runner kills what does not obey, and the sandbox must not outlive that.
 */
#include "gha/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/beside.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define STACK_SIZE ((size_t)512 * 1024)
#define FD_ABOVE 64 /* out of the way of the numbers that the child is to have */
#define KERNEL_SIGNALS 64

struct start {
	const struct spawn *spawn;
	int failed[2];
	pid_t parent;
};

static int place_fds(const struct spawn *spawn)
{
	const int streams[] = { spawn->in, spawn->out, spawn->err };
	int moved[SPAWN_MAX_FDS], r = 0;

	for (int i = 0; i < 3 && r >= 0; i++)
		if (streams[i] >= 0)
			r = sys_dup3(streams[i], i, 0);
	for (size_t i = 0; i < spawn->n_fds && r >= 0; i++)
		r = moved[i] = sys_fcntl(spawn->fds[i], F_DUPFD_CLOEXEC, FD_ABOVE);
	for (size_t i = 0; i < spawn->n_fds && r >= 0; i++)
		r = sys_dup3(moved[i], SPAWN_FD_FIRST + (int)i, 0);
	return r;
}

static int become(void *arg)
{
	struct start *start = arg;
	const struct spawn *spawn = start->spawn;
	const struct sys_sigaction standard = { 0 };
	const uint64_t none = 0;
	struct croft_error err = { 0 };
	int argc = 0, failed, r;

	(void)sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (sys_getppid() != start->parent)
		return 125;
	failed = sys_fcntl(start->failed[1], F_DUPFD_CLOEXEC, FD_ABOVE);
	r = place_fds(spawn);
	for (int sig = 1; sig <= KERNEL_SIGNALS; sig++)
		(void)sys_sigaction(sig, &standard, NULL);
	(void)sys_sigprocmask(SIG_SETMASK, &none, NULL);
	while (spawn->argv[argc])
		argc++;
	if (r < 0)
		(void)fail(&err, CROFT_STAGE_PREPARE, -r, "hand descriptors to %s", spawn->program);
	else
		(void)beside_run(spawn->program, "it is built with croft", argc, spawn->argv, &err);
	(void)fd_write_all(failed, &err, sizeof(err));
	return 125;
}

int spawn_start(const struct spawn *spawn, pid_t *ret_pid, struct croft_error *err)
{
	struct start start = { .spawn = spawn, .failed = { -1, -1 }, .parent = sys_getpid() };
	struct croft_error said = { 0 };
	void *stack = NULL;
	pid_t pid;
	int r = sys_pipe(start.failed);

	if (r == 0)
		r = sys_mmap_stack(STACK_SIZE, &stack);
	pid = r;
	if (stack) {
		pid = sys_clone(become, (char *)stack + STACK_SIZE, SIGCHLD, &start, NULL);
		(void)sys_munmap(stack, STACK_SIZE);
	}
	fd_close(&start.failed[1]);
	if (pid < 0) {
		fd_close(&start.failed[0]);
		return fail(err, CROFT_STAGE_PREPARE, -pid, "start %s", spawn->program);
	}
	r = fd_read_full(start.failed[0], &said, sizeof(said)) == (ssize_t)sizeof(said);
	fd_close(&start.failed[0]);
	if (r) {
		(void)sys_wait4(pid, NULL, 0, NULL);
		if (err)
			*err = said;
		return -ENOEXEC;
	}
	*ret_pid = pid;
	return 0;
}

/* What is there now; closes *fd at its end. */
static int take(int *fd, struct buf *buf)
{
	char data[8192];
	ssize_t n = sys_read(*fd, data, sizeof(data));

	if (n == -EINTR)
		return 0;
	if (n <= 0) {
		fd_close(fd);
		return (int)n;
	}
	buf_add(buf, data, (size_t)n);
	return buf_error(buf) == -EOVERFLOW ? -EFBIG : buf_error(buf);
}

static int listen_to(int *out_fd, struct buf *out, int *said_fd, struct buf *said)
{
	int r = 0;

	while (r == 0 && (*out_fd >= 0 || *said_fd >= 0)) {
		struct pollfd fds[] = { { .fd = *out_fd, .events = POLLIN },
					{ .fd = *said_fd, .events = POLLIN } };

		r = sys_ppoll(fds, ARRAY_SIZE(fds), -1);
		if (r == -EINTR)
			r = 0;
		if (r <= 0)
			continue;
		r = fds[0].revents ? take(out_fd, out) : 0;
		if (r == 0 && fds[1].revents)
			r = take(said_fd, said);
	}
	return r;
}

static int reap(pid_t pid)
{
	int status, r;

	do
		r = sys_wait4(pid, &status, 0, NULL);
	while (r == -EINTR);
	if (r < 0)
		return r;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int spawn_capture(const char *program, char *const *argv, struct buf *out, struct buf *said,
		  struct croft_error *err)
{
	int out_pipe[2] = { -1, -1 }, said_pipe[2] = { -1, -1 };
	AUTO_FD int nothing = sys_openat(AT_FDCWD, "/dev/null", O_RDONLY, 0);
	struct spawn spawn = { .program = program, .argv = argv, .in = nothing };
	pid_t pid = 0;
	int r = sys_pipe(out_pipe), status = 0;

	if (r == 0)
		r = sys_pipe(said_pipe);
	if (r < 0)
		(void)fail(err, CROFT_STAGE_PREPARE, -r, "start %s", program);
	spawn.out = out_pipe[1];
	spawn.err = said_pipe[1];
	if (r == 0)
		r = spawn_start(&spawn, &pid, err);
	fd_close(&out_pipe[1]);
	fd_close(&said_pipe[1]);
	if (r == 0) {
		r = listen_to(&out_pipe[0], out, &said_pipe[0], said);
		if (r < 0) {
			(void)fail(err, CROFT_STAGE_PREPARE, -r, "read what %s says", program);
			(void)sys_kill(pid, SIGKILL);
		}
		status = reap(pid);
	}
	fd_close(&out_pipe[0]);
	fd_close(&said_pipe[0]);
	return r < 0 ? r : status;
}
