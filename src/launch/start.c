/* SPDX-License-Identifier: MIT */
/*
 * start.c - the processes of a launch: who clones whom, and how a failure comes back.
 *
 * child-path: no allocation
 *
 * Every process here borrows the memory of the one that launches (CLONE_VM), so that a launch
 * from a process of 1 GiB costs what one from a small process costs.
 *
 * Without a pid namespace there is one child. It is cloned as vfork does it, goes through
 * the stages (child.c), and executes the command.
 *
 * With one there are three, since a pid namespace is for the children of who makes it:
 *
 *   launcher ── in between      marks descriptors, makes the namespaces, clones the next two, ends
 *            ├─ init            number 1 in the namespace (init.c)
 *            └─ the command     number 2
 *
 * Both are children of the launcher (CLONE_PARENT), as a plain child would be: it waits for the
 * command itself, sees it stop, and gives it signals. The kernel hands on the exit signal
 * of the process in between, which is 0; exec makes it SIGCHLD for the command
 * (de_thread in Linux's fs/exec.c). So a caller of the library sees one child.
 * gVisor before 2026 ignores CLONE_PARENT. There the two are orphans a moment later, and
 * children of the launcher if that is a subreaper, as the command line is; else it is an
 * error: nobody could wait for the command.
 *
 * A failure of any of them is written to one pipe. It ends when all of them have executed, ended,
 * or (init) closed it; before that no stack that they may run on is given back. Numbers of
 * processes are written by the kernel before those run (CLONE_PARENT_SETTID), so that
 * whichever of them is killed, and whenever, the launcher can end the others and wait for all.
 * If the launcher itself is killed, init ends, and all in the namespace with it.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "launch/launch.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define DYING_MS 1000 /* who is killed needs to be gone */
#define STACK_SIZE (128U << 10) /* a page of 64 KiB is the guard; the stages take under 32 KiB */

/* What the launcher and its children share. On the launcher's stack, which waits. */
struct start {
	struct launch *launch;
	int report; /* the read end */
	char *command_stack; /* the top */
	int command; /* its number; 0: not made */
};

/* On its own stack, in the launcher's memory. Does not return. */
static int command_main(void *data)
{
	const struct launch *launch = data;
	struct croft_error error = { 0 };

	(void)child_run(launch, &error);
	/* the launcher reads it, or sees the end of the pipe and this status */
	(void)fd_write_all(launch->report, &error, sizeof(error));
	sys_exit(127);
}

/* The process in between. */
static int between_main(void *data)
{
	struct start *start = data;
	struct launch *launch = start->launch;
	const int flags = CLONE_VM | CLONE_VFORK | CLONE_PARENT | CLONE_PARENT_SETTID;
	struct croft_error error = { 0 };
	int r, pid;

	/* from here on only the launcher keeps init alive */
	init_let_go(&launch->init);
	r = child_mark_descriptors(launch, &error);
	if (r == 0)
		r = child_enter_namespaces(launch, &error);
	if (r == 0)
		r = init_start(&launch->init, &error);
	if (r == 0) {
		pid = sys_clone(command_main, start->command_stack, flags, launch, &start->command);
		if (pid < 0)
			r = fail(&error, CROFT_STAGE_START, -pid, "make a child process");
	}
	if (r < 0)
		(void)fd_write_all(launch->report, &error, sizeof(error));
	sys_exit(r < 0);
}

/* Its status; below 0: it is not known. */
static int wait_for(pid_t pid)
{
	int r, status;

	do {
		r = sys_wait4(pid, &status, __WALL, NULL);
	} while (r == -EINTR);
	return r < 0 ? r : status;
}

/* What the children reported: 0 if nothing, when all have let go of the pipe. */
static int read_report(int report, pid_t pid, struct croft_error *err)
{
	struct croft_error error;
	ssize_t n = fd_read_full(report, &error, sizeof(error));
	char more;

	if (n == 0)
		return 0;
	/* without a whole report it may be running: it must not */
	if (n != (ssize_t)sizeof(error)) {
		(void)sys_kill(pid, SIGKILL);
		return fail(err, CROFT_STAGE_START, n < 0 ? (int)-n : EIO,
			    "read the child's report");
	}
	(void)fd_read_full(report, &more, 1);
	if (err)
		*err = error;
	return error.errnum ? -error.errnum : -EOPNOTSUPP;
}

/* clone with a pidfd, and without where the kernel (or an outer filter) has none. */
static int clone_command(struct launch *launch, void *stack_top, int *ret_pidfd)
{
	const int flags = CLONE_VM | CLONE_VFORK | SIGCHLD;
	int pid = sys_clone(command_main, stack_top, flags | ABI_CLONE_PIDFD, launch, ret_pidfd);

	if (pid == -EINVAL || pid == -ENOSYS) {
		*ret_pidfd = -1;
		pid = sys_clone(command_main, stack_top, flags, launch, NULL);
	}
	return pid;
}

static int start_plain(struct start *start, pid_t *ret_pid, int *ret_pidfd, struct croft_error *err)
{
	int r, pid = clone_command(start->launch, start->command_stack, ret_pidfd);

	fd_close(&start->launch->report);
	if (pid < 0)
		return fail(err, CROFT_STAGE_START, -pid, "make a child process");
	r = read_report(start->report, pid, err);
	if (r < 0) {
		(void)wait_for(pid);
		if (*ret_pidfd >= 0)
			fd_close(ret_pidfd);
		return r;
	}
	*ret_pid = pid;
	return 0;
}

/*
 * When all have let go of the pipe the command was executed, or it is dead or dying without a
 * word. In the latter case its exit signal is still 0: nobody would be told of its end. __WCLONE
 * asks for just such children.
 */
static int check_executed(struct start *start, struct croft_error *err)
{
	int r;

	for (int waited = 0; waited < DYING_MS; waited++) {
		r = sys_wait4(start->command, NULL, (int)(WNOHANG | __WCLONE), NULL);
		if (r > 0) {
			start->command = 0;
			return fail(err, CROFT_STAGE_START, ECHILD,
				    "execute the command: the child that does it was killed");
		}
		if (r != 0 && r != -EINTR)
			return 0;
		(void)sys_ppoll(NULL, 0, 1);
	}
	/* no kernel is known where exec leaves the exit signal as it is: then it runs */
	return 0;
}

/* Nobody has waited for it: if wait does not know it, and it is there, it is not our child. */
static int check_is_child(pid_t pid, struct croft_error *err)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	if (sys_waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) != -ECHILD ||
	    sys_kill(pid, 0) < 0)
		return 0;
	(void)fail(err, CROFT_STAGE_START, 0, "the kernel ignores CLONE_PARENT");
	fail_hint(err, "let this process be a subreaper (PR_SET_CHILD_SUBREAPER)");
	return -EOPNOTSUPP;
}

/* Ends whatever was made. */
static void undo(struct start *start)
{
	struct init *init = &start->launch->init;

	if (init->pid > 0)
		(void)sys_kill(init->pid, SIGKILL);
	if (start->command > 0) {
		(void)sys_kill(start->command, SIGKILL);
		(void)wait_for(start->command);
	}
	(void)init_end(init, NULL, NULL);
}

/* Makes the three, and waits until one is gone and two do what they are for. */
static int make_all(struct start *start, char *stack_top, struct croft_error *err)
{
	struct launch *launch = start->launch;
	int r, status;
	int between = sys_clone(between_main, stack_top, CLONE_VM | CLONE_VFORK, start, NULL);

	/* not forgotten: who was made by one that is killed may still have to write to it */
	(void)sys_close(launch->report);
	init_watched(&launch->init);
	if (between < 0)
		return fail(err, CROFT_STAGE_START, -between, "make a child process");
	r = read_report(start->report, between, err);
	status = wait_for(between);
	if (r == 0 && status != 0)
		return fail(err, CROFT_STAGE_START, ECHILD,
			    "make the namespaces: the child that does it was killed");
	return r;
}

static int start_inside(struct start *start, pid_t *ret_pid, int *ret_pidfd,
			struct croft_error *err)
{
	struct launch *launch = start->launch;
	void *stack;
	int r = sys_mmap_stack(STACK_SIZE, &stack);

	if (r < 0)
		return fail(err, CROFT_STAGE_START, -r, "make a stack for the child");
	r = init_prepare(&launch->init, err);
	if (r == 0) {
		r = make_all(start, (char *)stack + STACK_SIZE, err);
		launch->report = -1;
		if (r == 0)
			r = check_executed(start, err);
		if (r == 0)
			r = check_is_child(start->command, err);
		if (r < 0)
			undo(start);
	}
	(void)sys_munmap(stack, STACK_SIZE);
	if (r < 0)
		return r;
	*ret_pid = start->command;
	*ret_pidfd = sys_pidfd_open(start->command, 0);
	if (*ret_pidfd < 0)
		*ret_pidfd = -1;
	return 0;
}

static int start_on(struct launch *launch, char *stack_top, pid_t *ret_pid, int *ret_pidfd,
		    struct croft_error *err)
{
	struct start start = { .launch = launch, .command_stack = stack_top };
	int ends[2], r;

	r = sys_pipe(ends);
	if (r < 0)
		return fail(err, CROFT_STAGE_START, -r, "make a pipe");
	start.report = ends[0];
	launch->report = ends[1];
	r = launch_has_init(launch) ? start_inside(&start, ret_pid, ret_pidfd, err)
				    : start_plain(&start, ret_pid, ret_pidfd, err);
	fd_close(&launch->report);
	fd_close(&start.report);
	return r;
}

int launch_start(struct launch *launch, pid_t *ret_pid, int *ret_pidfd, struct croft_error *err)
{
	const uint64_t all = ~0ULL;
	uint64_t mask;
	void *stack;
	int r;

	r = sys_mmap_stack(STACK_SIZE, &stack);
	if (r < 0)
		return fail(err, CROFT_STAGE_START, -r, "make a stack for the child");
	r = sys_sigprocmask(SIG_SETMASK, &all, &mask);
	if (r < 0) {
		(void)fail(err, CROFT_STAGE_START, -r, "block the signals");
	} else {
		if (!launch->restores_signals)
			launch->signal_mask = mask;
		launch->restores_signals = true;
		r = start_on(launch, (char *)stack + STACK_SIZE, ret_pid, ret_pidfd, err);
		(void)sys_sigprocmask(SIG_SETMASK, &mask, NULL);
	}
	(void)sys_munmap(stack, STACK_SIZE);
	return r;
}
