/* SPDX-License-Identifier: MIT */
/*
 * parts.h - between the files of this folder: the doors (add.c, choose.c), the loader (load.c,
 * entries.c, expand.c) and the life of a profile (profile.c); not for others.
 */
#ifndef CROFT_PROFILE_PARTS_H
#define CROFT_PROFILE_PARTS_H

#include "profile/load.h"
#include "profile/profile.h"

/*
 * Room for one more in *array, which lives in the profile's arena: 0, or an error that says there
 * are more than `max` of `what` ("grant") or that memory is out.
 */
int profile_room(struct profile *profile, void **array, size_t n, size_t *capacity, size_t size,
		 size_t max, const char *what, struct croft_error *err);

/*
 * Index of a word in a table, or -EINVAL and "there is no <what> '<word>'", with the nearest
 * word, or all of them where none is near.
 */
int profile_find_word(const struct name *table, size_t n, const char *what, const char *word,
		      struct croft_error *err);

/* True if one of the path's components is "..". */
bool profile_has_dotdot(const char *path);

/* A profile that holds nothing yet; the texts are copied. `place` as of load_profile. */
int profile_start(const char *name, const struct load_place *place, struct profile **ret_profile,
		  struct croft_error *err);
/* After the last file: what depends on all that was said. */
void profile_finish(struct profile *profile);

/* True if the text, "optional:" before it or not, stands for something below a home. */
bool expand_needs_home(const struct load_place *place, const char *text);
/*
 * As load_expand for a text of version 1: a leading "~/" is the home, a path may be relative, and
 * all else is literal.
 */
int expand_version1(struct profile *profile, const struct load_place *place, const char *text,
		    bool is_path, const char **ret_text, struct croft_error *err);

/*
 * Puts what one profile of a document says through the doors, `extends` aside. Errors begin with
 * the place in the document.
 */
int entries_apply(struct profile *profile, const struct load_place *place,
		  const struct document *document, const struct document_profile *from,
		  bool is_builtin, struct croft_error *err);
/* Puts "source:line:column: key: " before the failure that err describes; returns r. */
int entries_blame(const struct document *document, const struct entry *entry, int r,
		  struct croft_error *err);

#endif
