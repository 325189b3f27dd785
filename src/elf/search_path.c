/* SPDX-License-Identifier: MIT */
/*
 * search_path.c - lists of directories as loaders write them.
 *
 * Tokens follow the gABI's rule as glibc reads it: "$NAME" where the name is not followed by
 * a letter, a digit or "_", or "${NAME}" exactly. "$ORIGINAL" is therefore no token, and a
 * "$" before anything else is an ordinary character.
 *
 * Paths are put together, never cleaned up: loaders hand "/a/../b" to the kernel as it is, and
 * so must we, as "a" may be a symbolic link.
 */
#include "elf/search_path.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "elf/walk.h"

/* The length of the token `name` at `text`, which follows a "$"; 0: it is not there. */
static size_t token_length(const char *text, const char *name)
{
	size_t len = strlen(name);
	bool is_curly = text[0] == '{';
	char after;

	if (strncmp(text + is_curly, name, len) != 0)
		return 0;
	after = text[is_curly + len];
	if (is_curly)
		return after == '}' ? len + 2 : 0;
	return isalnum((unsigned char)after) || after == '_' ? 0 : len;
}

bool path_has_token(const char *text, const char *name)
{
	for (const char *p = strchr(text, '$'); p; p = strchr(p + 1, '$'))
		if (token_length(p + 1, name))
			return true;
	return false;
}

/*
 * What the token after a "$" stands for, and its length: 0 if there is none. Counts or copies:
 * both runs of path_expand ask here.
 */
static size_t find_token(const char *text, const struct path_tokens *tokens, const char **ret_value)
{
	const struct {
		const char *name, *value;
	} known[] = {
		{ "ORIGIN", tokens->origin },
		{ "PLATFORM", tokens->platform },
		{ "LIB", tokens->lib },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		size_t len = token_length(text, known[i].name);

		if (len) {
			*ret_value = known[i].value;
			return len;
		}
	}
	return 0;
}

/* One run over the text: to `out` if there is one. The length; SIZE_MAX if a token is unknown. */
static size_t expand(const char *text, const struct path_tokens *tokens, char *out)
{
	size_t n = 0;

	while (*text) {
		const char *value = NULL;
		size_t len = *text == '$' ? find_token(text + 1, tokens, &value) : 0;

		if (len && !value)
			return SIZE_MAX;
		if (!len) {
			if (out)
				out[n] = *text;
			n++, text++;
			continue;
		}
		if (out)
			memcpy(out + n, value, strlen(value));
		n += strlen(value);
		text += 1 + len;
	}
	return n;
}

const char *path_expand(struct arena *arena, const char *text, const struct path_tokens *tokens)
{
	size_t len;
	char *out;

	if (!strchr(text, '$'))
		return text;
	len = expand(text, tokens, NULL);
	if (len >= PATH_MAX) /* SIZE_MAX too: no such file, either way */
		return "";
	out = arena_alloc(arena, len + 1);
	if (out)
		(void)expand(text, tokens, out);
	return out;
}

const char *path_next(const char **list, const char *separators, size_t *ret_len)
{
	const char *start = *list;

	*ret_len = strcspn(start, separators);
	*list = start[*ret_len] ? start + *ret_len + 1 : NULL;
	return start;
}

int path_join(char ret_path[PATH_MAX], const char *workdir, const char *dir, const char *name)
{
	int n;

	if (dir[0] == '/' && !*name)
		return walk_join(ret_path, NULL, dir);
	if (dir[0] == '/')
		n = snprintf(ret_path, PATH_MAX, "%s%s%s", dir,
			     name[0] && dir[strlen(dir) - 1] != '/' ? "/" : "", name);
	else
		n = snprintf(ret_path, PATH_MAX, "%s%s%s%s%s", workdir,
			     workdir[strlen(workdir) - 1] == '/' ? "" : "/", dir,
			     dir[0] && name[0] ? "/" : "", name);
	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

const char *path_dir(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash > path ? arena_strndup(arena, path, (size_t)(slash - path)) : "/";
}

const char *path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}
