/* SPDX-License-Identifier: MIT */
/* test_builtin.c - the tables of the built-in profiles are well formed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "profile/builtin.h"

static void every_name_has_its_table(void **state)
{
	(void)state;
	assert_int_equal(n_builtin_names, 3);
	for (size_t i = 0; i < n_builtin_names; i++) {
		const struct builtin *builtin = builtin_find(builtin_names[i].name);

		assert_non_null(builtin);
		assert_string_equal(builtin->name, builtin_names[i].name);
		assert_non_null(builtin_names[i].help);
	}
	assert_null(builtin_find("defaul"));
	assert_null(builtin_find(""));
}

static void what_a_table_extends_is_there_and_does_not_lead_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_builtin_names; i++) {
		const struct builtin *builtin = builtin_find(builtin_names[i].name);
		size_t depth = 0;

		while (builtin->extends) {
			builtin = builtin_find(builtin->extends);
			assert_non_null(builtin);
			assert_true(++depth <= n_builtin_names);
		}
	}
}

/* A machine without /nix or /lib32 must start, and one without a project must not. */
static void all_but_the_project_may_be_missing(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_builtin_names; i++) {
		const struct builtin *builtin = builtin_find(builtin_names[i].name);

		for (size_t j = 0; j < builtin->n_grants; j++) {
			const struct builtin_grant *grant = &builtin->grants[j];

			assert_int_equal(!strncmp(grant->path, "optional:", 9), !grant->is_project);
			assert_true(grant->kinds && grant->kinds < 1U << GRANT_KIND_COUNT);
			assert_true(grant->kinds & GRANT_READ);
		}
	}
}

static void devices_are_single_ones(void **state)
{
	const struct builtin *system = builtin_find("system");
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < system->n_grants; i++) {
		const struct builtin_grant *grant = &system->grants[i];

		if (!(grant->kinds & GRANT_DEVICE))
			continue;
		n++;
		assert_int_equal(strncmp(grant->path, "optional:/dev/", 14), 0);
		/* a disk, a camera or the memory of the machine would be a hole */
		assert_null(strchr(grant->path + 14, '*'));
		assert_true(strlen(grant->path + 14) >= 3);
	}
	assert_int_equal(n, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_name_has_its_table),
		cmocka_unit_test(what_a_table_extends_is_there_and_does_not_lead_back),
		cmocka_unit_test(all_but_the_project_may_be_missing),
		cmocka_unit_test(devices_are_single_ones),
	};

	return cmocka_run_group_tests_name("builtin", tests, NULL, NULL);
}
