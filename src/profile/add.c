/* SPDX-License-Identifier: MIT */
/*
 * add.c - the doors through which every wish enters a profile: what is added to a list.
 *
 * Each takes the text that a person wrote, checks it whole, and either stores a
 * checked value or says what was wrong with that text. Nothing here looks at
 * the machine: whether a path exists is found out later, once. The doors for words of
 * a fixed table are in choose.c.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "profile/parts.h"

#define OPTIONAL "optional:"

static int no_memory(struct croft_error *err, const char *what)
{
	return fail(err, CROFT_STAGE_PROFILE, ENOMEM, "store a %s", what);
}

int profile_room(struct profile *profile, void **array, size_t n, size_t *capacity, size_t size,
		 size_t max, const char *what, struct croft_error *err)
{
	void *grown;

	if (n >= max)
		return fail(err, CROFT_STAGE_PROFILE, 0, "more than %zu %ss", max, what);
	grown = arena_grow(&profile->arena, *array, n, capacity, size);
	if (!grown)
		return no_memory(err, what);
	*array = grown;
	return 0;
}

bool profile_has_dotdot(const char *path)
{
	for (const char *p = path; *p;) {
		size_t len = strcspn(p, "/");

		if (len == 2 && p[0] == '.' && p[1] == '.')
			return true;
		p += len;
		p += strspn(p, "/");
	}
	return false;
}

/* Joins and drops "//" and "/./"; a final slash stays: it asks for a directory. */
static char *join_clean(struct arena *arena, const char *base, const char *rest)
{
	size_t base_len = strlen(base), rest_len = strlen(rest);
	char *joined = arena_alloc(arena, base_len + rest_len + 2);
	char *out = joined;

	if (!joined)
		return NULL;
	memcpy(joined, base, base_len);
	joined[base_len] = '/';
	memcpy(joined + base_len + 1, rest, rest_len);
	for (const char *p = joined; *p;) {
		size_t len = strcspn(p, "/");

		if (len == 1 && p[0] == '.') {
			p += len;
		} else if (len > 0) {
			memmove(out, p, len);
			out += len;
			p += len;
		}
		if (*p == '/') {
			p += strspn(p, "/");
			if (out == joined || out[-1] != '/')
				*out++ = '/';
		}
	}
	if (out == joined)
		*out++ = '/';
	*out = '\0';
	/* "/srv/." has lost its dot and must lose the slash before it too */
	if (out - joined > 1 && out[-1] == '/' && !(rest_len && rest[rest_len - 1] == '/'))
		out[-1] = '\0';
	return joined;
}

/* Text in one of the forms of profile.h to an absolute path in the arena. */
static int expand_path(struct profile *profile, const char *text, const char **ret_path,
		       struct croft_error *err)
{
	const char *base = "", *rest = text;
	char *path;
	int r;

	if (!*text)
		return fail(err, CROFT_STAGE_PROFILE, 0, "a path is empty");
	if (profile_has_dotdot(text)) {
		r = fail(err, CROFT_STAGE_PROFILE, 0, "the path '%s' has a '..' in it", text);
		fail_hint(err,
			  "what it names depends on symbolic links: write the directory itself");
		return r;
	}
	if (text[0] == '~' && (text[1] == '/' || !text[1])) {
		if (!profile->home)
			return fail(err, CROFT_STAGE_PROFILE, 0,
				    "the path '%s' needs HOME, which is not set", text);
		base = profile->home;
		rest = text + 1;
	} else if (text[0] == '.' && (text[1] == '/' || !text[1])) {
		if (!profile->workdir) {
			r = fail(err, CROFT_STAGE_PROFILE, ENOENT,
				 "the path '%s' needs the working directory", text);
			fail_hint(
				err,
				"it was removed, or cannot be reached from here: cd into a directory that exists");
			return r;
		}
		base = profile->workdir;
	} else if (text[0] != '/') {
		r = fail(err, CROFT_STAGE_PROFILE, 0, "the path '%s' is relative", text);
		fail_hint(err, "write './%.200s' if it is in the working directory", text);
		return r;
	}
	path = join_clean(&profile->arena, base, rest);
	if (!path)
		return no_memory(err, "path");
	if (strlen(path) >= PROFILE_MAX_PATH)
		return fail(err, CROFT_STAGE_PROFILE, ENAMETOOLONG,
			    "use a path of %zu bytes, '%.40s...'", strlen(path), text);
	*ret_path = path;
	return 0;
}

/* Drops an "optional:" before the path, and says whether there was one. */
static bool strip_optional(const char **text)
{
	bool is_optional = !strncmp(*text, OPTIONAL, strlen(OPTIONAL));

	if (is_optional)
		*text += strlen(OPTIONAL);
	return is_optional;
}

static int add_grant(struct profile *profile, struct grant grant, const char *text,
		     struct croft_error *err)
{
	int r;

	grant.is_optional = strip_optional(&text);
	r = expand_path(profile, text, &grant.path, err);
	if (r < 0)
		return r;
	r = profile_room(profile, (void **)&profile->grants, profile->n_grants,
			 &profile->grants_capacity, sizeof(grant), PROFILE_MAX_GRANTS, "grant",
			 err);
	if (r < 0)
		return r;
	profile->grants[profile->n_grants++] = grant;
	return 0;
}

int profile_add_path(struct profile *profile, unsigned kinds, const char *text, const char *origin,
		     struct croft_error *err)
{
	const struct grant grant = { .origin = origin, .kinds = kinds };

	return add_grant(profile, grant, text, err);
}

int profile_add_rights(struct profile *profile, uint64_t rights, const char *text,
		       const char *origin, struct croft_error *err)
{
	const struct grant grant = { .origin = origin, .rights = rights };

	return add_grant(profile, grant, text, err);
}

/* "**" stands for directories, so it stands alone between two slashes. */
static bool has_odd_stars(const char *path)
{
	assert(path);
	for (const char *p = strstr(path, "**"); p; p = strstr(p + 2, "**"))
		if (p == path || p[-1] != '/' || (p[2] && p[2] != '/'))
			return true;
	return false;
}

int profile_add_denial(struct profile *profile, enum denial_kind kind, const char *text,
		       const char *origin, struct croft_error *err)
{
	static const enum protection promised_by[DENY_MAX] = {
		[DENY_ALL] = PROTECT_DENY_INSIDE,
		[DENY_WRITE] = PROTECT_DENY_INSIDE,
		[DENY_HIDE] = PROTECT_HIDDEN,
		[DENY_PRIVATE] = PROTECT_PRIVATE_TMP,
	};
	struct denial denial = { .kind = kind, .origin = origin };
	int r;

	(void)strip_optional(&text); /* what is not there can be denied all the same */
	r = expand_path(profile, text, &denial.path, err);
	if (r < 0)
		return r;
	if (has_odd_stars(denial.path)) {
		r = fail(err, CROFT_STAGE_PROFILE, 0, "the pattern '%s' has a '**' inside a name",
			 text);
		fail_hint(err, "'**' stands for directories: write it between slashes");
		return r;
	}
	r = profile_room(profile, (void **)&profile->denials, profile->n_denials,
			 &profile->denials_capacity, sizeof(denial), PROFILE_MAX_DENIALS, "denial",
			 err);
	if (r < 0)
		return r;
	profile->denials[profile->n_denials++] = denial;
	if (!profile->is_named[promised_by[kind]])
		profile->require[promised_by[kind]] = REQUIRE_REQUIRE;
	/* an own /tmp without a TMPDIR would be half of that promise */
	if (kind == DENY_PRIVATE)
		profile->wants_tmpdir = profile->require[PROTECT_PRIVATE_TMP] != REQUIRE_OFF;
	return 0;
}

int profile_add_port(struct profile *profile, enum port_use use, const char *text,
		     const char *origin, struct croft_error *err)
{
	struct port_grant grant = { .use = use, .origin = origin };
	const char *number = text;
	uint64_t port;
	int r;

	if (!strncmp(text, "udp:", 4)) {
		grant.is_udp = true;
		number += 4;
	} else if (!strncmp(text, "tcp:", 4)) {
		number += 4;
	}
	/* 0 asks the kernel to choose, which only makes sense for an own port */
	if (num_parse(number, use == PORT_LISTEN ? 0 : 1, UINT16_MAX, &port) < 0) {
		r = fail(err, CROFT_STAGE_PROFILE, 0, "'%s' is not a port", text);
		fail_hint(err, "a port is a number up to 65535, 'udp:' before it for UDP");
		return r;
	}
	grant.port = (uint16_t)port;
	r = profile_room(profile, (void **)&profile->ports, profile->n_ports,
			 &profile->ports_capacity, sizeof(grant), PROFILE_MAX_PORTS, "port", err);
	if (r < 0)
		return r;
	profile->ports[profile->n_ports++] = grant;
	return 0;
}

int profile_add_env(struct profile *profile, const char *text, const char *origin,
		    struct croft_error *err)
{
	const char *equals = strchr(text, '=');
	const char *star = strchr(text, '*');
	struct env_grant grant = { .origin = origin };
	int r;

	if (!*text || equals == text)
		return fail(err, CROFT_STAGE_PROFILE, 0, "a variable's name is empty");
	if (!equals && star && star[1])
		return fail(err, CROFT_STAGE_PROFILE, 0,
			    "the variable '%s' has a '*' that is not at its end", text);
	grant.name = equals ? arena_strndup(&profile->arena, text, (size_t)(equals - text))
			    : arena_strdup(&profile->arena, text);
	if (equals)
		grant.value = arena_strdup(&profile->arena, equals + 1);
	if (!grant.name || (equals && !grant.value))
		return no_memory(err, "variable");
	r = profile_room(profile, (void **)&profile->env, profile->n_env, &profile->env_capacity,
			 sizeof(grant), PROFILE_MAX_ENV, "variable", err);
	if (r < 0)
		return r;
	profile->env[profile->n_env++] = grant;
	return 0;
}

int profile_add_fd(struct profile *profile, const char *text, struct croft_error *err)
{
	uint64_t fd;
	int r;

	if (num_parse(text, 0, 1048575, &fd) < 0)
		return fail(err, CROFT_STAGE_PROFILE, 0, "'%s' is not a descriptor", text);
	if (fd < 3)
		return fail(err, CROFT_STAGE_PROFILE, 0, "descriptor %s is always kept", text);
	for (size_t i = 0; i < profile->n_keep_fds; i++)
		if (profile->keep_fds[i] == (int)fd)
			return fail(err, CROFT_STAGE_PROFILE, 0, "descriptor %s is given twice",
				    text);
	r = profile_room(profile, (void **)&profile->keep_fds, profile->n_keep_fds,
			 &profile->keep_fds_capacity, sizeof(*profile->keep_fds), PROFILE_MAX_FDS,
			 "descriptor", err);
	if (r < 0)
		return r;
	profile->keep_fds[profile->n_keep_fds++] = (int)fd;
	return 0;
}

int profile_set_chdir(struct profile *profile, const char *text, struct croft_error *err)
{
	const char *path = NULL;
	int r = expand_path(profile, text, &path, err);

	if (r < 0)
		return r;
	profile->chdir = path;
	return 0;
}

int profile_set_program(struct profile *profile, const char *text, struct croft_error *err)
{
	const char *program;

	if (!*text)
		return fail(err, CROFT_STAGE_PROFILE, 0, "the name of a program is empty");
	program = arena_strdup(&profile->arena, text);
	if (!program)
		return no_memory(err, "program");
	profile->program = program;
	profile->n_args = 0; /* they were another program's */
	return 0;
}

int profile_add_arg(struct profile *profile, const char *text, struct croft_error *err)
{
	const char *arg = arena_strdup(&profile->arena, text);
	int r;

	if (!arg)
		return no_memory(err, "argument");
	r = profile_room(profile, (void **)&profile->args, profile->n_args, &profile->args_capacity,
			 sizeof(*profile->args), PROFILE_MAX_ARGS, "argument", err);
	if (r < 0)
		return r;
	profile->args[profile->n_args++] = arg;
	return 0;
}

int profile_use_env(struct profile *profile, const char *name, struct croft_error *err)
{
	const char *copy;
	int r;

	if (!*name || strpbrk(name, "=*${}"))
		return fail(err, CROFT_STAGE_PROFILE, 0, "'%s' is not the name of a variable",
			    name);
	copy = arena_strdup(&profile->arena, name);
	if (!copy)
		return no_memory(err, "variable");
	r = profile_room(profile, (void **)&profile->usable_env, profile->n_usable_env,
			 &profile->usable_env_capacity, sizeof(copy), PROFILE_MAX_ENV, "variable",
			 err);
	if (r < 0)
		return r;
	profile->usable_env[profile->n_usable_env++] = copy;
	return 0;
}

bool env_name_is_secret(const char *name)
{
	static const char *const parts[] = {
		"TOKEN",      "SECRET", "PASSWORD", "PASSWD",   "PASSPHRASE",
		"CREDENTIAL", "APIKEY", "PRIVATE_", "_PRIVATE", "PRIVATEKEY"
	}; /* but GOPRIVATE: patterns of modules */
	static const char *const ends[] = { "_KEY", "_PASS", "_PAT", "_AUTH", "_DSN", "_COOKIE" };
	static const char *const prefixes[] = { "AWS_",        "AZURE_",     "GOOGLE_APPLICATION_",
						"VAULT_",      "OP_SESSION", "KRB5CCNAME",
						"DOCKER_AUTH", "KUBECONFIG", "PGPASS",
						"MYSQL_PWD" };
	static const char *const sockets[] = { "SSH_AUTH_SOCK",
					       "SSH_AGENT_PID",
					       "GPG_AGENT_INFO",
					       "XAUTHORITY",
					       "DBUS_SESSION_BUS_ADDRESS",
					       "DATABASE_URL",
					       "NETRC" };
	char upper[128];
	size_t len = 0;

	for (; len < sizeof(upper) - 1 && name[len]; len++)
		upper[len] = name[len] >= 'a' && name[len] <= 'z' ? (char)(name[len] - 'a' + 'A')
								  : name[len];
	upper[len] = '\0';
	/* nobody looks that far: a name of this length has to be asked for */
	if (name[len])
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (strstr(upper, parts[i]))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (len >= strlen(ends[i]) && !strcmp(upper + len - strlen(ends[i]), ends[i]))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (!strncmp(upper, prefixes[i], strlen(prefixes[i])))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(sockets); i++)
		if (!strcmp(upper, sockets[i]))
			return true;
	return false;
}
