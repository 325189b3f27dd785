/* SPDX-License-Identifier: MIT */
/*
 * manifest_docker.c - docker save's manifest.json, and the configuration of every kind of image.
 *
 * docker save promises digests of its own: the configuration's name is one, and that has the
 * digests of the layers as they are unpacked (diff_ids), which is how they lie there. Both
 * are held against the bytes.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "image/layer.h"
#include "image/manifest_parts.h"

/* "HEX.json" and "blobs/sha256/HEX" promise a digest; other names do not. */
static struct digest digest_of_name(const char *name)
{
	const char *base = strrchr(name, '/');
	struct digest digest = { 0 };
	char text[8 + DIGEST_HEX_SIZE];
	size_t len;

	base = base ? base + 1 : name;
	len = strcspn(base, ".");
	if (len != SHA256_DIGEST_LENGTH * 2 || (base[len] && strcmp(base + len, ".json") != 0))
		return digest;
	(void)snprintf(text, sizeof(text), "sha256:%.*s", (int)len, base);
	if (digest_parse(text, &digest) < 0)
		digest.is_given = false;
	return digest;
}

static bool has_tag(const json_t *image, const char *tag)
{
	const json_t *tags = json_object_get(image, "RepoTags");

	for (size_t i = 0; i < json_array_size(tags); i++) {
		const char *text = json_string_value(json_array_get(tags, i));

		if (text && manifest_is_tag(text, tag))
			return true;
	}
	return false;
}

static int fail_choice(const struct reading *reading, const json_t *list, const char *why)
{
	AUTO_BUF struct buf tags = BUF_INIT(65536);
	size_t i;
	json_t *image;

	json_array_foreach(list, i, image)
	{
		const json_t *names = json_object_get(image, "RepoTags");
		const char *name = json_string_value(json_array_get(names, 0));

		manifest_add_tag(&tags, name ? name : "");
	}
	(void)fail(reading->err, CROFT_STAGE_PREPARE, 0, "%s: manifest.json: %s: there are %.*s",
		   reading->blobs->name, why, MANIFEST_MAX_LISTED, buf_text(&tags));
	return -ENOENT;
}

/* Which image of the list is meant. */
static int choose(const struct reading *reading, const json_t *list, const json_t **ret_image)
{
	const char *tag = reading->options->tag;
	size_t n = json_array_size(list);
	const json_t *found = NULL;
	size_t n_found = 0;

	if (n == 0)
		return manifest_fail(reading, ENOENT, "manifest.json", "no image is in it");
	for (size_t i = 0; i < n; i++) {
		if (tag && !has_tag(json_array_get(list, i), tag))
			continue;
		found = json_array_get(list, i);
		n_found++;
	}
	if (!found)
		return fail_choice(reading, list, "--tag: no image has that tag");
	if (n_found > 1)
		return fail_choice(reading, list, "several images, of which --tag takes one");
	*ret_image = found;
	return 0;
}

int manifest_take_docker(struct reading *reading, const json_t *list)
{
	struct manifest *manifest = reading->manifest;
	const json_t *image = NULL, *layers;
	struct digest digest;
	const char *name;
	json_t *config;
	int r = choose(reading, list, &image);

	if (r < 0)
		return r;
	layers = json_object_get(image, "Layers");
	name = manifest_text(image, "Config");
	if (!json_is_array(layers) || !*name)
		return manifest_fail(reading, EINVAL, "manifest.json",
				     "an image without Layers or Config");
	manifest->n_layers = json_array_size(layers);
	if (manifest->n_layers > LAYER_MAX)
		return manifest_fail(reading, EFBIG, "manifest.json",
				     "more than 500 layers, which no runtime mounts");
	manifest->layers =
		arena_calloc(reading->arena, manifest->n_layers, sizeof(*manifest->layers));
	if (!manifest->layers)
		return manifest_fail(reading, ENOMEM, "manifest.json", "no memory");
	for (size_t i = 0; i < manifest->n_layers; i++) {
		struct manifest_layer *layer = &manifest->layers[i];
		const char *text = json_string_value(json_array_get(layers, i));

		if (!text || !*text)
			return manifest_fail(reading, EINVAL, "manifest.json",
					     "a layer that is no text");
		layer->name = arena_strdup(reading->arena, text);
		if (!layer->name)
			return manifest_fail(reading, ENOMEM, "manifest.json", "no memory");
		if (!strncmp(text, "blobs/", 6))
			layer->digest = digest_of_name(text);
	}
	digest = digest_of_name(name);
	r = manifest_load(reading, name, &digest, &config);
	if (r < 0)
		return r;
	manifest->digest = digest;
	if (!digest.is_given)
		r = manifest_bind(reading, name, &config);
	if (r == 0)
		r = manifest_take_config(reading, name, config);
	json_decref(config);
	return r;
}

/* The configuration */

void manifest_default_config(struct image_config *ret_config)
{
	*ret_config = (struct image_config){
		.user = "",
		.workdir = "/",
		.path = IMAGE_DEFAULT_PATH,
		.architecture = "",
		.os = "",
	};
}

static int take_text(struct reading *reading, const json_t *object, const char *key,
		     const char **ret_text)
{
	const char *text = manifest_text(object, key);

	if (!*text)
		return 0;
	text = arena_strdup(reading->arena, text);
	if (!text)
		return manifest_fail(reading, ENOMEM, key, "no memory");
	*ret_text = text;
	return 0;
}

/* A list of texts; null and a missing one are empty. */
static int take_texts(struct reading *reading, const char *file, const json_t *object,
		      const char *key, const char *const **ret_texts, size_t *ret_n)
{
	const json_t *list = json_object_get(object, key);
	size_t n = json_array_size(list);
	const char **texts;

	if (list && !json_is_null(list) && !json_is_array(list))
		return manifest_fail(reading, EINVAL, file, "Env, Entrypoint or Cmd is no list");
	if (n == 0)
		return 0;
	texts = arena_calloc(reading->arena, n, sizeof(*texts));
	for (size_t i = 0; texts && i < n; i++) {
		const char *text = json_string_value(json_array_get(list, i));

		if (!text)
			return manifest_fail(reading, EINVAL, file,
					     "something in Env, Entrypoint or Cmd is no text");
		texts[i] = arena_strdup(reading->arena, text);
		if (!texts[i])
			texts = NULL;
	}
	if (!texts)
		return manifest_fail(reading, ENOMEM, file, "no memory");
	*ret_texts = texts;
	*ret_n = n;
	return 0;
}

/* The last of that name counts, as for runtimes. */
static const char *find_variable(const struct image_config *config, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = config->n_env; i > 0; i--)
		if (!strncmp(config->env[i - 1], name, len) && config->env[i - 1][len] == '=')
			return config->env[i - 1] + len + 1;
	return NULL;
}

static int take_diff_ids(struct reading *reading, const char *file, const json_t *json)
{
	const json_t *ids = json_object_get(json_object_get(json, "rootfs"), "diff_ids");
	struct manifest *manifest = reading->manifest;

	if (!json_is_array(ids))
		return 0;
	if (json_array_size(ids) != manifest->n_layers)
		return manifest_fail(reading, EINVAL, file,
				     "it has not one diff_id for each layer");
	for (size_t i = 0; i < manifest->n_layers; i++) {
		const char *text = json_string_value(json_array_get(ids, i));

		if (!text || digest_parse(text, &manifest->layers[i].diff_id) < 0)
			return manifest_fail(reading, EINVAL, file,
					     "a diff_id that is no sha256 or sha512 digest");
	}
	return 0;
}

int manifest_take_config(struct reading *reading, const char *file, const json_t *json)
{
	const json_t *run = json_object_get(json, "config");
	struct image_config *config = &reading->manifest->config;
	const char *path;
	int r;

	if (!json_is_object(json))
		return manifest_fail(reading, EINVAL, file, "the configuration is no object");
	config->is_given = true;
	r = take_text(reading, json, "architecture", &config->architecture);
	if (r == 0)
		r = take_text(reading, json, "os", &config->os);
	if (r == 0)
		r = take_text(reading, run, "User", &config->user);
	if (r == 0)
		r = take_text(reading, run, "WorkingDir", &config->workdir);
	if (r == 0)
		r = take_texts(reading, file, run, "Env", &config->env, &config->n_env);
	if (r == 0)
		r = take_texts(reading, file, run, "Entrypoint", &config->entrypoint,
			       &config->n_entrypoint);
	if (r == 0)
		r = take_texts(reading, file, run, "Cmd", &config->cmd, &config->n_cmd);
	if (r < 0)
		return r;
	if (reading->options->architecture &&
	    strcmp(reading->options->architecture, config->architecture) != 0)
		return fail(reading->err, CROFT_STAGE_PREPARE, 0,
			    "%s: --arch: the image is for '%.100s', not '%.100s'",
			    reading->blobs->name, config->architecture,
			    reading->options->architecture);
	path = find_variable(config, "PATH");
	config->path = path ? path : config->path;
	config->library_path = find_variable(config, "LD_LIBRARY_PATH");
	config->preload = find_variable(config, "LD_PRELOAD");
	return take_diff_ids(reading, file, json);
}
