/* SPDX-License-Identifier: MIT */
/*
 * json_check.h - is a text one JSON value (RFC 8259), and valid UTF-8? Says yes or no, and no more:
 * what the writer wrote is compared as text elsewhere.
 */
#ifndef CROFT_TESTS_UNIT_JSON_CHECK_H
#define CROFT_TESTS_UNIT_JSON_CHECK_H

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/text.h"

#define JSON_CHECK_DEPTH 32

static inline const char *json_skip_string(const char *p)
{
	for (p++; *p != '"'; p++) {
		if ((unsigned char)*p < 0x20)
			return NULL;
		if (*p != '\\')
			continue;
		p++;
		if (*p == 'u') {
			for (int i = 1; i <= 4; i++)
				if (!isxdigit((unsigned char)p[i]))
					return NULL;
			p += 4;
		} else if (!*p || !strchr("\"\\/bfnrt", *p)) {
			return NULL;
		}
	}
	return p + 1;
}

static inline const char *json_skip_plain(const char *p)
{
	static const char *const words[] = { "true", "false", "null" };
	const char *start = p;

	for (int i = 0; i < 3; i++)
		if (!strncmp(p, words[i], strlen(words[i])))
			return p + strlen(words[i]);
	p += *p == '-';
	p += strspn(p, "0123456789");
	return p > start && isdigit((unsigned char)p[-1]) ? p : NULL;
}

static inline const char *json_skip_value(const char *p, int depth);

/* Behind the opening bracket: members or elements up to `end`. */
static inline const char *json_skip_list(const char *p, char end, int depth)
{
	bool is_object = end == '}';

	if (*p == end)
		return p + 1;
	for (;; p++) {
		if (is_object) {
			p = *p == '"' ? json_skip_string(p) : NULL;
			if (!p || *p++ != ':')
				return NULL;
		}
		p = json_skip_value(p, depth + 1);
		if (!p || (*p != ',' && *p != end))
			return NULL;
		if (*p == end)
			return p + 1;
	}
}

static inline const char *json_skip_value(const char *p, int depth)
{
	if (depth > JSON_CHECK_DEPTH)
		return NULL;
	if (*p == '"')
		return json_skip_string(p);
	if (*p == '{' || *p == '[')
		return json_skip_list(p + 1, *p == '{' ? '}' : ']', depth);
	return json_skip_plain(p);
}

/* One value and a newline, without blanks between. */
static inline bool json_is_valid(const char *text)
{
	const char *end = text_is_utf8(text, strlen(text)) ? json_skip_value(text, 0) : NULL;

	return end && !strcmp(end, "\n");
}

#endif
