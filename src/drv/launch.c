/* SPDX-License-Identifier: MIT */
/*
 * launch.c - the one way from croft-nix to a sandbox: `croft run`, which lies beside it.
 *
 * Nothing of the room is done here. The options go through a file without a name, since there may
 * be thousands of mounts, and variables that are nobody else's to see. croft gets an empty
 * environment: what the builder has is told by options, and what Nix's daemon has (tokens, paths)
 * is nobody's down there; nor may a variable of a derivation reach croft's own loader.
 *
 * The builder's stdout and stderr are one pipe, and what comes through it is written to the log.
 * Nix's log is a pseudo terminal: a builder that had it could type into it, set it, hold it open
 * beyond its end; and where terminals lie (gVisor) lines were lost. A pipe is the same everywhere.
 *
 * Signals that ask for an end are passed on; croft passes them to the builder. A second one of
 * them kills. We ourselves can be killed at any moment: croft dies with us (PR_SET_PDEATHSIG,
 * and by the end of its log), and with croft everything in its pid namespace.
 *
 * How it ended is read from croft's status object and from nowhere else. An exit status of 0
 * without one is a failure: it may have been anybody's.
 */
#include "drv/launch.h"

#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/beside.h"
#include "cli/cli.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define STACK_SIZE ((size_t)256 * 1024)
#define STATUS_MAX_BYTES ((size_t)4 << 20)
#define CHUNK ((size_t)64 * 1024)
#define FD_WORD 16
#define DRAIN_MAX 4096 /* chunks after the end, where somebody might be left who writes */
#define BIT(sig) (1ULL << ((sig)-1))
#define OF_TERMINAL (BIT(SIGINT) | BIT(SIGQUIT))
#define PASSED_ON (BIT(SIGTERM) | BIT(SIGINT) | BIT(SIGHUP) | BIT(SIGQUIT))

struct launch_state {
	const struct launch_call *call;
	int options, status[2], log[2], signals;
	pid_t parent, child;
	uint64_t mask; /* of signals, as it was */
	struct buf said; /* croft's status object */
	unsigned n_asked; /* to end */
};

/* In the child, whose memory is a copy. */
static int keep(int fd)
{
	return sys_fcntl(fd, F_SETFD, 0);
}

static int set_stdio(const struct launch_state *state)
{
	AUTO_FD int null = -1;
	int r;

	if (state->call->is_interactive)
		return 0;
	null = sys_openat(AT_FDCWD, "/dev/null", O_RDONLY, 0);
	r = null < 0 ? null : sys_dup3(null, 0, 0);
	if (r >= 0)
		r = sys_dup3(state->log[1], 1, 0);
	return r >= 0 ? sys_dup3(state->log[1], 2, 0) : r;
}

/* What Nix's own sandbox sets for a process, as far as it can be had; none of it protects. */
static void set_process(const struct launch_state *state)
{
	const struct rlimit none = { 0 };
	struct rlimit core = none;
	long now = sys_raw(__NR_personality, 0xffffffffL, 0, 0, 0, 0, 0);
	long kind = state->call->is_32_bit ? PER_LINUX32 : 0;

	if (sys_prlimit(RLIMIT_CORE, NULL, &core) == 0) {
		core.rlim_cur = 0;
		(void)sys_prlimit(RLIMIT_CORE, &core, NULL);
	}
	(void)sys_raw(__NR_umask, 022, 0, 0, 0, 0, 0);
	if (now >= 0)
		(void)sys_raw(__NR_personality, now | kind | ADDR_NO_RANDOMIZE, 0, 0, 0, 0, 0);
}

static int child_main(void *data)
{
	struct launch_state *state = data;
	char options[FD_WORD], status[FD_WORD];
	const char *const *command = state->call->command;
	struct croft_error err = { 0 };
	size_t n = 0, n_command = 0;
	char **words;
	int r;

	(void)sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (sys_getppid() != state->parent)
		sys_exit(EXIT_CROFT);
	while (command[n_command])
		n_command++;
	words = calloc(n_command + 8, sizeof(*words));
	r = words ? set_stdio(state) : -ENOMEM;
	if (r >= 0)
		r = keep(state->options);
	if (r >= 0)
		r = keep(state->status[1]);
	if (r >= 0)
		r = sys_sigprocmask(SIG_SETMASK, &state->mask, NULL);
	if (r < 0)
		sys_exit(cli_fail(&(struct croft_error){ .errnum = -r, .what = "start croft" }));
	(void)snprintf(options, sizeof(options), "%d", state->options);
	(void)snprintf(status, sizeof(status), "%d", state->status[1]);
	set_process(state);
	for (const char *const *word = (const char *const[]){ "croft", "run", "--status-fd", status,
							      "--options-fd", options, "--", NULL };
	     *word; word++)
		words[n++] = (char *)(uintptr_t)*word;
	memcpy(words + n, command, n_command * sizeof(*words));
	environ = (char *[]){ NULL };
	(void)beside_run("croft", "it starts the sandbox", (int)(n + n_command), words, &err);
	sys_exit(cli_fail(&err));
}

static int probe_main(void *unused)
{
	(void)unused;
	sys_exit(-sys_unshare(CLONE_NEWUSER));
}

/* Runs fn(arg) in a child with a copy of our memory: its number, or -errno. */
static pid_t start_child(int (*fn)(void *), void *arg)
{
	void *stack;
	int r = sys_mmap_stack(STACK_SIZE, &stack);

	if (r < 0)
		return r;
	r = sys_clone(fn, (char *)stack + STACK_SIZE, SIGCHLD, arg, NULL);
	(void)sys_munmap(stack, STACK_SIZE); /* the child has its own copy of it */
	return r;
}

int launch_probe_user_namespace(void)
{
	pid_t pid = start_child(probe_main, NULL);
	int status = 0, r = pid;

	while (pid >= 0 && (r = sys_wait4(pid, &status, 0, NULL)) == -EINTR)
		;
	if (r < 0)
		return r;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EIO;
}

static int start(struct launch_state *state, struct croft_error *err)
{
	pid_t r;

	state->parent = sys_getpid();
	r = start_child(child_main, state);
	if (r < 0)
		return fail(err, CROFT_STAGE_START, -r, "start croft");
	state->child = r;
	return 0;
}

/* The options as a file without a name, to be read from its start. */
static int write_options(const struct launch_call *call, int dir, int *ret_fd,
			 struct croft_error *err)
{
	static const char name[] = "options";
	AUTO_FD int out = sys_openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
	int r = buf_error(call->options);

	if (r == 0 && out < 0)
		r = out;
	if (r == 0)
		r = fd_write_all(out, call->options->data, call->options->len);
	if (r == 0)
		*ret_fd = r = sys_openat(dir, name, O_RDONLY | O_NOFOLLOW, 0);
	if (out >= 0)
		(void)sys_unlinkat(dir, name, 0);
	return r < 0 ? fail(err, CROFT_STAGE_PREPARE, -r, "write down the build's options") : 0;
}

static int open_all(struct launch_state *state, int dir, struct croft_error *err)
{
	const uint64_t caught = PASSED_ON | BIT(SIGCHLD);
	int r = write_options(state->call, dir, &state->options, err);

	if (r < 0)
		return r;
	r = sys_pipe(state->status);
	if (r == 0 && !state->call->is_interactive)
		r = sys_pipe(state->log);
	if (r == 0)
		r = sys_sigprocmask(SIG_BLOCK, &caught, &state->mask);
	if (r == 0)
		state->signals = r = sys_signalfd(caught);
	return r < 0 ? fail(err, CROFT_STAGE_PREPARE, -r, "prepare the log of the build") : 0;
}

/* Passes on what is there; false at the end, or at an error, which is one. */
static bool relay(struct launch_state *state, int from, bool is_log)
{
	char data[CHUNK];
	ssize_t n = sys_read(from, data, sizeof(data));

	if (n <= 0)
		return n == -EINTR || n == -EAGAIN;
	/* a log that nobody reads any more does not end the build: Nix does */
	if (is_log)
		(void)fd_write_all(state->call->log_fd, data, (size_t)n);
	else
		buf_add(&state->said, data, (size_t)n);
	return true;
}

static void pass_signal(struct launch_state *state)
{
	struct signalfd_siginfo info;

	while (sys_read(state->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		const uint64_t bit = BIT(info.ssi_signo);

		/* a terminal has told the whole group of it */
		if (bit & (BIT(SIGCHLD) | (state->call->is_interactive ? OF_TERMINAL : 0)))
			continue;
		(void)sys_kill(state->child, state->n_asked++ ? SIGKILL : (int)info.ssi_signo);
	}
}

static bool has_ended(struct launch_state *state)
{
	int r = sys_wait4(state->child, NULL, WNOHANG, NULL);

	return r == state->child || r == -ECHILD;
}

/* Until croft has ended; then what is still in the pipes, without waiting for who holds them. */
static void stay(struct launch_state *state)
{
	bool is_over = false;

	for (unsigned n_left = DRAIN_MAX; n_left; n_left -= is_over) {
		struct pollfd polls[] = { { .fd = state->log[0], .events = POLLIN },
					  { .fd = state->status[0], .events = POLLIN },
					  { .fd = state->signals, .events = POLLIN } };
		/* not for ever: a SIGCHLD that came before its time is told of once */
		int r = sys_ppoll(polls, ARRAY_SIZE(polls), is_over ? 0 : 1000);

		if (polls[0].revents && r > 0 && !relay(state, state->log[0], true))
			fd_close(&state->log[0]);
		if (polls[1].revents && r > 0 && !relay(state, state->status[0], false))
			fd_close(&state->status[0]);
		if (polls[2].revents && r > 0 && !is_over)
			pass_signal(state);
		if (is_over && (r <= 0 || (!polls[0].revents && !polls[1].revents)))
			return;
		if (!is_over)
			is_over = has_ended(state);
	}
}

static int judge(const struct launch_state *state, struct build_result *ret_result,
		 struct croft_error *err)
{
	json_t *root =
		json_loadb(buf_text(&state->said), state->said.len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *status = json_object_get(root, "exit_status");
	const char *reason = json_string_value(json_object_get(root, "exit_reason"));
	const struct build_result result = {
		.is_started = json_is_true(json_object_get(root, "started")),
		.signal = (int)json_integer_value(json_object_get(root, "signal")),
		.status = json_is_integer(status) ? (int)json_integer_value(status) : EXIT_CROFT,
	};
	/* ended by croft: 124, whatever signal that took */
	const bool is_late = reason && !strcmp(reason, "time-limit");
	const bool is_told = reason && (json_is_integer(status) || result.signal > 0);

	json_decref(root);
	if (!is_told)
		return fail(err, CROFT_STAGE_SUPERVISE, 0,
			    "croft ended without saying how the build did");
	*ret_result = result;
	if (is_late)
		ret_result->signal = 0;
	return 0;
}

int launch_call(const struct launch_call *call, int dir, struct build_result *ret_result,
		struct croft_error *err)
{
	struct launch_state state = { .call = call,
				      .options = -1,
				      .status = { -1, -1 },
				      .log = { -1, -1 },
				      .signals = -1,
				      .said = BUF_INIT(STATUS_MAX_BYTES) };
	int r = open_all(&state, dir, err);

	if (r == 0)
		r = start(&state, err);
	fd_close(&state.options);
	fd_close(&state.status[1]);
	fd_close(&state.log[1]);
	if (r == 0) {
		stay(&state);
		r = judge(&state, ret_result, err);
	}
	if (state.signals >= 0)
		(void)sys_sigprocmask(SIG_SETMASK, &state.mask, NULL);
	fd_close(&state.signals);
	fd_close(&state.status[0]);
	fd_close(&state.log[0]);
	buf_done(&state.said);
	return r;
}
