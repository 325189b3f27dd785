/* SPDX-License-Identifier: MIT */
/*
 * profile_json.c - a finished profile as JSON.
 *
 * "profile" holds the keys of the schema with values of JSON's own types, so that it can be
 * checked against `croft profile schema` and is a profile's YAML at the same time. Where
 * each item comes from stands beside it, in "origins": the same keys by their whole path,
 * one text an item, in the same order.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/num.h"
#include "profile/print_parts.h"
#include "profile/profile_print.h"

static void put_value(struct json *json, const struct print_item *item)
{
	enum schema_type type = schema_keys[item->key].type;
	uint64_t number;

	/* what is a number in one form only: "30" of a time is one too, but not what people read */
	if ((type == SCHEMA_COUNT || type == SCHEMA_COUNTS || type == SCHEMA_PORTS ||
	     type == SCHEMA_REQUIRE) &&
	    num_parse(item->value, 0, UINT64_MAX, &number) == 0)
		json_uint(json, number);
	else if (type == SCHEMA_BOOL)
		json_bool(json, !strcmp(item->value, "true"));
	else
		json_string(json, item->value);
}

static void put_rights(struct json *json, const struct print_item *item)
{
	json_object_begin(json);
	json_key(json, "paths");
	json_array_begin(json);
	json_string(json, item->value);
	json_array_end(json);
	json_key(json, "allow");
	json_array_begin(json);
	for (size_t i = 0; i < n_right_names; i++)
		if (item->rights & 1ULL << i)
			json_string(json, right_names[i].name);
	json_array_end(json);
	json_object_end(json);
}

static void put_items(struct json *json, const struct print_list *list,
		      const struct print_item *first)
{
	enum schema_type type = schema_keys[first->key].type;
	bool is_mapping = type == SCHEMA_VARIABLES || type == SCHEMA_REQUIRE;

	if (is_mapping)
		json_object_begin(json);
	else
		json_array_begin(json);
	for (const struct print_item *item = first; item;
	     item = print_list_next(list, first->key, item)) {
		if (is_mapping)
			json_key(json, item->name);
		if (type == SCHEMA_RIGHTS)
			put_rights(json, item);
		else
			put_value(json, item);
	}
	if (is_mapping)
		json_object_end(json);
	else
		json_array_end(json);
}

static void put_key(struct json *json, const struct print_list *list, enum schema_id key)
{
	const struct print_item *first = print_list_next(list, key, NULL);
	const char *dot = strchr(schema_keys[key].path, '.');

	if (!first)
		return;
	json_key(json, dot ? dot + 1 : schema_keys[key].path);
	switch (schema_keys[key].type) {
	case SCHEMA_TEXT:
	case SCHEMA_PATH:
	case SCHEMA_WORD:
	case SCHEMA_BOOL:
	case SCHEMA_COUNT:
	case SCHEMA_SIZE:
	case SCHEMA_TIME:
		put_value(json, first);
		break;
	default:
		put_items(json, list, first);
		break;
	}
}

/* True if `key` stands below the mapping. */
static bool is_below(enum schema_id key, enum schema_id map)
{
	size_t len = strlen(schema_keys[map].path);

	return !strncmp(schema_keys[key].path, schema_keys[map].path, len) &&
	       schema_keys[key].path[len] == '.';
}

/* An object is begun only if something will stand in it: an empty one would say nothing. */
static void put_mapping(struct json *json, const struct print_list *list, enum schema_id map)
{
	bool has_any = false;

	for (size_t i = 0; i < list->n && !has_any; i++)
		has_any = is_below(list->items[i].key, map);
	if (!has_any)
		return;
	json_key(json, schema_keys[map].path);
	json_object_begin(json);
	for (enum schema_id key = 0; key < KEY_MAX; key++)
		if (is_below(key, map))
			put_key(json, list, key);
	json_object_end(json);
}

static void put_profile(struct json *json, const struct print_list *list)
{
	json_object_begin(json);
	for (enum schema_id key = 0; key < KEY_MAX; key++) {
		if (schema_keys[key].type == SCHEMA_MAP)
			put_mapping(json, list, key);
		else if (!strchr(schema_keys[key].path, '.'))
			put_key(json, list, key);
	}
	json_object_end(json);
}

/* Only of keys whose items have places: limits and words have forgotten theirs. */
static void put_origins(struct json *json, const struct print_list *list)
{
	json_object_begin(json);
	for (enum schema_id key = 0; key < KEY_MAX; key++) {
		const struct print_item *item = print_list_next(list, key, NULL);

		if (!item || !item->origin)
			continue;
		json_key(json, schema_keys[key].path);
		json_array_begin(json);
		for (; item; item = print_list_next(list, key, item))
			json_string(json, item->origin);
		json_array_end(json);
	}
	json_object_end(json);
}

void profile_print_resolved_json(struct buf *buf, const struct profile *profile)
{
	struct print_list list, bounds;
	struct json json;

	print_list_init(&list);
	print_list_init(&bounds);
	print_list_profile(&list, profile);
	print_list_bounds(&bounds, profile);
	json_init(&json, buf);
	json_object_begin(&json);
	json_key(&json, "name");
	json_string(&json, profile->name);
	json_key(&json, "profile");
	put_profile(&json, &list);
	json_key(&json, "origins");
	put_origins(&json, &list);
	if (profile->bound_name) {
		json_key(&json, "bound_by");
		json_string(&json, profile->bound_name);
		json_key(&json, "bounds");
		put_profile(&json, &bounds);
	}
	json_object_end(&json);
	buf_putc(buf, '\n');
	if ((list.error || bounds.error) && !buf->error)
		buf->error = list.error ? list.error : bounds.error;
	print_list_done(&list);
	print_list_done(&bounds);
}
