/* SPDX-License-Identifier: MIT */
/*
 * profile.c - the life of a profile: started with nothing, freed at once.
 *
 * In between the loader (load.c) puts what files and built-in profiles say through the
 * same doors (profile_add_*) as the user's options, so there is one set of rules for
 * what a path or a name may be.
 */
#include "profile/parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* What each profile wants of each protection until a word of the user's changes it. */
static const enum requirement default_requirements[PROTECT_MAX] = {
	[PROTECT_FILES] = REQUIRE_REQUIRE,
	[PROTECT_EXEC] = REQUIRE_REQUIRE,
	[PROTECT_DEVICES] = REQUIRE_PREFER,
	[PROTECT_METADATA] = REQUIRE_OFF, /* needs read-only mounts */
	[PROTECT_HIDDEN] = REQUIRE_OFF, /* needs mounts */
	[PROTECT_DENY_INSIDE] = REQUIRE_OFF, /* needs mounts */
	[PROTECT_PRIVATE_TMP] = REQUIRE_PREFER,
	[PROTECT_TCP] = REQUIRE_REQUIRE,
	[PROTECT_UDP] = REQUIRE_REQUIRE,
	[PROTECT_OTHER_NET] = REQUIRE_REQUIRE,
	[PROTECT_UNIX_ABSTRACT] = REQUIRE_PREFER,
	[PROTECT_UNIX_PATH] = REQUIRE_REQUIRE, /* a session bus starts programs outside */
	[PROTECT_SIGNALS] = REQUIRE_PREFER,
	[PROTECT_PTRACE] = REQUIRE_REQUIRE,
	[PROTECT_PROCESSES] = REQUIRE_OFF, /* needs a pid namespace */
	[PROTECT_IPC] = REQUIRE_REQUIRE,
	[PROTECT_TERMINAL] = REQUIRE_REQUIRE,
	[PROTECT_SYSCALLS] = REQUIRE_REQUIRE,
	[PROTECT_PRIVILEGES] = REQUIRE_REQUIRE,
	[PROTECT_DESCRIPTORS] = REQUIRE_REQUIRE,
	[PROTECT_ENVIRONMENT] = REQUIRE_REQUIRE,
	[PROTECT_LIMITS] = REQUIRE_REQUIRE,
};

int profile_start(const char *name, const struct load_place *place, struct profile **ret_profile,
		  struct croft_error *err)
{
	struct profile *profile = calloc(1, sizeof(*profile));

	if (!profile)
		return fail(err, CROFT_STAGE_PROFILE, ENOMEM, "make a profile");
	arena_init(&profile->arena, PROFILE_MAX_BYTES);
	profile->name = arena_strdup(&profile->arena, name);
	if (place->home)
		profile->home = arena_strdup(&profile->arena, place->home);
	if (place->workdir)
		profile->workdir = arena_strdup(&profile->arena, place->workdir);
	profile->project =
		place->project ? arena_strdup(&profile->arena, place->project) : profile->workdir;
	if (!profile->name || !profile->home != !place->home ||
	    !profile->workdir != !place->workdir || (place->project && !profile->project)) {
		profile_free(profile);
		return fail(err, CROFT_STAGE_PROFILE, ENOMEM, "make a profile");
	}
	profile->grace_ms = PROFILE_GRACE_MS;
	memcpy(profile->require, default_requirements, sizeof(profile->require));
	*ret_profile = profile;
	return 0;
}

void profile_finish(struct profile *profile)
{
	/* nobody asked for a directory: a promise about none is not preferred by anybody */
	if (!profile->wants_tmpdir && profile->require[PROTECT_PRIVATE_TMP] == REQUIRE_PREFER)
		profile->require[PROTECT_PRIVATE_TMP] = REQUIRE_OFF;
}

int profile_command(struct profile *profile, const char *const **ret_argv, struct croft_error *err)
{
	const char **argv = NULL;

	if (profile->program) {
		argv = arena_calloc(&profile->arena, profile->n_args + 2, sizeof(*argv));
		if (!argv)
			return fail(err, CROFT_STAGE_PROFILE, ENOMEM, "store the command");
		argv[0] = profile->program;
		for (size_t i = 0; i < profile->n_args; i++)
			argv[i + 1] = profile->args[i];
	}
	*ret_argv = argv;
	return 0;
}

void profile_free(struct profile *profile)
{
	if (!profile)
		return;
	arena_done(&profile->arena);
	free(profile);
}
