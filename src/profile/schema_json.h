/* SPDX-License-Identifier: MIT */
/*
 * schema_json.h - between schema_print.c and schema_version1.c; not for others.
 *
 * Each function writes keywords into the object that is open, and leaves it open.
 */
#ifndef CROFT_PROFILE_SCHEMA_JSON_H
#define CROFT_PROFILE_SCHEMA_JSON_H

#include "base/json.h"
#include "base/names.h"

/* No ".." between slashes: the loader refuses it, with the name of the place that is meant. */
#define PATH_PATTERN "^(?!(optional:)?([^\\t\\n]*/)?\\.\\.(/|$))[^\\t\\n]+$"

void schema_put_pair(struct json *json, const char *key, const char *value);
void schema_put_number(struct json *json, const char *key, uint64_t value);
void schema_put_types(struct json *json, const char *const *types, size_t n);
void schema_put_text(struct json *json, const char *pattern);
void schema_put_path(struct json *json);
void schema_put_count(struct json *json, uint64_t least, uint64_t most);
void schema_put_enum(struct json *json, const struct name *words, size_t n);
void schema_begin_mapping(struct json *json);
void schema_put_required(struct json *json, const char *const *keys, size_t n);
/* The properties of a profile of version 1. */
void schema_put_version1(struct json *json);

#endif
