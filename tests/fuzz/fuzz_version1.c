/* SPDX-License-Identifier: MIT */
/*
 * fuzz_version1.c - profile files of version 1, as anybody may have written them.
 *
 * fuzz_yaml asks about the bytes and the tree. Here it is what the profiles come to: no right that
 * the file does not grant, nothing that grants but a path of a group, a path that the loader takes
 * for nothing but a name or the home; and a profile that is printed is the same one when it is
 * read.
 */
#include <errno.h>

#include "base/buf.h"
#include "cli/front_ai_sandbox_print.h"
#include "profile/load.h"
#include "profile/version1.h"

#include "check.h"

#define SOURCE "fuzz.yaml"
#define ARENA_MAX (32U << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* The group of that name: its rights. */
static unsigned rights_of(const struct version1_profile *profile, const char *name)
{
	for (size_t i = 0; i < profile->n_groups; i++)
		if (!strcmp(profile->groups[i].name, name))
			return profile->groups[i].rights;
	abort();
}

static void check_entry(const struct version1_profile *profile, const struct entry *entry)
{
	unsigned rights;

	if (entry->key == KEY_REQUIRE) {
		assert(!strcmp(entry->value, "off"));
		/* files, exec, descriptors and environment are nobody's to put off */
		assert(strcmp(entry->name, "files") != 0 && strcmp(entry->name, "exec") != 0);
		assert(strcmp(entry->name, "descriptors") != 0);
		assert(strcmp(entry->name, "environment") != 0);
		return;
	}
	if (entry->key != KEY_FILES_RIGHTS) {
		assert(entry->rights == 0);
		assert(entry->key == KEY_DESCRIPTION || entry->key == KEY_ENVIRONMENT_ALL ||
		       entry->key == KEY_ENVIRONMENT_SET || entry->key == KEY_COMMAND_PROGRAM ||
		       entry->key == KEY_COMMAND_ARGS || entry->key == KEY_COMMAND_DIRECTORY);
		return;
	}
	rights = rights_of(profile, entry->name);
	assert(rights != 0 && entry->rights == version1_access(rights));
	if (!(rights & 1U << VERSION1_WRITE_FILE))
		assert(!(entry->rights & ~0x403dULL)); /* read, list, execute, remove, truncate */
	assert(!strncmp(entry->value, "optional:", 9));
	assert(strncmp(entry->value + 9, "optional:", 9) != 0 && entry->value[9]);
	assert(entry->value[9] != '~' || entry->value[10] == '/');
}

static void check_made(const struct document_profile *a, const struct document_profile *b)
{
	assert(is_same(a->name, b->name) && a->n_entries == b->n_entries);
	for (size_t i = 0; i < a->n_entries; i++)
		assert(a->entries[i].key == b->entries[i].key &&
		       is_same(a->entries[i].name, b->entries[i].name) &&
		       is_same(a->entries[i].value, b->entries[i].value) &&
		       a->entries[i].rights == b->entries[i].rights);
}

/* Printed and read again; what is printed may pass a limit that the file kept. */
static void check_printed(const struct version1_profile *profile,
			  const struct document_profile *entries)
{
	AUTO_BUF struct buf buf = BUF_INIT(4 * YAML_MAX_BYTES);
	struct document again;
	struct croft_error err = { 0 };
	struct arena arena;
	int r;

	ai_print_file(&buf, profile);
	if (buf_error(&buf) < 0)
		return;
	arena_init(&arena, ARENA_MAX);
	r = document_read(SOURCE, buf_text(&buf), buf.len, &arena, &again, &err);
	assert(r == 0 || r == -EOVERFLOW);
	if (r == 0) {
		assert(again.version == 1 && again.n_profiles == 1);
		check_made(entries, &again.profiles[0]);
	}
	arena_done(&arena);
}

/* What the loader makes of it: the paths of the file, and no pattern. */
static void check_loaded(const struct document *document, const struct document_profile *entries)
{
	static const struct load_place place = { .home = "/home/ada", .workdir = "/srv/work" };
	struct profile *profile = NULL;
	struct croft_error err = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < entries->n_entries; i++)
		n += entries->entries[i].key == KEY_FILES_RIGHTS;
	if (load_document(document, entries->name, true, &place, &profile, &err) < 0) {
		assert(*err.what && !profile);
		return;
	}
	assert(profile->n_grants == n && profile->n_ports == 0 && profile->n_denials == 0);
	for (size_t i = 0; i < n; i++) {
		const struct grant *grant = &profile->grants[i];

		assert(grant->path[0] == '/' && !grant->is_pattern && grant->is_optional);
		assert(grant->kinds == 0 && !grant->is_project);
	}
	profile_free(profile);
}

static void check_profile(const struct document *document, const struct yaml_node *root,
			  const struct document_profile *entries, struct arena *arena)
{
	struct version1_profile profile;
	struct document made;
	struct croft_error err = { 0 };

	if (version1_read_profile(SOURCE, root, entries->name, arena, &profile, &err) < 0 ||
	    version1_make(SOURCE, &profile, arena, &made, &err) < 0) {
		/* only the arena has an end that the reading of the whole file did not meet */
		assert(err.errnum == ENOMEM);
		return;
	}
	check_made(entries, &made.profiles[0]);
	for (size_t i = 0; i < entries->n_entries; i++)
		check_entry(&profile, &entries->entries[i]);
	check_printed(&profile, entries);
	check_loaded(document, entries);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct document document;
	struct croft_error err = { 0 };
	struct yaml_node *root;
	struct arena arena;

	arena_init(&arena, ARENA_MAX);
	if (document_read(SOURCE, (const char *)data, size, &arena, &document, &err) == 0 &&
	    document.version == 1 &&
	    yaml_read(SOURCE, (const char *)data, size, &arena, &root, &err) == 0)
		for (size_t i = 0; i < document.n_profiles && i < 8; i++)
			check_profile(&document, root, &document.profiles[i], &arena);
	arena_done(&arena);
	return 0;
}
