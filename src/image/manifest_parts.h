/* SPDX-License-Identifier: MIT */
/*
 * manifest_parts.h - what the readers of manifests share: inside src/image only.
 */
#ifndef CROFT_IMAGE_MANIFEST_PARTS_H
#define CROFT_IMAGE_MANIFEST_PARTS_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"
#include "image/manifest.h"

struct reading {
	const struct blobs *blobs;
	const struct image_options *options;
	struct arena *arena;
	struct manifest *manifest;
	struct croft_error *err;
};

/* A descriptor: what a digest and a size name. */
struct descriptor {
	struct digest digest;
	uint64_t size;
	const char *media_type; /* ""; jansson's */
	char name[PATH_MAX]; /* of the blob */
};

#define MANIFEST_MAX_LISTED 200 /* bytes of tags or platforms in a message */

/* "IMAGE: FILE: why". Returns -errnum. */
int manifest_fail(const struct reading *reading, int errnum, const char *file, const char *why);
/* The file's JSON: an object, or a list if it may be one. The caller's to decref. */
int manifest_load(const struct reading *reading, const char *name, const struct digest *digest,
		  json_t **ret_json);
/* For one that was loaded without a digest: manifest->digest is that of what *json is by then. */
int manifest_bind(const struct reading *reading, const char *name, json_t **json);
/* Is `tag` that name, or what is behind one of its slashes? */
bool manifest_is_tag(const char *name, const char *tag);
/* Another one in a list for people: "a:1, b:2"; "" is an image without a tag. */
void manifest_add_tag(struct buf *list, const char *tag);
/* A member that is a text, else "". */
const char *manifest_text(const json_t *object, const char *key);
/* `json` stands in `file`. Blobs are beside the manifest, or in blobs/ALGORITHM/. */
int manifest_descriptor(const struct reading *reading, const char *file, const json_t *json,
			bool is_flat, struct descriptor *ret_descriptor);

/* index.json and what it leads to. */
int manifest_read_oci(struct reading *reading);
/* A manifest of OCI or Docker, that has been loaded from `file`. */
int manifest_take(struct reading *reading, const char *file, const json_t *json, bool is_flat);
/* docker save's list. */
int manifest_take_docker(struct reading *reading, const json_t *list);
/* The configuration: manifest->config, and the layers' diff_ids. */
int manifest_take_config(struct reading *reading, const char *file, const json_t *json);

#endif
