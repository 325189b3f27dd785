/* SPDX-License-Identifier: MIT */
/*
 * srt.c - reads the settings of Anthropic's sandbox runtime (srt, 0.0.83).
 *
 * Its model is the reverse of croft's for reading: everything may be read and executed but what is
 * denied; only what is listed may be written. So the entries grant "/" for executing (which reads
 * too) and carry its denials as denials. Its network is one of names, behind a proxy of its
 * own: croft knows ports, so nothing is opened and every name is listed as lost.
 *
 * srt protects some names in the working directory without being told (settings that are
 * executed later); they become deny_write here, for they are part of what its users rely on.
 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "import/import.h"

/* Its mandatory denials for writing, at every depth up to 3 there and any depth here. */
static const char *const protected_names[] = {
	".gitconfig", ".gitmodules",      ".bashrc",        ".bash_profile", ".zshrc",
	".zprofile",  ".profile",         ".ripgreprc",     ".mcp.json",     ".vscode",
	".idea",      ".claude/commands", ".claude/agents", ".git/hooks",
};

/* The path of an entry: a text, or { "path": ..., "literal": true }, which is no pattern. */
static int read_path(struct import *import, const char *key, json_t *item, bool takes_patterns,
		     const char **ret_path, struct croft_error *err)
{
	const char *text = json_string_value(item);

	if (!text && json_is_true(json_object_get(item, "literal"))) {
		text = json_string_value(json_object_get(item, "path"));
		takes_patterns = false;
	}
	if (!text)
		return import_expect(import, key, "a list of paths", item, err);
	return import_path(import, key, text, takes_patterns, ret_path, err);
}

static int take_paths(struct import *import, const char *key, json_t *list, enum schema_id as,
		      struct croft_error *err)
{
	json_t *item;
	size_t i;

	if (!json_is_array(list))
		return import_expect(import, key, "a list of paths", list, err);
	json_array_foreach(list, i, item)
	{
		bool is_write = as == KEY_FILES_WRITE;
		const char *path = NULL;
		size_t len;
		int r = read_path(import, key, item, true, &path, err);

		if (r < 0)
			return r;
		if (!path)
			continue;
		/* a tree is its directory where it grants */
		len = strlen(path);
		if (is_write && len > 3 && !strcmp(path + len - 3, "/**"))
			path = arena_strndup(import->arena, path, len - 3);
		if (path && is_write && strchr(path, '*')) {
			r = import_lose(import, err,
					"%s: '%s': srt passes over patterns for writing on Linux",
					key, path);
			if (r < 0)
				return r;
			continue;
		}
		/* srt passes over what is not there */
		path = path && (is_write || as == KEY_FILES_READ)
			       ? arena_printf(import->arena, "optional:%s", path)
			       : path;
		if (!path)
			return -ENOMEM;
		r = import_add(import, as, NULL, path, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int take_deny_read(struct import *import, const char *key, json_t *list,
			  struct croft_error *err)
{
	return take_paths(import, key, list, KEY_FILES_DENY, err);
}

static int take_allow_read(struct import *import, const char *key, json_t *list,
			   struct croft_error *err)
{
	if (!json_is_array(list))
		return import_expect(import, key, "a list of paths", list, err);
	if (json_array_size(list) == 0)
		return 0;
	return import_lose(import, err,
			   "%s: reading is granted everywhere, and a denial cannot be opened again "
			   "inside: name what shall stay denied instead",
			   key);
}

static int take_allow_write(struct import *import, const char *key, json_t *list,
			    struct croft_error *err)
{
	return take_paths(import, key, list, KEY_FILES_WRITE, err);
}

static int take_deny_write(struct import *import, const char *key, json_t *list,
			   struct croft_error *err)
{
	return take_paths(import, key, list, KEY_FILES_DENY_WRITE, err);
}

/* A boolean that only changes what is protected without being named. */
static int take_git_config(struct import *import, const char *key, json_t *value,
			   struct croft_error *err)
{
	if (!json_is_boolean(value))
		return import_expect(import, key, "true or false", value, err);
	return json_is_true(value)
		       ? 0
		       : import_add(import, KEY_FILES_DENY_WRITE, NULL, "**/.git/config", err);
}

static int take_disabled(struct import *import, const char *key, json_t *value,
			 struct croft_error *err)
{
	if (!json_is_true(value))
		return 0;
	return import_lose(import, err,
			   "%s: croft does not run without file protection unless each of files "
			   "and exec is put off by require",
			   key);
}

int import_srt_filesystem(struct import *import, const char *key, json_t *filesystem,
			  struct croft_error *err)
{
	static const struct import_key rows[] = {
		{ "disabled", take_disabled, NULL },    { "denyRead", take_deny_read, NULL },
		{ "allowRead", take_allow_read, NULL }, { "allowWrite", take_allow_write, NULL },
		{ "denyWrite", take_deny_write, NULL }, { "allowGitConfig", take_git_config, NULL },
	};
	int r = import_object(import, key, filesystem, rows, ARRAY_SIZE(rows), err);

	if (r == 0 && !json_object_get(filesystem, "allowGitConfig"))
		r = import_add(import, KEY_FILES_DENY_WRITE, NULL, "**/.git/config", err);
	for (size_t i = 0; i < ARRAY_SIZE(protected_names) && r == 0; i++) {
		const char *name = arena_printf(import->arena, "**/%s", protected_names[i]);

		r = name ? import_add(import, KEY_FILES_DENY_WRITE, NULL, name, err) : -ENOMEM;
	}
	return r;
}

static int lose_domain(struct import *import, const char *key, const char *text,
		       struct croft_error *err)
{
	return import_lose(import, err,
			   "%s: '%s': croft knows ports, not names: see "
			   "network.connect",
			   key, text);
}

static int take_domains(struct import *import, const char *key, json_t *list,
			struct croft_error *err)
{
	return import_texts(import, key, list, lose_domain, err);
}

static int add_socket(struct import *import, const char *key, const char *text,
		      struct croft_error *err)
{
	return import_add_optional(import, key, KEY_SOCKETS, text, err);
}

static int take_sockets(struct import *import, const char *key, json_t *list,
			struct croft_error *err)
{
	return import_texts(import, key, list, add_socket, err);
}

static int take_all_sockets(struct import *import, const char *key, json_t *value,
			    struct croft_error *err)
{
	int r;

	if (!json_is_boolean(value))
		return import_expect(import, key, "true or false", value, err);
	if (json_is_false(value))
		return 0;
	r = import_add(import, KEY_REQUIRE, "unix-path", "off", err);
	return r < 0 ? r : import_add(import, KEY_REQUIRE, "unix-abstract", "off", err);
}

static int take_binding(struct import *import, const char *key, json_t *value,
			struct croft_error *err)
{
	if (!json_is_boolean(value))
		return import_expect(import, key, "true or false", value, err);
	if (json_is_false(value))
		return 0;
	return import_lose(import, err,
			   "%s: every port there; name the ports here in network.listen", key);
}

int import_srt_network(struct import *import, const char *key, json_t *network,
		       struct croft_error *err)
{
	static const char proxy[] = "croft has no proxy";
	static const struct import_key rows[] = {
		{ "allowedDomains", take_domains, NULL },
		{ "deniedDomains", take_domains, NULL },
		{ "deniedDomainReasons", NULL, proxy },
		{ "strictAllowlist", NULL, proxy },
		{ "deniedResolvedAddresses", NULL, "croft knows ports, not addresses" },
		{ "allowUnixSockets", take_sockets, NULL },
		{ "allowAllUnixSockets", take_all_sockets, NULL },
		{ "allowLocalBinding", take_binding, NULL },
		{ "httpProxyPort", NULL, proxy },
		{ "socksProxyPort", NULL, proxy },
		{ "mitmProxy", NULL, proxy },
		{ "parentProxy", NULL, proxy },
		{ "tlsTerminate", NULL, proxy },
		{ "filterRequest", NULL, proxy },
	};

	return import_object(import, key, network, rows, ARRAY_SIZE(rows), err);
}

int import_srt(struct import *import, json_t *root, struct croft_error *err)
{
	static const char other_system[] = "of another system";
	static const char mechanism[] = "of srt's own mechanism";
	static const struct import_key rows[] = {
		{ "filesystem", import_srt_filesystem, NULL },
		{ "network", import_srt_network, NULL },
		{ "credentials", NULL, "croft has no masking proxy; files: see files.deny" },
		{ "ignoreViolations", NULL, "croft has no monitor of violations" },
		{ "enableWeakerNestedSandbox", NULL, mechanism },
		{ "allowNestedUserNamespaces", NULL, "see syscalls: { allow: [user-namespaces] }" },
		{ "enableWeakerNetworkIsolation", NULL, other_system },
		{ "allowAppleEvents", NULL, other_system },
		{ "windows", NULL, other_system },
		{ "ripgrep", NULL, mechanism },
		{ "mandatoryDenySearchDepth", NULL, "a pattern holds at any depth here" },
		{ "allowPty", NULL, other_system },
		{ "seccomp", NULL, mechanism },
		{ "bwrapPath", NULL, mechanism },
		{ "socatPath", NULL, mechanism },
		{ "javaAgentJarPath", NULL, mechanism },
		{ "git", NULL, "see environment.set and GIT_CONFIG_*" },
	};
	int r = import_add(import, KEY_FILES_EXECUTE, NULL, "/", err);

	if (r == 0)
		r = import_object(import, "", root, rows, ARRAY_SIZE(rows), err);
	return r == 0 ? import_add(import, KEY_ENVIRONMENT_ALL, NULL, "true", err) : r;
}
