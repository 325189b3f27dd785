/* SPDX-License-Identifier: MIT */
/*
 * tree_add.c - what an entry of a layer does to the tree.
 *
 * The way to an entry is made of directories. A link on the way that this layer has made
 * itself is followed, inside the tree: whoever unpacks would follow it. One of a lower layer is
 * replaced by a directory, as each layer is unpacked alone and overlayfs puts it on top.
 *
 * Whiteouts are for lower layers only, whichever comes first in the archive: layer.md of the
 * image specification. What a layer has hidden is marked with its number, so that a second
 * whiteout above or below costs nothing.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "image/tree_parts.h"

#define WHITEOUT ".wh."
#define OPAQUE ".wh..wh..opq"
#define METADATA ".wh..wh." /* aufs's own: .wh..wh.plnk and others */

#define PREFIX_LEN(text) (sizeof(text) - 1)

static const char too_many_entries[] = "the layers have more than 2,621,440 entries";
static const char too_many_steps[] = "the layers undo each other without end";

/* Has this layer hidden already what is below `node`? */
static bool is_hidden(const struct tree *tree, uint32_t node)
{
	for (; node != TREE_NONE; node = tree->nodes[node].parent)
		if (tree->nodes[node].opaque == tree->layer)
			return true;
	return false;
}

/*
 * Takes away what lower layers have put into a directory: from the leaves up, as a directory stays
 * when this layer has something in it.
 */
static int hide_lower(struct tree *tree, uint32_t top, const char **ret_why)
{
	uint32_t at = top;

	if (is_hidden(tree, top))
		return 0;
	tree->nodes[top].opaque = tree->layer;
	if (tree->nodes[top].child == TREE_NONE)
		return 0;
	at = tree->nodes[top].child;
	for (;;) {
		uint32_t next, up;

		if (!tree_may_step(tree))
			return tree_refuse(ret_why, EFBIG, too_many_steps);
		if (tree->nodes[at].child != TREE_NONE && tree->nodes[at].opaque != tree->layer) {
			tree->nodes[at].opaque = tree->layer;
			at = tree->nodes[at].child;
			continue;
		}
		next = tree->nodes[at].next;
		up = tree->nodes[at].parent;
		if (tree->nodes[at].layer < tree->layer && tree->nodes[at].child == TREE_NONE)
			tree_remove(tree, at);
		if (next == TREE_NONE && up == top)
			return 0;
		/* going up meets the directory a second time: it is marked by now */
		at = next == TREE_NONE ? up : next;
	}
}

/* ".wh.NAME": what lower layers have under that name is gone. */
static int take_away(struct tree *tree, uint32_t parent, const char *name, const char **ret_why)
{
	size_t len = strlen(name);
	uint32_t node;
	int r;

	if (!len || !strcmp(name, ".") || !strcmp(name, ".."))
		return tree_refuse(ret_why, EINVAL, "a whiteout of no name");
	node = tree_find_child(tree, parent, name, len);
	if (node == TREE_NONE)
		return 0;
	/* what this layer has put into a directory stays */
	r = tree_is_type(tree, node, S_IFDIR) ? hide_lower(tree, node, ret_why) : 0;
	if (r == 0 && tree->nodes[node].layer < tree->layer && tree->nodes[node].child == TREE_NONE)
		tree_remove(tree, node);
	return r;
}

/* A directory takes the place of something of a lower layer. */
static void cover(struct tree *tree, uint32_t node)
{
	tree->n_covered_links += tree_is_type(tree, node, S_IFLNK);
	tree_remove(tree, node);
}

static int make_directory(struct tree *tree, uint32_t parent, const char *name, size_t len,
			  uint32_t *ret_node, const char **ret_why)
{
	const struct tree_inode made = { .mode = S_IFDIR | 0755, .layer = tree->layer };
	uint32_t inode;
	int r = tree_new_inode(tree, &made, &inode, ret_why);

	return r < 0 ? r : tree_new_node(tree, parent, name, len, inode, ret_node, ret_why);
}

/* A way through the tree. */
struct way {
	struct tree *tree;
	const char **ret_why;
	uint32_t node;
	unsigned links;
	bool is_made; /* missing directories are made, what stands in the way is replaced */
	bool follows_all; /* links of lower layers too: for what is no entry of a layer */
	size_t at; /* in rest: where what is still to be walked begins */
	char rest[PATH_MAX];
};

/* The text of a link takes the place of its name. */
static int follow(struct way *way, uint32_t link, const char *rest)
{
	const char *text = tree_text(way->tree, tree_inode_of(way->tree, link));
	size_t len = strlen(text), rest_len = strlen(rest);

	if (way->links++ >= TREE_LINKS_MAX)
		return tree_refuse(way->ret_why, ELOOP, "links lead in a circle");
	if (len + rest_len + 1 >= sizeof(way->rest))
		return tree_refuse(way->ret_why, ENAMETOOLONG,
				   "links make a name that is too long");
	if (text[0] == '/')
		way->node = TREE_ROOT;
	memmove(way->rest + len, rest, rest_len + 1);
	memcpy(way->rest, text, len);
	way->at = 0;
	return 0;
}

/* A directory of that name; `found` may be anything, or none. */
static int enter(struct way *way, uint32_t found, const char *name, size_t len)
{
	struct tree *tree = way->tree;

	if (found != TREE_NONE && tree_is_type(tree, found, S_IFDIR)) {
		way->node = found;
		return 0;
	}
	if (!way->is_made)
		return tree_refuse(way->ret_why, ENOENT, "its directory is not there");
	if (found != TREE_NONE && (way->follows_all || tree->nodes[found].layer == tree->layer))
		return tree_refuse(way->ret_why, EINVAL,
				   "it lies below what the same layer says is no directory");
	if (found != TREE_NONE)
		cover(tree, found);
	return make_directory(tree, way->node, name, len, &way->node, way->ret_why);
}

/* One part of the way: 1, or 0 at its end. */
static int walk_part(struct way *way)
{
	const char *part = way->rest + way->at + strspn(way->rest + way->at, "/");
	size_t len = strcspn(part, "/");
	char name[NAME_MAX + 1];
	uint32_t found;
	int r;

	if (len == 0)
		return 0;
	if (len > NAME_MAX)
		return tree_refuse(way->ret_why, ENAMETOOLONG, "a part of its name is too long");
	if (!tree_may_step(way->tree))
		return tree_refuse(way->ret_why, EFBIG, too_many_steps);
	memcpy(name, part, len);
	name[len] = '\0';
	found = tree_find_child(way->tree, way->node, name, len);
	if (found != TREE_NONE && tree_is_type(way->tree, found, S_IFLNK) &&
	    (way->follows_all || way->tree->nodes[found].layer == way->tree->layer)) {
		r = follow(way, found, part + len);
		return r < 0 ? r : 1;
	}
	way->at = (size_t)(part - way->rest) + len;
	if (!strcmp(name, "."))
		return 1;
	if (!strcmp(name, "..")) {
		if (way->node != TREE_ROOT)
			way->node = way->tree->nodes[way->node].parent;
		return 1;
	}
	r = enter(way, found, name, len);
	return r < 0 ? r : 1;
}

static int walk_way(struct way *way, const char *dir, size_t len)
{
	int r;

	way->node = TREE_ROOT;
	way->links = 0;
	way->at = 0;
	memcpy(way->rest, dir, len);
	way->rest[len] = '\0';
	do
		r = walk_part(way);
	while (r == 1);
	return r;
}

/* No part may be "..": where it would lead is not the same for everybody who unpacks. */
static bool has_up(const char *path)
{
	for (const char *at = path; *at;) {
		size_t len = strcspn(at, "/");

		if (len == 2 && at[0] == '.' && at[1] == '.')
			return true;
		at += len + strspn(at + len, "/");
	}
	return false;
}

/*
 * The last part of a name, its length in *ret_len: 0 for the root. Slashes at the end and parts "."
 * are passed over.
 */
static const char *find_base(const char *path, size_t *ret_len)
{
	size_t end = strlen(path), start;

	for (;;) {
		while (end > 0 && path[end - 1] == '/')
			end--;
		for (start = end; start > 0 && path[start - 1] != '/';)
			start--;
		if (end - start != 1 || path[start] != '.')
			break;
		end = start;
	}
	*ret_len = end - start;
	return path + start;
}

/* What an entry says is put under a name that may be there. */
static int put(struct tree *tree, uint32_t parent, const char *name, const struct tree_inode *inode,
	       uint32_t *ret_inode, const char **ret_why)
{
	uint32_t node = tree_find_child(tree, parent, name, strlen(name)), made;
	struct tree_inode *old;
	int r;

	if (node != TREE_NONE && S_ISDIR(inode->mode) && tree_is_type(tree, node, S_IFDIR)) {
		/* directories of two layers are one, with the later one's owner and mode */
		old = &tree->inodes[tree->nodes[node].inode];
		tree->nodes[node].layer = tree->layer;
		*old = *inode;
		old->links = 1;
		*ret_inode = tree->nodes[node].inode;
		return 0;
	}
	if (node != TREE_NONE && S_ISDIR(inode->mode) && tree->nodes[node].layer < tree->layer)
		cover(tree, node);
	else if (node != TREE_NONE && !tree_is_type(tree, node, S_IFDIR) && !S_ISDIR(inode->mode) &&
		 tree->inodes[tree->nodes[node].inode].links == 1) {
		/* nobody else names it: no node and no inode more */
		*ret_inode = tree->nodes[node].inode;
		tree->nodes[node].layer = tree->layer;
		tree->inodes[*ret_inode] = *inode;
		tree->inodes[*ret_inode].links = 1;
		return 0;
	} else if (node != TREE_NONE)
		tree_remove(tree, node);
	r = tree_new_inode(tree, inode, ret_inode, ret_why);
	return r < 0 ? r
		     : tree_new_node(tree, parent, name, strlen(name), *ret_inode, &made, ret_why);
}

/* The node a hard link names; the last link is not followed, as link(2) does not. */
static int find_target(struct tree *tree, const char *target, uint32_t *ret_node,
		       const char **ret_why)
{
	struct way way = { .tree = tree, .ret_why = ret_why, .follows_all = true };
	const char *base;
	size_t len;
	int r;

	if (strlen(target) >= PATH_MAX)
		return tree_refuse(ret_why, ENAMETOOLONG, "the name it links to is too long");
	if (has_up(target))
		return tree_refuse(ret_why, EINVAL, "a hard link to a name with '..'");
	base = find_base(target, &len);
	r = walk_way(&way, target, (size_t)(base - target));
	if (r < 0)
		return tree_refuse(ret_why, -r, "a hard link to what is not there");
	*ret_node = len ? tree_find_child(tree, way.node, base, len) : TREE_ROOT;
	if (*ret_node == TREE_NONE)
		return tree_refuse(ret_why, ENOENT, "a hard link to what is not there");
	if (tree_is_type(tree, *ret_node, S_IFDIR))
		return tree_refuse(ret_why, EINVAL, "a hard link to a directory");
	return 0;
}

static int put_hard_link(struct tree *tree, uint32_t parent, const char *name, const char *target,
			 const char **ret_why)
{
	uint32_t to = TREE_NONE, node, made;
	int r = find_target(tree, target, &to, ret_why);

	if (r < 0)
		return r;
	node = tree_find_child(tree, parent, name, strlen(name));
	if (node == to) {
		tree->nodes[node].layer = tree->layer;
		return 0;
	}
	to = tree->nodes[to].inode;
	if (node != TREE_NONE)
		tree_remove(tree, node);
	return tree_new_node(tree, parent, name, strlen(name), to, &made, ret_why);
}

/* An entry whose directory is known. */
static int add_named(struct tree *tree, uint32_t parent, const char *name,
		     const struct tree_entry *entry, uint32_t *ret_inode, const char **ret_why)
{
	struct tree_inode inode = {
		.mode = entry->mode,
		.uid = entry->uid,
		.gid = entry->gid,
		.size = entry->size,
		.at = entry->at,
		.layer = tree->layer,
	};
	uint32_t made = TREE_NONE;
	int r = 0;

	if (entry->is_hard_link)
		return put_hard_link(tree, parent, name, entry->link, ret_why);
	if (S_ISLNK(entry->mode)) {
		size_t len = strlen(entry->link);

		if (len == 0 || len >= PATH_MAX)
			return tree_refuse(ret_why, EINVAL, "a link with no text, or too much");
		r = tree_add_text(tree, entry->link, len, &inode.text, ret_why);
	}
	if (r == 0)
		r = put(tree, parent, name, &inode, &made, ret_why);
	if (r == 0 && S_ISREG(entry->mode))
		*ret_inode = made;
	return r;
}

/* The root's own entry: its owner and mode. */
static int set_root(struct tree *tree, const struct tree_entry *entry, const char **ret_why)
{
	struct tree_inode *root = &tree->inodes[tree->nodes[TREE_ROOT].inode];

	if (!S_ISDIR(entry->mode) || entry->is_hard_link)
		return tree_refuse(ret_why, EINVAL, "the root is no directory");
	root->mode = entry->mode;
	root->uid = entry->uid;
	root->gid = entry->gid;
	root->layer = tree->layer;
	return 0;
}

/* The part of a name's directory that is called as whiteouts are; NULL. */
static const char *find_whiteout(const char *path, const char *base)
{
	for (const char *at = path; at < base;) {
		if (!strncmp(at, WHITEOUT, PREFIX_LEN(WHITEOUT)))
			return at;
		at += strcspn(at, "/");
		at += strspn(at, "/");
	}
	return NULL;
}

static int check_path(const char *path, size_t base_len, const char **ret_why)
{
	if (strlen(path) >= PATH_MAX)
		return tree_refuse(ret_why, ENAMETOOLONG, "its name is too long");
	if (has_up(path))
		return tree_refuse(ret_why, EINVAL,
				   "'..' in a name: it could lead out of the image");
	if (path[0] == '/' && base_len > 0)
		return tree_refuse(ret_why, EINVAL, "an absolute name, which no layer may have");
	if (base_len > NAME_MAX)
		return tree_refuse(ret_why, ENAMETOOLONG, "a part of its name is too long");
	return 0;
}

int tree_add_entry(struct tree *tree, const struct tree_entry *entry, uint32_t *ret_inode,
		   const char **ret_why)
{
	struct way way = { .tree = tree, .ret_why = ret_why, .is_made = true };
	size_t len;
	const char *base = find_base(entry->path, &len);
	const char *whiteout = find_whiteout(entry->path, base);
	char name[NAME_MAX + 1];
	int r = check_path(entry->path, len, ret_why);

	*ret_inode = TREE_NONE;
	if (r < 0)
		return r;
	if (tree->n_entries++ >= TREE_MAX_ENTRIES)
		return tree_refuse(ret_why, EFBIG, too_many_entries);
	if (len == 0)
		return set_root(tree, entry, ret_why);
	if (whiteout && !strncmp(whiteout, METADATA, PREFIX_LEN(METADATA)))
		return 0;
	if (whiteout)
		return tree_refuse(ret_why, EINVAL, "it lies below a whiteout");
	memcpy(name, base, len);
	name[len] = '\0';
	if (!strncmp(name, WHITEOUT, PREFIX_LEN(WHITEOUT))) {
		/* where its directory is not, there is nothing to take away */
		way.is_made = false;
		way.follows_all = true;
		if (walk_way(&way, entry->path, (size_t)(base - entry->path)) < 0)
			return *ret_why == too_many_steps ? -EFBIG : 0;
		if (!strcmp(name, OPAQUE))
			return hide_lower(tree, way.node, ret_why);
		if (!strncmp(name, METADATA, PREFIX_LEN(METADATA)))
			return 0;
		return take_away(tree, way.node, name + PREFIX_LEN(WHITEOUT), ret_why);
	}
	r = walk_way(&way, entry->path, (size_t)(base - entry->path));
	return r < 0 ? r : add_named(tree, way.node, name, entry, ret_inode, ret_why);
}

int tree_make(struct tree *tree, const char *path, uint32_t *ret_node, const char **ret_why)
{
	struct way way = { tree, ret_why, .is_made = true, .follows_all = true };
	size_t len;
	const char *base = find_base(path, &len);
	int r = strlen(path) < PATH_MAX && len <= NAME_MAX
			? 0
			: tree_refuse(ret_why, ENAMETOOLONG, "its name is too long");
	uint32_t old;

	if (r == 0 && (len == 0 || has_up(path)))
		r = tree_refuse(ret_why, EINVAL, "neither the root itself nor a name with '..'");
	if (r == 0)
		r = walk_way(&way, path, (size_t)(base - path));
	if (r < 0)
		return r;
	old = tree_find_child(tree, way.node, base, len);
	if (old != TREE_NONE)
		tree_remove(tree, old);
	return make_directory(tree, way.node, base, len, ret_node, ret_why);
}
