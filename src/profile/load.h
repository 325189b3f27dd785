/* SPDX-License-Identifier: MIT */
/*
 * load.h - from a name or a file to a profile: extends, variables, origins.
 */
#ifndef CROFT_PROFILE_LOAD_H
#define CROFT_PROFILE_LOAD_H

#include "profile/document.h"
#include "profile/profile.h"
#include "profile/store.h"

#define LOAD_MAX_DEPTH 16 /* of extends */
#define LOAD_MAX_PROFILES 64 /* in one chain: each is applied once, where it is first met */
/* All documents of one profile: twice what ten files of the greatest size become. */
#define LOAD_MAX_BYTES (64U << 20)

/*
 * What the texts in profiles stand for; a pure input. project: the directory of the enclosing git
 * work tree, or NULL: then as workdir.
 */
struct load_place {
	const char *home, *workdir, *project; /* absolute, or NULL: what needs them is an error */
	const char *const *environ; /* XDG_* and the variables listed in environment.use; or NULL */
	/*
	 * The built-in profiles that grant everything may be loaded: the tree is a room, or nothing
	 * is started.
	 */
	bool is_for_room;
};

/*
 * Loads a profile into a new struct profile. `word` is what --profile takes: a name (looked up by
 * store_find), a file (with a '/', or ending in .yaml or .yml), or FILE:NAME. A file with
 * several profiles and no NAME: the one called "default", else an error that lists them.
 * Merging: each profile of `extends` from left to right, then the profile itself; lists are
 * appended, scalars replaced; one that is met again is not applied again. A cycle is an error
 * that names its members. Each grant has "FILE:LINE" or "profile NAME:LINE" as origin.
 */
int load_profile(const char *word, const struct load_place *place, struct profile **ret_profile,
		 struct croft_error *err);

/*
 * The same from a document that has been read already (a project's file): its profile called
 * `name` (NULL: the only one, or "default"). With `names_only`, `extends` may not name files: a
 * digest speaks for one file and not for what it leads to.
 */
int load_document(const struct document *document, const char *name, bool names_only,
		  const struct load_place *place, struct profile **ret_profile,
		  struct croft_error *err);

/*
 * The document that `word` (as of load_profile) leads to, and its profile that is meant. Both
 * live in `arena`, which has to be large enough for a document (LOAD_MAX_BYTES always is), or are
 * built in.
 */
int load_find(const char *word, const struct load_place *place, struct arena *arena,
	      const struct document **ret_document, const struct document_profile **ret_profile,
	      struct croft_error *err);

/*
 * Expands one path of a profile file: "~", "~/x", ".", relative to the working directory,
 * "${project}", "${home}", "${XDG_CACHE_HOME}" and the other four with the defaults of the XDG
 * Base Directory Specification, "${env:NAME}" where `profile` lists NAME; "$$" is a '$'.
 * "optional:" before it stays. The result is `text` itself where there is nothing to expand, else
 * it lives in the profile's arena. An unknown or unset variable is an error, in an optional path
 * too; so is a '..'.
 */
int load_expand(struct profile *profile, const struct load_place *place, const char *text,
		const char **ret_text, struct croft_error *err);

/*
 * Expands a value of environment.set: "${...}" and "$$" as above, all else is literal. The result
 * is `text` itself, or lives in the profile's arena.
 */
int load_expand_value(struct profile *profile, const struct load_place *place, const char *text,
		      const char **ret_text, struct croft_error *err);

#endif
