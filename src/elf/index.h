/* SPDX-License-Identifier: MIT */
/*
 * index.h - numbers found again by a hash: inside src/elf only.
 *
 * A closure of a thousand libraries asks a thousand times for each of them, by name and by
 * inode. The index keeps pairs of hash and number; what a number stands for, and whether
 * it is truly the one that is looked for, the caller knows.
 */
#ifndef CROFT_ELF_INDEX_H
#define CROFT_ELF_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

#define INDEX_NONE SIZE_MAX

struct index_entry {
	uint64_t hash;
	size_t value; /* INDEX_NONE: free */
};

/* Zeroed is empty. The entries live in an arena. */
struct index {
	struct index_entry *entries;
	size_t n, capacity; /* a power of two */
};

/* Is `value` the one that `wanted` describes? */
typedef bool (*index_match_fn)(const void *context, size_t value, const void *wanted);

uint64_t index_hash_text(const char *text);
uint64_t index_hash_inode(uint64_t dev, uint64_t ino);
/* The value that was added first of those that match; INDEX_NONE. */
size_t index_find(const struct index *index, uint64_t hash, index_match_fn is_match,
		  const void *context, const void *wanted);
/* 0 or -ENOMEM. Adding the same twice is allowed: the first is found. */
int index_add(struct index *index, struct arena *arena, uint64_t hash, size_t value);

#endif
