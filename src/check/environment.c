/* SPDX-License-Identifier: MIT */
/*
 * environment.c - variables that carry secrets in, and directories on PATH that can be written.
 *
 * A program that is put on the caller's PATH is run later, outside of the sandbox, by the caller:
 * that is a way out. One on the command's own PATH changes what is run inside.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "check/parts.h"
#include "plan/env.h"

static const char *value_of(const char *const *environ, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; environ && environ[i]; i++)
		if (!strncmp(environ[i], name, len) && environ[i][len] == '=')
			return environ[i] + len + 1;
	return NULL;
}

/* The secrets of the caller's that a prefix passes on. */
static void find_by_prefix(struct check *check, const struct env_grant *grant,
			   const struct spot *spot)
{
	const char *const *environ = check->input->environ;
	size_t len = strlen(grant->name) - 1;

	for (size_t i = 0; environ && environ[i]; i++) {
		const char *name =
			arena_strndup(&check->arena, environ[i], strcspn(environ[i], "="));

		if (!name)
			check->findings->error = -ENOMEM;
		else if (!strncmp(name, grant->name, len) && env_name_is_secret(name))
			check_tell(check, FINDING_SECRET_PASSED, spot,
				   &(struct words){ .detail = name });
	}
}

static void judge_variable(struct check *check, const struct env_grant *grant)
{
	struct spot spot = spot_of_origin(&check->arena, grant->origin);
	size_t len = strlen(grant->name);
	const struct words words = { .detail = grant->name };

	if (len && grant->name[len - 1] == '*' && !grant->value) {
		find_by_prefix(check, grant, &spot);
		return;
	}
	if (!env_name_is_secret(grant->name))
		return;
	/* a built-in names what some of its users have */
	if (!grant->value && (!spot.is_builtin || check->findings->is_own ||
			      value_of(check->input->environ, grant->name)))
		check_tell(check, FINDING_SECRET_PASSED, &spot, &words);
	else if (grant->value && *grant->value)
		check_tell(check, FINDING_SECRET_WRITTEN, &spot, &words);
}

static void find_unset(struct check *check)
{
	for (size_t i = 0; i < check->profile->n_usable_env; i++) {
		const char *name = check->profile->usable_env[i];
		struct spot spot = check_spot_of_key(check, KEY_ENVIRONMENT_USE, name);

		if (!value_of(check->input->environ, name))
			check_tell(check, FINDING_UNSET, &spot, &(struct words){ .detail = name });
	}
}

static bool list_has(const char *list, const char *dir)
{
	size_t len = strlen(dir);

	for (; list; list = strchr(list, ':') ? strchr(list, ':') + 1 : NULL)
		if (strcspn(list, ":") == len && !strncmp(list, dir, len))
			return true;
	return false;
}

static void find_on_path(struct check *check, enum finding_kind kind, const char *list,
			 const char *told_list)
{
	for (const char *entry = list; entry && *entry; entry++) {
		size_t len = strcspn(entry, ":");
		char *dir = arena_strndup(&check->arena, entry, len);
		const struct look *look;

		if (!dir) {
			check->findings->error = -ENOMEM;
			return;
		}
		look = dir[0] == '/' ? look_letting_write(check, dir) : NULL;
		if (look && !list_has(told_list, dir))
			check_tell(check, kind, &look->spot,
				   &(struct words){ .path = dir, .about = look->path });
		entry += len;
		if (!*entry)
			break;
	}
}

void find_in_environment(struct check *check)
{
	const struct profile *profile = check->profile;
	const char *yours = value_of(check->input->environ, "PATH");

	for (size_t i = 0; i < profile->n_env; i++)
		judge_variable(check, &profile->env[i]);
	find_unset(check);
	find_on_path(check, FINDING_ON_YOUR_PATH, yours, NULL);
	find_on_path(check, FINDING_ON_COMMAND_PATH,
		     env_value(profile, check->input->environ, "PATH"), yours);
}
