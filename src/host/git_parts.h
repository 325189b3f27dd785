/* SPDX-License-Identifier: MIT */
/*
 * git_parts.h - what git.c and git_read.c share.
 */
#ifndef CROFT_HOST_GIT_PARTS_H
#define CROFT_HOST_GIT_PARTS_H

#include <limits.h>
#include <sys/types.h>

#include "host/git.h"
#include "host/git_config.h"

#define GIT_POINTER_MAX (PATH_MAX + 16) /* bytes of a pointer file */

/* While it is looked for. */
struct git_look {
	const struct git_search *search;
	struct git_found *found;
	size_t n_names; /* of directories, in all walks */
	unsigned depth; /* of repositories within one another */
	char text[GIT_CONFIG_MAX]; /* the file that is read */
};

/* A repository: where it lies, and the directory in which its hooks and programs are run. */
struct git_repository {
	const char *dir;
	const char *worktree;
	bool has_worktree_config;
	unsigned depth; /* of includes */
};

bool git_is_in_trees(const struct git_look *look, const char *path);
/* A limit was met: notes it, and goes on (0). */
int git_no_room(struct git_look *look);
int git_add_text(struct git_look *look, const char ***list, size_t *n, size_t *capacity,
		 const char *path);
/* To be kept from changes; what lies outside of the trees is anyway. */
int git_add_name(struct git_look *look, const char *path);
int git_add_in(struct git_look *look, const char *dir, const char *name);

/*
 * `text` as a path from `base` on, without "." and "..": what it would be if no part were a link.
 * False if it fits nowhere.
 */
bool git_make_lexical(const char *base, const char *text, size_t len, char ret[PATH_MAX]);
/* Where that leads, if it is in the trees as text and with its links followed. */
bool git_find_inside(const struct git_look *look, const char *base, const char *text, size_t len,
		     char ret[PATH_MAX]);
/* 1: it is of that type, no link; 0: it is not; -errno where all else would fail too. */
int git_is_type(const char *path, mode_t type);
/* Reads dir/name (or dir itself with "") into look->text: its length, 0: nothing to read. */
ssize_t git_read_in(struct git_look *look, const char *dir, const char *name, size_t max);
/* The directory that the pointer file dir/name leads to: 1 if there is one in the trees. */
int git_follow(struct git_look *look, const char *dir, const char *name, const char *prefix,
	       char ret[PATH_MAX]);
/* Takes from the settings in dir/name, and from those that it includes, what names files. */
int git_read_settings(struct git_look *look, struct git_repository *repository, const char *dir,
		      const char *name);

#endif
