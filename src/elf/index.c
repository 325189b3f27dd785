/* SPDX-License-Identifier: MIT */
/*
 * index.c - numbers found again by a hash.
 *
 * Open addressing with linear probing, at most half full. Nothing is ever removed, so a
 * free place ends each search. Whoever writes the files that are read can make names with
 * equal hashes; the limits of closure.h bound what that costs to some hundred
 * milliseconds, so there is no secret in the hash.
 *
 * Growing leaves the old table behind in the arena: all of them together are as large as the
 * last.
 */
#include "elf/index.h"

#include <errno.h>

#define CAPACITY_MIN 64U

/* FNV-1a. */
uint64_t index_hash_text(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325ULL;

	for (const unsigned char *p = (const unsigned char *)text; *p; p++)
		hash = (hash ^ *p) * 0x100000001b3ULL;
	return hash;
}

uint64_t index_hash_inode(uint64_t dev, uint64_t ino)
{
	uint64_t hash = (ino ^ (dev << 32 | dev >> 32)) * 0x9e3779b97f4a7c15ULL;

	return hash ^ hash >> 29;
}

size_t index_find(const struct index *index, uint64_t hash, index_match_fn is_match,
		  const void *context, const void *wanted)
{
	size_t mask = index->capacity - 1;

	if (index->n == 0)
		return INDEX_NONE;
	for (size_t at = hash & mask; index->entries[at].value != INDEX_NONE; at = (at + 1) & mask)
		if (index->entries[at].hash == hash &&
		    is_match(context, index->entries[at].value, wanted))
			return index->entries[at].value;
	return INDEX_NONE;
}

static void put(struct index *index, struct index_entry entry)
{
	size_t mask = index->capacity - 1, at = entry.hash & mask;

	while (index->entries[at].value != INDEX_NONE)
		at = (at + 1) & mask;
	index->entries[at] = entry;
	index->n++;
}

/*
 * Entries of one hash keep their order: they are put again from the first free place on, so that
 * a run which goes round the end of the table is seen from its start.
 */
static int grow(struct index *index, struct arena *arena)
{
	struct index wider = { .capacity = index->capacity ? index->capacity * 2 : CAPACITY_MIN };
	size_t start = 0;

	wider.entries = arena_calloc(arena, wider.capacity, sizeof(*wider.entries));
	if (!wider.entries)
		return -ENOMEM;
	for (size_t i = 0; i < wider.capacity; i++)
		wider.entries[i].value = INDEX_NONE;
	while (index->capacity && index->entries[start].value != INDEX_NONE)
		start++;
	for (size_t i = 0; i < index->capacity; i++) {
		size_t at = (start + i) & (index->capacity - 1);

		if (index->entries[at].value != INDEX_NONE)
			put(&wider, index->entries[at]);
	}
	*index = wider;
	return 0;
}

int index_add(struct index *index, struct arena *arena, uint64_t hash, size_t value)
{
	if ((index->n + 1) * 2 > index->capacity) {
		int r = grow(index, arena);

		if (r < 0)
			return r;
	}
	put(index, (struct index_entry){ .hash = hash, .value = value });
	return 0;
}
