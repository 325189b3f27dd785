/* SPDX-License-Identifier: MIT */
/*
 * config.c - reads a config.json as far as croft has to know it.
 *
 * The engine that wrote it is trusted; what it took over from users (arguments, variables,
 * annotations, destinations of mounts) is not. A key that the runtime may read and croft does not
 * is refused (span.h), in the objects that matter here.
 */
#include "oci/config_parts.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"

int config_wrong(const struct config *config, struct croft_error *err, const char *what)
{
	return fail(err, CROFT_STAGE_PREPARE, 0, "%s: %s", config->name, what);
}

static int find(const struct config *config, struct span object, const char *key,
		struct span *ret_value, struct croft_error *err)
{
	int r = span_member(config->text, object, key, ret_value);

	if (r == 0 || r == -ENOENT)
		return r;
	return fail(err, CROFT_STAGE_PREPARE, 0,
		    "%s: an object in which '%s' could be read in two ways", config->name, key);
}

/* True for a text with its end where jansson says. */
static bool is_text(const json_t *value)
{
	return json_is_string(value) &&
	       strlen(json_string_value(value)) == json_string_length(value);
}

static int check_args(const struct config *config, const json_t *args, struct croft_error *err)
{
	size_t i;
	json_t *value;

	if (!json_is_array(args) || !json_array_size(args))
		return config_wrong(config, err, "process.args is no list of words");
	json_array_foreach(args, i, value)
	{
		if (!is_text(value))
			return config_wrong(config, err, "process.args is no list of words");
	}
	return 0;
}

static json_t *process_of(const struct config *config, bool is_process)
{
	return is_process ? config->root : json_object_get(config->root, "process");
}

static int read_process(struct config *config, bool is_process, struct croft_error *err)
{
	const json_t *process = process_of(config, is_process);
	struct span span = config->whole;
	int r = is_process ? 0 : find(config, config->whole, "process", &span, err);

	if (r == -ENOENT || (r == 0 && json_is_null(process)))
		return 0;
	if (r < 0)
		return r;
	r = find(config, span, "args", &config->args, err);
	if (r < 0 && r != -ENOENT)
		return r;
	r = check_args(config, json_object_get(process, "args"), err);
	if (r == 0 && config->text[config->args.start] != '[')
		r = config_wrong(config, err, "process.args is not where it should be");
	config->has_args = r == 0;
	return r;
}

/* A key that Go's reader takes for one of those. */
static bool is_clear(const json_t *mount)
{
	static const char *const known[] = { "destination", "type", "source", "options" };
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)mount, key, value)
	{
		for (const char *p = key; *p; p++) {
			if ((unsigned char)*p >= 0x80)
				return false;
		}
		for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
			if (!strcasecmp(key, known[i]) && strcmp(key, known[i]) != 0)
				return false;
		}
	}
	return true;
}

static int read_mounts(struct config *config, struct croft_error *err)
{
	const json_t *mounts = json_object_get(config->root, "mounts"), *mount;
	int r = find(config, config->whole, "mounts", &config->mounts, err);
	size_t i;

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	if (json_is_null(mounts))
		return 0;
	if (!json_is_array(mounts) || config->text[config->mounts.start] != '[')
		return config_wrong(config, err, "mounts is no list");
	json_array_foreach((json_t *)(uintptr_t)mounts, i, mount)
	{
		if (!json_is_object(mount) || !is_text(json_object_get(mount, "destination")) ||
		    !is_clear(mount))
			return config_wrong(config, err, "mounts holds what is no mount");
	}
	config->has_mounts = true;
	return 0;
}

int config_read(struct config *config, const char *name, const char *text, size_t len,
		bool is_process, struct croft_error *err)
{
	json_error_t where;
	int r;

	*config = (struct config){ .name = name, .text = text, .len = len };
	if (len > CONFIG_MAX_BYTES)
		return config_wrong(config, err, "more than 16 MiB");
	/* numbers are only looked over: what no int64_t holds is written back as it stands */
	config->root =
		json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &where);
	if (!config->root)
		return fail(err, CROFT_STAGE_PREPARE, 0, "%s:%d:%d: no JSON: %s", name, where.line,
			    where.column, where.text);
	if (!json_is_object(config->root) || span_whole(text, len, &config->whole) < 0)
		return config_wrong(config, err, "an object was expected");
	r = read_process(config, is_process, err);
	if (r == 0 && !is_process)
		r = read_mounts(config, err);
	return r;
}

void config_done(struct config *config)
{
	json_decref(config->root);
	config->root = NULL;
}

int config_annotation(const struct config *config, const char *key, const char **ret_value,
		      struct croft_error *err)
{
	const json_t *value = json_object_get(json_object_get(config->root, "annotations"), key);

	*ret_value = NULL;
	if (!value)
		return 0;
	if (!is_text(value))
		return fail(err, CROFT_STAGE_PREPARE, 0, "%s: the annotation %s is no text",
			    config->name, key);
	*ret_value = json_string_value(value);
	return 0;
}

int config_check_handler(const struct config *config, struct croft_error *err)
{
	static const char *const key = "run.oci.handler";
	int r;

	if (!json_object_get(json_object_get(config->root, "annotations"), key))
		return 0;
	r = fail(err, CROFT_STAGE_PREPARE, 0,
		 "%s: the annotation %s has the runtime run the container without its program",
		 config->name, key);
	fail_hint(err, "croft could not confine it: leave the annotation out");
	return r;
}

static const json_t *linux_part(const struct config *config, const char *key)
{
	return json_object_get(json_object_get(config->root, "linux"), key);
}

bool config_has_namespace(const struct config *config, const char *type)
{
	const json_t *list = linux_part(config, "namespaces"), *one;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, one)
	{
		const char *found = json_string_value(json_object_get(one, "type"));

		if (found && !strcmp(found, type))
			return true;
	}
	return false;
}

/* Numbers are reals here, exact up to 2^53. */
static int64_t root_of(const json_t *mappings)
{
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)mappings, i, one)
	{
		double inside = json_number_value(json_object_get(one, "containerID"));
		double outside = json_number_value(json_object_get(one, "hostID"));

		if (inside == 0.0 && outside >= 0.0 && outside < 4294967295.0)
			return (int64_t)outside;
	}
	return -1;
}

void config_root_ids(const struct config *config, int64_t *ret_uid, int64_t *ret_gid)
{
	*ret_uid = root_of(linux_part(config, "uidMappings"));
	*ret_gid = root_of(linux_part(config, "gidMappings"));
}
