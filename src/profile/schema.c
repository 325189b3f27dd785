/* SPDX-License-Identifier: MIT */
/*
 * schema.c - what may stand in a profile file: the table, and the way into it.
 *
 * The rows are not written here but on the pages of docs/keys: what a reader of the manual page is
 * told and what a file is checked against come from one text. This file adds to them only the words
 * for types, and the search for one key among its neighbours.
 *
 * A row belongs to the mapping that its path names before the last dot. "version" and "profiles"
 * belong to the top of a file and to no profile, so the search does not find them.
 */
#include "profile/schema.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/cleanup.h"
#include "profile/profile.h"
#include "profile/sets.h"

#undef SCHEMA
/* clang-format off */
#define SCHEMA(id, path, type, words, n_words, max, fallback, since, help) \
	[KEY_##id] = { path, type, words, n_words, max, fallback, since, help },
/* clang-format on */
const struct schema_key schema_keys[KEY_MAX] = {
#include "schema.def"
};

static const char *const type_texts[] = {
	[SCHEMA_MAP] = "a mapping",
	[SCHEMA_PROFILES] = "a mapping of profiles",
	[SCHEMA_TEXT] = "a text",
	[SCHEMA_TEXTS] = "a list of texts",
	[SCHEMA_PATH] = "a path",
	[SCHEMA_PATHS] = "a list of paths",
	[SCHEMA_PORTS] = "a list of ports",
	[SCHEMA_WORD] = "a known word",
	[SCHEMA_WORDS] = "a list of known words",
	[SCHEMA_BOOL] = "true or false",
	[SCHEMA_COUNT] = "a number",
	[SCHEMA_COUNTS] = "a list of numbers",
	[SCHEMA_SIZE] = "a size such as 512MiB or 4GiB",
	[SCHEMA_TIME] = "a time such as 500ms, 90s or 30m",
	[SCHEMA_VARIABLES] = "a mapping of variables",
	[SCHEMA_REQUIRE] = "a mapping of protections",
	[SCHEMA_RIGHTS] = "a list of mappings of 'paths' and 'allow'",
};
static_assert(ARRAY_SIZE(type_texts) == SCHEMA_TYPE_MAX, "a text for each type");

const char *schema_type_text(enum schema_type type)
{
	return type_texts[type];
}

/* The last part of the row's path if the row belongs to the mapping, else NULL. */
static const char *name_in(enum schema_id id, const char *parent)
{
	const char *path = schema_keys[id].path;
	size_t len = strlen(parent);

	if (id == KEY_VERSION || id == KEY_PROFILES)
		return NULL;
	if (len == 0)
		return strchr(path, '.') ? NULL : path;
	return !strncmp(path, parent, len) && path[len] == '.' ? path + len + 1 : NULL;
}

int schema_find(const char *parent, const char *name, const char **ret_nearest)
{
	struct name siblings[KEY_MAX] = { { NULL, NULL } };

	for (size_t i = 0; i < KEY_MAX; i++) {
		siblings[i].name = name_in((enum schema_id)i, parent);
		if (siblings[i].name && !strcmp(siblings[i].name, name))
			return (int)i;
	}
	*ret_nearest = names_nearest(siblings, KEY_MAX, name);
	return -ENOENT;
}
