/* SPDX-License-Identifier: MIT */
/*
 * watch.h - one launch in a process of its own, watched from outside: what it told, what the
 * command told, and what is left of it.
 *
 * The watcher is a subreaper, so that whatever outlives the launch becomes its child, and is seen.
 */
#ifndef CROFT_TESTS_FAULTS_WATCH_H
#define CROFT_TESTS_FAULTS_WATCH_H

#include <dirent.h>
#include <limits.h>
#include <poll.h>
#include <time.h>

#include "modes.h"

#define PATIENCE_MS 5000 /* a run takes some milliseconds; more is a hang */
#define AFTERMATH_MS 1500 /* for the cleaner, once the launch is over */
#define TOLD_MS 50 /* where it is told that processes are left */

static struct ground ground;

/* One launch, watched. */
struct run {
	struct told told;
	bool has_told;
	struct canary canary;
	bool has_canary;
	int status; /* of the process that launched */
	bool has_hung;
	unsigned n_left; /* processes that outlived it */
	bool left_tmpdir;
};

static inline int64_t now(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Reads a struct that may come or not: false at the end of the pipe, or of patience. */
static inline bool receive(int fd, void *data, size_t size, int64_t deadline)
{
	size_t done = 0;

	while (done < size) {
		struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
		int64_t left = deadline - now();
		ssize_t n;

		if (left <= 0 || poll(&poll_fd, 1, (int)left) <= 0)
			return false;
		n = read(fd, (char *)data + done, size - done);
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

/* The process that launches. Its standard output is the canary's pipe, `tell` its own. */
static inline _Noreturn void launcher(enum mode mode, int canary, int tell)
{
	struct told told = { 0 };

	if (dup2(canary, 1) != 1 || close(canary) != 0 ||
	    dup2(open("/dev/null", O_RDWR | O_CLOEXEC), CANARY_KEPT_FD) != CANARY_KEPT_FD)
		_exit(90);
	(void)signal(SIGUSR1, (void (*)(int))_exit); /* caught: the command must not inherit that */
	run_mode(&ground, mode, &told);
	if (write(tell, &told, sizeof(told)) != (ssize_t)sizeof(told))
		_exit(91);
	_exit(0);
}

static inline bool is_empty(const char *path)
{
	DIR *dir = opendir(path);
	unsigned n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	assert_int_equal(closedir(dir), 0);
	return n == 2;
}

/* Ends what is still there: all of them are this process's own children. */
static inline void kill_children(void)
{
	char path[64], text[4096];
	FILE *file;
	char *at = text;

	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	file = fopen(path, "re");
	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	(void)fclose(file);
	for (long child = strtol(at, &at, 10); child > 0; child = strtol(at, &at, 10))
		(void)kill((pid_t)child, SIGKILL);
}

/* Waits for `pid` and then for whatever it has left; kills what does not end. */
static inline void reap_all(pid_t pid, struct run *run, int64_t deadline)
{
	bool has_ended = false;
	int status;
	pid_t ended;

	for (;;) {
		ended = waitpid(-1, &status, WNOHANG | __WALL);
		if (ended < 0)
			return;
		if (ended == pid) {
			run->status = status;
			has_ended = true;
			deadline = now() + (run->told.err.stage == CROFT_STAGE_SUPERVISE
						    ? TOLD_MS
						    : AFTERMATH_MS);
		}
		if (ended > 0)
			continue;
		if (now() > deadline) {
			run->has_hung |= !has_ended;
			run->n_left += has_ended;
			kill_children();
			deadline = now() + 1000;
		}
		(void)usleep(500);
	}
}

/* Removes what a run has left, so that the next starts clean. */
static inline void sweep(struct run *run)
{
	char path[900];
	struct dirent *entry;
	DIR *dir;

	run->left_tmpdir = !is_empty(ground.tmp);
	if (!run->left_tmpdir)
		return;
	dir = opendir(ground.tmp);
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.') {
			(void)snprintf(path, sizeof(path), "%s/%s", ground.tmp, entry->d_name);
			(void)tmpdir_remove(path);
		}
	(void)closedir(dir);
	assert_true(is_empty(ground.tmp));
}

static inline struct run launch_once(enum mode mode)
{
	struct run run = { 0 };
	int canary[2], tell[2];
	int64_t deadline = now() + PATIENCE_MS;
	pid_t pid;

	assert_int_equal(pipe2(canary, O_CLOEXEC), 0);
	assert_int_equal(pipe2(tell, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)setpgid(0, 0);
		(void)close(canary[0]);
		(void)close(tell[0]);
		launcher(mode, canary[1], tell[1]);
	}
	(void)close(canary[1]);
	(void)close(tell[1]);
	/* the launcher's word first: in place its pipe closes when the canary starts */
	run.has_told = receive(tell[0], &run.told, sizeof(run.told), deadline);
	run.has_canary = receive(canary[0], &run.canary, sizeof(run.canary), deadline);
	reap_all(pid, &run, deadline);
	(void)close(canary[0]);
	(void)close(tell[0]);
	sweep(&run);
	return run;
}

/* By Landlock, by a mount that is read-only, by a tree in which it is not. */
static inline bool is_refused(int errnum)
{
	return errnum == EACCES || errnum == EROFS || errnum == ENOENT;
}

static inline bool is_confined(const struct canary *c, enum mode mode)
{
	bool is_own = mode == CONFINE;

	if (c->alive != CANARY_ALIVE || !is_refused(c->read_outside) ||
	    !is_refused(c->create_outside) || c->inet_socket != EACCES ||
	    c->netlink_socket != EACCES || c->new_user_namespace != EACCES ||
	    c->type_into_terminal != EACCES)
		return false;
	if (c->no_new_privs != 1 || c->seccomp_mode != 2 || c->has_capabilities ||
	    !c->file_size_is_limited || !c->open_files_are_limited)
		return false;
	if (is_inside(mode) && (!c->is_second || !is_refused(c->changes_init)))
		return false;
	if (mode == APART && !c->has_own_hostname)
		return false;
	return is_own ||
	       (c->chdir_matches && !c->n_extra_fds && c->has_kept_fd && !c->blocked_signals &&
		!c->caught_signals && !c->has_secret && c->wrote_in_tmpdir);
}

static inline int make_ground(void **state)
{
	const char *tmp = getenv("TMPDIR");
	char base[200], real[PATH_MAX], *slash;
	ssize_t n = readlink("/proc/self/exe", ground.self, sizeof(ground.self) - 1);

	(void)state;
	assert_true(n > 0);
	memcpy(ground.self_dir, ground.self, sizeof(ground.self));
	slash = strrchr(ground.self_dir, '/');
	*slash = '\0';
	(void)snprintf(base, sizeof(base), "%s/faults-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(base));
	assert_true(realpath(base, real) && strlen(real) < 400);
	(void)snprintf(ground.tmp, sizeof(ground.tmp), "%.400s/tmp", real);
	(void)snprintf(ground.outside, sizeof(ground.outside), "%.400s/outside", real);
	(void)snprintf(ground.work, sizeof(ground.work), "%.400s/work", real);
	assert_int_equal(mkdir(ground.tmp, 0700) | mkdir(ground.outside, 0700) |
				 mkdir(ground.work, 0700),
			 0);
	assert_int_equal(canary_open(ground.outside, "secret", O_WRONLY | O_CREAT), 0);
	/* what a run leaves becomes ours, to be seen and ended */
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	inject_init();
	return 0;
}

static inline int remove_ground(void **state)
{
	(void)state;
	*strrchr(ground.tmp, '/') = '\0';
	return tmpdir_remove(ground.tmp);
}

#endif
