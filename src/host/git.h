/* SPDX-License-Identifier: MIT */
/*
 * git.h - what git on this host obeys, in the repositories of a project.
 */
#ifndef CROFT_HOST_GIT_H
#define CROFT_HOST_GIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

/* Limits on what a project may make croft look at. */
#define GIT_MAX_REPOSITORIES 512 /* with submodules and worktrees */
#define GIT_MAX_NAMES 900 /* denials: of PROFILE_MAX_DENIALS, with room for the profile's own */
#define GIT_MAX_INCLUDES 5 /* files included by one another */

struct git_search {
	/*
	 * Trees that the command may write in, absolute and resolved. Nothing outside of them is
	 * looked at: what is there cannot be changed.
	 */
	const char *const *trees;
	size_t n_trees;
	const char *project; /* resolved; repositories are searched in its part of the trees */
	const char *home; /* for "~/" in settings; NULL: none */
};

struct git_found {
	struct arena arena;
	/* to be kept from changes, whether they exist or not; sorted, each once */
	const char **names;
	size_t n_names, capacity;
	/* directories of repositories, in the order in which they were found */
	const char **repositories;
	size_t n_repositories, repositories_capacity;
	const char *outside; /* the project's own repository, where no tree holds it; else NULL */
	bool is_cut; /* a limit was met, or something could not be read */
};

/*
 * Finds the repositories of the project without running git and without following a link out of the
 * trees: 0, or -ENOMEM, -EMFILE, -ENFILE described in err. Reads no file of more than
 * GIT_CONFIG_MAX bytes. `ret` is the caller's to free by git_found_done, also on failure.
 */
int git_find(const struct git_search *search, struct git_found *ret, struct croft_error *err);
void git_found_done(struct git_found *found);

#endif
