/* SPDX-License-Identifier: MIT */
/*
 * graph.c - the closure of inputs: from Nix's database, or from a list.
 *
 * A .drv names what it takes and not what that needs in turn; who references whom stands in Nix's
 * database alone (state directory/db/db.sqlite: ValidPaths, Refs). It is read by SQLite, since the
 * other way, to run nix-store, would be somebody else's program with our rights. Opened read-only,
 * and as immutable where there is nothing in its write-ahead log: then nothing is written beside
 * it, no lock is needed, and it can be read by who may not write there.
 *
 * Without a database that can be read, `nix-store -qR` elsewhere says the same: --closure FILE.
 *
 * Either says only which names are mounted. Names are checked as everywhere; what is no longer
 * there is found when it is to be mounted.
 */
#include "drv/graph.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "drv/spec.h"
#include "sys/calls.h"
#include "sys/fd.h"
#include "sys/path.h"

#define LIST_MAX_BYTES ((size_t)64 << 20)
#define URI_SIZE (3 * PATH_MAX + 64)

static int no_memory(struct croft_error *err)
{
	return fail(err, CROFT_STAGE_PREPARE, ENOMEM, "find the closure of the inputs");
}

static int compare(const void *a, const void *b)
{
	const char *const *left = a, *const *right = b;

	return strcmp(*left, *right);
}

static void sort(const char **paths, size_t *n)
{
	size_t kept = 0;

	qsort(paths, *n, sizeof(*paths), compare);
	for (size_t i = 0; i < *n; i++)
		if (kept == 0 || strcmp(paths[kept - 1], paths[i]) != 0)
			paths[kept++] = paths[i];
	*n = kept;
}

bool path_list_has(const struct path_list *list, const char *path)
{
	return list->n && bsearch(&path, list->paths, list->n, sizeof(path), compare);
}

static int add_path(struct arena *arena, const char ***paths, size_t *n, size_t *capacity,
		    const char *path, struct croft_error *err)
{
	if (*n == GRAPH_MAX_PATHS)
		return fail(err, CROFT_STAGE_PREPARE, E2BIG, "find the closure of the inputs");
	*paths = arena_grow(arena, *paths, *n, capacity, sizeof(**paths));
	if (!*paths || !path)
		return no_memory(err);
	(*paths)[(*n)++] = path;
	return 0;
}

static int load_input(struct arena *arena, const struct drv *drv, const char *real_store,
		      const struct drv_input *input, struct drv *ret_drv, struct croft_error *err)
{
	char file[PATH_MAX];
	int r;

	if (!path_child(file, real_store, store_name(drv->store_dir, input->path)))
		return fail(err, CROFT_STAGE_USAGE, ENAMETOOLONG, "read '%s'", input->path);
	r = drv_load(arena, file, ret_drv, err);
	if (r == -ENOENT) {
		r = fail(err, CROFT_STAGE_USAGE, ENOENT, "the input '%s'", input->path);
		fail_hint(err, "make or copy the derivation with its inputs: nix-instantiate, or "
			       "nix copy --derivation");
	}
	return r;
}

static int add_outputs(struct arena *arena, const struct drv_input *input, const struct drv *of,
		       const char *store_dir, const char ***paths, size_t *n, size_t *capacity,
		       struct croft_error *err)
{
	int r = 0;

	for (size_t i = 0; i < input->n_outputs && r == 0; i++) {
		const struct drv_output *output = drv_find_output(of, input->outputs[i]);
		const char *path;

		if (!output)
			return fail(err, CROFT_STAGE_USAGE, 0, "the input '%s' has no output '%s'",
				    input->path, input->outputs[i]);
		if (!*output->path)
			return fail(err, CROFT_STAGE_USAGE, 0,
				    "the output '%s' of the input '%s' is content-addressed, which "
				    "croft does not build with",
				    output->name, input->path);
		if (!store_name(store_dir, output->path))
			return fail(err, CROFT_STAGE_USAGE, 0,
				    "the output '%s' of the input '%s' is of another store",
				    output->name, input->path);
		path = arena_strdup(arena, output->path);
		r = add_path(arena, paths, n, capacity, path, err);
	}
	return r;
}

int graph_direct(struct arena *arena, const struct drv *drv, const char *real_store,
		 struct path_list *ret_direct, struct croft_error *err)
{
	const char **paths = NULL;
	size_t n = 0, capacity = 0;
	int r = 0;

	for (size_t i = 0; i < drv->n_sources && r == 0; i++)
		r = add_path(arena, &paths, &n, &capacity, drv->sources[i], err);
	for (size_t i = 0; i < drv->n_inputs && r == 0; i++) {
		struct arena own;
		struct drv input;

		arena_init(&own, DRV_ARENA);
		r = load_input(&own, drv, real_store, &drv->inputs[i], &input, err);
		if (r == 0)
			r = add_outputs(arena, &drv->inputs[i], &input, drv->store_dir, &paths, &n,
					&capacity, err);
		arena_done(&own);
	}
	if (r < 0)
		return r;
	if (n)
		sort(paths, &n);
	*ret_direct = (struct path_list){ .paths = paths, .n = n };
	return 0;
}

static int no_database(struct croft_error *err, int errnum, const char *path, const char *why)
{
	int r = why ? fail(err, CROFT_STAGE_PREPARE, errnum, "read Nix's database '%s': %s", path,
			   why)
		    : fail(err, CROFT_STAGE_PREPARE, errnum, "read Nix's database '%s'", path);

	fail_hint(err, "name its store: --store DIR; or list the closure: --closure FILE, as "
		       "nix-store -qR prints it");
	return r;
}

/* file:PATH, with what means something in it as %XX. */
static bool make_uri(char uri[URI_SIZE], const char *path, bool is_immutable)
{
	size_t len = (size_t)snprintf(uri, URI_SIZE, "file:");

	if (strlen(path) >= PATH_MAX)
		return false;
	for (; *path; path++)
		len += (size_t)snprintf(uri + len, URI_SIZE - len,
					strchr("%?#", *path) ? "%%%02X" : "%c",
					(unsigned)(unsigned char)*path);
	(void)snprintf(uri + len, URI_SIZE - len, "?mode=ro%s", is_immutable ? "&immutable=1" : "");
	return true;
}

int graph_open(const char *path, struct graph *ret_graph, struct croft_error *err)
{
	char uri[URI_SIZE], log[PATH_MAX];
	struct stat st;
	int r = sys_fstatat(AT_FDCWD, path, &st, 0);
	bool is_quiet;

	ret_graph->db = NULL;
	if (r < 0)
		return no_database(err, -r, path, NULL);
	r = snprintf(log, sizeof(log), "%s-wal", path);
	is_quiet =
		r < (int)sizeof(log) && (sys_fstatat(AT_FDCWD, log, &st, 0) < 0 || st.st_size == 0);
	if (!make_uri(uri, path, is_quiet))
		return no_database(err, ENAMETOOLONG, path, NULL);
	if (sqlite3_open_v2(uri, &ret_graph->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL) !=
		    SQLITE_OK ||
	    sqlite3_busy_timeout(ret_graph->db, 10000) != SQLITE_OK ||
	    sqlite3_exec(ret_graph->db,
			 "PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY;"
			 "CREATE TEMP TABLE wanted (path TEXT PRIMARY KEY);",
			 NULL, NULL, NULL) != SQLITE_OK)
		return no_database(err, 0, path, sqlite3_errmsg(ret_graph->db));
	return 0;
}

void graph_done(struct graph *graph)
{
	(void)sqlite3_close(graph->db);
	graph->db = NULL;
}

static int said(const struct graph *graph, struct croft_error *err)
{
	return fail(err, CROFT_STAGE_PREPARE, 0, "read Nix's database: %s",
		    sqlite3_errmsg(graph->db));
}

static int want(const struct graph *graph, const struct path_list *paths, struct croft_error *err)
{
	sqlite3_stmt *add = NULL;
	int status = sqlite3_exec(graph->db, "DELETE FROM temp.wanted", NULL, NULL, NULL);

	if (status == SQLITE_OK)
		status = sqlite3_prepare_v2(graph->db,
					    "INSERT OR IGNORE INTO temp.wanted (path) VALUES (?)",
					    -1, &add, NULL);
	for (size_t i = 0; i < paths->n && status == SQLITE_OK; i++) {
		status = sqlite3_bind_text(add, 1, paths->paths[i], -1, SQLITE_STATIC);
		if (status == SQLITE_OK && sqlite3_step(add) != SQLITE_DONE)
			status = SQLITE_ERROR;
		if (status == SQLITE_OK)
			status = sqlite3_reset(add);
	}
	(void)sqlite3_finalize(add);
	return status == SQLITE_OK ? 0 : said(graph, err);
}

/* The first column of what a question brings. */
static int ask(const struct graph *graph, struct arena *arena, const char *question,
	       const char ***ret_paths, size_t *ret_n, struct croft_error *err)
{
	sqlite3_stmt *rows = NULL;
	const char **paths = NULL;
	size_t n = 0, capacity = 0;
	int status = sqlite3_prepare_v2(graph->db, question, -1, &rows, NULL), r = 0;

	if (status != SQLITE_OK)
		return said(graph, err);
	while (r == 0 && (status = sqlite3_step(rows)) == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(rows, 0);

		r = add_path(arena, &paths, &n, &capacity, arena_strdup(arena, text ? text : ""),
			     err);
	}
	(void)sqlite3_finalize(rows);
	if (r == 0 && status != SQLITE_DONE)
		r = said(graph, err);
	*ret_paths = paths;
	*ret_n = n;
	return r;
}

static int missing(const char *first, size_t n, struct croft_error *err)
{
	if (n == 1)
		return fail(err, CROFT_STAGE_PREPARE, ENOENT, "the input '%s'", first);
	return fail(err, CROFT_STAGE_PREPARE, ENOENT, "the input '%s' and %zu more", first, n - 1);
}

static int finish(const char *store_dir, const char **paths, size_t n,
		  struct path_list *ret_closure, struct croft_error *err)
{
	for (size_t i = 0; i < n; i++)
		if (!store_name(store_dir, paths[i]))
			return fail(err, CROFT_STAGE_PREPARE, 0,
				    "the closure of the inputs has '%s', no path of the store '%s'",
				    paths[i], store_dir);
	if (n)
		sort(paths, &n);
	*ret_closure = (struct path_list){ .paths = paths, .n = n };
	return 0;
}

int graph_closure(const struct graph *graph, struct arena *arena, const char *store_dir,
		  const struct path_list *paths, struct path_list *ret_closure,
		  struct croft_error *err)
{
	const char **found = NULL;
	size_t n = 0;
	int r = want(graph, paths, err);

	if (r == 0)
		r = ask(graph, arena,
			"SELECT path FROM temp.wanted WHERE path NOT IN "
			"(SELECT path FROM main.ValidPaths) ORDER BY path",
			&found, &n, err);
	if (r == 0 && n > 0)
		r = missing(found[0], n, err);
	if (r == 0)
		r = ask(graph, arena,
			"WITH RECURSIVE needed (id) AS ("
			"SELECT id FROM main.ValidPaths WHERE path IN "
			"(SELECT path FROM temp.wanted) UNION "
			"SELECT reference FROM main.Refs JOIN needed ON referrer = needed.id) "
			"SELECT path FROM main.ValidPaths WHERE id IN (SELECT id FROM needed)",
			&found, &n, err);
	return r == 0 ? finish(store_dir, found, n, ret_closure, err) : r;
}

static int read_list(struct arena *arena, const char *file, char **ret_text,
		     struct croft_error *err)
{
	AUTO_FD int fd = sys_openat(AT_FDCWD, file, O_RDONLY | O_NOCTTY, 0);
	AUTO_BUF struct buf text = BUF_INIT(LIST_MAX_BYTES);
	char chunk[4096];
	ssize_t n = fd;

	while (fd >= 0 && (n = fd_read_full(fd, chunk, sizeof(chunk))) > 0)
		buf_add(&text, chunk, (size_t)n);
	if (n == 0)
		n = buf_error(&text);
	if (n < 0)
		return fail(err, CROFT_STAGE_USAGE, (int)-n, "read '%s'", file);
	*ret_text = arena_strndup(arena, buf_text(&text), text.len);
	return *ret_text ? 0 : no_memory(err);
}

int graph_load_list(struct arena *arena, const char *file, const char *store_dir,
		    const struct path_list *paths, struct path_list *ret_closure,
		    struct croft_error *err)
{
	const char **found = NULL, *first = NULL;
	size_t n = 0, capacity = 0, n_missing = 0;
	char *text = NULL;
	int r = read_list(arena, file, &text, err);

	while (r == 0 && text && *text) {
		char *end = text + strcspn(text, "\n");
		bool is_last = !*end;

		*end = '\0';
		if (*text)
			r = add_path(arena, &found, &n, &capacity, text, err);
		text = is_last ? end : end + 1;
	}
	if (r == 0)
		r = finish(store_dir, found, n, ret_closure, err);
	for (size_t i = 0; r == 0 && i < paths->n; i++)
		if (!path_list_has(ret_closure, paths->paths[i])) {
			first = n_missing++ ? first : paths->paths[i];
		}
	if (r == 0 && first)
		r = fail(err, CROFT_STAGE_PREPARE, ENOENT, "the input '%s' in the list '%s'", first,
			 file);
	return r;
}
