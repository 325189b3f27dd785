/* SPDX-License-Identifier: MIT */
/*
 * tree_parts.h - what tree.c lends to tree_add.c: inside src/image only.
 */
#ifndef CROFT_IMAGE_TREE_PARTS_H
#define CROFT_IMAGE_TREE_PARTS_H

#include "image/tree.h"

/* Sets the reason; returns -errnum. */
int tree_refuse(const char **ret_why, int errnum, const char *why);
/* One more node looked at: false when there were too many. */
bool tree_may_step(struct tree *tree);
bool tree_is_type(const struct tree *tree, uint32_t node, mode_t type);

/* These make something: 0, or -errno with the reason. */
int tree_add_text(struct tree *tree, const char *text, size_t len, uint32_t *ret_at,
		  const char **ret_why);
int tree_new_inode(struct tree *tree, const struct tree_inode *inode, uint32_t *ret_inode,
		   const char **ret_why);
/* A name in a directory, of an inode that is there. */
int tree_new_node(struct tree *tree, uint32_t parent, const char *name, size_t len, uint32_t inode,
		  uint32_t *ret_node, const char **ret_why);
/* Out of its directory, and out of reach with all that is below. */
void tree_remove(struct tree *tree, uint32_t node);

#endif
