/* SPDX-License-Identifier: MIT */
/*
 * libc_view.c - a job's files as they will lie there, before anything is mounted.
 *
 * The loader looks for its libraries by plain absolute names, and what is lent is lent under the
 * names that it asks for; so a loan is found by its whole name. Only repeated slashes are
 * taken out before: a directory of a search list may end in one.
 */
#include "gha/libc_view.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sys/path.h"

/* Without repeated slashes and one at the end: shorter than PATH_MAX, as the name was. */
static void plain(char ret_path[PATH_MAX], const char *full)
{
	size_t len = 0;

	for (; *full && len < PATH_MAX - 1; full++)
		if (*full != '/' || len == 0 || ret_path[len - 1] != '/')
			ret_path[len++] = *full;
	if (len > 1 && ret_path[len - 1] == '/')
		len--;
	ret_path[len] = '\0';
}

static const struct libc_view *view_of(const struct root_source *source)
{
	return source->image;
}

static const struct libc_loan *find_loan(const struct libc_view *view, const char *path)
{
	for (size_t i = 0; i < view->plan->n_loans; i++)
		if (!strcmp(view->plan->loans[i].path, path))
			return &view->plan->loans[i];
	return NULL;
}

/* Will mounting a loan make this directory? */
static bool is_above_loan(const struct libc_view *view, const char *path)
{
	for (size_t i = 0; i < view->plan->n_loans; i++)
		if (path_is_under(path, view->plan->loans[i].path) &&
		    strcmp(path, view->plan->loans[i].path) != 0)
			return true;
	return false;
}

/* The part that has the name, and the name in it. */
static const struct root *find_part(const struct libc_view *view, const char *path,
				    const char **ret_rest, bool *ret_is_externals)
{
	*ret_is_externals = path_is_under(view->at, path);
	*ret_rest = path;
	if (!*ret_is_externals)
		return view->input->image;
	*ret_rest = path + strlen(view->at);
	if (!**ret_rest)
		*ret_rest = "/";
	return &view->externals;
}

/* "/node20/bin/node" of the externals is "/__e/node20/bin/node" of the job. */
static void put_below(const struct libc_view *view, char path[PATH_MAX])
{
	char whole[PATH_MAX];
	int n = snprintf(whole, sizeof(whole), "%s%s", view->at, strcmp(path, "/") ? path : "");

	if (*path && n > 0 && (size_t)n < sizeof(whole))
		memcpy(path, whole, (size_t)n + 1);
}

static int open_file(const struct root_source *source, const char *full, struct root_file *ret_file)
{
	const struct libc_view *view = view_of(source);
	const struct libc_loan *loan;
	char path[PATH_MAX];
	const struct root *part;
	const char *rest;
	bool is_externals;
	int r;

	plain(path, full);
	loan = find_loan(view, path);
	if (loan) {
		r = root_open_file(view->input->host, NULL, loan->host, ret_file);
		if (r == 0)
			memcpy(ret_file->real, path, strlen(path) + 1);
		return r;
	}
	part = find_part(view, path, &rest, &is_externals);
	r = root_open_file(part, NULL, rest, ret_file);
	if (r == 0 && is_externals)
		put_below(view, ret_file->real);
	return r;
}

static void walk(const struct root_source *source, const char *full, struct root_walk *ret_walk)
{
	const struct libc_view *view = view_of(source);
	const struct libc_loan *loan;
	char path[PATH_MAX];
	const struct root *part;
	const char *rest;
	bool is_externals;

	plain(path, full);
	loan = find_loan(view, path);
	if (loan) {
		root_walk(view->input->host, NULL, loan->host, ret_walk);
		memcpy(ret_walk->errnum ? ret_walk->at : ret_walk->real, path, strlen(path) + 1);
		return;
	}
	part = find_part(view, path, &rest, &is_externals);
	root_walk(part, NULL, rest, ret_walk);
	if (!is_externals)
		return;
	put_below(view, ret_walk->at);
	put_below(view, ret_walk->link);
	put_below(view, ret_walk->real);
}

/* A directory of one of the parts; `dir` points into `path`. */
static int open_part(const struct libc_view *view, const char *path, struct root_dir *ret_dir)
{
	bool is_externals;
	const char *rest;
	const struct root *part = find_part(view, path, &rest, &is_externals);

	return root_open_dir(part, rest, ret_dir);
}

static int open_dir(const struct root_source *source, const char *full)
{
	const struct libc_view *view = view_of(source);
	struct root_dir dir;
	char path[PATH_MAX];
	int r;

	plain(path, full);
	if (is_above_loan(view, path))
		return 0;
	r = open_part(view, path, &dir);
	if (r == 0)
		root_dir_done(&dir);
	return r;
}

/* What is lent has names that are asked for, never listed. */
static int list(const struct root_source *source, const char *full, root_take_fn take,
		void *context)
{
	const struct libc_view *view = view_of(source);
	struct root_dir dir;
	char path[PATH_MAX];
	int r;

	plain(path, full);
	r = open_part(view, path, &dir);
	if (r < 0)
		return r == -ENOENT && is_above_loan(view, path) ? 0 : r;
	r = root_dir_list(&dir, take, context);
	root_dir_done(&dir);
	return r;
}

static bool has(const struct root_source *source, const char *dir_name, const char *name)
{
	const struct libc_view *view = view_of(source);
	char path[PATH_MAX], whole[PATH_MAX];
	struct root_dir dir;
	bool found;

	plain(path, dir_name);
	if (!path_child(whole, path, name))
		return false;
	if (find_loan(view, whole) || is_above_loan(view, whole))
		return true;
	if (open_part(view, path, &dir) < 0)
		return false;
	found = root_dir_has(&dir, name);
	root_dir_done(&dir);
	return found;
}

/* The externals, in the host's root. */
static int open_externals(struct libc_view *view, struct croft_error *err)
{
	const struct libc_input *input = view->input;
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s%s", input->host->fd < 0 ? "" : input->host->path,
			 input->externals);

	if (n < 0 || (size_t)n >= sizeof(path) || input->externals[0] != '/')
		return fail(err, CROFT_STAGE_PREPARE, 0, "the externals '%.200s': no absolute path",
			    input->externals);
	if (root_open(path, &view->externals, err) < 0) {
		fail_hint(err, "it is the folder 'externals' of the runner, which has its node");
		return -ENOENT;
	}
	view->externals.path = input->externals;
	return 0;
}

int libc_view_init(struct libc_view *view, const struct libc_input *input,
		   const struct libc_plan *plan, struct croft_error *err)
{
	*view = (struct libc_view){
		.input = input,
		.at = input->externals_at ? input->externals_at : LIBC_EXTERNALS,
		.externals = { .fd = -1 },
		.plan = plan,
		.source = { .open_file = open_file,
			    .walk = walk,
			    .open_dir = open_dir,
			    .list = list,
			    .has = has },
		.root = { .fd = -1, .path = input->image->path },
	};
	view->source.image = view;
	view->root.source = &view->source;
	return open_externals(view, err);
}

void libc_view_done(struct libc_view *view)
{
	root_done(&view->externals);
}
