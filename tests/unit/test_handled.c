/* SPDX-License-Identifier: MIT */
/*
 * test_handled.c - what is handled where a profile pins Landlock's ABI, and what it may name
 * beyond. Whole plans stand in tests/plan/cases/key-abi*.case; what is handled without a pin is
 * test_properties.c's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "make_plan.h"

/* A pinned profile with wishes, on a host. */
static void make_pinned(struct making *m, unsigned abi)
{
	struct plan_input input = { .host = &m->host, .facts = m->facts };

	assert_int_equal(profile_new("empty", NULL, NULL, &m->profile, &m->err), 0);
	for (size_t i = 0; m->wishes[i][0]; i++)
		assert_int_equal(profile_set(m->profile, m->wishes[i][0], m->wishes[i][1], "--x",
					     &m->err),
				 0);
	m->profile->abi = abi;
	m->facts[0].type = S_IFDIR;
	input.profile = m->profile;
	m->result = plan_build(&input, &m->plan, &m->err);
	assert_int_equal(m->result, 0);
}

static void a_pin_makes_every_newer_kernel_the_same(void **state)
{
	(void)state;
	for (unsigned pin = 1; pin <= ABI_LANDLOCK_NEWEST; pin++) {
		const struct landlock_abi *meant = landlock_abi_get((int)pin);

		for (int abi = (int)pin; abi <= ABI_LANDLOCK_NEWEST + 1; abi++) {
			struct making m = { .host = make_host(abi) };

			make_pinned(&m, pin);
			assert_int_equal(m.plan->abi, pin);
			assert_int_equal(m.plan->handled_fs, meant->fs);
			assert_int_equal(m.plan->handled_net, meant->net);
			assert_int_equal(m.plan->scoped, meant->scoped);
			make_done(&m);
		}
	}
}

static void a_pin_gives_an_older_kernel_nothing(void **state)
{
	struct making m = { .host = make_host(3) };

	(void)state;
	make_pinned(&m, 9);
	assert_int_equal(m.plan->abi, 3);
	assert_int_equal(m.plan->handled_fs, landlock_abi_get(3)->fs);
	make_done(&m);
}

static void what_is_named_is_handled_beyond_the_pin_and_nothing_else(void **state)
{
	static const struct {
		const char *key, *value;
		uint64_t fs, net, scoped;
	} rows[] = {
		{ "require", "files", 3 << 13, 0, 0 },
		{ "prefer", "devices", 1 << 15, 0, 0 },
		{ "prefer", "unix-path", 1 << 16, 0, 0 },
		{ "prefer", "tcp", 0, 3, 0 },
		{ "prefer", "udp", 0, 12, 0 },
		{ "prefer", "unix-abstract", 0, 0, 1 },
		{ "require", "signals", 0, 0, 2 },
		{ "socket", "/run/s", 1 << 16, 0, 0 },
		{ "connect", "udp:53", 0, 12, 0 },
		{ "listen", "udp:53", 0, 12, 0 },
		{ "connect", "443", 0, 0, 0 },
		{ "off", "signals", 0, 0, 0 },
		{ "write", "/srv", 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct making m = { .host = make_host(11),
				    .wishes = { { rows[i].key, rows[i].value } } };

		make_pinned(&m, 1);
		if (m.plan->beyond_fs != rows[i].fs || m.plan->beyond_net != rows[i].net ||
		    m.plan->beyond_scoped != rows[i].scoped)
			fail_msg("%s %s", rows[i].key, rows[i].value);
		assert_int_equal(m.plan->handled_fs, 0x1fff | rows[i].fs);
		assert_int_equal(m.plan->handled_net, rows[i].net);
		assert_int_equal(m.plan->scoped, rows[i].scoped);
		make_done(&m);
	}
}

static void a_right_that_is_named_is_handled_beyond_the_pin(void **state)
{
	struct making m = { .host = make_host(11) };
	struct plan_input input = { .host = &m.host, .facts = m.facts };

	(void)state;
	assert_int_equal(profile_new("empty", NULL, NULL, &m.profile, NULL), 0);
	assert_int_equal(profile_add_rights(m.profile,
					    ABI_LANDLOCK_FS_READ_FILE | ABI_LANDLOCK_FS_TRUNCATE,
					    "/srv", "x", NULL),
			 0);
	m.profile->abi = 1;
	m.facts[0].type = S_IFDIR;
	input.profile = m.profile;
	assert_int_equal(plan_build(&input, &m.plan, &m.err), 0);
	assert_int_equal(m.plan->handled_fs, 0x1fff | ABI_LANDLOCK_FS_TRUNCATE);
	assert_int_equal(m.plan->rules[0].access,
			 ABI_LANDLOCK_FS_READ_FILE | ABI_LANDLOCK_FS_TRUNCATE);
	assert_int_equal(m.plan->rules[0].ignored, 0);
	make_done(&m);
}

static void what_is_not_named_is_ignored_and_its_row_says_how_to_have_it(void **state)
{
	struct making m = { .host = make_host(11), .wishes = { { "write", "/srv" } } };

	(void)state;
	make_pinned(&m, 2);
	assert_int_equal(m.plan->rules[0].ignored, ABI_LANDLOCK_FS_TRUNCATE);
	assert_true(m.plan->syscalls.refuses_path_truncate);
	assert_int_equal(m.plan->rows[PROTECT_SIGNALS].state, STATE_ABSENT);
	assert_string_equal(m.plan->rows[PROTECT_SIGNALS].mend,
			    "name signals in the profile's require (it pins ABI 2), Linux 6.12; "
			    "or --isolate processes --pty, where namespaces work");
	make_done(&m);
}

static void an_audit_was_asked_for_by_name(void **state)
{
	struct making m = { .host = make_host(7), .wishes = { { "audit", NULL } } };

	(void)state;
	make_pinned(&m, 2);
	assert_int_equal(m.plan->restrict_flags, ABI_LANDLOCK_RESTRICT_LOG_NEW_EXEC_ON);
	make_done(&m);
}

static void a_least_abi_is_of_the_kernel_and_not_of_the_pin(void **state)
{
	static const struct {
		int host;
		bool is_hollow;
		const char *what, *hint;
	} rows[] = {
		{ 7, false, "the profile requires Landlock ABI 9, this kernel has 7",
		  "Linux 7.1, or a smaller number in the profile" },
		{ 0, false, "the profile requires Landlock ABI 9, this kernel has none",
		  "Linux 7.1, or a smaller number in the profile" },
		{ 9, true, "the profile requires Landlock ABI 9, this kernel has none",
		  "Linux 7.1, or a smaller number in the profile" },
		{ 9, false, NULL, NULL },
		{ 11, false, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct making m = { .host = make_host(rows[i].host) };
		int r;

		m.host.landlock.enforces = rows[i].is_hollow ? HOST_NO : HOST_YES;
		make_pinned(&m, 4);
		m.profile->min_landlock = 9;
		r = plan_check(m.plan, &m.err);
		if (rows[i].what) {
			assert_int_equal(r, -EOPNOTSUPP);
			assert_int_equal(m.err.stage, CROFT_STAGE_PLAN);
			assert_string_equal(m.err.what, rows[i].what);
			assert_string_equal(m.err.hint, rows[i].hint);
		} else {
			assert_int_equal(r, 0);
		}
		make_done(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pin_makes_every_newer_kernel_the_same),
		cmocka_unit_test(a_pin_gives_an_older_kernel_nothing),
		cmocka_unit_test(what_is_named_is_handled_beyond_the_pin_and_nothing_else),
		cmocka_unit_test(a_right_that_is_named_is_handled_beyond_the_pin),
		cmocka_unit_test(what_is_not_named_is_ignored_and_its_row_says_how_to_have_it),
		cmocka_unit_test(an_audit_was_asked_for_by_name),
		cmocka_unit_test(a_least_abi_is_of_the_kernel_and_not_of_the_pin),
	};

	return cmocka_run_group_tests_name("handled", tests, NULL, NULL);
}
