/* SPDX-License-Identifier: MIT */
/*
 * schema_print.c - the schema table as a JSON Schema, for editors and validators.
 *
 * Draft 7: what the YAML servers of editors take. A file is judged by its version: "if" it
 * says 2 by the table, else as schema_version1.c tells.
 *
 * What a JSON Schema cannot see at all, since YAML has read the file before: a key that
 * stands twice, anchors and tags, and the spelling of a number (010, 1e3).
 *
 * What is checked here and in document_value.c is the same, and tests/schema has both judge
 * the same files.
 */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "profile/profile_print.h"
#include "profile/protection.h"
#include "profile/schema_json.h"
#include "sys/abi.h"

#define DESCRIPTOR_LEAST 3
#define DESCRIPTOR_MOST 1048575 /* as document_value.c */
#define MAX_DESCRIPTION 256

#define VARIABLE_PATTERN "^[A-Za-z_][A-Za-z0-9_]*$"
#define NAME_PATTERN "^(?![.-])(?!.*\\.ya?ml$)[A-Za-z0-9._-]{1,64}$"
/* Tabs and newlines inside, not at an end. */
#define VALUE_PATTERN "^([^\\t\\n]([\\s\\S]*[^\\t\\n])?)?$"

/* From 1 to 65535. */
#define PORT_NUMBER                                                                    \
	"([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|" \
	"6553[0-5])"

/* A number, or a text with a protocol before it; in quotes the bounds are the pattern's. */
static void put_port(struct json *json, bool may_be_chosen)
{
	static const char *const types[] = { "integer", "string" };

	schema_put_types(json, types, ARRAY_SIZE(types));
	schema_put_number(json, "minimum", may_be_chosen ? 0 : 1);
	schema_put_number(json, "maximum", UINT16_MAX);
	schema_put_pair(json, "pattern",
			may_be_chosen ? "^(tcp:|udp:)?(0|" PORT_NUMBER ")$"
				      : "^(tcp:|udp:)?" PORT_NUMBER "$");
}

/* Digits with a unit; a bare number is bytes, or seconds. */
static void put_amount(struct json *json, const char *pattern)
{
	static const char *const types[] = { "string", "integer" };

	schema_put_types(json, types, ARRAY_SIZE(types));
	schema_put_number(json, "minimum", 1);
	schema_put_pair(json, "pattern", pattern);
}

/* What a text must be, by its key. */
static const char *text_pattern(enum schema_id id)
{
	switch (id) {
	case KEY_DESCRIPTION:
		return "^[^\\t\\n]*$";
	case KEY_ENVIRONMENT_PASS:
		return "^([^=*\\t\\n]+\\*?|\\*)$";
	case KEY_ENVIRONMENT_USE:
		return VARIABLE_PATTERN;
	case KEY_SYSCALLS_REFUSE:
		return "^[a-z0-9_]+$";
	case KEY_COMMAND_ARGS:
	case KEY_ENVIRONMENT_SET:
		return VALUE_PATTERN;
	default:
		return "^[^\\t\\n]+$";
	}
}

/* Each protection with its promise as description: what an editor shows while one chooses. */
static void put_requirements(struct json *json)
{
	schema_begin_mapping(json);
	for (size_t i = 0; i < PROTECT_MAX; i++) {
		json_key(json, protection_names[i].name);
		json_object_begin(json);
		schema_put_pair(json, "description", protection_names[i].help);
		schema_put_enum(json, requirement_names, REQUIRE_MAX);
		json_object_end(json);
	}
	json_key(json, "landlock");
	json_object_begin(json);
	schema_put_pair(json, "description", "the kernel's Landlock ABI, or a newer one");
	schema_put_count(json, 1, ABI_LANDLOCK_NEWEST);
	json_object_end(json);
	json_object_end(json);
}

static void put_list_of_paths(struct json *json)
{
	schema_put_pair(json, "type", "array");
	schema_put_number(json, "minItems", 1);
	json_key(json, "items");
	json_object_begin(json);
	schema_put_path(json);
	json_object_end(json);
}

/* One item of files.rights. */
static void put_rights(struct json *json)
{
	static const char *const keys[] = { "paths", "allow" };

	schema_begin_mapping(json);
	json_key(json, "paths");
	json_object_begin(json);
	put_list_of_paths(json);
	json_object_end(json);
	json_key(json, "allow");
	json_object_begin(json);
	schema_put_pair(json, "type", "array");
	schema_put_number(json, "minItems", 1);
	json_key(json, "items");
	json_object_begin(json);
	schema_put_enum(json, right_names, n_right_names);
	json_object_end(json);
	json_object_end(json);
	json_object_end(json);
	schema_put_required(json, keys, ARRAY_SIZE(keys));
}

/* Names are the user's: their form is checked, not their words. */
static void put_variables(struct json *json, enum schema_id id)
{
	schema_put_pair(json, "type", "object");
	schema_put_number(json, "maxProperties", schema_keys[id].max);
	json_key(json, "propertyNames");
	json_object_begin(json);
	schema_put_pair(json, "pattern", VARIABLE_PATTERN);
	json_object_end(json);
	json_key(json, "additionalProperties");
	json_object_begin(json);
	schema_put_text(json, text_pattern(id));
	json_object_end(json);
}

/* One value of the key: all of it, or one item of its list. */
static void put_value(struct json *json, enum schema_id id)
{
	const struct schema_key *key = &schema_keys[id];

	switch (key->type) {
	case SCHEMA_TEXT:
	case SCHEMA_TEXTS:
		schema_put_text(json, text_pattern(id));
		break;
	case SCHEMA_PATH:
	case SCHEMA_PATHS:
		schema_put_path(json);
		break;
	case SCHEMA_PORTS:
		put_port(json, id == KEY_NETWORK_LISTEN);
		break;
	case SCHEMA_WORD:
	case SCHEMA_WORDS:
		schema_put_enum(json, key->words, key->n_words);
		break;
	case SCHEMA_BOOL:
		schema_put_pair(json, "type", "boolean");
		break;
	case SCHEMA_COUNT:
		schema_put_count(json, 1, key->max ? key->max : 1U << 30);
		break;
	case SCHEMA_COUNTS:
		schema_put_count(json, DESCRIPTOR_LEAST, DESCRIPTOR_MOST);
		break;
	case SCHEMA_SIZE:
		put_amount(json, "^[1-9][0-9]*([KMGT]|[KMGT]iB|[kMGT]B)?$");
		break;
	case SCHEMA_TIME:
		put_amount(json, "^[1-9][0-9]*(ms|s|m|h|d)?$");
		break;
	case SCHEMA_RIGHTS:
		put_rights(json);
		break;
	default:
		break;
	}
}

static bool is_list(enum schema_type type)
{
	switch (type) {
	case SCHEMA_TEXTS:
	case SCHEMA_PATHS:
	case SCHEMA_PORTS:
	case SCHEMA_WORDS:
	case SCHEMA_COUNTS:
	case SCHEMA_RIGHTS:
		return true;
	default:
		return false;
	}
}

static void put_description(struct json *json, const struct schema_key *key)
{
	char text[MAX_DESCRIPTION];

	(void)snprintf(text, sizeof(text), "%s%s%s (since %s)", key->help,
		       key->fallback ? "; else " : "", key->fallback ? key->fallback : "",
		       key->since);
	schema_put_pair(json, "description", text);
}

static void put_keys_of(struct json *json, const char *parent);

static void put_map(struct json *json, enum schema_id id)
{
	if (id == KEY_SYSCALLS) {
		/* "syscalls: strict" is short for its mode */
		json_key(json, "anyOf");
		json_array_begin(json);
		json_object_begin(json);
		schema_put_enum(json, schema_keys[KEY_SYSCALLS_MODE].words,
				schema_keys[KEY_SYSCALLS_MODE].n_words);
		json_object_end(json);
		json_object_begin(json);
	}
	schema_begin_mapping(json);
	put_keys_of(json, schema_keys[id].path);
	json_object_end(json);
	if (id == KEY_SYSCALLS) {
		json_object_end(json);
		json_array_end(json);
	}
}

static void put_key(struct json *json, enum schema_id id)
{
	const struct schema_key *key = &schema_keys[id];
	const char *dot = strchr(key->path, '.');

	json_key(json, dot ? dot + 1 : key->path);
	json_object_begin(json);
	put_description(json, key);
	if (key->type == SCHEMA_MAP) {
		put_map(json, id);
	} else if (key->type == SCHEMA_REQUIRE) {
		put_requirements(json);
	} else if (key->type == SCHEMA_VARIABLES) {
		put_variables(json, id);
	} else if (is_list(key->type)) {
		schema_put_pair(json, "type", "array");
		if (key->max)
			schema_put_number(json, "maxItems", key->max);
		if (id == KEY_DESCRIPTORS) {
			json_key(json, "uniqueItems");
			json_bool(json, true);
		}
		json_key(json, "items");
		json_object_begin(json);
		put_value(json, id);
		json_object_end(json);
	} else {
		put_value(json, id);
	}
	json_object_end(json);
}

/* The keys of one mapping, "" for the profile itself. */
static void put_keys_of(struct json *json, const char *parent)
{
	const char *nearest;

	for (enum schema_id id = 0; id < KEY_MAX; id++) {
		const char *dot = strchr(schema_keys[id].path, '.');

		if (schema_find(parent, dot ? dot + 1 : schema_keys[id].path, &nearest) == (int)id)
			put_key(json, id);
	}
}

/* The top of a file: its version, and profiles that `definition` tells. */
/*
 * `additionalProperties` is false in both branches, so each has to list all of the top: a keyword
 * beside "if" would not see what "then" allows.
 */
static void put_file(struct json *json, const char *version, const char *definition,
		     bool has_version)
{
	static const char *const keys[] = { "profiles", "version" };

	schema_begin_mapping(json);
	json_key(json, "version");
	json_object_begin(json);
	put_description(json, &schema_keys[KEY_VERSION]);
	json_key(json, "enum");
	json_array_begin(json);
	json_uint(json, (uint64_t)(version[0] - '0'));
	json_string(json, version);
	json_array_end(json);
	json_object_end(json);
	json_key(json, "profiles");
	json_object_begin(json);
	put_description(json, &schema_keys[KEY_PROFILES]);
	schema_put_pair(json, "type", "object");
	schema_put_number(json, "minProperties", 1);
	schema_put_number(json, "maxProperties", DOCUMENT_MAX_PROFILES);
	json_key(json, "propertyNames");
	json_object_begin(json);
	schema_put_pair(json, "pattern", NAME_PATTERN);
	json_object_end(json);
	json_key(json, "additionalProperties");
	json_object_begin(json);
	schema_put_pair(json, "$ref", definition);
	json_object_end(json);
	json_object_end(json);
	json_object_end(json);
	schema_put_required(json, keys, has_version ? 2 : 1);
}

/* "if" the file says version 2: then, else. */
static void put_choice(struct json *json)
{
	static const char *const keys[] = { "version" };

	json_key(json, "if");
	json_object_begin(json);
	schema_put_required(json, keys, ARRAY_SIZE(keys));
	json_key(json, "properties");
	json_object_begin(json);
	json_key(json, "version");
	json_object_begin(json);
	json_key(json, "enum");
	json_array_begin(json);
	json_uint(json, 2);
	json_string(json, "2");
	json_array_end(json);
	json_object_end(json);
	json_object_end(json);
	json_object_end(json);
	json_key(json, "then");
	json_object_begin(json);
	put_file(json, "2", "#/definitions/profile", true);
	json_object_end(json);
	json_key(json, "else");
	json_object_begin(json);
	put_file(json, "1", "#/definitions/profile_version_1", false);
	json_object_end(json);
}

void schema_print(struct buf *buf)
{
	struct json json;

	json_init(&json, buf);
	json_object_begin(&json);
	schema_put_pair(&json, "$schema", "http://json-schema.org/draft-07/schema#");
	schema_put_pair(&json, "title", "croft profile file");
	schema_put_pair(&json, "type", "object");
	put_choice(&json);
	json_key(&json, "definitions");
	json_object_begin(&json);
	json_key(&json, "profile");
	json_object_begin(&json);
	schema_begin_mapping(&json);
	put_keys_of(&json, "");
	json_object_end(&json);
	json_object_end(&json);
	json_key(&json, "profile_version_1");
	json_object_begin(&json);
	schema_put_version1(&json);
	json_object_end(&json);
	json_object_end(&json);
	json_object_end(&json);
	buf_putc(buf, '\n');
}
