/* SPDX-License-Identifier: MIT */
/*
 * fuzz_git.c - git's settings and pointer files, written by an enemy.
 *
 * Beside memory errors, it looks for a setting that is not in the text, for more settings than
 * there are bytes, for a name that git would not take, for a text that hides the setting that
 * stands behind it, and for a pointer that is not a part of its file.
 */
#include <assert.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/git_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	const char *text;
	size_t size, n;
	bool has_last;
};

static bool is_in(const struct seen *seen, const char *key)
{
	size_t len = strlen(key);

	for (size_t at = 0; at + len <= seen->size; at++) {
		size_t i = 0;

		while (i < len && tolower((unsigned char)seen->text[at + i]) == key[i])
			i++;
		if (i == len)
			return true;
	}
	return false;
}

static bool is_name(const char *text)
{
	for (; *text; text++)
		if (!(*text >= 'a' && *text <= 'z') && !(*text >= '0' && *text <= '9') &&
		    *text != '-')
			return false;
	return true;
}

static int take(void *context, const struct git_config_item *item)
{
	struct seen *seen = context;

	seen->n++;
	assert(is_name(item->section) && is_name(item->key));
	assert(is_in(seen, item->key));
	assert(strlen(item->section) < GIT_CONFIG_NAME_MAX);
	assert(strlen(item->subsection) < GIT_CONFIG_NAME_MAX);
	assert(strlen(item->value) < GIT_CONFIG_VALUE_MAX);
	seen->has_last |= !strcmp(item->section, "core") && !strcmp(item->key, "hookspath") &&
			  !strcmp(item->value, "last");
	return 0;
}

static void fuzz_pointer(const char *text, size_t size)
{
	static const char *const prefixes[] = { "gitdir: ", "" };

	for (size_t i = 0; i < 2; i++) {
		size_t len = 0;
		const char *path = git_pointer_read(text, size, prefixes[i], &len);

		if (!path)
			continue;
		assert(len > 0 && path >= text && path + len <= text + size);
		assert(!memchr(path, '\0', len));
		assert(path[len - 1] != '\n' && path[len - 1] != '\r');
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char last[] = "\n\n[core]\nhooksPath = last\n";
	char *text = malloc(size + sizeof(last));
	struct seen seen = { .text = text, .size = size };

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	/* a NUL behind: a pointer with a NUL in it is read as git's text */
	text[size] = '\0';
	fuzz_pointer(text, size);
	/* a quote that is not closed, or a line that goes on, ends at an empty line */
	memcpy(text + size, last, sizeof(last) - 1);
	seen.size = size + sizeof(last) - 1;
	assert(git_config_read(text, seen.size, take, &seen) == 0);
	assert(seen.has_last);
	assert(seen.n <= seen.size);
	free(text);
	/* without room behind, so that reading one byte too far is seen */
	text = malloc(size ? size : 1);
	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	seen = (struct seen){ .text = text, .size = size };
	assert(git_config_read(text, size, take, &seen) == 0);
	free(text);
	return 0;
}
