/* SPDX-License-Identifier: MIT */
/*
 * run.c - croft run, called for a step; its status read; signals passed on.
 *
 *	croft run --status-fd 4 --root R --upper U --options-fd 3 -- COMMAND
 *
 * Descriptor 3 has all further options: mounts, variables (which may be secrets and must not stand
 * in /proc/PID/cmdline), the working directory. 3 and 4 are files in memory: neither side ever
 * waits for the other.
 *
 * No status, no success: exit status 0 of croft counts only with a status object that says that
 * the command was started and has ended with 0. What croft was killed by, or a status that says
 * something else, is a failure of the step whatever it printed.
 */
#include "gha/run.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "gha/spawn.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define OPTIONS_MAX (32U << 20)
#define STATUS_MAX (16U << 20)
#define BIT(sig) (1ULL << ((sig)-1))
#define PASSED_ON (BIT(SIGINT) | BIT(SIGTERM) | BIT(SIGHUP))
#define GRACE_MS 2000 /* the runner gives 2.5 s between SIGTERM and its SIGKILL */
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static void add_word(struct buf *buf, const char *word)
{
	buf_add(buf, word, strlen(word) + 1);
}

static void add_variable(struct buf *buf, const char *name, const char *value)
{
	add_word(buf, "--env");
	buf_puts(buf, name);
	buf_putc(buf, '=');
	add_word(buf, value);
}

/* The last value of a variable: the step's before the job's. */
static const char *find_variable(const struct run *run, const char *name)
{
	for (size_t i = run->n_env; i > 0; i--)
		if (!strcmp(run->env[i - 1].name, name))
			return run->env[i - 1].value;
	for (size_t i = run->job->n_env; i > 0; i--)
		if (!strcmp(run->job->env[i - 1].name, name))
			return run->job->env[i - 1].value;
	return NULL;
}

/* PATH and what the runner gives every process of a job, where nobody else did. */
static void add_own_variables(struct buf *buf, const struct run *run)
{
	static const char *const always[] = { "GITHUB_ACTIONS", "CI" };
	const char *path = find_variable(run, "PATH");

	for (size_t i = 0; i < ARRAY_SIZE(always); i++)
		if (!find_variable(run, always[i]))
			add_variable(buf, always[i], "true");
	add_word(buf, "--env");
	buf_puts(buf, "PATH=");
	for (size_t i = 0; i < run->n_prepend_path; i++) {
		buf_puts(buf, run->prepend_path[i]);
		buf_putc(buf, ':');
	}
	add_word(buf, path ? path : DEFAULT_PATH);
}

static int print_options(struct buf *buf, const struct run *run)
{
	const struct job *job = run->job;
	const char *workdir = run->workdir && *run->workdir ? run->workdir : job->workdir;

	for (size_t i = 0; i < job->n_options; i++)
		add_word(buf, job->options[i]);
	for (size_t i = 0; i < job->n_mounts; i++) {
		const struct pod_mount *mount = &job->mounts[i];

		add_word(buf, "--mount");
		buf_printf(buf, "%s:%s%s", mount->host, mount->path,
			   mount->is_read_only ? ":ro" : "");
		add_word(buf, "");
	}
	for (size_t i = 0; i < job->n_env; i++)
		add_variable(buf, job->env[i].name, job->env[i].value);
	for (size_t i = 0; i < run->n_env; i++)
		add_variable(buf, run->env[i].name, run->env[i].value);
	add_own_variables(buf, run);
	add_word(buf, "--chdir");
	add_word(buf, *workdir ? workdir : "/");
	return buf_error(buf);
}

/* A file in memory, from its beginning. */
static int open_memory(const struct buf *content)
{
	AUTO_FD int fd = (int)sys_raw(__NR_memfd_create, (long)(uintptr_t) "croft-gha", MFD_CLOEXEC,
				      0, 0, 0, 0);
	int r = fd < 0 ? fd : content ? fd_write_all(fd, content->data, content->len) : 0;

	if (r == 0)
		r = (int)sys_raw(__NR_lseek, fd, 0, SEEK_SET, 0, 0, 0);
	return r < 0 ? r : fd_take(&fd);
}

static char **build_argv(const struct run *run, struct arena *arena)
{
	const char *head[] = { "croft",   "run", "--status-fd",  "4", "--root", run->job->root,
			       "--upper", NULL,  "--options-fd", "3", "--" };
	size_t n = 0;
	char **argv;

	head[7] = arena_path(arena, run->job->path, "upper");
	while (run->command[n])
		n++;
	argv = arena_calloc(arena, ARRAY_SIZE(head) + n + 1, sizeof(*argv));
	for (size_t i = 0; argv && i < ARRAY_SIZE(head); i++)
		argv[i] = head[i] ? arena_strdup(arena, head[i]) : NULL;
	for (size_t i = 0; argv && i < n; i++)
		argv[ARRAY_SIZE(head) + i] = run->command[i];
	for (size_t i = 0; argv && i < ARRAY_SIZE(head); i++)
		if (!argv[i])
			return NULL;
	return argv;
}

/* The image's directory is the one that prepare_job has looked at. */
static int check_root(const struct job *job, struct croft_error *err)
{
	struct stat st;
	int r = sys_fstatat(AT_FDCWD, job->root, &st, 0);

	if (r == 0 && (uint64_t)st.st_dev == job->root_dev &&
	    (uint64_t)st.st_ino == job->root_ino &&
	    (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec == job->root_changed)
		return 0;
	(void)fail(err, CROFT_STAGE_PREPARE, r < 0 ? -r : 0,
		   "image %s has changed since the job began", job->image);
	fail_hint(err, "do not replace '%s' while jobs run: give a new image a new name",
		  job->root);
	return -ESTALE;
}

struct wait {
	pid_t pid;
	int signals;
	int64_t deadline_ms; /* -1: none */
	bool was_killed; /* by us, after its time was over */
	int status;
};

static void pass_on(struct wait *wait)
{
	struct signalfd_siginfo info;
	int64_t now;

	while (sys_read(wait->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			continue;
		(void)sys_kill(wait->pid, (int)info.ssi_signo);
		if (info.ssi_signo == SIGTERM && wait->deadline_ms < 0 && sys_clock_ms(&now) == 0)
			wait->deadline_ms = now + GRACE_MS;
	}
}

/* Until croft has ended: 0 or -errno. */
static int wait_for(struct wait *wait)
{
	for (;;) {
		struct pollfd fd = { .fd = wait->signals, .events = POLLIN };
		int64_t now = 0, left = -1;
		int r = sys_wait4(wait->pid, &wait->status, WNOHANG, NULL);

		if (r == wait->pid || (r < 0 && r != -EINTR))
			return r < 0 ? r : 0;
		if (wait->deadline_ms >= 0 && sys_clock_ms(&now) == 0) {
			left = wait->deadline_ms > now ? wait->deadline_ms - now : 0;
			if (left == 0) { /* its sandbox ends with it */
				(void)sys_kill(wait->pid, SIGKILL);
				wait->was_killed = true;
				wait->deadline_ms = now + GRACE_MS;
				left = GRACE_MS;
			}
		}
		if (sys_ppoll(&fd, 1, left) > 0)
			pass_on(wait);
	}
}

/* croft's own words for why nothing was started. */
static int take_failure(const json_t *root, int status, struct croft_error *err)
{
	const json_t *error = json_object_get(root, "error");
	const char *what = json_string_value(json_object_get(error, "what"));
	const char *hint = json_string_value(json_object_get(error, "hint"));
	const json_t *errnum = json_object_get(error, "errno");

	if (json_is_string(errnum))
		(void)fail(err, CROFT_STAGE_PREPARE, 0, "%s: %s", what ? what : "the step",
			   json_string_value(errnum));
	else
		(void)fail(err, CROFT_STAGE_PREPARE, 0, "%s",
			   what ? what : "the step was not started");
	if (hint && *hint)
		fail_hint(err, "%s", hint);
	return status == 126 || status == 127 ? status : -ECHILD;
}

static int no_status(const struct wait *wait, struct croft_error *err)
{
	if (wait->was_killed)
		(void)fail(err, CROFT_STAGE_SUPERVISE, 0,
			   "the step was cancelled, did not end within 2 s and was killed");
	else if (WIFSIGNALED(wait->status))
		(void)fail(
			err, CROFT_STAGE_SUPERVISE, 0,
			"croft run was killed by signal %d: how the step ended is not known, so it has failed",
			WTERMSIG(wait->status));
	else
		(void)fail(
			err, CROFT_STAGE_SUPERVISE, 0,
			"croft run ended with %d and without a status: how the step ended is not known, so it has failed",
			WEXITSTATUS(wait->status));
	if (!wait->was_killed)
		fail_hint(err,
			  "look for its message in the lines above, and for the kernel's in dmesg");
	return -ECHILD;
}

/* What croft and its status say together. */
static int judge(const struct wait *wait, const char *data, size_t len, struct croft_error *err)
{
	json_t *root = json_loadb(data, len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *status = json_object_get(root, "exit_status");
	const char *reason = json_string_value(json_object_get(root, "exit_reason"));
	const bool agree = !wait->was_killed && json_is_object(root) && WIFEXITED(wait->status) &&
			   json_is_integer(status) &&
			   json_integer_value(status) == WEXITSTATUS(wait->status);
	int r;

	if (agree && !json_is_true(json_object_get(root, "started")))
		r = take_failure(root, WEXITSTATUS(wait->status), err);
	else if (agree && reason &&
		 (!strcmp(reason, "exit") || !strcmp(reason, "signal") ||
		  (!strcmp(reason, "time-limit") && WEXITSTATUS(wait->status))))
		r = WEXITSTATUS(wait->status);
	else
		r = no_status(wait, err);
	json_decref(root);
	return r;
}

static int read_status(int fd, const struct wait *wait, struct croft_error *err)
{
	AUTO_FREE char *data = malloc(STATUS_MAX + 1);
	ssize_t n = data ? 0 : -ENOMEM, len = 0;

	while (data && len < (ssize_t)STATUS_MAX &&
	       (n = sys_pread(fd, data + len, STATUS_MAX - (size_t)len, (uint64_t)len)) > 0)
		len += n;
	if (n < 0)
		return fail(err, CROFT_STAGE_SUPERVISE, (int)-n, "read the status of croft run");
	return judge(wait, data, (size_t)len, err);
}

static int start_and_wait(const struct spawn *spawn, struct wait *wait, struct croft_error *err)
{
	const uint64_t blocked = PASSED_ON | BIT(SIGCHLD);
	int r = sys_sigprocmask(SIG_BLOCK, &blocked, NULL);

	wait->signals = r < 0 ? r : sys_signalfd(blocked);
	if (wait->signals < 0)
		return fail(err, CROFT_STAGE_PREPARE, -wait->signals, "wait for signals");
	r = spawn_start(spawn, &wait->pid, err);
	if (r == 0) {
		r = wait_for(wait);
		if (r < 0)
			r = fail(err, CROFT_STAGE_SUPERVISE, -r, "wait for croft run");
	}
	fd_close(&wait->signals);
	return r;
}

int run_in_room(const struct run *run, struct croft_error *err)
{
	AUTO_BUF struct buf options = BUF_INIT(OPTIONS_MAX);
	AUTO_FD int nothing = sys_openat(AT_FDCWD, "/dev/null", O_RDONLY, 0);
	AUTO_FD int options_fd = -1, status_fd = -1;
	struct wait wait = { .deadline_ms = -1, .signals = -1 };
	struct spawn spawn = {
		.program = "croft", .in = nothing, .out = -1, .err = -1, .n_fds = 2
	};
	struct arena arena;
	int r = check_root(run->job, err);

	if (r < 0)
		return r;
	r = print_options(&options, run);
	if (r == 0) {
		options_fd = open_memory(&options);
		status_fd = open_memory(NULL);
		r = options_fd < 0  ? options_fd
		    : status_fd < 0 ? status_fd
		    : nothing < 0   ? nothing
				    : 0;
	}
	if (r < 0)
		return fail(err, CROFT_STAGE_PREPARE, -r,
			    "hand the job's variables and mounts to croft run");
	arena_init(&arena, CONTRACT_ARENA);
	spawn.fds[0] = options_fd;
	spawn.fds[1] = status_fd;
	spawn.argv = build_argv(run, &arena);
	r = spawn.argv ? start_and_wait(&spawn, &wait, err)
		       : fail(err, CROFT_STAGE_PREPARE, ENOMEM, "start a step");
	arena_done(&arena);
	return r < 0 ? r : read_status(status_fd, &wait, err);
}
