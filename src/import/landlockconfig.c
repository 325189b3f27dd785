/* SPDX-License-Identifier: MIT */
/*
 * landlockconfig.c - reads the JSON form of landlockconfig's policies.
 *
 * Its JSON Schema (July 2026: abi, variable, ruleset, pathBeneath, netPort) speaks of Landlock's
 * rights themselves, and so do the entries that come out: files.rights, network.*, abi. Groups of
 * rights ("abi.read_write") mean what `abi` says: read_execute is executing, reading and
 * moving; read_write is everything but executing; bits that the named ABI has not are left out.
 *
 * Differences that are listed: croft handles every right of the ABI, so what their ruleset
 * leaves unhandled (and so allowed to everybody) is refused here unless granted. Paths that are
 * not there are passed over there, hence "optional:".
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "import/import.h"
#include "sys/abi.h"

#define ALL_FS(abi) (landlock_abi_get(abi)->fs)

struct variable {
	const char *name;
	json_t *values; /* borrowed: a list of texts */
};

/* What has been read before the rules are: they depend on it, wherever it stands. */
struct policy {
	struct import *import;
	int abi; /* 0: none */
	json_t *variables; /* borrowed, or NULL */
	uint64_t handled_fs, handled_net, scoped;
};

static int resolve_right(const struct policy *policy, const char *key, const char *word,
			 uint64_t *ret_rights, struct croft_error *err)
{
	int index = names_find(right_names, n_right_names, word);
	int abi = policy->abi;

	if (index >= 0) {
		*ret_rights = 1ULL << index;
		return 0;
	}
	if (strncmp(word, "abi.", 4))
		return fail(err, CROFT_STAGE_PROFILE, 0, "%s: %s: there is no right '%s'",
			    policy->import->file, key, word);
	if (!abi)
		return fail(err, CROFT_STAGE_PROFILE, 0, "%s: %s: '%s' needs the key 'abi'",
			    policy->import->file, key, word);
	if (!strcmp(word, "abi.all"))
		*ret_rights = ALL_FS(abi);
	else if (!strcmp(word, "abi.read_execute"))
		*ret_rights = (ABI_LANDLOCK_FS_EXECUTE | ABI_LANDLOCK_FS_READ_FILE |
			       ABI_LANDLOCK_FS_READ_DIR | ABI_LANDLOCK_FS_REFER) &
			      ALL_FS(abi);
	else if (!strcmp(word, "abi.read_write"))
		*ret_rights = ALL_FS(abi) & ~ABI_LANDLOCK_FS_EXECUTE;
	else
		return fail(err, CROFT_STAGE_PROFILE, 0, "%s: %s: there is no group '%s'",
			    policy->import->file, key, word);
	return 0;
}

static int resolve_net(const struct policy *policy, const char *key, const char *word,
		       uint64_t *ret_rights, struct croft_error *err)
{
	if (!strcmp(word, "bind_tcp"))
		*ret_rights = ABI_LANDLOCK_NET_BIND_TCP;
	else if (!strcmp(word, "connect_tcp"))
		*ret_rights = ABI_LANDLOCK_NET_CONNECT_TCP;
	else if (!strcmp(word, "abi.all") && policy->abi)
		*ret_rights = landlock_abi_get(policy->abi)->net;
	else
		return fail(err, CROFT_STAGE_PROFILE, 0, "%s: %s: there is no right '%s'%s",
			    policy->import->file, key, word,
			    policy->abi ? "" : " without the key 'abi'");
	return 0;
}

static int resolve_scope(const struct policy *policy, const char *key, const char *word,
			 uint64_t *ret_rights, struct croft_error *err)
{
	if (!strcmp(word, "abstract_unix_socket"))
		*ret_rights = ABI_LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET;
	else if (!strcmp(word, "signal"))
		*ret_rights = ABI_LANDLOCK_SCOPE_SIGNAL;
	else if (!strcmp(word, "abi.all") && policy->abi)
		*ret_rights = landlock_abi_get(policy->abi)->scoped;
	else
		return fail(err, CROFT_STAGE_PROFILE, 0, "%s: %s: there is no scope '%s'%s",
			    policy->import->file, key, word,
			    policy->abi ? "" : " without the key 'abi'");
	return 0;
}

typedef int (*resolve_fn)(const struct policy *policy, const char *key, const char *word,
			  uint64_t *ret_rights, struct croft_error *err);

/* All the words of a list, as bits. */
static int read_rights(const struct policy *policy, const char *key, json_t *list,
		       resolve_fn resolve, uint64_t *ret_rights, struct croft_error *err)
{
	uint64_t rights = 0;
	json_t *item;
	size_t i;

	if (!json_is_array(list) || json_array_size(list) == 0)
		return import_expect(policy->import, key, "a list of rights", list, err);
	json_array_foreach(list, i, item)
	{
		uint64_t some = 0;
		int r;

		if (!json_is_string(item))
			return import_expect(policy->import, key, "a list of rights", item, err);
		r = resolve(policy, key, json_string_value(item), &some, err);
		if (r < 0)
			return r;
		rights |= some;
	}
	*ret_rights |= rights;
	return 0;
}

static json_t *find_variable(const struct policy *policy, const char *name, size_t len, size_t *at)
{
	for (; *at < json_array_size(policy->variables); (*at)++) {
		json_t *item = json_array_get(policy->variables, *at);
		const char *own = json_string_value(json_object_get(item, "name"));

		if (own && strlen(own) == len && !strncmp(own, name, len)) {
			(*at)++;
			return json_object_get(item, "literal");
		}
	}
	return NULL;
}

static int add_path(struct import *import, uint64_t rights, const char *text,
		    struct croft_error *err)
{
	const char *path;
	int r = import_path(import, "pathBeneath.parent", text, false, &path, err);

	if (r < 0 || !path)
		return r;
	path = arena_printf(import->arena, "optional:%s", path);
	if (!path)
		return fail(err, CROFT_STAGE_PROFILE, ENOMEM, "import a path");
	return import_add_rights(import, rights, path, err);
}

/*
 * One parent with its variables: each "${name}" stands for all the texts that have that name, so
 * that a parent with two variables is a product. Depth is bounded by what an entry may be
 * long, the number by IMPORT_MAX_ENTRIES.
 */
static int expand_parent(const struct policy *policy, uint64_t rights, const char *done,
			 const char *rest, unsigned depth, struct croft_error *err)
{
	const char *dollar = strchr(rest, '$');
	bool is_found = false;
	const char *end;
	json_t *values;
	size_t at = 0;

	while (dollar && dollar[1] != '{' && dollar[1] != '$')
		dollar = strchr(dollar + 1, '$');
	if (!dollar || depth >= 16) {
		const char *whole = arena_printf(policy->import->arena, "%s%s", done, rest);

		if (depth >= 16 || !whole)
			return fail(err, CROFT_STAGE_PROFILE, whole ? EOVERFLOW : ENOMEM,
				    "%s: pathBeneath.parent: '%s'", policy->import->file, rest);
		return add_path(policy->import, rights, whole, err);
	}
	done = arena_printf(policy->import->arena, "%s%.*s", done, (int)(dollar - rest), rest);
	if (!done)
		return fail(err, CROFT_STAGE_PROFILE, ENOMEM, "import a path");
	if (dollar[1] == '$') {
		done = arena_printf(policy->import->arena, "%s$", done);
		if (!done)
			return fail(err, CROFT_STAGE_PROFILE, ENOMEM, "import a path");
		return expand_parent(policy, rights, done, dollar + 2, depth + 1, err);
	}
	end = strchr(dollar, '}');
	while (end && (values = find_variable(policy, dollar + 2, (size_t)(end - dollar - 2),
					      &at)) != NULL) {
		json_t *value;
		size_t i;

		json_array_foreach(values, i, value)
		{
			const char *text = json_string_value(value);
			int r;

			if (!text)
				return import_expect(policy->import, "variable.literal",
						     "a list of texts", value, err);
			text = arena_printf(policy->import->arena, "%s%s", done, text);
			if (!text)
				return fail(err, CROFT_STAGE_PROFILE, ENOMEM, "import a path");
			is_found = true;
			r = expand_parent(policy, rights, text, end + 1, depth + 1, err);
			if (r < 0)
				return r;
		}
	}
	if (!is_found)
		return fail(err, CROFT_STAGE_PROFILE, 0,
			    "%s: pathBeneath.parent: '%s' names a variable that has no value",
			    policy->import->file, dollar);
	return 0;
}

static int read_beneath(struct policy *policy, json_t *rule, struct croft_error *err)
{
	static const char key[] = "pathBeneath.allowedAccess";
	json_t *parents = json_object_get(rule, "parent");
	uint64_t rights = 0;
	json_t *parent;
	size_t i;
	int r = read_rights(policy, key, json_object_get(rule, "allowedAccess"), resolve_right,
			    &rights, err);

	if (r < 0)
		return r;
	if (!json_is_array(parents))
		return import_expect(policy->import, "pathBeneath.parent", "a list of paths",
				     parents, err);
	json_array_foreach(parents, i, parent)
	{
		if (!json_is_string(parent))
			return import_expect(policy->import, "pathBeneath.parent",
					     "a list of paths", parent, err);
		r = expand_parent(policy, rights, "", json_string_value(parent), 0, err);
		if (r < 0)
			return r;
	}
	policy->handled_fs |= rights;
	return 0;
}

static int add_port(struct policy *policy, uint64_t rights, json_t *port, struct croft_error *err)
{
	char text[16];
	int r = 0;

	if (!json_is_integer(port))
		return import_expect(policy->import, "netPort.port", "a list of ports", port, err);
	if (json_integer_value(port) < 0 || json_integer_value(port) > UINT16_MAX)
		return fail(err, CROFT_STAGE_PROFILE, 0,
			    "%s: netPort.port: %" JSON_INTEGER_FORMAT " is no port",
			    policy->import->file, json_integer_value(port));
	(void)snprintf(text, sizeof(text), "%d", (int)json_integer_value(port));
	if (rights & ABI_LANDLOCK_NET_BIND_TCP)
		r = import_add(policy->import, KEY_NETWORK_LISTEN, NULL, text, err);
	/* nobody connects to port 0 */
	if (r == 0 && (rights & ABI_LANDLOCK_NET_CONNECT_TCP) && json_integer_value(port))
		r = import_add(policy->import, KEY_NETWORK_CONNECT, NULL, text, err);
	return r;
}

static int read_ports(struct policy *policy, json_t *rule, struct croft_error *err)
{
	json_t *ports = json_object_get(rule, "port");
	uint64_t rights = 0;
	json_t *port;
	size_t i;
	int r = read_rights(policy, "netPort.allowedAccess", json_object_get(rule, "allowedAccess"),
			    resolve_net, &rights, err);

	if (r < 0)
		return r;
	if (!json_is_array(ports))
		return import_expect(policy->import, "netPort.port", "a list of ports", ports, err);
	json_array_foreach(ports, i, port)
	{
		r = add_port(policy, rights, port, err);
		if (r < 0)
			return r;
	}
	policy->handled_net |= rights;
	return 0;
}

static int read_ruleset(struct policy *policy, json_t *ruleset, struct croft_error *err)
{
	static const struct {
		const char *name, *key;
		resolve_fn resolve;
	} parts[] = {
		{ "handledAccessFs", "ruleset.handledAccessFs", resolve_right },
		{ "handledAccessNet", "ruleset.handledAccessNet", resolve_net },
		{ "scoped", "ruleset.scoped", resolve_scope },
	};
	uint64_t *const sets[] = { &policy->handled_fs, &policy->handled_net, &policy->scoped };

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		json_t *list = json_object_get(ruleset, parts[i].name);
		int r = list ? read_rights(policy, parts[i].key, list, parts[i].resolve, sets[i],
					   err)
			     : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

/* Every rule of one kind. */
static int each_rule(struct policy *policy, json_t *root, const char *key,
		     int (*read)(struct policy *policy, json_t *rule, struct croft_error *err),
		     struct croft_error *err)
{
	json_t *list = json_object_get(root, key);
	json_t *rule;
	size_t i;

	if (!list)
		return 0;
	if (!json_is_array(list))
		return import_expect(policy->import, key, "a list of objects", list, err);
	json_array_foreach(list, i, rule)
	{
		int r = json_is_object(rule)
				? read(policy, rule, err)
				: import_expect(policy->import, key, "an object", rule, err);

		if (r < 0)
			return r;
	}
	return 0;
}

/* What their ruleset leaves to everybody, and croft does not. */
static int tell_handled(struct policy *policy, struct croft_error *err)
{
	uint64_t open =
		ALL_FS(policy->abi ? policy->abi : ABI_LANDLOCK_NEWEST) & ~policy->handled_fs;
	struct import *import = policy->import;
	int r = 0;

	for (size_t i = 0; i < n_right_names && r == 0; i++)
		if (open & (1ULL << i))
			r = import_lose(import, err,
					"ruleset.handledAccessFs: '%s' is open to all files there; "
					"here only where granted",
					right_names[i].name);
	if (r == 0 && !(policy->handled_net & ABI_LANDLOCK_NET_CONNECT_TCP))
		r = import_lose(import, err,
				"ruleset.handledAccessNet: connecting is open there; here only "
				"with network.connect");
	if (r == 0 && !(policy->handled_net & ABI_LANDLOCK_NET_BIND_TCP))
		r = import_lose(import, err,
				"ruleset.handledAccessNet: listening is open there; here only with "
				"network.listen");
	if (r == 0 && !(policy->scoped & ABI_LANDLOCK_SCOPE_SIGNAL))
		r = import_lose(import, err,
				"ruleset.scoped: signals to outside are allowed there; here with "
				"require: { signals: off }");
	if (r == 0 && !(policy->scoped & ABI_LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET))
		r = import_lose(import, err,
				"ruleset.scoped: abstract unix sockets of outside are allowed "
				"there; here with require: { unix-abstract: off }");
	return r;
}

static int take_abi(struct policy *policy, json_t *abi, struct croft_error *err)
{
	char text[16];

	if (!abi)
		return 0;
	if (!json_is_integer(abi) || json_integer_value(abi) < 1)
		return import_expect(policy->import, "abi", "a number from 1", abi, err);
	if (json_integer_value(abi) > ABI_LANDLOCK_NEWEST)
		return fail(err, CROFT_STAGE_PROFILE, 0,
			    "%s: abi: %" JSON_INTEGER_FORMAT
			    " is newer than croft knows (%d): its groups of rights are unknown",
			    policy->import->file, json_integer_value(abi), ABI_LANDLOCK_NEWEST);
	policy->abi = (int)json_integer_value(abi);
	(void)snprintf(text, sizeof(text), "%d", policy->abi);
	return import_add(policy->import, KEY_ABI, NULL, text, err);
}

int import_landlockconfig(struct import *import, json_t *root, struct croft_error *err)
{
	static const char *const known[] = { "abi",         "variable", "ruleset",
					     "pathBeneath", "netPort",  "$schema" };
	struct policy policy = { .import = import };
	const char *name;
	json_t *value;
	int r;

	json_object_foreach(root, name, value)
	{
		bool is_known = false;

		for (size_t i = 0; i < ARRAY_SIZE(known); i++)
			is_known |= !strcmp(known[i], name);
		if (!is_known &&
		    import_lose(import, err, "%s: croft does not know this key", name) < 0)
			return -ENOMEM;
	}
	policy.variables = json_object_get(root, "variable");
	if (policy.variables && !json_is_array(policy.variables))
		return import_expect(import, "variable", "a list of objects", policy.variables,
				     err);
	r = take_abi(&policy, json_object_get(root, "abi"), err);
	if (r == 0)
		r = each_rule(&policy, root, "ruleset", read_ruleset, err);
	if (r == 0)
		r = each_rule(&policy, root, "pathBeneath", read_beneath, err);
	if (r == 0)
		r = each_rule(&policy, root, "netPort", read_ports, err);
	if (r == 0)
		r = tell_handled(&policy, err);
	/* a policy of Landlock alone says nothing on the environment */
	return r == 0 ? import_add(import, KEY_ENVIRONMENT_ALL, NULL, "true", err) : r;
}
