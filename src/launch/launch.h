/* SPDX-License-Identifier: MIT */
/*
 * launch.h - doing what a plan says.
 *
 * launch_prepare makes in the parent what can be made there (ruleset, filter,
 * TMPDIR); child_run is the ordered stages, in this process or in a child that
 * borrows its memory; launch_start makes such a child, and where the plan has a pid
 * namespace the process in between and the namespace's init, too.
 */
#ifndef CROFT_LAUNCH_LAUNCH_H
#define CROFT_LAUNCH_LAUNCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/err.h"
#include "enforce/bpf.h"
#include "enforce/cgroup.h"
#include "enforce/namespaces.h"
#include "launch/init.h"
#include "plan/plan.h"

struct pty;

/* Everything a launch needs, ready; plain data and descriptors, nothing to allocate later. */
struct join;

struct launch {
	const struct plan *plan; /* not owned */
	int ruleset; /* owned; -1: none */
	int report; /* write end of the error pipe; -1: in place */
	size_t n_filter; /* 0: none */
	uint64_t signal_mask; /* what the command starts with */
	bool restores_signals; /* a child: caught signals back to default, mask as above */
	bool dies_with_parent; /* the parent's end kills the command (supervised command line) */
	pid_t parent; /* for dies_with_parent */
	/* its pidfd, not owned, where the command cannot see its number; -1: it can */
	int parent_watch;
	const struct join *join; /* not owned: what is joined in place of being made; NULL: none */
	struct namespaces namespaces; /* to be made; none: nothing in it is wanted */
	struct init init; /* of the pid namespace; the caller's to end (launch_start) */
	/*
	 * The command's control group; chosen by the caller or by launch_prepare, which makes it;
	 * the caller's to remove: cgroup_remove
	 */
	struct cgroup group;
	const struct pty *pty; /* the command's own terminal; NULL: as it is. Not owned */
	pid_t cleaner; /* of the TMPDIR and the group, spared when the rest is killed; 0: none */
	bool restores_nofile; /* croft raised its own soft limit; the command gets the old one */
	struct rlimit nofile;
	bool ignores_sigchld; /* croft's caller did, croft itself cannot: the command shall again */
	bool defaults_sigpipe; /* croft ignores it, its caller did not; the command shall not */
	bool made_tmpdir;
	struct sock_filter
		filter[BPF_MAX_FILTER]; /* last, and only its first n_filter are ever written */
};

/* An empty launch: to be called first, on memory of any content. */
void launch_init(struct launch *launch);

/*
 * Builds the filter and the ruleset, makes the TMPDIR. `facts` hold the descriptors that the
 * plan was made from. On failure nothing is left behind; fields that the caller has set stay.
 * Refuses (-EOPNOTSUPP) a plan whose required protections are not all enforced.
 */
int launch_prepare(struct launch *launch, const struct plan *plan, const struct path_fact *facts,
		   struct croft_error *err);
/* Closes what launch_prepare opened; what is left: init_end, cgroup_remove, tmpdir_remove. */
void launch_done(struct launch *launch);

/* True if what is launched gets a pid namespace with an init of its own. */
static inline bool launch_has_init(const struct launch *launch)
{
	return launch->namespaces.wanted & 1U << HOST_NS_PID;
}

/*
 * The stages, then exec. Returns only on failure, with the stage in err; the
 * calling process is then half confined and good for nothing but saying so.
 */
int child_run(const struct launch *launch, struct croft_error *err);
/*
 * Descriptors that the profile does not keep are marked to be closed at exec. With a pid namespace
 * the process in between does it, before it joins or makes any, and the child has its marks: the
 * /proc of a session is the holder's, and has no /proc/self for a child in another pid namespace.
 */
int child_mark_descriptors(const struct launch *launch, struct croft_error *err);
/*
 * For the process that makes the namespaces of a child: all but that of cgroups, which comes after
 * the group is entered, by the child itself.
 */
int child_enter_namespaces(const struct launch *launch, struct croft_error *err);
/* The stages that croft_confine takes: limits, privileges, Landlock, filter. */
int child_confine(const struct launch *launch, struct croft_error *err);

/*
 * Makes the child and waits until it executes: *ret_pid, and *ret_pidfd (-1 on kernels before
 * 5.2). A stage that failed there is described in err here, and the child is reaped. All
 * signals are blocked meanwhile. The command starts with the caller's signal mask, or with
 * launch->signal_mask if the caller has set restores_signals.
 *
 * With a pid namespace launch->init is the caller's on success: init_end, after the command was
 * waited for. Its end, and that of the process in between, give no SIGCHLD, and no wait that
 * names neither them nor __WALL sees them.
 */
int launch_start(struct launch *launch, pid_t *ret_pid, int *ret_pidfd, struct croft_error *err);

#endif
