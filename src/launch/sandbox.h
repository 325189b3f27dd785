/* SPDX-License-Identifier: MIT */
/*
 * sandbox.h - from a profile to a plan on this machine.
 *
 * The one place where the flow's first half is put together: ask the host, put names in the place
 * of patterns, open the paths, build the plan, find the command. The command line and the library
 * both come through here.
 */
#ifndef CROFT_LAUNCH_SANDBOX_H
#define CROFT_LAUNCH_SANDBOX_H

#include "base/err.h"
#include "launch/command.h"
#include "launch/denial_facts.h"
#include "launch/git_rule.h"
#include "launch/links.h"
#include "launch/tmpdir.h"
#include "plan/plan.h"

struct sandbox {
	/*
	 * owned: the caller's with what the command told, and names in the place of patterns; NULL:
	 * as given
	 */
	struct profile *profile;
	struct command command; /* when has_command */
	bool has_command;
	struct host host; /* what was asked of this machine, where no other was given */
	/* owned: one for each grant, then for each bound, then for entries beside denials */
	struct path_fact *facts;
	size_t n_facts;
	char **denied; /* owned: where denials lead; NULL entries: as they are written */
	size_t n_denied;
	struct denial_facts denials; /* looked up where the plan can use it */
	struct git_rule git_rule; /* with git: protect */
	struct links links; /* as these */
	struct plan *plan; /* owned */
	char tmpdir[TMPDIR_NAME_SIZE];
};

/* As argv of a plan that is only looked at: what any command would get. */
extern const char *const sandbox_any_command[];

/* Asks this machine, cheaply, what a plan of this profile may rest on. */
int sandbox_probe_host(const struct profile *profile, struct host *ret_host,
		       struct croft_error *err);

/*
 * profile   kept: must outlive the sandbox
 * host      NULL: this machine is asked, cheaply
 * argv      NULL: no command
 * envp   NULL-terminated; TMPDIR in it says where the fresh one is made
 *
 * Descriptors to keep must be open. Nothing is left behind on failure.
 */
int sandbox_plan(const struct profile *profile, const struct host *host, const char *const *argv,
		 const char *const *envp, struct sandbox *ret_sandbox, struct croft_error *err);
void sandbox_done(struct sandbox *sandbox);

/*
 * Finds the plan's command (launch/command.h) and writes it into the plan. Apart from
 * sandbox_plan, so that a plan can be printed whatever is wrong with the command; where the
 * profile asks for grants that only the command can tell, sandbox_plan has found it already.
 * sandbox->command.doubt then says what will go wrong after exec, if that can be foreseen.
 */
int sandbox_find_command(struct sandbox *sandbox, struct croft_error *err);

/*
 * At the end of a run: what has appeared among the denied names that could not be kept from being
 * made, and repositories that are new where git: protect is asked for. Nothing if there is none, or
 * the plan had no mounts.
 */
void sandbox_tell_made(struct buf *buf, const struct sandbox *sandbox);

#endif
