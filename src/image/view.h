/* SPDX-License-Identifier: MIT */
/*
 * view.h - following names in an image: its tree, or its directory, with the mounts over it.
 *
 * A place is a node of the tree, a host's file or directory, or both: a directory in which the
 * tree names some things (mounts, and what leads to them) and the host the rest. Links start
 * again at the image's root wherever they stand, in a mount too: that is what they would do
 * inside. A host's descriptor is only ever asked for one name without a slash, and never
 * follows a link, so that nothing outside can come in.
 */
#ifndef CROFT_IMAGE_VIEW_H
#define CROFT_IMAGE_VIEW_H

#include <sys/stat.h>

#include "elf/root.h"
#include "image/image.h"
#include "image/tree.h"

struct view_mount {
	uint32_t node; /* where it lies */
	int fd; /* O_PATH, owned */
	const char *host; /* as it was given */
};

struct view {
	const struct tree *tree;
	int host; /* O_PATH of a directory that is the image; -1: the tree is all there is */
	struct view_mount mounts[IMAGE_MAX_MOUNTS];
	size_t n_mounts;
};

struct view_place {
	uint32_t node; /* TREE_NONE: only the host has it */
	int fd; /* O_PATH, owned; -1: only the tree has it */
	struct stat st; /* of fd, else made of the node's inode */
	const struct view_mount *mount; /* that the host's part belongs to; NULL */
};

/*
 * Follows the name: as root_walk, and where it leads. With is_link the last part is not followed.
 * 0 and *ret_place, the caller's; or -errno. *walk is filled in any case.
 */
int view_walk(const struct view *view, const char *full, bool is_link, struct root_walk *walk,
	      struct view_place *ret_place);
void view_place_done(struct view_place *place);
/* The text of the link that is there: 0, -EINVAL (it is none), or -errno. */
int view_read_link(const struct view *view, const struct view_place *place,
		   char ret_text[PATH_MAX]);
/* Opens for reading the host's file that is there: a descriptor or -errno. Needs /proc. */
int view_open(const struct view_place *place);
/* Names in the directory that is there, each once. */
int view_list(const struct view *view, const struct view_place *place, root_take_fn take,
	      void *context);

#endif
