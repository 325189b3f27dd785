/* SPDX-License-Identifier: MIT */
/*
 * builtin.h - the built-in profiles, as data.
 */
#ifndef CROFT_PROFILE_BUILTIN_H
#define CROFT_PROFILE_BUILTIN_H

#include <stdbool.h>
#include <stddef.h>

#include "profile/profile.h"

struct builtin_grant {
	unsigned kinds;
	const char *path; /* in the forms of profile.h, "optional:" included */
	bool is_project;
};

struct builtin {
	const char *name;
	const char *extends; /* another built-in that comes first, or NULL */
	const struct builtin_grant *grants;
	size_t n_grants;
	const char *const *env; /* names to pass on, NULL-terminated, or NULL */
	bool wants_tmpdir;
};

/* The built-in with that name, or NULL. */
const struct builtin *builtin_find(const char *name);

#endif
