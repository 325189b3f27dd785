/* SPDX-License-Identifier: MIT */
/*
 * tree.h - the names of an image made of layers, in memory.
 *
 *	entries of layer 1, 2, ... ─► tree_add_entry ─► what a container of it would see
 *
 * A name is a node; what it names is an inode, which hard links share. Layers are added from the
 * lowest up. An entry replaces what has its name, whiteouts take names of lower layers
 * away, an opaque directory all of them. That is the image specification's layer.md, and what
 * it leaves open is as container runtimes that use overlayfs do it: docs/design/images.md.
 *
 * Every entry may be hostile. No name leads above the root, since there is nothing: links
 * are followed from node to node. Nodes, texts and steps are counted, and each count has
 * an end. Nothing is freed before the tree is, so that numbers of nodes stay valid.
 */
#ifndef CROFT_IMAGE_TREE_H
#define CROFT_IMAGE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A large distribution with everything has some 600,000 names. About 100 bytes each. */
#define TREE_MAX_NODES (2U << 20)
#define TREE_MAX_ENTRIES (5U << 19) /* of all layers, those that are replaced too */
#define TREE_MAX_TEXT (256U << 20) /* names and links */
#define TREE_MAX_STEPS (UINT64_C(1) << 25) /* nodes looked at while it is built: seconds */
#define TREE_LINKS_MAX 40 /* as the kernel's MAXSYMLINKS */
#define TREE_NONE UINT32_MAX
#define TREE_ROOT 0U

struct tree_inode {
	uint64_t size;
	uint64_t at; /* where its layer finds it again */
	uint32_t mode; /* with the type's bits */
	uint32_t uid, gid;
	uint32_t links; /* nodes */
	uint32_t text; /* of a symbolic link: in texts */
	uint32_t kept; /* its content is kept under this number; 0: it is not */
	uint16_t layer;
};

struct tree_node {
	uint32_t parent, inode, name; /* name: in texts */
	uint32_t chain; /* the next of the same hash */
	uint32_t child; /* the first of a directory */
	uint32_t next, previous; /* in its directory */
	uint16_t layer; /* that named it last */
	uint16_t opaque; /* the layer that has hidden those below in here; 0: none */
};

struct tree {
	struct tree_node *nodes;
	struct tree_inode *inodes;
	char *texts;
	uint32_t *buckets;
	uint32_t n_nodes, nodes_capacity, n_inodes, inodes_capacity, n_buckets;
	uint32_t n_entries;
	uint32_t n_covered_links; /* links of lower layers that a directory has replaced */
	size_t n_texts, texts_capacity;
	uint64_t steps, seed;
	uint16_t layer; /* that is being added, from 1 */
};

/* One entry of a layer. Outlives the call. */
struct tree_entry {
	const char *path; /* as it stands in the layer */
	const char *link; /* a symbolic link's text, a hard link's target; else NULL */
	bool is_hard_link;
	uint32_t mode, uid, gid;
	uint64_t size, at;
};

/* An empty root, mode 0755. 0 or -ENOMEM. */
int tree_init(struct tree *tree);
void tree_done(struct tree *tree);
/* Entries are from now on of layer `number`, from 1, ascending. */
void tree_begin_layer(struct tree *tree, unsigned number);
/*
 * Adds an entry: 0, or -errno with the reason in *ret_why: -EINVAL (a name that no layer may
 * have), -ELOOP, -ENOENT (of a hard link), -ENAMETOOLONG, -EFBIG (a bound above), -ENOMEM.
 * *ret_inode is the inode of a regular file that was added (not by a hard link), else TREE_NONE.
 */
int tree_add_entry(struct tree *tree, const struct tree_entry *entry, uint32_t *ret_inode,
		   const char **ret_why);
/*
 * An empty directory there, whatever was there before, and those above that are missing, of layer
 * 0; for mounts. As tree_add_entry.
 */
int tree_make(struct tree *tree, const char *path, uint32_t *ret_node, const char **ret_why);

/* TREE_NONE: there is no such name. */
uint32_t tree_find_child(const struct tree *tree, uint32_t parent, const char *name, size_t len);
const char *tree_name(const struct tree *tree, uint32_t node);
const char *tree_text(const struct tree *tree, const struct tree_inode *inode);

static inline const struct tree_inode *tree_inode_of(const struct tree *tree, uint32_t node)
{
	return &tree->inodes[tree->nodes[node].inode];
}

#endif
