/* SPDX-License-Identifier: MIT */
/*
 * schema_json.c - the words of JSON Schema that the schemas of both versions are written with.
 *
 * A JSON Schema sees a file after YAML has made numbers, booleans and nothing of its words,
 * and croft sees the words. So a text may be a number or a boolean here, a number may stand
 * in quotes, and a path may be null: that is what a bare ~ is.
 */
#include "profile/schema_json.h"

#include "base/cleanup.h"

void schema_put_pair(struct json *json, const char *key, const char *value)
{
	json_key(json, key);
	json_string(json, value);
}

void schema_put_number(struct json *json, const char *key, uint64_t value)
{
	json_key(json, key);
	json_uint(json, value);
}

/* "type": one or several. */
void schema_put_types(struct json *json, const char *const *types, size_t n)
{
	json_key(json, "type");
	json_array_begin(json);
	for (size_t i = 0; i < n; i++)
		json_string(json, types[i]);
	json_array_end(json);
}

/* A pattern is asked of strings only: what YAML has made a number has no tab in it. */
void schema_put_text(struct json *json, const char *pattern)
{
	static const char *const types[] = { "string", "number", "boolean" };

	schema_put_types(json, types, ARRAY_SIZE(types));
	if (pattern)
		schema_put_pair(json, "pattern", pattern);
}

/* The null is a bare ~; a number or a boolean is the name of a file. */
void schema_put_path(struct json *json)
{
	static const char *const types[] = { "string", "number", "boolean", "null" };

	schema_put_types(json, types, ARRAY_SIZE(types));
	schema_put_pair(json, "pattern", PATH_PATTERN);
}

/* A number, in quotes or not. */
void schema_put_count(struct json *json, uint64_t least, uint64_t most)
{
	static const char *const types[] = { "integer", "string" };

	schema_put_types(json, types, ARRAY_SIZE(types));
	schema_put_number(json, "minimum", least);
	schema_put_number(json, "maximum", most);
	schema_put_pair(json, "pattern", "^[1-9][0-9]*$");
}

void schema_put_enum(struct json *json, const struct name *words, size_t n)
{
	json_key(json, "enum");
	json_array_begin(json);
	for (size_t i = 0; i < n; i++)
		json_string(json, words[i].name);
	json_array_end(json);
}

/* Begins an object whose keys are listed: what is not is wrong. */
void schema_begin_mapping(struct json *json)
{
	schema_put_pair(json, "type", "object");
	json_key(json, "additionalProperties");
	json_bool(json, false);
	json_key(json, "properties");
	json_object_begin(json);
}

void schema_put_required(struct json *json, const char *const *keys, size_t n)
{
	json_key(json, "required");
	json_array_begin(json);
	for (size_t i = 0; i < n; i++)
		json_string(json, keys[i]);
	json_array_end(json);
}
