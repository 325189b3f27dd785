/* SPDX-License-Identifier: MIT */
/*
 * settings.h - what croft-oci is told by who owns the machine.
 *
 *	# /etc/croft/oci.conf
 *	runtime = /usr/bin/runc
 *	croft = /usr/local/libexec/croft/croft-static
 *	profile = container
 *	choose = strict off
 *
 * A file, for engines give a runtime no environment of the user's. It decides what confines: so
 * it belongs to root or to the caller, and nobody else may write it (profile/store.h). All keys
 * may be left out, and the default file too.
 */
#ifndef CROFT_OCI_SETTINGS_H
#define CROFT_OCI_SETTINGS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define SETTINGS_FILE "/etc/croft/oci.conf"
#define SETTINGS_PROFILE "container" /* where none is named */
#define SETTINGS_OFF "off" /* the choice of no confinement */

struct settings {
	char runtime[PATH_MAX]; /* "": the first of crun and runc that is there */
	char croft[PATH_MAX]; /* "": the one that was installed with croft-oci */
	char profile[PATH_MAX]; /* a name, or a file; "": SETTINGS_PROFILE */
	char choices[PATH_MAX]; /* names and files, a blank before and behind each; "": none */
};

/*
 * Reads the text of a settings file. Errors (stage profile) begin with "SOURCE:LINE". `text` need
 * not end with NUL.
 */
int settings_parse(struct settings *settings, const char *source, const char *text, size_t len,
		   struct croft_error *err);
/* The file, or SETTINGS_FILE for NULL, which may be missing. 0 or an error. */
int settings_load(struct settings *settings, const char *path, struct croft_error *err);

/*
 * The profile of a container: `wish` is its annotation, or NULL. Without `choose` and `profile`
 * in the settings any built-in one may be wished for; else the settings' own and what `choose`
 * lists. Never NULL on success; SETTINGS_OFF only where it is listed. Else an error.
 */
int settings_profile(const struct settings *settings, const char *wish, const char **ret_profile,
		     struct croft_error *err);

#endif
