/* SPDX-License-Identifier: MIT */
/*
 * acts.c - what can only be known by doing it, done in children: how such a child is
 * made, and the first question, whether Landlock enforces. Namespaces: acts_ns.c.
 *
 * Each act changes the process that does it for good, so a child does it, tells
 * the answer by its exit status, and is gone.
 *
 * The child has all signals blocked so that no handler of the caller runs in it, and
 * uses system calls only: the caller may have threads, whose locks are copied in
 * whatever state they were. What it writes was formatted before. Its memory is
 * its own copy, unless the act asks for another (acts_ns.c).
 *
 * The child is made with exit signal 0. So the caller gets no SIGCHLD, its
 * waitpid(-1) does not see the child (only __WALL or __WCLONE do, wait(2)), and an
 * ignored SIGCHLD does not take the status away.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "host/probe.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define STACK_SIZE ((size_t)256 * 1024) /* four 64 KiB pages, one of them the guard */

/* Exit statuses beside 0 (it worked) and errno numbers, all below 134. */
#define STATUS_NOT_REFUSED 255
#define STATUS_NOTHING_TO_TRY 254

static int wait_child(pid_t pid, const char *what, struct croft_error *err)
{
	int status = 0, r;

	do
		r = sys_wait4(pid, &status, __WALL, NULL);
	while (r == -EINTR);
	if (r < 0)
		return fail(err, CROFT_STAGE_HOST, -r, "wait for the child that tries %s", what);
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	/* SIGSYS is a seccomp filter's: an answer, not an accident. */
	if (WTERMSIG(status) == SIGSYS)
		return EPERM;
	return fail(err, CROFT_STAGE_HOST, ECHILD,
		    "the child that tries %s was killed by signal %d", what, WTERMSIG(status));
}

/*
 * When fn returns, libc's clone ends the child by a bare exit call (clone(2)): nothing of the
 * caller's is flushed or run.
 */
int probe_in_child(int (*fn)(void *), void *arg, int flags, const char *what,
		   struct croft_error *err)
{
	const uint64_t every_signal = ~UINT64_C(0);
	uint64_t mask;
	void *stack;
	int r, pid, unblocked;

	r = sys_mmap_stack(STACK_SIZE, &stack);
	if (r < 0)
		return fail(err, CROFT_STAGE_HOST, -r, "memory for the child that tries %s", what);
	r = sys_sigprocmask(SIG_SETMASK, &every_signal, &mask);
	if (r < 0) {
		(void)sys_munmap(stack, STACK_SIZE);
		return fail(err, CROFT_STAGE_HOST, -r, "block signals");
	}
	pid = sys_clone(fn, (char *)stack + STACK_SIZE, flags, arg, NULL);
	unblocked = sys_sigprocmask(SIG_SETMASK, &mask, NULL);
	if (pid < 0)
		r = fail(err, CROFT_STAGE_HOST, -pid, "make a child that tries %s", what);
	else
		r = wait_child(pid, what, err);
	(void)sys_munmap(stack, STACK_SIZE);
	/* What is executed later in this process would begin with every signal blocked. */
	if (unblocked < 0)
		return fail(err, CROFT_STAGE_HOST, -unblocked, "unblock signals");
	return r;
}

/* The first of some names that can be opened now, or NULL: an outer sandbox may refuse "/". */
static const char *openable_name(void)
{
	static const char *const names[] = { "/", ".", "/proc/self/exe", "/dev/null" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		int fd = sys_openat(AT_FDCWD, names[i], O_RDONLY | O_NOCTTY, 0);

		if (fd >= 0) {
			(void)sys_close(fd);
			return names[i];
		}
	}
	return NULL;
}

/* Confines itself with no grant at all, then opens what could be opened before. */
static int act_landlock(void *arg)
{
	const struct abi_landlock_ruleset_attr *attr = arg;
	const char *name = openable_name();
	int ruleset, r;

	if (!name)
		return STATUS_NOTHING_TO_TRY;
	r = sys_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (r < 0)
		return -r;
	ruleset = sys_landlock_create_ruleset(attr, sizeof(*attr), 0);
	if (ruleset < 0)
		return -ruleset;
	r = sys_landlock_restrict_self(ruleset, 0);
	if (r < 0)
		return -r;
	r = sys_openat(AT_FDCWD, name, O_RDONLY | O_NOCTTY, 0);
	return r == -EACCES ? 0 : STATUS_NOT_REFUSED;
}

int host_probe_enforcement(struct host *host, struct croft_error *err)
{
	const struct landlock_abi *abi = landlock_abi_get(host->landlock.abi);
	struct abi_landlock_ruleset_attr attr = {
		.handled_access_fs = abi->fs,
		.handled_access_net = abi->net,
		.scoped = abi->scoped,
	};
	int r;

	if (host->landlock.errnum || host->landlock.abi <= 0) {
		host->landlock.enforces = HOST_NO;
		return 0;
	}
	r = probe_in_child(act_landlock, &attr, 0, "Landlock", err);
	if (r < 0)
		return r;
	if (fd_is_shortage(-r))
		return fail(err, CROFT_STAGE_HOST, r, "try Landlock in a child");
	if (r == STATUS_NOTHING_TO_TRY)
		host->landlock.enforces = HOST_UNKNOWN;
	else
		host->landlock.enforces = r == 0 ? HOST_YES : HOST_NO;
	return 0;
}
