/* SPDX-License-Identifier: MIT */
/*
 * project.h - the project around a directory: found by looking, never by running git.
 */
#ifndef CROFT_PROFILE_PROJECT_H
#define CROFT_PROFILE_PROJECT_H

#include <stddef.h>

#include "base/err.h"

#define PROJECT_FILE ".croft.yaml"
#define PROJECT_MAX_DEPTH 64 /* directories upwards */

/*
 * The nearest directory from `workdir` (absolute, as getcwd has it) upwards that holds a ".git":
 * a directory with a HEAD in it, or a file that begins "gitdir:". Neither `home` (or NULL) nor
 * what holds it nor "/" is one, and nothing is found through a directory of somebody else.
 * Returns 1 and the directory in `ret`, or 0: there is none. Never an error: what cannot be
 * looked at is no project.
 */
int project_find(const char *workdir, const char *home, char *ret, size_t size);

#endif
