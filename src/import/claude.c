/* SPDX-License-Identifier: MIT */
/*
 * claude.c - reads Claude Code's settings.json: its permission rules and its sandbox part.
 *
 * Rules such as Edit(src) tell the agent's own tools what to ask about; those that name files
 * can be said as grants and denials, and then hold for every process. What they say of commands,
 * web pages and other tools has no counterpart: a rule on a command's text is no boundary. The
 * working directory is writable there without being named, and here by "write: [.]".
 *
 * Paths in rules: "//x" is absolute, "~/x" home, "/x" beneath the settings' project, anything
 * else relative; a bare name is meant at any depth, as in .gitignore.
 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "import/import.h"

/* Which rule becomes what in which list; "" : the whole list has no counterpart. */
static const struct {
	const char *tool;
	enum schema_id allow, deny;
} tools[] = {
	{ "Read", KEY_FILES_READ, KEY_FILES_DENY },
	{ "Edit", KEY_FILES_WRITE, KEY_FILES_DENY_WRITE },
	{ "Write", KEY_FILES_WRITE, KEY_FILES_DENY_WRITE },
	{ "MultiEdit", KEY_FILES_WRITE, KEY_FILES_DENY_WRITE },
	{ "NotebookEdit", KEY_FILES_WRITE, KEY_FILES_DENY_WRITE },
};

/* A rule's path as a profile's: see the head. */
static const char *rule_path(struct import *import, const char *path, size_t len)
{
	const char *own = arena_strndup(import->arena, path, len);

	if (!own)
		return NULL;
	if (!strncmp(own, "//", 2))
		return own + 1;
	if (own[0] == '/') /* the settings lie in the project's .claude */
		return arena_printf(import->arena, ".%s", own);
	if (!strchr(own, '/'))
		return arena_printf(import->arena, "**/%s", own);
	return own;
}

/* A tree said with two stars at its end grants and denies what its directory does. */
static const char *without_stars(struct import *import, const char *path)
{
	size_t len = strlen(path);

	return len > 3 && !strcmp(path + len - 3, "/**")
		       ? arena_strndup(import->arena, path, len - 3)
		       : path;
}

static int add_rule(struct import *import, const char *key, enum schema_id as, const char *text,
		    const char *path, bool is_denied, struct croft_error *err)
{
	int r = path ? import_path(import, key, path, true, &path, err) : -ENOMEM;

	if (r < 0 || !path)
		return r;
	path = without_stars(import, path);
	if (path && !is_denied) {
		/* names made later are part of what a rule allows there, and of no pattern here */
		if (strchr(path, '*'))
			return import_lose(import, err,
					   "%s: '%s': a grant by pattern covers only names that "
					   "are there at the start: grant a directory",
					   key, text);
		path = arena_printf(import->arena, "optional:%s", path);
	}
	return path ? import_add(import, as, NULL, path, err) : -ENOMEM;
}

/* One rule, "Tool" or "Tool(what)". */
static int take_rule(struct import *import, const char *key, const char *text, bool is_denied,
		     struct croft_error *err)
{
	const char *open = strchr(text, '(');
	size_t len = open ? (size_t)(open - text) : strlen(text);

	for (size_t i = 0; i < ARRAY_SIZE(tools); i++) {
		size_t end = strlen(text);

		if (strlen(tools[i].tool) != len || strncmp(tools[i].tool, text, len))
			continue;
		if (!open || text[end - 1] != ')' || end - len < 3)
			break;
		return add_rule(import, key, is_denied ? tools[i].deny : tools[i].allow, text,
				rule_path(import, open + 1, end - len - 2), is_denied, err);
	}
	return import_lose(import, err, "%s: '%s': no rule on files", key, text);
}

static int allow_rule(struct import *import, const char *key, const char *text,
		      struct croft_error *err)
{
	return take_rule(import, key, text, false, err);
}

static int deny_rule(struct import *import, const char *key, const char *text,
		     struct croft_error *err)
{
	return take_rule(import, key, text, true, err);
}

static int ask_rule(struct import *import, const char *key, const char *text,
		    struct croft_error *err)
{
	return import_lose(import, err, "%s: '%s': croft does not ask at run time", key, text);
}

static int take_allow(struct import *import, const char *key, json_t *list, struct croft_error *err)
{
	return import_texts(import, key, list, allow_rule, err);
}

static int take_deny(struct import *import, const char *key, json_t *list, struct croft_error *err)
{
	return import_texts(import, key, list, deny_rule, err);
}

static int take_ask(struct import *import, const char *key, json_t *list, struct croft_error *err)
{
	return import_texts(import, key, list, ask_rule, err);
}

static int add_directory(struct import *import, const char *key, const char *text,
			 struct croft_error *err)
{
	return import_add_optional(import, key, KEY_FILES_WRITE, text, err);
}

static int take_directories(struct import *import, const char *key, json_t *list,
			    struct croft_error *err)
{
	return import_texts(import, key, list, add_directory, err);
}

static int take_permissions(struct import *import, const char *key, json_t *value,
			    struct croft_error *err)
{
	static const struct import_key rows[] = {
		{ "allow", take_allow, NULL },
		{ "deny", take_deny, NULL },
		{ "ask", take_ask, NULL },
		{ "additionalDirectories", take_directories, NULL },
		{ "defaultMode", NULL, "croft does not ask at run time" },
		{ "disableBypassPermissionsMode", NULL, "croft has no such mode" },
	};

	return import_object(import, key, value, rows, ARRAY_SIZE(rows), err);
}

/* A switch that changes nothing here when it is on, and cannot be had when it is off. */
static int take_enabled(struct import *import, const char *key, json_t *value,
			struct croft_error *err)
{
	if (!json_is_boolean(value))
		return import_expect(import, key, "true or false", value, err);
	if (json_is_true(value))
		return 0;
	return import_lose(import, err, "%s: what runs under this profile is always confined", key);
}

static int take_sandbox(struct import *import, const char *key, json_t *value,
			struct croft_error *err)
{
	static const struct import_key rows[] = {
		{ "enabled", take_enabled, NULL },
		{ "filesystem", import_srt_filesystem, NULL },
		{ "network", import_srt_network, NULL },
		{ "excludedCommands", NULL, "nothing leaves croft's sandbox again" },
		{ "allowUnsandboxedCommands", NULL, "nothing leaves croft's sandbox again" },
		{ "autoAllowBashIfSandboxed", NULL, "croft does not ask at run time" },
		{ "enableWeakerNestedSandbox", NULL, "of another mechanism" },
		{ "ignoreViolations", NULL, "croft has no monitor of violations" },
	};

	return import_object(import, key, value, rows, ARRAY_SIZE(rows), err);
}

static int take_env(struct import *import, const char *key, json_t *value, struct croft_error *err)
{
	const char *name;
	json_t *text;

	if (!json_is_object(value))
		return import_expect(import, key, "an object", value, err);
	json_object_foreach(value, name, text)
	{
		int r;

		if (!json_is_string(text))
			return import_expect(import, key, "texts as values", text, err);
		r = import_add_variable(import, name, json_string_value(text), err);
		if (r < 0)
			return r;
	}
	return 0;
}

int import_claude(struct import *import, json_t *root, struct croft_error *err)
{
	static const struct import_key rows[] = {
		{ "permissions", take_permissions, NULL },
		{ "sandbox", take_sandbox, NULL },
		{ "env", take_env, NULL },
		{ "$schema", NULL, "no wish" },
		{ "hooks", NULL, "the agent runs them itself, outside of croft's part" },
	};
	int r = import_add(import, KEY_FILES_EXECUTE, NULL, "/", err);

	if (r == 0)
		r = import_add(import, KEY_FILES_WRITE, NULL, ".", err);
	if (r == 0)
		r = import_object(import, "", root, rows, ARRAY_SIZE(rows), err);
	return r == 0 ? import_add(import, KEY_ENVIRONMENT_ALL, NULL, "true", err) : r;
}
