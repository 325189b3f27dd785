/* SPDX-License-Identifier: MIT */
/*
 * child.c - the ordered stages, from a prepared launch to execve.
 *
 * child-path: no allocation
 *
 * In place (exec tier) this runs in croft's own process. In a child it runs on
 * memory borrowed from the parent (CLONE_VM | CLONE_VFORK): no allocation, no
 * stdio, no locks, no return from the child's function, nothing written but the
 * stack and the error. A failure travels as a plain struct through a pipe that
 * exec closes, and the parent words it.
 *
 * The order, and why:
 *
 *   signals       first: from here on a signal does what the command expects
 *   limits        before privileges: raising a hard limit may need one
 *   workdir       before Landlock, as whoever started croft
 *   descriptors   before Landlock: the fallback reads /proc/self/fd; marking is not closing
 *   privileges    no_new_privs is what the next two need
 *   landlock      after everything that opens a path, before any thread
 *   seccomp       last: it may refuse what the stages before it do
 *   open files    the one limit that would disturb the stages above
 *   exec
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "enforce/landlock.h"
#include "enforce/process.h"
#include "enforce/seccomp.h"
#include "launch/launch.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define CHILD_STACK_SIZE (64U << 10) /* the deepest stage, fail()'s vsnprintf, takes under 8 KiB */

/*
 * Caught signals become default: a handler must not run in memory that belongs to
 * the parent. Needs: all signals blocked by the parent.
 */
static int reset_signals(bool ignores_sigchld, struct croft_error *err)
{
	const struct sys_sigaction plain = { .handler = SIG_DFL }, ignore = { .handler = SIG_IGN };

	for (int sig = 1; sig <= 64; sig++) {
		struct sys_sigaction old;
		int r = sys_sigaction(sig, NULL, &old);

		if (r == 0 && old.handler != SIG_DFL && old.handler != SIG_IGN)
			r = sys_sigaction(sig, &plain, NULL);
		/*
		 * two numbers belong to the C library and may be refused; nobody can have
		 * caught them
		 */
		if (r < 0 && r != -EINVAL)
			return fail(err, CROFT_STAGE_START, -r, "reset signal %d", sig);
	}
	if (ignores_sigchld) {
		int r = sys_sigaction(SIGCHLD, &ignore, NULL);

		if (r < 0)
			return fail(err, CROFT_STAGE_START, -r, "ignore SIGCHLD again");
	}
	return 0;
}

/* croft ignored it for its own messages. Needs: nothing more to be written but a failure. */
static int reset_sigpipe(struct croft_error *err)
{
	const struct sys_sigaction plain = { .handler = SIG_DFL };
	int r = sys_sigaction(SIGPIPE, &plain, NULL);

	return r < 0 ? fail(err, CROFT_STAGE_START, -r, "stop ignoring SIGPIPE") : 0;
}

/*
 * Needs: nothing. The parent could have died before PR_SET_PDEATHSIG was set: then nobody will
 * kill us.
 */
static int tie_to_parent(const struct launch *launch, struct croft_error *err)
{
	int r = sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);

	if (r < 0)
		return fail(err, CROFT_STAGE_START, -r, "tie the command to croft's life");
	if (sys_getppid() != launch->parent)
		return fail(err, CROFT_STAGE_START, ESRCH,
			    "croft ended before the command started");
	return 0;
}

static int enter_workdir(const char *workdir, struct croft_error *err)
{
	char cwd[16];
	ssize_t n;
	int r;

	if (!workdir)
		return 0;
	r = sys_chdir(workdir);
	if (r < 0)
		return fail(err, CROFT_STAGE_WORKDIR, -r, "change to the directory '%s'", workdir);
	/*
	 * a directory outside the root is named "(unreachable)...": ERANGE says it is longer,
	 * which is fine
	 */
	n = sys_getcwd(cwd, sizeof(cwd));
	if ((n < 0 && n != -ERANGE) || (n > 0 && cwd[0] != '/'))
		return fail(err, CROFT_STAGE_WORKDIR, n < 0 ? (int)-n : ENOENT,
			    "find the directory '%s' again", workdir);
	return 0;
}

static int confine(const struct launch *launch, struct croft_error *err)
{
	const struct plan *plan = launch->plan;
	int r = privileges_apply(plan->profile->require[PROTECT_PRIVILEGES] != REQUIRE_OFF, err);

	if (r < 0)
		return r;
	r = landlock_apply(launch->ruleset, plan->restrict_flags, plan->can_verify, err);
	if (r < 0)
		return r;
	return seccomp_apply(launch->filter, launch->n_filter, err);
}

int child_confine(const struct launch *launch, struct croft_error *err)
{
	int r = limits_apply(launch->plan->profile, err);

	if (r < 0)
		return r;
	r = confine(launch, err);
	if (r < 0)
		return r;
	return limits_apply_open_files(launch->plan->profile, err);
}

/*
 * What can be seen beforehand was looked at (command.c): what is left are causes that show only
 * now, and those that no look at the file tells.
 */
static int exec_failed(const char *path, int errnum, struct croft_error *err)
{
	static const struct {
		int errnum;
		const char *hint;
	} hints[] = {
		{ ENOENT, "it was there a moment ago, with all that it names" },
		{ EACCES, "its modes, mount and grants allow it: a security module may not" },
		{ EPERM, "a filter or a security module outside of croft refuses it" },
		{ ETXTBSY, "something has it open for writing: wait for it, or run a copy" },
		{ E2BIG, "an argument or variable is over 128 KiB, or all are over a quarter of "
			 "'ulimit -s'" },
		{ ENOMEM, "see --limit memory, 'ulimit -v' and the cgroup's memory limit" },
		{ EAGAIN, "this user has too many processes: see --limit processes" },
		{ EINVAL, "the kernel cannot map it: it may be for another page size" },
		{ ENOEXEC, "no handler of this kernel knows its format" },
	};
	int r;

	/* the command was found: status 126, not 127 */
	if (errnum == ENOENT)
		r = fail(err, CROFT_STAGE_EXEC, 0, "execute '%s': the kernel finds no such file",
			 path);
	else
		r = fail(err, CROFT_STAGE_EXEC, errnum, "execute '%s'", path);
	for (size_t i = 0; i < ARRAY_SIZE(hints); i++)
		if (hints[i].errnum == errnum)
			fail_hint(err, "%s", hints[i].hint);
	/* outside, root's capabilities pass over the modes */
	if (errnum == EACCES && sys_geteuid() == 0)
		fail_hint(err, "inside, user 0 has no capabilities: it must be executable by its "
			       "modes; or a security module refuses it");
	return r;
}

static int finish(const struct launch *launch, struct croft_error *err)
{
	int r;

	if (launch->restores_nofile) {
		r = sys_prlimit(RLIMIT_NOFILE, &launch->nofile, NULL);
		if (r < 0)
			return fail(err, CROFT_STAGE_LIMITS, -r,
				    "give the command its limit on open files back");
	}
	r = limits_apply_open_files(launch->plan->profile, err);
	if (r < 0)
		return r;
	if (launch->restores_signals) {
		r = sys_sigprocmask(SIG_SETMASK, &launch->signal_mask, NULL);
		if (r < 0)
			return fail(err, CROFT_STAGE_START, -r, "restore the signal mask");
	}
	r = sys_execve(launch->plan->command.path,
		       (char *const *)(uintptr_t)launch->plan->command.argv,
		       (char *const *)(uintptr_t)launch->plan->command.envp);
	return exec_failed(launch->plan->command.path, -r, err);
}

int child_run(const struct launch *launch, struct croft_error *err)
{
	const struct plan *plan = launch->plan;
	int r = 0;

	if (launch->restores_signals)
		r = reset_signals(launch->ignores_sigchld, err);
	if (r == 0 && launch->defaults_sigpipe)
		r = reset_sigpipe(err);
	if (r == 0 && launch->dies_with_parent)
		r = tie_to_parent(launch, err);
	if (r == 0)
		r = limits_apply(plan->profile, err);
	if (r == 0)
		r = enter_workdir(plan->workdir, err);
	if (r == 0 && plan->profile->require[PROTECT_DESCRIPTORS] != REQUIRE_OFF)
		r = descriptors_apply(plan->profile->keep_fds, plan->profile->n_keep_fds, err);
	if (r == 0)
		r = confine(launch, err);
	if (r == 0)
		r = finish(launch, err);
	return r;
}

/* In the child, on its own stack, in the parent's memory. Does not return. */
static int child_main(void *data)
{
	const struct launch *launch = data;
	struct croft_error error = { 0 };

	(void)child_run(launch, &error);
	/* the parent reads it, or sees the end of the pipe and this status */
	(void)fd_write_all(launch->report, &error, sizeof(error));
	sys_exit(127);
}

/* What the child reported: 0 if exec closed the pipe. Reaps a child that failed. */
static int read_report(int report, pid_t pid, struct croft_error *err)
{
	struct croft_error error;
	ssize_t n = fd_read_full(report, &error, sizeof(error));
	int r;

	if (n == 0)
		return 0;
	/* without a whole report it may be running: it must not */
	if (n != (ssize_t)sizeof(error))
		(void)sys_kill(pid, SIGKILL);
	do {
		r = sys_wait4(pid, NULL, 0, NULL);
	} while (r == -EINTR);
	if (n != (ssize_t)sizeof(error))
		return fail(err, CROFT_STAGE_START, n < 0 ? (int)-n : EIO,
			    "read the child's report");
	if (err)
		*err = error;
	return error.errnum ? -error.errnum : -EOPNOTSUPP;
}

/* clone with a pidfd, and without where the kernel (or an outer filter) has none. */
static int clone_child(struct launch *launch, void *stack_top, int *ret_pidfd)
{
	const int flags = CLONE_VM | CLONE_VFORK | SIGCHLD;
	int pid = sys_clone(child_main, stack_top, flags | ABI_CLONE_PIDFD, launch, ret_pidfd);

	if (pid == -EINVAL || pid == -ENOSYS) {
		*ret_pidfd = -1;
		pid = sys_clone(child_main, stack_top, flags, launch, NULL);
	}
	return pid;
}

static int start_with_stack(struct launch *launch, void *stack, pid_t *ret_pid, int *ret_pidfd,
			    struct croft_error *err)
{
	AUTO_FD int report = -1;
	int ends[2], pid, r;

	r = sys_pipe(ends);
	if (r < 0)
		return fail(err, CROFT_STAGE_START, -r, "make a pipe");
	report = ends[0];
	launch->report = ends[1];
	pid = clone_child(launch, (char *)stack + CHILD_STACK_SIZE, ret_pidfd);
	fd_close(&launch->report);
	if (pid < 0)
		return fail(err, CROFT_STAGE_START, -pid, "make a child process");
	r = read_report(report, pid, err);
	if (r < 0) {
		if (*ret_pidfd >= 0)
			fd_close(ret_pidfd);
		return r;
	}
	*ret_pid = pid;
	return 0;
}

int launch_start(struct launch *launch, pid_t *ret_pid, int *ret_pidfd, struct croft_error *err)
{
	const uint64_t all = ~0ULL;
	uint64_t mask;
	void *stack;
	int r;

	r = sys_mmap_stack(CHILD_STACK_SIZE, &stack);
	if (r < 0)
		return fail(err, CROFT_STAGE_START, -r, "make a stack for the child");
	r = sys_sigprocmask(SIG_SETMASK, &all, &mask);
	if (r < 0) {
		(void)fail(err, CROFT_STAGE_START, -r, "block the signals");
	} else {
		if (!launch->restores_signals)
			launch->signal_mask = mask;
		launch->restores_signals = true;
		r = start_with_stack(launch, stack, ret_pid, ret_pidfd, err);
		(void)sys_sigprocmask(SIG_SETMASK, &mask, NULL);
	}
	(void)sys_munmap(stack, CHILD_STACK_SIZE);
	return r;
}
