/* SPDX-License-Identifier: MIT */
/*
 * init.c - the first process of a pid namespace: who ends everything in it.
 *
 * child-path: no allocation
 *
 * A pid namespace lives as long as its first process, and all others in it die with that
 * (pid_namespaces(7)). So this process is what "nothing survives the sandbox" rests on. It
 * does two things: it lets the kernel reap the orphans that become its children (SIGCHLD
 * ignored), and it reads from a pipe that nobody writes to, whose write end only the process that
 * launches has: the end of that, by SIGKILL too, is the end of the read. Then it kills what is
 * left, counts it, and ends. (PR_SET_PDEATHSIG would not do: it tells the end of a thread, and
 * where CLONE_PARENT is ignored that of the wrong process.)
 *
 * It is not the parent of the command: the launching process is the parent of both, waits
 * for the command itself, and passes signals to it. So nothing needs to be told from here.
 *
 * It is cloned with CLONE_VM, as the cleaner is: a fork of the launching process would
 * copy its page tables, which takes 64 ms for 1 GiB, and would keep a copy of its memory. The price
 * is that the command sees, as number 1 of its own pid namespace and with its own user
 * id, a process whose memory is the launching one's. What stands between them:
 *
 *   - It keeps all capabilities in the namespaces, and no command has CAP_SYS_PTRACE there
 *     (child.c). Whoever may not trace a process may not open its mem, maps, environ, fd,
 *     root or cwd in /proc either, nor use process_vm_writev, pidfd_getfd or kcmp on it
 *     (ptrace(2), "Ptrace access mode checking"). More capabilities in a user namespace made
 *     further inside count for nothing here (user_namespaces(7)).
 *   - Landlock, where there is one: it is outside of the command's domain.
 *   - The fresh /proc is mounted with hidepid: who may not trace it does not see it.
 *   - The kernel delivers no signal to it from inside, SIGKILL included; all it could
 *     catch are blocked, so that no handler of the launching process runs here. Every
 *     descriptor but the pipe is closed. Nothing that it reads can be written by the command.
 *
 * A seccomp filter or a Landlock domain of its own would protect the rest of the system from this
 * process, and it takes no input that could turn it.
 */
#include "launch/init.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "sys/calls.h"
#include "sys/fd.h"

#define INIT_STACK_SIZE (128U << 10) /* two pages of 64 KiB: one is the guard */
#define MAX_MS 3000 /* for the end of everything; a process in a hung mount may take longer */
#define PAUSE_MS 1
#define INIT_NAME "croft-init" /* what ps shows */

/* At the top of init's stack: what it is told and what it tells. */
struct shared {
	int life; /* read end */
	unsigned n_killed;
};

static struct shared *shared_of(const struct init *init)
{
	return (void *)((char *)init->stack + INIT_STACK_SIZE - sizeof(struct shared));
}

/* Whoever else is in the namespace, at once: a fork in between finds its parent killed. */
static unsigned kill_all(void)
{
	const struct sys_sigaction plain = { .handler = SIG_DFL };
	unsigned n = 0;
	int r = sys_sigaction(SIGCHLD, &plain, NULL);

	if (r == 0)
		r = sys_kill(-1, SIGKILL);
	/* ESRCH: there is nobody. Else the end of this process does the same, uncounted */
	while (r == 0 || r == -EINTR) {
		r = sys_wait4(-1, NULL, __WALL, NULL);
		if (r > 0) {
			n++;
			r = 0;
		}
	}
	return n;
}

static int init_main(void *data)
{
	const struct sys_sigaction ignore = { .handler = SIG_IGN };
	struct shared *shared = data;
	char byte;
	ssize_t n;

	/* the kernel took the flag and did nothing: then this must not kill all others */
	if (sys_getpid() != 1)
		sys_exit(1);
	(void)sys_prctl(PR_SET_NAME, (unsigned long)INIT_NAME, 0, 0, 0);
	/* out of the job: a stop of the whole group would delay its end */
	(void)sys_setsid();
	/* orphans are reaped by the kernel; a directory of the old tree is not kept in use */
	if (sys_sigaction(SIGCHLD, &ignore, NULL) < 0 || sys_chdir("/") < 0)
		sys_exit(1);
	/* but for those that had ended before: they would stay, and be counted as killed */
	while (sys_wait4(-1, NULL, WNOHANG | __WALL, NULL) > 0)
		;
	fd_close_others(shared->life, -1);
	do {
		n = sys_read(shared->life, &byte, 1);
	} while (n == -EINTR);
	shared->n_killed = kill_all();
	sys_exit(0);
}

void init_none(struct init *init)
{
	*init = (struct init){ .life = -1 };
}

int init_prepare(struct init *init, struct croft_error *err)
{
	int ends[2], r = sys_mmap_stack(INIT_STACK_SIZE, &init->stack);

	if (r < 0) {
		init->stack = NULL;
		return fail(err, CROFT_STAGE_START, -r,
			    "make a stack for the first process of the pid namespace");
	}
	r = sys_pipe(ends);
	if (r < 0) {
		(void)init_end(init, NULL, NULL);
		return fail(err, CROFT_STAGE_START, -r, "make a pipe");
	}
	init->life = ends[1];
	*shared_of(init) = (struct shared){ .life = ends[0] };
	return 0;
}

int init_start(struct init *init, struct croft_error *err)
{
	struct shared *shared = shared_of(init);
	/*
	 * Exit signal 0, by that of the calling process: no SIGCHLD, and no end that the
	 * caller's waitpid(-1) would come upon.
	 */
	int pid = sys_clone(init_main, shared, CLONE_VM | CLONE_PARENT | CLONE_PARENT_SETTID,
			    shared, &init->pid);

	return pid < 0 ? fail(err, CROFT_STAGE_START, -pid,
			      "make the first process of the pid namespace")
		       : 0;
}

void init_let_go(const struct init *init)
{
	(void)sys_close(init->life);
}

void init_watched(const struct init *init)
{
	(void)sys_close(shared_of(init)->life);
}

/* False if it has not ended within MAX_MS. */
static bool wait_for_end(pid_t pid)
{
	struct pollfd poll = { .fd = sys_pidfd_open(pid, 0), .events = POLLIN };
	int r, options = WNOHANG | __WALL, waited = 0;

	/* without a pidfd (before 5.3) it is looked for again and again */
	if (poll.fd >= 0) {
		(void)sys_ppoll(&poll, 1, MAX_MS);
		fd_close(&poll.fd);
	}
	do {
		r = sys_wait4(pid, NULL, options, NULL);
		/* who cannot even pause waits as long as it takes */
		if (r == 0 && sys_ppoll(NULL, 0, PAUSE_MS) == -ENOMEM)
			options = __WALL;
	} while (r == -EINTR || (r == 0 && waited++ < MAX_MS / PAUSE_MS));
	/* ECHILD: somebody else has waited for it; gone all the same */
	return r != 0;
}

int init_end(struct init *init, unsigned *ret_killed, struct croft_error *err)
{
	bool has_ended = true;

	if (init->life >= 0)
		fd_close(&init->life);
	if (init->pid > 0) {
		(void)sys_kill(init->pid, SIGCONT);
		has_ended = wait_for_end(init->pid);
	}
	if (!has_ended) {
		(void)sys_kill(init->pid, SIGKILL);
		/* its stack stays: it may still run on it */
		init_none(init);
		return fail(err, CROFT_STAGE_SUPERVISE, EBUSY,
			    "kill the processes that the command left");
	}
	if (ret_killed)
		*ret_killed = init->stack ? shared_of(init)->n_killed : 0;
	if (init->stack)
		(void)sys_munmap(init->stack, INIT_STACK_SIZE);
	init_none(init);
	return 0;
}
