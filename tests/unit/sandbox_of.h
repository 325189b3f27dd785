/* SPDX-License-Identifier: MIT */
/*
 * sandbox_of.h - a sandbox on this machine for a shell command, for the tests of what launches it.
 */
#ifndef CROFT_TESTS_UNIT_SANDBOX_OF_H
#define CROFT_TESTS_UNIT_SANDBOX_OF_H

#include <stdlib.h>

#include "launch/sandbox.h"

struct ready {
	struct profile *profile;
	struct sandbox sandbox;
	const char *argv[8];
};

static const char *const ready_environment[] = { "PATH=/usr/bin:/bin", NULL };

static inline void ready_wish(struct ready *ready, const char *key, const char *value)
{
	if (profile_set(ready->profile, key, value, "--test", NULL) < 0)
		abort();
}

/* The profile "system" without a TMPDIR; to be added to before ready_plan. */
static inline void ready_init(struct ready *ready)
{
	if (profile_new("system", NULL, "/", &ready->profile, NULL) < 0)
		abort();
	ready_wish(ready, "off", "private-tmp");
}

/* To run `sh -c script` with these words after it. */
static inline void ready_plan(struct ready *ready, const char *script, const char *word)
{
	struct croft_error err;
	const char *const argv[] = { "sh", "-c", script, "sh", word, NULL };

	for (size_t i = 0; i < 6; i++)
		ready->argv[i] = argv[i];
	if (sandbox_plan(ready->profile, NULL, ready->argv, ready_environment, &ready->sandbox,
			 &err) < 0 ||
	    sandbox_find_command(&ready->sandbox, &err) < 0)
		abort();
}

static inline void ready_done(struct ready *ready)
{
	sandbox_done(&ready->sandbox);
	profile_free(ready->profile);
}

#endif
