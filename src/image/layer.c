/* SPDX-License-Identifier: MIT */
/*
 * layer.c - one layer of an image: its entries into the tree, and the contents that are wanted.
 *
 * A content is found again by where its headers begin in the unpacked stream: libarchive, started
 * there, reads the entry as it did the first time, holes and long names included. In a packed
 * layer the same number tells which entry of a new pass it is.
 *
 * The digest is of all bytes of the layer and known at their end. Until then only memory has been
 * touched, and when it is wrong, that is the one thing said, whatever else was found on the way.
 */
#include "image/layer.h"

#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "image/manifest.h"
#include "sys/fd.h"

#define NAME_SHOWN 120 /* of an entry, in messages */

int layer_fail(const struct layer *layer, struct croft_error *err, int errnum, const char *name,
	       const char *why)
{
	size_t len = name ? strlen(name) : 0;

	if (!name)
		(void)fail(err, CROFT_STAGE_PREPARE, 0, "%s: %s: %s", layer->image, layer->label,
			   why);
	else if (len <= NAME_SHOWN)
		(void)fail(err, CROFT_STAGE_PREPARE, 0, "%s: %s: entry '%s': %s", layer->image,
			   layer->label, name, why);
	else
		(void)fail(err, CROFT_STAGE_PREPARE, 0, "%s: %s: entry '%.*s...' (%zu bytes): %s",
			   layer->image, layer->label, NAME_SHOWN, name, len, why);
	return -errnum;
}

int layer_open(struct layer *layer, const struct blobs *blobs, const struct manifest_layer *from,
	       struct croft_error *err)
{
	char digest[32] = "";
	int r = blobs_find(blobs, from->name, &layer->bytes, &layer->fd);

	layer->digest = from->digest;
	if (r < 0)
		return fail(err, CROFT_STAGE_PREPARE, -r, "%s: layer %u: read '%s'", layer->image,
			    layer->number, from->name);
	layer->packing = packing_of(&layer->bytes);
	if (!layer->digest.is_given && layer->packing == PACKING_NONE)
		layer->digest = from->diff_id;
	if (layer->digest.is_given)
		digest_shorten(&layer->digest, digest, sizeof(digest));
	(void)snprintf(layer->label, sizeof(layer->label), "layer %u%s%s%s", layer->number,
		       *digest ? " (" : "", digest, *digest ? ")" : "");
	if (from->size && from->size != layer->bytes.size)
		return layer_fail(layer, err, EBADMSG, NULL,
				  "its size is not what the manifest says");
	if (layer->bytes.size > LAYER_MAX_BYTES)
		return layer_fail(layer, err, EFBIG, NULL, "it has more than 128 GiB");
	return 0;
}

/* Contents that are kept */

void kept_init(struct kept *kept)
{
	*kept = (struct kept){ .fd = -1, .n = 1, .image_bytes = TAR_IMAGE_BYTES };
}

void kept_done(struct kept *kept)
{
	fd_close(&kept->fd);
	free(kept->contents);
	kept_init(kept);
}

/* Everything that was kept is forgotten. */
static void kept_forget(struct kept *kept, struct tree *tree)
{
	for (uint32_t i = 0; i < tree->n_inodes; i++)
		tree->inodes[i].kept = 0;
	kept->used = 0;
	kept->n = 1;
	if (kept->fd >= 0)
		(void)memory_resize(kept->fd, 0);
}

static bool kept_has_room(const struct kept *kept, uint64_t size)
{
	return size <= LAYER_MAX_KEPT_FILE && size <= LAYER_MAX_KEPT - kept->used;
}

/* Notes a content of which the bytes are written at kept->used. */
static int kept_note(struct kept *kept, uint64_t size, struct tree_inode *inode)
{
	struct bytes *more;

	if (kept->n >= kept->capacity) {
		uint32_t capacity = kept->capacity ? kept->capacity * 2 : 256;

		more = realloc(kept->contents, capacity * sizeof(*more));
		if (!more)
			return -ENOMEM;
		kept->contents = more;
		kept->capacity = capacity;
	}
	kept->contents[kept->n] = (struct bytes){ kept->fd, kept->used, size };
	kept->used += size;
	inode->kept = kept->n++;
	return 0;
}

/* The content of tar's entry; what does not fit is passed over. 0 or -errno, tar->why. */
static int keep(struct kept *kept, struct tar *tar, struct tree_inode *inode)
{
	int r = 0;

	if (kept->fd < 0) {
		r = memory_open();
		if (r < 0)
			return tar_copy(tar, -1, 0, 0); /* no memory files here: a pass each */
		kept->fd = r;
	}
	r = memory_resize(kept->fd, kept->used + inode->size);
	if (r == 0)
		r = tar_copy(tar, kept->fd, kept->used, inode->size);
	if (r == 0)
		r = kept_note(kept, inode->size, inode);
	if (r < 0 && !tar->why[0])
		(void)snprintf(tar->why, sizeof(tar->why), "%s", errno_text(-r));
	return r;
}

/*
 * What a check opens: programs, libraries, loaders, what they are configured with. Others, found
 * wanting, cost a pass.
 */
static bool is_likely(const char *path, const struct tree_inode *inode)
{
	if (inode->mode & 0111 || strstr(path, ".so"))
		return true;
	if (!strncmp(path, "./", 2))
		path += 2;
	return inode->size <= 65536 &&
	       (!strncmp(path, "etc/", 4) || !strcmp(path, "usr/lib/os-release"));
}

/* Entries */

static uint32_t clamp(la_int64_t id)
{
	return id < 0 || id > UINT32_MAX ? UINT32_MAX : (uint32_t)id;
}

/* What libarchive says of an entry, as the tree takes it. */
static const char *take_entry(const struct tar *tar, struct tree_entry *ret_entry)
{
	struct archive_entry *entry = tar->entry;
	const char *hard = archive_entry_hardlink(entry);
	la_int64_t size = archive_entry_size_is_set(entry) ? archive_entry_size(entry) : 0;
	mode_t type = archive_entry_filetype(entry);

	*ret_entry = (struct tree_entry){
		.path = archive_entry_pathname(entry),
		.link = hard,
		.is_hard_link = hard,
		.mode = type | archive_entry_perm(entry),
		.uid = clamp(archive_entry_uid(entry)),
		.gid = clamp(archive_entry_gid(entry)),
		.size = (uint64_t)size,
		.at = tar->header,
	};
	if (!ret_entry->path || !ret_entry->path[0])
		return "an entry without a name";
	if (size < 0)
		return "a size below zero";
	if (!hard && S_ISLNK(type))
		ret_entry->link = archive_entry_symlink(entry);
	if (!hard && S_ISLNK(type) && !ret_entry->link)
		return "a link without a text";
	if (!hard && !type)
		return "an entry of no type that is known";
	return NULL;
}

static int read_entry(const struct layer *layer, struct tar *tar, struct tree *tree,
		      struct kept *kept, struct croft_error *err)
{
	struct tree_entry entry;
	struct tree_inode *inode;
	uint32_t index = TREE_NONE;
	const char *why = take_entry(tar, &entry);
	int r;

	if (why)
		return layer_fail(layer, err, EINVAL, entry.path, why);
	r = tree_add_entry(tree, &entry, &index, &why);
	if (r < 0)
		return layer_fail(layer, err, -r, entry.path, why);
	inode = index == TREE_NONE ? NULL : &tree->inodes[index];
	if (inode && inode->size && layer->packing != PACKING_NONE &&
	    is_likely(entry.path, inode) && kept_has_room(kept, inode->size))
		r = keep(kept, tar, inode);
	else
		r = tar_copy(tar, -1, 0, 0);
	return r < 0 ? layer_fail(layer, err, -r, entry.path, tar->why) : 0;
}

static int read_entries(const struct layer *layer, struct tar *tar, struct tree *tree,
			struct kept *kept, struct croft_error *err)
{
	char last[NAME_SHOWN + 1] = "";
	int r;

	while ((r = tar_next(tar)) > 0) {
		const char *path;

		r = read_entry(layer, tar, tree, kept, err);
		if (r < 0)
			return r;
		path = archive_entry_pathname(tar->entry);
		(void)snprintf(last, sizeof(last), "%s", path ? path : "");
	}
	if (r < 0 && last[0]) {
		(void)fail(err, CROFT_STAGE_PREPARE, 0, "%s: %s: after the entry '%s': %s",
			   layer->image, layer->label, last, tar->why);
		return r;
	}
	if (r < 0)
		return layer_fail(layer, err, -r, NULL, tar->why);
	/* where a digest is right it was made like that */
	if (tar->is_cut && !layer->digest.is_given)
		return layer_fail(layer, err, EBADMSG, NULL, "it has no end: it is cut off");
	return 0;
}

int layer_check_digest(const struct layer *layer, struct digest_sum *sum, struct croft_error *err)
{
	if (!layer->digest.is_given || digest_is(sum, &layer->digest))
		return 0;
	return layer_fail(layer, err, EBADMSG, NULL, "its bytes are not those of that digest");
}

int layer_read(const struct layer *layer, struct tree *tree, struct kept *kept,
	       struct croft_error *err)
{
	struct digest_sum sum;
	struct tar tar;
	int r, is_read = 0;

	digest_begin(&sum, &layer->digest);
	tree_begin_layer(tree, layer->number);
	r = tar_open(&tar, &layer->bytes, layer->packing, layer->digest.is_given ? &sum : NULL,
		     false);
	tar.image_bytes = &kept->image_bytes;
	if (r < 0)
		r = layer_fail(layer, err, -r, NULL, tar.why);
	else
		r = read_entries(layer, &tar, tree, kept, err);
	/* bounds first: what is too much is not read to its end for a sum */
	if (r != -EFBIG && r != -ENOMEM && tar.sum && tar.block)
		is_read = tar_drain(&tar);
	tar_done(&tar);
	if (is_read < 0)
		return layer_fail(layer, err, -is_read, NULL, errno_text(-is_read));
	if (r != -EFBIG && r != -ENOMEM) {
		int is_other = layer_check_digest(layer, &sum, err);

		r = is_other < 0 ? is_other : r;
	}
	return r;
}

/* Contents */

static int compare_at(const void *a, const void *b)
{
	const struct tree_inode *const *x = a, *const *y = b;

	return (*x)->at < (*y)->at ? -1 : (*x)->at > (*y)->at;
}

int layer_list_files(const struct layer *layer, struct tree *tree, struct tree_inode ***ret_files,
		     size_t *ret_n)
{
	struct tree_inode **files;
	size_t n = 0;

	files = malloc((tree->n_inodes + 1) * sizeof(struct tree_inode *));
	if (!files)
		return -ENOMEM;
	for (uint32_t i = 0; i < tree->n_inodes; i++)
		if (tree->inodes[i].layer == layer->number && tree->inodes[i].links > 0 &&
		    S_ISREG(tree->inodes[i].mode))
			files[n++] = &tree->inodes[i];
	if (n > 1)
		qsort(files, n, sizeof(struct tree_inode *), compare_at);
	*ret_files = files;
	*ret_n = n;
	return 0;
}

/* A pass through a packed layer: the file that is wanted, and what else fits. */
static int make_pass(const struct layer *layer, struct tar *tar, struct tree *tree,
		     struct kept *kept, const struct tree_inode *wanted, int fd)
{
	AUTO_FREE struct tree_inode **files = NULL;
	size_t n = 0, at = 0;
	bool is_found = false;
	int r = layer_list_files(layer, tree, &files, &n);

	while (r == 0 && (r = tar_next(tar)) > 0) {
		const char *path = archive_entry_pathname(tar->entry);
		struct tree_inode *file = NULL;

		while (at < n && files[at]->at < tar->header)
			at++;
		if (at < n && files[at]->at == tar->header)
			file = files[at];
		if (file == wanted) {
			r = tar_copy(tar, fd, 0, wanted->size);
			is_found = true;
		} else if (file && !file->kept && file->size && path && is_likely(path, file) &&
			   kept_has_room(kept, file->size)) {
			r = keep(kept, tar, file);
		} else {
			r = tar_copy(tar, -1, 0, 0);
		}
		if (is_found && kept->used > LAYER_MAX_KEPT - LAYER_MAX_KEPT_FILE)
			break; /* nothing more to be had */
		r = r > 0 ? 0 : r;
	}
	return r == 0 && !is_found ? -ENOENT : r;
}

/* As it lies there: started at the entry, one is enough. */
static int read_one(const struct layer *layer, const struct tree_inode *inode, int fd,
		    struct croft_error *err)
{
	const struct bytes from = { layer->bytes.fd, layer->bytes.offset + inode->at,
				    layer->bytes.size - inode->at };
	struct tar tar;
	int r = tar_open(&tar, &from, PACKING_NONE, NULL, false);

	if (r == 0)
		r = tar_next(&tar);
	if (r > 0)
		r = tar_copy(&tar, fd, 0, inode->size);
	else if (r == 0)
		r = -ENOENT;
	if (r < 0)
		(void)layer_fail(layer, err, -r, NULL, tar.why[0] ? tar.why : errno_text(-r));
	tar_done(&tar);
	return r;
}

static int read_packed(const struct layer *layer, struct tree *tree, struct kept *kept,
		       const struct tree_inode *inode, unsigned *passes, int fd,
		       struct croft_error *err)
{
	struct tar tar;
	int r;

	if (inode->kept) {
		const struct bytes *content = &kept->contents[inode->kept];

		return memory_copy(content->fd, content->offset, content->size, fd);
	}
	if (*passes >= LAYER_MAX_PASSES)
		return layer_fail(layer, err, EFBIG, NULL,
				  "it would have to be read more than 64 times: unpack it first");
	++*passes;
	if (!kept_has_room(kept, LAYER_MAX_KEPT_FILE))
		kept_forget(kept, tree);
	r = tar_open(&tar, &layer->bytes, layer->packing, NULL, false);
	tar.image_bytes = &kept->image_bytes;
	if (r == 0)
		r = make_pass(layer, &tar, tree, kept, inode, fd);
	if (r < 0)
		(void)layer_fail(layer, err, -r, NULL, tar.why[0] ? tar.why : errno_text(-r));
	tar_done(&tar);
	return r;
}

int layer_fetch(const struct layer *layer, struct tree *tree, struct kept *kept, uint32_t inode,
		unsigned *passes, int *ret_fd, struct croft_error *err)
{
	const struct tree_inode *file = &tree->inodes[inode];
	AUTO_FD int fd = -1;
	int r = 0;

	if (file->size > LAYER_MAX_FILE)
		return layer_fail(layer, err, EFBIG, NULL,
				  "a file of more than 512 MiB is not looked at");
	fd = memory_open();
	if (fd < 0)
		return layer_fail(layer, err, -fd, NULL, "no file in memory can be made");
	if (file->size)
		r = layer->packing == PACKING_NONE
			    ? read_one(layer, file, fd, err)
			    : read_packed(layer, tree, kept, file, passes, fd, err);
	if (r == 0)
		r = memory_resize(fd, file->size); /* a hole at the end, or nothing */
	if (r < 0)
		return r;
	*ret_fd = fd_take(&fd);
	return 0;
}
