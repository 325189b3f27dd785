/* SPDX-License-Identifier: MIT */
/*
 * deps.c - grants that only the command can tell.
 *
 *   profile + command ─► closure (src/elf) ─► profile with a grant for each file
 *
 * Each file is granted by itself, by the name where it really lies: a directory of libraries
 * holds what is not needed too, and a rule costs some microseconds (docs/design/closures.md
 * has the figures). Only what the kernel executes is granted execute: mapping a library
 * asks Landlock for nothing more than reading it.
 */
#include "launch/deps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "launch/sets.h"
#include "plan/env.h"

#define ORIGIN "--with-deps"

bool deps_are_wanted(const struct profile *profile)
{
	if (profile->wants_deps)
		return true;
	for (size_t i = 0; i < SET_MAX; i++)
		if (profile->wants_set[i])
			return true;
	return false;
}

static int grant_closure(struct profile *profile, const struct closure *closure,
			 struct croft_error *err)
{
	for (size_t i = 0; i < closure->n_files; i++) {
		const struct closure_file *file = &closure->files[i];
		bool is_read = file->role == ROLE_LIBRARY || file->role == ROLE_CONFIG;
		int r = profile_add_path(profile, is_read ? GRANT_READ : GRANT_READ | GRANT_EXECUTE,
					 *file->real ? file->real : file->path, ORIGIN, err);

		if (r < 0)
			return r;
		/* mounts that refuse execution would refuse to map it, too */
		profile->grants[profile->n_grants - 1].is_library = file->role == ROLE_LIBRARY;
	}
	return 0;
}

int deps_grant(struct profile *profile, const char *const *argv, const char *const *environ,
	       struct command *ret_command, struct croft_error *err)
{
	const struct command_search search = {
		.name = argv[0],
		.workdir = profile->chdir ? profile->chdir : profile->workdir,
		.path = env_value(profile, environ, "PATH"),
		.library_path = env_value(profile, environ, "LD_LIBRARY_PATH"),
		.preload = env_value(profile, environ, "LD_PRELOAD"),
		.wants_libraries = true,
	};
	const struct closure_input input = command_closure_input(&search, CLOSURE_LIBRARIES);
	int r = command_find(&search, ret_command, err);

	if (r < 0)
		return r;
	if (profile->wants_deps)
		r = grant_closure(profile, &ret_command->closure, err);
	if (r == 0)
		r = sets_grant(profile, &ret_command->closure, &input, err);
	if (r < 0)
		command_done(ret_command);
	return r;
}

int deps_grant_sets(struct profile *profile, struct croft_error *err)
{
	const struct command_search search = { .name = "" };
	const struct closure_input input = command_closure_input(&search, CLOSURE_LIBRARIES);
	struct closure closure;
	int r;

	if (profile->wants_deps) {
		r = fail(err, CROFT_STAGE_PROFILE, 0, "--with-deps without a command");
		fail_hint(err, "it grants what that command needs: name one");
		return r;
	}
	closure_init(&closure);
	r = sets_grant(profile, &closure, &input, err);
	closure_done(&closure);
	return r;
}

int deps_copy_profile(const struct profile *profile, struct profile **ret_copy,
		      struct croft_error *err)
{
	struct profile *copy = malloc(sizeof(*copy));

	if (!copy)
		return fail(err, CROFT_STAGE_PREPARE, ENOMEM, "copy the profile");
	*copy = *profile;
	arena_init(&copy->arena, PROFILE_MAX_BYTES);
	copy->grants_capacity = profile->n_grants;
	copy->grants = arena_calloc(&copy->arena, profile->n_grants + 1, sizeof(*copy->grants));
	if (!copy->grants) {
		profile_free(copy);
		return fail(err, CROFT_STAGE_PREPARE, ENOMEM, "copy the profile");
	}
	if (profile->n_grants)
		memcpy(copy->grants, profile->grants, profile->n_grants * sizeof(*copy->grants));
	/* the other lists are the original's: whoever adds to one makes room in this arena first */
	copy->ports_capacity = copy->n_ports;
	copy->env_capacity = copy->n_env;
	copy->keep_fds_capacity = copy->n_keep_fds;
	copy->denials_capacity = copy->n_denials;
	copy->usable_env_capacity = copy->n_usable_env;
	copy->refused_calls_capacity = copy->n_refused_calls;
	copy->args_capacity = copy->n_args;
	*ret_copy = copy;
	return 0;
}
