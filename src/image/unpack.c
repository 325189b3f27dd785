/* SPDX-License-Identifier: MIT */
/*
 * unpack.c - an image made into a directory, once for each digest.
 *
 * The key of the cache must settle every byte that is unpacked, or a bad image could take the
 * place of a good one. A manifest of OCI does: it names layers and configuration by their
 * digests, which are held against the bytes. docker save's list names files; there the key is a
 * digest of the digests of configuration and layers. Of an archive of a root file system it is that
 * of its bytes.
 *
 * When the key is in the cache no layer is read. Else all are read twice: for the tree of names
 * first (what that refuses costs no disk), then for the contents.
 */
#include "image/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "image/manifest.h"
#include "sys/calls.h"
#include "sys/fd.h"

struct unpacking {
	const char *name;
	const struct unpack_options *options;
	struct arena *arena;
	struct unpacked *to;
	unpack_tell_fn tell;
	struct croft_error *err;
	struct blobs blobs;
	struct manifest manifest;
	struct digest digest; /* the key */
	struct layer *layers; /* in the arena */
	size_t n_layers;
	struct tree tree;
	struct kept kept;
};

static int no_memory(const struct unpacking *un)
{
	return fail(un->err, CROFT_STAGE_PREPARE, ENOMEM, "%s", un->name);
}

/* Which digest */

/* A layer without a promise of its own gets the digest that its bytes have now. */
static int promise_layers(struct unpacking *un)
{
	int r = 0;

	for (size_t i = 0; i < un->manifest.n_layers && r == 0; i++) {
		struct manifest_layer *layer = &un->manifest.layers[i];

		if (!layer->digest.is_given)
			r = blobs_sum(&un->blobs, layer->name, &layer->digest, un->err);
	}
	return r;
}

static int key_of_docker(struct unpacking *un)
{
	AUTO_BUF struct buf text = BUF_INIT(1U << 20);
	struct digest_sum sum;
	int r = promise_layers(un);

	if (r < 0)
		return r;
	buf_printf(&text, "docker save\n%s\n", un->manifest.digest.hex);
	for (size_t i = 0; i < un->manifest.n_layers; i++)
		buf_printf(&text, "%s\n", un->manifest.layers[i].digest.hex);
	if (buf_error(&text))
		return no_memory(un);
	digest_begin(&sum, &un->digest);
	digest_add(&sum, text.data, text.len);
	digest_end(&sum, &un->digest);
	return 0;
}

static int find_key(struct unpacking *un, bool is_image)
{
	if (!is_image)
		return blobs_sum_bytes(&un->blobs, &un->blobs.bytes, un->name, &un->digest,
				       un->err);
	if (!un->manifest.is_bound)
		return key_of_docker(un);
	un->digest = un->manifest.digest;
	return 0;
}

/* The layers */

static int make_layers(struct unpacking *un, size_t n)
{
	un->layers = arena_calloc(un->arena, n + 1, sizeof(*un->layers));
	if (!un->layers)
		return no_memory(un);
	for (size_t i = 0; i < n; i++)
		un->layers[i] =
			(struct layer){ .image = un->name, .number = (unsigned)i + 1, .fd = -1 };
	un->n_layers = n;
	return 0;
}

/* The archive is the root. */
static void take_archive(struct unpacking *un)
{
	struct layer *layer = un->layers;

	layer->bytes = un->blobs.bytes;
	layer->digest = un->digest;
	(void)snprintf(layer->label, sizeof(layer->label), "the archive");
}

static int read_layers(struct unpacking *un, bool is_image)
{
	int r = make_layers(un, is_image ? un->manifest.n_layers : 1);

	if (r == 0 && !is_image)
		take_archive(un);
	for (size_t i = 0; i < un->n_layers && r == 0; i++) {
		if (is_image)
			r = layer_open(&un->layers[i], &un->blobs, &un->manifest.layers[i],
				       un->err);
		if (r == 0)
			r = layer_read(&un->layers[i], &un->tree, &un->kept, un->err);
	}
	return r;
}

/* Onto the disk */

static int write_image(struct unpacking *un, const struct cache *cache)
{
	uint32_t left_out = 0;
	AUTO_FD int root = -1;
	char text[128];
	int r = cache_begin(cache, un->digest.hex, &root, un->err);

	if (r < 0)
		return r;
	r = unpack_tree(&un->tree, un->layers, un->n_layers, &un->kept, root, &left_out, un->err);
	if (r == 0)
		r = cache_finish(cache, un->digest.hex, un->to->digest, un->err);
	if (r < 0) {
		cache_drop(cache, un->digest.hex);
		return r;
	}
	(void)snprintf(text, sizeof(text),
		       "%u devices, FIFOs or sockets of the image were left out", left_out);
	if (left_out)
		un->tell(text);
	return 0;
}

static int unpack_locked(struct unpacking *un, const struct cache *cache, bool is_image)
{
	AUTO_FD int lock = -1;
	int r = cache_lock(cache, un->digest.hex, un->tell, &lock, un->err);

	/* the one that was waited for has done it */
	if (r < 0 || cache_has(cache, un->digest.hex))
		return r;
	r = read_layers(un, is_image);
	return r < 0 ? r : write_image(un, cache);
}

static int unpack_to(struct unpacking *un, const struct cache *cache, bool is_image)
{
	int r = 0;

	un->to->digest = arena_printf(un->arena, "%s:%s", un->digest.is_long ? "sha512" : "sha256",
				      un->digest.hex);
	un->to->root = arena_printf(un->arena, "%s/%s/root", cache->path, un->digest.hex);
	if (!un->to->digest || !un->to->root)
		return no_memory(un);
	if (cache_has(cache, un->digest.hex))
		return 0;
	cache_sweep(cache);
	un->kept.used = LAYER_MAX_KEPT; /* no content is kept: all are written anyway */
	if (tree_init(&un->tree) < 0)
		return no_memory(un);
	r = unpack_locked(un, cache, is_image);
	tree_done(&un->tree);
	for (size_t i = 0; i < un->n_layers; i++)
		fd_close(&un->layers[i].fd);
	return r;
}

static int unpack_blobs(struct unpacking *un, bool is_image)
{
	struct cache cache;
	int r = find_key(un, is_image);

	if (r == 0)
		r = cache_open(&cache, un->options->cache, un->err);
	if (r < 0)
		return r;
	r = unpack_to(un, &cache, is_image);
	cache_done(&cache);
	return r;
}

/* A directory that is a root file system: where it is. */
static int take_directory(struct unpacking *un)
{
	char link[32], path[PATH_MAX];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", un->blobs.root.fd);
	n = sys_readlinkat(AT_FDCWD, link, path, sizeof(path) - 1);
	if (n < 0)
		return fail(un->err, CROFT_STAGE_PREPARE, (int)-n, "find out where '%s' is",
			    un->name);
	un->to->root = arena_strndup(un->arena, path, (size_t)n);
	return un->to->root ? 0 : no_memory(un);
}

static int unpack_any(struct unpacking *un)
{
	const struct image_options options = { .tag = un->options->tag,
					       .architecture = un->options->architecture };
	bool is_directory = false;
	int r = blobs_open(un->name, un->arena, &un->blobs, &is_directory, un->err);

	if (r == 0)
		r = manifest_read(&un->blobs, &options, un->arena, &un->manifest, un->err);
	if (r < 0)
		return r;
	un->to->config = un->manifest.config;
	if (r > 0)
		return unpack_blobs(un, true);
	if (options.tag || options.architecture)
		return fail(un->err, CROFT_STAGE_PREPARE, 0,
			    "%s: %s: it is %s, which says nothing of that", un->name,
			    options.tag ? "--tag" : "--arch",
			    image_kind_text(is_directory ? IMAGE_DIRECTORY : IMAGE_ROOT_ARCHIVE));
	return is_directory ? take_directory(un) : unpack_blobs(un, false);
}

int image_unpack(const char *name, const struct unpack_options *options, struct arena *arena,
		 struct unpacked *ret_unpacked, unpack_tell_fn tell, struct croft_error *err)
{
	struct unpacked to = { .root = NULL };
	struct unpacking un = { .name = name,
				.options = options,
				.arena = arena,
				.to = &to,
				.tell = tell,
				.err = err };
	int r;

	un.blobs.fd = un.blobs.root.fd = -1;
	kept_init(&un.kept);
	r = unpack_any(&un);
	blobs_done(&un.blobs);
	kept_done(&un.kept);
	if (r == 0)
		*ret_unpacked = to;
	return r;
}
