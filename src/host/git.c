/* SPDX-License-Identifier: MIT */
/*
 * git.c - what git on this host obeys, in the repositories of a project.
 *
 *   walk of the trees ─► ".git", bare repositories ─► directories of git ─► names
 *                                                          └─► modules, worktrees, settings
 *
 * A command that may write in a project could leave behind what git runs for the user later: a
 * hook, a setting that names a program, a pointer to other settings (gitrepository-layout(5)).
 * Those names are found here; objects, refs, logs, the index and what a merge or rebase keeps are
 * not among them. Git itself is not run: it would obey what is being looked for.
 *
 * All that is read may be an enemy's. So nothing is followed that leads out of the trees: a pointer
 * or setting is first looked at as text, and one that lexically leaves them is not touched, not
 * even to see what is there. Files are opened without links, without waiting, and read only if
 * they are regular and small. A ".git" file leads to a directory, never to another such file, so
 * there is no loop; files of settings that include each other end at GIT_MAX_INCLUDES.
 *
 * Names that do not exist yet are told as well: who keeps them from being made is another question.
 */
#include "host/git_parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "host/beneath.h"
#include "host/paths.h"
#include "host/name_walk.h"
#include "sys/calls.h"
#include "sys/fd.h"
#include "sys/path.h"

#define FOUND_BYTES (16U << 20)
#define DEPTH_MAX 16 /* submodules of submodules; each takes 64 KiB of stack */

/* Directories of git */

static int look_at_repository(struct git_look *look, const char *dir, const char *worktree);

static int is_type_in(const char *dir, const char *name, mode_t type)
{
	char path[PATH_MAX];

	return path_child(path, dir, name) ? git_is_type(path, type) : 0;
}

/* A directory of names: `found` is told each that is a directory. */
static int for_each_in(struct git_look *look, const char *dir, const char *name,
		       int (*found)(void *context, const char *dir, const char *name,
				    unsigned char type),
		       void *context)
{
	struct name_walk walk = { .found = found, .context = context, .n_names = look->n_names };
	char path[PATH_MAX];
	struct arena arena;
	int r;

	if (!path_child(path, dir, name))
		return git_no_room(look);
	arena_init(&arena, NAME_WALK_MAX_BYTES);
	walk.root = path;
	walk.arena = &arena;
	r = name_walk(&walk);
	arena_done(&arena);
	look->n_names = walk.n_names;
	look->found->is_cut |= walk.is_cut;
	return r;
}

/* In "worktrees": each directory is a linked work tree's. */
static int take_worktree(void *context, const char *dir, const char *name, unsigned char type)
{
	struct git_look *look = context;
	char path[PATH_MAX];
	int r;

	if (type != DT_DIR || !path_child(path, dir, name))
		return 0;
	/* whatever is in it now */
	r = git_add_in(look, path, "gitdir");
	return r < 0 ? r : look_at_repository(look, path, NULL);
}

/* In "modules": a directory with a HEAD is a submodule's, another one a part of its name. */
static int take_module(void *context, const char *dir, const char *name, unsigned char type)
{
	struct git_look *look = context;
	char path[PATH_MAX];
	int r;

	if (type != DT_DIR || !path_child(path, dir, name))
		return 0;
	r = is_type_in(path, "HEAD", S_IFREG);
	if (r > 0)
		r = look_at_repository(look, path, NULL);
	else if (r == 0)
		r = 1;
	return r;
}

/* Where a setting "core.worktree" leads, which submodules have. */
struct finding_worktree {
	const struct git_look *look;
	const char *dir;
	char *ret;
};

static int take_core_worktree(void *context, const struct git_config_item *item)
{
	struct finding_worktree *finding = context;

	if (!strcmp(item->section, "core") && !strcmp(item->key, "worktree") && *item->value)
		(void)git_find_inside(finding->look, finding->dir, item->value, strlen(item->value),
				      finding->ret);
	return 0;
}

/*
 * What a linked work tree or a submodule says of its own place; `dir` if nothing that can be used.
 * Its ".git" file may lie in another tree than the project.
 */
static int find_worktree(struct git_look *look, const char *dir, char ret[PATH_MAX])
{
	struct finding_worktree finding = { .look = look, .dir = dir, .ret = ret };
	char pointer[PATH_MAX];
	ssize_t n = git_read_in(look, dir, "gitdir", GIT_POINTER_MAX);
	const char *text;
	size_t len;

	memcpy(ret, dir, strlen(dir) + 1);
	if (n < 0)
		return (int)n;
	text = n ? git_pointer_read(look->text, (size_t)n, "", &len) : NULL;
	if (text && git_find_inside(look, dir, text, len, pointer)) {
		*strrchr(pointer, '/') = '\0';
		memcpy(ret, *pointer ? pointer : "/", *pointer ? strlen(pointer) + 1 : 2);
		return git_add_in(look, ret, ".git");
	}
	n = git_read_in(look, dir, "config", sizeof(look->text));
	return n <= 0 ? (int)n
		      : git_config_read(look->text, (size_t)n, take_core_worktree, &finding);
}

static int add_names(struct git_look *look, const struct git_repository *repository)
{
	static const char *const names[] = { "hooks", "config", "info", "commondir" };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(names); i++)
		r = git_add_in(look, repository->dir, names[i]);
	/* without the extension git does not read it, and the extension is a setting */
	if (r == 0 && (repository->has_worktree_config ||
		       is_type_in(repository->dir, "config.worktree", S_IFREG) > 0))
		r = git_add_in(look, repository->dir, "config.worktree");
	return r;
}

static bool is_known(const struct git_look *look, const char *dir)
{
	for (size_t i = 0; i < look->found->n_repositories; i++)
		if (!strcmp(look->found->repositories[i], dir))
			return true;
	return false;
}

/* What a linked work tree shares with the repository that "commondir" names. */
static int look_at_common(struct git_look *look, struct git_repository *repository)
{
	char common[PATH_MAX];
	int r = git_follow(look, repository->dir, "commondir", "", common);

	if (r <= 0 || !strcmp(common, repository->dir))
		return r < 0 ? r : 0;
	/* its hooks are run in this work tree, too */
	r = git_read_settings(look, repository, common, "config");
	if (r == 0)
		r = git_add_in(look, repository->dir, "gitdir");
	return r == 0 ? look_at_repository(look, common, NULL) : r;
}

static int look_inside(struct git_look *look, struct git_repository *repository)
{
	int r = git_read_settings(look, repository, repository->dir, "config");

	if (r == 0)
		r = look_at_common(look, repository);
	if (r == 0)
		r = git_read_settings(look, repository, repository->dir, "config.worktree");
	if (r == 0)
		r = add_names(look, repository);
	if (r == 0)
		r = for_each_in(look, repository->dir, "modules", take_module, look);
	if (r == 0)
		r = for_each_in(look, repository->dir, "worktrees", take_worktree, look);
	return r;
}

/* A directory of git. `worktree`: where its programs are run; NULL: it says so itself. */
static int look_at_repository(struct git_look *look, const char *dir, const char *worktree)
{
	struct git_found *found = look->found;
	struct git_repository repository = { .dir = dir, .worktree = worktree };
	char place[PATH_MAX];
	int r;

	if (!git_is_in_trees(look, dir) || is_known(look, dir))
		return 0;
	if (found->n_repositories >= GIT_MAX_REPOSITORIES || look->depth >= DEPTH_MAX)
		return git_no_room(look);
	r = git_add_text(look, &found->repositories, &found->n_repositories,
			 &found->repositories_capacity, dir);
	if (r == 0 && !worktree) {
		r = find_worktree(look, dir, place);
		repository.worktree = place;
	}
	look->depth++;
	if (r == 0)
		r = look_inside(look, &repository);
	look->depth--;
	return r;
}

/* The walk of a tree */

/* What was seen of the directory that is told just now. */
struct walking {
	struct git_look *look;
	bool has_git, has_head, has_objects, has_refs;
};

/* "dir/.git": a directory, a file that names one, or a link to either. */
static int look_at_git(struct git_look *look, const char *dir)
{
	const char *worktree = *dir ? dir : "/";
	char path[PATH_MAX], real[PATH_MAX], *slash;
	int r;

	if (!path_child(path, dir, ".git") || !git_find_inside(look, worktree, ".git", 4, real))
		return 0;
	/* a link can be replaced as a whole: a name through it makes that be told */
	r = strcmp(path, real) != 0 ? git_add_in(look, path, "config") : 0;
	if (r == 0)
		r = git_is_type(real, S_IFDIR);
	if (r != 0)
		return r < 0 ? r : look_at_repository(look, real, worktree);
	/* the pointer itself: another one would make other settings hold */
	r = git_add_name(look, path);
	if (r < 0)
		return r;
	slash = strrchr(real, '/');
	*slash = '\0';
	r = git_follow(look, *real ? real : "/", slash + 1, "gitdir: ", path);
	return r > 0 ? look_at_repository(look, path, worktree) : r;
}

static int take_entry(void *context, const char *dir, const char *name, unsigned char type)
{
	struct walking *walking = context;

	(void)dir;
	if (!strcmp(name, ".git")) {
		walking->has_git = true;
		return 0; /* looked at by itself */
	}
	walking->has_head |= !strcmp(name, "HEAD");
	walking->has_objects |= !strcmp(name, "objects") && type == DT_DIR;
	walking->has_refs |= !strcmp(name, "refs") && type == DT_DIR;
	return 1;
}

static int leave_directory(void *context, const char *dir)
{
	struct walking *walking = context, seen = *walking;
	int r = 0;

	*walking = (struct walking){ .look = seen.look };
	if (seen.has_git)
		r = look_at_git(seen.look, dir);
	/* a bare repository: git takes the directory for one when it is run in it */
	if (r == 0 && seen.has_head && seen.has_objects && seen.has_refs)
		r = look_at_repository(seen.look, *dir ? dir : "/", *dir ? dir : "/");
	return r;
}

static int search_tree(struct git_look *look, const char *root)
{
	struct walking walking = { .look = look };
	struct arena arena;
	struct name_walk walk = { .root = root,
				  .arena = &arena,
				  .found = take_entry,
				  .left = leave_directory,
				  .context = &walking,
				  .n_names = look->n_names };
	int r;

	arena_init(&arena, NAME_WALK_MAX_BYTES);
	r = name_walk(&walk);
	arena_done(&arena);
	look->n_names = walk.n_names;
	look->found->is_cut |= walk.is_cut;
	return r;
}

/* The project's own ".git" where it leads out of the trees: its text, for the user to be told. */
static int note_outside(struct git_look *look)
{
	const char *project = look->search->project;
	char lexical[PATH_MAX];
	const char *text;
	ssize_t n;
	size_t len;

	if (!git_is_in_trees(look, project) || look->found->n_repositories)
		return 0;
	n = git_read_in(look, project, ".git", GIT_POINTER_MAX);
	if (n <= 0)
		return (int)n;
	text = git_pointer_read(look->text, (size_t)n, "gitdir: ", &len);
	if (!text || !git_make_lexical(project, text, len, lexical) ||
	    git_is_in_trees(look, lexical))
		return 0;
	look->found->outside = arena_strdup(&look->found->arena, lexical);
	return look->found->outside ? 0 : -ENOMEM;
}

static int compare(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

int git_find(const struct git_search *search, struct git_found *ret, struct croft_error *err)
{
	struct git_look *look = calloc(1, sizeof(*look));
	int r = look ? 0 : -ENOMEM;

	*ret = (struct git_found){ 0 };
	arena_init(&ret->arena, FOUND_BYTES);
	if (look) {
		look->search = search;
		look->found = ret;
	}
	for (size_t i = 0; r == 0 && i < search->n_trees; i++) {
		const char *tree = search->trees[i];

		if (path_is_under(search->project, tree))
			r = search_tree(look, tree);
		else if (path_is_under(tree, search->project))
			r = search_tree(look, search->project);
	}
	if (r == 0)
		r = note_outside(look);
	free(look);
	if (ret->n_names)
		qsort(ret->names, ret->n_names, sizeof(*ret->names), compare);
	return r < 0 ? fail(err, CROFT_STAGE_PREPARE, -r, "look for repositories in '%s'",
			    search->project)
		     : 0;
}

void git_found_done(struct git_found *found)
{
	arena_done(&found->arena);
	*found = (struct git_found){ 0 };
}
