/* SPDX-License-Identifier: MIT */
/*
 * tighten_parts.h - between tighten.c and beyond.c: what a profile lets through; not for others.
 *
 * A thing is let through that stands in the profile's list, and everything of its kind where the
 * protection is off.
 */
#ifndef CROFT_PROFILE_TIGHTEN_PARTS_H
#define CROFT_PROFILE_TIGHTEN_PARTS_H

#include "profile/profile.h"

bool tighten_is_off(const struct profile *profile, enum protection protection);
bool tighten_is_filter_off(const struct profile *profile);
bool tighten_wants_port(const struct profile *profile, const struct port_grant *port);
bool tighten_wants_fd(const struct profile *profile, int fd);
/*
 * The caller's variables of that name, or for "A*" all that begin so, are passed on. That of a
 * prefix some are no secrets by their names is not enough for it.
 */
bool tighten_passes(const struct profile *profile, const char *name);

#endif
