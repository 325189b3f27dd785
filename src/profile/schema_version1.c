/* SPDX-License-Identifier: MIT */
/*
 * schema_version1.c - a profile of version 1 as a JSON Schema.
 *
 * That form has no table: version1.c reads it with serde's rules, key by key, and so it is
 * told here. What may be absent there may also be null.
 */
#include "base/cleanup.h"
#include "profile/schema_json.h"
#include "profile/version1.h"

/* The seven rights, of permissions and of control_access. */
static void put_v1_flags(struct json *json)
{
	static const char *const types[] = { "boolean", "null" };

	schema_begin_mapping(json);
	for (size_t i = 0; i < VERSION1_RIGHT_MAX; i++) {
		json_key(json, version1_right_names[i].name);
		json_object_begin(json);
		schema_put_types(json, types, ARRAY_SIZE(types));
		json_object_end(json);
	}
	json_object_end(json);
}

static void put_v1_texts(struct json *json, const char *key, const char *pattern)
{
	json_key(json, key);
	json_object_begin(json);
	schema_put_pair(json, "type", "array");
	json_key(json, "items");
	json_object_begin(json);
	schema_put_text(json, pattern);
	json_object_end(json);
	json_object_end(json);
}

/* Groups have names of the user's; one without paths or without permissions is an error. */
static void put_v1_roots(struct json *json)
{
	static const char *const keys[] = { "paths", "permissions" };

	schema_put_pair(json, "type", "object");
	schema_put_number(json, "maxProperties", VERSION1_MAX_GROUPS);
	json_key(json, "additionalProperties");
	json_object_begin(json);
	schema_begin_mapping(json);
	put_v1_texts(json, "paths", PATH_PATTERN);
	json_key(json, "permissions");
	json_object_begin(json);
	put_v1_flags(json);
	json_object_end(json);
	json_object_end(json);
	schema_put_required(json, keys, ARRAY_SIZE(keys));
	json_object_end(json);
}

/* A text that may be absent: nothing, to YAML. */
static void put_v1_optional(struct json *json, const char *key)
{
	static const char *const types[] = { "string", "number", "boolean", "null" };

	json_key(json, key);
	json_object_begin(json);
	schema_put_types(json, types, ARRAY_SIZE(types));
	json_object_end(json);
}

/* The program may not be absent; all else may. */
static void put_v1_command(struct json *json)
{
	static const char *const types[] = { "object", "null" };
	static const char *const keys[] = { "binary" };

	schema_put_types(json, types, ARRAY_SIZE(types));
	json_key(json, "additionalProperties");
	json_bool(json, false);
	schema_put_required(json, keys, ARRAY_SIZE(keys));
	json_key(json, "properties");
	json_object_begin(json);
	json_key(json, "binary");
	json_object_begin(json);
	schema_put_text(json, "^[\\s\\S]+$");
	json_object_end(json);
	put_v1_texts(json, "args", NULL);
	put_v1_optional(json, "working_dir");
	json_key(json, "env");
	json_object_begin(json);
	schema_put_types(json, types, ARRAY_SIZE(types));
	json_key(json, "propertyNames");
	json_object_begin(json);
	schema_put_pair(json, "pattern", "^[^=]+$");
	json_object_end(json);
	json_key(json, "additionalProperties");
	json_object_begin(json);
	schema_put_text(json, NULL);
	json_object_end(json);
	json_object_end(json);
	json_object_end(json);
}

void schema_put_version1(struct json *json)
{
	static const char *const types[] = { "boolean", "null" };

	schema_begin_mapping(json);
	put_v1_optional(json, "description");
	json_key(json, "access_roots");
	json_object_begin(json);
	put_v1_roots(json);
	json_object_end(json);
	json_key(json, "control_access");
	json_object_begin(json);
	put_v1_flags(json);
	json_object_end(json);
	json_key(json, "command");
	json_object_begin(json);
	put_v1_command(json);
	json_object_end(json);
	json_key(json, "log_level");
	json_object_begin(json);
	json_key(json, "enum");
	json_array_begin(json);
	for (size_t i = 0; i < VERSION1_N_LEVELS; i++)
		json_string(json, version1_level_names[i].name);
	json_null(json);
	json_array_end(json);
	json_object_end(json);
	json_key(json, "dry_run");
	json_object_begin(json);
	schema_put_types(json, types, ARRAY_SIZE(types));
	json_object_end(json);
	json_object_end(json);
}
