/* SPDX-License-Identifier: MIT */
/*
 * pattern.c - paths in order, and paths with '*'.
 *
 * The order is what makes work on many paths linear: with the paths under a directory right
 * behind it, a walk needs a stack of the directories that it is in, and nothing else.
 *
 * Patterns are matched component by component against text; nothing is looked up. What a
 * denial means rests on it, so a doubt counts as a match there: "**" meets every directory, and
 * '*' takes names that begin with a dot (a grant's does not: launch/globs.c).
 *
 * Profiles that a project brings are hostile: a component is matched in time linear in the name
 * but for the last '*', and a pattern of many "**" costs at most their number times the depth,
 * since only the last one is tried again.
 */
#include "plan/pattern.h"

#include <string.h>

int path_order(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	if (*a == *b)
		return 0;
	if (!*a || !*b)
		return *a ? 1 : -1;
	if (*a == '/' || *b == '/')
		return *a == '/' ? -1 : 1;
	return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
}

size_t pattern_fixed(const char *pattern)
{
	const char *star = strchr(pattern, '*');
	size_t len = star ? (size_t)(star - pattern) : strlen(pattern);

	while (star && len > 0 && pattern[len - 1] != '/')
		len--;
	while (len > 0 && pattern[len - 1] == '/')
		len--;
	return len;
}

bool pattern_copy_fixed(const char *pattern, char ret[PATH_MAX])
{
	size_t len = pattern_fixed(pattern);

	if (len == 0 || len >= PATH_MAX)
		return false;
	memcpy(ret, pattern, len);
	ret[len] = '\0';
	return true;
}

bool pattern_fits(const char *pattern, size_t len, const char *name, size_t name_len,
		  bool takes_dots)
{
	const char *end = pattern + len, *name_end = name + name_len;
	const char *star = NULL, *retry = NULL;

	if (!takes_dots && name_len && name[0] == '.' && (!len || pattern[0] != '.'))
		return false;
	/* on a mismatch the last '*' takes one byte more: what an earlier one took could only
	 * have been shorter */
	while (name < name_end) {
		if (pattern < end && *pattern == '*') {
			star = ++pattern;
			retry = name;
		} else if (pattern < end && *pattern == *name) {
			pattern++;
			name++;
		} else if (star) {
			pattern = star;
			name = ++retry;
		} else {
			return false;
		}
	}
	while (pattern < end && *pattern == '*')
		pattern++;
	return pattern == end;
}

/* The component that a path goes on with: its start, and its length; 0 at the end. */
static const char *component(const char *path, size_t *ret_len)
{
	path += strspn(path, "/");
	*ret_len = strcspn(path, "/");
	return path;
}

static bool is_any_depth(const char *pattern, size_t len)
{
	return len == 2 && pattern[0] == '*' && pattern[1] == '*';
}

/*
 * Matches components until the pattern or the path ends. True if none was in the way: then
 * *ret_pattern and *ret_path are what is left of each. A path's end is left where the pattern
 * has only begun a "**".
 */
static bool match(const char *pattern, const char *path, const char **ret_pattern,
		  const char **ret_path)
{
	const char *after = NULL, *retry = NULL;

	for (;;) {
		size_t pattern_len, len;
		const char *want = component(pattern, &pattern_len);
		const char *name = component(path, &len);

		if (!pattern_len || !len) {
			*ret_pattern = want;
			*ret_path = name;
			return true;
		}
		if (is_any_depth(want, pattern_len)) {
			after = pattern = want + pattern_len;
			retry = path;
		} else if (pattern_fits(want, pattern_len, name, len, true)) {
			pattern = want + pattern_len;
			path = name + len;
		} else if (after) {
			/* the last "**" takes one directory more */
			name = component(retry, &len);
			retry = path = name + len;
			pattern = after;
		} else {
			return false;
		}
	}
}

/* True if a pattern's rest asks for nothing any more: "" or "**" alone. */
static bool is_done(const char *rest)
{
	size_t len;

	for (rest = component(rest, &len); len; rest = component(rest + len, &len))
		if (!is_any_depth(rest, len))
			return false;
	return true;
}

bool pattern_covers(const char *pattern, const char *path)
{
	const char *pattern_rest, *path_rest;

	return match(pattern, path, &pattern_rest, &path_rest) && is_done(pattern_rest);
}

bool pattern_meets(const char *pattern, const char *path, bool is_directory)
{
	const char *pattern_rest, *path_rest;

	if (!match(pattern, path, &pattern_rest, &path_rest))
		return false;
	return is_directory || is_done(pattern_rest);
}
