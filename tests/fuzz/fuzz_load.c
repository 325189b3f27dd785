/* SPDX-License-Identifier: MIT */
/*
 * fuzz_load.c - a profile file, as bytes, made to profiles: each of its profiles, in two places.
 *
 * Beside memory errors it looks for a grant that is no absolute path, that goes up or that has no
 * origin; for a variable that was named and not listed; for bounds that are passed; and for an
 * error that does not say what was wrong.
 */
#include <errno.h>
#include <stdio.h>

#include "profile/document.h"
#include "profile/load.h"
#include "profile/profile.h"
#include "profile/yaml.h"

#include "check.h"

#define SOURCE "fuzz.yaml"
#define ARENA_MAX (16U << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const environment[] = {
	"XDG_CACHE_HOME=/srv/cache",
	"LISTED=/srv/listed",
	"SECRET=/srv/from-secret",
	NULL,
};

static const struct load_place places[] = {
	{ .home = "/home/ada",
	  .workdir = "/srv/p/sub",
	  .project = "/srv/p",
	  .environ = environment },
	{ .workdir = "/srv/p" },
};

static void check_path(const char *path)
{
	assert(path[0] == '/' && strlen(path) < PROFILE_MAX_PATH);
	for (const char *up = strstr(path, "/.."); up; up = strstr(up + 1, "/.."))
		assert(up[3] && up[3] != '/');
}

static void check_origin(const char *origin)
{
	assert(!strncmp(origin, SOURCE ":", strlen(SOURCE) + 1) || !strncmp(origin, "profile ", 8));
}

static bool lists(const struct profile *profile, const char *name)
{
	for (size_t i = 0; i < profile->n_usable_env; i++)
		if (!strcmp(profile->usable_env[i], name))
			return true;
	return false;
}

static void check_profile(const struct profile *profile)
{
	assert(profile->n_grants <= PROFILE_MAX_GRANTS && profile->n_env <= PROFILE_MAX_ENV);
	assert(profile->n_denials <= PROFILE_MAX_DENIALS && profile->n_args <= PROFILE_MAX_ARGS);
	for (size_t i = 0; i < profile->n_grants; i++) {
		const struct grant *grant = &profile->grants[i];

		check_path(grant->path);
		check_origin(grant->origin);
		assert(!grant->kinds != !grant->rights);
		assert(!grant->is_pattern || strchr(grant->path, '*'));
		assert(!grant->is_project || (grant->kinds & GRANT_WRITE));
		if (!strcmp(grant->path, "/srv/from-secret"))
			assert(lists(profile, "SECRET"));
	}
	for (size_t i = 0; i < profile->n_denials; i++) {
		check_path(profile->denials[i].path);
		check_origin(profile->denials[i].origin);
	}
	for (size_t i = 0; i < profile->n_env; i++) {
		assert(profile->env[i].name[0] && !strchr(profile->env[i].name, '='));
		check_origin(profile->env[i].origin);
	}
	if (profile->chdir)
		check_path(profile->chdir);
	assert(!profile->n_args || profile->program);
	assert(profile->abi <= 64 && profile->min_landlock <= 64);
}

static void load_one(const struct document *document, const char *name,
		     const struct load_place *place)
{
	struct profile *profile = NULL;
	struct croft_error err = { 0 };
	int r = load_document(document, name, true, place, &profile, &err);

	if (r < 0) {
		assert(!profile && err.what[0] && err.stage == CROFT_STAGE_PROFILE);
		return;
	}
	check_profile(profile);
	profile_free(profile);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct document document;
	struct arena arena;

	arena_init(&arena, ARENA_MAX);
	if (document_read(SOURCE, (const char *)data, size, &arena, &document, NULL) == 0)
		for (size_t i = 0; i < document.n_profiles && i < 8; i++)
			for (size_t k = 0; k < sizeof(places) / sizeof(places[0]); k++)
				load_one(&document, document.profiles[i].name, &places[k]);
	arena_done(&arena);
	return 0;
}
