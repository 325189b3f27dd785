/* SPDX-License-Identifier: MIT */
/*
 * bundle.c - reads config.json of the OCI runtime specification, bounded.
 *
 * The reader of JSON is jansson, which takes no NUL inside a text, no doubled key and no more than
 * 2048 levels. A key of the wrong type is an error, never a default. A variable without '=' would
 * be passed on from this program's own environment, which is slurmd's: it is refused.
 */
#include "slurm/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "sys/fd.h"

struct reader {
	struct arena *arena;
	const char *directory;
	struct croft_error *err;
};

/* What the room makes itself, and whatever lies below it. */
static const char *const own_places[] = { "/proc", "/dev", "/sys" };

static int wrong(const struct reader *reader, const char *key, const char *why)
{
	return fail(reader->err, CROFT_STAGE_PROFILE, 0, "%.200s/config.json: %s: %s",
		    reader->directory, key, why);
}

static int no_memory(const struct reader *reader)
{
	return fail(reader->err, CROFT_STAGE_PROFILE, ENOMEM, "%.200s/config.json",
		    reader->directory);
}

/* The text of a key; NULL in *ret where it is missing. */
static int take_text(const struct reader *reader, const json_t *object, const char *key,
		     const char **ret)
{
	const json_t *value = json_object_get(object, key);

	if (value && !json_is_string(value))
		return wrong(reader, key, "a text was expected");
	*ret = value ? arena_strdup(reader->arena, json_string_value(value)) : NULL;
	return value && !*ret ? no_memory(reader) : 0;
}

static int take_list(const struct reader *reader, const json_t *object, const char *key,
		     const char ***ret_list, size_t *ret_n)
{
	const json_t *list = json_object_get(object, key);
	size_t n = json_array_size(list);

	if (list && !json_is_array(list))
		return wrong(reader, key, "a list was expected");
	if (n > BUNDLE_MAX_WORDS)
		return wrong(reader, key, "too many");
	*ret_list = arena_calloc(reader->arena, n + 1, sizeof(**ret_list));
	if (!*ret_list)
		return no_memory(reader);
	for (size_t i = 0; i < n; i++) {
		const char *text = json_string_value(json_array_get(list, i));

		if (!text)
			return wrong(reader, key, "a list of texts was expected");
		(*ret_list)[i] = arena_strdup(reader->arena, text);
		if (!(*ret_list)[i])
			return no_memory(reader);
	}
	*ret_n = n;
	return 0;
}

static int take_bool(const struct reader *reader, const json_t *object, const char *key, bool *ret)
{
	const json_t *value = json_object_get(object, key);

	if (value && !json_is_boolean(value))
		return wrong(reader, key, "true or false was expected");
	*ret = json_is_true(value);
	return 0;
}

static int make_absolute(const struct reader *reader, const char **path)
{
	if ((*path)[0] != '/')
		*path = arena_path(reader->arena, reader->directory, *path);
	return *path ? 0 : no_memory(reader);
}

static int read_process(const struct reader *reader, const json_t *root, struct bundle *bundle)
{
	const json_t *process = json_object_get(root, "process");
	int r;

	if (!json_is_object(process))
		return wrong(reader, "process", "it is missing");
	r = take_list(reader, process, "args", &bundle->args, &bundle->n_args);
	if (r == 0)
		r = take_list(reader, process, "env", &bundle->env, &bundle->n_env);
	if (r == 0)
		r = take_text(reader, process, "cwd", &bundle->workdir);
	if (r < 0)
		return r;
	if (!bundle->n_args)
		return wrong(reader, "process.args", "no command");
	if (!bundle->workdir)
		bundle->workdir = "/";
	if (bundle->workdir[0] != '/')
		return wrong(reader, "process.cwd", "not an absolute path");
	for (size_t i = 0; i < bundle->n_env; i++)
		if (bundle->env[i][0] == '=' || !strchr(bundle->env[i], '='))
			return wrong(reader, "process.env", "NAME=VALUE was expected");
	return 0;
}

static bool is_own_place(const char *target)
{
	for (size_t i = 0; i < ARRAY_SIZE(own_places); i++) {
		size_t len = strlen(own_places[i]);

		if (!strncmp(target, own_places[i], len) &&
		    (target[len] == '/' || target[len] == '\0'))
			return true;
	}
	return false;
}

static bool has_word(const char *const *words, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(words[i], word))
			return true;
	return false;
}

/* 1, or 0 for one that is passed over. */
static int read_mount(const struct reader *reader, const json_t *json, struct bundle_mount *mount)
{
	const char *type = NULL, **options = NULL;
	size_t n_options = 0;
	bool is_bind;
	int r = json_is_object(json) ? 0
				     : wrong(reader, "mounts", "a list of objects was expected");

	if (r == 0)
		r = take_text(reader, json, "type", &type);
	if (r == 0)
		r = take_text(reader, json, "source", &mount->source);
	if (r == 0)
		r = take_text(reader, json, "destination", &mount->target);
	if (r == 0)
		r = take_list(reader, json, "options", &options, &n_options);
	if (r < 0)
		return r;
	if (!mount->target || mount->target[0] != '/')
		return wrong(reader, "mounts.destination", "not an absolute path");
	is_bind = has_word(options, n_options, "bind") || has_word(options, n_options, "rbind") ||
		  (type && !strcmp(type, "bind"));
	mount->is_read_only = has_word(options, n_options, "ro");
	if (!is_bind && is_own_place(mount->target))
		return 0;
	if (!is_bind && (!type || strcmp(type, "tmpfs") != 0))
		return wrong(reader, "mounts.type", "only bind and tmpfs can be had");
	if (!is_bind)
		mount->source = NULL;
	else if (!mount->source || !*mount->source)
		return wrong(reader, "mounts.source", "it is missing");
	if (strchr(mount->target, ':') || (mount->source && strchr(mount->source, ':')))
		return wrong(reader, "mounts", "a path with a colon cannot be told to croft run");
	r = mount->source ? make_absolute(reader, &mount->source) : 0;
	return r < 0 ? r : 1;
}

static int read_mounts(const struct reader *reader, const json_t *root, struct bundle *bundle)
{
	const json_t *list = json_object_get(root, "mounts");
	size_t n = json_array_size(list);

	if (list && !json_is_array(list))
		return wrong(reader, "mounts", "a list was expected");
	if (n > BUNDLE_MAX_MOUNTS)
		return wrong(reader, "mounts", "too many");
	bundle->mounts = arena_calloc(reader->arena, n + 1, sizeof(*bundle->mounts));
	if (!bundle->mounts)
		return no_memory(reader);
	for (size_t i = 0; i < n; i++) {
		int r = read_mount(reader, json_array_get(list, i),
				   &bundle->mounts[bundle->n_mounts]);

		if (r < 0)
			return r;
		bundle->n_mounts += (size_t)r;
	}
	return 0;
}

static int read_hooks(const struct reader *reader, const json_t *root)
{
	const json_t *hooks = json_object_get(root, "hooks");

	if (!hooks || json_is_null(hooks) || (json_is_object(hooks) && !json_object_size(hooks)))
		return 0;
	return wrong(reader, "hooks", "programs outside of the container are not run");
}

static int read_all(const struct reader *reader, const json_t *root, struct bundle *bundle)
{
	const json_t *place = json_object_get(root, "root");
	int r = json_is_object(place) ? 0 : wrong(reader, "root", "it is missing");

	if (r == 0)
		r = take_text(reader, place, "path", &bundle->root);
	if (r < 0)
		return r;
	if (!bundle->root || !*bundle->root)
		return wrong(reader, "root.path", "it is missing");
	r = make_absolute(reader, &bundle->root);
	if (r == 0)
		r = take_bool(reader, place, "readonly", &bundle->is_read_only);
	if (r == 0)
		r = read_hooks(reader, root);
	if (r == 0)
		r = read_process(reader, root, bundle);
	return r < 0 ? r : read_mounts(reader, root, bundle);
}

int bundle_parse(struct arena *arena, const char *data, size_t len, const char *directory,
		 struct bundle *ret_bundle, struct croft_error *err)
{
	const struct reader reader = { arena, directory, err };
	struct bundle bundle = { 0 };
	json_error_t where;
	json_t *root = json_loadb(data, len, JSON_REJECT_DUPLICATES, &where);
	int r;

	if (!root)
		return fail(err, CROFT_STAGE_PROFILE, 0,
			    "%.150s/config.json:%d:%d: no JSON: %.100s", directory, where.line,
			    where.column, where.text);
	r = read_all(&reader, root, &bundle);
	json_decref(root);
	if (r == 0)
		*ret_bundle = bundle;
	return r;
}

int bundle_load(struct arena *arena, const char *directory, struct bundle *ret_bundle,
		struct croft_error *err)
{
	AUTO_FREE char *data = malloc(BUNDLE_MAX_BYTES + 1);
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/config.json", directory);
	ssize_t len = -ENAMETOOLONG;

	if (!data)
		return fail(err, CROFT_STAGE_PROFILE, ENOMEM, "read '%.200s'", path);
	if (n > 0 && (size_t)n < sizeof(path))
		len = fd_read_now(AT_FDCWD, path, data, BUNDLE_MAX_BYTES + 1);
	if (len < 0)
		return fail(err, CROFT_STAGE_PROFILE, (int)-len, "read '%.200s'", path);
	return bundle_parse(arena, data, (size_t)len, directory, ret_bundle, err);
}

static void add(struct buf *options, const char *word)
{
	buf_add(options, word, strlen(word) + 1);
}

static void add_mount(struct buf *options, const struct bundle_mount *mount, size_t index,
		      const char *scratch)
{
	add(options, "--mount");
	if (mount->source)
		buf_puts(options, mount->source);
	else
		buf_printf(options, "%s/empty-%zu", scratch, index);
	buf_putc(options, ':');
	buf_puts(options, mount->target);
	if (mount->is_read_only)
		buf_puts(options, ":ro");
	buf_putc(options, '\0');
}

void bundle_options(struct buf *options, const struct bundle *bundle, const char *profile,
		    const char *scratch)
{
	add(options, "--root");
	add(options, bundle->root);
	if (profile) {
		add(options, "--profile");
		add(options, profile);
	}
	if (!bundle->is_read_only) {
		add(options, "--upper");
		buf_printf(options, "%s/root", scratch);
		buf_putc(options, '\0');
	}
	for (size_t i = 0; i < bundle->n_mounts; i++)
		add_mount(options, &bundle->mounts[i], i, scratch);
	add(options, "--chdir");
	add(options, bundle->workdir);
	for (size_t i = 0; i < bundle->n_env; i++) {
		add(options, "--env");
		add(options, bundle->env[i]);
	}
}
