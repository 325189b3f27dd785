/* SPDX-License-Identifier: MIT */
/*
 * document.c - from the tree of a profile file to flat lists of entries.
 *
 * The tree is walked beside the schema: a mapping's key must be a row, and the row says what its
 * value must be. Nothing is known here of what a key means; a new key is a new page in docs/keys.
 *
 *	version      first, wherever it stands: it says which schema holds
 *	profiles     name: mapping, ...
 *	a mapping    each key looked up among the rows below its path
 *	a list       each item one entry
 *	one value    one entry (document_value.c says whether it is right)
 *
 * The first error ends the reading, and every error has a place. Entries stand in the order of the
 * file, as later ones may replace earlier ones when they are applied.
 *
 * Recursion: one call for each SCHEMA_MAP within another, of which the table has none.
 */
#include "profile/document.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "profile/document_parts.h"
#include "profile/protection.h"
#include "profile/version1.h"
#include "sys/abi.h"

#define NAME_LETTERS                                            \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_" \
	"0123456789"

/* What stands at the top of a file of version 2. */
static const struct name top_names[] = { { "version", NULL }, { "profiles", NULL } };

/* The keys of an item of files.rights: the one mapping whose keys are no rows of the schema. */
enum rights_key { RIGHTS_PATHS, RIGHTS_ALLOW, RIGHTS_MAX };

static const struct name rights_keys[RIGHTS_MAX] = {
	[RIGHTS_PATHS] = { "paths", NULL },
	[RIGHTS_ALLOW] = { "allow", NULL },
};

static int no_memory(struct croft_error *err)
{
	return fail(err, CROFT_STAGE_PROFILE, ENOMEM, "read a profile");
}

/* The texts of the tree live in the reader's arena, and so as long as the document. */
static int add_entry(struct document_reader *reader, enum schema_id id, const char *name,
		     uint64_t rights, const struct yaml_node *node)
{
	struct entry *grown = arena_grow(reader->arena, reader->entries, reader->n_entries,
					 &reader->capacity, sizeof(*grown));

	if (!grown)
		return no_memory(reader->err);
	reader->entries = grown;
	reader->entries[reader->n_entries++] = (struct entry){
		.key = id,
		.name = name,
		.value = node->text,
		.rights = rights,
		.line = node->line,
		.column = node->column,
	};
	return 0;
}

/* A list, not longer than its row allows (0: by the limits of yaml.h alone). */
static int check_list(const struct document_reader *reader, const struct yaml_node *node,
		      const char *path, const char *expected, uint64_t max)
{
	int r;

	if (node->kind != YAML_SEQUENCE) {
		r = document_unexpected(reader, node, path, expected);
		if (node->kind == YAML_SCALAR && *node->text)
			fail_hint(reader->err, "a list of one is written [%.100s]", node->text);
		return r;
	}
	if (max && node->n_children > max)
		return yaml_fail(reader->source, node->line, node->column, EOVERFLOW, reader->err,
				 "%s: at most %llu items were expected, %zu were found", path,
				 (unsigned long long)max, node->n_children);
	return 0;
}

/* Each item is one entry; an empty list is none, and says as little as an absent key. */
static int read_list(struct document_reader *reader, enum schema_id id,
		     const struct yaml_node *node)
{
	const struct schema_key *key = &schema_keys[id];
	int r = check_list(reader, node, key->path, schema_type_text(key->type), key->max);

	for (const struct yaml_node *item = node->child; item && r == 0; item = item->next) {
		r = document_check_value(reader, id, key->path, item);
		if (r == 0)
			r = add_entry(reader, id, NULL, 0, item);
	}
	return r;
}

/* `expected` is the words of the row's type, or of what stands there without a row. */
static int check_mapping(const struct document_reader *reader, const struct yaml_node *node,
			 const char *path, const char *expected)
{
	if (node->kind == YAML_MAPPING)
		return 0;
	return document_unexpected(reader, node, path, expected);
}

/* NAME: text. What is no name for a shell is a slip more often than meant: "CI=1". */
static int read_variables(struct document_reader *reader, enum schema_id id,
			  const struct yaml_node *node)
{
	const struct schema_key *key = &schema_keys[id];
	int r = check_mapping(reader, node, key->path, schema_type_text(key->type));

	if (r == 0 && key->max && node->n_children > key->max)
		return yaml_fail(reader->source, node->line, node->column, EOVERFLOW, reader->err,
				 "%s: at most %llu variables were expected, %zu were found",
				 key->path, (unsigned long long)key->max, node->n_children);
	for (const struct yaml_node *child = node->child; child && r == 0; child = child->next) {
		char path[DOCUMENT_PATH_SHOWN];

		(void)snprintf(path, sizeof(path), "%s.%s", key->path, child->key);
		if (!document_is_variable(child->key))
			return yaml_fail(reader->source, child->key_line, child->key_column, 0,
					 reader->err,
					 "%s: a variable's name was expected, '%.64s' was found",
					 key->path, child->key);
		r = document_check_value(reader, id, path, child);
		if (r == 0)
			r = add_entry(reader, id, child->key, 0, child);
	}
	return r;
}

/* There is no such key: the nearest of the words, or all of them. */
static int fail_key(const struct document_reader *reader, const struct yaml_node *node,
		    const char *parent, const struct name *words, size_t n)
{
	int r = yaml_fail(reader->source, node->key_line, node->key_column, 0, reader->err,
			  "%s%s%.64s: there is no such key", parent, *parent ? "." : "", node->key);

	document_hint_words(reader, words, n, node->key);
	return r;
}

/* Protections, and beside them "landlock", which is a number and no protection. */
static int read_require(struct document_reader *reader, enum schema_id id,
			const struct yaml_node *node)
{
	const struct schema_key *key = &schema_keys[id];
	struct name words[PROTECT_MAX + 1];
	int r = check_mapping(reader, node, key->path, schema_type_text(key->type));

	memcpy(words, protection_names, sizeof(protection_names));
	words[PROTECT_MAX] = (struct name){ "landlock", NULL };
	for (const struct yaml_node *child = node->child; child && r == 0; child = child->next) {
		char path[DOCUMENT_PATH_SHOWN];

		if (names_find(words, ARRAY_SIZE(words), child->key) < 0)
			return fail_key(reader, child, key->path, words, ARRAY_SIZE(words));
		(void)snprintf(path, sizeof(path), "%s.%s", key->path, child->key);
		r = document_check_requirement(reader, child->key, path, child);
		if (r == 0)
			r = add_entry(reader, id, child->key, 0, child);
	}
	return r;
}

/* The two keys of one item of files.rights. */
static int find_rights(const struct document_reader *reader, const struct yaml_node *item,
		       const char *path, const struct yaml_node *ret_values[RIGHTS_MAX])
{
	if (item->kind != YAML_MAPPING)
		return document_unexpected(reader, item, path, "a mapping of 'paths' and 'allow'");
	for (const struct yaml_node *child = item->child; child; child = child->next) {
		int key = names_find(rights_keys, RIGHTS_MAX, child->key);

		if (key < 0)
			return fail_key(reader, child, path, rights_keys, RIGHTS_MAX);
		ret_values[key] = child;
	}
	for (size_t i = 0; i < RIGHTS_MAX; i++)
		if (!ret_values[i] ||
		    (ret_values[i]->kind == YAML_SEQUENCE && ret_values[i]->n_children == 0))
			return yaml_fail(reader->source, item->line, item->column, 0, reader->err,
					 "%s: a list '%s' was expected, nothing was found", path,
					 rights_keys[i].name);
	return 0;
}

/* One item: each of its paths gets all of its rights. */
static int read_rights_item(struct document_reader *reader, enum schema_id id,
			    const struct yaml_node *item)
{
	const struct schema_key *key = &schema_keys[id];
	const struct yaml_node *values[RIGHTS_MAX] = { NULL, NULL };
	uint64_t rights = 0, right = 0;
	int r = find_rights(reader, item, key->path, values);

	if (r < 0)
		return r;
	assert(values[RIGHTS_PATHS] && values[RIGHTS_ALLOW]);
	r = check_list(reader, values[RIGHTS_ALLOW], "files.rights.allow", "a list of rights", 0);
	for (const struct yaml_node *node = values[RIGHTS_ALLOW]->child; node && r == 0;
	     node = node->next) {
		r = document_check_right(reader, "files.rights.allow", node, &right);
		rights |= right;
	}
	if (r == 0)
		r = check_list(reader, values[RIGHTS_PATHS], "files.rights.paths",
			       "a list of paths", key->max);
	for (const struct yaml_node *node = values[RIGHTS_PATHS]->child; node && r == 0;
	     node = node->next) {
		/* a path is a path: the row of another list of paths says how it is checked */
		r = document_check_value(reader, KEY_FILES_READ, "files.rights.paths", node);
		if (r == 0)
			r = add_entry(reader, id, NULL, rights, node);
	}
	return r;
}

/* The one list whose items are mappings. */
static int read_rights(struct document_reader *reader, enum schema_id id,
		       const struct yaml_node *node)
{
	const struct schema_key *key = &schema_keys[id];
	int r = check_list(reader, node, key->path, schema_type_text(key->type), key->max);

	for (const struct yaml_node *item = node->child; item && r == 0; item = item->next)
		r = read_rights_item(reader, id, item);
	return r;
}

static int read_scalar(struct document_reader *reader, enum schema_id id, const char *path,
		       const struct yaml_node *node)
{
	int r = document_check_value(reader, id, path, node);

	return r < 0 ? r : add_entry(reader, id, NULL, 0, node);
}

/* The rows of one mapping, as words. */
static void list_keys(const char *parent, struct name *words)
{
	const char *nearest = NULL;

	for (size_t i = 0; i < KEY_MAX; i++) {
		const char *dot = strrchr(schema_keys[i].path, '.');
		const char *last = dot ? dot + 1 : schema_keys[i].path;

		words[i] = (struct name){ NULL, NULL };
		if (schema_find(parent, last, &nearest) == (int)i)
			words[i].name = last;
	}
}

/* An unknown key that would be known elsewhere is worth more than the nearest word. */
static int fail_unknown(const struct document_reader *reader, const char *parent,
			const struct yaml_node *node)
{
	struct name words[KEY_MAX];
	int r;

	list_keys(parent, words);
	r = fail_key(reader, node, parent, words, KEY_MAX);
	if (names_nearest(words, KEY_MAX, node->key))
		return r;
	for (size_t i = 0; i < KEY_MAX; i++) {
		const char *dot = strrchr(schema_keys[i].path, '.');

		if (i == KEY_VERSION || i == KEY_PROFILES) {
			if (!strcmp(node->key, schema_keys[i].path))
				fail_hint(reader->err, "'%s' stands at the top of the file",
					  node->key);
		} else if (!strcmp(node->key, dot ? dot + 1 : schema_keys[i].path)) {
			fail_hint(reader->err, "did you mean '%s'?", schema_keys[i].path);
		}
	}
	return r;
}

static int read_mapping(struct document_reader *reader, const char *parent,
			const struct yaml_node *node);

/* One key of a mapping with its value, by the row's type. */
static int read_key(struct document_reader *reader, enum schema_id id, const struct yaml_node *node)
{
	const struct schema_key *key = &schema_keys[id];
	int r;

	switch (key->type) {
	case SCHEMA_MAP:
		/* "syscalls: strict" is short for its mode */
		if (id == KEY_SYSCALLS && node->kind == YAML_SCALAR && !document_is_nothing(node))
			return read_scalar(reader, KEY_SYSCALLS_MODE, key->path, node);
		r = check_mapping(reader, node, key->path, schema_type_text(key->type));
		return r < 0 ? r : read_mapping(reader, key->path, node);
	case SCHEMA_VARIABLES:
		return read_variables(reader, id, node);
	case SCHEMA_REQUIRE:
		return read_require(reader, id, node);
	case SCHEMA_RIGHTS:
		return read_rights(reader, id, node);
	case SCHEMA_TEXTS:
	case SCHEMA_PATHS:
	case SCHEMA_PORTS:
	case SCHEMA_WORDS:
	case SCHEMA_COUNTS:
		return read_list(reader, id, node);
	default:
		return read_scalar(reader, id, key->path, node);
	}
}

/* A mapping whose keys are the rows below `parent`, in the order in which the file has them. */
static int read_mapping(struct document_reader *reader, const char *parent,
			const struct yaml_node *node)
{
	for (const struct yaml_node *child = node->child; child; child = child->next) {
		const char *nearest = NULL;
		int id = schema_find(parent, child->key, &nearest), r;

		if (id < 0)
			return fail_unknown(reader, parent, child);
		r = read_key(reader, (enum schema_id)id, child);
		if (r < 0)
			return r;
	}
	return 0;
}

/* A name becomes part of a path (NAME.yaml) and of messages: nothing but plain letters. */
bool document_is_name(const char *text)
{
	size_t len = strlen(text);

	/* what ends so is a file (load.h); a first '.' or '-' makes a hidden file or an option */
	return len > 0 && len <= DOCUMENT_MAX_NAME && text[0] != '.' && text[0] != '-' &&
	       strspn(text, NAME_LETTERS ".-") == len &&
	       !(len >= 5 && !strcmp(text + len - 5, ".yaml")) &&
	       !(len >= 4 && !strcmp(text + len - 4, ".yml"));
}

/* One profile: its name and the entries of its keys. An empty one has to be written as such. */
static int read_profile(struct document_reader *reader, const struct yaml_node *node,
			struct document_profile *ret_profile)
{
	char path[DOCUMENT_PATH_SHOWN];
	int r;

	if (!document_is_name(node->key)) {
		r = yaml_fail(reader->source, node->key_line, node->key_column, 0, reader->err,
			      "profiles: a profile's name was expected, '%.64s' was found",
			      node->key);
		fail_hint(reader->err,
			  "a name has letters, digits, '_', '-' and '.', at most %d, and does not "
			  "begin with '-' or '.' or end in .yaml or .yml",
			  DOCUMENT_MAX_NAME);
		return r;
	}
	(void)snprintf(path, sizeof(path), "profiles.%s", node->key);
	r = check_mapping(reader, node, path, "a mapping of keys");
	if (r < 0 && document_is_nothing(node))
		fail_hint(reader->err, "an empty profile is written {}");
	reader->entries = NULL;
	reader->n_entries = reader->capacity = 0;
	if (r == 0)
		r = read_mapping(reader, "", node);
	if (r < 0)
		return r;
	*ret_profile = (struct document_profile){
		.name = node->key,
		.line = node->key_line,
		.column = node->key_column,
		.entries = reader->entries,
		.n_entries = reader->n_entries,
	};
	return 0;
}

/* All profiles are read, not only the one that is wanted: a file is right as a whole or not. */
static int read_profiles(struct document_reader *reader, const struct yaml_node *node,
			 struct document *document)
{
	struct document_profile *profiles;
	size_t n = 0;
	int r = check_mapping(reader, node, "profiles", schema_type_text(SCHEMA_PROFILES));

	if (r < 0)
		return r;
	if (node->n_children == 0)
		return yaml_fail(reader->source, node->line, node->column, 0, reader->err,
				 "profiles: at least one profile was expected, none was found");
	if (node->n_children > DOCUMENT_MAX_PROFILES)
		return yaml_fail(reader->source, node->line, node->column, EOVERFLOW, reader->err,
				 "profiles: at most %d profiles were expected, %zu were found",
				 DOCUMENT_MAX_PROFILES, node->n_children);
	profiles = arena_calloc(reader->arena, node->n_children, sizeof(*profiles));
	if (!profiles)
		return no_memory(reader->err);
	for (const struct yaml_node *child = node->child; child; child = child->next) {
		r = read_profile(reader, child, &profiles[n++]);
		if (r < 0)
			return r;
	}
	document->profiles = profiles;
	document->n_profiles = n;
	return 0;
}

static const struct yaml_node *find_child(const struct yaml_node *mapping, const char *key)
{
	for (const struct yaml_node *child = mapping->child; child; child = child->next)
		if (!strcmp(child->key, key))
			return child;
	return NULL;
}

/* Compared as text: 2.0 and 0x2 are numbers in YAML, and no version of ours. */
static int read_version(const struct document_reader *reader, const struct yaml_node *node,
			unsigned *ret_version)
{
	static const char expected[] = "1 or 2";

	*ret_version = 1;
	if (!node)
		return 0;
	if (node->kind != YAML_SCALAR || document_is_nothing(node))
		return document_unexpected(reader, node, "version", expected);
	if (strcmp(node->text, "1") != 0 && strcmp(node->text, "2") != 0)
		return document_wrong_value(reader, node, "version", expected);
	*ret_version = node->text[0] == '2' ? 2 : 1;
	return 0;
}

/* The top of a file of version 2. */
static int read_version2(struct document_reader *reader, const struct yaml_node *root,
			 struct document *document)
{
	const struct yaml_node *profiles = find_child(root, "profiles");
	const char *nearest = NULL;
	int r;

	for (const struct yaml_node *child = root->child; child; child = child->next) {
		if (names_find(top_names, ARRAY_SIZE(top_names), child->key) >= 0)
			continue;
		r = fail_key(reader, child, "", top_names, ARRAY_SIZE(top_names));
		if (schema_find("", child->key, &nearest) >= 0)
			fail_hint(reader->err,
				  "'%s' stands in a profile: below profiles: NAME:", child->key);
		return r;
	}
	if (!profiles)
		return yaml_fail(reader->source, root->line, root->column, 0, reader->err,
				 "profiles: %s was expected, nothing was found",
				 schema_type_text(SCHEMA_PROFILES));
	return read_profiles(reader, profiles, document);
}

/*
 * The version comes first: of a file of a later version nothing more is read, as none of its keys
 * could be judged.
 */
int document_read(const char *source, const char *data, size_t len, struct arena *arena,
		  struct document *ret_document, struct croft_error *err)
{
	struct document document = { .source = arena_strdup(arena, source) };
	struct document_reader reader = { .source = document.source, .arena = arena, .err = err };
	const struct yaml_node *version;
	struct yaml_node *root = NULL;
	int r;

	if (!document.source)
		return no_memory(err);
	r = yaml_read(source, data, len, arena, &root, err);
	if (r < 0)
		return r;
	r = check_mapping(&reader, root, "", "a mapping with 'version' and 'profiles'");
	if (r < 0)
		return r;
	version = find_child(root, "version");
	r = read_version(&reader, version, &document.version);
	if (r < 0)
		return r;
	if (document.version == 2)
		r = read_version2(&reader, root, &document);
	else
		r = version1_read(document.source, root, arena, &document, err);
	if (r == -EINVAL && !version && err && !*err->hint)
		fail_hint(err, "without 'version: 2' a file is read as version 1");
	if (r < 0)
		return r;
	*ret_document = document;
	return 0;
}

const struct document_profile *document_find(const struct document *document, const char *name)
{
	for (size_t i = 0; i < document->n_profiles; i++)
		if (!strcmp(document->profiles[i].name, name))
			return &document->profiles[i];
	return NULL;
}
