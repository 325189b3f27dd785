/* SPDX-License-Identifier: MIT */
/*
 * settings.h - what the machine's plugstack.conf and the user's --croft= say together.
 *
 *	required croft_spank.so [croft=/path] [default=PROFILE] [enforce]
 *
 * Nothing here knows Slurm or reads a file: spank.c hands the words in. An unknown word of
 * plugstack.conf is an error, for a misspelled `enforce` must not start a job unconfined.
 */
#ifndef CROFT_SLURM_SETTINGS_H
#define CROFT_SLURM_SETTINGS_H

#include <limits.h>
#include <stdbool.h>

#include "base/err.h"

#define SETTINGS_OFF "off"

struct settings {
	const char *croft; /* the launcher, absolute; the caller's string */
	const char *preset; /* default=; NULL: none; the caller's string */
	bool is_enforced;
	bool is_chosen;
	char choice[PATH_MAX]; /* what --croft= said, a file as its absolute path */
};

/*
 * Takes the words of plugstack.conf. `croft`: the launcher where they name none. The strings must
 * outlive the struct. -EINVAL (stage usage): an unknown word, a launcher or a profile's file that
 * is no absolute path, `enforce` without a profile that could be enforced.
 */
int settings_parse(struct settings *ret_settings, const char *croft, int argc, char *const argv[],
		   struct croft_error *err);

/*
 * Takes the word of --croft=: "off", a profile's name, or a file. `workdir` is what a relative
 * file lies in; NULL: such a file is an error. Of two the last counts. -EPERM: plugstack.conf
 * enforces another one.
 */
int settings_choose(struct settings *settings, const char *word, const char *workdir,
		    struct croft_error *err);

/* The profile that a task is to have; NULL: none. */
const char *settings_profile(const struct settings *settings);

#endif
