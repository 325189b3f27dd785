/* SPDX-License-Identifier: MIT */
/*
 * pattern.h - paths in order, and paths with '*'.
 *
 * A pattern is an absolute path whose components may hold '*' (any characters, none too); "**"
 * as a component stands for any directories, none too.
 */
#ifndef CROFT_PLAN_PATTERN_H
#define CROFT_PLAN_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "sys/path.h"

/*
 * An order of paths in which all that is under a directory follows it at once: '/' sorts before
 * every other character. For qsort and searches; paths without a final slash.
 */
int path_order(const char *a, const char *b);

/*
 * Length of the directory that a pattern's first '*' is in, without its final slash (0: the
 * root); of a path without '*', its own length without final slashes.
 */
size_t pattern_fixed(const char *pattern);
/* Those bytes as a path; false for the root, and where they do not fit. */
bool pattern_copy_fixed(const char *pattern, char ret[PATH_MAX]);
/*
 * True if a name fits one component of a pattern, `len` bytes of it. As in shells, a dot at the
 * start of a name is fitted by a dot alone, unless takes_dots.
 */
bool pattern_fits(const char *pattern, size_t len, const char *name, size_t name_len,
		  bool takes_dots);
/* True if the pattern (or path) names `path`, or a directory that it is in. */
bool pattern_covers(const char *pattern, const char *path);
/*
 * True if something that the pattern names could be `path`, be under it, or hold it. A file
 * holds nothing: is_directory false.
 */
bool pattern_meets(const char *pattern, const char *path, bool is_directory);

#endif
