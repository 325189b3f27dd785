/* SPDX-License-Identifier: MIT */
/*
 * arena.h - memory that is freed all at once.
 *
 * A profile and a plan live each in one arena: built, then read-only, then freed
 * in one call. Allocations are aligned for any type and zeroed. An arena has a
 * greatest total size, so that no input can make it grow without end.
 */
#ifndef CROFT_BASE_ARENA_H
#define CROFT_BASE_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks; /* newest first */
	size_t used; /* bytes handed out */
	size_t max; /* never hands out more than this */
};

void arena_init(struct arena *arena, size_t max_size);
void arena_done(struct arena *arena);
/* NULL when memory or the arena's size is exhausted; zeroed otherwise. size 0 is valid. */
void *arena_alloc(struct arena *arena, size_t size) __attribute__((malloc));
/* As arena_alloc for n * size, NULL also when that product overflows. */
void *arena_calloc(struct arena *arena, size_t n, size_t size);
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t len);
char *arena_printf(struct arena *arena, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* "dir/name"; the root is "/" or "". */
char *arena_path(struct arena *arena, const char *dir, const char *name);
/*
 * Makes room for one more element in an array that lives in the arena: doubles it
 * when `n` has reached `*capacity`. Returns the array (moved or not) or NULL.
 */
void *arena_grow(struct arena *arena, void *array, size_t n, size_t *capacity, size_t size);

#endif
