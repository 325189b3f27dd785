/* SPDX-License-Identifier: MIT */
/*
 * check.h - the weak points of a profile on this machine, found by looking.
 *
 *	word ─► file ─► its profiles ─► for each: grants looked at, a plan ─► finders ─► findings
 *
 * Nothing is executed and nothing changed. Granted trees may be an enemy's: of each, a bounded
 * number of names is looked at, two levels deep, and no link is followed but to ask where it
 * leads.
 */
#ifndef CROFT_CHECK_CHECK_H
#define CROFT_CHECK_CHECK_H

#include "base/err.h"
#include "check/finding.h"
#include "host/host.h"
#include "profile/document.h"
#include "profile/load.h"
#include "profile/profile.h"

struct check_input {
	const struct profile *profile;
	const char *name; /* of the profile, for messages */
	/* the file that it stands in, for lines of keys; NULL: none is known */
	const struct document *document;
	const struct host *host;
	const char *const *environ; /* the caller's, NULL-terminated */
};

/*
 * Adds what is found. -ENOMEM, -EMFILE and the like with an error (stage check): then
 * something was not looked at.
 */
int check_profile(const struct check_input *input, struct findings *findings,
		  struct croft_error *err);

/*
 * The same for all profiles of what `word` names: a file, FILE:NAME (that one alone), or a name as
 * of --profile. What is wrong with the file is a finding, not an error. *ret_file is
 * what messages call it, in the findings' arena; *ret_n_profiles how many it holds.
 */
int check_word(const char *word, const struct load_place *place, const struct host *host,
	       struct findings *findings, const char **ret_file, size_t *ret_n_profiles,
	       struct croft_error *err);

#endif
