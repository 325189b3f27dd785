/* SPDX-License-Identifier: MIT */
/*
 * cmd_run.c - croft run.
 *
 *   options -> profile -> plan -> launch, in place or supervised
 *
 * In place, this process becomes the command: what croft still has to say must be
 * said before. Failures after that point are the stages', and they are
 * said by a process that is half confined: it can write to stderr, and no more.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/num.h"
#include "cli/cli.h"
#include "cli/joined.h"
#include "cli/room.h"
#include "cli/status.h"
#include "launch/cleaner.h"
#include "launch/supervise.h"
#include "plan/print.h"
#include "sys/calls.h"
#include "sys/fd.h"

struct run {
	struct option_list list;
	struct profile *profile;
	struct joined joined;
	struct sandbox sandbox;
	struct outcome outcome;
	const char *const *argv;
	int status_fd; /* -1: none; not owned */
	struct launch launch;
};

/* A descriptor number that is open for writing. */
static int parse_status_fd(const char *text, int *ret_fd, struct croft_error *err)
{
	uint64_t fd;
	int flags;

	if (num_parse(text, 0, 1048575, &fd) < 0)
		return fail(err, CROFT_STAGE_USAGE, 0, "--status-fd: '%s' is not a descriptor",
			    text);
	flags = sys_fcntl((int)fd, F_GETFL, 0);
	if (flags < 0)
		return fail(err, CROFT_STAGE_USAGE, -flags, "--status-fd %s", text);
	if ((flags & O_ACCMODE) == O_RDONLY)
		return fail(err, CROFT_STAGE_USAGE, 0, "--status-fd %s: it is not open for writing",
			    text);
	*ret_fd = (int)fd;
	return 0;
}

static int no_command(struct croft_error *err)
{
	int r = fail(err, CROFT_STAGE_USAGE, 0, "no command to run");

	fail_hint(err, "for example: croft run -- make");
	return r;
}

static int plan(struct run *run, struct croft_error *err)
{
	const struct host *host = NULL;
	int r = joined_profile(&run->joined, &run->list, &run->profile, err);

	if (r == 0)
		r = cli_command(run->profile, run->argv, &run->argv, err);
	if (r < 0)
		return r;
	if (!run->argv[0])
		return no_command(err);
	if (run->status_fd >= 0)
		run->profile->wants_supervisor = true;
	r = cli_raise_open_files(run->profile, &run->launch.nofile, &run->launch.restores_nofile,
				 err);
	if (r == 0)
		r = joined_host(&run->joined, run->profile, &host, err);
	if (r < 0)
		return r;
	r = sandbox_plan(run->profile, host, run->argv, (const char *const *)environ, &run->sandbox,
			 err);
	return r < 0 ? r : joined_open(&run->joined, run->sandbox.plan, &run->launch, err);
}

static void warn_of_absent(const struct plan *plan)
{
	AUTO_BUF struct buf line = BUF_INIT(8192);

	if (plan->profile->note)
		cli_warn(plan->profile->note);
	plan_warn(&line, plan);
	if (line.len)
		cli_warn(buf_text(&line));
}

static void warn_of_doubt(const struct sandbox *sandbox)
{
	if (sandbox->command.doubt.what[0])
		cli_warn_of(&sandbox->command.doubt);
}

/* The cleaner comes before what it cleans. */
static int start_cleaner(struct run *run, struct croft_error *err)
{
	const struct plan *plan = run->sandbox.plan;
	struct cgroup *group = &run->launch.group;
	int r = plan->wants_cgroup ? cgroup_choose(plan, group, err) : 0;

	if (r < 0 || (!plan->tmpdir && !plan->wants_cgroup))
		return r;
	return cleaner_start(plan->tmpdir, group->path[0] ? group->path : NULL,
			     &run->launch.cleaner, err);
}

/* Makes everything ready; on success only the start is left. */
static int prepare(struct run *run, struct croft_error *err)
{
	int r = plan_check(run->sandbox.plan, err);

	if (r == 0)
		r = room_check_proc(run->sandbox.plan, err);
	if (r == 0)
		r = sandbox_find_command(&run->sandbox, err);
	if (r == 0)
		r = start_cleaner(run, err);
	if (r == 0)
		r = launch_prepare(&run->launch, run->sandbox.plan, run->sandbox.facts, err);
	if (r < 0)
		return r;
	warn_of_absent(run->sandbox.plan);
	warn_of_doubt(&run->sandbox);
	return 0;
}

static int outcome_status(const struct outcome *outcome)
{
	if (outcome->timed_out)
		return EXIT_TIME_LIMIT;
	return WIFSIGNALED(outcome->status) ? 128 + WTERMSIG(outcome->status)
					    : WEXITSTATUS(outcome->status);
}

static int start(struct run *run, struct croft_error *err)
{
	int r = cli_ignore_sigpipe(&run->launch, err);

	if (r == 0)
		r = prepare(run, err);
	if (r < 0)
		return r;
	if (run->sandbox.plan->is_supervised)
		return supervise(&run->launch, &run->outcome, err);
	/* returns only if it failed */
	return child_run(&run->launch, err);
}

static int dry_run(struct run *run)
{
	struct croft_error err = { 0 };
	AUTO_BUF struct buf buf = BUF_INIT(TEXT_MAX);
	int status, not_found = sandbox_find_command(&run->sandbox, &err);

	if (options_has(&run->list, OPT_JSON))
		plan_print_json(&buf, run->sandbox.plan);
	else
		plan_print(&buf, run->sandbox.plan);
	status = cli_print(&buf);
	if (status)
		return status;
	if (run->sandbox.plan->profile->note)
		cli_warn(run->sandbox.plan->profile->note);
	if (not_found < 0 || plan_check(run->sandbox.plan, &err) < 0)
		return cli_fail(&err);
	warn_of_doubt(&run->sandbox);
	return 0;
}

/* What happened at croft's own hand is said, or the command's end would be a riddle. */
static void tell_outcome(const struct run *run)
{
	AUTO_BUF struct buf line = BUF_INIT(256), made = BUF_INIT(65536);
	size_t prefix;

	if (run->outcome.timed_out)
		buf_printf(&line, "the time limit of %llu ms was reached: the command was ended",
			   (unsigned long long)run->profile->time_ms);
	else if (run->outcome.n_oom_killed)
		buf_printf(&line,
			   "the memory limit of %llu bytes was reached: the kernel killed "
			   "%u processes",
			   (unsigned long long)run->profile->limits[LIMIT_MEMORY],
			   run->outcome.n_oom_killed);
	else if (run->outcome.n_killed)
		buf_printf(&line, "%u processes that the command left running were killed",
			   run->outcome.n_killed);
	if (line.len)
		cli_warn(buf_text(&line));
	buf_puts(&made, "made although denied: ");
	prefix = made.len;
	sandbox_tell_made(&made, &run->sandbox);
	if (made.len > prefix)
		cli_warn(buf_text(&made));
}

static int finish(struct run *run, int r, const struct croft_error *err)
{
	struct croft_error write_error = { 0 };
	int status = r < 0 ? cli_fail(err) : outcome_status(&run->outcome);

	if (r == 0)
		tell_outcome(run);
	if (run->status_fd < 0)
		return status;
	r = status_write(run->status_fd, run->sandbox.plan, &run->outcome, err, status);
	if (r == 0)
		return status;
	(void)fail(&write_error, CROFT_STAGE_SUPERVISE, -r, "write the status to descriptor %d",
		   run->status_fd);
	return cli_fail(&write_error);
}

static int run_command(struct run *run)
{
	struct croft_error err = { 0 };
	const char *status_fd = options_value(&run->list, OPT_STATUS_FD, NULL);
	int r;

	if (status_fd && parse_status_fd(status_fd, &run->status_fd, &err) < 0)
		return cli_fail(&err);
	if (options_has(&run->list, OPT_JSON) && !options_has(&run->list, OPT_DRY_RUN)) {
		(void)fail(&err, CROFT_STAGE_USAGE, 0, "--json goes with --dry-run");
		return cli_fail(&err);
	}
	r = plan(run, &err);
	if (r == 0 && options_has(&run->list, OPT_DRY_RUN))
		return dry_run(run);
	if (r == 0)
		r = start(run, &err);
	if (r < 0)
		joined_hint(&run->joined, &err);
	return finish(run, r, &err);
}

int cmd_run(int argc, char *const argv[])
{
	struct croft_error err = { 0 };
	struct run run;
	int status;

	/* not all of it: most is room for a filter */
	memset(&run, 0, offsetof(struct run, launch));
	launch_init(&run.launch);
	joined_init(&run.joined);
	run.status_fd = -1;
	if (options_parse(CMD_RUN, argc, argv, 1, &run.list, &err) < 0)
		return cli_fail(&err);
	run.argv = (const char *const *)(argv + run.list.next);
	if (options_has(&run.list, OPT_HELP))
		status = cli_help(&run.list, CMD_RUN);
	else
		status = run_command(&run);
	launch_done(&run.launch);
	joined_done(&run.joined);
	sandbox_done(&run.sandbox);
	profile_free(run.profile);
	options_done(&run.list);
	return status;
}
