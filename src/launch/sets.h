/* SPDX-License-Identifier: MIT */
/*
 * sets.h - the named sets of a profile (profile/sets.h), as grants on this machine.
 */
#ifndef CROFT_LAUNCH_SETS_H
#define CROFT_LAUNCH_SETS_H

#include "base/err.h"
#include "elf/closure.h"
#include "profile/profile.h"

/* Far above what a distribution brings. Limits on the lookup: see globs.h. */
#define SETS_MAX_MATCHES 4096 /* of one set */

/*
 * Adds what the sets that the profile wants are on this machine, in the order of the tables and
 * of names: files and directories under "--with NAME", and what their modules need in addition
 * to what `closure` has already (which grows by it; what was in it before is not granted
 * here). Modules for another machine than the first program of the closure are left out; so is
 * what does not exist or may not be listed. Troubles of modules are added to
 * the closure's, and are none of the program's.
 * An empty closure (no command): only what the tables name.
 */
int sets_grant(struct profile *profile, struct closure *closure, const struct closure_input *input,
	       struct croft_error *err);

#endif
