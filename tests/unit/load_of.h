/* SPDX-License-Identifier: MIT */
/*
 * load_of.h - profiles that are loaded from files of a test.
 */
#ifndef CROFT_TESTS_UNIT_LOAD_OF_H
#define CROFT_TESTS_UNIT_LOAD_OF_H

#include "ground.h"

#include "profile/load.h"

static struct croft_error err;
static const char *environment[] = { NULL, "GOPATH=/srv/go", NULL };
static char config_home[GROUND_PATH + 32];
static struct load_place place;

/* The user's profiles are in scratch/home/.config/croft/profiles; the process is in scratch. */
static inline int open_places(void **state)
{
	static const char *const dirs[] = { "home", "home/.config", "home/.config/croft",
					    "home/.config/croft/profiles", "sub" };
	static char home[GROUND_PATH];

	if (ground_open(state) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		make_dir(dirs[i]);
	(void)snprintf(config_home, sizeof(config_home), "XDG_CONFIG_HOME=%s/home/.config",
		       scratch);
	environment[0] = config_home;
	place = (struct load_place){ .home = in_scratch(home, "home"),
				     .workdir = "/srv/p",
				     .environ = environment };
	return chdir(scratch);
}

static inline void user_file(const char *name, const char *text)
{
	char path[80];

	(void)snprintf(path, sizeof(path), "home/.config/croft/profiles/%s.yaml", name);
	make_file(path, text, 0644);
}

static inline int clear(void **state)
{
	char path[GROUND_PATH];

	(void)state;
	memset(&err, 0, sizeof(err));
	(void)tmpdir_remove(in_scratch(path, "home/.config/croft/profiles"));
	make_dir("home/.config/croft/profiles");
	return 0;
}

static inline struct profile *load(const char *word)
{
	struct profile *profile = NULL;

	if (load_profile(word, &place, &profile, &err) < 0)
		fail_msg("%s: %s (%s)", word, err.what, err.hint);
	return profile;
}

/* A file with one profile called "p" of these lines, indented by four. */
static inline const char *one(const char *lines)
{
	char text[4096];

	(void)snprintf(text, sizeof(text), "version: 2\nprofiles:\n  p:\n%s", lines);
	make_file("one.yaml", text, 0644);
	return "./one.yaml";
}

static inline void refuses(const char *word, const char *what, const char *hint)
{
	struct profile *profile = NULL;
	int before = lowest_free(), r;

	memset(&err, 0, sizeof(err));
	r = load_profile(word, &place, &profile, &err);
	assert_true(r < 0);
	assert_null(profile);
	assert_int_equal(err.stage, CROFT_STAGE_PROFILE);
	assert_string_equal(err.what, what);
	assert_string_equal(err.hint, hint);
	assert_int_equal(load_profile(word, &place, &profile, NULL), r);
	assert_int_equal(lowest_free(), before);
}

/* "path" of each grant that is not of a built-in, one after another. */
static inline const char *paths_of(const struct profile *profile)
{
	static char text[4096];
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < profile->n_grants; i++)
		if (strncmp(profile->grants[i].origin, "profile ", 8) != 0)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s",
						len ? " " : "", profile->grants[i].path);
	return text;
}

static inline const struct grant *find_grant(const struct profile *profile, const char *path)
{
	for (size_t i = 0; i < profile->n_grants; i++)
		if (!strcmp(profile->grants[i].path, path))
			return &profile->grants[i];
	fail_msg("no grant of %s", path);
	return NULL;
}

#endif
