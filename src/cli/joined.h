/* SPDX-License-Identifier: MIT */
/*
 * joined.h - what --session and --join-fd make of a run.
 */
#ifndef CROFT_CLI_JOINED_H
#define CROFT_CLI_JOINED_H

#include "cli/options.h"
#include "launch/launch.h"
#include "launch/session.h"

/* Empty (joined_init) where the run joins nothing. */
struct joined {
	bool has_session;
	struct session session; /* owned, when has_session */
	struct join join; /* owned: the session's namespaces, for the launch */
	struct host host; /* when has_session: this machine, with the session's answers */
	bool has_pid; /* a pid namespace was joined by descriptor */
	int watch; /* owned: croft's own pidfd then; -1: none */
};

void joined_init(struct joined *joined);
void joined_done(struct joined *joined);

/*
 * The profile of a run: cli_profile, or with --session the session's. With --join-fd the
 * namespaces of the descriptors are entered then, in this very process, so that all that is
 * looked at afterwards is looked at in there.
 */
int joined_profile(struct joined *joined, const struct option_list *list,
		   struct profile **ret_profile, struct croft_error *err);

/*
 * The host for the plan: NULL, which has it asked, or with a session what is asked without a child,
 * and of namespaces and mounts what the session was told. Valid as long as *joined.
 */
int joined_host(struct joined *joined, const struct profile *profile, const struct host **ret_host,
		struct croft_error *err);

/*
 * Makes the launch ready for what is joined, with a session its namespaces, and says in the plan's
 * rows what other commands of the session share. -ESTALE if the plan is not for the session's
 * tree.
 */
int joined_open(struct joined *joined, struct plan *plan, struct launch *launch,
		struct croft_error *err);

/* Adds what would mend it, where the command's directory is not in the joined tree. */
void joined_hint(const struct joined *joined, struct croft_error *err);

#endif
