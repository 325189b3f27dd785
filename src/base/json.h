/* SPDX-License-Identifier: MIT */
/*
 * json.h - writes JSON (RFC 8259); never reads it.
 *
 * Commas are put by the writer. Strings that are not valid UTF-8 have each bad
 * byte replaced by U+FFFD. Depth is bounded; a call that does not fit the place (a key in an
 * array, an end that does not match) is a bug and asserts.
 */
#ifndef CROFT_BASE_JSON_H
#define CROFT_BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

#define JSON_MAX_DEPTH 16

struct json {
	struct buf *buf; /* not owned */
	unsigned depth;
	bool has_value[JSON_MAX_DEPTH]; /* a comma is due before the next value */
	bool is_object[JSON_MAX_DEPTH];
	bool after_key;
};

void json_init(struct json *json, struct buf *buf);
void json_object_begin(struct json *json);
void json_object_end(struct json *json);
void json_array_begin(struct json *json);
void json_array_end(struct json *json);
void json_key(struct json *json, const char *key);
void json_string(struct json *json, const char *value); /* NULL writes null */
void json_uint(struct json *json, uint64_t value);
void json_int(struct json *json, int64_t value);
void json_bool(struct json *json, bool value);
void json_null(struct json *json);

#endif
