/* SPDX-License-Identifier: MIT */
/*
 * manifest_oci.c - index.json, and which of the images in it is meant.
 *
 * One that is for another machine is taken when it is the only one and nobody has asked for
 * another: then the check says what will not start, which is what the user wants to know.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "elf/elf.h"
#include "image/manifest_parts.h"

#define REF_NAME "org.opencontainers.image.ref.name"
#define IMAGE_NAME "io.containerd.image.name" /* docker save: of the other only "latest" is in it */

static const char *wanted_architecture(const struct reading *reading)
{
	if (reading->options->architecture)
		return reading->options->architecture;
#if defined(__aarch64__)
	return "arm64";
#else
	return "amd64";
#endif
}

/* Not what runs: a signature, a bill of materials, an attestation. */
static bool is_image(const json_t *entry)
{
	const json_t *platform = json_object_get(entry, "platform");
	const json_t *notes = json_object_get(entry, "annotations");

	return strcmp(manifest_text(platform, "os"), "unknown") != 0 &&
	       strcmp(manifest_text(notes, "vnd.docker.reference.type"), "attestation-manifest");
}

static bool is_platform(const struct reading *reading, const json_t *entry)
{
	const json_t *platform = json_object_get(entry, "platform");

	return !platform ||
	       (!strcmp(manifest_text(platform, "os"), "linux") &&
		!strcmp(manifest_text(platform, "architecture"), wanted_architecture(reading)));
}

static bool is_tagged(const struct reading *reading, const json_t *entry)
{
	const json_t *notes = json_object_get(entry, "annotations");

	return !reading->options->tag ||
	       manifest_is_tag(manifest_text(notes, REF_NAME), reading->options->tag) ||
	       manifest_is_tag(manifest_text(notes, IMAGE_NAME), reading->options->tag);
}

/* Which there are, for the message that none fits, or too many. */
static void list_entries(const json_t *manifests, bool are_tags, struct buf *names)
{
	size_t i;
	json_t *entry;

	json_array_foreach(manifests, i, entry)
	{
		const json_t *platform = json_object_get(entry, "platform");
		const json_t *notes = json_object_get(entry, "annotations");

		if (!is_image(entry))
			continue;
		if (!are_tags)
			buf_puts(names, names->len ? ", " : "");
		if (are_tags)
			manifest_add_tag(names,
					 manifest_text(notes, *manifest_text(notes, IMAGE_NAME)
								      ? IMAGE_NAME
								      : REF_NAME));
		else
			buf_printf(names, "%s/%s", manifest_text(platform, "os"),
				   manifest_text(platform, "architecture"));
	}
}

static int fail_choice(const struct reading *reading, const char *file, const json_t *manifests,
		       bool are_tags, const char *why)
{
	AUTO_BUF struct buf names = BUF_INIT(65536);

	list_entries(manifests, are_tags, &names);
	(void)fail(reading->err, CROFT_STAGE_PREPARE, 0, "%s: %s: %s: there are %.*s",
		   reading->blobs->name, file, why, MANIFEST_MAX_LISTED, buf_text(&names));
	return -ENOENT;
}

/* The entry that is meant; `is_top`: entries are images with tags, else one image's platforms. */
static int choose(const struct reading *reading, const char *file, const json_t *manifests,
		  bool is_top, const json_t **ret_entry)
{
	const json_t *found = NULL, *only = NULL;
	size_t n_found = 0, n_images = 0, n_tagged = 0, i;
	json_t *entry;

	json_array_foreach(manifests, i, entry)
	{
		if (!is_image(entry))
			continue;
		n_images++;
		if (is_top && !is_tagged(reading, entry))
			continue;
		n_tagged++;
		only = entry;
		if (!is_platform(reading, entry))
			continue;
		if (!found || (is_top && strcmp(manifest_text(found, "digest"),
						manifest_text(entry, "digest")) != 0))
			n_found++;
		found = found ? found : entry;
	}
	if (n_images == 0)
		return manifest_fail(reading, ENOENT, file, "no image is in it");
	if (n_tagged == 0)
		return fail_choice(reading, file, manifests, true, "--tag: no image has that tag");
	if (n_found == 0 && n_tagged == 1 && !reading->options->architecture)
		found = only;
	if (!found)
		return fail_choice(reading, file, manifests, false,
				   reading->options->architecture ? "--arch: no image is for it"
								  : "no image is for this machine");
	if (is_top && n_found > 1)
		return fail_choice(reading, file, manifests, true,
				   "several images, of which --tag takes one");
	*ret_entry = found;
	return 0;
}

int manifest_read_oci(struct reading *reading)
{
	struct descriptor at = { .name = "index.json" };
	json_t *json = NULL;
	int r = 0;

	for (int depth = 0; r == 0; depth++) {
		const json_t *manifests, *entry = NULL;

		json_decref(json);
		json = NULL;
		r = depth > MANIFEST_MAX_DEPTH
			    ? manifest_fail(reading, ELOOP, at.name, "indexes lead on without end")
			    : manifest_load(reading, at.name, &at.digest, &json);
		if (r < 0)
			break;
		manifests = json_object_get(json, "manifests");
		if (!json_is_array(manifests)) {
			r = depth == 0 ? manifest_fail(reading, EINVAL, at.name,
						       "no list of manifests is in it")
				       : manifest_take(reading, at.name, json, false);
			break;
		}
		r = choose(reading, at.name, manifests, depth == 0, &entry);
		if (r == 0)
			r = manifest_descriptor(reading, at.name, entry, false, &at);
		reading->manifest->digest = at.digest;
		reading->manifest->is_bound = true;
	}
	json_decref(json);
	return r;
}
