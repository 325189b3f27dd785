/* SPDX-License-Identifier: MIT */
/*
 * manifest.c - which layers an image is made of, and what it says of how it is run.
 *
 * A manifest that names itself, or a circle of indexes, would need a digest of its own
 * bytes, which nobody can make; the depth has an end all the same. Layers are counted before
 * room is made for them.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "image/layer.h"
#include "image/manifest_parts.h"

int manifest_fail(const struct reading *reading, int errnum, const char *file, const char *why)
{
	(void)fail(reading->err, CROFT_STAGE_PREPARE, 0, "%s: %s: %s", reading->blobs->name, file,
		   why);
	return -errnum;
}

int manifest_load(const struct reading *reading, const char *name, const struct digest *digest,
		  json_t **ret_json)
{
	AUTO_FREE char *data = NULL;
	json_error_t where;
	ssize_t n =
		blobs_load(reading->blobs, name, digest, MANIFEST_MAX_BYTES, &data, reading->err);

	if (n < 0)
		return (int)n;
	*ret_json = json_loadb(data, (size_t)n, 0, &where);
	if (*ret_json)
		return 0;
	return fail(reading->err, CROFT_STAGE_PREPARE, 0, "%s: %s:%d:%d: no JSON: %s",
		    reading->blobs->name, name, where.line, where.column, where.text);
}

int manifest_bind(const struct reading *reading, const char *name, json_t **json)
{
	struct digest *digest = &reading->manifest->digest;
	json_t *again = NULL;
	int r = blobs_sum(reading->blobs, name, digest, reading->err);

	if (r == 0)
		r = manifest_load(reading, name, digest, &again);
	if (r < 0)
		return r;
	json_decref(*json);
	*json = again;
	return 0;
}

bool manifest_is_tag(const char *name, const char *tag)
{
	size_t len = strlen(name), tag_len = strlen(tag);

	return len >= tag_len && !strcmp(name + len - tag_len, tag) &&
	       (len == tag_len || name[len - tag_len - 1] == '/');
}

void manifest_add_tag(struct buf *list, const char *tag)
{
	buf_puts(list, list->len ? ", " : "");
	buf_puts(list, *tag ? tag : "(one without a tag)");
}

const char *manifest_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

int manifest_descriptor(const struct reading *reading, const char *file, const json_t *json,
			bool is_flat, struct descriptor *ret_descriptor)
{
	struct descriptor it = { .media_type = manifest_text(json, "mediaType") };
	const char *text = manifest_text(json, "digest");
	json_int_t size = json_integer_value(json_object_get(json, "size"));
	int n;

	if (digest_parse(text, &it.digest) < 0) {
		(void)fail(reading->err, CROFT_STAGE_PREPARE, 0,
			   "%s: %s: '%.100s' is no sha256 or sha512 digest", reading->blobs->name,
			   file, text);
		return -EINVAL;
	}
	if (size < 0)
		return manifest_fail(reading, EINVAL, file, "a size below zero");
	it.size = (uint64_t)size;
	n = snprintf(it.name, sizeof(it.name), "%s%s",
		     is_flat             ? ""
		     : it.digest.is_long ? "blobs/sha512/"
					 : "blobs/sha256/",
		     it.digest.hex);
	if (n < 0 || (size_t)n >= sizeof(it.name))
		return -ENAMETOOLONG;
	*ret_descriptor = it;
	return 0;
}

static int take_layer(struct reading *reading, const char *file, const json_t *json, bool is_flat,
		      struct manifest_layer *layer)
{
	struct descriptor descriptor;
	int r = manifest_descriptor(reading, file, json, is_flat, &descriptor);

	if (r < 0)
		return r;
	if (strstr(descriptor.media_type, "encrypted"))
		return manifest_fail(reading, EINVAL, descriptor.name, "an encrypted layer");
	layer->name = arena_strdup(reading->arena, descriptor.name);
	layer->digest = descriptor.digest;
	layer->size = descriptor.size;
	return layer->name ? 0 : manifest_fail(reading, ENOMEM, file, "no memory");
}

int manifest_take(struct reading *reading, const char *file, const json_t *json, bool is_flat)
{
	const json_t *layers = json_object_get(json, "layers");
	struct manifest *manifest = reading->manifest;
	size_t n = json_array_size(layers);
	struct descriptor descriptor;
	json_t *config = NULL;
	int r;

	if (!json_is_array(layers))
		return manifest_fail(reading, EINVAL, file,
				     json_object_get(json, "fsLayers")
					     ? "a manifest of Docker's first schema"
					     : "a manifest without a list of layers");
	if (n > LAYER_MAX)
		return manifest_fail(reading, EFBIG, file,
				     "more than 500 layers, which no runtime mounts");
	manifest->layers = arena_calloc(reading->arena, n, sizeof(*manifest->layers));
	if (!manifest->layers)
		return manifest_fail(reading, ENOMEM, file, "no memory");
	manifest->n_layers = n;
	for (size_t i = 0; i < n; i++) {
		r = take_layer(reading, file, json_array_get(layers, i), is_flat,
			       &manifest->layers[i]);
		if (r < 0)
			return r;
	}
	r = manifest_descriptor(reading, file, json_object_get(json, "config"), is_flat,
				&descriptor);
	if (r == 0)
		r = manifest_load(reading, descriptor.name, &descriptor.digest, &config);
	if (r == 0)
		r = manifest_take_config(reading, descriptor.name, config);
	json_decref(config);
	return r;
}

/* docker save, or skopeo's "dir:": told by what the file is. 1, or 0: it belongs to the root. */
static int read_manifest_json(struct reading *reading, bool is_sure)
{
	static const char name[] = "manifest.json";
	json_t *json = NULL;
	int r = manifest_load(reading, name, NULL, &json);

	if (r < 0 || (!is_sure && !json_is_array(json))) {
		if (r == 0)
			json_decref(json);
		return is_sure ? r : 0;
	}
	if (json_is_array(json)) {
		reading->manifest->kind =
			reading->blobs->is_archive ? IMAGE_DOCKER_ARCHIVE : IMAGE_DOCKER_LAYOUT;
		r = manifest_take_docker(reading, json);
	} else {
		reading->manifest->kind = IMAGE_DIR_TRANSPORT;
		r = manifest_bind(reading, name, &json);
		if (r == 0)
			r = manifest_take(reading, name, json, true);
		reading->manifest->is_bound = true;
	}
	json_decref(json);
	return r < 0 ? r : 1;
}

int manifest_read(const struct blobs *blobs, const struct image_options *options,
		  struct arena *arena, struct manifest *ret_manifest, struct croft_error *err)
{
	struct reading reading = { blobs, options, arena, ret_manifest, err };
	bool is_docker = blobs_has(blobs, "manifest.json");
	int r;

	*ret_manifest = (struct manifest){ .kind = IMAGE_DIRECTORY };
	manifest_default_config(&ret_manifest->config);
	if (blobs_has(blobs, "oci-layout") && blobs_has(blobs, "index.json")) {
		ret_manifest->kind = blobs->is_archive ? IMAGE_OCI_ARCHIVE : IMAGE_OCI_LAYOUT;
		if (is_docker) /* docker save has both, since version 25 */
			ret_manifest->kind =
				blobs->is_archive ? IMAGE_DOCKER_ARCHIVE : IMAGE_DOCKER_LAYOUT;
		r = manifest_read_oci(&reading);
		return r < 0 ? r : 1;
	}
	if (is_docker)
		return read_manifest_json(&reading,
					  blobs->is_archive || blobs_has(blobs, "version"));
	if (blobs_has(blobs, "repositories"))
		return manifest_fail(&reading, EINVAL, "repositories",
				     "docker save before Docker 1.10, without a manifest.json");
	return 0;
}
