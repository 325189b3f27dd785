/* SPDX-License-Identifier: MIT */
/*
 * git_read.c - pointers and settings of git, read without leaving the trees.
 *
 * A pointer or a setting of a path is taken as text first: what lexically leaves the trees that the
 * command may write in is not touched at all. What stays in them is resolved, links and all, and
 * has to be in them still. A file is opened without following a link that was put there meanwhile,
 * without waiting for a FIFO, and read only if it is regular and no larger than it may be.
 */
#include "host/git_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "host/beneath.h"
#include "host/paths.h"
#include "sys/calls.h"
#include "sys/fd.h"
#include "sys/path.h"

bool git_is_in_trees(const struct git_look *look, const char *path)
{
	for (size_t i = 0; i < look->search->n_trees; i++)
		if (path_is_under(look->search->trees[i], path))
			return true;
	return false;
}

int git_no_room(struct git_look *look)
{
	look->found->is_cut = true;
	return 0;
}

int git_add_text(struct git_look *look, const char ***list, size_t *n, size_t *capacity,
		 const char *path)
{
	const char **grown = arena_grow(&look->found->arena, *list, *n, capacity, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	*list = grown;
	grown[*n] = arena_strdup(&look->found->arena, path);
	return grown[(*n)++] ? 0 : -ENOMEM;
}

int git_add_name(struct git_look *look, const char *path)
{
	struct git_found *found = look->found;

	if (!git_is_in_trees(look, path))
		return 0;
	for (size_t i = 0; i < found->n_names; i++)
		if (!strcmp(found->names[i], path))
			return 0;
	if (found->n_names >= GIT_MAX_NAMES)
		return git_no_room(look);
	return git_add_text(look, &found->names, &found->n_names, &found->capacity, path);
}

int git_add_in(struct git_look *look, const char *dir, const char *name)
{
	char path[PATH_MAX];

	return path_child(path, dir, name) ? git_add_name(look, path) : git_no_room(look);
}

bool git_make_lexical(const char *base, const char *text, size_t len, char ret[PATH_MAX])
{
	char joined[2 * PATH_MAX];
	int n = snprintf(joined, sizeof(joined), "%s/%.*s", len && text[0] == '/' ? "" : base,
			 (int)len, text);
	size_t at = 0;

	if (len >= PATH_MAX || n < 0 || (size_t)n >= sizeof(joined))
		return false;
	for (const char *p = joined; *p;) {
		size_t name_len = strcspn(p += strspn(p, "/"), "/");

		if (name_len == 2 && p[0] == '.' && p[1] == '.') {
			while (at && ret[--at] != '/')
				continue;
		} else if (name_len && !(name_len == 1 && p[0] == '.')) {
			if (at + 1 + name_len >= PATH_MAX)
				return false;
			ret[at++] = '/';
			memcpy(ret + at, p, name_len);
			at += name_len;
		}
		p += name_len;
	}
	if (!at)
		ret[at++] = '/';
	ret[at] = '\0';
	return true;
}

bool git_find_inside(const struct git_look *look, const char *base, const char *text, size_t len,
		     char ret[PATH_MAX])
{
	char lexical[PATH_MAX], real[PATH_MAX];

	if (!git_make_lexical(base, text, len, lexical) || !git_is_in_trees(look, lexical) ||
	    path_resolve(lexical, real, sizeof(real)) < 0 || !git_is_in_trees(look, real))
		return false;
	memcpy(ret, real, strlen(real) + 1);
	return true;
}

int git_is_type(const char *path, mode_t type)
{
	AUTO_FD int fd = beneath_open(AT_FDCWD, path, O_PATH);
	struct stat st;

	if (fd_is_shortage(fd))
		return fd;
	return fd >= 0 && sys_fstatat(fd, "", &st, AT_EMPTY_PATH) == 0 &&
	       (st.st_mode & S_IFMT) == type;
}

ssize_t git_read_in(struct git_look *look, const char *dir, const char *name, size_t max)
{
	char path[PATH_MAX];
	ssize_t len;

	if (!path_child(path, dir, name))
		return 0;
	len = beneath_read(AT_FDCWD, path, look->text, max);
	if (fd_is_shortage(len))
		return len;
	if (len < 0 && len != -ENOENT && len != -ENOTDIR)
		look->found->is_cut = true; /* what it would have told is not known */
	return len < 0 ? 0 : len;
}

int git_follow(struct git_look *look, const char *dir, const char *name, const char *prefix,
	       char ret[PATH_MAX])
{
	ssize_t n = git_read_in(look, dir, name, GIT_POINTER_MAX);
	const char *text;
	size_t len;

	if (n < 0)
		return (int)n;
	text = n ? git_pointer_read(look->text, (size_t)n, prefix, &len) : NULL;
	if (!text || !git_find_inside(look, dir, text, len, ret))
		return 0;
	return git_is_type(ret, S_IFDIR);
}

/* Settings */

/* Keys whose values git uses without being asked, most of them as a shell's command. */
static const struct {
	const char *section, *key;
	bool is_path;
} obeyed[] = {
	{ "core", "hookspath", true },  { "core", "attributesfile", true },
	{ "core", "fsmonitor", false }, { "core", "sshcommand", false },
	{ "core", "pager", false },     { "core", "editor", false },
	{ "core", "askpass", false },   { "core", "gitproxy", false },
	{ "diff", "external", false },  { "diff", "command", false },
	{ "diff", "textconv", false },  { "filter", "clean", false },
	{ "filter", "smudge", false },  { "filter", "process", false },
	{ "merge", "driver", false },   { "credential", "helper", false },
	{ "gpg", "program", false },    { "sequence", "editor", false },
	{ "include", "path", true },    { "includeif", "path", true },
	{ "pager", "log", false },      { "pager", "diff", false },
	{ "pager", "show", false },     { "interactive", "difffilter", false },
};

struct reading {
	struct git_look *look;
	struct git_repository *repository;
	const char *dir; /* of the file */
	char includes[8][PATH_MAX];
	size_t n_includes;
};

/* A path in a setting, "~" and all; NULL: of another user's home, or too long. */
static const char *expand_home(const struct git_look *look, const char *value, char room[PATH_MAX])
{
	int n;

	if (value[0] != '~')
		return value;
	if (value[1] != '/' || !look->search->home)
		return NULL;
	n = snprintf(room, PATH_MAX, "%s%s", look->search->home, value + 1);
	return n < 0 || n >= PATH_MAX ? NULL : room;
}

static int add_value(struct reading *reading, const char *value, bool is_path, bool is_include)
{
	char room[PATH_MAX], path[PATH_MAX];
	const char *base = is_include ? reading->dir : reading->repository->worktree;
	size_t len;

	value += strspn(value, is_path ? "" : "!\"' ");
	value = expand_home(reading->look, value, room);
	if (!value)
		return 0;
	len = is_path ? strlen(value) : strcspn(value, " \t\n\"';|&<>()");
	/* a word without a slash is looked up on the PATH */
	if (!len || (!is_path && !memchr(value, '/', len)) ||
	    !git_find_inside(reading->look, base, value, len, path))
		return 0;
	if (is_include && reading->n_includes < ARRAY_SIZE(reading->includes))
		memcpy(reading->includes[reading->n_includes++], path, sizeof(path));
	else if (is_include)
		reading->look->found->is_cut = true;
	/* a tree itself would be shut off as a whole, and its repository with it */
	if (path_is_under(path, reading->repository->worktree))
		return git_no_room(reading->look);
	return git_add_name(reading->look, path);
}

static int take_setting(void *context, const struct git_config_item *item)
{
	struct reading *reading = context;

	if (!strcmp(item->section, "extensions") && !strcmp(item->key, "worktreeconfig"))
		reading->repository->has_worktree_config = true;
	for (size_t i = 0; i < ARRAY_SIZE(obeyed); i++)
		if (!strcmp(obeyed[i].section, item->section) && !strcmp(obeyed[i].key, item->key))
			return add_value(reading, item->value, obeyed[i].is_path,
					 !strncmp(item->section, "include", 7));
	return 0;
}

int git_read_settings(struct git_look *look, struct git_repository *repository, const char *dir,
		      const char *name)
{
	struct reading *reading;
	ssize_t n = git_read_in(look, dir, name, sizeof(look->text));
	int r;

	if (n <= 0 || repository->depth > GIT_MAX_INCLUDES) {
		look->found->is_cut |= n > 0;
		return (int)n < 0 ? (int)n : 0;
	}
	reading = calloc(1, sizeof(*reading));
	if (!reading)
		return -ENOMEM;
	reading->look = look;
	reading->repository = repository;
	reading->dir = dir;
	r = git_config_read(look->text, (size_t)n, take_setting, reading);
	repository->depth++;
	for (size_t i = 0; r == 0 && i < reading->n_includes; i++) {
		char *path = reading->includes[i], *slash = strrchr(path, '/');

		*slash = '\0';
		r = git_read_settings(look, repository, *path ? path : "/", slash + 1);
	}
	repository->depth--;
	free(reading);
	return r;
}
