/* SPDX-License-Identifier: MIT */
/*
 * wrap.h - puts croft before the program of a container, and before what is started in it later.
 */
#ifndef CROFT_OCI_WRAP_H
#define CROFT_OCI_WRAP_H

#include "oci/call.h"
#include "oci/settings.h"

#define WRAP_PROFILE_FILE "croft-profile.yaml" /* in the bundle */

/*
 * create and run: writes the profile into the bundle, as it has become on this host, and
 * config.json anew. Nothing is written for a container without process, one that may do without
 * confinement and does, or one that is wrapped already. 0 or an error.
 */
int wrap_bundle(const struct call *call, const struct settings *settings, struct croft_error *err);

/*
 * exec: writes the process file anew; without one *ret_words are the call's words with croft's
 * between the ID and the command, and *ret_n how many: the caller frees the array, the texts stay.
 * Else *ret_words is NULL. 0, or an error: a container that was not started by croft-oci, too.
 */
int wrap_exec(const struct call *call, const struct settings *settings, const char *runtime,
	      char ***ret_words, int *ret_n, struct croft_error *err);

#endif
