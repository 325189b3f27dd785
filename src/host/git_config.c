/* SPDX-License-Identifier: MIT */
/*
 * git_config.c - git's configuration files and pointer files, as text.
 *
 * After git-config(1), "Configuration File", and gitrepository-layout(5). Not for using the
 * settings: only to see which files of a project they name. So what is odd is read in the way
 * that finds more. The bytes may be an enemy's: each loop here moves on, and names and values
 * that are longer than their room are cut to nothing.
 */
#include "host/git_config.h"

#include <stdbool.h>
#include <string.h>

struct reader {
	const char *at, *end;
	char section[GIT_CONFIG_NAME_MAX], subsection[GIT_CONFIG_NAME_MAX];
	char key[GIT_CONFIG_NAME_MAX], value[GIT_CONFIG_VALUE_MAX];
};

/* Text that grows up to a size; what does not fit makes all of it "". */
struct text {
	char *to;
	size_t len, size;
	bool is_cut;
};

static void put(struct text *text, char c)
{
	if (text->len + 1 < text->size && c)
		text->to[text->len++] = c;
	else
		text->is_cut = true;
}

static void finish(struct text *text, size_t len)
{
	text->to[text->is_cut ? 0 : len] = '\0';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static bool is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-';
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static void skip_blanks(struct reader *reader)
{
	while (reader->at < reader->end && is_blank(*reader->at))
		reader->at++;
}

static void skip_line(struct reader *reader)
{
	while (reader->at < reader->end && *reader->at != '\n')
		reader->at++;
}

static void read_name(struct reader *reader, char *ret, const char *also)
{
	struct text text = { .to = ret, .size = GIT_CONFIG_NAME_MAX };

	for (;
	     reader->at < reader->end && (is_name(*reader->at) || (*also && *reader->at == *also));
	     reader->at++)
		put(&text, lower(*reader->at));
	finish(&text, text.len);
}

/* [section], [section "subsection"] or, as it was once, [section.subsection] */
static void read_section(struct reader *reader)
{
	struct text text = { .to = reader->subsection, .size = sizeof(reader->subsection) };
	char *dot;

	reader->at++;
	skip_blanks(reader);
	read_name(reader, reader->section, ".");
	dot = strchr(reader->section, '.');
	if (dot) {
		*dot = '\0';
		for (dot++; *dot; dot++)
			put(&text, *dot);
	}
	skip_blanks(reader);
	if (reader->at < reader->end && *reader->at == '"') {
		text.len = 0;
		for (reader->at++;
		     reader->at < reader->end && *reader->at != '"' && *reader->at != '\n';
		     reader->at++) {
			if (*reader->at == '\\' && reader->at + 1 < reader->end &&
			    reader->at[1] != '\n')
				reader->at++;
			put(&text, *reader->at);
		}
	}
	finish(&text, text.len);
	while (reader->at < reader->end && *reader->at != ']' && *reader->at != '\n')
		reader->at++;
	if (reader->at < reader->end && *reader->at == ']')
		reader->at++;
}

/* Behind a backslash: the character that it stands for, 0 for none (the line goes on). */
static char read_escape(struct reader *reader)
{
	char c = reader->at < reader->end ? *reader->at : '\n';

	if (c == '\r' && reader->at + 1 < reader->end && reader->at[1] == '\n') {
		reader->at++;
		c = '\n';
	}
	switch (c) {
	case '\n':
		return '\0';
	case 't':
		return '\t';
	case 'n':
		return '\n';
	case 'b':
		return '\b';
	default:
		return c;
	}
}

static void read_value(struct reader *reader)
{
	struct text text = { .to = reader->value, .size = sizeof(reader->value) };
	size_t len = 0; /* without the blanks at the end */
	bool is_quoted = false;

	skip_blanks(reader);
	for (; reader->at < reader->end && *reader->at != '\n'; reader->at++) {
		char c = *reader->at;

		if (!is_quoted && (c == '#' || c == ';')) {
			skip_line(reader);
			break;
		}
		if (c == '"') {
			is_quoted = !is_quoted;
			len = text.len;
			continue;
		}
		if (c == '\\') {
			reader->at++;
			c = read_escape(reader);
			if (c) {
				put(&text, c);
				len = text.len;
			}
			if (reader->at >= reader->end)
				break;
			continue;
		}
		put(&text, c);
		if (is_quoted || !is_blank(c))
			len = text.len;
	}
	finish(&text, len);
}

int git_config_read(const char *text, size_t len,
		    int (*found)(void *context, const struct git_config_item *item), void *context)
{
	static const char mark[] = "\xef\xbb\xbf"; /* an editor's, which git passes over, too */
	struct reader reader = { .at = text, .end = text + len };
	int r = 0;

	if (len >= sizeof(mark) - 1 && !memcmp(text, mark, sizeof(mark) - 1))
		reader.at += sizeof(mark) - 1;
	while (r == 0 && reader.at < reader.end) {
		const struct git_config_item item = { .section = reader.section,
						      .subsection = reader.subsection,
						      .key = reader.key,
						      .value = reader.value };
		char c = *reader.at;

		if (c == '[') {
			read_section(&reader);
		} else if (is_name(c)) {
			read_name(&reader, reader.key, "");
			skip_blanks(&reader);
			reader.value[0] = '\0';
			if (reader.at < reader.end && *reader.at == '=') {
				reader.at++;
				read_value(&reader);
			} else {
				skip_line(&reader);
			}
			r = found(context, &item);
		} else if (c == '\n' || is_blank(c)) {
			reader.at++;
		} else {
			skip_line(&reader);
		}
	}
	return r;
}

const char *git_pointer_read(const char *text, size_t len, const char *prefix, size_t *ret_len)
{
	size_t prefix_len = strlen(prefix);

	if (len < prefix_len || memcmp(text, prefix, prefix_len) != 0)
		return NULL;
	text += prefix_len;
	len -= prefix_len;
	/* as git: a NUL is the end, and so are the line ends behind the path */
	if (memchr(text, '\0', len))
		len = strlen(text);
	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		len--;
	*ret_len = len;
	return len ? text : NULL;
}
