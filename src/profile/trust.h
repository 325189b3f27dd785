/* SPDX-License-Identifier: MIT */
/*
 * trust.h - which contents of projects' files the user has approved.
 *
 *	${XDG_STATE_HOME:-~/.local/state}/croft/trust/<SHA-256 of the content>
 *
 * Kept by the content's digest and outside of any project: whoever can write the project cannot
 * write there (no built-in profile grants it), and a changed file is a new one. The entry's
 * text is the path that was approved, for people and for `croft profile trust --list`.
 *
 * `dir` is what trust_dir gave. Errors have stage profile.
 */
#ifndef CROFT_PROFILE_TRUST_H
#define CROFT_PROFILE_TRUST_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

#define TRUST_DIGEST_SIZE 65 /* hexadecimal, with the NUL */

void trust_digest(const char *data, size_t len, char ret_digest[TRUST_DIGEST_SIZE]);
/* The directory, in the arena; NULL without a home, or without memory. */
const char *trust_dir(struct arena *arena, const char *home, const char *const *envp);
/* 1: approved, 0: not; -errno with an error where others may write: that decides nothing. */
int trust_has(const char *dir, const char *digest, struct croft_error *err);
/* Makes the directory (0700) where it is missing. Adding twice is no error. */
int trust_add(const char *dir, const char *digest, const char *path, struct croft_error *err);
/* -ENOENT: was not approved. */
int trust_remove(const char *dir, const char *digest, struct croft_error *err);
/*
 * Calls `each` for every approved content, in the order of digests; a negative answer of it ends
 * that and is the result. A directory that is not there has none.
 */
int trust_list(const char *dir, int (*each)(void *context, const char *digest, const char *path),
	       void *context, struct croft_error *err);

#endif
