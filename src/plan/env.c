/* SPDX-License-Identifier: MIT */
/*
 * env.c - builds the environment of the command, from an allow-list.
 *
 * A variable comes through when it is named by the profile or an option, or when
 * --env-all is given and its name does not look like a secret. Set values replace
 * whatever the caller had. The names that were held back are kept for the
 * report; values are never printed.
 */
#include "plan/env.h"

#include <errno.h>
#include <string.h>

#include "plan/parts.h"

/* Letter by letter: most names differ in the first, and there are a thousand pairs in a start. */
static bool matches(const struct env_grant *grant, const char *name)
{
	const char *wanted = grant->name;

	for (; *wanted == *name && *name && (*wanted != '*' || wanted[1]); wanted++)
		name++;
	return *wanted == *name || (*wanted == '*' && !wanted[1]);
}

bool env_passes(const struct profile *profile, const char *name)
{
	for (size_t i = 0; i < profile->n_env; i++)
		if (!profile->env[i].value && matches(&profile->env[i], name))
			return true;
	if (profile->require[PROTECT_ENVIRONMENT] == REQUIRE_OFF)
		return true;
	return profile->wants_env_all && !env_name_is_secret(name);
}

static const struct env_grant *find_set(const struct profile *profile, const char *name, size_t len)
{
	/* the last one said wins */
	for (size_t i = profile->n_env; i > 0; i--) {
		const struct env_grant *grant = &profile->env[i - 1];

		if (grant->value && !strncmp(grant->name, name, len) && !grant->name[len])
			return grant;
	}
	return NULL;
}

const char *env_value(const struct profile *profile, const char *const *environ, const char *name)
{
	const struct env_grant *set = find_set(profile, name, strlen(name));
	size_t len = strlen(name);

	if (set)
		return set->value;
	if (!env_passes(profile, name))
		return NULL;
	for (size_t i = 0; environ && environ[i]; i++)
		if (!strncmp(environ[i], name, len) && environ[i][len] == '=')
			return environ[i] + len + 1;
	return NULL;
}

/*
 * Where the command starts, if it may be told by PWD. Without the protection of the environment it
 * is told only where that is not where croft was started: else the caller's own word stands.
 */
static const char *workdir_of(const struct plan *plan)
{
	const char *workdir = plan->workdir ? plan->workdir : plan->profile->workdir;

	if (!plan->workdir && plan->profile->require[PROTECT_ENVIRONMENT] == REQUIRE_OFF)
		return NULL;
	return env_passes(plan->profile, "PWD") ? workdir : NULL;
}

/* One of the caller's variables: into the list, or among the names held back. */
static int take_one(struct plan *plan, const char *entry, const char **envp, const char **dropped)
{
	const char *equals = strchr(entry, '=');
	char *name;

	/* an entry without a name is nobody's variable */
	if (!equals || equals == entry)
		return 0;
	if (find_set(plan->profile, entry, (size_t)(equals - entry)))
		return 0;
	name = arena_strndup(&plan->arena, entry, (size_t)(equals - entry));
	if (!name)
		return -ENOMEM;
	/* these two are what they are in there, not what they were out here */
	if ((plan->tmpdir_value && !strcmp(name, "TMPDIR")) ||
	    (workdir_of(plan) && !strcmp(name, "PWD")))
		return 0;
	if (!env_passes(plan->profile, name)) {
		dropped[plan->n_env_dropped++] = name;
		return 0;
	}
	envp[plan->n_env] = arena_strdup(&plan->arena, entry);
	return envp[plan->n_env++] ? 0 : -ENOMEM;
}

static int add_set(struct plan *plan, const char *name, const char *value, const char **envp)
{
	envp[plan->n_env] = arena_printf(&plan->arena, "%s=%s", name, value);
	return envp[plan->n_env++] ? 0 : -ENOMEM;
}

int env_build(struct plan *plan, const char *const *environ, const char *tmpdir,
	      struct croft_error *err)
{
	const struct profile *profile = plan->profile;
	const char **envp, **dropped;
	size_t n = 0;
	int r = 0;

	while (environ && environ[n])
		n++;
	envp = arena_calloc(&plan->arena, n + profile->n_env + 3, sizeof(*envp));
	dropped = arena_calloc(&plan->arena, n + 1, sizeof(*dropped));
	if (!envp || !dropped)
		r = -ENOMEM;
	for (size_t i = 0; i < n && r == 0; i++)
		r = take_one(plan, environ[i], envp, dropped);
	for (size_t i = 0; i < profile->n_env && r == 0; i++) {
		const struct env_grant *grant = &profile->env[i];

		if (grant->value && find_set(profile, grant->name, strlen(grant->name)) == grant &&
		    !(tmpdir && !strcmp(grant->name, "TMPDIR")))
			r = add_set(plan, grant->name, grant->value, envp);
	}
	if (r == 0 && tmpdir)
		r = add_set(plan, "TMPDIR", tmpdir, envp);
	if (r == 0 && workdir_of(plan) && !find_set(profile, "PWD", 3))
		r = add_set(plan, "PWD", workdir_of(plan), envp);
	if (r < 0)
		return fail(err, CROFT_STAGE_PLAN, ENOMEM, "build the environment");
	plan->command.envp = envp;
	plan->env_dropped = dropped;
	return 0;
}
