/* SPDX-License-Identifier: MIT */
/*
 * env.h - which variables the command will see.
 */
#ifndef CROFT_PLAN_ENV_H
#define CROFT_PLAN_ENV_H

#include <stdbool.h>

#include "profile/profile.h"

/* True if the profile lets the caller's variable of this name through. */
bool env_passes(const struct profile *profile, const char *name);
/* The value the command will see for `name`, or NULL. Points into environ or the profile. */
const char *env_value(const struct profile *profile, const char *const *environ, const char *name);

#endif
