/* SPDX-License-Identifier: MIT */
/*
 * search_path.h - lists of directories as loaders write them: inside src/elf only.
 *
 * Source: ld.so(8), "Dynamic string tokens"; glibc's elf/dl-load.c for which characters end
 * a token's name.
 */
#ifndef CROFT_ELF_SEARCH_PATH_H
#define CROFT_ELF_SEARCH_PATH_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

/* What stands for each token; NULL: unknown, and a text with that token is of no use. */
struct path_tokens {
	const char *origin, *lib, *platform;
};

/* Is there a "$NAME" or "${NAME}" in the text? */
bool path_has_token(const char *text, const char *name);
/*
 * The text with its tokens replaced: the text itself if there is none; "" if one is unknown or
 * it grows beyond PATH_MAX. NULL: out of memory. A "$" that begins no token stays.
 */
const char *path_expand(struct arena *arena, const char *text, const struct path_tokens *tokens);

/*
 * Takes the next element off *list, which ends up NULL after the last: the element's start and
 * *ret_len. Empty elements count.
 */
const char *path_next(const char **list, const char *separators, size_t *ret_len);

/* dir/name, absolute: from `workdir` on if dir is relative. 0 or -ENAMETOOLONG. */
int path_join(char ret_path[PATH_MAX], const char *workdir, const char *dir, const char *name);
/* The directory of an absolute path, "/" at least, in the arena. NULL: out of memory. */
const char *path_dir(struct arena *arena, const char *path);
/* The last component. */
const char *path_base(const char *path);

#endif
