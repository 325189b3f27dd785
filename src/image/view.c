/* SPDX-License-Identifier: MIT */
/*
 * view.c - following names in an image: its tree, or its directory, with the mounts over it.
 *
 * The walk is that of elf/walk.c, over places instead of descriptors: each part is looked at
 * without following, links are read here, ".." walks the way so far again from the root. A
 * directory of the host's may change meanwhile; what is reached was then reached without a link.
 */
#include "image/view.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define STEPS_MAX 65536 /* a name of "x/../x/.." could ask for millions */
#define FIRST_FD 3

struct walk {
	const struct view *view;
	struct root_walk *to; /* to->real: the way so far, "" for the root */
	size_t len; /* of to->real */
	struct view_place at;
	bool is_link; /* the last part is not followed */
	unsigned links, steps;
	char rest[PATH_MAX];
};

void view_place_done(struct view_place *place)
{
	fd_close(&place->fd);
}

static int open_name(int fd, const char *name, int flags)
{
	int r;

	do
		r = sys_openat(fd, name, flags | O_NOFOLLOW, 0);
	while (r == -EINTR);
	return r;
}

/* A node's inode as the kernel would show it. */
static void make_stat(const struct tree *tree, uint32_t node, struct stat *st)
{
	const struct tree_inode *inode = tree_inode_of(tree, node);

	*st = (struct stat){
		.st_ino = tree->nodes[node].inode + 1,
		.st_mode = inode->mode,
		.st_uid = inode->uid,
		.st_gid = inode->gid,
		.st_size = (off_t)inode->size,
	};
}

static const struct view_mount *find_mount(const struct view *view, uint32_t node)
{
	for (size_t i = view->n_mounts; node != TREE_NONE && i > 0; i--)
		if (view->mounts[i - 1].node == node)
			return &view->mounts[i - 1];
	return NULL;
}

/*
 * Makes a place of a node and of what the host has there (fd; taken). Where the tree has made a
 * directory for a mount and the host has none, the tree's is there alone.
 */
static int make_place(const struct view *view, uint32_t node, int fd,
		      const struct view_mount *mount, struct view_place *ret_place)
{
	struct view_place place = { .node = node, .fd = fd, .mount = fd < 0 ? NULL : mount };
	bool is_mount = find_mount(view, node);
	int r = fd < 0 ? 0 : sys_fstatat(fd, "", &place.st, AT_EMPTY_PATH);

	if (r == 0 && fd >= 0 && node != TREE_NONE && !is_mount && !S_ISDIR(place.st.st_mode))
		fd_close(&place.fd);
	if (r < 0) {
		fd_close(&place.fd);
		return r;
	}
	if (place.fd < 0)
		make_stat(view->tree, node, &place.st);
	*ret_place = place;
	return 0;
}

static int look_at_start(const struct view *view, struct view_place *ret_place)
{
	int fd = view->host < 0 ? -1 : sys_fcntl(view->host, F_DUPFD_CLOEXEC, FIRST_FD);

	if (view->host >= 0 && fd < 0)
		return fd;
	return make_place(view, TREE_ROOT, fd, NULL, ret_place);
}

/* One name in a directory: a place, or -errno. Nothing is followed. */
static int find_name(const struct view *view, const struct view_place *at, const char *name,
		     struct view_place *ret_place)
{
	uint32_t node = at->node == TREE_NONE
				? TREE_NONE
				: tree_find_child(view->tree, at->node, name, strlen(name));
	const struct view_mount *mount = find_mount(view, node);
	int fd = -ENOENT;

	if (mount)
		fd = sys_fcntl(mount->fd, F_DUPFD_CLOEXEC, FIRST_FD);
	else if (at->fd >= 0)
		fd = open_name(at->fd, name, O_PATH);
	if (fd < 0 && (node == TREE_NONE || mount || fd_is_shortage(fd)))
		return fd;
	return make_place(view, node, fd < 0 ? -1 : fd, mount ? mount : at->mount, ret_place);
}

/* Writes the way so far, and `name` in it if there is one. */
static void write_at(const struct walk *walk, const char *name, char at[PATH_MAX])
{
	int len = (int)walk->len, n = PATH_MAX;

	if (name)
		n = snprintf(at, PATH_MAX, "%.*s/%s", len, walk->to->real, name);
	if (n >= PATH_MAX)
		(void)snprintf(at, PATH_MAX, "%.*s", len, walk->to->real);
	if (!*at)
		(void)snprintf(at, PATH_MAX, "/");
}

/* Says which part failed. */
static int fail_at(struct walk *walk, const char *name, int errnum)
{
	write_at(walk, name, walk->to->at);
	return -errnum;
}

static void stand_on(struct walk *walk, const struct view_place *place)
{
	view_place_done(&walk->at);
	walk->at = *place;
}

static int return_to_start(struct walk *walk)
{
	struct view_place place;
	int r = look_at_start(walk->view, &place);

	walk->len = 0;
	walk->to->real[0] = '\0';
	if (r < 0)
		return fail_at(walk, NULL, -r);
	stand_on(walk, &place);
	return 0;
}

static int append(struct walk *walk, const char *name)
{
	size_t len = strlen(name);

	if (walk->len + 1 + len >= PATH_MAX)
		return fail_at(walk, NULL, ENAMETOOLONG);
	walk->to->real[walk->len++] = '/';
	memcpy(walk->to->real + walk->len, name, len + 1);
	walk->len += len;
	return 0;
}

static int step(struct walk *walk, const char *name, struct view_place *ret_place)
{
	if (walk->steps++ >= STEPS_MAX)
		return -ELOOP;
	return find_name(walk->view, &walk->at, name, ret_place);
}

/* "..": the way so far without its last part, once more from the root, and no link in it. */
static int go_up(struct walk *walk)
{
	char way[PATH_MAX], name[NAME_MAX + 1];
	struct view_place place;
	char *last;
	int r;

	last = strrchr(walk->to->real, '/');
	if (!last)
		return 0;
	*last = '\0';
	memcpy(way, walk->to->real, (size_t)(last - walk->to->real) + 1);
	r = return_to_start(walk);
	for (const char *at = way; *at && r == 0;) {
		size_t len = strcspn(at + 1, "/");

		memcpy(name, at + 1, len);
		name[len] = '\0';
		at += len + 1;
		r = step(walk, name, &place);
		if (r < 0)
			return fail_at(walk, name, -r);
		stand_on(walk, &place);
		r = append(walk, name);
	}
	return r;
}

/* The text of a link: its length or -errno. */
static ssize_t read_text(const struct view *view, const struct view_place *link,
			 char text[PATH_MAX])
{
	const char *has;
	size_t len;
	ssize_t n;

	if (link->fd >= 0) {
		n = sys_readlinkat(link->fd, "", text, PATH_MAX); /* since 2.6.39 */
		if (n >= PATH_MAX)
			return -ENAMETOOLONG;
		if (n >= 0)
			text[n] = '\0';
		return n;
	}
	has = tree_text(view->tree, tree_inode_of(view->tree, link->node));
	len = strlen(has);
	if (len >= PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(text, has, len + 1);
	return (ssize_t)len;
}

/* The link's text takes the place of its name in front of the rest. */
static int follow(struct walk *walk, const struct view_place *link, const char *name)
{
	char text[PATH_MAX];
	ssize_t n = read_text(walk->view, link, text);
	size_t len = n > 0 ? (size_t)n : 0, rest = strlen(walk->rest);

	if (n < 0)
		return fail_at(walk, name, (int)-n);
	if (walk->links++ >= TREE_LINKS_MAX)
		return fail_at(walk, name, ELOOP);
	if (len + rest >= sizeof(walk->rest))
		return fail_at(walk, name, ENAMETOOLONG);
	if (len == 0)
		return fail_at(walk, name, ENOENT);
	write_at(walk, name, walk->to->link);
	memmove(walk->rest + len, walk->rest, rest + 1);
	memcpy(walk->rest, text, len);
	return text[0] == '/' ? return_to_start(walk) : 0;
}

static int enter(struct walk *walk, const char *name)
{
	struct view_place place;
	int r = step(walk, name, &place);

	/* O_PATH asks nothing of the thing itself: it is the directory that may not be searched */
	if (r < 0)
		return fail_at(walk, r == -EACCES ? NULL : name, -r);
	if (S_ISLNK(place.st.st_mode) && !(walk->is_link && !*walk->rest)) {
		r = follow(walk, &place, name);
		view_place_done(&place);
		return r;
	}
	stand_on(walk, &place);
	return append(walk, name);
}

/* Walks one component: 1 if there was one, 0 at the end, or -errno. As elf/walk.c. */
static int walk_step(struct walk *walk)
{
	size_t start = strspn(walk->rest, "/");
	size_t len = strcspn(walk->rest + start, "/");
	char name[NAME_MAX + 1];
	int r = 0;

	if (start + len > 0 && !S_ISDIR(walk->at.st.st_mode))
		return fail_at(walk, NULL, ENOTDIR);
	if (len == 0)
		return 0;
	if (len > NAME_MAX)
		return fail_at(walk, NULL, ENAMETOOLONG);
	memcpy(name, walk->rest + start, len);
	name[len] = '\0';
	memmove(walk->rest, walk->rest + start + len, strlen(walk->rest + start + len) + 1);
	if (strcmp(name, "..") == 0)
		r = go_up(walk);
	else if (strcmp(name, ".") != 0)
		r = enter(walk, name);
	return r < 0 ? r : 1;
}

int view_walk(const struct view *view, const char *full, bool is_link, struct root_walk *to,
	      struct view_place *ret_place)
{
	struct walk walk = {
		.view = view, .to = to, .at = { .node = TREE_NONE, .fd = -1 }, .is_link = is_link
	};
	int r;

	to->errnum = 0;
	to->mode = 0;
	to->at[0] = to->link[0] = '\0';
	memcpy(walk.rest, full, strlen(full) + 1);
	r = return_to_start(&walk);
	if (r == 0)
		do
			r = walk_step(&walk);
		while (r > 0);
	if (r < 0) {
		view_place_done(&walk.at);
		to->real[0] = '\0';
		to->errnum = -r;
		return r;
	}
	to->at[0] = '\0';
	if (walk.len == 0)
		memcpy(to->real, "/", 2);
	to->mode = walk.at.st.st_mode;
	*ret_place = walk.at;
	return 0;
}

int view_read_link(const struct view *view, const struct view_place *place, char ret_text[PATH_MAX])
{
	ssize_t n = S_ISLNK(place->st.st_mode) ? read_text(view, place, ret_text) : -EINVAL;

	return n < 0 ? (int)n : 0;
}

int view_open(const struct view_place *place)
{
	AUTO_FD int fd = -1;
	struct stat st;
	char link[32];
	int r;

	/* what is no regular file is never opened; O_NONBLOCK: nor is a lease waited for */
	if (!S_ISREG(place->st.st_mode))
		return S_ISDIR(place->st.st_mode) ? -EISDIR : -EINVAL;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", place->fd);
	do
		fd = sys_openat(AT_FDCWD, link, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	while (fd == -EINTR);
	if (fd < 0)
		return fd == -ENOENT || fd == -ENOTDIR ? -EOPNOTSUPP : fd;
	r = sys_fstatat(fd, "", &st, AT_EMPTY_PATH);
	if (r == 0 && (st.st_dev != place->st.st_dev || st.st_ino != place->st.st_ino))
		r = -ESTALE;
	return r < 0 ? r : fd_take(&fd);
}

struct listing {
	const struct view *view;
	uint32_t node;
	root_take_fn take;
	void *context;
};

/* What the tree has too was handed on already. */
static int take_host(void *context, const char *name)
{
	const struct listing *listing = context;

	if (listing->node != TREE_NONE &&
	    tree_find_child(listing->view->tree, listing->node, name, strlen(name)) != TREE_NONE)
		return 0;
	return listing->take(listing->context, name);
}

int view_list(const struct view *view, const struct view_place *place, root_take_fn take,
	      void *context)
{
	struct listing listing = { view, place->node, take, context };
	struct root_dir dir = { .fd = -1 };
	int r = 0;

	if (place->node != TREE_NONE)
		for (uint32_t at = view->tree->nodes[place->node].child; at != TREE_NONE && r == 0;
		     at = view->tree->nodes[at].next)
			r = take(context, tree_name(view->tree, at));
	if (r != 0 || place->fd < 0)
		return r;
	dir.fd = open_name(place->fd, ".", O_RDONLY | O_DIRECTORY);
	if (dir.fd < 0)
		return dir.fd;
	r = root_dir_list(&dir, take_host, &listing);
	root_dir_done(&dir);
	return r;
}
