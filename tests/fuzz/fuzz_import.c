/* SPDX-License-Identifier: MIT */
/*
 * fuzz_import.c - settings of other launchers: the first line names the format, the rest is JSON.
 *
 * Beside memory errors, it looks for entries that no profile could hold (a key without a value,
 * rights that do not exist, a '..' in a path), and for a failure that is not described.
 */
#include <assert.h>
#include <string.h>

#include "import/import.h"
#include "profile/profile.h"
#include "sys/abi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef int (*reader)(struct import *import, json_t *root, struct croft_error *err);

static reader find_reader(const char *text, size_t len)
{
	if (len == 3 && !memcmp(text, "srt", 3))
		return import_srt;
	if (len == 6 && !memcmp(text, "claude", 6))
		return import_claude;
	return len == 14 && !memcmp(text, "landlockconfig", 14) ? import_landlockconfig : NULL;
}

static void check_entry(const struct entry *entry)
{
	uint64_t all = (1ULL << n_right_names) - 1;

	assert(entry->key < KEY_MAX);
	assert(schema_keys[entry->key].type != SCHEMA_MAP);
	assert(entry->value);
	assert((entry->key == KEY_FILES_RIGHTS) == (entry->rights != 0));
	assert(!(entry->rights & ~all));
	assert(!!entry->name == (entry->key == KEY_ENVIRONMENT_SET || entry->key == KEY_REQUIRE));
	if (schema_keys[entry->key].type != SCHEMA_PATHS &&
	    schema_keys[entry->key].type != SCHEMA_RIGHTS)
		return;
	assert(strlen(entry->value) < PROFILE_MAX_PATH + sizeof("optional:"));
	for (const char *p = entry->value; p; p = strchr(p + 1, '/'))
		assert(strncmp(p, "/../", 4) && strcmp(p, "/.."));
}

static void read_with(reader read, json_t *root)
{
	struct croft_error err = { 0 };
	struct import import = { .file = "settings.json" };
	struct arena arena;
	int r;

	arena_init(&arena, 8U << 20);
	import.arena = &arena;
	r = read(&import, root, &err);
	/* the arena's end is the only failure without words: main() has some for it */
	assert(r <= 0);
	if (r == 0)
		for (size_t i = 0; i < import.n_entries; i++)
			check_entry(&import.entries[i]);
	for (size_t i = 0; i < import.n_lost; i++)
		assert(*import.lost[i]);
	arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	const char *end = size ? memchr(text, '\n', size) : NULL;
	reader read = end ? find_reader(text, (size_t)(end - text)) : NULL;
	json_t *root;

	if (!read)
		return 0;
	root = json_loadb(end + 1, size - (size_t)(end + 1 - text), JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(root))
		read_with(read, root);
	json_decref(root);
	return 0;
}
