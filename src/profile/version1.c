/* SPDX-License-Identifier: MIT */
/*
 * version1.c - profile files of version 1: what may stand in them.
 *
 * The schema is that of ai-sandbox-landlock 0.0.1, which reads it with serde, and it is read here
 * as there: a key that may be absent may also be null (its own generator writes "env: null"), true
 * has the three spellings of YAML's core schema, a number where a text is expected is a text.
 *
 * Two things differ. A key that is not known is an error: there it is passed over, and who writes
 * "acces_roots" has a sandbox without them. And a profile may be without a command, for who always
 * gives one.
 *
 *	tables of keys ─► read_keys ─► one function a key ─► struct version1_profile
 *
 * What the profile comes to is version1_make.c's. Trusts nobody: files are whatever somebody wrote.
 */
#include "profile/version1.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "profile/document_parts.h"

#define KEY_PATH_SIZE 160 /* of messages; a longer one is cut */
#define MAX_KEYS 8 /* of one mapping */

const struct name version1_right_names[VERSION1_RIGHT_MAX] = {
	{ "read_file", NULL },  { "read_dir", NULL },    { "execute", NULL },
	{ "write_file", NULL }, { "remove_file", NULL }, { "remove_dir", NULL },
	{ "truncate", NULL },
};

const struct name version1_level_names[VERSION1_N_LEVELS] = {
	{ "error", NULL }, { "warn", NULL }, { "info", NULL }, { "debug", NULL }, { "trace", NULL },
};

/* Where the reading is. */
struct reader {
	struct document_reader document; /* source, arena, err */
	char path[KEY_PATH_SIZE]; /* "access_roots.system.paths" */
};

typedef int (*read_fn)(struct reader *reader, const struct yaml_node *node, void *target);

/* What may stand in a mapping. */
struct key {
	const char *name;
	read_fn read;
};

static int no_memory(const struct reader *reader)
{
	return fail(reader->document.err, CROFT_STAGE_PROFILE, ENOMEM, "read '%.200s'",
		    reader->document.source);
}

/* One step down; what comes back leads up again by leave(). */
static size_t enter(struct reader *reader, const char *key)
{
	size_t len = strlen(reader->path);

	(void)snprintf(reader->path + len, sizeof(reader->path) - len, "%s%s", len ? "." : "", key);
	return len;
}

static void leave(struct reader *reader, size_t len)
{
	reader->path[len] = '\0';
}

static int wrong(const struct reader *reader, const struct yaml_node *node, const char *expected)
{
	if (node->kind != YAML_SCALAR || document_is_nothing(node))
		return document_unexpected(&reader->document, node, reader->path, expected);
	return document_wrong_value(&reader->document, node, reader->path, expected);
}

static int missing(const struct reader *reader, const struct yaml_node *node, const char *expected)
{
	return yaml_fail(reader->document.source, node->line, node->column, 0, reader->document.err,
			 "%s: %s was expected, nothing was found", reader->path, expected);
}

/*
 * The nearest key, or all; what version 2 has by that name is most likely a missing `version: 2`.
 */
static int unknown_key(struct reader *reader, const struct yaml_node *node, const struct key *keys,
		       size_t n)
{
	struct name names[MAX_KEYS];
	const char *nearest = NULL;
	int r;

	assert(n <= MAX_KEYS);
	for (size_t i = 0; i < n; i++)
		names[i] = (struct name){ keys[i].name, NULL };
	r = yaml_fail(reader->document.source, node->key_line, node->key_column, 0,
		      reader->document.err, "%s: there is no such key in version 1", reader->path);
	document_hint_words(&reader->document, names, n, node->key);
	if (!strcmp(reader->path, node->key) && schema_find("", node->key, &nearest) >= 0)
		fail_hint(reader->document.err, "it is one of version 2: write 'version: 2' above");
	return r;
}

/* A mapping by its table: each key once (yaml.h sees to it), in any order. */
static int read_keys(struct reader *reader, const struct yaml_node *node, const struct key *keys,
		     size_t n, void *target)
{
	if (node->kind != YAML_MAPPING)
		return wrong(reader, node, "a mapping");
	for (const struct yaml_node *child = node->child; child; child = child->next) {
		size_t at = enter(reader, child->key);
		const struct key *key = keys;
		int r;

		while (key < keys + n && strcmp(key->name, child->key))
			key++;
		r = key < keys + n ? key->read(reader, child, target)
				   : unknown_key(reader, child, keys, n);
		if (r < 0)
			return r;
		leave(reader, at);
	}
	return 0;
}

/*
 * yes and on are texts, as serde has it: YAML 1.1 takes them for true, and few know which is read.
 */
static int read_bool(const struct reader *reader, const struct yaml_node *node, bool *ret)
{
	static const char *const words[2][3] = { { "false", "False", "FALSE" },
						 { "true", "True", "TRUE" } };

	for (int is_true = 0; is_true < 2; is_true++)
		for (int i = 0; i < 3; i++)
			if (node->kind == YAML_SCALAR && node->is_plain &&
			    !strcmp(node->text, words[is_true][i])) {
				*ret = is_true;
				return 0;
			}
	return wrong(reader, node, "true or false");
}

static int read_text(const struct reader *reader, const struct yaml_node *node,
		     struct version1_text *ret)
{
	if (node->kind != YAML_SCALAR)
		return wrong(reader, node, "a text");
	*ret = (struct version1_text){ node->key, node->text, node->line, node->column };
	return 0;
}

static int read_optional_text(const struct reader *reader, const struct yaml_node *node,
			      struct version1_text *ret)
{
	return document_is_nothing(node) ? 0 : read_text(reader, node, ret);
}

/* The items of a list, or the values of a mapping, as `kind` says. */
static int read_texts(const struct reader *reader, const struct yaml_node *node,
		      enum yaml_kind kind, const struct version1_text **ret, size_t *ret_n)
{
	struct version1_text *texts;
	size_t n = 0;

	if (node->kind != kind)
		return wrong(reader, node,
			     kind == YAML_SEQUENCE ? "a list of texts"
						   : "a mapping of names to texts");
	texts = arena_calloc(reader->document.arena, node->n_children + 1, sizeof(*texts));
	if (!texts)
		return no_memory(reader);
	for (const struct yaml_node *child = node->child; child; child = child->next) {
		int r = read_text(reader, child, &texts[n++]);

		if (r < 0)
			return r;
	}
	*ret = texts;
	*ret_n = n;
	return 0;
}

/* The seven booleans, of permissions and of control_access. */
static int read_right(struct reader *reader, const struct yaml_node *node, void *target)
{
	unsigned *rights = target;
	int right = names_find(version1_right_names, VERSION1_RIGHT_MAX, node->key);
	bool is_given = false;
	int r = document_is_nothing(node) ? 0 : read_bool(reader, node, &is_given);

	if (r == 0 && is_given)
		*rights |= 1U << right;
	return r;
}

static int read_rights(struct reader *reader, const struct yaml_node *node, unsigned *ret)
{
	struct key keys[VERSION1_RIGHT_MAX];

	for (int i = 0; i < VERSION1_RIGHT_MAX; i++)
		keys[i] = (struct key){ version1_right_names[i].name, read_right };
	return read_keys(reader, node, keys, VERSION1_RIGHT_MAX, ret);
}

static int read_paths(struct reader *reader, const struct yaml_node *node, void *target)
{
	struct version1_group *group = target;

	return read_texts(reader, node, YAML_SEQUENCE, &group->paths, &group->n_paths);
}

static int read_permissions(struct reader *reader, const struct yaml_node *node, void *target)
{
	struct version1_group *group = target;

	return read_rights(reader, node, &group->rights);
}

static bool has_key(const struct yaml_node *node, const char *key)
{
	for (const struct yaml_node *child = node->child; child; child = child->next)
		if (!strcmp(child->key, key))
			return true;
	return false;
}

static int read_group(struct reader *reader, const struct yaml_node *node,
		      struct version1_group *group)
{
	static const struct key keys[] = { { "paths", read_paths },
					   { "permissions", read_permissions } };

	int r = read_keys(reader, node, keys, ARRAY_SIZE(keys), group);

	if (r < 0)
		return r;
	/* without either it would grant nothing, and hardly be meant so */
	if (!has_key(node, "paths"))
		return missing(reader, node, "the key 'paths'");
	if (!has_key(node, "permissions"))
		return missing(reader, node, "the key 'permissions'");
	group->name = node->key;
	return 0;
}

/* Groups keep the order of the file: so rulesets are printed, and grants made. */
static int read_groups(struct reader *reader, const struct yaml_node *node, void *target)
{
	struct version1_profile *profile = target;
	struct version1_group *groups;

	if (node->kind != YAML_MAPPING)
		return wrong(reader, node, "a mapping of groups");
	if (node->n_children > VERSION1_MAX_GROUPS)
		return yaml_fail(reader->document.source, node->line, node->column, EOVERFLOW,
				 reader->document.err,
				 "%s: up to %d groups were expected, %zu were found", reader->path,
				 VERSION1_MAX_GROUPS, node->n_children);
	groups = arena_calloc(reader->document.arena, node->n_children + 1, sizeof(*groups));
	if (!groups)
		return no_memory(reader);
	for (const struct yaml_node *child = node->child; child; child = child->next) {
		size_t at = enter(reader, child->key);
		int r = read_group(reader, child, &groups[profile->n_groups]);

		if (r < 0)
			return r;
		profile->n_groups++;
		leave(reader, at);
	}
	profile->groups = groups;
	return 0;
}

static int read_description(struct reader *reader, const struct yaml_node *node, void *target)
{
	struct version1_profile *profile = target;

	return read_optional_text(reader, node, &profile->description);
}

static int read_control(struct reader *reader, const struct yaml_node *node, void *target)
{
	struct version1_profile *profile = target;

	return read_rights(reader, node, &profile->control_access);
}

static int read_program(struct reader *reader, const struct yaml_node *node, void *target)
{
	struct version1_profile *profile = target;

	if (document_is_nothing(node) || (node->kind == YAML_SCALAR && !*node->text))
		return missing(reader, node, "a program");
	return read_text(reader, node, &profile->program);
}

static int read_args(struct reader *reader, const struct yaml_node *node, void *target)
{
	struct version1_profile *profile = target;

	return read_texts(reader, node, YAML_SEQUENCE, &profile->args, &profile->n_args);
}

static int read_directory(struct reader *reader, const struct yaml_node *node, void *target)
{
	struct version1_profile *profile = target;

	return read_optional_text(reader, node, &profile->directory);
}

/* A '=' would end the name early: "A=B: c" would set A. */
static int read_env(struct reader *reader, const struct yaml_node *node, void *target)
{
	struct version1_profile *profile = target;
	int r;

	if (document_is_nothing(node))
		return 0;
	r = read_texts(reader, node, YAML_MAPPING, &profile->env, &profile->n_env);
	for (size_t i = 0; r == 0 && i < profile->n_env; i++)
		if (strchr(profile->env[i].name, '='))
			r = yaml_fail(reader->document.source, profile->env[i].line,
				      profile->env[i].column, 0, reader->document.err,
				      "%s: the name of a variable was expected, '%.64s' was found",
				      reader->path, profile->env[i].name);
	return r;
}

static int read_command(struct reader *reader, const struct yaml_node *node, void *target)
{
	static const struct key keys[] = { { "binary", read_program },
					   { "args", read_args },
					   { "working_dir", read_directory },
					   { "env", read_env } };
	int r;

	if (document_is_nothing(node))
		return 0;
	r = read_keys(reader, node, keys, ARRAY_SIZE(keys), target);
	if (r == 0 && !has_key(node, "binary"))
		r = missing(reader, node, "the key 'binary'");
	return r;
}

/* The original takes an unknown level for "info": a slip that nobody finds. */
static int read_level(struct reader *reader, const struct yaml_node *node, void *target)
{
	struct version1_profile *profile = target;
	struct version1_text word = { 0 };
	const char *nearest;
	int level, r = read_optional_text(reader, node, &word);

	if (r < 0 || !word.text)
		return r;
	level = names_find(version1_level_names, VERSION1_N_LEVELS, word.text);
	if (level >= 0) {
		profile->log_level = version1_level_names[level].name;
		return 0;
	}
	r = wrong(reader, node, "error, warn, info, debug or trace");
	nearest = names_nearest(version1_level_names, VERSION1_N_LEVELS, word.text);
	if (nearest)
		fail_hint(reader->document.err, "did you mean '%s'?", nearest);
	return r;
}

static int read_dry_run(struct reader *reader, const struct yaml_node *node, void *target)
{
	struct version1_profile *profile = target;

	return document_is_nothing(node) ? 0 : read_bool(reader, node, &profile->is_dry_run);
}

static int read_profile(const char *source, const struct yaml_node *node, struct arena *arena,
			struct version1_profile *ret_profile, struct croft_error *err)
{
	static const struct key keys[] = {
		{ "description", read_description }, { "access_roots", read_groups },
		{ "control_access", read_control },  { "command", read_command },
		{ "log_level", read_level },         { "dry_run", read_dry_run },
	};
	struct reader reader = { .document = { .source = source, .arena = arena, .err = err } };
	struct version1_profile profile = { .name = node->key,
					    .line = node->key_line,
					    .column = node->key_column };
	int r;

	if (node->kind != YAML_MAPPING) {
		/* there is no key yet to tell the place by */
		(void)enter(&reader, "profiles");
		(void)enter(&reader, node->key);
		return wrong(&reader, node, "a mapping");
	}
	r = read_keys(&reader, node, keys, ARRAY_SIZE(keys), &profile);
	if (r < 0)
		return r;
	*ret_profile = profile;
	return 0;
}

/* The mapping of profiles, from the top of a file; NULL with *ret_error. */
static const struct yaml_node *find_profiles(const char *source, const struct yaml_node *root,
					     int *ret_error, struct croft_error *err)
{
	static const struct key keys[] = { { "version", NULL }, { "profiles", NULL } };
	struct reader reader = { .document = { .source = source, .err = err } };
	const struct yaml_node *profiles = NULL;

	if (root->kind != YAML_MAPPING) {
		*ret_error =
			yaml_fail(source, root->line, root->column, 0, err,
				  "a mapping with the key 'profiles' was expected, %s was found",
				  yaml_kind_name(root->kind));
		return NULL;
	}
	for (const struct yaml_node *child = root->child; child; child = child->next) {
		(void)enter(&reader, child->key);
		if (!strcmp(child->key, "profiles")) {
			profiles = child;
		} else if (strcmp(child->key, "version") != 0) {
			*ret_error = unknown_key(&reader, child, keys, ARRAY_SIZE(keys));
			return NULL;
		}
		leave(&reader, 0);
	}
	(void)enter(&reader, "profiles");
	if (profiles && profiles->kind == YAML_MAPPING && profiles->child)
		return profiles;
	*ret_error = profiles ? wrong(&reader, profiles, "a mapping of profiles")
			      : missing(&reader, root, "a mapping of profiles");
	return NULL;
}

int version1_read_profile(const char *source, const struct yaml_node *root, const char *name,
			  struct arena *arena, struct version1_profile *ret_profile,
			  struct croft_error *err)
{
	const char *nearest = NULL;
	unsigned best = 3;
	int r = 0;
	const struct yaml_node *profiles = find_profiles(source, root, &r, err);

	if (!profiles)
		return r;
	for (const struct yaml_node *child = profiles->child; child; child = child->next) {
		unsigned distance = names_distance(child->key, name, 2);

		if (!strcmp(child->key, name))
			return read_profile(source, child, arena, ret_profile, err);
		if (distance < best) {
			best = distance;
			nearest = child->key;
		}
	}
	(void)fail(err, CROFT_STAGE_PROFILE, 0, "there is no profile '%.64s' in '%.200s'", name,
		   source);
	if (nearest)
		fail_hint(err, "did you mean '%.64s'?", nearest);
	return -ENOENT;
}

int version1_read(const char *source, const struct yaml_node *root, struct arena *arena,
		  struct document *ret_document, struct croft_error *err)
{
	struct document_profile *made;
	size_t n = 0;
	int r = 0;
	const struct yaml_node *profiles = find_profiles(source, root, &r, err);

	if (!profiles)
		return r;
	if (profiles->n_children > DOCUMENT_MAX_PROFILES)
		return yaml_fail(source, profiles->line, profiles->column, EOVERFLOW, err,
				 "profiles: up to %d profiles were expected, %zu were found",
				 DOCUMENT_MAX_PROFILES, profiles->n_children);
	made = arena_calloc(arena, profiles->n_children, sizeof(*made));
	if (!made)
		return fail(err, CROFT_STAGE_PROFILE, ENOMEM, "read '%.200s'", source);
	for (const struct yaml_node *child = profiles->child; child; child = child->next) {
		struct version1_profile profile;

		if (!document_is_name(child->key))
			return yaml_fail(
				source, child->key_line, child->key_column, 0, err,
				"profiles: a name of letters, digits, '.', '_' and '-' was "
				"expected, '%.64s' was found",
				child->key);
		r = read_profile(source, child, arena, &profile, err);
		if (r == 0)
			r = version1_entries(source, &profile, arena, &made[n++], err);
		if (r < 0)
			return r;
	}
	ret_document->profiles = made;
	ret_document->n_profiles = n;
	return 0;
}
