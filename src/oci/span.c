/* SPDX-License-Identifier: MIT */
/*
 * span.c - skips over JSON values.
 *
 * Brackets are counted and strings passed over; which bracket closes which was seen by jansson.
 * Each step stays within the span that it was given.
 */
#include "oci/span.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

static size_t skip_blanks(const char *text, size_t at, size_t end)
{
	while (at < end &&
	       (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r'))
		at++;
	return at;
}

/* Behind the closing quote of the string at `at`; 0: there is none. */
static size_t skip_string(const char *text, size_t at, size_t end)
{
	for (at++; at < end; at++) {
		if (text[at] == '\\')
			at++;
		else if (text[at] == '"')
			return at + 1;
	}
	return 0;
}

static size_t skip_nested(const char *text, size_t at, size_t end)
{
	size_t depth = 0;

	while (at < end) {
		char c = text[at];

		if (c == '"') {
			at = skip_string(text, at, end);
			if (!at)
				return 0;
			continue;
		}
		at++;
		if (c == '{' || c == '[')
			depth++;
		else if ((c == '}' || c == ']') && --depth == 0)
			return at;
	}
	return 0;
}

static size_t skip_value(const char *text, size_t at, size_t end)
{
	size_t start = at;

	if (at >= end)
		return 0;
	if (text[at] == '"')
		return skip_string(text, at, end);
	if (text[at] == '{' || text[at] == '[')
		return skip_nested(text, at, end);
	while (at < end && !memchr(",}] \t\r\n", text[at], 7))
		at++;
	return at > start ? at : 0;
}

/* 1: the key between the quotes is the one looked for; -EINVAL: somebody may take it for that. */
static int compare_key(const char *found, size_t len, const char *key)
{
	for (size_t i = 0; i < len; i++) {
		if (found[i] == '\\' || (unsigned char)found[i] >= 0x80)
			return -EINVAL;
	}
	if (strlen(key) != len || strncasecmp(found, key, len) != 0)
		return 0;
	return memcmp(found, key, len) == 0 ? 1 : -EINVAL;
}

int span_whole(const char *text, size_t len, struct span *ret_value)
{
	size_t start = skip_blanks(text, 0, len);
	size_t end = skip_value(text, start, len);

	if (!end)
		return -EINVAL;
	*ret_value = (struct span){ start, end };
	return 0;
}

int span_member(const char *text, struct span object, const char *key, struct span *ret_value)
{
	size_t at = object.start, end = object.end;
	bool is_found = false;

	if (at >= end || text[at] != '{')
		return -ENOTDIR;
	end--; /* the closing bracket */
	at = skip_blanks(text, at + 1, end);
	while (at < end) {
		size_t name = at + 1, behind = skip_string(text, at, end), value;
		int r;

		if (text[at] != '"' || !behind)
			return -EINVAL;
		r = compare_key(text + name, behind - 1 - name, key);
		at = skip_blanks(text, behind, end);
		if (r < 0 || at >= end || text[at] != ':')
			return -EINVAL;
		value = skip_blanks(text, at + 1, end);
		at = skip_value(text, value, end);
		if (!at || (r && is_found))
			return -EINVAL;
		if (r)
			*ret_value = (struct span){ value, at };
		is_found |= r;
		at = skip_blanks(text, at, end);
		if (at < end && text[at] != ',')
			return -EINVAL;
		at = at < end ? skip_blanks(text, at + 1, end) : at;
	}
	return is_found ? 0 : -ENOENT;
}
