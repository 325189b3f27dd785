/* SPDX-License-Identifier: MIT */
/*
 * test_files.c - grants become rules with the right rights; rules that are left out are not missed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "base/cleanup.h"
#include "make_plan.h"

#define READ_FILE ABI_LANDLOCK_FS_READ_FILE
#define READ_DIR ABI_LANDLOCK_FS_READ_DIR
#define WRITE_ON_FILE (ABI_LANDLOCK_FS_WRITE_FILE | ABI_LANDLOCK_FS_TRUNCATE)
#define CHANGES                                                                                \
	(ABI_LANDLOCK_FS_REMOVE_DIR | ABI_LANDLOCK_FS_REMOVE_FILE | ABI_LANDLOCK_FS_MAKE_DIR | \
	 ABI_LANDLOCK_FS_MAKE_REG | ABI_LANDLOCK_FS_MAKE_SOCK | ABI_LANDLOCK_FS_MAKE_FIFO |    \
	 ABI_LANDLOCK_FS_MAKE_SYM | ABI_LANDLOCK_FS_REFER)

static const struct {
	const char *key;
	mode_t type;
	uint64_t access; /* on the newest Landlock */
} kinds[] = {
	{ "read", S_IFDIR, READ_FILE | READ_DIR },
	{ "read", S_IFREG, READ_FILE },
	{ "read", S_IFIFO, READ_FILE },
	{ "execute", S_IFDIR, READ_FILE | READ_DIR | ABI_LANDLOCK_FS_EXECUTE },
	{ "execute", S_IFREG, READ_FILE | ABI_LANDLOCK_FS_EXECUTE },
	{ "write", S_IFDIR, READ_FILE | READ_DIR | WRITE_ON_FILE | CHANGES },
	{ "write", S_IFREG, READ_FILE | WRITE_ON_FILE },
	{ "device", S_IFCHR, READ_FILE | WRITE_ON_FILE | ABI_LANDLOCK_FS_IOCTL_DEV },
	{ "device", S_IFDIR,
	  READ_FILE | READ_DIR | WRITE_ON_FILE | CHANGES | ABI_LANDLOCK_FS_IOCTL_DEV },
	{ "socket", S_IFSOCK, ABI_LANDLOCK_FS_RESOLVE_UNIX },
	{ "socket", S_IFDIR, ABI_LANDLOCK_FS_RESOLVE_UNIX },
};

static void a_grant_gives_the_rights_of_its_kind_that_fit_the_file(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct making m = { .host = make_host(ABI_LANDLOCK_NEWEST),
				    .wishes = { { kinds[i].key, "/x" } } };

		m.facts[0].type = kinds[i].type;
		make(&m);
		assert_int_equal(m.result, 0);
		assert_int_equal(m.plan->n_rules, 1);
		assert_int_equal(m.plan->rules[0].access, kinds[i].access);
		assert_int_equal(m.plan->rules[0].ignored, 0);
		make_done(&m);
	}
}

static void an_older_landlock_ignores_what_it_does_not_know_and_says_so(void **state)
{
	(void)state;
	for (int abi = 1; abi <= ABI_LANDLOCK_NEWEST; abi++) {
		uint64_t known = landlock_abi_get(abi)->fs;
		struct making m = { .host = make_host(abi), .wishes = { { "device", "/x" } } };

		make(&m);
		assert_int_equal(m.plan->rules[0].access, kinds[8].access & known);
		assert_int_equal(m.plan->rules[0].ignored, kinds[8].access & ~known);
		make_done(&m);
	}
}

static void without_landlock_there_are_no_rules(void **state)
{
	struct making m = { .host = make_host(0), .wishes = { { "write", "/x" } } };
	struct making hollow = { .host = make_host(6), .wishes = { { "write", "/x" } } };

	(void)state;
	make(&m);
	assert_int_equal(m.plan->n_rules, 0);
	assert_int_equal(m.plan->abi, 0);
	assert_false(m.plan->can_verify);
	hollow.host.landlock.enforces = HOST_NO;
	make(&hollow);
	assert_int_equal(hollow.plan->n_rules, 0);
	assert_int_equal(hollow.plan->abi, 0);
	make_done(&m);
	make_done(&hollow);
}

static void an_open_of_the_root_proves_the_sandbox_unless_it_is_granted(void **state)
{
	struct making m = { .host = make_host(7), .wishes = { { "read", "/usr" } } };
	struct making root = { .host = make_host(7), .wishes = { { "read", "/" } } };
	struct making linked = { .host = make_host(7), .wishes = { { "execute", "/srv/link" } } };
	char slash[] = "/";

	(void)state;
	linked.facts[0].real = slash;
	make(&m);
	make(&root);
	make(&linked);
	assert_true(m.plan->can_verify);
	assert_false(root.plan->can_verify);
	assert_false(linked.plan->can_verify);
	make_done(&m);
	make_done(&root);
	make_done(&linked);
}

static void a_missing_path_is_an_error_and_a_missing_optional_one_is_not(void **state)
{
	struct making m = { .host = make_host(7), .wishes = { { "read", "/x" } } };
	struct making optional = { .host = make_host(7), .wishes = { { "read", "optional:/x" } } };

	(void)state;
	m.facts[0].errnum = optional.facts[0].errnum = ENOENT;
	make(&m);
	assert_int_equal(m.result, -ENOENT);
	assert_int_equal(m.err.stage, CROFT_STAGE_PLAN);
	assert_non_null(strstr(m.err.what, "/x"));
	assert_null(m.plan);
	make(&optional);
	assert_int_equal(optional.result, 0);
	assert_int_equal(optional.plan->n_rules, 0);
	make_done(&m);
	make_done(&optional);
}

/* A small random number generator: the same plans each time. */
static uint32_t next(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 16;
}

/* Paths over few letters, so that they are often inside one another, or nearly. */
static void random_path(uint32_t *seed, char path[32])
{
	static const char *const names[] = { "a", "b", "ab", "a-b", "a.b", "aa" };
	size_t len = 0, depth = 1 + next(seed) % 3;

	for (size_t i = 0; i < depth; i++)
		len += (size_t)snprintf(path + len, 32 - len, "/%s",
					names[next(seed) % ARRAY_SIZE(names)]);
}

/* What the grants give on a path, by the definition and with no rule left out. */
static uint64_t given_by_all(const struct making *m, const char *path)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < m->profile->n_grants; i++) {
		const struct grant *grant = &m->profile->grants[i];
		size_t len = strlen(grant->path);
		struct making alone = { .host = m->host };

		if (strncmp(grant->path, path, len) != 0 || (path[len] != '/' && path[len] != '\0'))
			continue;
		if (m->facts[i].type != S_IFDIR && path[len] != '\0')
			continue;
		alone.wishes[0][0] = m->wishes[i][0];
		alone.wishes[0][1] = m->wishes[i][1];
		alone.facts[0] = m->facts[i];
		make(&alone);
		if (alone.plan->n_rules)
			sum |= alone.plan->rules[0].access;
		make_done(&alone);
	}
	return sum;
}

static void leaving_out_covered_rules_takes_nothing_away_and_adds_nothing(void **state)
{
	static const char *const keys[] = { "read", "execute", "write", "socket" };
	uint32_t seed = 7;
	size_t left_out = 0;

	(void)state;
	for (int round = 0; round < 300; round++) {
		struct making m = { .host = make_host(11) };
		char paths[8][32], asked[32];

		for (size_t i = 0; i < 8; i++) {
			random_path(&seed, paths[i]);
			m.wishes[i][0] = keys[next(&seed) % ARRAY_SIZE(keys)];
			m.wishes[i][1] = paths[i];
			/* one path has one type, however often it is granted */
			m.facts[i].type = strstr(paths[i], "aa") ? S_IFREG : S_IFDIR;
		}
		make(&m);
		left_out += 8 - m.plan->n_rules;
		for (int i = 0; i < 40; i++) {
			uint64_t given;

			random_path(&seed, asked);
			given = given_by_all(&m, asked);
			for (uint64_t bit = 1; bit <= ABI_LANDLOCK_FS_RESOLVE_UNIX; bit <<= 1)
				if (plan_allows(m.plan, asked, bit) != !!(given & bit))
					fail_msg("round %d, %s, right 0x%llx", round, asked,
						 (unsigned long long)bit);
		}
		make_done(&m);
	}
	assert_true(left_out > 100);
}

static void rules_stay_in_the_order_of_the_grants(void **state)
{
	struct making m = { .host = make_host(7),
			    .wishes = { { "read", "/z" },
					{ "read", "/a" },
					{ "read", "/m" },
					{ "read", "/a/b" } } };

	(void)state;
	make(&m);
	assert_int_equal(m.plan->n_rules, 3);
	assert_string_equal(m.plan->rules[0].path, "/z");
	assert_string_equal(m.plan->rules[1].path, "/a");
	assert_string_equal(m.plan->rules[2].path, "/m");
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(m.plan->rules[i].fact, i);
	make_done(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_grant_gives_the_rights_of_its_kind_that_fit_the_file),
		cmocka_unit_test(an_older_landlock_ignores_what_it_does_not_know_and_says_so),
		cmocka_unit_test(without_landlock_there_are_no_rules),
		cmocka_unit_test(an_open_of_the_root_proves_the_sandbox_unless_it_is_granted),
		cmocka_unit_test(a_missing_path_is_an_error_and_a_missing_optional_one_is_not),
		cmocka_unit_test(leaving_out_covered_rules_takes_nothing_away_and_adds_nothing),
		cmocka_unit_test(rules_stay_in_the_order_of_the_grants),
	};

	return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
