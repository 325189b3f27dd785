/* SPDX-License-Identifier: MIT */
/*
 * manifest.h - which layers an image is made of, and what it says of how it is run.
 *
 *	oci-layout, index.json ─► (index ─►) manifest ─► config, layers     OCI image layout
 *	manifest.json: a list of { Config, RepoTags, Layers }               docker save
 *	manifest.json: an OCI or Docker manifest, blobs beside it           skopeo's "dir:"
 *
 * JSON is jansson's to read, of a bounded size, and taken only with its right digest where one was
 * promised. A digest is the one thing that a name of a blob is made of.
 * Sources: opencontainers/image-spec (image-layout, image-index, manifest, config), and
 * moby's image/spec/v1.2 for docker save.
 */
#ifndef CROFT_IMAGE_MANIFEST_H
#define CROFT_IMAGE_MANIFEST_H

#include "image/blobs.h"
#include "image/image.h"

#define MANIFEST_MAX_BYTES ((size_t)4 << 20) /* as registries: 4 MiB */
#define MANIFEST_MAX_DEPTH 4 /* an index in an index in an index */

struct manifest_layer {
	const char *name; /* of the blob */
	struct digest digest; /* of its bytes */
	struct digest diff_id; /* of its bytes when they are not packed */
	uint64_t size; /* that is promised; 0: none is */
};

struct manifest {
	enum image_kind kind;
	struct manifest_layer *layers; /* the lowest first */
	size_t n_layers;
	struct image_config config;
	struct digest digest; /* of the manifest; of docker save's list: of the configuration */
	bool is_bound; /* that digest settles what the layers are */
};

/*
 * Finds out what the blobs are and reads it: 1, or 0 when they are no image but a root file
 * system, or an error (stage PREPARE). Texts live in the arena.
 */
int manifest_read(const struct blobs *blobs, const struct image_options *options,
		  struct arena *arena, struct manifest *ret_manifest, struct croft_error *err);

/* What there is without a configuration. */
void manifest_default_config(struct image_config *ret_config);

#endif
