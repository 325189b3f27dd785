/* SPDX-License-Identifier: MIT */
/*
 * check.h - what the fuzz harnesses share: an input cut into lines, and checks on what comes out.
 *
 * An input is text, so that the corpus can be read and written by hand: one word a line, and
 * "\n" (a backslash and an n) in a word stands for a newline. A NUL ends the input.
 *
 * The checks are written from the RFCs (3629 for UTF-8, 8259 for JSON) and from sh(1), and share
 * no code with src/base: they are the second opinion.
 */
#ifndef CROFT_TESTS_FUZZ_CHECK_H
#define CROFT_TESTS_FUZZ_CHECK_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LINES_MAX 1024
#define JSON_DEPTH_MAX 32

struct lines {
	char *text; /* owned: the words point into it */
	char *words[LINES_MAX + 1]; /* NULL-terminated */
	size_t n;
};

/* "\n" to a newline, in place. */
static inline void unescape(char *word)
{
	char *out = word;

	for (; *word; word++) {
		bool is_newline = word[0] == '\\' && word[1] == 'n';

		*out++ = is_newline ? '\n' : *word;
		word += is_newline;
	}
	*out = '\0';
}

/* False for lack of memory. What is behind LINES_MAX is left out. */
static inline bool lines_init(struct lines *lines, const uint8_t *data, size_t size)
{
	char *at;

	memset(lines, 0, sizeof(*lines));
	lines->text = malloc(size + 1);
	if (!lines->text)
		return false;
	if (size > 0)
		memcpy(lines->text, data, size);
	lines->text[size] = '\0';
	at = lines->text;
	while (*at && lines->n < LINES_MAX) {
		char *end = at + strcspn(at, "\n");
		bool is_last = !*end;

		*end = '\0';
		lines->words[lines->n++] = at;
		at = is_last ? end : end + 1;
	}
	for (size_t i = 0; i < lines->n; i++)
		unescape(lines->words[i]);
	return true;
}

static inline void lines_done(struct lines *lines)
{
	free(lines->text);
}

/* "key value" cut at the first space; NULL for a line without one. */
static inline char *cut_key(char *line)
{
	char *space = strchr(line, ' ');

	if (!space)
		return NULL;
	*space = '\0';
	return space + 1;
}

/* RFC 3629: the character that starts here, and its length; 0 if none does. */
static inline size_t decode(const char *text, size_t len, uint32_t *ret_char)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *s = (const unsigned char *)text;
	size_t n;
	uint32_t c;

	if (len == 0)
		return 0;
	n = s[0] < 0x80             ? 1
	    : (s[0] & 0xe0) == 0xc0 ? 2
	    : (s[0] & 0xf0) == 0xe0 ? 3
	    : (s[0] & 0xf8) == 0xf0 ? 4
				    : 0;
	if (n == 0 || n > len)
		return 0;
	c = n == 1 ? s[0] : s[0] & (0xffU >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3fU);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*ret_char = c;
	return n;
}

/* True if a terminal shows the character and does nothing else. */
static inline bool is_visible(uint32_t c)
{
	return c >= 0x20 && (c < 0x7f || c > 0x9f) && !(c >= 0x2028 && c <= 0x202e) &&
	       !(c >= 0x2066 && c <= 0x2069);
}

/* Valid UTF-8 of visible characters, and those of `besides`. */
static inline bool is_printable(const char *text, const char *besides)
{
	size_t len = strlen(text), n;
	uint32_t c = 0;

	for (size_t i = 0; i < len; i += n) {
		n = decode(text + i, len - i, &c);
		if (n == 0 || (!is_visible(c) && !(c < 0x80 && strchr(besides, (int)c))))
			return false;
	}
	return true;
}

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Behind a string, or NULL. */
static inline const char *skip_string(const char *at)
{
	if (*at++ != '"')
		return NULL;
	for (; *at != '"'; at++) {
		if ((unsigned char)*at < 0x20)
			return NULL;
		if (*at != '\\')
			continue;
		at++;
		if (*at == 'u') {
			for (int i = 0; i < 4; i++)
				if (!is_hex(*++at))
					return NULL;
		} else if (!*at || !strchr("\"\\/bfnrt", *at)) {
			return NULL;
		}
	}
	return at + 1;
}

/* Behind a number, a string or a word; NULL for anything else. Whole numbers are all we write. */
static inline const char *skip_scalar(const char *at)
{
	static const char *const words[] = { "true", "false", "null" };
	const char *digits;

	if (*at == '"')
		return skip_string(at);
	for (size_t i = 0; i < 3; i++)
		if (!strncmp(at, words[i], strlen(words[i])))
			return at + strlen(words[i]);
	at += *at == '-';
	for (digits = at; is_digit(*at); at++)
		;
	return at == digits || (*digits == '0' && at - digits > 1) ? NULL : at;
}

/* Valid UTF-8 without control characters, besides newlines: json.h promises no more. */
static inline bool has_no_control(const char *text)
{
	size_t len = strlen(text), n;
	uint32_t c = 0;

	for (size_t i = 0; i < len; i += n) {
		n = decode(text + i, len - i, &c);
		if (n == 0 || (c < 0x20 && c != '\n') || (c >= 0x7f && c <= 0x9f))
			return false;
	}
	return true;
}

/* One JSON value without white space, and perhaps a newline behind it. */
static inline bool is_json(const char *at)
{
	char open[JSON_DEPTH_MAX]; /* the bracket that each level waits for */
	size_t depth = 0;
	bool is_first = true; /* nothing yet in this level */

	if (!has_no_control(at))
		return false;
	do {
		char close = depth > 0 ? open[depth - 1] : '\0';

		if (close && *at == close) {
			at++;
			depth--;
			is_first = false;
			continue;
		}
		if (close && !is_first && *at++ != ',')
			return false;
		if (close == '}') {
			at = skip_string(at);
			if (!at || *at++ != ':')
				return false;
		}
		is_first = *at == '{' || *at == '[';
		if (is_first) {
			if (depth == JSON_DEPTH_MAX)
				return false;
			open[depth++] = *at++ == '{' ? '}' : ']';
		} else {
			at = skip_scalar(at);
			if (!at)
				return false;
		}
	} while (depth > 0);
	at += *at == '\n';
	return !*at;
}

/* Absolute, shorter than PATH_MAX, no "//", no "." or ".." component. */
static inline bool is_clean_path(const char *path)
{
	if (path[0] != '/' || strlen(path) >= 4096)
		return false;
	for (const char *p = path; *p;) {
		size_t len = strcspn(p + 1, "/");

		if (len == 0 && p[1])
			return false;
		if (p[1] == '.' && (len == 1 || (len == 2 && p[2] == '.')))
			return false;
		p += len + 1;
	}
	return true;
}

#endif
