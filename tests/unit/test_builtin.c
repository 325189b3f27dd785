/* SPDX-License-Identifier: MIT */
/* test_builtin.c - the built-in profiles, compiled from the files of profiles/, are well formed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "profile/load.h"
#include "profile/profile.h"
#include "profile/store.h"

static const char *name_of(size_t i)
{
	return builtin_documents[i]->profiles[0].name;
}

static struct profile *load(const char *name, const char *home)
{
	const struct load_place place = { .home = home, .workdir = "/srv/p", .is_for_room = true };
	struct profile *profile = NULL;
	struct croft_error err = { 0 };

	if (load_profile(name, &place, &profile, &err) < 0)
		fail_msg("%s: %s", name, err.what);
	return profile;
}

static void every_document_is_found_by_its_name(void **state)
{
	(void)state;
	assert_true(n_builtin_documents >= 3);
	for (size_t i = 0; i < n_builtin_documents; i++) {
		const struct document *document = builtin_documents[i];

		assert_int_equal(document->n_profiles, 1);
		assert_int_equal(document->version, 2);
		assert_true(document_is_name(name_of(i)));
		assert_ptr_equal(store_builtin(name_of(i)), document);
		assert_string_equal(document->source + strlen("built-in "), name_of(i));
		/* found by halves */
		if (i)
			assert_true(strcmp(name_of(i - 1), name_of(i)) < 0);
	}
	assert_null(store_builtin("defaul"));
	assert_null(store_builtin("defaulted"));
	assert_null(store_builtin(""));
}

static void the_three_that_others_start_from_are_there(void **state)
{
	(void)state;
	assert_non_null(store_builtin("default"));
	assert_non_null(store_builtin("system"));
	assert_non_null(store_builtin("empty"));
}

static void every_one_can_be_loaded_and_describes_itself(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_builtin_documents; i++) {
		struct profile *profile = load(name_of(i), "/home/ada");

		assert_non_null(profile->description);
		assert_string_equal(profile->name, name_of(i));
		profile_free(profile);
	}
}

static void those_of_rooms_are_refused_elsewhere(void **state)
{
	static const char *const names[] = { "job", "build" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct profile *profile = NULL;
		struct croft_error err = { 0 };

		assert_int_not_equal(profile_new(names[i], "/home/ada", "/srv/p", &profile, &err),
				     0);
		assert_non_null(strstr(err.what, "for rooms only"));
	}
}

static void every_one_can_be_loaded_without_a_home(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_builtin_documents; i++) {
		struct profile *profile = load(name_of(i), NULL);

		for (size_t j = 0; j < profile->n_grants; j++)
			assert_null(strchr(profile->grants[j].path, '~'));
		profile_free(profile);
	}
}

/* A user's own "system" shall not change what the built-in "default" is. */
static void what_one_extends_is_built_in(void **state)
{
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < n_builtin_documents; i++) {
		const struct document_profile *profile = &builtin_documents[i]->profiles[0];

		for (size_t j = 0; j < profile->n_entries; j++)
			if (profile->entries[j].key == KEY_EXTENDS) {
				assert_non_null(store_builtin(profile->entries[j].value));
				n++;
			}
	}
	assert_true(n > 0);
}

/* A machine without /nix or /lib32 must start, and one without a project must not. */
static void all_of_the_default_but_the_project_may_be_missing(void **state)
{
	struct profile *profile = load("default", "/home/ada");

	(void)state;
	for (size_t i = 0; i < profile->n_grants; i++) {
		const struct grant *grant = &profile->grants[i];

		assert_int_equal(grant->is_optional, !grant->is_project);
		assert_true(grant->kinds && grant->kinds < 1U << GRANT_KIND_COUNT);
		assert_true(grant->kinds & GRANT_READ);
		assert_false(grant->is_pattern);
	}
	profile_free(profile);
}

static void devices_are_single_ones(void **state)
{
	struct profile *profile = load("system", NULL);
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < profile->n_grants; i++) {
		const struct grant *grant = &profile->grants[i];

		if (!(grant->kinds & GRANT_DEVICE))
			continue;
		n++;
		assert_int_equal(strncmp(grant->path, "/dev/", 5), 0);
		/* a disk, a camera or the memory of the machine would be a hole */
		assert_null(strchr(grant->path + 5, '*'));
		assert_true(strlen(grant->path + 5) >= 3);
	}
	assert_int_equal(n, 8);
	profile_free(profile);
}

static void origins_name_the_line_of_the_file(void **state)
{
	struct profile *profile = load("default", NULL);

	(void)state;
	for (size_t i = 0; i < profile->n_grants; i++) {
		const char *origin = profile->grants[i].origin;
		const char *colon = strrchr(origin, ':');

		assert_true(!strncmp(origin, "profile system:", 15) ||
			    !strncmp(origin, "profile default:", 16));
		assert_true(colon[1] >= '1' && colon[1] <= '9');
	}
	profile_free(profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_document_is_found_by_its_name),
		cmocka_unit_test(the_three_that_others_start_from_are_there),
		cmocka_unit_test(every_one_can_be_loaded_and_describes_itself),
		cmocka_unit_test(those_of_rooms_are_refused_elsewhere),
		cmocka_unit_test(every_one_can_be_loaded_without_a_home),
		cmocka_unit_test(what_one_extends_is_built_in),
		cmocka_unit_test(all_of_the_default_but_the_project_may_be_missing),
		cmocka_unit_test(devices_are_single_ones),
		cmocka_unit_test(origins_name_the_line_of_the_file),
	};

	return cmocka_run_group_tests_name("builtin", tests, NULL, NULL);
}
