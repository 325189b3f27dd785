/* SPDX-License-Identifier: MIT */
/*
 * nar.h - Nix's archive of a tree (NAR), as the bytes to hash and to look through; and what is
 * looked for in them.
 */
#ifndef CROFT_DRV_NAR_H
#define CROFT_DRV_NAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

#define NAR_MAX_DEPTH 256 /* directories in each other */

/* Takes the archive's bytes, in pieces. */
typedef void (*nar_take)(void *context, const void *data, size_t len);

/*
 * Gives the archive of `name` in `dir` to `take`: names sorted by their bytes, of files whether
 * their owner may execute them, of links their text, nothing else. No link is followed; what is
 * none of the three, or changes meanwhile, is an error. Stage supervise.
 */
int nar_write(int dir, const char *name, nar_take take, void *context, struct croft_error *err);

/*
 * The search for references: 32 letters of Nix's base 32, anywhere in the bytes, across pieces too.
 */
struct refs {
	char (*hashes)[32]; /* sorted; in the arena */
	bool *is_found;
	size_t n;
	char window[64]; /* the last 32 bytes, twice */
	unsigned at, run; /* the place in the window; letters of base 32 up to here, at most 32 */
};

/* For the hash parts of `paths`, each a path of the store `store_dir`. False: no memory. */
bool refs_init(struct refs *refs, struct arena *arena, const char *store_dir,
	       const char *const *paths, size_t n);
void refs_add(struct refs *refs, const void *data, size_t len);
/* Whether the hash part of a path that was given to refs_init has come. */
bool refs_has(const struct refs *refs, const char *store_dir, const char *path);

#endif
