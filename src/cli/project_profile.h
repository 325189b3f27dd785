/* SPDX-License-Identifier: MIT */
/*
 * project_profile.h - the profile where --profile is not given.
 */
#ifndef CROFT_CLI_PROJECT_PROFILE_H
#define CROFT_CLI_PROJECT_PROFILE_H

#include "profile/load.h"
#include "profile/tighten.h"
#include "profile/trust.h"

/*
 * The profile of the project's file (PROJECT_FILE in place->project, else in place->workdir): as
 * it stands if the user has approved its exact content, else `default` with all taken away that
 * the file does not want too. No file: `default`. A file that is there and cannot be read, or is
 * wrong, is an error. A line for the user ("3 of its wishes ...") is left in
 * (*ret_profile)->note. place->project is what project_find gave, or NULL.
 */
int project_profile(const struct load_place *place, struct profile **ret_profile,
		    struct croft_error *err);

/* A project's file, read once: what is approved, and what is parsed, are the same bytes. */
struct project_file {
	const char *path; /* absolute, in the arena */
	char digest[TRUST_DIGEST_SIZE];
	struct arena arena;
	struct document document;
};

/* Where a place's file is or would be, in the arena; NULL where there is no directory. */
const char *project_file_path(const struct load_place *place, struct arena *arena);
/*
 * Reads and checks a file. Only a regular file by that very name: -ELOOP for a symbolic link.
 * -ENOENT: there is none, and nothing is said. Else errors as of store_read and document_read.
 */
int project_file_read(const char *path, struct project_file *ret_file, struct croft_error *err);
void project_file_done(struct project_file *file);

/*
 * As profile_beyond, paths included: those that lead, links followed, to where `profile` grants
 * less. An optional path that is not there is no wish.
 */
void project_beyond(const struct profile *profile, const struct profile *bound, tighten_fn each,
		    void *context);

#endif
