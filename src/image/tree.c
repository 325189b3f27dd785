/* SPDX-License-Identifier: MIT */
/*
 * tree.c - the names of an image made of layers, in memory.
 *
 * Nodes lie in one array and name each other by number: 40 bytes each. Who asks for a name asks a
 * hash of the directory's number and the name; the seed is the kernel's, so that nobody can choose
 * names that collide. Whoever is taken out of its directory cannot be found any more, and what
 * is below it neither: nothing is walked to take a directory away.
 */
#include "image/tree_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "sys/calls.h"

#define FIRST_NODES 1024

static const char too_many_names[] = "the image has more than 2,097,152 names";
static const char too_much_text[] = "the names of the image take more than 256 MiB";
static const char no_memory[] = "no memory for the names of the image";

int tree_refuse(const char **ret_why, int errnum, const char *why)
{
	*ret_why = why;
	return -errnum;
}

/* Memory */

/* Doubles an array that is full. */
static bool grow(void **array, uint32_t n, uint32_t *capacity, size_t size)
{
	uint32_t more = *capacity ? *capacity * 2 : FIRST_NODES;
	void *moved;

	if (n < *capacity)
		return true;
	moved = realloc(*array, more * size);
	if (!moved)
		return false;
	*array = moved;
	*capacity = more;
	return true;
}

int tree_add_text(struct tree *tree, const char *text, size_t len, uint32_t *ret_at,
		  const char **ret_why)
{
	if (len >= TREE_MAX_TEXT - tree->n_texts)
		return tree_refuse(ret_why, EFBIG, too_much_text);
	if (tree->texts_capacity - tree->n_texts <= len) {
		size_t more = tree->texts_capacity ? tree->texts_capacity * 2 : 65536;
		char *moved;

		while (more - tree->n_texts <= len)
			more *= 2;
		moved = realloc(tree->texts, more);
		if (!moved)
			return tree_refuse(ret_why, ENOMEM, no_memory);
		tree->texts = moved;
		tree->texts_capacity = more;
	}
	memcpy(tree->texts + tree->n_texts, text, len);
	tree->texts[tree->n_texts + len] = '\0';
	*ret_at = (uint32_t)tree->n_texts;
	tree->n_texts += len + 1;
	return 0;
}

static uint32_t hash_name(const struct tree *tree, uint32_t parent, const char *name, size_t len)
{
	uint64_t hash = tree->seed ^ (parent * UINT64_C(0x9e3779b97f4a7c15));

	for (size_t i = 0; i < len; i++) {
		hash = (hash ^ (unsigned char)name[i]) * UINT64_C(0xff51afd7ed558ccd);
		hash ^= hash >> 32;
	}
	return (uint32_t)(hash ^ (hash >> 29));
}

static void enter_bucket(struct tree *tree, uint32_t node)
{
	struct tree_node *it = &tree->nodes[node];
	const char *name = tree->texts + it->name;
	uint32_t *bucket = &tree->buckets[hash_name(tree, it->parent, name, strlen(name)) &
					  (tree->n_buckets - 1)];

	it->chain = *bucket;
	*bucket = node;
}

/* As many buckets as nodes, or twice as many. Those that were taken out stay out. */
static bool grow_buckets(struct tree *tree)
{
	uint32_t n = tree->n_buckets ? tree->n_buckets * 2 : FIRST_NODES;
	uint32_t *buckets;

	if (tree->n_nodes < tree->n_buckets)
		return true;
	buckets = malloc(n * sizeof(*buckets));
	if (!buckets)
		return false;
	memset(buckets, 0xff, n * sizeof(*buckets)); /* TREE_NONE */
	free(tree->buckets);
	tree->buckets = buckets;
	tree->n_buckets = n;
	for (uint32_t i = 1; i < tree->n_nodes; i++)
		if (tree->nodes[i].parent != TREE_NONE)
			enter_bucket(tree, i);
	return true;
}

int tree_new_inode(struct tree *tree, const struct tree_inode *inode, uint32_t *ret_inode,
		   const char **ret_why)
{
	if (!grow((void **)&tree->inodes, tree->n_inodes, &tree->inodes_capacity,
		  sizeof(*tree->inodes)))
		return tree_refuse(ret_why, ENOMEM, no_memory);
	tree->inodes[tree->n_inodes] = *inode;
	*ret_inode = tree->n_inodes++;
	return 0;
}

int tree_new_node(struct tree *tree, uint32_t parent, const char *name, size_t len, uint32_t inode,
		  uint32_t *ret_node, const char **ret_why)
{
	struct tree_node *node;
	uint32_t at, first;
	int r;

	if (tree->n_nodes == TREE_MAX_NODES)
		return tree_refuse(ret_why, EFBIG, too_many_names);
	if (!grow((void **)&tree->nodes, tree->n_nodes, &tree->nodes_capacity,
		  sizeof(*tree->nodes)) ||
	    !grow_buckets(tree))
		return tree_refuse(ret_why, ENOMEM, no_memory);
	r = tree_add_text(tree, name, len, &at, ret_why);
	if (r < 0)
		return r;
	first = parent == TREE_NONE ? TREE_NONE : tree->nodes[parent].child;
	node = &tree->nodes[tree->n_nodes];
	*node = (struct tree_node){
		.parent = parent,
		.inode = inode,
		.name = at,
		.chain = TREE_NONE,
		.child = TREE_NONE,
		.next = first,
		.previous = TREE_NONE,
		.layer = tree->layer,
	};
	if (first != TREE_NONE)
		tree->nodes[first].previous = tree->n_nodes;
	if (parent != TREE_NONE) {
		tree->nodes[parent].child = tree->n_nodes;
		enter_bucket(tree, tree->n_nodes);
	}
	tree->inodes[inode].links++;
	*ret_node = tree->n_nodes++;
	return 0;
}

int tree_init(struct tree *tree)
{
	const struct tree_inode root = { .mode = S_IFDIR | 0755 };
	const char *why;
	uint32_t inode, node;
	int r;

	*tree = (struct tree){ .seed = UINT64_C(0x2545f4914f6cdd1d) };
	/* without it the steps still have an end */
	(void)sys_getrandom(&tree->seed, sizeof(tree->seed));
	r = tree_new_inode(tree, &root, &inode, &why);
	if (r == 0)
		r = tree_new_node(tree, TREE_NONE, "", 0, inode, &node, &why);
	if (r < 0)
		tree_done(tree);
	return r;
}

void tree_done(struct tree *tree)
{
	free(tree->nodes);
	free(tree->inodes);
	free(tree->texts);
	free(tree->buckets);
	*tree = (struct tree){ 0 };
}

void tree_begin_layer(struct tree *tree, unsigned number)
{
	tree->layer = (uint16_t)number;
}

/* Reading */

const char *tree_name(const struct tree *tree, uint32_t node)
{
	return tree->texts + tree->nodes[node].name;
}

const char *tree_text(const struct tree *tree, const struct tree_inode *inode)
{
	return tree->texts + inode->text;
}

uint32_t tree_find_child(const struct tree *tree, uint32_t parent, const char *name, size_t len)
{
	uint32_t at = tree->buckets[hash_name(tree, parent, name, len) & (tree->n_buckets - 1)];

	for (; at != TREE_NONE; at = tree->nodes[at].chain) {
		const char *has = tree_name(tree, at);

		if (tree->nodes[at].parent == parent && strncmp(has, name, len) == 0 &&
		    has[len] == '\0')
			break;
	}
	return at;
}

bool tree_is_type(const struct tree *tree, uint32_t node, mode_t type)
{
	return (tree_inode_of(tree, node)->mode & S_IFMT) == type;
}

/* Changing */

bool tree_may_step(struct tree *tree)
{
	return tree->steps++ < TREE_MAX_STEPS;
}

void tree_remove(struct tree *tree, uint32_t node)
{
	struct tree_node *it = &tree->nodes[node];
	const char *name = tree_name(tree, node);
	uint32_t *at = &tree->buckets[hash_name(tree, it->parent, name, strlen(name)) &
				      (tree->n_buckets - 1)];

	while (*at != node)
		at = &tree->nodes[*at].chain;
	*at = it->chain;
	if (it->previous != TREE_NONE)
		tree->nodes[it->previous].next = it->next;
	else
		tree->nodes[it->parent].child = it->next;
	if (it->next != TREE_NONE)
		tree->nodes[it->next].previous = it->previous;
	tree->inodes[it->inode].links--;
	it->parent = TREE_NONE;
}
