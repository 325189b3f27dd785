/* SPDX-License-Identifier: MIT */
/*
 * image.c - a container image, read where it lies: what a process started in it would see.
 *
 *	name ─► a directory? ─► oci-layout, manifest.json? ─► layers
 *	                    └► else it is the root, as it is
 *	     ─► a file?      ─► a tar with oci-layout or manifest.json ─► layers
 *	                    └► else the tar is the root: one layer
 *	then the mounts, in their order, each at what its path leads to by then
 *
 * A directory without mounts is read by elf/root.c alone. Everything else is a source behind
 * struct root: names by view.c, contents by layer.c.
 *
 * An image has one user. Contents are read on demand, so what is const to its readers is
 * not to this file: what was kept, and how many passes were made.
 */
#include "image/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "image/layer.h"
#include "image/manifest.h"
#include "image/view.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define IMAGE_ARENA ((size_t)64 << 20)
#define NOTES_MAX 32
#define TREE_DEV 0x6372 /* of files in layers: the others' are the kernel's */

struct image {
	struct arena arena;
	const char *name;
	enum image_kind kind;
	struct image_config config;
	struct blobs blobs;
	struct layer *layers; /* in the arena */
	const char **origins; /* of layers, in the arena */
	size_t n_layers;
	struct tree tree;
	struct kept kept;
	unsigned passes;
	struct view view;
	struct root root; /* what readers get */
	struct root_source source; /* its image is found from it */
	const char *notes[NOTES_MAX];
	size_t n_notes;
};

static const struct {
	const char *name, *text;
} kinds[] = {
	[IMAGE_DIRECTORY] = { "directory", "a directory" },
	[IMAGE_OCI_LAYOUT] = { "oci-layout", "an OCI layout" },
	[IMAGE_OCI_ARCHIVE] = { "oci-archive", "an OCI archive" },
	[IMAGE_DOCKER_LAYOUT] = { "docker-layout", "an unpacked docker save" },
	[IMAGE_DOCKER_ARCHIVE] = { "docker-archive", "a docker save" },
	[IMAGE_DIR_TRANSPORT] = { "dir", "a directory of blobs (dir:)" },
	[IMAGE_ROOT_ARCHIVE] = { "root-archive", "an archive of a root file system" },
};
_Static_assert(ARRAY_SIZE(kinds) == IMAGE_KIND_MAX, "one row for each kind");

const char *image_kind_name(enum image_kind kind)
{
	return kinds[kind].name;
}

const char *image_kind_text(enum image_kind kind)
{
	return kinds[kind].text;
}

static struct image *image_of(const struct root_source *source)
{
	return source->image;
}

static void note(struct image *image, const char *text)
{
	const char *kept = image->n_notes < NOTES_MAX ? arena_strdup(&image->arena, text) : NULL;

	if (kept)
		image->notes[image->n_notes++] = kept;
}

const char *image_note(const struct image *image, size_t i)
{
	return i < image->n_notes ? image->notes[i] : NULL;
}

/* The source */

static int source_open_file(const struct root_source *source, const char *full,
			    struct root_file *ret_file)
{
	struct image *image = image_of(source);
	const struct tree_inode *inode;
	struct croft_error err = { 0 };
	struct view_place place;
	struct root_walk walk;
	int fd, r = view_walk(&image->view, full, false, &walk, &place);

	if (r < 0)
		return r;
	inode = place.fd < 0 ? tree_inode_of(&image->tree, place.node) : NULL;
	if (!S_ISREG(place.st.st_mode))
		fd = S_ISDIR(place.st.st_mode) ? -EISDIR : -EINVAL;
	else if (!inode)
		fd = view_open(&place);
	else {
		r = layer_fetch(&image->layers[inode->layer - 1], &image->tree, &image->kept,
				image->tree.nodes[place.node].inode, &image->passes, &fd, &err);
		if (r < 0) {
			note(image, err.what);
			fd = r == -EMFILE || r == -ENFILE || r == -ENOMEM || r == -EFBIG ? r : -EIO;
		}
	}
	view_place_done(&place);
	if (fd < 0)
		return fd;
	*ret_file = (struct root_file){
		.fd = fd,
		.mode = place.st.st_mode,
		.uid = place.st.st_uid,
		.gid = place.st.st_gid,
		.dev = inode ? TREE_DEV : place.st.st_dev,
		.ino = place.st.st_ino,
		.size = (uint64_t)place.st.st_size,
	};
	memcpy(ret_file->real, walk.real, strlen(walk.real) + 1);
	return 0;
}

static void source_walk(const struct root_source *source, const char *full,
			struct root_walk *ret_walk)
{
	struct view_place place;

	if (view_walk(&image_of(source)->view, full, false, ret_walk, &place) == 0)
		view_place_done(&place);
}

static int source_open_dir(const struct root_source *source, const char *full)
{
	struct view_place place;
	struct root_walk walk;
	int r = view_walk(&image_of(source)->view, full, false, &walk, &place);

	if (r < 0)
		return r;
	r = S_ISDIR(place.st.st_mode) ? 0 : -ENOTDIR;
	view_place_done(&place);
	return r;
}

static int source_list(const struct root_source *source, const char *full, root_take_fn take,
		       void *context)
{
	const struct view *view = &image_of(source)->view;
	struct view_place place;
	struct root_walk walk;
	int r = view_walk(view, full, false, &walk, &place);

	if (r < 0)
		return r;
	r = S_ISDIR(place.st.st_mode) ? view_list(view, &place, take, context) : -ENOTDIR;
	view_place_done(&place);
	return r;
}

static bool source_has(const struct root_source *source, const char *dir, const char *name)
{
	struct view_place place;
	struct root_walk walk;
	char full[PATH_MAX];
	int n = snprintf(full, sizeof(full), "%s/%s", dir, name);

	if (n < 0 || (size_t)n >= sizeof(full) ||
	    view_walk(&image_of(source)->view, full, true, &walk, &place) < 0)
		return false;
	view_place_done(&place);
	return true;
}

/* Layers */

static int read_layer(struct image *image, struct layer *layer, struct croft_error *err)
{
	uint32_t covered = image->tree.n_covered_links;
	int r = layer_read(layer, &image->tree, &image->kept, err);
	char text[256];

	if (r == 0 && image->tree.n_covered_links > covered) {
		(void)snprintf(text, sizeof(text),
			       "%s puts %u directories in the place of links of lower layers",
			       layer->label, image->tree.n_covered_links - covered);
		note(image, text);
	}
	return r;
}

static int make_layers(struct image *image, size_t n, struct croft_error *err)
{
	image->layers = arena_calloc(&image->arena, n, sizeof(*image->layers));
	image->origins = arena_calloc(&image->arena, n, sizeof(*image->origins));
	if (!image->layers || !image->origins)
		return fail(err, CROFT_STAGE_PREPARE, ENOMEM, "%s", image->name);
	image->n_layers = n;
	for (size_t i = 0; i < n; i++)
		image->layers[i].fd = -1;
	return 0;
}

static int read_layers(struct image *image, const struct manifest *manifest,
		       struct croft_error *err)
{
	int r = make_layers(image, manifest->n_layers, err);

	image->kind = manifest->kind;
	image->config = manifest->config;
	for (size_t i = 0; r == 0 && i < image->n_layers; i++) {
		image->layers[i].image = image->name;
		image->layers[i].number = (unsigned)i + 1;
		r = layer_open(&image->layers[i], &image->blobs, &manifest->layers[i], err);
		image->origins[i] = image->layers[i].label;
		if (r == 0)
			r = read_layer(image, &image->layers[i], err);
	}
	return r;
}

/* The archive is the root: one layer. */
static int read_root_archive(struct image *image, struct croft_error *err)
{
	struct layer *layer;
	int r = make_layers(image, 1, err);

	if (r < 0)
		return r;
	layer = image->layers;
	layer->image = image->name;
	layer->number = 1;
	layer->bytes = image->blobs.bytes;
	(void)snprintf(layer->label, sizeof(layer->label), "the archive");
	image->origins[0] = layer->label;
	image->kind = IMAGE_ROOT_ARCHIVE;
	return read_layer(image, layer, err);
}

/* Mounts */

/*
 * Where a mount's path leads by now, in the image and the mounts before it. What is missing at its
 * end will be made there.
 */
static int find_mount_point(const struct view *view, const char *path, char ret_real[PATH_MAX])
{
	char head[PATH_MAX];
	struct view_place place;
	struct root_walk walk;
	size_t len = strlen(path);
	int n, r;

	if (len >= sizeof(head))
		return -ENAMETOOLONG;
	memcpy(head, path, len + 1);
	for (;;) {
		r = view_walk(view, head, false, &walk, &place);
		if (r != -ENOENT || len == 0)
			break;
		do
			len--;
		while (len > 0 && head[len] != '/');
		head[len] = '\0';
	}
	if (r < 0)
		return r;
	view_place_done(&place);
	if (path[len] && !S_ISDIR(walk.mode))
		return -ENOTDIR;
	n = snprintf(ret_real, PATH_MAX, "%s%s", walk.real, path + len);
	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static int open_host(const struct image_mount *mount, struct croft_error *err)
{
	AUTO_FD int fd = -1;
	struct stat st;
	int r;

	do
		fd = sys_openat(AT_FDCWD, mount->host, O_PATH, 0);
	while (fd == -EINTR);
	r = fd < 0 ? fd : sys_fstatat(fd, "", &st, AT_EMPTY_PATH);
	if (r < 0)
		return fail(err, CROFT_STAGE_PREPARE, -r, "--mount: open '%s'", mount->host);
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
		return fail(err, CROFT_STAGE_PREPARE, 0,
			    "--mount: '%s' is neither a directory nor a regular file", mount->host);
	return fd_take(&fd);
}

static int add_mount(struct image *image, const struct image_mount *mount, struct croft_error *err)
{
	struct view *view = &image->view;
	struct view_mount *to = &view->mounts[view->n_mounts];
	AUTO_FD int fd = -1;
	char real[PATH_MAX];
	const char *why;
	int r;

	if (mount->path[0] != '/')
		return fail(err, CROFT_STAGE_USAGE, 0, "--mount: '%s' is not absolute",
			    mount->path);
	fd = open_host(mount, err);
	if (fd < 0)
		return fd;
	r = find_mount_point(view, mount->path, real);
	if (r < 0)
		return fail(err, CROFT_STAGE_PREPARE, -r, "--mount: '%s' in the image",
			    mount->path);
	tree_begin_layer(&image->tree, 0);
	r = tree_make(&image->tree, real, &to->node, &why);
	if (r < 0)
		return fail(err, CROFT_STAGE_PREPARE, 0, "--mount: '%s' in the image: %s",
			    mount->path, why);
	to->host = arena_strdup(&image->arena, mount->host);
	if (!to->host)
		return fail(err, CROFT_STAGE_PREPARE, ENOMEM, "--mount");
	to->fd = fd_take(&fd);
	view->n_mounts++;
	return 0;
}

static int add_mounts(struct image *image, const struct image_options *options,
		      struct croft_error *err)
{
	int r = 0;

	if (options->n_mounts > IMAGE_MAX_MOUNTS)
		return fail(err, CROFT_STAGE_USAGE, 0, "more than %d mounts", IMAGE_MAX_MOUNTS);
	for (size_t i = 0; r == 0 && i < options->n_mounts; i++)
		r = add_mount(image, &options->mounts[i], err);
	return r;
}

int image_parse_mount(struct arena *arena, const char *text, struct image_mount *ret_mount,
		      struct croft_error *err)
{
	const char *colon = NULL;

	for (const char *at = text; (at = strstr(at, ":/")); at++)
		colon = at;
	if (!colon || colon == text)
		return fail(err, CROFT_STAGE_USAGE, 0, "--mount: '%s' is not HOST:PATH", text);
	ret_mount->host = arena_strndup(arena, text, (size_t)(colon - text));
	ret_mount->path = arena_strdup(arena, colon + 1);
	if (!ret_mount->host || !ret_mount->path)
		return fail(err, CROFT_STAGE_USAGE, ENOMEM, "--mount");
	return 0;
}

/* The image */

static int read_blobs(struct image *image, const struct image_options *options, bool is_directory,
		      struct croft_error *err)
{
	struct manifest manifest;
	int r = manifest_read(&image->blobs, options, &image->arena, &manifest, err);

	if (r < 0)
		return r;
	if (r > 0)
		return read_layers(image, &manifest, err);
	if (options->tag || options->architecture)
		return fail(err, CROFT_STAGE_PREPARE, 0,
			    "%s: %s: it is %s, which says nothing of that", image->name,
			    options->tag ? "--tag" : "--arch",
			    image_kind_text(is_directory ? IMAGE_DIRECTORY : IMAGE_ROOT_ARCHIVE));
	if (!is_directory)
		return read_root_archive(image, err);
	image->kind = IMAGE_DIRECTORY;
	image->view.host = image->blobs.root.fd;
	return 0;
}

static int open_blobs(struct image *image, const struct image_options *options,
		      struct croft_error *err)
{
	bool is_directory = false;
	int r = blobs_open(image->name, &image->arena, &image->blobs, &is_directory, err);

	return r < 0 ? r : read_blobs(image, options, is_directory, err);
}

static void set_root(struct image *image)
{
	image->source = (struct root_source){
		.image = image,
		.open_file = source_open_file,
		.walk = source_walk,
		.open_dir = source_open_dir,
		.list = source_list,
		.has = source_has,
	};
	image->root = (struct root){ .fd = -1, .path = image->name, .source = &image->source };
	if (image->view.host >= 0 && image->view.n_mounts == 0)
		image->root = (struct root){ .fd = image->view.host, .path = image->name };
}

static struct image *new_image(const char *name)
{
	struct image *image = calloc(1, sizeof(*image));

	if (!image)
		return NULL;
	arena_init(&image->arena, IMAGE_ARENA);
	image->blobs.fd = image->blobs.root.fd = -1;
	image->view.host = -1;
	image->view.tree = &image->tree;
	kept_init(&image->kept);
	manifest_default_config(&image->config);
	image->name = arena_strdup(&image->arena, name);
	if (!image->name || tree_init(&image->tree) < 0) {
		image_done(image);
		return NULL;
	}
	return image;
}

int image_open(const char *name, const struct image_options *options, struct image **ret_image,
	       struct croft_error *err)
{
	struct image *image = new_image(name);
	int r;

	if (!image)
		return fail(err, CROFT_STAGE_PREPARE, ENOMEM, "open '%s'", name);
	r = open_blobs(image, options, err);
	if (r == 0)
		r = add_mounts(image, options, err);
	if (r < 0) {
		image_done(image);
		return r;
	}
	set_root(image);
	*ret_image = image;
	return 0;
}

void image_done(struct image *image)
{
	if (!image)
		return;
	for (size_t i = 0; i < image->view.n_mounts; i++)
		fd_close(&image->view.mounts[i].fd);
	for (size_t i = 0; i < image->n_layers; i++)
		fd_close(&image->layers[i].fd);
	blobs_done(&image->blobs);
	kept_done(&image->kept);
	tree_done(&image->tree);
	arena_done(&image->arena);
	free(image);
}

const struct root *image_root(const struct image *image)
{
	return &image->root;
}

const struct image_config *image_config(const struct image *image)
{
	return &image->config;
}

enum image_kind image_kind(const struct image *image)
{
	return image->kind;
}

const char *image_name(const struct image *image)
{
	return image->name;
}

size_t image_count_layers(const struct image *image)
{
	return image->n_layers;
}

int image_stat(const struct image *image, const char *path, bool is_link,
	       struct image_stat *ret_stat)
{
	struct view_place place;
	struct root_walk walk;
	int r = strlen(path) < PATH_MAX ? 0 : -ENAMETOOLONG;

	if (r == 0)
		r = view_walk(&image->view, path, is_link, &walk, &place);
	if (r < 0)
		return r;
	ret_stat->mode = place.st.st_mode;
	ret_stat->uid = place.st.st_uid;
	ret_stat->gid = place.st.st_gid;
	ret_stat->size = (uint64_t)place.st.st_size;
	ret_stat->layer = place.fd >= 0 ? 0 : tree_inode_of(&image->tree, place.node)->layer;
	ret_stat->origin = ret_stat->layer ? image->origins[ret_stat->layer - 1] : "";
	if (place.fd >= 0 && place.mount)
		ret_stat->origin = place.mount->host;
	memcpy(ret_stat->real, walk.real, strlen(walk.real) + 1);
	view_place_done(&place);
	return 0;
}

int image_read_link(const struct image *image, const char *path, char ret_text[PATH_MAX])
{
	struct view_place place;
	struct root_walk walk;
	int r = strlen(path) < PATH_MAX ? 0 : -ENAMETOOLONG;

	if (r == 0)
		r = view_walk(&image->view, path, true, &walk, &place);
	if (r < 0)
		return r;
	r = view_read_link(&image->view, &place, ret_text);
	view_place_done(&place);
	return r;
}
