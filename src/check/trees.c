/* SPDX-License-Identifier: MIT */
/*
 * trees.c - what lies at the top levels of granted directories: links that lead out, files with
 * further names.
 *
 * A symbolic link in a granted directory gives nothing: Landlock judges what it leads to. Programs
 * fail there with a plain "permission denied", so it is told. A hard link does give: the file is
 * granted by each of its names, and what is written through one is read through the others.
 *
 * The trees may be hostile. Two levels and LOOK_MAX_NAMES names are looked at, of LOOK_MAX_TREES
 * trees; a directory is entered by its name and not through a link, on its own file system
 * only. What was not reached is not judged.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "check/parts.h"
#include "host/paths.h"
#include "sys/calls.h"

struct linked {
	uint64_t dev, ino;
	nlink_t n_names, n_seen;
	const char *name;
};

struct tree {
	struct check *check;
	const struct look *look;
	unsigned level; /* of the names that are looked at: 1 or 2 */
	size_t used;
	const char *out[LOOK_MAX_NAMES]; /* links that lead out, as examples */
	size_t n_out;
	struct linked linked[LOOK_MAX_NAMES];
	size_t n_linked;
};

/* The name as seen from the granted directory. */
static const char *name_in(const struct tree *tree, const char *dir, const char *name)
{
	const char *inner = dir + strlen(tree->look->real);

	while (*inner == '/')
		inner++;
	return arena_printf(&tree->check->arena, "%s%s%s", inner, *inner ? "/" : "", name);
}

/* A link that leads nowhere is nobody's door. */
static void note_link(struct tree *tree, const char *dir, const char *path, const char *name)
{
	const unsigned any = GRANT_READ | GRANT_WRITE | GRANT_EXECUTE | GRANT_DEVICE | GRANT_SOCKET;
	char real[PATH_MAX];
	const char *text = NULL;

	if (path_resolve(path, real, sizeof(real)) < 0 || !look_exists(real) ||
	    look_covering(tree->check, real, any))
		return;
	name = name_in(tree, dir, name);
	if (name)
		text = arena_printf(&tree->check->arena, "%s -> %s", name, real);
	if (text)
		tree->out[tree->n_out++] = text;
	else
		tree->check->findings->error = -ENOMEM;
}

static void note_linked(struct tree *tree, const char *dir, const char *name, const struct stat *st)
{
	struct linked *linked;

	for (size_t i = 0; i < tree->n_linked; i++) {
		linked = &tree->linked[i];
		if (linked->dev == st->st_dev && linked->ino == st->st_ino) {
			linked->n_seen++;
			return;
		}
	}
	linked = &tree->linked[tree->n_linked];
	*linked = (struct linked){ st->st_dev, st->st_ino, st->st_nlink, 1,
				   name_in(tree, dir, name) };
	if (linked->name)
		tree->n_linked++;
	else
		tree->check->findings->error = -ENOMEM;
}

static void look_at_name(void *context, int dirfd, const char *dir, const char *name)
{
	struct tree *tree = context;
	char path[PATH_MAX];
	struct stat st;
	int n = snprintf(path, sizeof(path), "%s/%s", dir[1] ? dir : "", name);

	if (n < 0 || (size_t)n >= sizeof(path) ||
	    sys_fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	if (S_ISLNK(st.st_mode))
		note_link(tree, dir, path, name);
	else if (S_ISREG(st.st_mode) && st.st_nlink > 1 && (tree->look->kinds & GRANT_WRITE))
		note_linked(tree, dir, name, &st);
	else if (S_ISDIR(st.st_mode) && tree->level < LOOK_MAX_LEVELS &&
		 st.st_dev == tree->look->st.st_dev) {
		tree->level++;
		look_list(path, &tree->used, look_at_name, tree);
		tree->level--;
	}
}

static void tell(struct tree *tree)
{
	struct check *check = tree->check;
	const struct look *look = tree->look;
	size_t n = 0;

	if (tree->n_out)
		check_tell(check, FINDING_LINKS_OUT, &look->spot,
			   &(struct words){
				   .path = look->path,
				   .detail = look_examples(check, tree->out, tree->n_out),
			   });
	/* a file all of whose names were seen has none outside */
	for (size_t i = 0; i < tree->n_linked; i++)
		if (tree->linked[i].n_seen < tree->linked[i].n_names)
			tree->out[n++] = tree->linked[i].name;
	if (n)
		check_tell(check, FINDING_HARD_LINKS, &look->spot,
			   &(struct words){ .path = look->path,
					    .detail = look_examples(check, tree->out, n) });
}

void find_in_trees(struct check *check)
{
	struct tree *tree = arena_alloc(&check->arena, sizeof(*tree));
	size_t n_trees = 0;

	if (!tree) {
		check->findings->error = -ENOMEM;
		return;
	}
	for (size_t i = 0; i < check->n_looks && n_trees < LOOK_MAX_TREES; i++) {
		const struct look *look = &check->looks[i];

		if (look->errnum || !S_ISDIR(look->st.st_mode) || look_is_kernels(look->fs_type))
			continue;
		*tree = (struct tree){ .check = check, .look = look, .level = 1 };
		look_list(look->real, &tree->used, look_at_name, tree);
		tell(tree);
		n_trees++;
	}
}
