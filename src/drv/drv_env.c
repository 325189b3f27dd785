/* SPDX-License-Identifier: MIT */
/*
 * drv_env.c - the environment of a build, exactly (libstore/build/local-derivation-goal.cc).
 *
 *	PATH=/path-not-set HOME=/homeless-shelter NIX_STORE NIX_BUILD_CORES
 *	the derivation's variables		none with structured attributes
 *	    those of passAsFile			NAMEPath, and /build/.attr-HASH of the name
 *	    with structured attributes		NIX_ATTRS_JSON_FILE, NIX_ATTRS_SH_FILE
 *	NIX_BUILD_TOP TMPDIR TEMPDIR TMP TEMP PWD, all of them /build
 *	fixed-output			NIX_OUTPUT_CHECKED=1, and impureEnvVars of the caller's
 *	NIX_LOG_FD=2 TERM=xterm-256color
 *
 * Later ones replace earlier ones. PATH and HOME name nothing: who needs them must say so.
 */
#include "drv/drv_env.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "drv/digest.h"

#define INSIDE(name) BUILD_TMP_INSIDE "/" name
#define WORDS_MAX 4096 /* of passAsFile, of impureEnvVars: each is looked for among all variables */
#define ATTRS_JSON ".attrs.json"
#define ATTRS_SH ".attrs.sh"

struct maker {
	struct arena *arena;
	struct build_variable *variables;
	size_t n, capacity;
	struct drv_file *files;
	size_t n_files, files_capacity;
	struct croft_error *err;
};

static int no_memory(const struct maker *maker)
{
	return fail(maker->err, CROFT_STAGE_USAGE, ENOMEM, "make the build's environment");
}

/* Both live as long as the arena. The caller knows that the name is not there yet. */
static int add(struct maker *maker, const char *name, const char *value)
{
	maker->variables = arena_grow(maker->arena, maker->variables, maker->n, &maker->capacity,
				      sizeof(*maker->variables));
	if (!maker->variables || !value)
		return no_memory(maker);
	maker->variables[maker->n++] = (struct build_variable){ .name = name, .value = value };
	return 0;
}

/* Looks at the first `n` alone. */
static int set_among(struct maker *maker, size_t n, const char *name, const char *value)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(maker->variables[i].name, name)) {
			maker->variables[i].value = value;
			return 0;
		}
	return add(maker, name, value);
}

static int set(struct maker *maker, const char *name, const char *value)
{
	return set_among(maker, maker->n, name, value);
}

static int add_file(struct maker *maker, const char *name, const char *data, size_t len)
{
	maker->files = arena_grow(maker->arena, maker->files, maker->n_files,
				  &maker->files_capacity, sizeof(*maker->files));
	if (!maker->files || !name || !data)
		return no_memory(maker);
	maker->files[maker->n_files++] =
		(struct drv_file){ .name = name, .data = data, .len = len };
	return 0;
}

/* .attr-HASH: of the name, for names may have a '/'. */
static int add_passed(struct maker *maker, const struct build_variable *variable)
{
	char hash[DIGEST_TEXT_SIZE];
	unsigned char bytes[DIGEST_MAX_BYTES];
	struct digest digest;
	const char *name, *path, *place;
	int r;

	digest_init(&digest, DIGEST_SHA256);
	digest_add(&digest, variable->name, strlen(variable->name));
	digest_take(&digest, bytes);
	digest_base32(bytes, digest_size(DIGEST_SHA256), hash);
	name = arena_printf(maker->arena, ".attr-%s", hash);
	path = arena_printf(maker->arena, INSIDE(".attr-%s"), hash);
	place = arena_printf(maker->arena, "%sPath", variable->name);
	if (!name || !path || !place)
		return no_memory(maker);
	r = add_file(maker, name, variable->value, strlen(variable->value));
	return r == 0 ? set(maker, place, path) : r;
}

static int check_count(const struct maker *maker, const char *name, size_t n)
{
	return n <= WORDS_MAX ? 0 : fail(maker->err, CROFT_STAGE_USAGE, E2BIG, "read '%s'", name);
}

static int compare(const void *a, const void *b)
{
	const char *const *left = a, *const *right = b;

	return strcmp(*left, *right);
}

static int add_own(struct maker *maker, const struct drv *drv)
{
	const char *passed = drv_variable(drv, "passAsFile");
	const size_t n_first = maker->n;
	struct attrs_list list = { 0 };
	AUTO_FREE const char **sorted = NULL;
	int r = attrs_split(maker->arena, passed ? passed : "", &list, maker->err);

	if (r == 0)
		r = check_count(maker, "passAsFile", list.n);
	if (r < 0)
		return r;
	sorted = calloc(list.n + 1, sizeof(*sorted));
	if (!sorted)
		return no_memory(maker);
	for (size_t i = 0; i < list.n; i++)
		sorted[i] = list.words[i];
	qsort(sorted, list.n, sizeof(*sorted), compare);
	for (size_t i = 0; i < drv->n_env && r == 0; i++) {
		const struct build_variable *own = &drv->env[i];

		if (!bsearch(&own->name, sorted, list.n, sizeof(*sorted), compare))
			r = set_among(maker, n_first, own->name, own->value);
	}
	/* Nix goes by name, and the later one wins; two of one name are nobody's plan */
	for (size_t i = 0; i < drv->n_env && r == 0; i++)
		if (bsearch(&drv->env[i].name, sorted, list.n, sizeof(*sorted), compare))
			r = add_passed(maker, &drv->env[i]);
	return r;
}

static int add_attrs_file(struct maker *maker, const struct attrs *attrs, const struct drv *drv,
			  const char *name,
			  void (*write)(const struct attrs *, const struct drv *, struct buf *))
{
	AUTO_BUF struct buf text = BUF_INIT(ENV_MAX_BYTES);
	int r;

	write(attrs, drv, &text);
	r = buf_error(&text);
	if (r < 0)
		return fail(maker->err, CROFT_STAGE_USAGE, -r, "write %s", name);
	return add_file(maker, name, arena_strndup(maker->arena, buf_text(&text), text.len),
			text.len);
}

static int add_attrs(struct maker *maker, const struct attrs *attrs, const struct drv *drv)
{
	int r = add_attrs_file(maker, attrs, drv, ATTRS_SH, attrs_write_shell);

	if (r == 0)
		r = add_attrs_file(maker, attrs, drv, ATTRS_JSON, attrs_write_json);
	if (r == 0)
		r = set(maker, "NIX_ATTRS_SH_FILE", INSIDE(ATTRS_SH));
	return r == 0 ? set(maker, "NIX_ATTRS_JSON_FILE", INSIDE(ATTRS_JSON)) : r;
}

static int add_fixed(struct maker *maker, const struct attrs *attrs, const struct drv *drv,
		     env_lookup lookup)
{
	struct attrs_list names;
	int r = attrs_list(attrs, drv, maker->arena, "impureEnvVars", &names, maker->err);

	if (r == 0)
		r = check_count(maker, "impureEnvVars", names.n);
	if (r == 0)
		r = set(maker, "NIX_OUTPUT_CHECKED", "1");
	for (size_t i = 0; i < names.n && r == 0; i++) {
		const char *value = lookup(names.words[i]);

		if (!*names.words[i] || strchr(names.words[i], '='))
			return fail(maker->err, CROFT_STAGE_USAGE, 0,
				    "impureEnvVars: '%s' is no name of a variable", names.words[i]);
		r = set(maker, names.words[i], value ? arena_strdup(maker->arena, value) : "");
	}
	return r;
}

static int add_first(struct maker *maker, const struct drv *drv, unsigned cores)
{
	int r = set(maker, "PATH", "/path-not-set");

	if (r == 0)
		r = set(maker, "HOME", "/homeless-shelter");
	if (r == 0)
		r = set(maker, "NIX_STORE", drv->store_dir);
	return r == 0 ? set(maker, "NIX_BUILD_CORES", arena_printf(maker->arena, "%u", cores)) : r;
}

int drv_env_make(struct arena *arena, const struct drv *drv, const struct attrs *attrs,
		 unsigned cores, env_lookup lookup, struct drv_env *ret_env,
		 struct croft_error *err)
{
	static const char *const places[] = { "NIX_BUILD_TOP", "TMPDIR", "TEMPDIR",
					      "TMP",           "TEMP",   "PWD" };
	struct maker maker = { .arena = arena, .err = err };
	int r = add_first(&maker, drv, cores);

	if (r == 0)
		r = attrs->root ? add_attrs(&maker, attrs, drv) : add_own(&maker, drv);
	for (size_t i = 0; i < ARRAY_SIZE(places) && r == 0; i++)
		r = set(&maker, places[i], BUILD_TMP_INSIDE);
	if (r == 0 && drv_is_fixed(drv))
		r = add_fixed(&maker, attrs, drv, lookup);
	if (r == 0)
		r = set(&maker, "NIX_LOG_FD", "2");
	if (r == 0)
		r = set(&maker, "TERM", "xterm-256color");
	if (r < 0)
		return r;
	*ret_env = (struct drv_env){ .variables = maker.variables,
				     .n = maker.n,
				     .files = maker.files,
				     .n_files = maker.n_files };
	return 0;
}
