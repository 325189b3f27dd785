/* SPDX-License-Identifier: MIT */
/*
 * look.c - where observations come from and go to.
 *
 * The probes get a directory that a cleaner removes even if the doctor is killed. It is made in the
 * first of some places where one can be made: the doctor is called where things do not work.
 *
 * What this process looks at itself, and not a probe, is asked by a child first (host/answers.h):
 * one place that waits for a server that is gone would be the doctor's own end. A /proc that gives
 * no answer is none.
 *
 * Files named by options are the user's own choice, but the doctor never hangs on one: a FIFO
 * without a writer is empty, and one whose writer says nothing has its time.
 */
#include "doctor/look.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "cli/cli.h"
#include "doctor/nix_ask.h"
#include "doctor/probe_pid.h"
#include "host/answers.h"
#include "launch/cleaner.h"
#include "launch/tmpdir.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define PID_MAX 4194304U /* the kernel's PID_MAX_LIMIT */
#define READ_WAIT_MS 30000 /* for each part of what a pipe brings: ssh may be behind it */

/* What is promised: one look takes less than two seconds, whatever the host does. */
static_assert(ANSWERS_MS + PROBES_TAKE_MS < TIMEOUT_USUAL_S * 1000,
	      "the doctor takes less than two seconds");

int look_pid(const char *text, pid_t *ret_pid, struct croft_error *err)
{
	uint64_t pid = 0;

	if (text && num_parse(text, 1, PID_MAX, &pid) < 0)
		return fail(err, CROFT_STAGE_USAGE, 0, "--pid: '%s' is no number of a process",
			    text);
	*ret_pid = (pid_t)pid;
	return 0;
}

int look_timeout(const char *text, unsigned *ret_timeout_s, struct croft_error *err)
{
	uint64_t seconds = TIMEOUT_USUAL_S;

	if (text && num_parse(text, TIMEOUT_USUAL_S, TIMEOUT_MAX_S, &seconds) < 0)
		return fail(err, CROFT_STAGE_USAGE, 0,
			    "--timeout: '%s' is no number of seconds from %d to %d", text,
			    TIMEOUT_USUAL_S, TIMEOUT_MAX_S);
	*ret_timeout_s = (unsigned)seconds;
	return 0;
}

/* A place for the probes' files, with a process that removes it. */
struct place {
	char path[TMPDIR_NAME_SIZE]; /* "": none could be made */
	pid_t cleaner; /* 0: none */
};

static int make_in(const char *parent, struct place *place, struct croft_error *err)
{
	int fd, r = tmpdir_choose(parent, place->path, err);

	if (r == 0)
		r = cleaner_start(place->path, NULL, &place->cleaner, err);
	if (r < 0)
		return r;
	r = tmpdir_make(place->path, &fd, err);
	if (r == 0) {
		fd_close(&fd);
		return 0;
	}
	(void)cleaner_finish(place->path, NULL, place->cleaner, NULL);
	return r;
}

/* What the doctor's own process looks at. */
enum looked_at { LOOK_PROC, LOOK_TMPDIR, LOOK_TMP, LOOK_VAR_TMP, LOOK_SHM, LOOKED_AT };

struct surroundings {
	const char *paths[LOOKED_AT];
	unsigned answered; /* bits of them */
};

static struct surroundings look_around(unsigned timeout_s)
{
	const char *tmpdir = getenv("TMPDIR");
	struct surroundings around = {
		.paths = {
			[LOOK_PROC] = "/proc/self",
			[LOOK_TMPDIR] = tmpdir && tmpdir[0] == '/' ? tmpdir : NULL,
			[LOOK_TMP] = "/tmp",
			[LOOK_VAR_TMP] = "/var/tmp",
			[LOOK_SHM] = "/dev/shm",
		},
	};

	around.answered =
		answers_of(around.paths, LOOKED_AT, probe_stretched(ANSWERS_MS, timeout_s));
	return around;
}

static void make_place(const struct surroundings *around, struct place *place)
{
	for (int i = LOOK_TMPDIR; i <= LOOK_SHM; i++)
		if (around->answered & 1U << i && make_in(around->paths[i], place, NULL) == 0)
			return;
	*place = (struct place){ 0 };
}

/* What was found out is not lost for a file that cannot be removed: it is said. */
static void remove_place(const struct place *place)
{
	struct croft_error err = { 0 };

	if (place->cleaner && cleaner_finish(place->path, NULL, place->cleaner, &err) < 0)
		cli_warn_of(&err);
}

/* Ourselves, or the process that is looked at: opened before any probe runs. */
static int set_target(pid_t pid, bool has_proc, struct probe_context *context,
		      struct pid_target **ret_target, int *ret_fd, struct croft_error *err)
{
	int r;

	*ret_target = NULL;
	if (pid && !has_proc)
		return fail(err, CROFT_STAGE_HOST, ETIMEDOUT, "look at process %d in /proc",
			    (int)pid);
	if (!pid) {
		/* without a /proc the probes have their say about that */
		if (has_proc)
			*ret_fd = sys_openat(AT_FDCWD, "/proc/self", O_PATH | O_DIRECTORY, 0);
		context->proc_fd = *ret_fd;
		return 0;
	}
	r = pid_target_open(pid, ret_target, err);
	if (r < 0)
		return r;
	context->pid = pid;
	context->proc_fd = (*ret_target)->proc_fd;
	context->target = *ret_target;
	context->enter = pid_enter;
	return 0;
}

int look(const struct look_wishes *wishes, struct observations *set, struct croft_error *err)
{
	const struct surroundings around = look_around(wishes->timeout_s);
	struct probe_context context = { .proc_fd = -1, .timeout_s = wishes->timeout_s };
	struct pid_target *target;
	AUTO_FD int proc = -1;
	struct place place;
	size_t n;
	const struct probe_table *const *tables = probes_all(&n);
	int r = set_target(wishes->pid, around.answered & 1U << LOOK_PROC, &context, &target, &proc,
			   err);

	if (r < 0)
		return r;
	make_place(&around, &place);
	context.tmp = place.path;
	r = probes_run(tables, n, &context, place.cleaner, set, err);
	if (r == 0 && wishes->wants_nix)
		r = nix_ask(&context, place.cleaner, set, err);
	remove_place(&place);
	pid_target_close(target);
	return r;
}

static int wait_for_input(int fd)
{
	struct pollfd poll = { .fd = fd, .events = POLLIN };
	int r;

	do
		r = sys_ppoll(&poll, 1, READ_WAIT_MS);
	while (r == -EINTR);
	return r < 0 ? r : r == 0 ? -ETIMEDOUT : 0;
}

/* The whole of it, or -EFBIG beyond `max`. Of a FIFO without a writer that is nothing. */
static ssize_t read_all(int fd, char *data, size_t max)
{
	size_t len = 0;

	while (len < max) {
		ssize_t n = sys_read(fd, data + len, max - len);

		if (n == 0)
			return (ssize_t)len;
		if (n == -EAGAIN)
			n = wait_for_input(fd);
		if (n < 0 && n != -EINTR)
			return n;
		len += n > 0 ? (size_t)n : 0;
	}
	return -EFBIG;
}

/* Stage profile, ETIMEDOUT: who would open it would wait for ever. */
static int check_answers(const char *file, const char *act, struct croft_error *err)
{
	return answers_of(&file, 1, ANSWERS_MS)
		       ? 0
		       : fail(err, CROFT_STAGE_PROFILE, ETIMEDOUT, "%s '%s'", act, file);
}

int look_load(const char *file, struct observations *set, struct croft_error *err)
{
	AUTO_FREE char *data = malloc(OBS_FILE_MAX + 1);
	const bool is_standard = !strcmp(file, "-");
	AUTO_FD int fd = -1;
	ssize_t len;
	int r;

	if (!data)
		return fail(err, CROFT_STAGE_PROFILE, ENOMEM, "read '%s'", file);
	if (!is_standard) {
		r = check_answers(file, "read", err);
		if (r < 0)
			return r;
		fd = sys_openat(AT_FDCWD, file, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
		if (fd < 0)
			return fail(err, CROFT_STAGE_PROFILE, -fd, "read '%s'", file);
	}
	len = read_all(is_standard ? 0 : fd, data, OBS_FILE_MAX + 1);
	if (len < 0)
		return fail(err, CROFT_STAGE_PROFILE, (int)-len, "read '%s'", file);
	return observations_parse(is_standard ? "standard input" : file, data, (size_t)len, set,
				  err);
}

int look_save(const char *file, const struct observations *set, struct croft_error *err)
{
	AUTO_BUF struct buf text = BUF_INIT(OBS_FILE_MAX);
	AUTO_FD int fd = -1;
	int r;

	r = check_answers(file, "write", err);
	if (r < 0)
		return r;
	observations_print(&text, set);
	r = buf_error(&text);
	if (r == 0) {
		/* a FIFO that nobody reads is an error then, and no wait */
		fd = sys_openat(AT_FDCWD, file,
				O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK | O_NOCTTY, 0644);
		r = fd < 0 ? fd : sys_fcntl(fd, F_SETFL, 0);
	}
	if (r == 0)
		r = fd_write_all(fd, buf_text(&text), text.len);
	return r < 0 ? fail(err, CROFT_STAGE_PROFILE, -r, "write '%s'", file) : 0;
}

static bool wants_colours(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	/* no-color.org: set and not empty */
	return !(no && *no) && term && *term && strcmp(term, "dumb") != 0;
}

void look_terminal(struct view *view)
{
	struct winsize size = { 0 };

	view->columns = COLUMNS_USUAL;
	if (sys_ioctl(1, TIOCGWINSZ, &size) < 0)
		return;
	view->has_colours = wants_colours();
	if (size.ws_col)
		view->columns = size.ws_col < COLUMNS_MIN ? COLUMNS_MIN : size.ws_col;
	if (view->columns > COLUMNS_MAX)
		view->columns = COLUMNS_MAX;
}
