/* SPDX-License-Identifier: MIT */
/*
 * unpack_tree.c - a tree of names and its layers onto a disk.
 *
 * What an archive says is not done entry by entry. The tree (tree.h) has worked out in memory what
 * is there when all layers lie over each other; only that is made, in this order:
 *
 *	1. every directory
 *	2. every regular file, layer by layer, in one pass through each
 *	3. hard links, symbolic links, and the modes of directories
 *
 * So no ".." and no absolute name is left of an entry's name: it is a chain of nodes, each one
 * component (CVE-2001-1267 and its many children). While contents are written there is no
 * symbolic link in the whole root, and a hard link is made to a file of this tree, by the name that
 * step 2 gave it (CVE-2016-6321, CVE-2018-15664, CVE-2019-10152). All the same each directory is
 * opened from the root's descriptor without following a link, and each file with O_EXCL.
 *
 * Owners are the caller, set-id bits are dropped, and a directory keeps its owner's rights, so that
 * it can be read, laid under an overlay and removed without privileges. Devices, FIFOs and
 * sockets are left out; extended attributes (capabilities of files) too.
 */
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include "base/cleanup.h"
#include "image/unpack.h"
#include "sys/calls.h"
#include "sys/fd.h"
#include "sys/path.h"

struct writing {
	struct tree *tree;
	uint32_t *first; /* of each inode: the node whose name has its content; TREE_NONE */
	int root;
	uint32_t at_parent; /* the directory that `at` is open for; TREE_NONE */
	int at; /* O_PATH, owned */
	uint32_t left_out;
	const char *image; /* for messages */
	struct croft_error *err;
};

/* "usr/lib/x"; "" is the root. False: no call would take it. */
static bool find_path(const struct writing *writing, uint32_t node, char path[PATH_MAX])
{
	size_t at = PATH_MAX - 1;

	path[at] = '\0';
	for (; node != TREE_ROOT; node = writing->tree->nodes[node].parent) {
		const char *name = tree_name(writing->tree, node);
		size_t len = strlen(name);

		if (len + 1 > at)
			return false;
		at -= len;
		memcpy(path + at, name, len);
		path[--at] = '/';
	}
	at += path[at] == '/';
	memmove(path, path + at, PATH_MAX - at);
	return true;
}

static int fail_node(const struct writing *writing, uint32_t node, int errnum)
{
	char path[PATH_MAX];

	(void)fail(writing->err, CROFT_STAGE_PREPARE, errnum, "%s: unpack '/%.200s'",
		   writing->image, find_path(writing, node, path) ? path : "...");
	if (errnum == ENOSPC || errnum == EDQUOT)
		fail_hint(writing->err, "make room, or say another place: --cache DIR");
	return -errnum;
}

/* The directory, open: for the next name in it too. A descriptor that is not the caller's. */
static int open_parent(struct writing *writing, uint32_t node)
{
	uint32_t parent = writing->tree->nodes[node].parent;
	char path[PATH_MAX];
	int fd;

	if (writing->at_parent == parent)
		return writing->at;
	if (!find_path(writing, parent, path))
		return -ENAMETOOLONG;
	fd = path_open(writing->root, *path ? path : ".", O_PATH | O_DIRECTORY);
	if (fd < 0)
		return fd;
	fd_close(&writing->at);
	writing->at = fd;
	writing->at_parent = parent;
	return fd;
}

/* Nothing else comes out of tree_add_entry; a name is looked at where it is used all the same. */
static bool is_name(const char *name)
{
	return *name && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
	       strlen(name) <= NAME_MAX;
}

typedef int (*node_fn)(struct writing *writing, uint32_t node, int parent);

/* Every node that can be reached but the root, a directory before what is in it. */
static int walk(struct writing *writing, node_fn fn)
{
	const struct tree_node *nodes = writing->tree->nodes;
	uint32_t node = nodes[TREE_ROOT].child;

	while (node != TREE_NONE && node != TREE_ROOT) {
		int parent = open_parent(writing, node);
		int r = parent < 0 ? parent : is_name(tree_name(writing->tree, node)) ? 0 : -EINVAL;

		if (r == 0)
			r = fn(writing, node, parent);
		if (r < 0)
			return fail_node(writing, node, -r);
		if (nodes[node].child != TREE_NONE) {
			node = nodes[node].child;
			continue;
		}
		while (node != TREE_ROOT && nodes[node].next == TREE_NONE)
			node = nodes[node].parent;
		node = node == TREE_ROOT ? TREE_NONE : nodes[node].next;
	}
	return 0;
}

/* The first pass. */
static int make_directory(struct writing *writing, uint32_t node, int parent)
{
	uint32_t inode = writing->tree->nodes[node].inode;
	mode_t mode = writing->tree->inodes[inode].mode;

	if (writing->first[inode] == TREE_NONE)
		writing->first[inode] = node;
	if (S_ISDIR(mode))
		return sys_mkdirat(parent, tree_name(writing->tree, node), 0700);
	if (!S_ISREG(mode) && !S_ISLNK(mode))
		writing->left_out++;
	return 0;
}

/* The third pass. */
static int make_link(struct writing *writing, uint32_t node, int parent)
{
	const struct tree_inode *inode = tree_inode_of(writing->tree, node);
	uint32_t first = writing->first[writing->tree->nodes[node].inode];
	const char *name = tree_name(writing->tree, node);
	char from[PATH_MAX];

	if (S_ISDIR(inode->mode))
		return sys_fchmodat(parent, name, (inode->mode & 01777) | 0700);
	if (S_ISLNK(inode->mode)) {
		const char *text = tree_text(writing->tree, inode);

		return sys_symlinkat(text, parent, name);
	}
	if (!S_ISREG(inode->mode) || first == node)
		return 0;
	/* without AT_SYMLINK_FOLLOW a link is never followed at its end; and before it none is */
	if (!find_path(writing, first, from))
		return -ENAMETOOLONG;
	return (int)sys_raw(__NR_linkat, writing->root, (long)from, parent, (long)name, 0, 0);
}

/* A file of this layer, that has not been there: content, mode, time. */
static int write_file(struct writing *writing, struct tar *tar, const struct tree_inode *inode,
		      uint32_t node)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
					   { .tv_sec = archive_entry_mtime(tar->entry) } };
	const char *name = tree_name(writing->tree, node);
	int parent = open_parent(writing, node), r;
	AUTO_FD int fd = -1;

	if (parent < 0)
		return parent;
	fd = sys_openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fd;
	r = inode->size ? tar_copy(tar, fd, 0, inode->size) : 0;
	if (r == 0 && inode->size)
		r = memory_resize(fd, inode->size); /* a hole at the end */
	if (r == 0)
		r = (int)sys_raw(__NR_fchmod, fd, (inode->mode & 0777) | 0400, 0, 0, 0, 0);
	if (r == 0) /* a time that no file can have is no reason */
		(void)sys_raw(__NR_utimensat, fd, 0, (long)times, 0, 0, 0);
	return r;
}

/* What entries of the layer are still to be seen, as a pass meets them. */
static int write_entries(struct writing *writing, const struct layer *layer, struct tar *tar,
			 struct tree_inode **files, size_t n)
{
	const struct tree_inode *inodes = writing->tree->inodes;
	size_t at = 0, n_done = 0;
	int r = 0;

	while (r == 0 && n_done < n && (r = tar_next(tar)) > 0) {
		while (at < n && files[at]->at < tar->header)
			at++;
		if (at == n || files[at]->at != tar->header) {
			r = tar_copy(tar, -1, 0, 0);
		} else {
			uint32_t node = writing->first[files[at] - inodes];

			r = node == TREE_NONE ? tar_copy(tar, -1, 0, 0)
					      : write_file(writing, tar, files[at], node);
			n_done++;
			if (r < 0 && (!tar->why[0] || r == -ENOSPC || r == -EDQUOT))
				return fail_node(writing, node, -r);
		}
	}
	if (r < 0)
		return layer_fail(layer, writing->err, -r, NULL,
				  tar->why[0] ? tar->why : errno_text(-r));
	return n_done == n ? 0
			   : layer_fail(layer, writing->err, EBADMSG, NULL,
					"it is another one than a moment ago");
}

/* One pass. The digest is of all bytes, and when it is wrong that is the one thing said. */
static int write_layer(struct writing *writing, const struct layer *layer, struct kept *kept)
{
	AUTO_FREE struct tree_inode **files = NULL;
	struct digest_sum sum;
	struct tar tar;
	size_t n = 0;
	int r = layer_list_files(layer, writing->tree, &files, &n), is_read = 0;

	if (r < 0)
		return layer_fail(layer, writing->err, -r, NULL, errno_text(-r));
	digest_begin(&sum, &layer->digest);
	r = tar_open(&tar, &layer->bytes, layer->packing, layer->digest.is_given ? &sum : NULL,
		     false);
	tar.image_bytes = &kept->image_bytes;
	if (r < 0)
		r = layer_fail(layer, writing->err, -r, NULL, tar.why);
	else
		r = write_entries(writing, layer, &tar, files, n);
	if (r != -ENOSPC && r != -EDQUOT && r != -EFBIG && r != -ENOMEM && tar.sum && tar.block) {
		is_read = tar_drain(&tar);
		if (is_read < 0)
			r = layer_fail(layer, writing->err, -is_read, NULL, errno_text(-is_read));
		else if (layer_check_digest(layer, &sum, writing->err) < 0)
			r = -EBADMSG;
	}
	tar_done(&tar);
	return r;
}

static int check_size(const struct writing *writing)
{
	const struct tree *tree = writing->tree;
	uint64_t left = UNPACK_MAX_BYTES;

	for (uint32_t i = 0; i < tree->n_inodes; i++) {
		const struct tree_inode *inode = &tree->inodes[i];

		if (!inode->links || !S_ISREG(inode->mode))
			continue;
		if (inode->size > left) {
			(void)fail(writing->err, CROFT_STAGE_PREPARE, 0,
				   "%s: its files have more than 256 GiB", writing->image);
			return -EFBIG;
		}
		left -= inode->size;
	}
	return 0;
}

static int write_all(struct writing *writing, const struct layer *layers, size_t n_layers,
		     struct kept *kept)
{
	const struct tree_inode *top = tree_inode_of(writing->tree, TREE_ROOT);
	int r = check_size(writing);

	if (r == 0)
		r = walk(writing, make_directory);
	for (size_t i = 0; i < n_layers && r == 0; i++)
		r = write_layer(writing, &layers[i], kept);
	if (r == 0)
		r = walk(writing, make_link);
	if (r < 0)
		return r;
	r = (int)sys_raw(__NR_fchmod, writing->root, (top->mode & 01777) | 0700, 0, 0, 0, 0);
	return r < 0 ? fail_node(writing, TREE_ROOT, -r) : 0;
}

int unpack_tree(struct tree *tree, const struct layer *layers, size_t n_layers, struct kept *kept,
		int root, uint32_t *ret_left_out, struct croft_error *err)
{
	AUTO_FREE uint32_t *first = malloc(((size_t)tree->n_inodes + 1) * sizeof(*first));
	struct writing writing = { .tree = tree,
				   .first = first,
				   .root = root,
				   .at_parent = TREE_NONE,
				   .at = -1,
				   .image = n_layers ? layers[0].image : "the image",
				   .err = err };
	int r;

	if (!first)
		return fail(err, CROFT_STAGE_PREPARE, ENOMEM, "unpack");
	for (uint32_t i = 0; i < tree->n_inodes; i++)
		first[i] = TREE_NONE;
	r = write_all(&writing, layers, n_layers, kept);
	fd_close(&writing.at);
	if (r == 0)
		*ret_left_out = writing.left_out;
	return r;
}
