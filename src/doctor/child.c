/* SPDX-License-Identifier: MIT */
/*
 * child.c - processes that a probe makes, and texts that it reads.
 *
 * A probe is a process of its own already. It makes others where the kernel tells two processes
 * apart (a tracer and its child, who sends a signal and who gets it), where what is done cannot be
 * undone for the next question (a filter, a Landlock domain), and where they are counted.
 * They are in the probe's process group, with which the runner kills them; one whose parent has
 * been killed alone is killed by the kernel (PR_SET_PDEATHSIG).
 *
 * Texts of /proc are the kernel's, or of whoever has put something over /proc: they are read in a
 * buffer of fixed size, without waiting, and what is no number is none.
 */
#include "doctor/child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "host/mounts.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define MOUNTS_MAX_BYTES (16U << 20)
#define STACK_SIZE ((size_t)256 * 1024) /* four 64 KiB pages, one of them the guard */

struct start {
	int (*fn)(void *);
	void *arg;
};

static int run(void *arg)
{
	const struct start *start = arg;

	(void)sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	return start->fn(start->arg);
}

static pid_t start_with(int flags, int (*fn)(void *), void *arg)
{
	struct start start = { fn, arg };
	void *stack;
	int r = sys_mmap_stack(STACK_SIZE, &stack);
	pid_t pid;

	if (r < 0)
		return r;
	pid = sys_clone(run, (char *)stack + STACK_SIZE, flags | SIGCHLD, &start, NULL);
	/* the child has its own copy of it */
	(void)sys_munmap(stack, STACK_SIZE);
	return pid;
}

pid_t child_start(int (*fn)(void *), void *arg)
{
	return start_with(0, fn, arg);
}

pid_t child_start_sharing(int (*fn)(void *), void *arg)
{
	return start_with(CLONE_FILES, fn, arg);
}

int child_end(pid_t pid, bool is_killed)
{
	int status = 0, r;

	if (is_killed)
		(void)sys_kill(pid, SIGKILL);
	do
		r = sys_wait4(pid, &status, __WALL, NULL);
	while (r == -EINTR);
	if (r < 0)
		return r;
	return WIFEXITED(status) ? WEXITSTATUS(status) : CHILD_SIGNALLED + WTERMSIG(status);
}

int child_result(int (*fn)(void *), void *arg)
{
	pid_t pid = child_start(fn, arg);

	return pid < 0 ? pid : child_end(pid, false);
}

int child_pause(void *unused)
{
	(void)unused;
	for (;;)
		(void)sys_ppoll(NULL, 0, INT_MAX);
}

ssize_t text_read(int dirfd, const char *path, char *ret, size_t size)
{
	AUTO_FD int fd = sys_openat(dirfd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	ssize_t n = fd < 0 ? fd : fd_read_full(fd, ret, size - 1);

	ret[n < 0 ? 0 : n] = '\0';
	return n;
}

bool text_line(const char *text, const char *word, char *ret, size_t size)
{
	size_t len = strlen(word);

	ret[0] = '\0';
	while (*text) {
		size_t line = strcspn(text, "\n");

		if (line >= len && memcmp(text, word, len) == 0) {
			size_t blank = len + strspn(text + len, " \t"), n = 0;

			if (blank < line)
				n = line - blank < size - 1 ? line - blank : size - 1;
			memcpy(ret, text + blank, n);
			ret[n] = '\0';
			return true;
		}
		text += line + (text[line] == '\n');
	}
	return false;
}

int text_number(const char *text, unsigned base, uint64_t *ret)
{
	static const char digits[] = "0123456789abcdef";
	uint64_t number = 0;
	const char *at = text;

	for (; *at; at++) {
		const char *digit = strchr(digits, *at);

		if (!digit || (unsigned)(digit - digits) >= base)
			break;
		if (number > (UINT64_MAX - (unsigned)(digit - digits)) / base)
			return -EINVAL;
		number = number * base + (unsigned)(digit - digits);
	}
	if (at == text)
		return -EINVAL;
	*ret = number;
	return 0;
}

void mount_point_of(const char *path, char *ret, size_t size)
{
	uint64_t id = mount_at(path);
	struct mount *mounts;
	struct arena arena;
	size_t n = 0;

	(void)snprintf(ret, size, "%s", path);
	arena_init(&arena, MOUNTS_MAX_BYTES);
	if (id && mounts_read(&arena, &mounts, &n) == 0)
		for (size_t i = 0; i < n; i++)
			if (mounts[i].id == id)
				(void)snprintf(ret, size, "%s", mounts[i].point);
	arena_done(&arena);
}

void report_of(const struct probe_context *context, enum obs id, const char *subject,
	       enum obs_outcome outcome, const char *step, int errnum, int64_t value,
	       const char *text)
{
	const struct observation obs = { .id = id,
					 .outcome = outcome,
					 .errnum = errnum,
					 .value = value,
					 .subject = subject,
					 .step = step,
					 .text = text };

	probe_report(context, &obs);
}
