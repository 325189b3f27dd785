/* SPDX-License-Identifier: MIT */
/*
 * front_landrun_profile.h - from landrun's options to a profile of ours.
 */
#ifndef CROFT_CLI_FRONT_LANDRUN_PROFILE_H
#define CROFT_CLI_FRONT_LANDRUN_PROFILE_H

#include "cli/front_landrun_options.h"
#include "host/host.h"
#include "launch/command.h"
#include "profile/profile.h"

#define LANDRUN_ABI 9 /* what landrun 0.1.18 targets (its library is go-landlock 0.9.0) */

/* True if all three domains are left alone: nothing of Landlock is asked for. */
bool landrun_is_unrestricted(const struct landrun_options *options);

/*
 * Whether this kernel's Landlock will do: it knows everything that is to be restricted; or, with
 * --best-effort, some of it. -EOPNOTSUPP, stage plan, with the ABI and what is missing.
 * On success *ret_missing gets the names of what is missing ("" if nothing is; up to `size`).
 */
int landrun_check_host(const struct landrun_options *options, const struct host *host,
		       char *ret_missing, size_t size, struct croft_error *err);

/*
 * A profile from the options, all but what needs the command. `workdir` is absolute, or NULL
 * where it cannot be known; `envp` is read now for variables that are passed on. Of the paths
 * only those in /dev and /proc and with a ".." are looked at. Errors name the option.
 */
int landrun_profile_new(const struct landrun_options *options, const struct host *host,
			const char *workdir, const char *const *envp, struct profile **ret_profile,
			struct croft_error *err);

/* --add-exec and --ldd: grants for the command that was found. */
int landrun_grant_command(const struct landrun_options *options, const struct command *command,
			  const char *workdir, struct profile *profile, struct croft_error *err);

#endif
