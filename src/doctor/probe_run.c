/* SPDX-License-Identifier: MIT */
/*
 * probe_run.c - runs the probes: a child each, some at a time, none for longer than it may.
 *
 * A probe may do anything to itself, and the host may do anything to a probe: refuse, kill it
 * (SIGSYS of a filter), or let it wait for ever. So each child
 *
 *   - leads a process group, which is killed when the child has ended or its time is over;
 *   - has a timer of its own that kills it, and is killed with its parent. Of the two, the latter
 *     is forgotten by the kernel when the child's credentials change, as in a new user namespace;
 *   - has /dev/null in place of 0, 1 and 2: what it executes says nothing to the user, and reads
 *     nothing of his;
 *   - writes to a pipe, whose bytes are kept as they come, bounded, and read at the end.
 *
 * What a probe has started and has left its group is reparented to the doctor, a child subreaper
 * (since 3.4), and killed when all is over. Before that it has PROBE_END_MS to end by itself: it
 * may be a cleaner that removes what the probe has made outside of its directory (probe_groups.c).
 *
 * Who was killed has PROBE_END_MS to be gone, all of them at the same time. A child that cannot be
 * killed, as it waits in the kernel for a server that is gone, is left then: it ends when it
 * wakes. So nothing here waits without a limit, and all of it takes PROBES_TAKE_MS at most, or as
 * much more as the user lets it (--timeout).
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "doctor/probe.h"
#include "launch/survivors.h"
#include "launch/tmpdir.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define STACK_SIZE ((size_t)1 << 20)
#define REPORT_BYTES_MAX (512U << 10) /* of one probe */
#define READ_SIZE 65536U

struct job {
	const struct probe *probe;
	pid_t pid; /* 0: not running */
	int fd; /* its pipe's reading end, or -1 */
	int64_t deadline; /* of its answer; of its end, once it is killed */
	bool is_killed;
	struct buf reports;
	char tmp[TMPDIR_NAME_SIZE + 16];

	/* what the doctor has to say of it: OBS_NOT_ASKED is nothing */
	enum obs_outcome end;
	const char *step;
	int errnum, signal;
};

struct runner {
	const struct probe_context *context;
	struct job *jobs;
	size_t n, n_started, n_running;
	void *stack;
	int64_t end; /* of all of them; the beginning until they are listed */
};

/* What the child is told; its memory is a copy of the parent's. */
struct child {
	struct probe_context context;
	const struct probe *probe;
	pid_t parent;
	int64_t limit_ms;
};

static void set_end(struct job *job, enum obs_outcome end, const char *step, int errnum)
{
	if (job->end != OBS_NOT_ASKED)
		return;
	job->end = end;
	job->step = step;
	job->errnum = errnum;
}

/* Reading and writing it never waits for anybody, and it is what its name says. */
static int open_null(void)
{
	AUTO_FD int fd = sys_openat(AT_FDCWD, "/dev/null", O_RDWR | O_NONBLOCK | O_NOCTTY, 0);
	struct stat st;

	if (fd < 0)
		return fd;
	if (sys_fstatat(fd, "", &st, AT_EMPTY_PATH) < 0 || !S_ISCHR(st.st_mode))
		return -ENODEV;
	return fd_take(&fd);
}

/* Where there is no /dev/null: a pipe that nobody else has. */
static void hide_standard(void)
{
	int ends[2], null = open_null();

	ends[0] = ends[1] = null;
	if (null < 0 && sys_pipe(ends) < 0)
		return;
	(void)sys_dup3(ends[0], 0, 0);
	(void)sys_dup3(ends[1], 1, 0);
	(void)sys_dup3(ends[1], 2, 0);
}

static void reset_signals(void)
{
	const struct sys_sigaction plain = { .handler = SIG_DFL };
	const uint64_t none = 0;

	for (int sig = 1; sig <= 64; sig++)
		if (sig != SIGKILL && sig != SIGSTOP)
			(void)sys_sigaction(sig, &plain, NULL);
	(void)sys_sigprocmask(SIG_SETMASK, &none, NULL);
}

static int child_main(void *arg)
{
	const struct child *child = arg;

	(void)sys_setpgid(0, 0);
	(void)sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (sys_getppid() != child->parent)
		return 0;
	(void)sys_timer_start(child->limit_ms + PROBE_END_MS, SIGKILL);
	reset_signals();
	hide_standard();
	if (child->context.enter && !child->probe->stays)
		child->context.enter(&child->context, child->probe->run);
	else
		child->probe->run(&child->context);
	return 0;
}

static int make_tmp(struct runner *runner, struct job *job)
{
	if (!job->probe->wants_tmp)
		return 0;
	if (!*runner->context->tmp)
		return -ENOENT;
	(void)snprintf(job->tmp, sizeof(job->tmp), "%.*s/%zu", TMPDIR_NAME_SIZE - 1,
		       runner->context->tmp, (size_t)(job - runner->jobs));
	return sys_mkdirat(AT_FDCWD, job->tmp, 0700);
}

int64_t probe_stretched(int64_t ms, unsigned timeout_s)
{
	return timeout_s > TIMEOUT_USUAL_S ? ms * timeout_s / TIMEOUT_USUAL_S : ms;
}

static int64_t limit_of(const struct runner *runner, const struct probe *probe)
{
	return probe_stretched(probe->limit_ms ? probe->limit_ms : PROBE_LIMIT_MS,
			       runner->context->timeout_s);
}

static int spawn(struct runner *runner, struct job *job)
{
	AUTO_FD int writing = -1;
	struct child child = {
		.context = *runner->context,
		.probe = job->probe,
		.parent = sys_getpid(),
		.limit_ms = limit_of(runner, job->probe),
	};
	int ends[2], r = sys_pipe(ends);

	if (r < 0)
		return r;
	job->fd = ends[0];
	writing = ends[1];
	r = sys_fcntl(job->fd, F_SETFL, O_NONBLOCK);
	if (r < 0)
		return r;
	child.context.tmp = job->tmp;
	child.context.report_fd = writing;
	r = sys_clone(child_main, (char *)runner->stack + STACK_SIZE, SIGCHLD, &child, NULL);
	if (r < 0)
		return r;
	job->pid = r;
	/* as the child does: whoever is first */
	(void)sys_setpgid(job->pid, job->pid);
	return 0;
}

/*
 * False: there is no room for one more process, and others run that will end. A limit on processes
 * that is nearly used up is one of the things that are looked for: it shall not take most of the
 * answers away.
 */
static bool start(struct runner *runner, struct job *job, int64_t now)
{
	int r = *job->tmp ? 0 : make_tmp(runner, job);

	if (r < 0) {
		set_end(job, OBS_BROKEN, "tmp", -r);
		return true;
	}
	r = spawn(runner, job);
	if (r == 0) {
		job->deadline = now + limit_of(runner, job->probe);
		if (job->deadline > runner->end)
			job->deadline = runner->end;
		runner->n_running++;
		return true;
	}
	fd_close(&job->fd);
	if (r == -EAGAIN && runner->n_running)
		return false;
	set_end(job, OBS_BROKEN, "start", -r);
	if (*job->tmp)
		(void)tmpdir_remove(job->tmp);
	return true;
}

static void start_some(struct runner *runner, int64_t now)
{
	while (runner->n_running < PROBES_AT_ONCE && runner->n_started < runner->n) {
		struct job *job = &runner->jobs[runner->n_started];

		if (now >= runner->end)
			set_end(job, OBS_LATE, "start", 0);
		else if (!start(runner, job, now))
			return;
		runner->n_started++;
	}
}

/* Takes what there is. Who says too much is ended. */
static void take_reports(struct job *job)
{
	char data[READ_SIZE];
	ssize_t n;

	while (job->fd >= 0 && (n = sys_read(job->fd, data, sizeof(data))) != -EAGAIN) {
		if (n > 0)
			buf_add(&job->reports, data, (size_t)n);
		else if (n != -EINTR)
			fd_close(&job->fd);
		if (buf_error(&job->reports) < 0) {
			set_end(job, OBS_BROKEN, "report", E2BIG);
			fd_close(&job->fd);
		}
	}
}

/* Its number is still its own: nobody has waited for it. */
static bool has_ended(const struct job *job)
{
	siginfo_t info = { 0 };

	return sys_waitid(P_PID, job->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == job->pid;
}

static void kill_probe(const struct job *job)
{
	(void)sys_kill(-job->pid, SIGKILL);
	/* it may be in another group, and in ours there may be nobody */
	(void)sys_kill(job->pid, SIGKILL);
}

/* It has ended, or is left. Those of its group that it has left end with it. */
static void finish(struct runner *runner, struct job *job)
{
	int status = 0;

	kill_probe(job);
	if (sys_wait4(job->pid, &status, WNOHANG, NULL) == job->pid && WIFSIGNALED(status) &&
	    job->end == OBS_NOT_ASKED) {
		job->signal = WTERMSIG(status);
		set_end(job, OBS_BROKEN, "killed", 0);
	}
	take_reports(job);
	fd_close(&job->fd);
	if (*job->tmp)
		(void)tmpdir_remove(job->tmp);
	job->pid = 0;
	runner->n_running--;
}

static void look_after(struct runner *runner, struct job *job, int64_t now)
{
	bool is_late = now >= job->deadline;

	take_reports(job);
	if (has_ended(job) || (job->is_killed && is_late)) {
		finish(runner, job);
		return;
	}
	if (job->is_killed || (!is_late && job->end == OBS_NOT_ASKED))
		return;
	set_end(job, OBS_LATE, "", 0);
	kill_probe(job);
	job->is_killed = true;
	job->deadline = now + PROBE_END_MS;
}

/* Until something is reported, a pipe is closed, or it is time to look. */
static void wait_for_any(const struct runner *runner)
{
	struct pollfd polls[PROBES_AT_ONCE];
	unsigned n = 0;

	for (size_t i = 0; i < runner->n_started; i++)
		if (runner->jobs[i].pid && runner->jobs[i].fd >= 0)
			polls[n++] = (struct pollfd){ .fd = runner->jobs[i].fd, .events = POLLIN };
	/* a closed pipe is an end that is a moment away */
	(void)sys_ppoll(polls, n, n == runner->n_running ? PROBE_TICK_MS : 1);
}

static int run_all(struct runner *runner, struct croft_error *err)
{
	while (runner->n_running || runner->n_started < runner->n) {
		int64_t now;
		int r = sys_clock_ms(&now);

		if (r < 0)
			return fail(err, CROFT_STAGE_HOST, -r, "read the clock");
		start_some(runner, now);
		for (size_t i = 0; i < runner->n_started; i++)
			if (runner->jobs[i].pid)
				look_after(runner, &runner->jobs[i], now);
		if (runner->n_running)
			wait_for_any(runner);
	}
	return 0;
}

/* A probe whose reports are no reports has broken itself; what came before them counts. */
static int add_reports(struct observations *set, struct job *job)
{
	char text[64] = "";
	int r = probe_reports_add(set, buf_text(&job->reports), job->reports.len);

	if (r == -EPROTO || r == -E2BIG)
		set_end(job, OBS_BROKEN, "report", -r);
	else if (r < 0)
		return r;
	if (job->end == OBS_NOT_ASKED)
		return 0;
	if (job->signal)
		(void)snprintf(text, sizeof(text), "ended by signal %d", job->signal);
	r = observations_add(set, &(struct observation){
					  .id = job->probe->id,
					  .outcome = job->end,
					  .errnum = job->errnum,
					  .value = job->signal ? job->signal : OBS_NO_VALUE,
					  .step = job->step,
					  .text = text,
				  });
	return r == -E2BIG ? 0 : r;
}

static size_t count(const struct probe_table *const *tables, size_t n_tables)
{
	size_t n = 0;

	for (size_t i = 0; i < n_tables; i++)
		n += tables[i]->n;
	return n;
}

/* One that may take longer than all of them (nix_ask.c) has a run for itself, and its time. */
static void list_jobs(struct runner *runner, const struct probe_table *const *tables,
		      size_t n_tables)
{
	int64_t longest = probe_stretched(PROBES_LIMIT_MS, runner->context->timeout_s);

	for (size_t i = 0; i < n_tables; i++)
		for (size_t k = 0; k < tables[i]->n; k++) {
			const struct probe *probe = &tables[i]->probes[k];
			struct job *job = &runner->jobs[runner->n];

			if (probe->wants_target && !runner->context->target)
				continue;
			runner->n++;
			job->probe = probe;
			job->fd = -1;
			buf_init(&job->reports, REPORT_BYTES_MAX);
			if (limit_of(runner, job->probe) > longest)
				longest = limit_of(runner, job->probe);
		}
	runner->end += longest;
}

static int begin(struct runner *runner, struct croft_error *err)
{
	const struct sys_sigaction plain = { .handler = SIG_DFL };
	int r = sys_clock_ms(&runner->end);

	if (r < 0)
		return fail(err, CROFT_STAGE_HOST, -r, "read the clock");
	/* who ignores SIGCHLD gets no status from wait(2) */
	r = sys_sigaction(SIGCHLD, &plain, NULL);
	if (r < 0)
		return fail(err, CROFT_STAGE_HOST, -r, "take SIGCHLD back");
	/* without it daemons of a probe outlive it; no kernel of today is without it */
	(void)sys_prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	r = sys_mmap_stack(STACK_SIZE, &runner->stack);
	return r < 0 ? fail(err, CROFT_STAGE_HOST, -r, "memory for the probes") : 0;
}

/*
 * Those of the probes' processes that have left their groups. Where /proc is missing or gives no
 * answer they cannot be found, and are left.
 */
static void end_orphans(pid_t spare, bool has_proc)
{
	int64_t began, now;
	unsigned killed;

	if (sys_clock_ms(&began) < 0)
		return;
	now = began;
	while (now - began < PROBE_END_MS) {
		int r = sys_wait4(-1, NULL, WNOHANG, NULL);

		if (r == -ECHILD)
			return;
		if (r == 0)
			(void)sys_ppoll(NULL, 0, 1);
		if (sys_clock_ms(&now) < 0)
			return;
	}
	if (has_proc)
		(void)survivors_kill(spare, "", PROBE_END_MS, &killed, NULL);
}

int probes_run(const struct probe_table *const *tables, size_t n_tables,
	       const struct probe_context *context, pid_t spare, struct observations *set,
	       struct croft_error *err)
{
	AUTO_FREE struct job *jobs = calloc(count(tables, n_tables) + 1, sizeof(*jobs));
	struct runner runner = { .context = context, .jobs = jobs };
	int r;

	if (!jobs)
		return fail(err, CROFT_STAGE_HOST, ENOMEM, "list the probes");
	r = begin(&runner, err);
	if (r < 0)
		return r;
	list_jobs(&runner, tables, n_tables);
	r = run_all(&runner, err);
	(void)sys_munmap(runner.stack, STACK_SIZE);
	end_orphans(spare, context->proc_fd >= 0);
	for (size_t i = 0; i < runner.n; i++) {
		int added = r == 0 ? add_reports(set, &jobs[i]) : 0;

		if (added < 0)
			r = fail(err, CROFT_STAGE_HOST, -added, "keep what the probes found");
		buf_done(&jobs[i].reports);
	}
	return r;
}
