/* SPDX-License-Identifier: MIT */
/*
 * answers.c - asks about names in children, since whoever asks may wait for ever.
 *
 * A mount may be of a server that is gone (NFS), or of a program that says nothing (FUSE). Who asks
 * about a name there waits in the kernel, and often cannot even be killed: FUSE's and hard NFS'
 * waits end with the answer alone. So what must not hang has a child ask first. The child holds no
 * descriptor, so that nobody waits for a pipe that it would keep open.
 */
#include "host/answers.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "sys/calls.h"
#include "sys/fd.h"

#define STACK_SIZE ((size_t)256 * 1024) /* four 64 KiB pages, one of them the guard */

static int ask(void *arg)
{
	const char *path = arg;
	struct stat st;

	(void)sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	fd_close_others(-1, -1);
	/* a FIFO or a device is not opened; what is, is closed by the end */
	if (sys_fstatat(AT_FDCWD, path, &st, 0) == 0 && S_ISDIR(st.st_mode))
		(void)sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
	return 0;
}

/* In a copy of our memory: it may outlive us. 0: it cannot be made. */
static pid_t start(const char *path)
{
	void *stack;
	int pid;

	if (sys_mmap_stack(STACK_SIZE, &stack) < 0)
		return 0;
	pid = sys_clone(ask, (char *)stack + STACK_SIZE, SIGCHLD, (void *)(uintptr_t)path, NULL);
	(void)sys_munmap(stack, STACK_SIZE);
	return pid < 0 ? 0 : pid;
}

static bool has_time_left(int64_t *began, int64_t limit_ms)
{
	int64_t now;

	if (sys_clock_ms(&now) < 0)
		return false;
	if (!*began)
		*began = now;
	return now - *began < limit_ms;
}

unsigned answers_of(const char *const *paths, size_t n, int64_t limit_ms)
{
	pid_t pids[ANSWERS_MAX] = { 0 };
	unsigned waiting = 0, answered = 0;
	int64_t began = 0;

	for (size_t i = 0; i < n; i++) {
		pids[i] = paths[i] ? start(paths[i]) : 0;
		if (pids[i])
			waiting |= 1U << i;
		else if (paths[i])
			answered |= 1U << i;
	}
	while (waiting && has_time_left(&began, limit_ms)) {
		for (size_t i = 0; i < n; i++)
			if (waiting & 1U << i && sys_wait4(pids[i], NULL, WNOHANG, NULL) != 0) {
				waiting &= ~(1U << i);
				answered |= 1U << i;
			}
		if (waiting)
			(void)sys_ppoll(NULL, 0, 1);
	}
	for (size_t i = 0; i < n; i++)
		if (waiting & 1U << i)
			(void)sys_kill(pids[i], SIGKILL);
	return answered;
}
