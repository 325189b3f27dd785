/* SPDX-License-Identifier: MIT */
/*
 * drv_run.c - one derivation built: from an empty directory to a result, or to a shell where it
 * failed.
 *
 * All lies in one directory of a name that nobody can guess, beside the result, so that in the end
 * a rename makes the result, whole or not at all:
 *
 *	croft-RANDOM/build	what the builder has as /build
 *	croft-RANDOM/result	its outputs; becomes DIR of --out
 *
 * It is removed at the end and, if this process is killed at any moment, by another (cleaner.h).
 * Only what --keep-failed keeps is moved out: DIR.failed. The shell in it has the room, the
 * variables and the limits of the build, which are made anew by the same code; the outputs that it
 * makes are nobody's.
 *
 * Nothing is registered with Nix, and its store is not written to.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/cli.h"
#include "drv/drv.h"
#include "drv/spec.h"
#include "launch/cleaner.h"
#include "launch/tmpdir.h"
#include "sys/calls.h"
#include "sys/fd.h"
#include "sys/path.h"

#define BUILD_DIR "build"
#define RESULT_DIR "result"
#define KEPT_MAX 1000 /* DIR.failed, DIR.failed-2, ... */
#define SAID_MAX ((size_t)1 << 20)
#define SIGNAL_STATUS 128
#define RENAME_NO_REPLACE 1U /* RENAME_NOREPLACE, since 3.15 */

struct stage {
	char path[TMPDIR_NAME_SIZE];
	char build[PATH_MAX], result[PATH_MAX];
	int fd;
	pid_t cleaner;
};

static int write_file(int dir, const struct drv_file *file)
{
	AUTO_FD int fd =
		sys_openat(dir, file->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0644);

	return fd < 0 ? fd : fd_write_all(fd, file->data, file->len);
}

static int fill(struct stage *stage, const struct drv_env *env)
{
	AUTO_FD int build = -1;
	int r = sys_mkdirat(stage->fd, BUILD_DIR, 0700);

	if (r == 0)
		r = sys_mkdirat(stage->fd, RESULT_DIR, 0755);
	if (r == 0)
		build = r = path_open(stage->fd, BUILD_DIR, O_RDONLY | O_DIRECTORY);
	for (size_t i = 0; i < env->n_files && r >= 0; i++)
		r = write_file(build, &env->files[i]);
	return r < 0 ? r : 0;
}

static int make_stage(const char *beside, const struct drv_env *env, struct stage *stage,
		      struct croft_error *err)
{
	AUTO_FREE char *parent = strndup(beside, (size_t)(strrchr(beside, '/') - beside));
	AUTO_FD int place = -1;
	int r = parent ? tmpdir_choose(*parent ? parent : "/", stage->path, err) : -ENOMEM;

	if (!parent)
		return fail(err, CROFT_STAGE_PREPARE, ENOMEM, "prepare the build");
	if (r == 0)
		r = cleaner_start(stage->path, NULL, &stage->cleaner, err);
	if (r == 0)
		r = tmpdir_make(stage->path, &place, err);
	if (r < 0)
		return r;
	stage->fd = r = path_open(AT_FDCWD, stage->path, O_RDONLY | O_DIRECTORY);
	if (r >= 0)
		r = fill(stage, env);
	(void)path_child(stage->build, stage->path, BUILD_DIR);
	(void)path_child(stage->result, stage->path, RESULT_DIR);
	return r < 0 ? fail(err, CROFT_STAGE_PREPARE, -r, "make the build's directory in '%s'",
			    *parent ? parent : "/")
		     : 0;
}

static int remove_stage(struct stage *stage, struct croft_error *err)
{
	int r = 0;

	fd_close(&stage->fd);
	if (stage->cleaner > 0)
		r = cleaner_finish(stage->path, NULL, stage->cleaner, err);
	stage->cleaner = 0;
	return r;
}

static bool is_terminal(int fd)
{
	struct termios unused;

	return sys_ioctl(fd, TCGETS, &unused) == 0;
}

/* The builder, if it is a shell: it is what the build's words are for. */
static const char *find_shell(const struct drv *drv)
{
	const char *name = strrchr(drv->builder, '/') + 1;

	return !strcmp(name, "bash") || !strcmp(name, "sh") ? drv->builder : "/bin/sh";
}

/* The build, or with is_shell a shell in its place. */
static int run(const struct drv_job *job, const struct stage *stage, const char *tmp_dir,
	       bool is_shell, struct build_result *ret_result, struct croft_error *err)
{
	const struct drv *drv = &job->drv;
	const char *const shell[] = { find_shell(drv), NULL };
	AUTO_FREE struct build_output *outputs = calloc(drv->n_outputs, sizeof(*outputs));
	struct build_options options = job->request->options;
	const struct build build = {
		.builder = is_shell ? shell[0] : drv->builder,
		.args = drv->args,
		.n_args = drv->n_args,
		.env = job->env.variables,
		.n_env = job->env.n,
		.inputs = job->closure.paths,
		.n_inputs = job->closure.n,
		.outputs = outputs,
		.n_outputs = drv->n_outputs,
		.store_dir = drv->store_dir,
		.real_store_dir = job->real_store,
		.tmp_dir = tmp_dir,
		.tmp_inside = BUILD_TMP_INSIDE,
		.system = drv->system,
		.is_fixed_output = drv_is_fixed(drv),
	};

	if (!outputs)
		return fail(err, CROFT_STAGE_PREPARE, ENOMEM, "prepare the build");
	for (size_t i = 0; i < drv->n_outputs; i++)
		outputs[i] = (struct build_output){ .name = drv->outputs[i].name,
						    .path = drv->outputs[i].path };
	options.result_dir = stage->result;
	options.log_fd = STDERR_FILENO;
	options.command = is_shell ? shell : NULL;
	return build_run(&build, &options, ret_result, err);
}

static int read_outputs(struct drv_job *job, const struct stage *stage, struct croft_error *err)
{
	const struct drv *drv = &job->drv;
	AUTO_FD int dir = path_open(stage->fd, RESULT_DIR, O_RDONLY | O_DIRECTORY);
	struct stat st;
	int r = dir < 0 ? dir : 0;

	job->results = arena_calloc(job->arena, drv->n_outputs, sizeof(*job->results));
	if (r < 0 || !job->results)
		return fail(err, CROFT_STAGE_SUPERVISE, r < 0 ? -r : ENOMEM, "read the outputs");
	for (size_t i = 0; i < drv->n_outputs && r == 0; i++) {
		const struct drv_output *output = &drv->outputs[i];
		const char *name = store_name(drv->store_dir, output->path);

		if (sys_fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return fail(err, CROFT_STAGE_SUPERVISE, 0,
				    "the builder ended well and has not made the output '%s'",
				    output->name);
		r = result_read(dir, name, drv, output, &job->candidates, job->arena,
				&job->results[i], err);
	}
	return r == 0 ? checks_apply(job->checks, drv, &job->graph, job->results, job->arena, err)
		      : r;
}

/* All or nothing. */
static int give_result(const struct drv_job *job, const struct stage *stage,
		       struct croft_error *err)
{
	const char *out = job->request->out;
	struct stat st;
	int r = sys_renameat2(AT_FDCWD, stage->result, AT_FDCWD, out, RENAME_NO_REPLACE);

	if (r == -EINVAL || r == -ENOSYS) { /* file systems that do not know the flag */
		r = sys_fstatat(AT_FDCWD, out, &st, AT_SYMLINK_NOFOLLOW);
		r = r == -ENOENT ? sys_renameat2(AT_FDCWD, stage->result, AT_FDCWD, out, 0)
				 : -EEXIST;
	}
	return r < 0 ? fail(err, CROFT_STAGE_SUPERVISE, -r, "give the result the name '%s'", out)
		     : 0;
}

/* Moves the build's directory out: DIR.failed, or DIR.failed-N. */
static int keep(const struct drv_job *job, const struct stage *stage, char ret_path[PATH_MAX],
		struct croft_error *err)
{
	const char *out = job->request->out;
	int r = -EEXIST;

	for (unsigned i = 1; i <= KEPT_MAX && (r == -EEXIST || r == -ENOTEMPTY); i++) {
		int len = i == 1 ? snprintf(ret_path, PATH_MAX, "%s.failed", out)
				 : snprintf(ret_path, PATH_MAX, "%s.failed-%u", out, i);

		r = len >= PATH_MAX ? -ENAMETOOLONG
				    : sys_renameat2(AT_FDCWD, stage->build, AT_FDCWD, ret_path,
						    RENAME_NO_REPLACE);
		if (r == -EINVAL || r == -ENOSYS)
			r = sys_renameat2(AT_FDCWD, stage->build, AT_FDCWD, ret_path, 0);
	}
	return r < 0 ? fail(err, CROFT_STAGE_SUPERVISE, -r, "keep the build's directory as '%s'",
			    ret_path)
		     : 0;
}

static void say(const char *what, const struct drv_job *job, const char *dir)
{
	AUTO_BUF struct buf text = BUF_INIT(SAID_MAX);

	buf_puts(&text, what);
	if (dir)
		drv_print_shell(job, dir, &text);
	buf_putc(&text, '\n');
	if (buf_error(&text) == 0)
		(void)fd_write_all(STDERR_FILENO, buf_text(&text), text.len);
}

/* Keeps the directory of what has failed; on a terminal, the shell in it at once. */
static int keep_failed(const struct drv_job *job, const struct stage *stage,
		       const struct build_result *result, struct croft_error *err)
{
	/* who has ended the build wants an end, not a shell */
	const bool was_asked = result->signal == SIGINT || result->signal == SIGTERM ||
			       result->signal == SIGHUP || result->signal == SIGQUIT;
	struct build_result ignored;
	char kept[PATH_MAX];
	int r = keep(job, stage, kept, err);

	if (r < 0)
		return r;
	if (!was_asked && is_terminal(STDIN_FILENO) && is_terminal(STDERR_FILENO)) {
		say("croft: a shell where it failed; it ends with exit", job, NULL);
		r = run(job, stage, kept, true, &ignored, err);
	}
	say("croft: kept; a shell in it: ", job, kept);
	return r;
}

static int status_of(const struct build_result *result)
{
	return result->signal ? SIGNAL_STATUS + result->signal : result->status;
}

static void describe(const struct drv_job *job, const struct build_result *result,
		     struct croft_error *err)
{
	if (result->signal)
		(void)fail(err, CROFT_STAGE_SUPERVISE, 0,
			   "the builder of '%s' was ended by signal %d", job->request->file,
			   result->signal);
	else
		(void)fail(err, CROFT_STAGE_SUPERVISE, 0,
			   "the builder of '%s' ended with exit status %d", job->request->file,
			   result->status);
	if (!job->request->keeps_failed)
		fail_hint(err, "a shell where it failed: --keep-failed");
}

/* In the stage, which is made: the exit status. */
static int build(struct drv_job *job, struct stage *stage)
{
	struct build_result result = { 0 };
	struct croft_error err = { 0 };
	int r = run(job, stage, stage->build, false, &result, &err), status;
	const bool has_run = r == 0 && result.is_started;
	const bool is_good = has_run && !result.signal && result.status == 0;

	if (r == 0 && !has_run) /* croft has said why */
		return result.status ? result.status : EXIT_CROFT;
	if (is_good)
		r = read_outputs(job, stage, &err);
	if (is_good && r == 0)
		r = give_result(job, stage, &err);
	if (is_good && r == 0)
		return 0;
	if (r == 0)
		describe(job, &result, &err);
	status = r == 0 ? status_of(&result) : EXIT_CROFT;
	(void)cli_fail(&err);
	if (has_run && job->request->keeps_failed && keep_failed(job, stage, &result, &err) < 0)
		(void)cli_fail(&err);
	return status;
}

static int open_shell(const struct drv_job *job, const struct stage *stage)
{
	struct build_result result = { 0 };
	struct croft_error err = { 0 };

	if (run(job, stage, job->request->shell_dir, true, &result, &err) < 0)
		return cli_fail(&err);
	return status_of(&result);
}

int drv_job_run(struct drv_job *job)
{
	const char *shell_dir = job->request->shell_dir;
	struct stage stage = { .fd = -1 };
	struct croft_error err = { 0 };
	AUTO_BUF struct buf text = BUF_INIT(TEXT_MAX);
	int status;

	if (make_stage(shell_dir ? shell_dir : job->request->out, &job->env, &stage, &err) < 0)
		status = cli_fail(&err);
	else
		status = shell_dir ? open_shell(job, &stage) : build(job, &stage);
	if (remove_stage(&stage, &err) < 0)
		status = cli_fail(&err);
	if (status != 0 || shell_dir)
		return status;
	drv_print(job, &text);
	return cli_print(&text);
}
