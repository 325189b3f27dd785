/* SPDX-License-Identifier: MIT */
/*
 * layer.h - one layer of an image: its entries into the tree, and the contents that are wanted.
 *
 * What is not packed can be read at any place. What is packed can only be read from the start, and
 * a program's libraries lie all over it. So while the names are read, the contents that
 * programs consist of are kept as well, up to a bound; nearly every question is then answered
 * without reading the layer again. If it is not, one more pass keeps what this one could not.
 */
#ifndef CROFT_IMAGE_LAYER_H
#define CROFT_IMAGE_LAYER_H

#include <limits.h>

#include "base/err.h"
#include "image/tar.h"
#include "image/tree.h"

#define LAYER_MAX 500 /* as many as overlayfs mounts (OVL_MAX_STACK); Docker 127 */
#define LAYER_MAX_FILE (UINT64_C(512) << 20) /* of one content that is opened */
#define LAYER_MAX_KEPT (UINT64_C(256) << 20) /* of all contents that are kept */
#define LAYER_MAX_KEPT_FILE (UINT64_C(8) << 20) /* of one of them */
#define LAYER_MAX_BYTES (UINT64_C(128) << 30) /* as it lies there; half an hour for its digest */
#define LAYER_MAX_PASSES 64 /* more, of one image, are not made */

struct layer {
	const char *image; /* its name, for messages */
	unsigned number; /* 1 is the lowest */
	struct bytes bytes;
	int fd; /* owned; -1 */
	struct digest digest; /* of the bytes, if one is promised */
	enum packing packing;
	char label[48]; /* "layer 2 (sha256:0123456789ab)", "the archive" */
};

struct blobs;
struct manifest_layer;

/*
 * Opens the blob that a manifest names: image, number are set; fills the rest, `label` even where
 * it fails. What the manifest says of its size is held against it. Errors: stage PREPARE.
 */
int layer_open(struct layer *layer, const struct blobs *blobs, const struct manifest_layer *from,
	       struct croft_error *err);

/* Contents in memory, for inodes whose `kept` is their number. */
struct kept {
	int fd; /* owned; -1 until the first */
	uint64_t used;
	struct bytes *contents; /* 0 is nobody's */
	uint32_t n, capacity;
	uint64_t image_bytes; /* see struct tar */
};

void kept_init(struct kept *kept);
void kept_done(struct kept *kept);

/* Adds all entries to the tree, keeps contents, compares the digest. Errors: stage PREPARE. */
int layer_read(const struct layer *layer, struct tree *tree, struct kept *kept,
	       struct croft_error *err);
/*
 * The content of a regular file of this layer, in a descriptor at its begin, the caller's. 0,
 * -EFBIG, -EIO, ...; described. `passes` counts those made through packed layers.
 */
int layer_fetch(const struct layer *layer, struct tree *tree, struct kept *kept, uint32_t inode,
		unsigned *passes, int *ret_fd, struct croft_error *err);

/*
 * The regular files of a layer that can still be seen, in the order in which a pass meets them:
 * malloc'd. 0 or -ENOMEM.
 */
int layer_list_files(const struct layer *layer, struct tree *tree, struct tree_inode ***ret_files,
		     size_t *ret_n);
/* Held against the bytes that were summed up: 0 or an error. */
int layer_check_digest(const struct layer *layer, struct digest_sum *sum, struct croft_error *err);

/* "IMAGE: layer 2 (...): entry 'x': why"; `name` NULL: without an entry. Returns -errnum. */
int layer_fail(const struct layer *layer, struct croft_error *err, int errnum, const char *name,
	       const char *why);

#endif
