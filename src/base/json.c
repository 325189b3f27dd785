/* SPDX-License-Identifier: MIT */
/*
 * json.c - writes JSON (RFC 8259); never reads it.
 *
 * Level 0 is outside of everything and takes exactly one value; each object or
 * array opens one more level. Misuse is a bug of ours and asserts: what is
 * written depends on the code alone, never on the values.
 *
 * DEL and the C1 range need no escape in JSON, but get one here: people look at
 * JSON in terminals.
 */
#include "base/json.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/text.h"

void json_init(struct json *json, struct buf *buf)
{
	*json = (struct json){ .buf = buf };
}

/* Called before every value: writes the comma that is due. */
static void begin_value(struct json *json)
{
	if (json->is_object[json->depth]) {
		assert(json->after_key);
		json->after_key = false;
		return;
	}
	if (json->has_value[json->depth]) {
		assert(json->depth > 0);
		buf_putc(json->buf, ',');
	}
	json->has_value[json->depth] = true;
}

static void begin_level(struct json *json, bool is_object)
{
	begin_value(json);
	assert(json->depth + 1 < JSON_MAX_DEPTH);
	json->depth++;
	json->has_value[json->depth] = false;
	json->is_object[json->depth] = is_object;
	buf_putc(json->buf, is_object ? '{' : '[');
}

static void end_level(struct json *json, bool is_object)
{
	assert(json->depth > 0 && json->is_object[json->depth] == is_object && !json->after_key);
	json->depth--;
	buf_putc(json->buf, is_object ? '}' : ']');
}

static void put_byte(struct buf *buf, char c)
{
	switch (c) {
	case '"':
		buf_puts(buf, "\\\"");
		break;
	case '\\':
		buf_puts(buf, "\\\\");
		break;
	case '\n':
		buf_puts(buf, "\\n");
		break;
	case '\r':
		buf_puts(buf, "\\r");
		break;
	case '\t':
		buf_puts(buf, "\\t");
		break;
	default:
		if ((unsigned char)c < 0x20 || c == 0x7f)
			buf_printf(buf, "\\u%04x", (unsigned)c);
		else
			buf_putc(buf, c);
	}
}

static void put_string(struct buf *buf, const char *value)
{
	size_t len = strlen(value);

	buf_putc(buf, '"');
	for (size_t i = 0; i < len;) {
		size_t n = text_utf8_len(value + i, len - i);
		unsigned char second = n == 2 ? (unsigned char)value[i + 1] : 0;

		if (n == 0)
			buf_puts(buf, "\xef\xbf\xbd"); /* U+FFFD */
		else if (n == 1)
			put_byte(buf, value[i]);
		else if ((unsigned char)value[i] == 0xc2 && second < 0xa0)
			buf_printf(buf, "\\u%04x", (unsigned)second);
		else
			buf_add(buf, value + i, n);
		i += n ? n : 1;
	}
	buf_putc(buf, '"');
}

void json_object_begin(struct json *json)
{
	begin_level(json, true);
}

void json_object_end(struct json *json)
{
	end_level(json, true);
}

void json_array_begin(struct json *json)
{
	begin_level(json, false);
}

void json_array_end(struct json *json)
{
	end_level(json, false);
}

void json_key(struct json *json, const char *key)
{
	assert(json->is_object[json->depth] && !json->after_key);
	if (json->has_value[json->depth])
		buf_putc(json->buf, ',');
	json->has_value[json->depth] = true;
	json->after_key = true;
	put_string(json->buf, key);
	buf_putc(json->buf, ':');
}

void json_string(struct json *json, const char *value)
{
	if (!value) {
		json_null(json);
		return;
	}
	begin_value(json);
	put_string(json->buf, value);
}

void json_uint(struct json *json, uint64_t value)
{
	begin_value(json);
	buf_printf(json->buf, "%" PRIu64, value);
}

void json_int(struct json *json, int64_t value)
{
	begin_value(json);
	buf_printf(json->buf, "%" PRId64, value);
}

void json_bool(struct json *json, bool value)
{
	begin_value(json);
	buf_puts(json->buf, value ? "true" : "false");
}

void json_null(struct json *json)
{
	begin_value(json);
	buf_puts(json->buf, "null");
}
