/* SPDX-License-Identifier: MIT */
/*
 * launch.c - what the parent makes ready: filter, ruleset, TMPDIR.
 *
 * All of it is done before a process is made, where memory may be allocated and
 * failures can be told in full. What is left for the child is a handful of system calls.
 */
#include "launch/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "enforce/landlock.h"
#include "launch/tmpdir.h"
#include "sys/calls.h"
#include "sys/fd.h"

/*
 * After Landlock is applied one open of "/" must be refused; that proves something only if
 * it is allowed before.
 */
static bool can_open_root(void)
{
	AUTO_FD int fd = sys_openat(AT_FDCWD, "/", O_RDONLY | O_DIRECTORY, 0);

	return fd >= 0;
}

/* Where no open can prove that Landlock enforces, it is acted out in a child first. */
static int check_enforcement(const struct plan *plan, struct croft_error *err)
{
	struct host host = plan->host;
	int r;

	if (!plan->handled_fs || host.landlock.enforces == HOST_YES ||
	    (plan->can_verify && can_open_root()))
		return 0;
	r = host_probe_enforcement(&host, err);
	if (r < 0)
		return r;
	/* who can open nothing at all, in a sandbox already, has nothing to try it on */
	if (host.landlock.enforces == HOST_UNKNOWN && plan->can_verify)
		return 0;
	if (host.landlock.enforces != HOST_YES) {
		(void)fail(err, CROFT_STAGE_HOST, 0,
			   "this kernel takes Landlock rules and does not enforce them");
		return -EOPNOTSUPP;
	}
	return 0;
}

static int add_tmpdir(struct launch *launch, struct croft_error *err)
{
	const struct plan *plan = launch->plan;
	AUTO_FD int fd = -1;
	int r;

	if (!plan->tmpdir)
		return 0;
	r = tmpdir_make(plan->tmpdir, &fd, err);
	if (r < 0)
		return r;
	launch->made_tmpdir = true;
	if (launch->ruleset < 0 || !plan->tmpdir_access)
		return 0;
	return ruleset_add_directory(launch->ruleset, fd, plan->tmpdir_access, plan->tmpdir, err);
}

/*
 * A directory that the command gets open leads to the host's own tree, past every mount; Landlock
 * judges what is reached by it, where there is one.
 */
static int check_handle(int fd, struct croft_error *err)
{
	struct stat st;

	/* what is not open is the stages' to refuse */
	if (sys_fstatat(fd, "", &st, AT_EMPTY_PATH) < 0 || !S_ISDIR(st.st_mode))
		return 0;
	(void)fail(
		err, CROFT_STAGE_DESCRIPTORS, 0,
		"descriptor %d is a directory of the host: without Landlock all that is in it could "
		"be reached",
		fd);
	fail_hint(err, "close it, or let it be another: %d</dev/null", fd);
	return -EOPNOTSUPP;
}

static int check_handles(const struct plan *plan, struct croft_error *err)
{
	const struct profile *profile = plan->profile;
	int r = 0;

	if (!plan->has_tree || plan->handled_fs)
		return 0;
	for (int fd = 0; fd < 3 && r == 0; fd++)
		r = check_handle(fd, err);
	for (size_t i = 0; i < profile->n_keep_fds && r == 0; i++)
		r = check_handle(profile->keep_fds[i], err);
	return r;
}

static int make_group(struct launch *launch, struct croft_error *err)
{
	int r = 0;

	if (!launch->plan->wants_cgroup)
		return 0;
	if (!launch->group.path[0])
		r = cgroup_choose(launch->plan, &launch->group, err);
	return r < 0 ? r : cgroup_make(&launch->group, err);
}

void launch_init(struct launch *launch)
{
	/* not the filter: what is not built is not read */
	memset(launch, 0, offsetof(struct launch, filter));
	launch->ruleset = -1;
	launch->parent_watch = -1;
	launch->report = -1;
	cgroup_init(&launch->group);
	init_none(&launch->init);
}

int launch_prepare(struct launch *launch, const struct plan *plan, const struct path_fact *facts,
		   struct croft_error *err)
{
	int r = plan_check(plan, err);

	launch->plan = plan;
	if (r == 0)
		r = check_enforcement(plan, err);
	if (r == 0)
		r = check_handles(plan, err);
	if (r == 0)
		r = namespaces_prepare(plan, &launch->namespaces, err);
	if (r == 0 && !plan->syscalls.is_off) {
		r = filter_build(&plan->syscalls, launch->filter, err);
		launch->n_filter = r < 0 ? 0 : (size_t)r;
	}
	if (r >= 0)
		r = ruleset_build(plan, facts, &launch->ruleset, err);
	if (r >= 0)
		r = add_tmpdir(launch, err);
	if (r >= 0)
		r = make_group(launch, err);
	if (r < 0) {
		if (launch->made_tmpdir)
			(void)tmpdir_remove(plan->tmpdir);
		launch->made_tmpdir = false;
		launch_done(launch);
	}
	return r;
}

void launch_done(struct launch *launch)
{
	fd_close(&launch->ruleset);
	fd_close(&launch->report);
	cgroup_done(&launch->group);
}
