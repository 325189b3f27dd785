/* SPDX-License-Identifier: MIT */
/*
 * arena.c - memory that is freed all at once.
 *
 * Blocks are chained, newest first. Small requests are cut from the newest
 * block; one that does not fit opens a new block, large enough for it. What was
 * left of the block before is given up: waste is bounded by half, because block
 * sizes double up to BLOCK_MAX.
 *
 * Blocks come from mmap, whole and zeroed: populating four pages in one call costs a
 * third of what four first touches do, and a start of croft is made of little else.
 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE 4096U /* or a part of one: mmap rounds up */
#define BLOCK_MIN (16384U - sizeof(struct arena_block))
#define BLOCK_MAX 65536U
#define ALIGN _Alignof(max_align_t)

struct arena_block {
	struct arena_block *next;
	size_t used;
	size_t size;
	_Alignas(max_align_t) unsigned char data[];
};

void arena_init(struct arena *arena, size_t max_size)
{
	*arena = (struct arena){ .max = max_size };
}

void arena_done(struct arena *arena)
{
	struct arena_block *block = arena->blocks;

	while (block) {
		struct arena_block *next = block->next;

		(void)munmap(block, sizeof(*block) + block->size);
		block = next;
	}
	*arena = (struct arena){ .max = arena->max };
}

static bool add_block(struct arena *arena, size_t need)
{
	size_t size = arena->blocks ? arena->blocks->size * 2 : BLOCK_MIN;
	struct arena_block *block;

	if (size > BLOCK_MAX)
		size = BLOCK_MAX;
	if (size < need)
		size = need;
	size = (sizeof(*block) + size + PAGE - 1) / PAGE * PAGE;
	block = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE,
		     -1, 0);
	if (block == MAP_FAILED)
		return false;
	block->size = size - sizeof(*block);
	block->next = arena->blocks;
	arena->blocks = block;
	return true;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	struct arena_block *block = arena->blocks;
	size_t need;
	void *p;

	if (size > SIZE_MAX / 2)
		return NULL;
	need = size ? (size + ALIGN - 1) / ALIGN * ALIGN : ALIGN;
	if (need > arena->max - arena->used)
		return NULL;
	if (!block || need > block->size - block->used) {
		if (!add_block(arena, need))
			return NULL;
		block = arena->blocks;
	}
	p = block->data + block->used;
	block->used += need;
	arena->used += need;
	return p;
}

void *arena_calloc(struct arena *arena, size_t n, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(n, size, &total))
		return NULL;
	return arena_alloc(arena, total);
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return arena_strndup(arena, text, strlen(text));
}

char *arena_strndup(struct arena *arena, const char *text, size_t len)
{
	size_t n = strnlen(text, len);
	char *copy = arena_alloc(arena, n + 1);

	if (copy)
		memcpy(copy, text, n);
	return copy;
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
	char *text = NULL;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (n < 0)
		return NULL;
	text = arena_alloc(arena, (size_t)n + 1);
	if (!text)
		return NULL;
	va_start(args, fmt);
	(void)vsnprintf(text, (size_t)n + 1, fmt, args);
	va_end(args);
	return text;
}

char *arena_path(struct arena *arena, const char *dir, const char *name)
{
	return arena_printf(arena, "%s/%s", strcmp(dir, "/") ? dir : "", name);
}

void *arena_grow(struct arena *arena, void *array, size_t n, size_t *capacity, size_t size)
{
	size_t wider;
	void *moved;

	if (n < *capacity)
		return array;
	wider = *capacity ? *capacity : 32;
	if (*capacity && __builtin_mul_overflow(*capacity, 2, &wider))
		return NULL;
	moved = arena_calloc(arena, wider, size);
	if (!moved)
		return NULL;
	if (n)
		memcpy(moved, array, n * size);
	*capacity = wider;
	return moved;
}
