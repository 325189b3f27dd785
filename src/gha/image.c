/* SPDX-License-Identifier: MIT */
/*
 * image.c - the name of an image in a workflow to a directory on this machine.
 *
 * A name says where the image lies or is one of the folder that the runner's owner has set up. A
 * registry is never asked: what a job runs in is then what somebody has put on this machine. "/"
 * and
 * ":" of a name become "_", so a name cannot lead out of the folder. croft-image does the reading:
 * it has the bounds for images that an enemy has made.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "gha/annotate.h"
#include "gha/job.h"
#include "gha/spawn.h"
#include "sys/calls.h"

#define SAID_MAX (1U << 20)

struct place {
	const char *path, *tag; /* tag: NULL, none was said */
};

static bool is_there(const char *path)
{
	struct stat st;

	return sys_fstatat(AT_FDCWD, path, &st, 0) == 0;
}

static int not_here(const char *name, struct croft_error *err)
{
	const char *folder = getenv("CROFT_GHA_IMAGES");

	if (folder && folder[0] == '/') {
		(void)fail(err, CROFT_STAGE_PREPARE, 0, "image %s is not in '%s'", name, folder);
		fail_hint(err,
			  "nothing is pulled: put it there, as a directory or an OCI archive of "
			  "that name with _ for / and :");
	} else {
		(void)fail(err, CROFT_STAGE_PREPARE, 0, "image %s: nothing says where it lies",
			   name);
		fail_hint(err, "nothing is pulled: name it dir:/path or oci:/path, or set "
			       "CROFT_GHA_IMAGES in the runner's .env to a folder of images");
	}
	return -ENOENT;
}

static int find_name(const char *name, struct arena *arena, struct place *place,
		     struct croft_error *err)
{
	static const char *const ends[] = { "", ".tar", ".oci" };
	const char *folder = getenv("CROFT_GHA_IMAGES");
	char *file = arena_strdup(arena, name);

	for (char *c = file; c && *c; c++)
		if (*c == '/' || *c == ':')
			*c = '_';
	if (!file || !folder || folder[0] != '/' || !*file || file[0] == '.')
		return not_here(name, err);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		place->path = arena_printf(arena, "%s/%s%s", folder, file, ends[i]);
		if (place->path && is_there(place->path))
			return 0;
	}
	return not_here(name, err);
}

static int find_place(const char *name, struct arena *arena, struct place *place,
		      struct croft_error *err)
{
	*place = (struct place){ 0 };
	if (name[0] == '/') {
		place->path = name;
	} else if (!strncmp(name, "dir:/", 5)) {
		place->path = name + 4;
	} else if (!strncmp(name, "oci:/", 5)) {
		char *path = arena_strdup(arena, name + 4), *colon;

		if (!path)
			return fail(err, CROFT_STAGE_PREPARE, ENOMEM, "find an image");
		colon = is_there(path) ? NULL : strrchr(path, ':');
		if (colon && !strchr(colon, '/')) {
			*colon = '\0';
			place->tag = colon + 1;
		}
		place->path = path;
	} else {
		return find_name(name, arena, place, err);
	}
	if (is_there(place->path))
		return 0;
	(void)fail(err, CROFT_STAGE_PREPARE, 0, "image %s: '%s' is not there", name, place->path);
	fail_hint(err, "nothing is pulled: put a directory, an OCI layout or an archive there");
	return -ENOENT;
}

static int take_list(const json_t *list, struct arena *arena, char ***ret, size_t *ret_n)
{
	*ret_n = json_array_size(list);
	*ret = arena_calloc(arena, *ret_n + 1, sizeof(**ret));
	for (size_t i = 0; *ret && i < *ret_n; i++) {
		const char *text = json_string_value(json_array_get(list, i));

		if (!text)
			return -EINVAL;
		(*ret)[i] = arena_strdup(arena, text);
		if (!(*ret)[i])
			return -ENOMEM;
	}
	return *ret ? 0 : -ENOMEM;
}

static int take_env(const json_t *list, struct arena *arena, struct job_image *image)
{
	image->env = arena_calloc(arena, json_array_size(list) + 1, sizeof(*image->env));
	for (size_t i = 0; image->env && i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));
		const char *equals = text ? strchr(text, '=') : NULL;
		struct request_pair *pair = &image->env[image->n_env];

		if (!equals || equals == text)
			continue;
		pair->name = arena_strndup(arena, text, (size_t)(equals - text));
		pair->value = arena_strdup(arena, equals + 1);
		if (!pair->name || !pair->value)
			return -ENOMEM;
		image->n_env++;
	}
	return image->env ? 0 : -ENOMEM;
}

static int parse(const char *data, size_t len, struct arena *arena, struct job_image *image)
{
	json_t *root = json_loadb(data, len, JSON_REJECT_DUPLICATES, NULL);
	const char *path = json_string_value(json_object_get(root, "root"));
	const char *workdir = json_string_value(json_object_get(root, "workdir"));
	int r = path && path[0] == '/' ? 0 : -EINVAL;

	*image = (struct job_image){ 0 };
	if (r == 0)
		r = take_list(json_object_get(root, "entrypoint"), arena, &image->entrypoint,
			      &image->n_entrypoint);
	if (r == 0)
		r = take_list(json_object_get(root, "cmd"), arena, &image->cmd, &image->n_cmd);
	if (r == 0)
		r = take_env(json_object_get(root, "env"), arena, image);
	if (r == 0) {
		image->root = arena_strdup(arena, path);
		image->workdir = arena_strdup(arena, workdir ? workdir : "");
		r = image->root && image->workdir ? 0 : -ENOMEM;
	}
	json_decref(root);
	return r;
}

/* Its last line, without "croft: ". */
static const char *last_words(struct buf *said)
{
	char *text = said->data, *line;
	size_t len = said->len;

	while (len && text[len - 1] == '\n')
		text[--len] = '\0';
	if (!len)
		return "croft image unpack has failed";
	line = strrchr(text, '\n');
	line = line ? line + 1 : text;
	return strncmp(line, "croft: ", 7) ? line : line + 7;
}

int job_image_find(const char *name, struct arena *arena, struct job_image *ret_image,
		   struct croft_error *err)
{
	AUTO_BUF struct buf out = BUF_INIT(SAID_MAX), said = BUF_INIT(SAID_MAX);
	const char *cache = getenv("CROFT_GHA_CACHE");
	const char *argv[10] = { "croft-image", "unpack", "--json" };
	struct place place;
	size_t n = 3;
	int r = find_place(name, arena, &place, err);

	if (r < 0)
		return r;
	if (cache && *cache) {
		argv[n++] = "--cache";
		argv[n++] = cache;
	}
	if (place.tag) {
		argv[n++] = "--tag";
		argv[n++] = place.tag;
	}
	argv[n++] = "--";
	argv[n++] = place.path;
	r = spawn_capture("croft-image", (char *const *)(uintptr_t)argv, &out, &said, err);
	if (r > 0)
		return fail(err, CROFT_STAGE_PREPARE, 0, "image %s: %s", name, last_words(&said));
	if (r == 0)
		r = parse(buf_text(&out), out.len, arena, ret_image);
	else
		return r;
	return r < 0 ? fail(err, CROFT_STAGE_PREPARE, -r,
			    "image %s: the answer of croft image unpack", name)
		     : 0;
}
