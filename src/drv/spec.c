/* SPDX-License-Identifier: MIT */
/*
 * spec.c - reads what Nix wants built.
 *
 * Nix (src/libstore/unix/build/external-derivation-builder.cc, since 2.32) writes one object:
 *
 *	version 1 · builder · args · env · system
 *	storeDir, realStoreDir        the store as the builder sees it, and where it lies
 *	inputPaths                    the closure of all inputs
 *	outputs                       name to scratch path: where the result is expected
 *	topTmpDir, tmpDir             directories outside; tmpDir has .attr-* and .attrs.json
 *	tmpDirInSandbox               where the builder sees tmpDir: /build
 *
 * Builder, arguments and variables are words of a derivation, which anybody may have written whose
 * derivations are built here; the paths are Nix's own. All is checked alike, for from here on paths
 * become mount points and names are joined to directories: a store path is STORE/HASH-NAME of
 * the letters that Nix itself allows and no '/', any other path is absolute and of normal form.
 * Nothing is opened here but the file.
 *
 * jansson refuses NUL in strings, bad UTF-8 and objects that are nested too deeply.
 */
#include "drv/spec.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "base/cleanup.h"
#include "drv/read.h"
#include "sys/path.h"

struct reader {
	struct arena *arena;
	const char *source;
	struct croft_error *err;
};

#define BASE32 "0123456789abcdfghijklmnpqrsvwxyz" /* Nix's: without e, o, t and u */
#define NAME_LETTERS                 \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ" \
	"abcdefghijklmnopqrstuvwxyz0123456789+-._?="

bool path_is_normal(const char *path)
{
	if (*path != '/' || strlen(path) >= PATH_MAX)
		return false;
	while (*path) {
		size_t len = strcspn(++path, "/");

		if (len == 0 || len > NAME_MAX || (len == 1 && *path == '.') ||
		    (len == 2 && path[0] == '.' && path[1] == '.'))
			return false;
		path += len;
	}
	return true;
}

const char *store_name(const char *store_dir, const char *path)
{
	size_t len = strlen(store_dir), name_len;
	const char *name = path + len + 1;

	if (strncmp(path, store_dir, len) != 0 || path[len] != '/')
		return NULL;
	name_len = strlen(name);
	if (name_len < STORE_HASH_LEN + 2 || name_len > STORE_NAME_MAX ||
	    strspn(name, BASE32) < STORE_HASH_LEN || name[STORE_HASH_LEN] != '-' ||
	    strspn(name, NAME_LETTERS) != name_len)
		return NULL;
	return name;
}

static int refuse(const struct reader *reader, const char *key, const char *what)
{
	(void)fail(reader->err, CROFT_STAGE_USAGE, 0, "%s: '%s' %s", reader->source, key, what);
	return -EINVAL;
}

static int no_memory(const struct reader *reader)
{
	(void)fail(reader->err, CROFT_STAGE_USAGE, ENOMEM, "read '%s'", reader->source);
	return -ENOMEM;
}

static int copy(const struct reader *reader, const char *key, const json_t *value,
		const char **ret_text)
{
	if (!json_is_string(value))
		return refuse(reader, key, value ? "is no string" : "is missing");
	*ret_text =
		arena_strndup(reader->arena, json_string_value(value), json_string_length(value));
	return *ret_text ? 0 : no_memory(reader);
}

static int get_path(const struct reader *reader, const json_t *root, const char *key,
		    const char **ret_path)
{
	const char *path = "";
	int r = copy(reader, key, json_object_get(root, key), &path);

	if (r < 0)
		return r;
	if (!path_is_normal(path))
		return refuse(reader, key, "is no absolute path of normal form");
	*ret_path = path;
	return 0;
}

/* Room for the members of a list or an object, of at most SPEC_MAX_ITEMS; NULL: said why not. */
static void *make_room(const struct reader *reader, const char *key, size_t n, size_t size)
{
	void *array = NULL;

	if (n > SPEC_MAX_ITEMS) {
		(void)refuse(reader, key, "has too many members");
		return NULL;
	}
	array = arena_calloc(reader->arena, n ? n : 1, size);
	if (!array)
		(void)no_memory(reader);
	return array;
}

static int get_list(const struct reader *reader, const json_t *root, const char *key,
		    const char *const **ret_list, size_t *ret_n)
{
	const json_t *list = json_object_get(root, key);
	const char **copies;
	int r = 0;

	if (!json_is_array(list))
		return refuse(reader, key, list ? "is no list" : "is missing");
	copies = make_room(reader, key, json_array_size(list), sizeof(*copies));
	if (!copies)
		return -EINVAL;
	for (size_t i = 0; i < json_array_size(list) && r == 0; i++)
		r = copy(reader, key, json_array_get(list, i), &copies[i]);
	if (r < 0)
		return r;
	*ret_list = copies;
	*ret_n = json_array_size(list);
	return 0;
}

static int add_variable(const struct reader *reader, const char *name, const json_t *value,
			struct spec *spec, struct build_variable *variables)
{
	struct build_variable *variable = &variables[spec->build.n_env++];
	int r;

	if (!*name || strchr(name, '='))
		return refuse(reader, "env", "has a name that is empty or has a '='");
	variable->name = arena_strdup(reader->arena, name);
	r = variable->name ? copy(reader, "env", value, &variable->value) : no_memory(reader);
	if (r < 0)
		return r;
	if (!strcmp(name, "NIX_OUTPUT_CHECKED") && !strcmp(variable->value, "1"))
		spec->is_marked = true;
	if (!strcmp(name, "outputHash") && *variable->value)
		spec->has_hash = true;
	return 0;
}

static int get_env(const struct reader *reader, json_t *root, struct spec *spec)
{
	json_t *env = json_object_get(root, "env"), *value;
	struct build_variable *variables;
	const char *name;
	int r = 0;

	if (!json_is_object(env))
		return refuse(reader, "env", env ? "is no object" : "is missing");
	variables = make_room(reader, "env", json_object_size(env), sizeof(*variables));
	if (!variables)
		return -EINVAL;
	json_object_foreach(env, name, value) if (r == 0) r =
		add_variable(reader, name, value, spec, variables);
	spec->build.env = variables;
	return r;
}

static int add_output(const struct reader *reader, const char *name, const json_t *value,
		      struct build *build, struct build_output *outputs)
{
	struct build_output *output = &outputs[build->n_outputs++];
	int r;

	output->name = arena_strdup(reader->arena, name);
	r = output->name ? copy(reader, "outputs", value, &output->path) : no_memory(reader);
	if (r < 0)
		return r;
	if (!store_name(build->store_dir, output->path))
		return refuse(reader, "outputs", "has a path that is none of the store");
	for (const struct build_output *other = outputs; other < output; other++)
		if (!strcmp(other->path, output->path))
			return refuse(reader, "outputs", "has one path twice");
	return 0;
}

static int get_outputs(const struct reader *reader, json_t *root, struct build *build)
{
	json_t *outputs = json_object_get(root, "outputs"), *value;
	struct build_output *copies;
	const char *name;
	int r = 0;

	if (!json_is_object(outputs) || json_object_size(outputs) == 0)
		return refuse(reader, "outputs", "is no object with members");
	if (json_object_size(outputs) > SPEC_MAX_OUTPUTS)
		return refuse(reader, "outputs", "has too many members");
	copies = make_room(reader, "outputs", json_object_size(outputs), sizeof(*copies));
	if (!copies)
		return -EINVAL;
	json_object_foreach(outputs, name, value) if (r == 0) r =
		add_output(reader, name, value, build, copies);
	build->outputs = copies;
	return r;
}

static int check_inputs(const struct reader *reader, const struct build *build)
{
	for (size_t i = 0; i < build->n_inputs; i++) {
		if (!store_name(build->store_dir, build->inputs[i]))
			return refuse(reader, "inputPaths", "has a path that is none of the store");
		for (size_t k = 0; k < build->n_outputs; k++)
			if (!strcmp(build->inputs[i], build->outputs[k].path))
				return refuse(reader, "inputPaths", "has a path of the outputs");
	}
	return 0;
}

static int check_version(const struct reader *reader, const json_t *root)
{
	const json_t *version = json_object_get(root, "version");
	int r;

	if (json_is_integer(version) && json_integer_value(version) == 1)
		return 0;
	r = fail(reader->err, CROFT_STAGE_USAGE, 0, "%s: not of version 1", reader->source);
	fail_hint(reader->err, "this is what Nix 2.32 to 2.34 write; a newer croft may know more");
	return r;
}

static int get_builder(const struct reader *reader, const json_t *root, const char **ret_builder)
{
	const char *builder = "";
	int r = copy(reader, "builder", json_object_get(root, "builder"), &builder);

	if (r < 0)
		return r;
	if (*builder == '/' && strlen(builder) < PATH_MAX) {
		*ret_builder = builder;
		return 0;
	}
	r = refuse(reader, "builder", "is no absolute path");
	if (!strncmp(builder, "builtin:", strlen("builtin:")))
		fail_hint(reader->err, "'builtin:' runs inside Nix alone");
	return r;
}

static int get_places(const struct reader *reader, const json_t *root, struct build *build)
{
	const char *top = "";
	int r = get_path(reader, root, "storeDir", &build->store_dir);

	if (r == 0)
		r = get_path(reader, root, "realStoreDir", &build->real_store_dir);
	if (r == 0)
		r = get_path(reader, root, "topTmpDir", &top);
	if (r == 0)
		r = get_path(reader, root, "tmpDir", &build->tmp_dir);
	if (r == 0)
		r = get_path(reader, root, "tmpDirInSandbox", &build->tmp_inside);
	if (r < 0)
		return r;
	if (!path_is_under(top, build->tmp_dir))
		return refuse(reader, "tmpDir", "does not lie in topTmpDir");
	if (path_is_under(build->store_dir, build->tmp_inside) ||
	    path_is_under(build->tmp_inside, build->store_dir))
		return refuse(reader, "tmpDirInSandbox", "and storeDir lie in each other");
	return 0;
}

static int read_members(const struct reader *reader, json_t *root, struct spec *spec)
{
	struct build *build = &spec->build;
	int r = check_version(reader, root);

	if (r == 0)
		r = get_places(reader, root, build);
	if (r == 0)
		r = get_builder(reader, root, &build->builder);
	if (r == 0)
		r = copy(reader, "system", json_object_get(root, "system"), &build->system);
	if (r == 0)
		r = get_list(reader, root, "args", &build->args, &build->n_args);
	if (r == 0)
		r = get_list(reader, root, "inputPaths", &build->inputs, &build->n_inputs);
	if (r == 0)
		r = get_env(reader, root, spec);
	if (r == 0)
		r = get_outputs(reader, root, build);
	return r == 0 ? check_inputs(reader, build) : r;
}

int spec_parse(struct arena *arena, const char *source, const char *data, size_t len,
	       struct spec *ret_spec, struct croft_error *err)
{
	const struct reader reader = { .arena = arena, .source = source, .err = err };
	struct spec spec = { 0 };
	json_error_t where;
	json_t *root = json_loadb(data, len, JSON_REJECT_DUPLICATES, &where);
	int r;

	if (!root)
		return fail(err, CROFT_STAGE_USAGE, 0, "%s:%d:%d: no JSON: %s", source, where.line,
			    where.column, where.text);
	if (json_is_object(root))
		r = read_members(&reader, root, &spec);
	else
		r = fail(err, CROFT_STAGE_USAGE, 0, "%s: an object was expected", source);
	json_decref(root);
	if (r < 0)
		return r;
	*ret_spec = spec;
	return 0;
}

int spec_load(struct arena *arena, const char *path, struct spec *ret_spec, struct croft_error *err)
{
	AUTO_FREE char *data = NULL;
	ssize_t len = read_whole(path, SPEC_MAX_BYTES, &data, err);

	return len < 0 ? (int)len : spec_parse(arena, path, data, (size_t)len, ret_spec, err);
}
