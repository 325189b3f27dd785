/* SPDX-License-Identifier: MIT */
/*
 * child.c - the ordered stages, from a prepared launch to execve.
 *
 * child-path: no allocation
 *
 * In place (exec tier) this runs in croft's own process. In a child it runs on
 * memory borrowed from the parent (CLONE_VM | CLONE_VFORK): no allocation, no
 * stdio, no locks, no return from the child's function, nothing written but the
 * stack and the error. A failure travels as a plain struct through a pipe that
 * exec closes, and the parent words it.
 *
 * The order, and why:
 *
 *   signals       first: from here on a signal does what the command expects
 *   descriptors   before the tree, and with a pid namespace by the process in between (start.c):
 *                 the fallback reads /proc/self/fd; marking is not closing
 *   namespaces    before everything that is meant for them. With a pid namespace they are made by
 *                 the process in between (start.c), and here it is seen that this is inside
 *   mounts        the tree: from here on nothing outside of it can be named
 *   terminal      a pseudo terminal of its own: in the new tree, where it has a name
 *   limits        before privileges: raising a hard limit may need one
 *   workdir       in the new tree, by name; before Landlock, as whoever started croft
 *   privileges    no_new_privs is what the next two need
 *   landlock      after everything that opens a path, before any thread
 *   seccomp       last: it may refuse what the stages before it do
 *   open files    the one limit that would disturb the stages above
 *   exec
 */
#include <errno.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/cleanup.h"
#include "enforce/cgroup.h"
#include "enforce/join.h"
#include "enforce/landlock.h"
#include "enforce/mounts.h"
#include "enforce/namespaces.h"
#include "enforce/process.h"
#include "enforce/seccomp.h"
#include "launch/launch.h"
#include "launch/pty.h"
#include "launch/refused.h"
#include "sys/calls.h"

#define FIRST_COMMAND 2 /* its number in a new pid namespace: init has the first */

/*
 * Caught signals become default: a handler must not run in memory that belongs to
 * the parent. Needs: all signals blocked by the parent.
 */
static int reset_signals(bool ignores_sigchld, struct croft_error *err)
{
	const struct sys_sigaction plain = { .handler = SIG_DFL }, ignore = { .handler = SIG_IGN };

	for (int sig = 1; sig <= 64; sig++) {
		struct sys_sigaction old;
		int r = sys_sigaction(sig, NULL, &old);

		if (r == 0 && old.handler != SIG_DFL && old.handler != SIG_IGN)
			r = sys_sigaction(sig, &plain, NULL);
		/*
		 * two numbers belong to the C library and may be refused; nobody can have
		 * caught them
		 */
		if (r < 0 && r != -EINVAL)
			return fail(err, CROFT_STAGE_START, -r, "reset signal %d", sig);
	}
	if (ignores_sigchld) {
		int r = sys_sigaction(SIGCHLD, &ignore, NULL);

		if (r < 0)
			return fail(err, CROFT_STAGE_START, -r, "ignore SIGCHLD again");
	}
	return 0;
}

/* croft ignored it for its own messages. Needs: nothing more to be written but a failure. */
static int reset_sigpipe(struct croft_error *err)
{
	const struct sys_sigaction plain = { .handler = SIG_DFL };
	int r = sys_sigaction(SIGPIPE, &plain, NULL);

	return r < 0 ? fail(err, CROFT_STAGE_START, -r, "stop ignoring SIGPIPE") : 0;
}

static bool has_parent_ended(const struct launch *launch)
{
	struct pollfd poll = { .fd = launch->parent_watch, .events = POLLIN };

	/* in a joined pid namespace every process outside is number 0 */
	return launch->parent_watch < 0 ? sys_getppid() != launch->parent
					: sys_ppoll(&poll, 1, 0) != 0;
}

/*
 * Needs: nothing. The parent could have died before PR_SET_PDEATHSIG was set: then nobody will
 * kill us. In a pid namespace its init ends everything, and no parent can be seen.
 */
static int tie_to_parent(const struct launch *launch, struct croft_error *err)
{
	int r;

	if (!launch->dies_with_parent || launch_has_init(launch))
		return 0;
	r = sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (r < 0)
		return fail(err, CROFT_STAGE_START, -r, "tie the command to croft's life");
	if (has_parent_ended(launch))
		return fail(err, CROFT_STAGE_START, ESRCH,
			    "croft ended before the command started");
	return 0;
}

static int enter_workdir(const char *workdir, struct croft_error *err)
{
	char cwd[16];
	ssize_t n;
	int r;

	if (!workdir)
		return 0;
	r = sys_chdir(workdir);
	if (r < 0)
		return fail(err, CROFT_STAGE_WORKDIR, -r, "change to the directory '%s'", workdir);
	/*
	 * a directory outside the root is named "(unreachable)...": ERANGE says it is longer,
	 * which is fine
	 */
	n = sys_getcwd(cwd, sizeof(cwd));
	if ((n < 0 && n != -ERANGE) || (n > 0 && cwd[0] != '/'))
		return fail(err, CROFT_STAGE_WORKDIR, n < 0 ? (int)-n : ENOENT,
			    "find the directory '%s' again", workdir);
	return 0;
}

int child_mark_descriptors(const struct launch *launch, struct croft_error *err)
{
	const struct profile *profile = launch->plan->profile;

	if (profile->require[PROTECT_DESCRIPTORS] == REQUIRE_OFF)
		return 0;
	return descriptors_apply(profile->keep_fds, profile->n_keep_fds, err);
}

/* Those of `kinds` that the launch wants. */
static int make_namespaces(const struct launch *launch, unsigned kinds, struct croft_error *err)
{
	struct namespaces part = launch->namespaces;

	part.wanted &= kinds;
	return namespaces_enter(&part, err);
}

int child_enter_namespaces(const struct launch *launch, struct croft_error *err)
{
	if (launch->join)
		return join_enter(launch->join, err);
	return make_namespaces(launch, ~(1U << HOST_NS_CGROUP), err);
}

/*
 * The cgroup comes before its namespace, whose root it is to be; and it is entered here, not by the
 * process in between, from which init would have it: who is killed there for lack of memory takes
 * along the launcher, whose memory it shares.
 *
 * Needs: with a pid namespace, to be its second process.
 */
static int enter_namespaces(const struct launch *launch, struct croft_error *err)
{
	int r = cgroup_enter(&launch->group, err);

	if (r < 0)
		return r;
	if (launch_has_init(launch) && sys_getpid() != FIRST_COMMAND) {
		(void)fail(err, CROFT_STAGE_NAMESPACES, 0,
			   "the kernel took the flag and made no pid namespace");
		return -EOPNOTSUPP;
	}
	if (!launch_has_init(launch))
		r = child_enter_namespaces(launch, err);
	if (r < 0 || launch->join)
		return r;
	return make_namespaces(launch, 1U << HOST_NS_CGROUP, err);
}

/* Needs: the namespaces, and the capabilities in them. */
static int enter_tree(const struct launch *launch, struct croft_error *err)
{
	if (launch->plan->tier != TIER_NAMESPACES)
		return 0;
	if (launch->join)
		return join_mounts(launch->join, launch->plan, launch->ruleset, err);
	return mounts_apply(launch->plan, launch->ruleset, err);
}

static int confine(const struct launch *launch, struct croft_error *err)
{
	const struct plan *plan = launch->plan;
	bool drops = plan->profile->require[PROTECT_PRIVILEGES] != REQUIRE_OFF;
	int r = privileges_apply(drops, err);

	/* whatever it may keep: init shares the memory of the process that launches (init.c) */
	if (r == 0 && !drops && launch_has_init(launch))
		r = privileges_drop_one(CAP_SYS_PTRACE, err);
	/* a change of credentials may have cleared it (prctl(2)) */
	if (r == 0)
		r = tie_to_parent(launch, err);
	if (r < 0)
		return r;
	r = landlock_apply(launch->ruleset, plan->restrict_flags, plan->can_verify, err);
	if (r < 0)
		return r;
	return seccomp_apply(launch->filter, launch->n_filter, err);
}

int child_confine(const struct launch *launch, struct croft_error *err)
{
	int r = limits_apply(launch->plan->profile, launch->plan->cgroup_controllers, err);

	if (r < 0)
		return r;
	r = confine(launch, err);
	if (r < 0)
		return r;
	return limits_apply_open_files(launch->plan->profile, err);
}

static int finish(const struct launch *launch, struct croft_error *err)
{
	int r;

	if (launch->restores_nofile) {
		r = sys_prlimit(RLIMIT_NOFILE, &launch->nofile, NULL);
		if (r < 0)
			return fail(err, CROFT_STAGE_LIMITS, -r,
				    "give the command its limit on open files back");
	}
	r = limits_apply_open_files(launch->plan->profile, err);
	if (r < 0)
		return r;
	if (launch->restores_signals) {
		r = sys_sigprocmask(SIG_SETMASK, &launch->signal_mask, NULL);
		if (r < 0)
			return fail(err, CROFT_STAGE_START, -r, "restore the signal mask");
	}
	r = sys_execve(launch->plan->command.path,
		       (char *const *)(uintptr_t)launch->plan->command.argv,
		       (char *const *)(uintptr_t)launch->plan->command.envp);
	return refused_say(launch, -r, err);
}

int child_run(const struct launch *launch, struct croft_error *err)
{
	const struct plan *plan = launch->plan;
	int r = 0;

	if (launch->restores_signals)
		r = reset_signals(launch->ignores_sigchld, err);
	if (r == 0 && launch->defaults_sigpipe)
		r = reset_sigpipe(err);
	if (r == 0)
		r = tie_to_parent(launch, err);
	if (r == 0 && !launch_has_init(launch))
		r = child_mark_descriptors(launch, err);
	if (r == 0)
		r = enter_namespaces(launch, err);
	if (r == 0)
		r = enter_tree(launch, err);
	if (r == 0 && launch->pty)
		r = pty_attach(launch->pty, err);
	if (r == 0)
		r = limits_apply(plan->profile, plan->cgroup_controllers, err);
	if (r == 0)
		r = enter_workdir(plan->workdir, err);
	if (r == 0)
		r = confine(launch, err);
	if (r == 0)
		r = finish(launch, err);
	return r;
}
