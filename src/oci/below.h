/* SPDX-License-Identifier: MIT */
/*
 * below.h - the two programs that croft-oci works with: the runtime below, and the static croft.
 */
#ifndef CROFT_OCI_BELOW_H
#define CROFT_OCI_BELOW_H

#include <limits.h>

#include "oci/call.h"
#include "oci/settings.h"

/*
 * The runtime's file: the settings', else the first of crun and runc in /usr/local/sbin,
 * /usr/local/bin, /usr/sbin, /usr/bin, /sbin, /bin. PATH is not asked: engines give none that
 * could be trusted. One that is croft-oci itself is refused. 0 or an error.
 */
int below_find_runtime(const struct settings *settings, char ret_path[PATH_MAX],
		       struct croft_error *err);
/*
 * The static croft: the settings' file, else libexec/croft/croft-static as installed, else
 * croft-static and croft beside croft-oci. One with an interpreter is refused, for a container
 * may have none; so is one that not everybody may execute, or that lies where nothing may be.
 */
int below_find_croft(const struct settings *settings, char ret_path[PATH_MAX],
		     struct croft_error *err);
/* Becomes the runtime, with these words in place of argv[1...]. Returns only an error. */
int below_become(const char *runtime, int argc, char *const argv[], struct croft_error *err);
/*
 * Asks the runtime for the state of the container of `call` (`runtime [GLOBAL OPTION]... state
 * ID`), in which its bundle stands. Its messages go to stderr, not into the log of the call.
 */
int below_ask_bundle(const char *runtime, const struct call *call, char ret_bundle[PATH_MAX],
		     struct croft_error *err);

#endif
