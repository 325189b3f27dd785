/* SPDX-License-Identifier: MIT */
/*
 * sets.h - what programs of a kind open by names that no reader of files sees: as data.
 */
#ifndef CROFT_PROFILE_SETS_H
#define CROFT_PROFILE_SETS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/names.h"

enum grant_set {
	SET_NSS,
	SET_GCONV,
	SET_LOCALE,
	SET_TIMEZONE,
	SET_CA_CERTIFICATES,
	SET_TERMINFO,
	SET_PYTHON,
	SET_PERL,
	SET_NODE,
	SET_PAM,
	SET_MAX
};

struct set_path {
	/*
	 * GRANT_* of profile.h; 0: nothing for the file itself (a module in a directory
	 * that the set grants)
	 */
	unsigned kinds;
	bool is_module; /* is loaded into a program: the libraries that it needs are granted too */
	/*
	 * Absolute; each component may hold '*' (any characters, not a dot at the start). "**"
	 * before the last one stands for any directories: files at all depths.
	 */
	const char *pattern;
};

struct set {
	const char *origin; /* "--with nss" */
	const struct set_path *paths; /* ends at a NULL pattern */
};

/* Words of --with, with a line of help each. */
extern const struct name set_names[SET_MAX];

const struct set *set_get(enum grant_set set);

#endif
