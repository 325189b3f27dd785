/* SPDX-License-Identifier: MIT */
/*
 * fuzz_ldcache.c - the reader of ld.so.cache, the input being the file.
 *
 * Beside memory errors, it looks for an answer that lies outside of the file, for a name that
 * is found although no entry has it, and for a sorted file in which the binary search and the
 * one from start to end disagree.
 */
#include <assert.h>
#include <elf.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "elf/ldcache.h"

#define NAMES_MAX 16 /* looked up of one file */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct ldcache_target targets[] = {
	{ ELFCLASS64, EM_X86_64, 0, 4 },   { ELFCLASS64, EM_X86_64, 0, 0 },
	{ ELFCLASS32, EM_X86_64, 0, 2 },   { ELFCLASS32, EM_386, 0, 0 },
	{ ELFCLASS64, EM_AARCH64, 0, 0 },  { ELFCLASS32, EM_ARM, 0x400, 0 },
	{ ELFCLASS32, EM_MIPS, 0x420, 0 }, { ELFCLASS64, EM_RISCV, 4, 0 },
};

static void look_up(struct ldcache *cache, const char *name)
{
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		const char *path = ldcache_find(cache, name, &targets[i]);
		size_t at;

		if (path) {
			at = (size_t)(path - cache->data);
			assert(path >= cache->data && at < cache->size);
			assert(memchr(path, '\0', cache->size - at));
		}
		if (!cache->is_sorted)
			continue;
		cache->is_sorted = false;
		assert(ldcache_find(cache, name, &targets[i]) == path);
		cache->is_sorted = true;
	}
}

/* Every text of the file is a name that may be asked for: those of entries are among them. */
static void look_up_all(struct ldcache *cache)
{
	unsigned n = 0;

	for (size_t at = 0; at < cache->size && n < NAMES_MAX; n++) {
		const char *end = memchr(cache->data + at, '\0', cache->size - at);

		if (!end)
			break;
		look_up(cache, cache->data + at);
		at = (size_t)(end - cache->data) + 1;
		while (at < cache->size && !cache->data[at])
			at++;
	}
	look_up(cache, "libc.so.6");
	look_up(cache, "");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size ? size : 1);
	struct ldcache cache;
	int r;

	if (!copy)
		return 0;
	if (size)
		memcpy(copy, data, size);
	r = ldcache_parse(copy, size, &cache);
	if (r < 0) {
		assert(r == -EBADMSG);
		free(copy);
		return 0;
	}
	look_up_all(&cache);
	ldcache_done(&cache);
	return 0;
}
