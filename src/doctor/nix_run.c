/* SPDX-License-Identifier: MIT */
/*
 * nix_run.c - a child whose standard streams are pipes of ours.
 *
 * The child is in the probe's process group: if the probe is killed, so is it. What it leaves
 * behind in that group (a master connection of ssh) is the runner's to end (probe_run.c).
 */
#include "doctor/nix_run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "doctor/child.h"
#include "sys/calls.h"
#include "sys/fd.h"
#include "sys/path.h"

#define EXEC_FAILED 127

struct start {
	const struct nix_run *run;
	int in[2], out[2], err[2];
	int failed[2]; /* exec's errno, or its end by CLOEXEC */
};

static int execute(void *arg)
{
	const struct start *start = arg;
	int r = sys_dup3(start->in[0], STDIN_FILENO, 0);

	if (r >= 0)
		r = sys_dup3(start->out[1], STDOUT_FILENO, 0);
	if (r >= 0)
		r = sys_dup3(start->err[1], STDERR_FILENO, 0);
	if (r >= 0)
		r = sys_execve(start->run->file, start->run->argv, start->run->envp);
	(void)fd_write_all(start->failed[1], &r, sizeof(r));
	return EXEC_FAILED;
}

/* Up to some KiB that are there now; 0: its end. */
static int take(int *fd, struct buf *buf)
{
	char data[4096];
	ssize_t len = sys_read(*fd, data, sizeof(data));

	if (len == -EINTR || len == -EAGAIN)
		return 0;
	if (len <= 0) {
		fd_close(fd);
		return (int)len;
	}
	buf_add(buf, data, (size_t)len);
	return buf_error(buf) == -EOVERFLOW ? -EFBIG : buf_error(buf);
}

/* Until both streams have ended. */
static int listen_to(struct start *start, struct buf *out, struct buf *err)
{
	int *out_fd = &start->out[0], *err_fd = &start->err[0];
	int64_t now, end, input_end;
	int r = sys_clock_ms(&now);

	if (r < 0)
		return r;
	end = now + start->run->limit_ms;
	input_end = now + start->run->limit_ms / 2;
	while (*out_fd >= 0 || *err_fd >= 0) {
		struct pollfd fds[] = { { .fd = *out_fd, .events = POLLIN },
					{ .fd = *err_fd, .events = POLLIN } };

		if (sys_clock_ms(&now) < 0 || now >= end)
			return -ETIMEDOUT;
		if (out->len >= start->run->answer_len || *out_fd < 0 || now >= input_end)
			fd_close(&start->in[1]);
		r = sys_ppoll(fds, ARRAY_SIZE(fds), (start->in[1] >= 0 ? input_end : end) - now);
		if (r < 0 && r != -EINTR)
			return r;
		if (r <= 0)
			continue;
		r = fds[0].revents ? take(out_fd, out) : 0;
		if (r == 0 && fds[1].revents)
			r = take(err_fd, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int run_piped(struct start *start, struct buf *out, struct buf *err)
{
	int failed = 0, r, status;
	pid_t pid;

	/* Now, while we hold the reading end: no SIGPIPE, and it fits. */
	if (start->run->input_len) {
		r = fd_write_all(start->in[1], start->run->input, start->run->input_len);
		if (r < 0)
			return r;
	}
	pid = child_start(execute, start);
	if (pid < 0)
		return pid;
	fd_close(&start->in[0]);
	fd_close(&start->out[1]);
	fd_close(&start->err[1]);
	fd_close(&start->failed[1]);
	if (fd_read_full(start->failed[0], &failed, sizeof(failed)) != (ssize_t)sizeof(failed))
		failed = 0;
	r = listen_to(start, out, err);
	status = child_end(pid, r < 0);
	if (failed < 0)
		return failed;
	return r < 0 ? r : status;
}

int nix_run(const struct nix_run *run, struct buf *out, struct buf *err)
{
	struct start start = { .run = run,
			       .in = { -1, -1 },
			       .out = { -1, -1 },
			       .err = { -1, -1 },
			       .failed = { -1, -1 } };
	int *const pipes[] = { start.in, start.out, start.err, start.failed };
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(pipes) && r == 0; i++)
		r = sys_pipe(pipes[i]);
	if (r == 0)
		r = run_piped(&start, out, err);
	for (size_t i = 0; i < ARRAY_SIZE(pipes); i++) {
		fd_close(&pipes[i][0]);
		fd_close(&pipes[i][1]);
	}
	return r;
}

static bool is_program(const char *path)
{
	struct stat st;

	return sys_fstatat(AT_FDCWD, path, &st, 0) == 0 && S_ISREG(st.st_mode) &&
	       (st.st_mode & 0111) && sys_faccessat(AT_FDCWD, path, X_OK) == 0;
}

bool nix_find_program(const char *path, const char *name, char ret[PATH_MAX])
{
	static const char *const own[] = { "/run/current-system/sw/bin",
					   "/nix/var/nix/profiles/default/bin" };
	char dir[PATH_MAX];

	while (path && *path) {
		size_t len = strcspn(path, ":");

		if (*path == '/' && len < sizeof(dir)) {
			memcpy(dir, path, len);
			dir[len] = '\0';
			if (path_child(ret, dir, name) && is_program(ret))
				return true;
		}
		path += len + (path[len] == ':');
	}
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (path_child(ret, own[i], name) && is_program(ret))
			return true;
	return false;
}
