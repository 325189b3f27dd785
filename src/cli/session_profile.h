/* SPDX-License-Identifier: MIT */
/*
 * session_profile.h - the profile of a session, from the words that it was started with.
 *
 * The same words give the profile of `croft session start` and of each command that joins, read
 * anew in the session's directory: what has changed meanwhile counts, or is found by
 * session_compare.
 */
#ifndef CROFT_CLI_SESSION_PROFILE_H
#define CROFT_CLI_SESSION_PROFILE_H

#include "cli/options.h"
#include "launch/session.h"

/*
 * The profile that the options give, with what a session adds: /tmp is the session's own where
 * the profile wants a TMPDIR, for a directory on the host would outlive a holder that is killed.
 */
int session_profile(const struct option_list *list, struct profile **ret_profile,
		    struct croft_error *err);

/*
 * The options as words for session_start, NULL-terminated, in the arena; the name is left out.
 */
int session_words(const struct option_list *list, struct arena *arena,
		  const char *const **ret_words, struct croft_error *err);

/*
 * The profile of a command that joins: the session's words, read in the session's directory, then
 * those options of `list` that may stand beside --session (a command's own limits, variables,
 * directory: nothing that grants). Another option is an error of stage usage. The command starts
 * where the caller stands.
 */
int session_run_profile(const struct session *session, const struct option_list *list,
			struct profile **ret_profile, struct croft_error *err);

#endif
