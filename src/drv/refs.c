/* SPDX-License-Identifier: MIT */
/*
 * refs.c - which store paths a tree mentions: the way in which Nix itself finds out what a result
 * needs later.
 *
 * The last 32 bytes are held twice, one copy behind the other, so that they lie in one piece
 * wherever in the ring they begin; what was given in which piece then does not matter. Only where
 * 32 letters in a row are of base 32 is there anything to look up, which in most files is seldom.
 */
#include <stdlib.h>
#include <string.h>

#include "drv/nar.h"
#include "drv/spec.h"

#define WINDOW STORE_HASH_LEN
_Static_assert(sizeof(((struct refs *)0)->window) == (size_t)2 * WINDOW, "twice the hash");
_Static_assert(sizeof(*((struct refs *)0)->hashes) == WINDOW, "a hash each");

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, WINDOW);
}

bool refs_init(struct refs *refs, struct arena *arena, const char *store_dir,
	       const char *const *paths, size_t n)
{
	*refs = (struct refs){ .hashes = arena_calloc(arena, n ? n : 1, WINDOW),
			       .is_found = arena_calloc(arena, n ? n : 1, sizeof(bool)),
			       .n = n };
	if (!refs->hashes || !refs->is_found)
		return false;
	for (size_t i = 0; i < n; i++)
		memcpy(refs->hashes[i], store_name(store_dir, paths[i]), WINDOW);
	qsort(refs->hashes, n, WINDOW, compare);
	return true;
}

static bool is_base32(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return true;
	return c >= 'a' && c <= 'z' && c != 'e' && c != 'o' && c != 't' && c != 'u';
}

static bool *find(const struct refs *refs, const char *hash)
{
	char(*found)[32] = refs->n ? bsearch(hash, refs->hashes, refs->n, WINDOW, compare) : NULL;

	if (!found)
		return NULL;
	/* two paths may have one hash part: the first of them stands for all */
	while (found > refs->hashes && !memcmp(found - 1, found, WINDOW))
		found--;
	return &refs->is_found[found - refs->hashes];
}

void refs_add(struct refs *refs, const void *data, size_t len)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < len; i++) {
		if (!is_base32(bytes[i])) {
			refs->run = 0;
			continue;
		}
		refs->window[refs->at] = refs->window[refs->at + WINDOW] = (char)bytes[i];
		refs->at = (refs->at + 1) % WINDOW;
		if (refs->run < WINDOW)
			refs->run++;
		if (refs->run == WINDOW) {
			bool *is_found = find(refs, refs->window + refs->at);

			if (is_found)
				*is_found = true;
		}
	}
}

bool refs_has(const struct refs *refs, const char *store_dir, const char *path)
{
	const bool *is_found = find(refs, store_name(store_dir, path));

	return is_found && *is_found;
}
