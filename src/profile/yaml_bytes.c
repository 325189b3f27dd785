/* SPDX-License-Identifier: MIT */
/*
 * yaml_bytes.c - the bytes of a profile before YAML is looked for in them.
 *
 * libyaml reads more than a policy should be written in: UTF-16, line ends that editors do not show
 * (U+0085, U+2028), marks that turn the direction of writing (CVE-2021-42574: what a reviewer sees
 * is not what is read). All of that is refused here, with its place, before libyaml sees a byte; so
 * its own reader has nothing left to refuse, and lines are counted by it as by an editor.
 *
 * A UTF-8 byte order mark at the very beginning is passed over: some editors put it there, and
 * nothing can hide in it.
 */
#include "profile/yaml_parts.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "profile/yaml.h"

#define SOURCE_SHOWN 120 /* bytes of a source in a message, which must hold more than that */

/* The place must not be cut off, so a long source is; its end tells more than its beginning. */
int yaml_fail(const char *source, unsigned line, unsigned column, int errnum,
	      struct croft_error *err, const char *fmt, ...)
{
	char what[CROFT_WHAT_SIZE];
	size_t len = strlen(source);
	bool is_long = len > SOURCE_SHOWN;
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	(void)fail(err, CROFT_STAGE_PROFILE, 0, "%s%s:%u:%u: %s", is_long ? "..." : "",
		   is_long ? source + len - SOURCE_SHOWN : source, line, column, what);
	return errnum ? -errnum : fail(NULL, CROFT_STAGE_PROFILE, 0, "%s", what);
}

/* What is wrong with the character of `n` bytes that `s` begins with; NULL if nothing is. */
static const char *find_fault(const unsigned char *s, size_t n, size_t left)
{
	if (n == 0)
		return "a byte that is not UTF-8";
	if (n == 1 && s[0] == 0)
		return "a NUL byte";
	if (n == 1 && s[0] == '\r')
		return left > 1 && s[1] == '\n' ? NULL : "a carriage return without a newline";
	if (n == 1)
		return (s[0] < 0x20 && s[0] != '\t' && s[0] != '\n') || s[0] == 0x7f
			       ? "a control character"
			       : NULL;
	if (n == 2 && s[0] == 0xc2 && s[1] < 0xa0)
		return "a control character";
	/* U+2028 to U+202E, U+2066 to U+2069: as base/text.h */
	if (n == 3 && s[0] == 0xe2 &&
	    ((s[1] == 0x80 && s[2] >= 0xa8 && s[2] <= 0xae) ||
	     (s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9)))
		return "a mark that changes lines or the direction of writing";
	/* U+FEFF; U+FFFE and U+FFFF, which are no characters */
	if (n == 3 && s[0] == 0xef && s[1] == 0xbb && s[2] == 0xbf)
		return "a byte order mark inside of the text";
	if (n == 3 && s[0] == 0xef && s[1] == 0xbf && s[2] >= 0xbe)
		return "a number that is no character";
	return NULL;
}

/* UTF-16 with its mark, or so plainly ("v\0e\0") that a hint is worth more than "a NUL byte". */
static bool is_utf16(const char *data, size_t len)
{
	return len >= 2 &&
	       (!memcmp(data, "\xff\xfe", 2) || !memcmp(data, "\xfe\xff", 2) ||
		(len >= 4 && !data[0] != !data[1] && !data[2] == !data[0] && !data[3] == !data[1]));
}

/* One pass. Nearly all bytes are plain ASCII and take the short way. */
int yaml_check_bytes(const char *source, const char *data, size_t len, size_t *ret_skip,
		     struct croft_error *err)
{
	size_t skip = len >= 3 && !memcmp(data, "\xef\xbb\xbf", 3) ? 3 : 0;
	unsigned line = 1, column = 1;

	if (is_utf16(data, len))
		return yaml_fail(source, 1, 1, 0, err, "UTF-8 was expected, UTF-16 was found");
	for (size_t i = skip, n; i < len; i += n) {
		const unsigned char *s = (const unsigned char *)data + i;
		const char *fault;

		if (s[0] >= 0x20 && s[0] < 0x7f) { /* nearly all there is */
			n = 1;
			column++;
			continue;
		}
		n = text_utf8_len(data + i, len - i);
		fault = find_fault(s, n, len - i);
		if (fault)
			return yaml_fail(source, line, column, 0, err, "%s was found", fault);
		line += s[0] == '\n';
		column = s[0] == '\n' ? 1 : column + 1;
	}
	*ret_skip = skip;
	return 0;
}

const char *yaml_find_line(const char *data, size_t len, unsigned line, size_t *ret_len)
{
	const char *end = data + len, *next;

	for (; line > 1 && data; line--) {
		data = memchr(data, '\n', (size_t)(end - data));
		data = data ? data + 1 : NULL;
	}
	if (!data)
		return NULL;
	next = memchr(data, '\n', (size_t)(end - data));
	*ret_len = (size_t)((next ? next : end) - data);
	return data;
}
