/* SPDX-License-Identifier: MIT */
/*
 * unpack.h - an image made into a directory, once for each digest.
 *
 *	image ─► manifest ─► digest ─► CACHE/HEX/complete there? ─────────────► CACHE/HEX/root
 *	                              └► layers ─► tree ─► CACHE/.new-HEX/root ─► rename
 *
 *   unpack.c         which digest the image has, and the way through the others
 *   unpack_cache.c   the directory of images: who may write it, locks, what is complete
 *   unpack_tree.c    a tree of names and its layers onto a disk
 *
 * Whoever made the image is an enemy; the cache is the caller's own.
 */
#ifndef CROFT_IMAGE_UNPACK_H
#define CROFT_IMAGE_UNPACK_H

#include "image/image.h"
#include "image/layer.h"

/* All regular files of one image together, holes counted: what none of use reaches. */
#define UNPACK_MAX_BYTES (UINT64_C(256) << 30)

/* One line for people, without a newline: it waits, something was left out. */
typedef void (*unpack_tell_fn)(const char *text);

struct unpack_options {
	const char *cache; /* a directory, made where it is missing */
	const char *tag, *architecture; /* as struct image_options */
};

struct unpacked {
	const char *root; /* absolute; links of the way to it resolved */
	const char *digest; /* "sha256:..."; NULL: the image is a directory, and its own root */
	struct image_config config;
};

/*
 * Makes sure that the image lies unpacked in the cache. Two at once for one digest: the second
 * waits. Errors: stage PREPARE, one line; then nothing of this image is left in the cache. Texts
 * live in the arena.
 */
int image_unpack(const char *name, const struct unpack_options *options, struct arena *arena,
		 struct unpacked *ret_unpacked, unpack_tell_fn tell, struct croft_error *err);

/*
 * Writes what the tree names, with the contents of its layers, into the empty directory `root`.
 * The layers were read into it before, and their bytes are summed up once more: one that has
 * changed since is an error. *ret_left_out: devices, FIFOs and sockets that were not made.
 */
int unpack_tree(struct tree *tree, const struct layer *layers, size_t n_layers, struct kept *kept,
		int root, uint32_t *ret_left_out, struct croft_error *err);

#define CACHE_KEY_SIZE DIGEST_HEX_SIZE

struct cache {
	int fd; /* O_PATH, owned */
	char path[PATH_MAX - 256]; /* absolute, links resolved */
};

/*
 * Opens the directory, made with mode 0700 where it is missing. One that is not the caller's, or
 * that others may write, is refused: they could put an image there.
 */
int cache_open(struct cache *cache, const char *path, struct croft_error *err);
void cache_done(struct cache *cache);
/* Is an image of that key there, whole? */
bool cache_has(const struct cache *cache, const char *key);
/* Waits until no other makes this one: *ret_lock, released when it is closed. */
int cache_lock(const struct cache *cache, const char *key, unpack_tell_fn tell, int *ret_lock,
	       struct croft_error *err);
/* With the lock: an empty directory for the root, *ret_fd. What a killed one has left goes. */
int cache_begin(const struct cache *cache, const char *key, int *ret_fd, struct croft_error *err);
/* It is whole: on disk, and under its name. */
int cache_finish(const struct cache *cache, const char *key, const char *digest,
		 struct croft_error *err);
/* Removes what was begun. */
void cache_drop(const struct cache *cache, const char *key);
/* Removes what others have begun and nobody goes on with: they were killed. */
void cache_sweep(const struct cache *cache);

#endif
