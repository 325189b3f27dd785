/* SPDX-License-Identifier: MIT */
/*
 * cleaner.c - who removes the TMPDIR and the control group when nobody is left to do it.
 *
 * child-path: no allocation
 *
 * A command that is executed in place leaves no croft behind, and a croft that
 * waits can be killed. So a small process of its own waits for the end:
 *
 *   - it is cloned with CLONE_VM: no page tables to copy, about a tenth of a fork;
 *     when croft executes the command the old memory stays with the cleaner alone;
 *   - its exit signal is 0: for the command it is no child that wait(2) tells
 *     of, so that a command which waits for all its children does not hang;
 *   - it is in a group of its own (a session, if its setsid comes first) with every signal
 *     blocked: neither Ctrl-C nor a hangup nor a kill of the process group ends it;
 *   - it holds no descriptor but a pidfd of croft, so that a pipe behind the command ends
 *     when the command does;
 *   - it starts before the directory and the group are made;
 *   - it is in no group that it removes: it stays in croft's.
 *
 * Everything in the group is killed before the TMPDIR is removed, since it may write there. So
 * what a command has left behind ends with it, or with a croft that was killed, even where
 * there is no pid namespace.
 *
 * Where there is no pidfd_open (before 5.3) it looks once in a tenth of a second
 * whether its parent is still the one it had.
 *
 * SIGKILL sent to the cleaner itself is the one case that leaves something.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "enforce/cgroup.h"
#include "launch/cleaner.h"
#include "launch/tmpdir.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define CLEANER_STACK_SIZE (128U << 10) /* a page of 64 KiB is the guard; it takes under 16 KiB */
#define POLL_MS 100

/* Lives at the top of the cleaner's own stack: the parent's frames are gone after its exec. */
struct cleaner {
	char tmpdir[TMPDIR_NAME_SIZE]; /* "": none */
	char group[CGROUP_PATH_SIZE]; /* "": none */
	int watch; /* pidfd of croft, or -1 */
	pid_t parent;
};

static void wait_for_end(const struct cleaner *cleaner)
{
	struct pollfd poll = { .fd = cleaner->watch, .events = POLLIN };

	if (cleaner->watch >= 0) {
		int r;

		do {
			r = sys_ppoll(&poll, 1, -1);
		} while (r == -EINTR);
		if (r == 1)
			return;
	}
	while (sys_getppid() == cleaner->parent)
		(void)sys_ppoll(NULL, 0, POLL_MS);
}

static int cleaner_main(void *data)
{
	const struct cleaner *cleaner = data;

	(void)sys_setsid();
	(void)sys_chdir("/");
	fd_close_others(cleaner->watch, -1);
	wait_for_end(cleaner);
	if (cleaner->group[0])
		(void)cgroup_remove(cleaner->group);
	if (cleaner->tmpdir[0])
		(void)tmpdir_remove(cleaner->tmpdir);
	sys_exit(0);
}

/* It is no ordinary child: only __WALL waits for it. */
static int end_cleaner(pid_t cleaner)
{
	int r = sys_kill(cleaner, SIGKILL);

	/* if it cannot be killed it is not waited for either: it ends by itself after us */
	while (r == 0 || r == -EINTR)
		r = sys_wait4(cleaner, NULL, __WALL, NULL);
	return r < 0 ? r : 0;
}

/* On the stack at `stack`: from here on it is the cleaner's, for as long as it lives. */
static int start_on(void *stack, const char *tmpdir, const char *group, pid_t *ret_pid,
		    struct croft_error *err)
{
	struct cleaner *cleaner = (void *)((char *)stack + CLEANER_STACK_SIZE - sizeof(*cleaner));
	const uint64_t all = ~0ULL;
	AUTO_FD int watch = -1;
	uint64_t mask;
	int pid, r;

	/* fresh memory: without a name there is an empty one */
	if (tmpdir)
		memcpy(cleaner->tmpdir, tmpdir, strlen(tmpdir) + 1);
	if (group)
		memcpy(cleaner->group, group, strlen(group) + 1);
	cleaner->parent = sys_getpid();
	watch = sys_pidfd_open(cleaner->parent, 0);
	cleaner->watch = watch < 0 ? -1 : watch;
	r = sys_sigprocmask(SIG_SETMASK, &all, &mask);
	if (r < 0)
		return fail(err, CROFT_STAGE_PREPARE, -r, "block the signals");
	pid = sys_clone(cleaner_main, cleaner, CLONE_VM, cleaner, NULL);
	/* before anything is made: its own setsid may come after a kill of our group */
	if (pid > 0)
		(void)sys_setpgid(pid, pid);
	r = sys_sigprocmask(SIG_SETMASK, &mask, NULL);
	if (pid < 0)
		return fail(err, CROFT_STAGE_PREPARE, -pid, "start the process that cleans up");
	if (r < 0) {
		(void)end_cleaner(pid);
		return fail(err, CROFT_STAGE_PREPARE, -r, "restore the signal mask");
	}
	*ret_pid = pid;
	return 0;
}

int cleaner_start(const char *tmpdir, const char *group, pid_t *ret_pid, struct croft_error *err)
{
	void *stack;
	int r = sys_mmap_stack(CLEANER_STACK_SIZE, &stack);

	if (r < 0)
		return fail(err, CROFT_STAGE_PREPARE, -r, "make a stack for the cleaner");
	r = start_on(stack, tmpdir, group, ret_pid, err);
	if (r < 0)
		(void)sys_munmap(stack, CLEANER_STACK_SIZE);
	return r;
}

int cleaner_finish(const char *tmpdir, const char *group, pid_t cleaner, struct croft_error *err)
{
	int emptied = group ? cgroup_remove(group) : 0;
	int removed = tmpdir ? tmpdir_remove(tmpdir) : 0;
	/* last: killed in between, croft still has somebody who does the rest */
	int ended = end_cleaner(cleaner);

	if (emptied < 0)
		return fail(err, CROFT_STAGE_SUPERVISE, -emptied, "remove the control group '%s'",
			    group);
	if (removed < 0)
		return fail(err, CROFT_STAGE_SUPERVISE, -removed,
			    "remove the temporary directory '%s'", tmpdir);
	if (ended < 0)
		return fail(err, CROFT_STAGE_SUPERVISE, -ended, "end the process that cleans up");
	return 0;
}
