/* SPDX-License-Identifier: MIT */
/*
 * tighten.h - a profile, and a second one that may only take from it.
 */
#ifndef CROFT_PROFILE_TIGHTEN_H
#define CROFT_PROFILE_TIGHTEN_H

#include "profile/profile.h"

/*
 * Leaves in `profile` only what `bound` wants as well: ports, variables, descriptors, sets,
 * groups of system calls; the smaller limit and time; the stronger requirement; denials of both.
 * Grants of paths cannot be compared as texts (a symbolic link in the project may lead anywhere):
 * they are kept side by side (profile->bounds) and intersected by the plan, on what they
 * resolve to. Grants that are added to the profile afterwards (the user's options, a
 * closure) are not bound. Values of variables, the command and the working directory are never
 * taken from `bound`. `bound` may be freed afterwards. A profile is bound once. On an error
 * `profile` is of no more use.
 */
int profile_tighten(struct profile *profile, const struct profile *bound, struct croft_error *err);

/*
 * Calls `each` for every wish of `bound` that `profile` does not have, paths aside: the schema's
 * key ("network.connect") and the value as one would write it ("udp:53"). Made for people: what
 * profile_tighten leaves out, in their words.
 */
typedef void (*tighten_fn)(void *context, const char *key, const char *value);
void profile_beyond(const struct profile *profile, const struct profile *bound, tighten_fn each,
		    void *context);

#endif
