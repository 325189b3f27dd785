/* SPDX-License-Identifier: MIT */
/*
 * git_rule.h - git: protect, as denials of a profile (docs/design/git-rule.md).
 */
#ifndef CROFT_LAUNCH_GIT_RULE_H
#define CROFT_LAUNCH_GIT_RULE_H

#include "base/buf.h"
#include "base/err.h"
#include "launch/denial_facts.h"
#include "profile/profile.h"

struct git_rule {
	size_t n_own; /* denials of the profile that are not this rule's */
	char **repositories; /* owned: those that were found, for git_rule_tell_made */
	size_t n_repositories;
	bool is_looked_up;
};

/*
 * Adds what the rule comes to without anything being looked up, so that a plan shows whether it is
 * reached: hooks and settings of the project's own repository. `profile` is the caller's own to
 * change (deps_copy_profile).
 */
int git_rule_begin(struct git_rule *rule, struct profile *profile, struct croft_error *err);

/*
 * Puts what is found (host/git.h) in their place: in the trees that `grants`, one for each of the
 * profile, let be changed. profile->note tells of a repository that lies outside of them.
 */
int git_rule_look_up(struct git_rule *rule, struct profile *profile,
		     const struct path_facts *grants, struct croft_error *err);

/* Repositories that have appeared since: "'a', 'b' and 3 more"; nothing if there is none. */
void git_rule_tell_made(struct buf *buf, const struct git_rule *rule, const struct profile *profile,
			const struct path_facts *grants);

void git_rule_done(struct git_rule *rule);

#endif
