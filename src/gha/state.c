/* SPDX-License-Identifier: MIT */
/*
 * state.c - the store of jobs: who may use it, names, locks, what is removed when.
 *
 * A job's directory appears and gets its lock and its owner while STORE/.lock is held, so whoever
 * holds that and gets the lock of a job's directory knows that no call works on that job: it was
 * killed, or it is between two steps. Whose job it is tells the file "owner", written before
 * anything else. A runner has one job at a time. So prepare_job of the same runner
 * may remove all that it finds of it; other runners' jobs stay, whatever state they are in.
 *
 * Everything that a job has written is removed by tmpdir_remove, which follows no link.
 */
#include "gha/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "gha/state_file.h"
#include "launch/tmpdir.h"
#include "sys/calls.h"
#include "sys/fd.h"
#include "sys/path.h"

#define OWNER_MAX (PATH_MAX + 1)
#define WAIT_MS 50
#define WAITS 100 /* 5 s: a killed call's descendants may hold its lock until they have ended */

static int lock_file(const char *path, bool may_wait, int *ret_fd)
{
	AUTO_FD int fd = sys_openat(AT_FDCWD, path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
	long r = fd < 0 ? fd : -EWOULDBLOCK;

	for (int i = 0; r == -EWOULDBLOCK && i <= (may_wait ? WAITS : 0); i++) {
		if (i)
			(void)sys_ppoll(NULL, 0, WAIT_MS);
		do
			r = sys_raw(__NR_flock, fd, LOCK_EX | LOCK_NB, 0, 0, 0, 0);
		while (r == -EINTR);
	}
	if (r < 0)
		return (int)r;
	*ret_fd = fd_take(&fd);
	return 0;
}

int state_real_path(const char *path, char ret[PATH_MAX])
{
	AUTO_FD int fd = sys_openat(AT_FDCWD, path, O_PATH, 0);
	char link[32];
	ssize_t n;

	if (fd < 0)
		return fd;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = sys_readlinkat(AT_FDCWD, link, ret, PATH_MAX);
	if (n < 0 || n >= PATH_MAX)
		return n < 0 ? (int)n : -ENAMETOOLONG;
	ret[n] = '\0';
	return 0;
}

static int find_store(char path[PATH_MAX], struct croft_error *err)
{
	const char *own = getenv("CROFT_GHA_STATE"), *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");
	int n;

	if (own && own[0] == '/') {
		n = snprintf(path, PATH_MAX, "%s", own);
	} else if (state && state[0] == '/') {
		n = snprintf(path, PATH_MAX, "%s/croft/gha", state);
	} else if (home && home[0] == '/') {
		n = snprintf(path, PATH_MAX, "%s/.local/state/croft/gha", home);
	} else {
		(void)fail(err, CROFT_STAGE_PREPARE, 0,
			   "neither CROFT_GHA_STATE nor HOME says where jobs are kept");
		fail_hint(err, "set CROFT_GHA_STATE to an absolute path in the runner's .env");
		return -EINVAL;
	}
	return n < PATH_MAX ? 0 : fail(err, CROFT_STAGE_PREPARE, ENAMETOOLONG, "CROFT_GHA_STATE");
}

static int make_directories(char *path)
{
	size_t len = strlen(path);
	int r = 0;

	for (size_t i = 1; i <= len; i++) {
		char c = path[i];

		if (c && c != '/')
			continue;
		path[i] = '\0';
		r = sys_mkdirat(AT_FDCWD, path, 0700);
		path[i] = c;
	}
	return r == -EEXIST ? 0 : r;
}

int state_store(char ret_path[PATH_MAX], struct croft_error *err)
{
	char path[PATH_MAX];
	struct stat st = { 0 };
	int r = find_store(path, err);

	if (r < 0)
		return r;
	r = make_directories(path);
	if (r == 0)
		r = state_real_path(path, ret_path);
	if (r == 0)
		r = sys_fstatat(AT_FDCWD, ret_path, &st, AT_SYMLINK_NOFOLLOW);
	if (r == 0 && !S_ISDIR(st.st_mode))
		r = -ENOTDIR;
	if (r < 0) {
		r = fail(err, CROFT_STAGE_PREPARE, -r, "keep jobs in '%s'", path);
		fail_hint(err, "CROFT_GHA_STATE says another directory");
		return r;
	}
	if (st.st_uid == sys_geteuid() && !(st.st_mode & 077))
		return 0;
	(void)fail(err, CROFT_STAGE_PREPARE, 0, "'%s' may be entered by others", path);
	fail_hint(err, "chmod 700 it, or let CROFT_GHA_STATE be another directory of the runner's");
	return -EPERM;
}

/* STORE/ID/NAME; the store's path was found short enough when the job was made. */
static bool job_file(const struct job *job, const char *name, char ret[PATH_MAX])
{
	return path_child(ret, job->path, name);
}

static int name_job(const char *store, const char *id, struct job *job)
{
	*job = (struct job){ .lock = -1 };
	memcpy(job->id, id, JOB_ID_SIZE);
	/* room for the longest name in it, and for what croft run --upper makes there */
	return path_child(job->path, store, id) && strlen(job->path) < PATH_MAX - 300
		       ? 0
		       : -ENAMETOOLONG;
}

static bool is_owned_by(const struct job *job, const char *runner)
{
	char path[PATH_MAX], owner[OWNER_MAX];

	return job_file(job, "owner", path) &&
	       fd_read_now(AT_FDCWD, path, owner, sizeof(owner)) >= 0 && !strcmp(owner, runner);
}

/* With STORE/.lock held. A job of nobody's is one that was killed before it had an owner. */
static int sweep_one(const char *store, const char *id, const char *runner)
{
	char path[PATH_MAX];
	AUTO_FD int lock = -1;
	struct stat st;
	struct job job;

	if (strlen(id) != JOB_ID_SIZE - 1 || strspn(id, "0123456789abcdef") != strlen(id))
		return 0;
	if (name_job(store, id, &job) < 0 || !job_file(&job, "owner", path))
		return -ENAMETOOLONG;
	if (sys_fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    !is_owned_by(&job, runner))
		return 0;
	if (!job_file(&job, "lock", path) || lock_file(path, true, &lock) < 0)
		return -EBUSY;
	return tmpdir_remove(job.path);
}

static int sweep_locked(const char *store, const char *runner)
{
	_Alignas(uint64_t) char entries[4096];
	AUTO_FD int fd = sys_openat(AT_FDCWD, store, O_RDONLY | O_DIRECTORY, 0);
	int worst = fd < 0 ? fd : 0;
	ssize_t n;

	while (fd >= 0 && (n = sys_getdents64(fd, entries, sizeof(entries))) > 0) {
		for (ssize_t at = 0; at < n;) {
			const struct sys_dirent *entry = (const void *)(entries + at);
			int r = sweep_one(store, entry->name, runner);

			at += entry->length;
			if (r < 0)
				worst = r;
		}
	}
	return worst;
}

static int lock_store(const char *store, int *ret_fd, struct croft_error *err)
{
	char path[PATH_MAX];
	int r = path_child(path, store, ".lock") ? lock_file(path, true, ret_fd) : -ENAMETOOLONG;

	return r < 0 ? fail(err, CROFT_STAGE_PREPARE, -r, "lock the jobs in '%s'", store) : 0;
}

static int tell_sweep(int r, struct croft_error *err)
{
	if (r == 0)
		return 0;
	if (r == -EBUSY)
		(void)fail(err, CROFT_STAGE_PREPARE, 0,
			   "an earlier job of this runner is still being ended; waited 5 s");
	else
		(void)fail(err, CROFT_STAGE_PREPARE, -r, "remove an earlier job of this runner");
	fail_hint(err,
		  "see which croft-gha processes run, or give each runner its own work folder");
	return r;
}

int state_sweep(const char *store, const char *runner, struct croft_error *err)
{
	AUTO_FD int lock = -1;
	int r = lock_store(store, &lock, err);

	return r < 0 ? r : tell_sweep(sweep_locked(store, runner), err);
}

static int make_id(char id[JOB_ID_SIZE])
{
	unsigned char bytes[(JOB_ID_SIZE - 1) / 2];

	if (sys_getrandom(bytes, sizeof(bytes)) != (ssize_t)sizeof(bytes))
		return -EIO;
	for (size_t i = 0; i < sizeof(bytes); i++)
		(void)snprintf(id + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

static int make_job(struct job *job, const char *runner)
{
	char path[PATH_MAX];
	AUTO_FD int fd = -1;
	int r = sys_mkdirat(AT_FDCWD, job->path, 0700);

	if (r == 0)
		r = job_file(job, "lock", path) ? lock_file(path, false, &job->lock)
						: -ENAMETOOLONG;
	if (r == 0)
		r = job_file(job, "upper", path) ? sys_mkdirat(AT_FDCWD, path, 0700)
						 : -ENAMETOOLONG;
	if (r == 0 && !job_file(job, "owner", path))
		r = -ENAMETOOLONG;
	if (r < 0)
		return r;
	fd = sys_openat(AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
	return fd < 0 ? fd : fd_write_all(fd, runner, strlen(runner));
}

int state_new(const char *store, const char *runner, struct arena *arena, struct job *ret_job,
	      struct croft_error *err)
{
	char id[JOB_ID_SIZE];
	AUTO_FD int lock = -1;
	struct job job;
	int r = lock_store(store, &lock, err);

	if (r < 0)
		return r;
	r = tell_sweep(sweep_locked(store, runner), err);
	if (r < 0)
		return r;
	r = make_id(id);
	if (r == 0)
		r = name_job(store, id, &job);
	if (r < 0)
		return fail(err, CROFT_STAGE_PREPARE, -r, "name a job in '%s'", store);
	job.runner = arena_strdup(arena, runner);
	r = job.runner ? make_job(&job, runner) : -ENOMEM;
	if (r < 0) {
		(void)state_remove(&job, NULL);
		return fail(err, CROFT_STAGE_PREPARE, -r, "make a directory for the job in '%s'",
			    store);
	}
	*ret_job = job;
	return 0;
}

int state_write(const struct job *job, struct croft_error *err)
{
	char path[PATH_MAX], new[PATH_MAX];
	AUTO_BUF struct buf buf = BUF_INIT(STATE_MAX_BYTES);
	AUTO_FD int fd = -1;
	int r = state_file_print(job, &buf);

	if (r == 0 && (!job_file(job, "state.json", path) || !job_file(job, "state.new", new)))
		r = -ENAMETOOLONG;
	if (r == 0) {
		fd = sys_openat(AT_FDCWD, new, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
		r = fd < 0 ? fd : fd_write_all(fd, buf_text(&buf), buf.len);
	}
	if (r == 0)
		r = sys_renameat2(AT_FDCWD, new, AT_FDCWD, path, 0);
	return r < 0 ? fail(err, CROFT_STAGE_PREPARE, -r, "keep the job in '%s'", job->path) : 0;
}

static int read_job(struct job *job, struct arena *arena, struct croft_error *err)
{
	AUTO_FREE char *data = malloc(STATE_MAX_BYTES + 1);
	char path[PATH_MAX];
	ssize_t n = data && job_file(job, "state.json", path)
			    ? fd_read_now(AT_FDCWD, path, data, STATE_MAX_BYTES + 1)
			    : -ENOMEM;

	if (n < 0)
		return fail(err, CROFT_STAGE_PREPARE, (int)-n, "read the job in '%s'", job->path);
	return state_file_parse(data, (size_t)n, arena, job, err);
}

static int no_job(struct croft_error *err)
{
	(void)fail(err, CROFT_STAGE_PREPARE, 0, "the job that this step belongs to is gone");
	fail_hint(err,
		  "prepare_job has to be run before it, by the same user and for the same runner");
	return -ENOENT;
}

int state_load(const char *store, const char *id, const char *runner, struct arena *arena,
	       struct job *ret_job, struct croft_error *err)
{
	char path[PATH_MAX];
	struct stat st;
	struct job job;
	int r = name_job(store, id, &job);

	if (r < 0 || sys_fstatat(AT_FDCWD, job.path, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !is_owned_by(&job, runner))
		return no_job(err);
	r = job_file(&job, "lock", path) ? lock_file(path, true, &job.lock) : -ENAMETOOLONG;
	if (r < 0) {
		r = fail(err, CROFT_STAGE_PREPARE, r == -EWOULDBLOCK ? 0 : -r,
			 "another step of this job is still running; waited 5 s");
		fail_hint(err, "see which croft-gha processes run");
		return r;
	}
	r = read_job(&job, arena, err);
	if (r < 0) {
		state_done(&job);
		return r;
	}
	*ret_job = job;
	return 0;
}

int state_remove(struct job *job, struct croft_error *err)
{
	int r = tmpdir_remove(job->path);

	state_done(job);
	return r < 0 ? fail(err, CROFT_STAGE_PREPARE, -r, "remove '%s'", job->path) : 0;
}

void state_done(struct job *job)
{
	fd_close(&job->lock);
}

int state_volume(const struct job *job, const char *name, struct arena *arena,
		 const char **ret_path, struct croft_error *err)
{
	char volumes[PATH_MAX], path[PATH_MAX];
	int r = job_file(job, "volumes", volumes) && path_child(path, volumes, name)
			? sys_mkdirat(AT_FDCWD, volumes, 0700)
			: -ENAMETOOLONG;

	if (r == 0 || r == -EEXIST)
		r = sys_mkdirat(AT_FDCWD, path, 0777);
	if (r == 0)
		r = sys_fchmodat(AT_FDCWD, path, 0777); /* the umask has no say in it */
	if (r < 0 && r != -EEXIST)
		return fail(err, CROFT_STAGE_PREPARE, -r, "make the volume '%s'", name);
	*ret_path = arena_strdup(arena, path);
	return *ret_path ? 0 : fail(err, CROFT_STAGE_PREPARE, ENOMEM, "make a volume");
}
