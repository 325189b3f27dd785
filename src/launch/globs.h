/* SPDX-License-Identifier: MIT */
/*
 * globs.h - patterns looked up on this machine.
 */
#ifndef CROFT_LAUNCH_GLOBS_H
#define CROFT_LAUNCH_GLOBS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "plan/plan.h"
#include "profile/profile.h"

/* Limits on what a lookup may take: far above what a person means by a pattern. */
#define GLOBS_MAX_NAMES 16384 /* of one directory that are looked at */
/*
 * for all patterns of a start together, some 3 us each: a project may bring thousands of patterns
 */
#define GLOBS_MAX_ALL_NAMES 262144
#define GLOBS_MAX_DEPTH 16 /* directories that a "**" of a profile goes down */
#define GLOBS_MAX_TABLE_DEPTH 8 /* and of a table: what is deeper is left out */

/*
 * One pattern: absolute, '*' within components, "**" as a component (pattern.h). Names come in
 * order. A '*' does not stand for a dot at the start of a name, and "**" enters no directory
 * whose name starts with one.
 *
 * is_table   a row of a table of croft's own (profile/sets.h), for directories that root owns:
 *            links are followed where '*' stands for them; "**" stands for what files are in,
 *            passes over "__pycache__", and ends quietly at its greatest depth.
 * else       the names may have been chosen by an enemy: behind the first '*' no symbolic link is
 *            followed, none is found; what is found exists.
 */
struct glob {
	const char *pattern;
	bool is_table;
	const char *what; /* for messages: who looks it up */
	struct arena *arena; /* for names while they are looked up */
	/* A path that fits. Not 0 ends the lookup and is its result. */
	int (*found)(void *context, const char *path);
	void *context;
	struct croft_error *err;
	size_t n_names; /* looked at so far, for patterns before this one too */
};

/*
 * Calls `found` for what fits. 0, what `found` answered, or -EFBIG (too many names, too deep),
 * -EMFILE, -ENFILE, -ENOMEM, described in err. What this user may not see is not found.
 */
int glob_look_up(struct glob *glob);

/* True if grants or bounds of the profile are patterns. */
bool globs_are_wanted(const struct profile *profile);
/*
 * Puts names in the place of the patterns among the profile's grants and bounds, which must be
 * its own to change (deps_copy_profile). Each has the kinds, rights and origin of its
 * pattern. *ret_patterns, in the profile's arena, tells the patterns and what became of them.
 * A pattern that nothing fits is an error (-ENOENT) unless it is optional.
 */
int globs_expand(struct profile *profile, const struct plan_pattern **ret_patterns, size_t *ret_n,
		 struct croft_error *err);

#endif
