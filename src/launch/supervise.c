/* SPDX-License-Identifier: MIT */
/*
 * supervise.c - the loop of a waiting parent.
 *
 * The command stays in croft's process group, so the terminal reaches it as if
 * croft were not there. What somebody sends to croft alone (kill) is passed on; what
 * the terminal sent (si_code SI_KERNEL) is not, or the command would get it twice.
 * Ctrl-Z is the command's to obey or to ignore; croft stops when the command has.
 *
 * With a pseudo terminal of its own (pty.c) the command is in another session, and what the
 * terminal sends reaches croft alone: then all of it is passed on, but a new size, which is
 * told to the pseudo terminal.
 *
 * croft is a subreaper: whatever the command leaves behind becomes its child, and
 * is killed when the command has ended. The command dies with croft
 * (PR_SET_PDEATHSIG); what it has forked by then is out of reach without a pid
 * namespace, and the row "processes" says so. With one, its init kills all in both
 * cases (init.c), and croft has the command as its only child.
 */
#include "launch/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "launch/cleaner.h"
#include "launch/pty.h"
#include "launch/survivors.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define BIT(sig) (1ULL << ((sig)-1))
#define STOP_SETTLE_MS 30

/* What is passed on. Stops are followed, continues act on the group; faults are croft's own. */
#define FORWARDED                                                                                \
	(BIT(SIGHUP) | BIT(SIGINT) | BIT(SIGQUIT) | BIT(SIGUSR1) | BIT(SIGUSR2) | BIT(SIGALRM) | \
	 BIT(SIGTERM) | BIT(SIGWINCH) | (~0ULL << 33)) /* the last: real-time signals from 34 */

/* Not croft's to obey: only the command's own stop stops croft. A command may ignore Ctrl-Z. */
#define STOPS (BIT(SIGTSTP) | BIT(SIGTTIN) | BIT(SIGTTOU))

enum phase { RUNNING, TERMINATING, KILLING };

struct watch {
	pid_t pid;
	int signals; /* signalfd */
	enum phase phase;
	int64_t deadline_ms; /* of the phase; -1: none */
	int timer; /* or -1 */
	struct pty pty;
	bool has_ended;
	struct outcome *outcome;
};

/* Also after a hangup. */
static bool has_pty(const struct watch *watch)
{
	return watch->pty.slave >= 0;
}

/* Reaps what has ended: the command, and orphans that it left. */
static void reap(struct watch *watch)
{
	struct rusage usage;
	int status, pid;

	while ((pid = sys_wait4(-1, &status, WNOHANG, &usage)) > 0 || pid == -EINTR) {
		if (pid != watch->pid)
			continue;
		watch->outcome->status = status;
		watch->outcome->usage = usage;
		watch->has_ended = true;
	}
}

/* True if the command is in that state (WSTOPPED, WCONTINUED) and was not yet seen to be. */
static bool has_become(pid_t pid, int state, int options)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	return sys_waitid(P_PID, pid, &info, state | WNOHANG | options) == 0 && info.si_pid == pid;
}

/*
 * The shell continues a whole group, one process after another: the command may follow in a
 * moment.
 */
static bool is_continued(pid_t pid)
{
	if (has_become(pid, WCONTINUED, 0))
		return true;
	(void)sys_ppoll(NULL, 0, STOP_SETTLE_MS);
	return has_become(pid, WCONTINUED, 0) || has_become(pid, WSTOPPED, WNOWAIT);
}

/*
 * A command that has stopped, by Ctrl-Z or by itself, stops croft, so that the shell
 * sees a stopped job. If only croft is continued, it continues the command.
 */
static void follow_stop(struct watch *watch)
{
	if (watch->has_ended || watch->phase != RUNNING || !has_become(watch->pid, WSTOPPED, 0))
		return;
	pty_pause(&watch->pty);
	(void)sys_kill(sys_getpid(), SIGSTOP);
	pty_begin(&watch->pty);
	if (!is_continued(watch->pid))
		(void)sys_kill(watch->pid, SIGCONT);
}

static void handle_signals(struct watch *watch)
{
	struct signalfd_siginfo info;

	while (sys_read(watch->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			continue;
		if (info.ssi_signo == SIGCONT)
			pty_begin(&watch->pty);
		else if (info.ssi_signo == SIGWINCH && has_pty(watch))
			pty_resize(&watch->pty);
		else if ((info.ssi_code != SI_KERNEL || has_pty(watch)) && !watch->has_ended)
			(void)sys_kill(watch->pid, (int)info.ssi_signo);
	}
	reap(watch);
	follow_stop(watch);
}

static int read_clock(int64_t *ret_ms, struct croft_error *err)
{
	int r = sys_clock_ms(ret_ms);

	return r < 0 ? fail(err, CROFT_STAGE_SUPERVISE, -r, "read the clock") : 0;
}

/* The time is up, once and again. A stopped process would not hear TERM. */
static int end_phase(struct watch *watch, int64_t now, uint64_t grace_ms, struct croft_error *err)
{
	int r;

	if (watch->phase == RUNNING) {
		watch->outcome->timed_out = true;
		watch->phase = TERMINATING;
		watch->deadline_ms = now + (int64_t)grace_ms;
		(void)sys_kill(watch->pid, SIGTERM);
		(void)sys_kill(watch->pid, SIGCONT);
		return 0;
	}
	watch->phase = KILLING;
	watch->deadline_ms = -1;
	r = sys_kill(watch->pid, SIGKILL);
	return r < 0 ? fail(err, CROFT_STAGE_SUPERVISE, -r, "kill the command") : 0;
}

/* Until a signal comes, the pseudo terminal has something, or it is time. */
static int wait_once(struct watch *watch, int64_t left_ms, struct croft_error *err)
{
	struct pollfd polls[1 + PTY_MAX_POLL] = { { .fd = watch->signals, .events = POLLIN } };
	unsigned n_pty;
	int n;

	if (pty_is_silent(&watch->pty)) {
		pty_begin(&watch->pty);
		left_ms = left_ms < 0 || left_ms > PTY_LOOK_MS ? PTY_LOOK_MS : left_ms;
	}
	n_pty = pty_poll(&watch->pty, polls + 1);
	n = sys_ppoll(polls, 1 + n_pty, left_ms);

	if (n < 0 && n != -EINTR)
		return fail(err, CROFT_STAGE_SUPERVISE, -n, "wait for the command");
	if (n < 0 || polls[0].revents)
		handle_signals(watch);
	if (n > 0)
		pty_relay(&watch->pty, polls + 1, n_pty);
	return 0;
}

/* The clock is looked at each time: who writes without end must not stop it. */
static int wait_for_end(struct watch *watch, uint64_t grace_ms, struct croft_error *err)
{
	int r = 0;

	while (!watch->has_ended && r == 0) {
		int64_t now, left = -1;

		r = read_clock(&now, err);
		if (r < 0)
			return r;
		if (watch->deadline_ms >= 0)
			left = watch->deadline_ms - now;
		if (watch->deadline_ms >= 0 && left <= 0)
			r = end_phase(watch, now, grace_ms, err);
		else
			r = wait_once(watch, left, err);
	}
	return r;
}

static bool has_own_terminals(const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_mount_ops; i++)
		if (plan->mount_ops[i].kind == MOUNT_DEVPTS)
			return true;
	return false;
}

static int start(struct launch *launch, struct watch *watch, uint64_t mask, struct croft_error *err)
{
	const struct sys_sigaction plain = { .handler = SIG_DFL };
	struct sys_sigaction old;
	AUTO_FD int pidfd = -1;
	int r;

	launch->signal_mask = mask;
	launch->restores_signals = true;
	launch->dies_with_parent = true;
	launch->parent = sys_getpid();
	/* ignored, children vanish unseen: their end and their status would be lost */
	r = sys_sigaction(SIGCHLD, &plain, &old);
	if (r < 0)
		return fail(err, CROFT_STAGE_SUPERVISE, -r, "watch for the end of the command");
	launch->ignores_sigchld = old.handler == SIG_IGN;
	if (launch->plan->profile->wants_pty) {
		r = pty_open(&watch->pty, has_own_terminals(launch->plan), err);
		if (r < 0)
			return r;
		launch->pty = &watch->pty;
	}
	r = sys_prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	if (r < 0)
		return fail(err, CROFT_STAGE_SUPERVISE, -r,
			    "become the parent of what the command leaves");
	watch->signals =
		sys_signalfd(FORWARDED | BIT(SIGCHLD) | (has_pty(watch) ? BIT(SIGCONT) : 0));
	if (watch->signals < 0)
		return fail(err, CROFT_STAGE_SUPERVISE, -watch->signals, "watch for signals");
	return launch_start(launch, &watch->pid, &pidfd, err);
}

/*
 * The deadline must hold for a croft that is stopped, by the terminal or since the
 * command stopped itself: a stopped process wakes for SIGCONT, so the timer sends that.
 */
static int set_deadline(struct watch *watch, int64_t begin, uint64_t time_ms,
			struct croft_error *err)
{
	int r;

	if (!time_ms)
		return 0;
	watch->deadline_ms = begin + (int64_t)time_ms;
	r = sys_timer_start((int64_t)time_ms, SIGCONT);
	watch->timer = r;
	return r < 0 ? fail(err, CROFT_STAGE_SUPERVISE, -r, "set the timer of the time limit") : 0;
}

/* Ends what the command has left; whatever went wrong: the command itself as well. */
static int end_all(struct launch *launch, struct watch *watch, unsigned *ret_killed,
		   struct croft_error *err)
{
	unsigned inside = 0;
	int r = 0;

	if (launch_has_init(launch)) {
		if (watch->pid > 0 && !watch->has_ended) {
			(void)sys_kill(watch->pid, SIGKILL);
			while (sys_wait4(watch->pid, NULL, __WALL, NULL) == -EINTR)
				;
			watch->has_ended = true;
		}
		r = init_end(&launch->init, &inside, err);
	}
	if (r < 0)
		return r;
	/* gVisor gives a subreaper what a pid namespace leaves when its init ends too early */
	r = survivors_kill(launch->cleaner, launch->group.path, SURVIVORS_MS, ret_killed, err);
	*ret_killed += inside;
	return r;
}

/* What was made for the command, with whatever of it is still in there. */
static int clean_up(const struct launch *launch, struct outcome *outcome, struct croft_error *err)
{
	const char *group = launch->group.path;

	if (*group)
		outcome->n_oom_killed = cgroup_oom_kills(group);
	if (!launch->cleaner)
		return 0;
	return cleaner_finish(launch->plan->tmpdir, *group ? group : NULL, launch->cleaner, err);
}

int supervise(struct launch *launch, struct outcome *ret_outcome, struct croft_error *err)
{
	const struct profile *profile = launch->plan->profile;
	const uint64_t block =
		FORWARDED | STOPS | BIT(SIGCHLD) | (profile->wants_pty ? BIT(SIGCONT) : 0);
	struct watch watch = {
		.signals = -1, .deadline_ms = -1, .timer = -1, .outcome = ret_outcome
	};
	int64_t begin, end;
	uint64_t mask;
	int r, cleaned;

	pty_init(&watch.pty);
	memset(ret_outcome, 0, sizeof(*ret_outcome));
	r = read_clock(&begin, err);
	if (r < 0)
		return r;
	r = sys_sigprocmask(SIG_BLOCK, &block, &mask);
	if (r < 0)
		return fail(err, CROFT_STAGE_SUPERVISE, -r, "block the signals");
	r = start(launch, &watch, mask, err);
	if (r == 0) {
		ret_outcome->has_started = true;
		pty_begin(&watch.pty);
		r = set_deadline(&watch, begin, profile->time_ms, err);
		if (r == 0)
			r = wait_for_end(&watch, profile->grace_ms, err);
		/* how long it took is only told */
		if (sys_clock_ms(&end) == 0)
			ret_outcome->wall_ms = end - begin;
		if (r == 0)
			r = end_all(launch, &watch, &ret_outcome->n_killed, err);
	}
	if (r < 0)
		(void)end_all(launch, &watch, &ret_outcome->n_killed, NULL);
	/* what was written before the end is still to be seen */
	pty_end(&watch.pty);
	launch->pty = NULL;
	cleaned = clean_up(launch, ret_outcome, r == 0 ? err : NULL);
	if (r == 0)
		r = cleaned;
	if (watch.timer >= 0)
		(void)sys_timer_stop(watch.timer);
	if (watch.signals >= 0)
		fd_close(&watch.signals);
	return r;
}
