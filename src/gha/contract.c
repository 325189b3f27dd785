/* SPDX-License-Identifier: MIT */
/*
 * contract.c - the bytes of standard input to a struct, every field checked.
 *
 * Whoever writes a workflow chooses most of these texts. So: a greatest size, greatest counts, no
 * key twice, no NUL byte in a text (jansson refuses them), names that can be names of variables,
 * targets that are absolute. Errors name the field and not what stood in it.
 *
 * prependPath was a text in runners before 2.294 and is taken as one path then.
 */
#include "gha/contract.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/names.h"

struct reader {
	struct arena *arena;
	struct croft_error *err;
};

static const struct name command_names[] = {
	{ "prepare_job", NULL },
	{ "run_script_step", NULL },
	{ "run_container_step", NULL },
	{ "cleanup_job", NULL },
};

static int wrong(struct reader *reader, const char *field, const char *wanted)
{
	int r = fail(reader->err, CROFT_STAGE_USAGE, 0, "the runner's request: '%s' is not %s",
		     field, wanted);

	fail_hint(reader->err,
		  "croft gha-hook is to be called by GitHub's runner, version 2.294 or newer");
	return r;
}

/* A text, NULL where there is none. */
static int take_text(struct reader *reader, const json_t *object, const char *field,
		     const char **ret)
{
	const json_t *value = json_object_get(object, field);

	*ret = NULL;
	if (!value || json_is_null(value))
		return 0;
	if (!json_is_string(value))
		return wrong(reader, field, "a text");
	*ret = arena_strdup(reader->arena, json_string_value(value));
	return *ret ? 0 : fail(reader->err, CROFT_STAGE_USAGE, ENOMEM, "read the request");
}

/* A list and its length; NULL where there is none. */
static int take_list(struct reader *reader, const json_t *object, const char *field,
		     const json_t **ret)
{
	const json_t *value = json_object_get(object, field);

	*ret = NULL;
	if (!value || json_is_null(value))
		return 0;
	if (!json_is_array(value) || json_array_size(value) > CONTRACT_MAX_ITEMS)
		return wrong(reader, field, "a list of fewer than 16384");
	*ret = value;
	return 0;
}

static int take_texts(struct reader *reader, const json_t *object, const char *field,
		      const char ***ret, size_t *ret_n)
{
	const json_t *list, *value = json_object_get(object, field);
	size_t n;

	if (json_is_string(value)) {
		*ret = arena_calloc(reader->arena, 1, sizeof(**ret));
		*ret_n = 1;
		return *ret ? take_text(reader, object, field, *ret)
			    : fail(reader->err, CROFT_STAGE_USAGE, ENOMEM, "read the request");
	}
	if (take_list(reader, object, field, &list) < 0)
		return -EINVAL;
	n = json_array_size(list);
	*ret = arena_calloc(reader->arena, n + 1, sizeof(**ret));
	for (size_t i = 0; *ret && i < n; i++) {
		if (!json_is_string(json_array_get(list, i)))
			return wrong(reader, field, "a list of texts");
		(*ret)[i] = arena_strdup(reader->arena, json_string_value(json_array_get(list, i)));
		if (!(*ret)[i])
			*ret = NULL;
	}
	if (!*ret)
		return fail(reader->err, CROFT_STAGE_USAGE, ENOMEM, "read the request");
	*ret_n = n;
	return 0;
}

static int take_env(struct reader *reader, json_t *object, struct request_args *args)
{
	static const char field[] = "environmentVariables";
	json_t *map = json_object_get(object, field), *value;
	const char *key;
	size_t n = json_object_size(map), i = 0;

	if (!map || json_is_null(map))
		return 0;
	if (!json_is_object(map) || n > CONTRACT_MAX_ITEMS)
		return wrong(reader, field, "an object of fewer than 16384");
	args->env = arena_calloc(reader->arena, n, sizeof(*args->env));
	if (!args->env)
		return fail(reader->err, CROFT_STAGE_USAGE, ENOMEM, "read the request");
	json_object_foreach(map, key, value)
	{
		struct request_pair *pair = &args->env[i++];

		if (!*key || strchr(key, '='))
			return wrong(reader, field, "made of names without '='");
		if (!json_is_string(value) && !json_is_null(value))
			return wrong(reader, field, "made of texts");
		pair->name = arena_strdup(reader->arena, key);
		pair->value = arena_strdup(reader->arena,
					   json_is_null(value) ? "" : json_string_value(value));
		if (!pair->name || !pair->value)
			return fail(reader->err, CROFT_STAGE_USAGE, ENOMEM, "read the request");
	}
	args->n_env = i;
	return 0;
}

static int take_mount(struct reader *reader, const json_t *object, const char *field,
		      struct request_mount *mount)
{
	const json_t *is_read_only = json_object_get(object, "readOnly");

	if (!json_is_object(object))
		return wrong(reader, field, "a list of objects");
	if (take_text(reader, object, "sourceVolumePath", &mount->source) < 0 ||
	    take_text(reader, object, "targetVolumePath", &mount->target) < 0)
		return -EINVAL;
	if (is_read_only && !json_is_boolean(is_read_only) && !json_is_null(is_read_only))
		return wrong(reader, "readOnly", "true or false");
	mount->is_read_only = json_is_true(is_read_only);
	if (mount->source && !*mount->source)
		mount->source = NULL;
	if (!mount->target || mount->target[0] != '/')
		return wrong(reader, "targetVolumePath", "an absolute path");
	return 0;
}

static int take_mounts(struct reader *reader, const json_t *object, struct request_args *args)
{
	static const char *const fields[] = { "systemMountVolumes", "userMountVolumes" };
	const json_t *lists[2];
	size_t n = 0;

	for (size_t i = 0; i < 2; i++) {
		if (take_list(reader, object, fields[i], &lists[i]) < 0)
			return -EINVAL;
		n += json_array_size(lists[i]);
	}
	args->mounts = arena_calloc(reader->arena, n + 1, sizeof(*args->mounts));
	if (!args->mounts)
		return fail(reader->err, CROFT_STAGE_USAGE, ENOMEM, "read the request");
	for (size_t i = 0; i < 2; i++)
		for (size_t k = 0; k < json_array_size(lists[i]); k++) {
			struct request_mount *mount = &args->mounts[args->n_mounts++];
			int r = take_mount(reader, json_array_get(lists[i], k), fields[i], mount);

			if (r < 0)
				return r;
			mount->is_user = i == 1;
		}
	return 0;
}

static int take_args(struct reader *reader, json_t *object, struct request_args *args)
{
	const struct {
		const char *field;
		const char **ret;
	} texts[] = {
		{ "image", &args->image },           { "dockerfile", &args->dockerfile },
		{ "entryPoint", &args->entrypoint }, { "workingDirectory", &args->workdir },
		{ "createOptions", &args->options },
	};
	const json_t *ports;
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(texts) && r == 0; i++)
		r = take_text(reader, object, texts[i].field, texts[i].ret);
	if (r == 0)
		r = take_texts(reader, object, "entryPointArgs", &args->words, &args->n_words);
	if (r == 0)
		r = take_texts(reader, object, "prependPath", &args->prepend_path,
			       &args->n_prepend_path);
	if (r == 0)
		r = take_env(reader, object, args);
	if (r == 0)
		r = take_mounts(reader, object, args);
	if (r == 0)
		r = take_list(reader, object, "portMappings", &ports);
	if (r == 0)
		args->n_ports = json_array_size(ports);
	if (r == 0 && args->workdir && *args->workdir && args->workdir[0] != '/')
		r = wrong(reader, "workingDirectory", "an absolute path");
	return r;
}

/* What prepare_job has answered; a state that is not ours counts as none. */
static void take_state(const json_t *root, struct request *request)
{
	const json_t *croft = json_object_get(json_object_get(root, "state"), "croft");
	const char *job = json_string_value(json_object_get(croft, "job"));

	if (job && strlen(job) == JOB_ID_SIZE - 1 && strspn(job, "0123456789abcdef") == strlen(job))
		memcpy(request->job, job, JOB_ID_SIZE);
}

static int take_command(struct reader *reader, json_t *root, struct request *request)
{
	json_t *args = json_object_get(root, "args"), *container;
	const char *command = json_string_value(json_object_get(root, "command"));
	const json_t *services;
	int found = command ? names_find(command_names, ARRAY_SIZE(command_names), command) : -1;

	if (take_text(reader, root, "responseFile", &request->response_file) < 0)
		return -EINVAL;
	if (!request->response_file || request->response_file[0] != '/')
		return wrong(reader, "responseFile", "an absolute path");
	if (found < 0)
		return wrong(
			reader, "command",
			"one of prepare_job, run_script_step, run_container_step, cleanup_job");
	request->command = (enum request_command)found;
	take_state(root, request);
	if (request->command == REQUEST_CLEANUP)
		return 0;
	if (!json_is_object(args))
		return wrong(reader, "args", "an object");
	if (request->command != REQUEST_PREPARE)
		return take_args(reader, args, &request->args);
	if (take_list(reader, args, "services", &services) < 0)
		return -EINVAL;
	request->n_services = json_array_size(services);
	container = json_object_get(args, "container");
	if (!container || json_is_null(container))
		return 0;
	if (!json_is_object(container))
		return wrong(reader, "container", "an object");
	request->has_container = true;
	return take_args(reader, container, &request->args);
}

int contract_parse(const char *data, size_t len, struct arena *arena, struct request *ret_request,
		   struct croft_error *err)
{
	struct reader reader = { .arena = arena, .err = err };
	struct request request = { 0 };
	json_error_t where;
	json_t *root = json_loadb(data, len, JSON_REJECT_DUPLICATES, &where);
	int r;

	/* not where.text: it quotes what stands there */
	if (!root)
		r = fail(err, CROFT_STAGE_USAGE, 0,
			 "the runner's request on standard input is no JSON (line %d, column %d)",
			 where.line, where.column);
	else if (!json_is_object(root))
		r = wrong(&reader, "the request", "an object");
	else
		r = take_command(&reader, root, &request);
	json_decref(root);
	if (r < 0)
		return r;
	*ret_request = request;
	return 0;
}
