/* SPDX-License-Identifier: MIT */
/*
 * denial_parts.h - what denial_facts.c and directory_facts.c share.
 */
#ifndef CROFT_LAUNCH_DENIAL_PARTS_H
#define CROFT_LAUNCH_DENIAL_PARTS_H

#include <errno.h>

#include "launch/denial_facts.h"

/* What is granted, for the question where names can be changed. */
struct granted {
	const struct profile *profile;
	const struct path_facts *facts; /* the first ones are the profile's grants */
};

bool grant_may_change(const struct grant *grant);
/* The path of a directory that is granted; NULL: it is none, or is not there. */
const char *granted_directory(const struct grant *grant, const struct path_fact *fact);
/* True if a resolved path lies in a tree that is granted for changes. */
bool denial_is_changeable(const struct granted *granted, const char *path);

#endif
