/* SPDX-License-Identifier: MIT */
/*
 * deps.h - from what a command needs to start to grants (--with-deps, --with).
 */
#ifndef CROFT_LAUNCH_DEPS_H
#define CROFT_LAUNCH_DEPS_H

#include "base/err.h"
#include "launch/command.h"
#include "profile/profile.h"

/* True if the profile asks for grants that only the command can tell. */
bool deps_are_wanted(const struct profile *profile);

/*
 * Finds the command argv[0] as it will be found inside, and adds to `profile` what it wants of
 * it. With wants_deps: execute for the program, the scripts and interpreters before it and the
 * ELF loader; read for libraries and for what the loader reads. Named sets: see sets.h.
 * The PATH, LD_LIBRARY_PATH and LD_PRELOAD that count are those that the profile passes.
 * *ret_command is what was found, the caller's to free with command_done.
 * Returns -ENOENT, -EACCES, ... (stage exec) with the one cause where it cannot start.
 */
int deps_grant(struct profile *profile, const char *const *argv, const char *const *environ,
	       struct command *ret_command, struct croft_error *err);

/* Without a command: the named sets alone. -EINVAL for wants_deps, which needs one. */
int deps_grant_sets(struct profile *profile, struct croft_error *err);

/*
 * A profile of its own with the same content, for additions: texts stay the original's, which
 * must outlive it. Freed by profile_free. -ENOMEM.
 */
int deps_copy_profile(const struct profile *profile, struct profile **ret_copy,
		      struct croft_error *err);

#endif
